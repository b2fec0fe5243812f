//! The services that may stand beside the room, and what is known of a connection to one.

use super::chargen::Pattern;
use crate::node::{Handle, Node, Received};

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
    // A value: whoever serves reads and writes it.
    pub(super) handle: Handle,
    pub(super) service: Service,
    /// How far the character generator got.
    pub(super) pattern: Pattern,
}

/// Whether an answer to a datagram cannot begin a conversation that never ends, or reach somebody who did
/// not ask: it is from no service, neither a well-known one (RFC 6335 section 6) nor one of this node's own
/// kind, and was sent to this node alone.
pub(super) fn may_be_answered(node: &Node<'_>, received: &Received) -> bool {
    let mut ours = node.addresses().iter().map(|cidr| cidr.address());
    received.remote.port >= 1024
        && !node.is_bound(received.remote.port)
        && ours.any(|address| address == received.local.addr)
}
