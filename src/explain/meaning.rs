//! What a row of a ladder means: a case for each thing there is to say, with the numbers that it is true of.
//!
//! Numbers are relative, as the ladder shows them. The words stand in [`crate::lang`], a file for each language.

use std::vec::Vec;

use smoltcp::time::Duration;

use crate::trace::{Direction, Ending, Reason, Repair, State, Timer};

/// One of the two ends of a ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// The end on the left: this node.
    Node,
    /// The end on the right.
    Peer,
}

impl Party {
    /// Who sent what crossed the wire in this direction.
    pub const fn sender(direction: Direction) -> Self {
        match direction {
            Direction::In => Self::Peer,
            Direction::Out => Self::Node,
        }
    }

    /// The other end.
    pub const fn other(self) -> Self {
        match self {
            Self::Node => Self::Peer,
            Self::Peer => Self::Node,
        }
    }
}

/// From where a ladder was seen, which says what its ends are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum View {
    /// From inside of the node on the left.
    #[default]
    Inside,
    /// From the wire, from the first SYN on: a client on the left, a server on the right.
    Opened,
    /// From the wire, from some point on.
    Middle,
}

macro_rules! meanings {
    ($($(#[$doc:meta])* $name:ident $({ $($field:ident: $type:ty),* })?,)*) => {
        /// What there is to say of a row. `who` is the end that acts, and sends the segment if there is one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "a field is called what the ladder and the sentence call the number")]
        pub enum Meaning {
            $($(#[$doc])* $name $({ $($field: $type),* })?,)*
        }

        impl Meaning {
            /// The names of all, in the order of declaration.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// The name of this one.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => stringify!($name),)*
                }
            }
        }
    };
}

meanings! {
    /// The first message of a handshake.
    Syn { who: Party, isn: u32 },
    /// The second one.
    SynAck { who: Party, isn: u32 },
    /// The third one.
    ThirdAck { who: Party },
    /// A SYN from an end that had not seen the other's.
    SynCrosses { who: Party, isn: u32 },
    /// The answer to a SYN that crossed one's own.
    SynAckCrossed { who: Party },
    /// A SYN or a SYN,ACK sent again, for want of an answer.
    SynAgain { who: Party, waited: Duration, times: u32 },
    /// A SYN, or a SYN,ACK, that came again.
    SynDuplicate { who: Party },
    /// The answer to a SYN that came again.
    SynAckAgain { who: Party },
    /// A SYN,ACK that keeps no state.
    Cookie { who: Party, isn: u32 },
    /// A SYN that waits for a free connection.
    Held { who: Party },
    /// The largest segment that an end takes.
    MaximumSegment { who: Party, mss: u16 },
    /// New octets.
    Data { who: Party, first: u32, last: u32 },
    /// What PSH asks for.
    Push,
    /// An acknowledgment on data.
    Rides { who: Party, ack: u32, octets: u32 },
    /// An acknowledgment alone, after a wait.
    AckDelayed { who: Party, ack: u32, octets: u32, waited: Duration },
    /// An acknowledgment alone, without one.
    AckAtOnce { who: Party, ack: u32, octets: u32 },
    /// An acknowledgment alone, whose wait cannot be told from its way.
    AckCame { who: Party, ack: u32, octets: u32, after: Duration },
    /// An acknowledgment of nothing new.
    AckNothingNew { who: Party, ack: u32 },
    /// The same after something was received again.
    AckRepeats { who: Party, ack: u32 },
    /// The same after something was received out of order.
    AckAsksAgain { who: Party, ack: u32 },
    /// A window closes.
    WindowZero { who: Party },
    /// It is still closed, says the answer to a probe.
    WindowStillZero { who: Party },
    /// It opens.
    WindowOpens { who: Party, window: u16 },
    /// An octet into a closed window.
    WindowProbe { who: Party, number: u32 },
    /// Octets of which the first went as a probe.
    ProbedBefore { number: u32 },
    /// A question whether the other end is there.
    KeepAlive { who: Party, seq: u32, silent: Duration },
    /// The answer to it.
    KeepAliveAnswer { who: Party },
    /// Octets sent again when the retransmission timer ran out.
    DataAgain { who: Party, first: u32, last: u32, waited: Duration, times: u32 },
    /// Octets sent again because acknowledgments asked for them.
    DataAgainFast { who: Party, first: u32, last: u32, asked: u32 },
    /// What was sent again had arrived already, as the other node's own record says.
    HadArrived { who: Party },
    /// What was sent again had not arrived.
    HadNotArrived { who: Party },
    /// Octets that came again.
    DataDuplicate { who: Party, first: u32, last: u32 },
    /// Octets with a hole before them.
    OutOfOrder { who: Party, missing: u32, before: u32 },
    /// Octets that fill it.
    HoleFilled { who: Party, last: u32 },
    /// The first FIN.
    Fin { who: Party, number: u32 },
    /// The FIN is on data.
    FinOnData { octets: u32 },
    /// The acknowledgment of the first FIN.
    FinAcked { who: Party, ack: u32 },
    /// The second FIN, on the acknowledgment of the first.
    FinAnswers { who: Party, ack: u32, number: u32 },
    /// The second FIN.
    FinSecond { who: Party, number: u32 },
    /// A FIN from an end that had not seen the other's.
    FinCrosses { who: Party, number: u32 },
    /// The acknowledgment of the second FIN.
    LastAck { who: Party, ack: u32 },
    /// The acknowledgment of a FIN that crossed one's own.
    CrossedFinAcked { who: Party, ack: u32 },
    /// A FIN sent again.
    FinAgain { who: Party, waited: Duration, times: u32 },
    /// A FIN that came again.
    FinDuplicate { who: Party },
    /// The same in TIME-WAIT.
    FinInTimeWait { who: Party },
    /// The answer to that.
    FinAckedAgain { who: Party, ack: u32 },
    /// A reset because the application aborted.
    ResetByCall { who: Party, unacked: u32 },
    /// A reset because a timer ran out, or for another reason of this node's own.
    ResetByNode { who: Party, unacked: u32 },
    /// A reset that ends an open connection.
    ResetReceived { who: Party, unacked: u32 },
    /// A reset that answers a SYN.
    Refused { who: Party },
    /// A reset at a number where nothing is expected.
    ResetNotInPlace { who: Party },
    /// A reset in TIME-WAIT.
    ResetInTimeWait { who: Party },
    /// A reset near the right number.
    ChallengedReset { who: Party, seq: u32 },
    /// A SYN on an open connection.
    ChallengedSyn { who: Party },
    /// Another segment with numbers that cannot be.
    ChallengedNumbers { who: Party },
    /// What asks it back.
    ChallengeAck { who: Party, ack: u32 },
    /// A late segment in TIME-WAIT.
    OldInTimeWait { who: Party },
    /// A segment outside of the window.
    Unacceptable { who: Party },
    /// A segment that is not taken.
    Dropped { who: Party, reason: Reason },
    /// A segment that did not leave.
    NotSent { who: Party, reason: Reason },
    /// A segment changed before the stack saw it.
    Repaired { repair: Repair },
    /// Passive opening.
    Listens,
    /// Active opening.
    Connects,
    /// CLOSE of an open connection.
    Closes,
    /// CLOSE after the peer's.
    ClosesToo,
    /// CLOSE before the connection is open.
    GivesUp,
    /// ABORT.
    Aborts,
    /// TIME-WAIT begins.
    TimeWaits { lasts: Duration },
    /// TIME-WAIT begins anew.
    TimeWaitsAgain { lasts: Duration },
    /// TIME-WAIT is over.
    TimeWaitOver,
    /// A timer ends the connection.
    TimedOut { timer: Timer },
    /// Its own address went away.
    AddressLost,
    /// The network says that the peer cannot be reached.
    Unreachable,
    /// Another connection needed its place.
    Evicted,
    /// R1 was passed.
    SlowPeer { attempts: u8 },
    /// The initial number is not the one that was asked for.
    OtherNumber,
    /// A change of state that RFC 9293 does not know.
    Illegal { from: State, to: State },
    /// Both closed: how many octets each way, and how many segments were sent again.
    EndedClosed { sent: u64, received: u64, again: u32 },
    /// The same, where the beginning was not seen.
    EndedClosedPartly,
    /// Closed before it was open.
    EndedUnopened,
    /// Refused.
    EndedRefused,
    /// Ended without both FINs: what was sent and not acknowledged.
    EndedEarly { ending: Ending, unacked: u32 },
    /// What the parentheses mean.
    Inferred,
    /// A state, the first time that it stands in a ladder.
    Enters { state: State },
}

/// What is told of one event: the first is what the row is, the others go with it.
pub type Meanings = Vec<Meaning>;

impl Meaning {
    /// Whether it is true of every connection, so that once is enough.
    pub const fn is_general(&self) -> bool {
        matches!(
            self,
            Self::Push | Self::Inferred | Self::Enters { .. } | Self::MaximumSegment { .. }
        )
    }
}
