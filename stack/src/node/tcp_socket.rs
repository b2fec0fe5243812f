//! The socket of one connection, borrowed from its node: the calls with the names people know. None of them blocks.

use smoltcp::time::Instant;

use super::connection::Handle;
use super::errors::{RecvError, SendError};
use super::host::Host;
use super::slot_id::SlotId;
use super::tcp::Tcp;
use crate::opaque::opaque;
use crate::trace::{Call, Cause, Ending, Flow, State};

/// A connection that the application has neither closed nor aborted, from [`Node::tcp`](super::Node::tcp).
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

    /// SEND: queues as many octets as there is room for, and returns how many. If that is not all of them, the
    /// connection becomes ready when there is room again.
    ///
    /// # Errors
    /// See [`SendError`]. Nothing is queued in that case.
    pub fn send(&mut self, data: &[u8]) -> Result<usize, SendError> {
        self.tcp.send(self.slot, data)
    }

    /// SEND without a copy: `write` is given the first contiguous part of the free room, and returns how many octets it
    /// wrote at the start of it. There may be a second part: call again until it would block.
    ///
    /// # Errors
    /// See [`SendError`]. Nothing is queued in that case, and `write` is not called.
    pub fn send_with<T>(
        &mut self,
        write: impl FnOnce(&mut [u8]) -> (usize, T),
    ) -> Result<T, SendError> {
        self.tcp.send_with(self.slot, write)
    }

    /// RECEIVE: takes as many octets, in order, as there are and as fit, and returns how many. The peer's FIN is
    /// [`RecvError::Finished`], not `Ok(0)`; that means only that `buffer` is empty.
    ///
    /// # Errors
    /// See [`RecvError`].
    pub fn recv(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        self.tcp.recv(self.host, self.slot, buffer)
    }

    /// RECEIVE without a copy: `read` is given the first contiguous part of the data, and returns how many octets it
    /// took from the start of it. There may be a second part: call again until it would block.
    ///
    /// # Errors
    /// See [`RecvError`]. `read` is not called in that case.
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

    /// Takes octets that [`Self::peek`] has shown.
    pub fn consume(&mut self, count: usize) {
        self.tcp.consume(self.host, self.slot, count);
    }

    /// CLOSE of the sending half: a FIN follows what is queued. The connection can still receive.
    pub fn shutdown(&mut self, now: Instant) {
        self.host.tick(now);
        self.tcp.close_slot(self.host, self.slot);
    }

    /// Closes the connection and gives up its socket: a FIN follows what is queued, data that still arrives is
    /// discarded, and the slot becomes free by itself when the teardown is over. How the connection ended is then found
    /// only in the [`journal`](super::Node::journal), as [`Kind::Ended`](crate::trace::Kind::Ended). To learn whether
    /// the peer has received everything, call [`Self::shutdown`] first, and this when [`Self::ended`] is `Some` or the
    /// state is TIME-WAIT.
    pub fn close(self, now: Instant) {
        self.host.tick(now);
        self.tcp.close(self.host, self.slot);
    }

    /// ABORT: ends the connection at once and gives up its socket. The peer gets a reset in the states in which RFC
    /// 9293 section 3.10.5 requires one.
    pub fn abort(self, now: Instant) {
        self.host.tick(now);
        self.tcp
            .end_at_once(self.host, self.slot, Cause::Call(Call::Abort));
    }

    /// Makes the connection ready once more when the peer next acknowledges something.
    pub fn watch_acknowledgments(&mut self) {
        self.tcp.table[self.slot].flags.wants_room = true;
    }

    /// Whether [`Self::recv`] would return octets now.
    pub fn can_recv(&self) -> bool {
        self.recv_queue() > 0
    }

    /// Whether there is something to receive, now or possibly later.
    pub fn may_recv(&self) -> bool {
        self.can_recv() || !self.has_finished()
    }

    /// Whether [`Self::send`] would accept octets now.
    pub fn can_send(&self) -> bool {
        self.send_room() > 0
    }

    /// Octets that [`Self::send`] would accept now.
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

    /// Octets that [`Self::recv`] would return now.
    pub fn recv_queue(&self) -> usize {
        self.tcp.table.place(self.slot).socket().recv_queue()
    }

    /// Octets queued that have never been sent: the window had no room for them, or it was not their turn.
    pub fn unsent(&self) -> usize {
        let numbers = &self.tcp.table[self.slot].numbers;
        let under_way = numbers.snd_nxt.since(numbers.snd_una) as usize;
        self.send_queue().saturating_sub(under_way)
    }

    /// How often the oldest unacknowledged segment was retransmitted, or a silent peer probed, without an answer.
    pub fn attempts(&self) -> u8 {
        self.tcp.table[self.slot].numbers.attempts
    }

    /// Whether the peer accepts no more data for now: its window is closed (RFC 9293 section 3.8.6.1).
    pub fn is_window_closed(&self) -> bool {
        self.tcp.table[self.slot].numbers.closed
    }

    /// Whether the peer's FIN has arrived, or the connection is over: nothing more will come.
    pub fn has_finished(&self) -> bool {
        let connection = &self.tcp.table[self.slot];
        connection.ending.is_some() || connection.fin_received()
    }

    /// Why the connection is over; `None` while it is not, which includes every state of the teardown.
    pub fn ended(&self) -> Option<Ending> {
        self.tcp.table[self.slot].ending
    }

    /// The state of the connection.
    pub fn state(&self) -> State {
        self.tcp.table[self.slot].state
    }

    /// The endpoints of the connection.
    pub fn flow(&self) -> Flow {
        self.tcp.table[self.slot].flow
    }

    /// The handle, with which [`Node::tcp`](super::Node::tcp) finds the connection again.
    pub fn handle(&self) -> Handle {
        self.tcp.table.handle(self.slot)
    }
}
