//! Following a connection: after each step of smoltcp, what changed and why, and what it is to do next.
//!
//! Who changes a socket calls [`observe`](Tcp::observe) and then [`reschedule`](Tcp::reschedule), which may end the
//! connection.

use super::connection::has_fin;
use super::frame::TcpFrame;
use super::host::Host;
use super::one_frame::Sent;
use super::parts;
use super::queues::Queue;
use super::rto_rescue;
use super::slot_id::SlotId;
use super::tcp::Tcp;
use crate::trace::{Call, Cause, Ending, Flags, State, Timer, rfc9293};

impl Tcp<'_> {
    /// After smoltcp saw a segment of the connection; `held_open` is what the gate changed about its
    /// window.
    pub(super) fn after_segment(
        &mut self,
        host: &mut Host<'_>,
        slot: SlotId,
        frame: &TcpFrame<'_>,
        held_open: bool,
        sent: Option<Sent>,
    ) {
        let connection = &mut self.table[slot];
        let before = connection.numbers.snd_una;
        let was_closed = connection.numbers.closed;
        if !connection.numbers.synchronized
            && frame.header.flags.contains(Flags::SYN)
            && self.table.place(slot).socket().state() != State::SynSent
        {
            self.table[slot].numbers.synchronize(&frame.header);
        }
        let connection = &mut self.table[slot];
        if connection.numbers.accept(&frame.header, held_open) {
            let acknowledged = self.table[slot].numbers.snd_una != before;
            self.heard_from(host, slot, frame.neighbor, acknowledged);
        }
        let connection = &mut self.table[slot];
        connection.heard = host.now;
        connection.flags.was_reset = frame.header.flags.contains(Flags::RST);
        if was_closed && !connection.numbers.closed {
            // The wait for a window is over. What was under way when it closed has all its time again.
            connection.waiting_since = host.now;
            connection.numbers.attempts = 0;
        }
        if connection.numbers.attempts == 0 {
            connection.flags.slow_reported = false;
        }
        if connection.numbers.snd_una != before {
            connection.waiting_since = host.now;
            if connection.flags.wants_room {
                connection.flags.wants_room = false;
                self.table.push(Queue::Ready, slot);
            }
        }
        if self.table[slot].flags.orphaned {
            self.discard_received(slot);
        }
        self.observe(host, slot, Cause::Segment);
        if let Some(sent) = sent {
            let connection = &mut self.table[slot];
            host.record.sent(connection, sent, host.limits.r1);
        }
        let state = self.table[slot].state;
        if state == State::Established && frame.header.len > 0 {
            // Egress asks the socket anyway, after the application had its turn, and settles then.
            self.table.push(Queue::Egress, slot);
        } else {
            self.close_if_it_may(host, slot);
            self.reschedule(host, slot);
        }
    }

    /// Compares the socket's state with the one that the journal knows, and tells the difference.
    pub(super) fn observe(&mut self, host: &mut Host<'_>, slot: SlotId, cause: Cause) {
        let to = self.table.place(slot).socket().state();
        self.advance(slot);
        let from = self.table[slot].state;
        if from == to {
            return;
        }
        let came_from = from;
        let mut from = from;
        if parts::JOURNAL {
            for step in rfc9293::path(from, to) {
                self.transition(host, slot, from, step, cause);
                from = step;
            }
        }
        if from != to {
            // The RFC knows no way there; the journal says so.
            self.transition(host, slot, from, to, cause);
        }
        self.advance(slot);
        self.entered(host, slot, came_from, to, cause);
    }

    /// What entering a state means for the queues.
    fn entered(
        &mut self,
        host: &mut Host<'_>,
        slot: SlotId,
        from: State,
        state: State,
        cause: Cause,
    ) {
        match state {
            State::Established | State::CloseWait => {
                self.opened(host, slot);
                self.table.push(Queue::Ready, slot);
            }
            // The peer's FIN came: there is an end of data to read.
            State::Closing | State::TimeWait => {
                self.opened(host, slot);
                self.table.push(Queue::Ready, slot);
            }
            State::FinWait1 => self.opened(host, slot),
            State::FinWait2 | State::LastAck => {}
            // A reset in SYN-RECEIVED: the listener never was in this slot.
            State::Listen => {
                self.table[slot].ending = Some(Ending::ResetByPeer);
            }
            State::Closed => {
                let ending = self.table[slot].ending_by(from, cause);
                self.table[slot].ending = Some(ending);
            }
            State::SynSent | State::SynReceived => {}
        }
    }

    /// The handshake is over: whoever waits for it is told, once.
    fn opened(&mut self, host: &mut Host<'_>, slot: SlotId) {
        if self.table.contains(Queue::HalfOpen, slot) {
            self.table.remove(Queue::HalfOpen, slot);
            let flags = self.table[slot].flags;
            if flags.passive && !flags.accepted {
                self.table.push(Queue::Accept, slot);
            }
        }
        let flags = &mut self.table[slot].flags;
        if core::mem::take(&mut flags.close_deferred) {
            self.table.place_mut(slot).socket_mut().close();
            self.observe(host, slot, Cause::Call(Call::Close));
        }
    }

    /// Carries out a CLOSE that waited in CLOSE-WAIT, if it need not wait any longer.
    fn close_if_it_may(&mut self, host: &mut Host<'_>, slot: SlotId) {
        let connection = &self.table[slot];
        let waits = connection.state == State::CloseWait && connection.flags.close_deferred;
        if waits && self.may_enter_last_ack(host, slot) {
            self.table[slot].flags.close_deferred = false;
            self.table.place_mut(slot).socket_mut().close();
            self.observe(host, slot, Cause::Call(Call::Close));
        }
    }

    /// RCV.NXT, from what the application took and what waits for it.
    fn advance(&mut self, slot: SlotId) {
        let queued = self.table.place(slot).socket().recv_queue() as u32;
        let fin = u32::from(has_fin(self.table.place(slot).socket().state()));
        let numbers = &self.table[slot].numbers;
        if !numbers.synchronized || self.table[slot].state == State::Closed {
            return;
        }
        let next = numbers.next(queued) + fin;
        if next != numbers.rcv_nxt {
            if queued > 0 {
                self.table.push(Queue::Ready, slot);
            }
            self.table[slot].numbers.rcv_nxt = next;
        }
    }

    /// Puts a connection into the queues that fit what it must do next.
    pub(super) fn reschedule(&mut self, host: &mut Host<'_>, slot: SlotId) {
        if self.table[slot].flags.unlinked {
            return;
        }
        let due = host.link.due(host.now, &self.table.place(slot).set);
        let at_once = due.is_some_and(|due| due <= host.now);
        let delay = self.table.place(slot).socket().ack_delay();
        let soon = host.now + delay.unwrap_or_default();
        match self.table[slot].state {
            State::Closed if due.is_none() => return self.finish(host, slot),
            State::Listen => return self.finish(host, slot),
            // The acknowledgment of the peer's FIN leaves first, which that of data before it may delay.
            State::TimeWait if due.is_none_or(|due| due > soon) => {
                return self.enter_time_wait(host, slot);
            }
            State::Closed
            | State::SynSent
            | State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => {}
        }
        if at_once {
            self.table.push(Queue::Egress, slot);
        } else if let Some(due) = due {
            self.table.wake_by(slot, due);
        }
        if self.table.place(slot).is_stalled(due) {
            self.table.wake_by(slot, host.now + rto_rescue::LEAST_RTO);
        }
        if let Some((_, at)) = self.table[slot].timer(&host.limits) {
            self.table.wake_by(slot, at);
        }
    }

    /// Runs every timer that is due.
    pub(super) fn run_timers(&mut self, host: &mut Host<'_>) {
        while let Some((id, wait)) = self
            .oldest_time_wait(host)
            .filter(|(_, wait)| wait.deadline <= host.now)
        {
            self.end_time_wait(host, id, &wait, Cause::Timer(Timer::TimeWait));
        }
        while let Some(slot) = self.table.due(host.now) {
            let timer = self.table[slot].timer(&host.limits);
            match timer {
                Some((timer, at)) if at <= host.now => self.expire(host, slot, timer),
                // One of smoltcp's own, or one that moved.
                _ => {
                    self.wake_the_stalled(host, slot);
                    self.table.push(Queue::Egress, slot);
                }
            }
        }
    }

    fn expire(&mut self, host: &mut Host<'_>, slot: SlotId, timer: Timer) {
        match timer {
            // The peer is alive and owed a word: the application never closed.
            Timer::CloseWait => {
                self.table.place_mut(slot).socket_mut().abort();
                self.observe(host, slot, Cause::Timer(timer));
                self.reschedule(host, slot);
            }
            Timer::Retransmission
            | Timer::HalfOpen
            | Timer::FinWait2
            | Timer::KeepAlive
            | Timer::TimeWait => {
                let (cause, ending) = (Cause::Timer(timer), Ending::TimedOut(timer));
                self.drop_silently(host, slot, State::Closed, cause, ending);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::device::Wire;
    use crate::node::{Config, Memory, Node, Sizes};
    use crate::trace::ConnectionId;
    use crate::trace::Kind;
    use smoltcp::time::{Duration, Instant};
    use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};

    #[test]
    fn a_number_that_was_not_wanted_is_said_and_is_the_one_that_counts() {
        let address = IpCidr::new(IpAddress::v4(192, 0, 2, 1), 24);
        let config = Config::new(EthernetAddress([2, 0, 0, 0, 0, 1]), address, [7; 16]);
        let memory = Memory::heap(Sizes::default());
        let mut node = Node::new(config, memory, Instant::ZERO).unwrap();
        let peer = IpAddress::v4(192, 0, 2, 2);
        let slot = node
            .tcp
            .open_active(&mut node.host, None, (peer, 9000).into())
            .unwrap();
        node.tcp.table[slot].neighbor = Some(EthernetAddress([2; 6]));
        let drawn = node.tcp.table[slot].numbers.iss;
        let wanted = drawn + 0x8000_0000;
        node.tcp.table[slot].numbers.start_at(wanted);
        let mut wire = Wire::heap(Duration::ZERO, 1500, 4);
        let _ = node.poll(Instant::ZERO, &mut wire.end_a());
        let said = Kind::OtherNumber {
            connection: ConnectionId(1),
            wanted,
            drawn,
        };
        assert_eq!(
            node.journal()
                .iter()
                .filter(|it| it.1.kind() == said)
                .count(),
            1
        );
        let numbers = &node.tcp.table[slot].numbers;
        assert_eq!((numbers.iss, numbers.snd_una), (drawn, drawn));
        assert_eq!(numbers.snd_nxt, drawn + 1);
    }
}
