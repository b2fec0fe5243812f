//! RECEIVE, and who is called for it: readiness, reading, and the window that reading opens.

use super::connection::Handle;
use super::errors::RecvError;
use super::host::Host;
use super::node::Node;
use super::queues::Queue;
use super::slot_id::SlotId;
use super::tcp::Tcp;
use crate::trace::Ending;

impl Node<'_> {
    /// The next connection with news, each once: data, the end of data, room to send again, the end.
    ///
    /// One that was read from and has more, octets or the end, comes again: a single [`Self::recv`] each
    /// time hears of everything. One that was not read from comes when there is something new.
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

    /// RECEIVE: takes octets in order, as many as there are and fit; says how many.
    ///
    /// # Errors
    /// See [`RecvError`].
    pub fn recv(&mut self, handle: Handle, buffer: &mut [u8]) -> Result<usize, RecvError> {
        let count = self.peek(handle, buffer)?;
        self.consume(handle, count);
        Ok(count)
    }

    /// Like [`Self::recv`], but leaves the octets where they are.
    ///
    /// # Errors
    /// See [`RecvError`].
    pub fn peek(&mut self, handle: Handle, buffer: &mut [u8]) -> Result<usize, RecvError> {
        let slot = self.slot_of(handle).ok_or(RecvError::Stale)?;
        let count = self
            .tcp
            .table
            .place_mut(slot)
            .socket_mut()
            .peek_slice(buffer)
            .unwrap_or(0);
        if count > 0 || buffer.is_empty() {
            return Ok(count);
        }
        let connection = &self.tcp.table[slot];
        match connection.ending {
            Some(ending) if ending != Ending::Closed => Err(RecvError::Ended(ending)),
            Some(_) => Err(RecvError::Finished),
            None if connection.fin_received() => Err(RecvError::Finished),
            None => Err(RecvError::WouldBlock),
        }
    }

    /// Takes octets that were peeked at.
    pub fn consume(&mut self, handle: Handle, count: usize) {
        if let Some(slot) = self.slot_of(handle) {
            self.tcp.consume(&self.host, slot, count);
        }
    }

    /// Octets that [`Self::recv`] would give now.
    pub fn unread(&self, handle: Handle) -> usize {
        self.slot_of(handle)
            .map_or(0, |slot| self.tcp.table.place(slot).socket().recv_queue())
    }
}

impl Tcp<'_> {
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
        let numbers = &mut self.table[slot].numbers;
        numbers.taken = numbers.taken.wrapping_add((count - left) as u32);
        if left < count && self.has_more(slot) {
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
        let edge = connection.numbers.rcv_nxt.wrapping_add(free as u32);
        let enough =
            usize::from(host.link.mss(connection.flow.local.addr)).min(socket.recv_capacity() / 2);
        let opened = edge.wrapping_sub(connection.numbers.rcv_edge) as i32;
        opened > 0 && opened as usize >= enough
    }
}
