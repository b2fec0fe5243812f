//! How a connection ended, in one word.

use crate::trace::{Ending, Timer};
use std::fmt;

/// How a captured connection stands at the end of the capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ended {
    /// Both FINs were acknowledged.
    Closed,
    /// One end sent its FIN, or both did; they were not both acknowledged.
    HalfClosed,
    /// A reset ended it, or the node that captured itself aborted it.
    Reset,
    /// A reset answered its SYN.
    Refused,
    /// Nothing answered its SYN.
    Unanswered,
    /// Its SYN was answered, and the handshake never completed.
    HalfOpen,
    /// The node that captured itself gave it up: a timer ran out, or its peer, address or place was gone.
    GivenUp,
    /// It is open.
    Open,
}

impl Ended {
    /// Every way.
    pub const ALL: [Self; 8] = [
        Self::Closed,
        Self::HalfClosed,
        Self::Reset,
        Self::Refused,
        Self::Unanswered,
        Self::HalfOpen,
        Self::GivenUp,
        Self::Open,
    ];

    /// Its name on the command line and in lists.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfClosed => "half-closed",
            Self::Reset => "reset",
            Self::Refused => "refused",
            Self::Unanswered => "unanswered",
            Self::HalfOpen => "half-open",
            Self::GivenUp => "given-up",
            Self::Open => "open",
        }
    }

    /// The way of this name, if there is one.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }

    /// As a node noted it about itself.
    pub(super) const fn noted(ending: Ending) -> Self {
        match ending {
            Ending::Closed | Ending::TimedOut(Timer::TimeWait) => Self::Closed,
            Ending::ResetByPeer | Ending::Aborted => Self::Reset,
            Ending::Refused => Self::Refused,
            Ending::TimedOut(_) | Ending::AddressLost | Ending::Unreachable | Ending::Evicted => {
                Self::GivenUp
            }
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
