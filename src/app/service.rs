//! The services that may stand beside the room, and what is known of a connection to one.

use super::chargen::Pattern;
use crate::node::Handle;

/// Which service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Echo,
    Discard,
    Generator,
}

impl Service {
    pub(super) const ALL: [Self; 3] = [Self::Echo, Self::Discard, Self::Generator];

    pub(super) const fn port(self) -> u16 {
        match self {
            Self::Echo => 7,
            Self::Discard => 9,
            Self::Generator => 19,
        }
    }

    /// The service at a port.
    pub(super) fn at(port: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.port() == port)
    }
}

/// A connection to a service.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) handle: Handle,
    pub(super) service: Service,
    /// How far the character generator got.
    pub(super) pattern: Pattern,
}
