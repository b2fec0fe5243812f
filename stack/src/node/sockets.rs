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
    /// Passive OPEN: serves a TCP port. While no connection is free, up to `backlog` SYNs wait for one; together, all
    /// ports hold no more than the memory has room for (`Sizes::backlog`, or `BACKLOG` of
    /// [`Tcp`](super::storage::Tcp)). No peer that waits, or is in a handshake, is reset. A SYN beyond the backlog gets
    /// no answer, unless [`Limits::refuse`](super::config::Limits::refuse) is set, and its peer sends it again.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub fn listen(&mut self, port: u16, backlog: u16) -> Result<(), ListenError> {
        self.tcp.admission.listen(port, backlog)
    }

    /// Stops serving a TCP port. Open connections stay open; waiting SYNs are forgotten. Nothing happens if the port is
    /// not served.
    pub fn unlisten(&mut self, port: u16) {
        self.tcp.admission.unlisten(port);
    }

    /// The next connection that has completed its handshake, oldest first. [`Self::next_ready`] returns it too, even if
    /// nothing has arrived yet, so that one place in the program can serve old and new connections.
    pub fn accept(&mut self) -> Option<Handle> {
        let slot = self.tcp.table.front(Queue::Accept)?;
        Some(self.hand_out(slot))
    }

    /// Like [`accept`](Self::accept), for one port only. Walks over the connections that wait at other ports.
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

    /// Active OPEN: starts a handshake with `remote`, from a port chosen here. [`Self::next_ready`] returns the
    /// connection when the handshake is over, whether or not it succeeded: then [`TcpSocket::ended`] is `None`, or says
    /// why it failed. Until then its calls return `WouldBlock`.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect(&mut self, now: Instant, remote: IpEndpoint) -> Result<Handle, ConnectError> {
        self.host.tick(now);
        self.host.check_remote(remote)?;
        let slot = self.tcp.open_active(&mut self.host, None, remote)?;
        Ok(self.tcp.table.handle(slot))
    }

    /// Active OPEN from a local port of the caller's choice, which two hosts need in order to open at the same time
    /// (RFC 9293 section 3.5, figure 7).
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

    /// The next connection with news, once for each piece of news: data, the end of data, room to send again, the end
    /// of the connection.
    ///
    /// Readiness is edge-triggered: a connection that was not read from comes again only when there is something new.
    /// One that was read from and still has octets, or its end, to give comes again by itself, so a single
    /// [`recv`](TcpSocket::recv) per turn misses nothing. [`TcpSocket::can_recv`] and [`TcpSocket::can_send`] are
    /// levels: what the connection can do now.
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

    /// The socket of a connection. `None` if the application has closed or aborted it.
    pub fn tcp(&mut self, handle: Handle) -> Option<TcpSocket<'_, 'a>> {
        let slot = self.tcp.slot_of(handle)?;
        Some(TcpSocket::new(&mut self.host, &mut self.tcp, slot))
    }

    /// Ends a connection like [`TcpSocket::abort`], even if the application has closed it and its teardown is still
    /// under way. Nothing happens if the connection is over.
    pub fn abort(&mut self, now: Instant, handle: Handle) {
        self.host.tick(now);
        self.end_at_once(handle, Cause::Call(Call::Abort));
    }

    /// Like [`abort`](Self::abort), but recorded as [`Ending::Evicted`](crate::trace::Ending::Evicted): the connection
    /// makes room for another.
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
