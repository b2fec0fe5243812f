//! What the calls of an application mean for a connection (RFC 9293 section 3.10).

use super::connection::Handle;
use super::errors::SendError;
use super::host::Host;
use super::queues::Queue;
use super::slot_id::SlotId;
use super::tcp::Tcp;
use crate::trace::{Call, Cause, Ending, State};

impl Tcp<'_> {
    /// See [`TcpSocket::send`](super::TcpSocket::send).
    pub(super) fn send(&mut self, slot: SlotId, data: &[u8]) -> Result<usize, SendError> {
        self.check_sending(slot)?;
        let count = self
            .table
            .place_mut(slot)
            .socket_mut()
            .send_slice(data)
            .unwrap_or(0);
        if count < data.len() {
            self.table[slot].flags.wants_room = true;
        }
        if count == 0 && !data.is_empty() {
            return Err(SendError::WouldBlock);
        }
        self.table.push(Queue::Egress, slot);
        Ok(count)
    }

    /// See [`TcpSocket::send_with`](super::TcpSocket::send_with).
    pub(super) fn send_with<T>(
        &mut self,
        slot: SlotId,
        write: impl FnOnce(&mut [u8]) -> (usize, T),
    ) -> Result<T, SendError> {
        self.check_sending(slot)?;
        let socket = self.table.place_mut(slot).socket_mut();
        if !socket.can_send() {
            self.table[slot].flags.wants_room = true;
            return Err(SendError::WouldBlock);
        }
        let sent = socket.send(|room| {
            let (count, result) = write(room);
            (count.min(room.len()), result)
        });
        self.table.push(Queue::Egress, slot);
        sent.map_err(|_| SendError::WouldBlock)
    }

    /// Whether a connection may send, now or after its handshake.
    fn check_sending(&mut self, slot: SlotId) -> Result<(), SendError> {
        let connection = &mut self.table[slot];
        if let Some(ending) = connection.ending {
            return Err(SendError::Ended(ending));
        }
        match connection.state {
            State::SynSent | State::SynReceived => {
                connection.flags.wants_room = true;
                Err(SendError::WouldBlock)
            }
            State::CloseWait if connection.flags.close_deferred => Err(SendError::Closed),
            State::Established | State::CloseWait => Ok(()),
            State::FinWait1
            | State::FinWait2
            | State::Closing
            | State::LastAck
            | State::TimeWait
            | State::Closed
            | State::Listen => Err(SendError::Closed),
        }
    }

    /// Ends a connection now, because of `cause`, and lets go of it.
    pub(super) fn end_at_once(&mut self, host: &mut Host<'_>, slot: SlotId, cause: Cause) {
        self.let_go(slot);
        let connection = &self.table[slot];
        if connection.flags.unlinked {
            return self.table.free(slot);
        }
        match connection.state {
            State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait => {
                self.table.place_mut(slot).socket_mut().abort();
                self.observe(host, slot, cause);
                self.reschedule(host, slot);
            }
            // Aborted already, and its reset has not left yet.
            State::Closed => {}
            // The peer knows of no connection yet, or has nothing left to lose.
            State::SynSent | State::Closing | State::LastAck | State::TimeWait | State::Listen => {
                let ending = connection.ending_by(connection.state, cause);
                self.drop_silently(host, slot, State::Closed, cause, ending);
            }
        }
    }

    /// See [`TcpSocket::close`](super::TcpSocket::close).
    pub(super) fn close(&mut self, host: &mut Host<'_>, slot: SlotId) {
        self.let_go(slot);
        if self.table[slot].flags.unlinked {
            return self.table.free(slot);
        }
        self.discard_received(slot);
        self.close_slot(host, slot);
    }

    /// CLOSE, as RFC 9293 section 3.10.4 has it for each state.
    pub(super) fn close_slot(&mut self, host: &mut Host<'_>, slot: SlotId) {
        let cause = Cause::Call(Call::Close);
        let state = self.table[slot].state;
        match state {
            // The connection is deleted; nothing is sent.
            State::SynSent | State::Listen => {
                self.drop_silently(host, slot, State::Closed, cause, Ending::Closed);
            }
            // A FIN before the peer's acknowledgment would carry the number of our SYN: it waits.
            State::SynReceived => self.table[slot].flags.close_deferred = true,
            State::CloseWait if !self.may_enter_last_ack(host, slot) => {
                self.table[slot].flags.close_deferred = true;
            }
            State::Established | State::CloseWait => {
                self.table.place_mut(slot).socket_mut().close();
                self.observe(host, slot, cause);
                self.reschedule(host, slot);
            }
            // Closed before. FIN-WAIT-2 is bounded from now on if nobody reads any more.
            State::FinWait2 => self.reschedule(host, slot),
            State::FinWait1 | State::Closing | State::LastAck | State::TimeWait | State::Closed => {
            }
        }
    }

    /// The application has nothing to do with it any more.
    pub(super) fn let_go(&mut self, slot: SlotId) {
        self.table[slot].flags.orphaned = true;
        self.table.remove(Queue::Ready, slot);
        self.table.remove(Queue::Accept, slot);
    }

    /// The slot of a handle, unless the connection was let go.
    pub(super) fn slot_of(&self, handle: Handle) -> Option<SlotId> {
        self.table
            .slot_of(handle)
            .filter(|slot| !self.table[*slot].flags.orphaned)
    }
}
