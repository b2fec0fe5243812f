//! What leaves: only connections that have something to say are asked, in turn, one segment each.

use smoltcp::phy::Device;
use smoltcp::time::{Duration, Instant};

use super::datagrams::Attempt;
use super::deadlines::earliest;
use super::neighbors::ASK_AGAIN;
use super::node::Node;
use super::one_frame::{OneFrame, Sent};
use super::queues::Queue;
use super::slot_id::SlotId;
use crate::trace::{Cause, Kind, State, Timer};

/// When to look again at a device that had no room.
const DEVICE_BUSY: Duration = Duration::from_millis(1);

/// When to look again at a socket that said it had something to send and sent nothing.
const STUCK: Duration = Duration::from_millis(10);

impl Node<'_> {
    /// Sends segments in rotation within the budget; `true` if the device had no room.
    pub(super) fn send_segments<D: Device + ?Sized>(&mut self, device: &mut D) -> bool {
        for _ in 0..self.limits.egress_budget {
            let Some(slot) = self.table.front(Queue::Egress) else {
                break;
            };
            let mut exit = device.transmit(self.now);
            if exit.is_none() {
                return true;
            }
            self.table.remove(Queue::Egress, slot);
            let Some(hop) = self.hop_of(slot) else {
                self.table.push(Queue::Unresolved, slot);
                self.table.wake_by(slot, self.now + ASK_AGAIN);
                continue;
            };
            let mut one_frame = OneFrame::leading_to(&mut exit, hop);
            let place = self.table.place_mut(slot);
            let state = place.connection.state;
            let opening = matches!(state, State::SynSent | State::SynReceived);
            if opening && self.link.has_mss_limit() {
                self.link.pump_opening(self.now, &mut one_frame, place);
            } else {
                self.link.pump(self.now, &mut one_frame, &mut place.set);
            }
            let sent = one_frame.sent;
            // smoltcp's own timers end TIME-WAIT only. The node does that itself before, unless the device had
            // no room for the last acknowledgment until now.
            self.observe(slot, Cause::Timer(Timer::TimeWait));
            let segment_left = matches!(sent, Some(Sent::Tcp(..)));
            if let Some(sent) = sent {
                let connection = &mut self.table[slot];
                self.record.sent(connection, sent, self.limits.r1);
            }
            if self.table[slot].numbers.attempts > 0 {
                // What is sent again the next time goes to where the answer says.
                self.doubt_peer(slot);
            }
            self.reschedule(slot);
            if !segment_left {
                self.defer(slot);
            }
        }
        self.send_extra(device)
    }

    /// A connection that was asked and sent nothing.
    fn defer(&mut self, slot: SlotId) {
        if self.table[slot].flags.unlinked {
            return;
        }
        if self.table.contains(Queue::Egress, slot) {
            // It claims to have something to send at once. Do not spin on it.
            self.table.remove(Queue::Egress, slot);
            self.table.wake_by(slot, self.now + STUCK);
        }
    }

    /// Lets the application's own sockets send.
    fn send_extra<D: Device + ?Sized>(&mut self, device: &mut D) -> bool {
        if !self.has_extra() {
            return false;
        }
        for _ in 0..self.limits.egress_budget {
            let mut exit = device.transmit(self.now);
            if exit.is_none() {
                return true;
            }
            let mut one_frame = OneFrame::whole(None, &mut exit);
            self.link
                .pump_whole(self.now, &mut one_frame, &mut self.extra);
            let Some(sent) = one_frame.sent else {
                break;
            };
            self.record.sent_elsewhere(sent);
        }
        false
    }

    /// Sends datagrams; `true` if the device had no room.
    pub(super) fn send_datagrams<D: Device + ?Sized>(&mut self, device: &mut D) -> bool {
        // One attempt for each: what must wait goes to the end, and is not tried twice.
        for _ in 0..self.datagrams.due(self.now).min(self.limits.egress_budget) {
            let Some((receiver, back)) = self.datagrams.receiver() else {
                break;
            };
            // Whoever is not known is asked for; an answer does not wait for that.
            let hop = self.resolve(receiver);
            let hop = hop.or(back.map(|hardware| self.link.hop(hardware)));
            let mut exit = device.transmit(self.now);
            if exit.is_none() {
                return true;
            }
            let attempt = self.datagrams.attempt(
                self.now,
                &mut self.link,
                hop,
                &mut exit,
                &mut self.scratch,
                self.limits.resolution,
            );
            match attempt {
                Attempt::Idle => break,
                Attempt::Left(sent) => self.record.sent_elsewhere(sent),
                Attempt::GaveUp(datagram) => self.note(Kind::Datagram(datagram)),
                Attempt::Later => {}
            }
        }
        false
    }

    /// When to poll again at the latest.
    pub(super) fn next_deadline(&mut self, blocked: bool) -> Option<Instant> {
        if blocked {
            return Some(self.now + DEVICE_BUSY);
        }
        if self.table.len(Queue::Egress) > 0 {
            return Some(self.now);
        }
        let wait = self.oldest_time_wait().map(|(_, wait)| wait.deadline);
        let extra = if self.has_extra() {
            self.link.due_whole(self.now, &self.extra)
        } else {
            None
        };
        earliest(&[
            self.table.deadline(),
            self.admission_deadline(),
            wait,
            extra,
            self.datagrams.deadline(self.now),
            self.claims.deadline(),
            self.neighbors.deadline(),
            #[cfg(feature = "reassembly")]
            self.reassembly.deadline(),
        ])
    }
}
