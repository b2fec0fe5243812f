//! How a connection ends: the last word, and the way back to a free slot.

use super::connection::Connection;
use super::host::Host;
use super::queues::Queue;
use super::slot_id::SlotId;
use super::tcp::Tcp;
use crate::trace::{Call, Cause, Ending, State, Timer, Transition};

impl Connection {
    /// Why a connection that is CLOSED now, and was in `from`, is over.
    pub(super) fn ending_by(&self, from: State, cause: Cause) -> Ending {
        match cause {
            Cause::Segment | Cause::Inferred => match (self.flags.was_reset, from) {
                (false, _) => Ending::Closed,
                (true, State::SynSent) => Ending::Refused,
                (true, _) => Ending::ResetByPeer,
            },
            Cause::Call(Call::Abort) => Ending::Aborted,
            Cause::Call(Call::Close | Call::Connect | Call::Listen) => Ending::Closed,
            Cause::Timer(Timer::TimeWait) => Ending::Closed,
            Cause::Timer(timer) => Ending::TimedOut(timer),
            Cause::AddressLost => Ending::AddressLost,
            Cause::Unreachable => Ending::Unreachable,
            Cause::Evicted => Ending::Evicted,
        }
    }
}

impl Tcp<'_> {
    /// Notes one change of state.
    pub(super) fn transition(
        &mut self,
        host: &mut Host<'_>,
        slot: SlotId,
        from: State,
        to: State,
        cause: Cause,
    ) {
        let connection = &mut self.table[slot];
        connection.state = to;
        connection.since = host.now;
        let transition = Transition {
            connection: connection.id,
            from,
            to,
            cause,
        };
        host.record.transition(transition);
    }

    /// The connection is CLOSED and has said its last word.
    pub(super) fn finish(&mut self, host: &mut Host<'_>, slot: SlotId) {
        self.table.unlink(slot);
        let connection = &mut self.table[slot];
        let ending = *connection.ending.get_or_insert(Ending::Closed);
        let id = connection.id;
        host.record.ended(id, ending);
        self.retire(slot);
    }

    /// Ends a connection without a word to the peer.
    pub(super) fn drop_silently(
        &mut self,
        host: &mut Host<'_>,
        slot: SlotId,
        to: State,
        cause: Cause,
        ending: Ending,
    ) {
        let from = self.table[slot].state;
        if from != to {
            self.transition(host, slot, from, to, cause);
        }
        let connection = &mut self.table[slot];
        connection.ending.get_or_insert(ending);
        self.finish(host, slot);
    }

    /// An unlinked connection goes back to the free ones, at once or when the application has let go.
    pub(super) fn retire(&mut self, slot: SlotId) {
        let facts = self.table[slot].flags;
        let half_open = self.table.contains(Queue::HalfOpen, slot);
        let untouched = facts.passive && !facts.accepted;
        // Nobody can know of a connection that never left the handshake. One that waits for `accept`
        // is still handed out if it brought data; a socket would do the same.
        let unread = self.table.place(slot).socket().recv_queue() > 0;
        if facts.orphaned || half_open || untouched && !unread {
            self.table.free(slot);
        } else {
            self.table.push(Queue::Ready, slot);
            self.retired = true;
        }
    }

    /// What comes for an application that closed is taken and forgotten, so that the window stays open
    /// for the peer's FIN.
    pub(super) fn discard_received(&mut self, slot: SlotId) {
        let mut taken = 0;
        let socket = self.table.place_mut(slot).socket_mut();
        while let Ok(count @ 1..) = socket.recv(|octets| (octets.len(), octets.len())) {
            taken += count as u32;
        }
        let numbers = &mut self.table[slot].numbers;
        numbers.taken = numbers.taken.wrapping_add(taken);
    }
}
