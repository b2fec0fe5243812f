//! The calls that open ports and connections, and lead to their sockets. None of them blocks.

use smoltcp::time::Instant;
use smoltcp::wire::IpEndpoint;

use super::connection::Handle;
use super::errors::{ConnectError, ListenError};
use super::node::Node;
use super::queues::Queue;
use super::slot_id::SlotId;
use super::tcp_socket::TcpSocket;
use crate::trace::{Call, Cause};

impl<'a> Node<'a> {
    /// Passive OPEN: serves a TCP port. Up to `backlog` SYNs wait while no connection is free for them,
    /// and nobody who waits, or is in a handshake, is reset. Beyond them a SYN meets silence, unless
    /// [`Limits::refuse`](super::config::Limits::refuse) is set, and its peer sends it again.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub fn listen(&mut self, port: u16, backlog: u16) -> Result<(), ListenError> {
        self.tcp.admission.listen(port, backlog)
    }

    /// Serves a TCP port no longer. Connections that are open stay open; SYNs that waited are forgotten.
    pub fn unlisten(&mut self, port: u16) {
        self.tcp.admission.unlisten(port);
    }

    /// The next connection whose handshake is over, oldest first.
    pub fn accept(&mut self) -> Option<Handle> {
        let slot = self.tcp.table.front(Queue::Accept)?;
        Some(self.hand_out(slot))
    }

    /// The same, for those who came to one port. Walks over those who wait at others.
    pub fn accept_at(&mut self, port: u16) -> Option<Handle> {
        let table = &self.tcp.table;
        let came_to = |slot: &SlotId| table[*slot].flow.local.port == port;
        let slot = table.queued(Queue::Accept).find(came_to)?;
        Some(self.hand_out(slot))
    }

    fn hand_out(&mut self, slot: SlotId) -> Handle {
        self.tcp.table.remove(Queue::Accept, slot);
        self.tcp.table[slot].flags.accepted = true;
        // It may have brought data, or its end, before anybody looked.
        self.tcp.table.push(Queue::Ready, slot);
        self.tcp.table.handle(slot)
    }

    /// Active OPEN: starts a handshake with `remote`. The connection becomes ready when it is over,
    /// either way.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect(&mut self, now: Instant, remote: IpEndpoint) -> Result<Handle, ConnectError> {
        self.host.tick(now);
        self.host.check_remote(remote)?;
        let slot = self.tcp.open_active(&mut self.host, None, remote)?;
        Ok(self.tcp.table.handle(slot))
    }

    /// Active OPEN from a local port of the caller's choice, as two hosts need that open at the same
    /// time (RFC 9293 section 3.5, figure 7).
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect_from(
        &mut self,
        now: Instant,
        port: u16,
        remote: IpEndpoint,
    ) -> Result<Handle, ConnectError> {
        self.host.tick(now);
        self.host.check_remote(remote)?;
        if port == 0 {
            return Err(ConnectError::NoPort);
        }
        let slot = self.tcp.open_active(&mut self.host, Some(port), remote)?;
        Ok(self.tcp.table.handle(slot))
    }

    /// The next connection with news, each once: data, the end of data, room to send again, the end.
    ///
    /// This is an edge: a connection that was not read from comes again when there is something new. One that was
    /// read from and has more, octets or the end, comes again by itself, so that a single
    /// [`recv`](TcpSocket::recv) each time hears of everything. What the connection can do at this moment,
    /// however it was told, is a level: [`TcpSocket::can_recv`] and [`TcpSocket::can_send`].
    pub fn next_ready(&mut self) -> Option<Handle> {
        loop {
            let slot = self.tcp.table.pop(Queue::Ready)?;
            // Before `accept` nobody holds the handle, and after `close` nobody wants to know.
            let flags = self.tcp.table[slot].flags;
            if flags.accepted && !flags.orphaned {
                return Some(self.tcp.table.handle(slot));
            }
        }
    }

    /// The socket of a connection; none, if it was closed or aborted here.
    pub fn tcp(&mut self, handle: Handle) -> Option<TcpSocket<'_, 'a>> {
        let slot = self.tcp.slot_of(handle)?;
        Some(TcpSocket::new(&mut self.host, &mut self.tcp, slot))
    }

    /// Ends a connection like [`TcpSocket::abort`], also one that was closed here and is still in its teardown.
    pub fn abort(&mut self, now: Instant, handle: Handle) {
        self.host.tick(now);
        self.end_at_once(handle, Cause::Call(Call::Abort));
    }

    /// The same as [`abort`](Self::abort), told as what it is: others wait for the connection.
    pub fn evict(&mut self, now: Instant, handle: Handle) {
        self.host.tick(now);
        self.end_at_once(handle, Cause::Evicted);
    }

    fn end_at_once(&mut self, handle: Handle, cause: Cause) {
        if let Some(slot) = self.tcp.table.slot_of(handle) {
            self.tcp.end_at_once(&mut self.host, slot, cause);
        }
    }
}
