//! The straight way: the plain segment of an open connection that is just what is expected, in and out, as nearly all
//! are while data flows. It is judged, marked, noted, taken in and settled in one pass, and smoltcp is not asked for
//! its timers where the answer is known.
//!
//! The long way is the definition: [`gate`] judges, [`record`](super::record) marks,
//! [`following`](super::following) takes in and settles. What is not surely the same goes there, untouched; checked
//! builds hold each step here against it.

use smoltcp::time::Instant;

use super::config::Limits;
use super::connection::{Connection, Slot};
use super::frame::TcpFrame;
#[cfg(debug_assertions)]
use super::gate::{self, Decision};
use super::host::Host;
use super::one_frame::{Exit, OneFrame, Sent};
use super::parts;
use super::queues::Queue;
use super::rto_rescue::LEAST_RTO;
use super::slot_id::SlotId;
use super::tcp::Tcp;
use crate::trace::{Direction, Flags, Header, Mark, State};

impl Connection {
    /// Whether a segment is what is expected of an open connection: the next one, from where its peer is.
    #[inline]
    fn expects(&self, frame: &TcpFrame<'_>) -> bool {
        let expected = self.state == State::Established
            && self.numbers.expects(&frame.header)
            && self.neighbor == Some(frame.neighbor)
            && frame.is_as_it_came();
        #[cfg(debug_assertions)]
        if expected {
            assert!(!self.flags.orphaned && !self.numbers.fin_sent);
            let judged = gate::judge(self.state, true, &self.numbers, &frame.header);
            assert_eq!(judged, Decision::Pass);
            assert_eq!(self.numbers.mark_received(&frame.header), Mark::None);
        }
        expected
    }

    /// Takes in such a segment, which smoltcp saw; whether it acknowledges something new.
    #[inline]
    fn take_expected(&mut self, now: Instant, header: &Header) -> bool {
        #[cfg(debug_assertions)]
        let long_way = {
            let mut numbers = self.numbers;
            assert!(numbers.accept(header, false));
            numbers
        };
        let advanced = self.numbers.take_expected(header);
        #[cfg(debug_assertions)]
        assert_eq!(self.numbers, long_way);
        self.heard = now;
        self.flags.was_reset = false;
        self.flags.moved = false;
        if self.numbers.attempts == 0 {
            self.flags.slow_reported = false;
        }
        if advanced {
            self.flags.reached = true;
            self.waiting_since = now;
        }
        advanced
    }

    /// Whether a segment that left carries what never left before, or nothing, and is nothing else.
    #[inline]
    fn sends(&self, header: &Header, r1: u8) -> bool {
        let numbers = &self.numbers;
        let plain = self.state == State::Established
            && header.flags.without(Flags::PSH) == Flags::ACK
            && header.seq == numbers.snd_nxt
            && numbers.snd_wnd > 0
            && !numbers.closed
            && numbers.attempts == 0
            && r1 > 0;
        debug_assert!(!plain || numbers.mark_sent(header) == Mark::None);
        plain
    }

    /// When the first of smoltcp's timers, or of ours, can be due, once everything queued is under way and the window
    /// was told: what is under way is sent again after a second at least (RFC 6298 section 2.4), and a silent peer is
    /// probed when it was not heard for as long as that takes.
    #[inline]
    fn rests_until(&self, limits: &Limits) -> Rest {
        if limits.r2 < LEAST_RTO {
            return Rest::Unknown;
        }
        let sent_again = match self.numbers.all_acknowledged() {
            true => None,
            false => Some(self.waiting_since + LEAST_RTO),
        };
        let probed = limits.keep_alive.map(|interval| self.heard + interval);
        match (sent_again, probed) {
            (Some(again), Some(probed)) => Rest::Until(again.min(probed)),
            (Some(at), None) | (None, Some(at)) => Rest::Until(at),
            (None, None) => Rest::Forever,
        }
    }
}

/// How long nothing is to be done for a connection unless something happens.
enum Rest {
    Until(Instant),
    Forever,
    Unknown,
}

impl Slot<'_> {
    /// Whether all that is queued is under way, and smoltcp stands where it is: it has nothing to send.
    #[inline]
    fn has_sent_all(&self) -> bool {
        let numbers = &self.connection.numbers;
        let under_way = numbers.snd_nxt.since(numbers.snd_una);
        !numbers.went_back && self.socket().send_queue() == under_way as usize
    }

    /// Whether the window that the peer knows is so large that smoltcp says nothing of what was read since: more than
    /// half of what is free, and what scaling cuts off.
    #[inline]
    fn has_told_its_window(&self) -> bool {
        let socket = self.socket();
        let free = (socket.recv_capacity() - socket.recv_queue()) as u32;
        let numbers = &self.connection.numbers;
        numbers.rcv_wnd() > free / 2 + (1 << numbers.rcv_scale())
    }
}

impl Tcp<'_> {
    /// Takes in a segment that its connection expects. `false`: nothing was done, and it takes the long way.
    #[inline]
    pub(super) fn receive_expected(
        &mut self,
        host: &mut Host<'_>,
        slot: SlotId,
        frame: &TcpFrame<'_>,
        packet: &[u8],
        exit: &mut dyn Exit,
    ) -> bool {
        let place = self.table.place_mut(slot);
        if !parts::ONE_PASS || !place.connection.expects(frame) {
            return false;
        }
        let header = &frame.header;
        host.record
            .expected(&place.connection, *header, Direction::In);
        let mut one_frame = OneFrame::offering(packet, exit, host.link.hop(frame.neighbor));
        host.link.deliver(host.now, &mut one_frame, &mut place.set);
        let sent = one_frame.sent;
        if sent.is_some() || place.socket().state() != State::Established {
            self.after_segment(host, slot, frame, false, sent);
            return true;
        }
        let queued = place.socket().recv_queue() as u32;
        let advanced = place.connection.take_expected(host.now, header);
        let has_room = advanced && core::mem::take(&mut place.connection.flags.wants_room);
        let next = place.connection.numbers.next(queued);
        let has_news = next != place.connection.numbers.rcv_nxt && queued > 0;
        place.connection.numbers.rcv_nxt = next;
        if has_room || has_news {
            self.table.push(Queue::Ready, slot);
        }
        if header.len > 0 {
            // Egress asks the socket anyway, after the application had its turn, and settles then.
            self.table.push(Queue::Egress, slot);
        } else {
            self.settle_acknowledged(host, slot, advanced);
        }
        true
    }

    /// After an acknowledgment without data.
    #[inline]
    fn settle_acknowledged(&mut self, host: &mut Host<'_>, slot: SlotId, advanced: bool) {
        let place = self.table.place(slot);
        // Of a repeated one smoltcp keeps count while something is under way.
        let counts = !advanced && !place.connection.numbers.all_acknowledged();
        if counts || !place.has_sent_all() || !place.has_told_its_window() || !self.rest(host, slot)
        {
            self.reschedule(host, slot);
        }
    }

    /// Takes into account what left when a connection was asked. `false`: nothing was done, and the long way does it.
    #[inline]
    pub(super) fn has_sent_as_expected(
        &mut self,
        host: &mut Host<'_>,
        slot: SlotId,
        sent: Option<Sent>,
    ) -> bool {
        let Some(Sent::Own(header)) = sent else {
            return false;
        };
        let place = self.table.place_mut(slot);
        let same = place.socket().state() == State::Established;
        let connection = &mut place.connection;
        if !parts::ONE_PASS || !same || !connection.sends(&header, host.limits.r1) {
            return false;
        }
        host.record.expected(connection, header, Direction::Out);
        connection.has_sent_new(host.now, &header);
        if !place.has_sent_all() || !self.rest(host, slot) {
            self.reschedule(host, slot);
        }
        true
    }

    /// Has a connection come up when the first of its timers can be due. `false`: that is not known.
    #[inline]
    fn rest(&mut self, host: &mut Host<'_>, slot: SlotId) -> bool {
        match self.table[slot].rests_until(&host.limits) {
            Rest::Until(at) => self.table.wake_by(slot, at),
            Rest::Forever => {}
            Rest::Unknown => return false,
        }
        #[cfg(debug_assertions)]
        self.check_rest(host, slot);
        true
    }

    /// Holds what is known of a connection's timers against smoltcp's and ours.
    #[cfg(debug_assertions)]
    fn check_rest(&mut self, host: &mut Host<'_>, slot: SlotId) {
        let place = self.table.place(slot);
        let due = host.link.due(host.now, &place.set);
        let stalled = place.is_stalled(due);
        let own = place.connection.timer(&host.limits).map(|(_, at)| at);
        if self.table.contains(Queue::Egress, slot) {
            return;
        }
        assert!(
            due.is_none_or(|due| due > host.now),
            "it has something to say"
        );
        let rescue = stalled.then(|| host.now + LEAST_RTO);
        let first = super::earliest(&[due, own, rescue]);
        let woken = self.table.deadline_of(slot);
        assert!(
            first.is_none_or(|first| woken.is_some_and(|woken| woken <= first)),
            "nobody wakes it: {woken:?}, {due:?}, {own:?}, {rescue:?}"
        );
    }
}
