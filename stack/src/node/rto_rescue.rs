//! Waking a connection that smoltcp left without a timer.
//!
//! When a window closes over data that is under way, smoltcp exchanges its retransmission timer for the
//! one of window probes, and stops that when the window opens: if the data was lost, or cut off because
//! there was no room for it, nobody sends it again. Three repeated acknowledgments do make smoltcp send
//! again and set the timer anew. Here the node repeats the peer's last one, if nothing else is to happen.

use smoltcp::time::{Duration, Instant};

use super::connection::Slot;
use super::host::Host;
use super::reply::bare;
use super::slot_id::SlotId;
use super::tcp::Tcp;
use crate::trace::{Flow, State};

/// The least retransmission timeout (RFC 6298 section 2.4).
pub(super) const LEAST_RTO: Duration = Duration::from_secs(1);

/// smoltcp counts to three, and may begin anew at the first.
const REPETITIONS: usize = 5;

impl Slot<'_> {
    /// Whether something is under way and no timer of smoltcp's watches over it.
    pub(super) fn is_stalled(&self, due: Option<Instant>) -> bool {
        let connection = &self.connection;
        let sending = match connection.state {
            State::Established
            | State::CloseWait
            | State::FinWait1
            | State::Closing
            | State::LastAck => true,
            // What a handshake sends has a timer until it is answered; here nothing is under way.
            State::SynSent
            | State::SynReceived
            | State::FinWait2
            | State::TimeWait
            | State::Closed
            | State::Listen => false,
        };
        due.is_none()
            && sending
            && !connection.numbers.all_acknowledged()
            && self.socket().send_queue() > 0
    }
}

impl Tcp<'_> {
    /// Whether CLOSE in CLOSE-WAIT can be carried out at once.
    ///
    /// In LAST-ACK smoltcp hears only what acknowledges more than before: no window that opens, and no
    /// repetition. So what is queued must fit into the window, and have a timer. Until then the call
    /// waits, as RFC 9293 section 3.10.4 has it wait for what is not yet sent.
    pub(super) fn may_enter_last_ack(&mut self, host: &mut Host<'_>, slot: SlotId) -> bool {
        let queued = self.table.place(slot).socket().send_queue();
        let due = host.link.due(host.now, &self.table.place(slot).set);
        let room = self.table[slot].numbers.snd_wnd as usize;
        queued == 0 || queued <= room && !self.table.place(slot).is_stalled(due)
    }

    /// Repeats the peer's last acknowledgment to smoltcp until that wants to send.
    pub(super) fn wake_the_stalled(&mut self, host: &mut Host<'_>, slot: SlotId) {
        for _ in 0..REPETITIONS {
            let due = host.link.due(host.now, &self.table.place(slot).set);
            if !self.table.place(slot).is_stalled(due) {
                return;
            }
            let connection = &self.table[slot];
            let numbers = &connection.numbers;
            let reversed = Flow {
                local: connection.flow.remote,
                remote: connection.flow.local,
            };
            let again = bare(
                &reversed,
                numbers.rcv_nxt,
                Some(numbers.snd_una),
                numbers.window,
            );
            host.link.show(host.now, self.table.place_mut(slot), &again);
        }
    }
}
