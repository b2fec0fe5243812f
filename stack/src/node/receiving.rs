//! RECEIVE: reading, and the window that reading opens.

use super::errors::RecvError;
use super::host::Host;
use super::queues::Queue;
use super::slot_id::SlotId;
use super::tcp::Tcp;
use crate::trace::Ending;

impl Tcp<'_> {
    /// See [`TcpSocket::recv`](super::TcpSocket::recv).
    pub(super) fn recv(
        &mut self,
        host: &Host<'_>,
        slot: SlotId,
        buffer: &mut [u8],
    ) -> Result<usize, RecvError> {
        let socket = self.table.place_mut(slot).socket_mut();
        match socket.recv_slice(buffer).unwrap_or(0) {
            0 if !buffer.is_empty() => Err(self.nothing_to_read(slot)),
            count => {
                self.consumed(host, slot, count);
                Ok(count)
            }
        }
    }

    /// See [`TcpSocket::peek`](super::TcpSocket::peek).
    pub(super) fn peek(&mut self, slot: SlotId, buffer: &mut [u8]) -> Result<usize, RecvError> {
        let socket = self.table.place_mut(slot).socket_mut();
        match socket.peek_slice(buffer).unwrap_or(0) {
            0 if !buffer.is_empty() => Err(self.nothing_to_read(slot)),
            count => Ok(count),
        }
    }

    /// See [`TcpSocket::recv_with`](super::TcpSocket::recv_with).
    pub(super) fn recv_with<T>(
        &mut self,
        host: &Host<'_>,
        slot: SlotId,
        read: impl FnOnce(&[u8]) -> (usize, T),
    ) -> Result<T, RecvError> {
        let socket = self.table.place_mut(slot).socket_mut();
        let (count, result) = match socket.peek(usize::MAX) {
            Ok(octets) if !octets.is_empty() => {
                let (count, result) = read(octets);
                (count.min(octets.len()), result)
            }
            Ok(_) | Err(_) => return Err(self.nothing_to_read(slot)),
        };
        self.consume(host, slot, count);
        Ok(result)
    }

    /// Why there is nothing to read.
    fn nothing_to_read(&self, slot: SlotId) -> RecvError {
        let connection = &self.table[slot];
        match connection.ending {
            Some(ending) if ending != Ending::Closed => RecvError::Ended(ending),
            Some(_) => RecvError::Finished,
            None if connection.fin_received() => RecvError::Finished,
            None => RecvError::WouldBlock,
        }
    }

    /// Takes octets that were peeked at.
    pub(super) fn consume(&mut self, host: &Host<'_>, slot: SlotId, count: usize) {
        let mut left = count;
        let socket = self.table.place_mut(slot).socket_mut();
        // Twice at most: once to the end of the ring, once from its start.
        while left > 0 {
            let taken = socket.recv(|octets| {
                let taken = octets.len().min(left);
                (taken, taken)
            });
            match taken {
                Ok(taken @ 1..) => left -= taken,
                _ => break,
            }
        }
        self.consumed(host, slot, count - left);
    }

    /// The application took so many octets.
    fn consumed(&mut self, host: &Host<'_>, slot: SlotId, count: usize) {
        let numbers = &mut self.table[slot].numbers;
        numbers.taken = numbers.taken.wrapping_add(count as u32);
        if count > 0 && self.has_more(slot) {
            self.table.push(Queue::Ready, slot);
        }
        if !self.table[slot].flags.unlinked && self.window_opened(host, slot) {
            self.table.push(Queue::Egress, slot);
        }
    }

    /// Whether there is something to read still: octets, or the end.
    fn has_more(&self, slot: SlotId) -> bool {
        let connection = &self.table[slot];
        self.table.place(slot).socket().recv_queue() > 0
            || connection.fin_received()
            || connection.ending.is_some()
    }

    /// Whether the window opened by enough to say so: by half of it or a whole segment, so that a slow
    /// reader does not draw tiny segments (RFC 9293 section 3.8.6.2.2).
    fn window_opened(&self, host: &Host<'_>, slot: SlotId) -> bool {
        let socket = self.table.place(slot).socket();
        let connection = &self.table[slot];
        let free = socket.recv_capacity() - socket.recv_queue();
        let edge = connection.numbers.rcv_nxt + free as u32;
        let enough =
            usize::from(host.link.mss(connection.flow.local.addr)).min(socket.recv_capacity() / 2);
        let old = connection.numbers.rcv_edge;
        old.is_before(edge) && edge.since(old) as usize >= enough
    }
}
