//! Segments that leave: only connections that have something to say are asked, in turn, one segment each.

use smoltcp::phy::Device;
use smoltcp::time::Duration;

use super::host::Host;
use super::neighbors::ASK_AGAIN;
use super::one_frame::{OneFrame, Sent};
use super::queues::Queue;
use super::slot_id::SlotId;
use super::tcp::Tcp;
use crate::trace::{Cause, State, Timer};

/// When to look again at a socket that said it had something to send and sent nothing.
const STUCK: Duration = Duration::from_millis(10);

impl Tcp<'_> {
    /// Sends segments in rotation within the budget; `true` if the device had no room.
    pub(super) fn send_segments<D: Device + ?Sized>(
        &mut self,
        host: &mut Host<'_>,
        device: &mut D,
    ) -> bool {
        for _ in 0..host.limits.egress_budget {
            let Some(slot) = self.table.front(Queue::Egress) else {
                break;
            };
            let mut exit = device.transmit(host.now);
            if exit.is_none() {
                return true;
            }
            self.table.remove(Queue::Egress, slot);
            let Some(hop) = self.hop_of(host, slot) else {
                self.table.push(Queue::Unresolved, slot);
                self.table.wake_by(slot, host.now + ASK_AGAIN);
                continue;
            };
            let place = self.table.place_mut(slot);
            let (state, flow) = (place.connection.state, place.connection.flow);
            let mut one_frame = OneFrame::for_own(&mut exit, hop, &flow);
            let opening = matches!(state, State::SynSent | State::SynReceived);
            if opening && host.link.has_mss_limit() {
                host.link.pump_opening(host.now, &mut one_frame, place);
            } else {
                host.link.pump(host.now, &mut one_frame, &mut place.set);
            }
            let sent = one_frame.sent;
            if self.has_sent_as_expected(host, slot, sent) {
                continue;
            }
            // smoltcp's own timers end TIME-WAIT only. The node does that itself before, unless the device had
            // no room for the last acknowledgment until now.
            self.observe(host, slot, Cause::Timer(Timer::TimeWait));
            let segment_left = matches!(sent, Some(Sent::Own(_) | Sent::Tcp(..)));
            if let Some(sent) = sent {
                let connection = &mut self.table[slot];
                host.record.sent(connection, sent, host.limits.r1);
            }
            if self.table[slot].numbers.attempts > 0 {
                // What is sent again the next time goes to where the answer says.
                self.doubt_peer(host, slot);
            }
            self.reschedule(host, slot);
            if !segment_left {
                self.defer(host, slot);
            }
        }
        false
    }

    /// A connection that was asked and sent nothing.
    fn defer(&mut self, host: &Host<'_>, slot: SlotId) {
        if self.table[slot].flags.unlinked {
            return;
        }
        if self.table.contains(Queue::Egress, slot) {
            // It claims to have something to send at once. Do not spin on it.
            self.table.remove(Queue::Egress, slot);
            self.table.wake_by(slot, host.now + STUCK);
        }
    }
}
