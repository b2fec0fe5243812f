//! What is told of a datagram that was received.

use smoltcp::wire::IpEndpoint;

/// A datagram that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// This node's address and port that it was sent to.
    pub local: IpEndpoint,
    /// Who sent it.
    pub remote: IpEndpoint,
    /// Octets of payload written to the caller's buffer.
    pub len: usize,
    /// Octets of payload that it had. If that is more than [`len`](Self::len), the rest is gone: the buffer was too
    /// short.
    pub sent: usize,
}

impl Received {
    /// Whether the buffer was too short, and the rest is gone.
    pub fn is_truncated(&self) -> bool {
        self.len < self.sent
    }
}
