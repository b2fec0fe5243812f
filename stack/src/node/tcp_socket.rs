//! The socket of one connection, borrowed from its node: the calls with the names people know. None of them blocks.

use smoltcp::time::Instant;

use super::connection::Handle;
use super::errors::{RecvError, SendError};
use super::host::Host;
use super::slot_id::SlotId;
use super::tcp::Tcp;
use crate::opaque::opaque;
use crate::trace::{Call, Cause, Ending, Flow, State};

/// A connection that was not let go, from [`Node::tcp`](super::Node::tcp).
///
/// ```
/// # use smolhost::node::{Handle, Node, RecvError};
/// # use smolhost::smoltcp::time::Instant;
/// /// What came goes back; who has said everything is closed.
/// fn echo(now: Instant, node: &mut Node<'_>, handle: Handle) {
///     let Some(mut socket) = node.tcp(handle) else { return };
///     let mut octets = [0; 512];
///     let room = socket.send_room().min(octets.len());
///     match socket.recv(&mut octets[..room]) {
///         Ok(count) => drop(socket.send(&octets[..count])),
///         Err(RecvError::WouldBlock) => {}
///         Err(RecvError::Finished | RecvError::Ended(_)) => socket.close(now),
///     }
/// }
/// ```
pub struct TcpSocket<'n, 'a> {
    host: &'n mut Host<'a>,
    tcp: &'n mut Tcp<'a>,
    slot: SlotId,
}

opaque!([] TcpSocket<'_, '_>, "TcpSocket");

impl<'n, 'a> TcpSocket<'n, 'a> {
    pub(super) fn new(host: &'n mut Host<'a>, tcp: &'n mut Tcp<'a>, slot: SlotId) -> Self {
        Self { host, tcp, slot }
    }

    /// SEND: queues octets, as many as there is room for; says how many. If that is not all, the connection becomes
    /// ready when there is room again.
    ///
    /// # Errors
    /// See [`SendError`]. Nothing was queued then.
    pub fn send(&mut self, data: &[u8]) -> Result<usize, SendError> {
        self.tcp.send(self.slot, data)
    }

    /// SEND without a copy: `write` is given the part of the room that lies in one piece, and says how many octets
    /// of it, from its beginning, it has written. There may be another piece: call again until it would block.
    ///
    /// # Errors
    /// See [`SendError`]. Nothing was queued then, and `write` not called.
    pub fn send_with<T>(
        &mut self,
        write: impl FnOnce(&mut [u8]) -> (usize, T),
    ) -> Result<T, SendError> {
        self.tcp.send_with(self.slot, write)
    }

    /// RECEIVE: takes octets in order, as many as there are and fit; says how many.
    ///
    /// # Errors
    /// See [`RecvError`].
    pub fn recv(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        let count = self.peek(buffer)?;
        self.consume(count);
        Ok(count)
    }

    /// RECEIVE without a copy: `read` is given what lies in one piece, and says how many octets of it, from its
    /// beginning, it has taken. There may be another piece: call again until it would block.
    ///
    /// # Errors
    /// See [`RecvError`]. `read` was not called then.
    pub fn recv_with<T>(&mut self, read: impl FnOnce(&[u8]) -> (usize, T)) -> Result<T, RecvError> {
        self.tcp.recv_with(self.host, self.slot, read)
    }

    /// Like [`Self::recv`], but leaves the octets where they are.
    ///
    /// # Errors
    /// See [`RecvError`].
    pub fn peek(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        self.tcp.peek(self.slot, buffer)
    }

    /// Takes octets that were peeked at.
    pub fn consume(&mut self, count: usize) {
        self.tcp.consume(self.host, self.slot, count);
    }

    /// CLOSE of the sending half: a FIN follows what is queued. Receiving goes on.
    pub fn shutdown(&mut self, now: Instant) {
        self.host.tick(now);
        self.tcp.close_slot(self.host, self.slot);
    }

    /// Lets go of the connection: a FIN follows what is queued, what still comes is discarded, and its place comes
    /// back by itself when the teardown is over.
    pub fn close(self, now: Instant) {
        self.host.tick(now);
        self.tcp.close(self.host, self.slot);
    }

    /// ABORT: ends the connection at once and lets go of it. The peer gets a reset in the states in which RFC 9293
    /// section 3.10.5 says so.
    pub fn abort(self, now: Instant) {
        self.host.tick(now);
        self.tcp
            .end_at_once(self.host, self.slot, Cause::Call(Call::Abort));
    }

    /// Makes the connection ready once more when the peer acknowledges something.
    pub fn watch_acknowledgments(&mut self) {
        self.tcp.table[self.slot].flags.wants_room = true;
    }

    /// Whether [`Self::recv`] would give octets now.
    pub fn can_recv(&self) -> bool {
        self.recv_queue() > 0
    }

    /// Whether something is there to be received, or may still come.
    pub fn may_recv(&self) -> bool {
        self.can_recv() || !self.has_finished()
    }

    /// Whether [`Self::send`] would take octets now.
    pub fn can_send(&self) -> bool {
        self.send_room() > 0
    }

    /// Octets that [`Self::send`] would take now.
    pub fn send_room(&self) -> usize {
        let socket = self.tcp.table.place(self.slot).socket();
        if socket.may_send() {
            socket.send_capacity() - socket.send_queue()
        } else {
            0
        }
    }

    /// Octets queued or sent that the peer has not acknowledged.
    pub fn send_queue(&self) -> usize {
        self.tcp.table.place(self.slot).socket().send_queue()
    }

    /// Octets that [`Self::recv`] would give now.
    pub fn recv_queue(&self) -> usize {
        self.tcp.table.place(self.slot).socket().recv_queue()
    }

    /// Octets queued that have not been sent once: there was no window for them, or no turn yet.
    pub fn unsent(&self) -> usize {
        let numbers = &self.tcp.table[self.slot].numbers;
        let under_way = numbers.snd_nxt.since(numbers.snd_una) as usize;
        self.send_queue().saturating_sub(under_way)
    }

    /// How often the oldest unacknowledged segment was sent again, or a silent peer probed, without an answer.
    pub fn attempts(&self) -> u8 {
        self.tcp.table[self.slot].numbers.attempts
    }

    /// Whether the peer takes nothing more for now: its window is closed (RFC 9293 section 3.8.6.1).
    pub fn is_window_closed(&self) -> bool {
        self.tcp.table[self.slot].numbers.closed
    }

    /// Whether the peer's FIN was received, or the connection is over: nothing more will come.
    pub fn has_finished(&self) -> bool {
        let connection = &self.tcp.table[self.slot];
        connection.ending.is_some() || connection.fin_received()
    }

    /// Why the connection is over, if it is.
    pub fn ended(&self) -> Option<Ending> {
        self.tcp.table[self.slot].ending
    }

    /// Its state.
    pub fn state(&self) -> State {
        self.tcp.table[self.slot].state
    }

    /// Its endpoints.
    pub fn flow(&self) -> Flow {
        self.tcp.table[self.slot].flow
    }

    /// Its handle, to find it again.
    pub fn handle(&self) -> Handle {
        self.tcp.table.handle(self.slot)
    }
}
