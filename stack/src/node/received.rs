//! What the application learns about a datagram that it received.

use core::hash::{Hash, Hasher};

use smoltcp::wire::{EthernetAddress, IpEndpoint};

use crate::trace::Flow;

/// A datagram that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Received {
    // The last is for the path alone.
    /// The address and port of this node to which it was sent.
    pub local: IpEndpoint,
    /// The sender.
    pub remote: IpEndpoint,
    /// Octets of payload written to the caller's buffer.
    pub len: usize,
    /// Octets of payload that the datagram had. If this is more than [`len`](Self::len), the buffer was too short and
    /// the rest is lost.
    pub sent: usize,
    pub(super) hardware: Option<EthernetAddress>,
}

impl Received {
    /// Whether the buffer was too short, so that the rest is lost.
    pub fn is_truncated(&self) -> bool {
        self.len < self.sent
    }

    /// The path by which it arrived, for a reply.
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

/// The path by which a datagram arrived: its endpoints, and the hardware address that it came from. A reply along it
/// goes to that hardware address, whatever neighbours claim, so that nobody but the sender gets it.
///
/// Paths between equal endpoints are equal: the location of a forger does not distinguish it from the owner of the
/// address.
#[derive(Debug, Clone, Copy)]
pub struct Path {
    flow: Flow,
    /// Unknown if too many datagrams waited; then neighbours are asked.
    hardware: Option<EthernetAddress>,
}

impl Path {
    /// The endpoints: this node's and the sender's.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// The hardware address that it came from; unknown if too many datagrams were waiting.
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
