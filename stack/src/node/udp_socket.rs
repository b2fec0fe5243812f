//! The socket of one UDP port, borrowed from its node. None of its calls blocks.

use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpAddress, IpEndpoint, IpListenEndpoint};

use super::datagrams::{Datagrams, PortId};
use super::errors::SendToError;
use super::host::Host;
use super::parts;
use super::received::{Path, Received};
use crate::opaque::opaque;
use crate::trace::{Direction, Flow, Reason, Verdict};

/// A bound UDP port, from [`Node::udp`](super::Node::udp).
///
/// ```
/// # use smolhost::node::Node;
/// # use smolhost::smoltcp::time::Instant;
/// /// Sends back whatever comes.
/// fn echo(now: Instant, node: &mut Node<'_>) {
///     let Some(mut socket) = node.udp(7) else { return };
///     let mut octets = [0; 512];
///     while let Some(received) = socket.recv_from(&mut octets) {
///         if !received.is_truncated() {
///             let _ = socket.send_back(now, &received.path(), &octets[..received.len]);
///         }
///     }
/// }
/// ```
pub struct UdpSocket<'n, 'a> {
    host: &'n mut Host<'a>,
    datagrams: &'n mut Datagrams<'a>,
    port: PortId,
}

opaque!([] UdpSocket<'_, '_>, "UdpSocket");

impl<'n, 'a> UdpSocket<'n, 'a> {
    pub(super) fn new(
        host: &'n mut Host<'a>,
        datagrams: &'n mut Datagrams<'a>,
        port: PortId,
    ) -> Self {
        Self {
            host,
            datagrams,
            port,
        }
    }

    /// The port number.
    pub fn port(&self) -> u16 {
        self.datagrams[self.port].number()
    }

    /// Queues a datagram. The route to the receiver determines which of this node's addresses it is sent from.
    ///
    /// # Errors
    /// See [`SendToError`].
    pub fn send_to(
        &mut self,
        now: Instant,
        to: IpEndpoint,
        data: &[u8],
    ) -> Result<(), SendToError> {
        self.send(now, None, to, None, data)
    }

    /// Like [`send_to`](Self::send_to), from a given address of this node: the one that a request was sent to.
    ///
    /// # Errors
    /// See [`SendToError`].
    pub fn send_from(
        &mut self,
        now: Instant,
        from: IpAddress,
        to: IpEndpoint,
        data: &[u8],
    ) -> Result<(), SendToError> {
        self.send(now, Some(from), to, None, data)
    }

    /// Replies along the path by which a datagram arrived: from the address that it was sent to, and to the hardware
    /// address that it came from.
    ///
    /// # Errors
    /// See [`SendToError`].
    pub fn send_back(&mut self, now: Instant, path: &Path, data: &[u8]) -> Result<(), SendToError> {
        let Flow { local, remote } = *path.flow();
        self.send(now, Some(local.addr), remote, path.hardware(), data)
    }

    /// Whether the host that a path leads to has moved to where another datagram of it `seems` to come from, which
    /// anybody can pretend: the neighbour on the way, asked where it is, has answered from there. It is asked if that
    /// is not known, first where it was and then everywhere; so call this again, for some seconds.
    pub fn has_moved(&mut self, now: Instant, path: &Path, seems: &Path) -> bool {
        self.host.tick(now);
        let remote = path.flow().remote.addr;
        match (
            path.hardware(),
            seems.hardware(),
            self.host.link.next_hop(remote),
        ) {
            (Some(last), Some(seems), Some(neighbor)) if parts::NEIGHBORS && last != seems => self
                .host
                .neighbors
                .says_it_moved(now, neighbor, last, seems),
            _ => false,
        }
    }

    fn send(
        &mut self,
        now: Instant,
        addr: Option<IpAddress>,
        to: IpEndpoint,
        back: Option<EthernetAddress>,
        data: &[u8],
    ) -> Result<(), SendToError> {
        self.host.tick(now);
        let port = self.port();
        self.datagrams
            .send(self.host, IpListenEndpoint { addr, port }, to, back, data)
    }

    /// Takes the oldest waiting datagram. What does not fit into `buffer` is lost: see [`Received::is_truncated`].
    pub fn recv_from(&mut self, buffer: &mut [u8]) -> Option<Received> {
        self.datagrams.take(self.port, buffer)
    }

    /// The payload length in octets of the oldest waiting datagram, and its sender.
    pub fn next_from(&mut self) -> Option<(usize, IpEndpoint)> {
        self.datagrams.next_from(self.port)
    }

    /// Whether a datagram is waiting.
    pub fn can_recv(&self) -> bool {
        self.datagrams[self.port].socket().can_recv()
    }

    /// Records that the application refused a datagram, so that no loss is silent.
    pub fn refuse(&mut self, now: Instant, received: &Received, reason: Reason) {
        self.host.tick(now);
        let flow = *received.path().flow();
        let (len, verdict) = (received.len as u16, Verdict::Dropped(reason));
        self.host.record.datagram(Direction::In, flow, len, verdict);
    }

    /// Unbinds the port. Datagrams that wait there are lost; those already queued for sending still leave.
    pub fn close(self) {
        self.datagrams.unbind(self.port);
    }
}
