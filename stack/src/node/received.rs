//! What is told of a datagram that was received.

use core::hash::{Hash, Hasher};

use smoltcp::wire::{EthernetAddress, IpEndpoint};

use crate::trace::Flow;

/// A datagram that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Received {
    // The last is for the path alone.
    /// This node's address and port that it was sent to.
    pub local: IpEndpoint,
    /// Who sent it.
    pub remote: IpEndpoint,
    /// Octets of payload written to the caller's buffer.
    pub len: usize,
    /// Octets of payload that it had. If that is more than [`len`](Self::len), the rest is gone: the buffer was too
    /// short.
    pub sent: usize,
    pub(super) hardware: Option<EthernetAddress>,
}

impl Received {
    /// Whether the buffer was too short, and the rest is gone.
    pub fn is_truncated(&self) -> bool {
        self.len < self.sent
    }

    /// The way that it came, for an answer.
    pub fn path(&self) -> Path {
        Path {
            flow: Flow {
                local: self.local,
                remote: self.remote,
            },
            hardware: self.hardware,
        }
    }
}

/// The way that a datagram came: between which endpoints, and from which hardware address. What is sent back on it
/// goes there whatever neighbours say, so that nobody gets an answer but who asked.
///
/// Equal are paths between equal endpoints: whoever forges a datagram is not told from its owner by where it is.
#[derive(Debug, Clone, Copy)]
pub struct Path {
    flow: Flow,
    /// Unknown if too many datagrams waited; then neighbours are asked.
    hardware: Option<EthernetAddress>,
}

impl Path {
    /// The endpoints, this node's and the sender's.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// The hardware address that it came from, unless too many datagrams waited.
    pub fn hardware(&self) -> Option<EthernetAddress> {
        self.hardware
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.flow == other.flow
    }
}

impl Eq for Path {}

impl Hash for Path {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.flow.hash(state);
    }
}
