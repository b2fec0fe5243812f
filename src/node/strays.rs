//! Segments that belong to no connection: what [admission](super::admission) says of them is done, and they are
//! answered.
//!
//! Resets have a budget for each address that they go to; cookies have none. The caller has made sure that there is
//! no connection between the endpoints, and gives the segment to the one that it opened, if it did.

use smoltcp::wire::{IpAddress, TcpControl, TcpRepr};

use super::admission::{Judged, Verdict as Admitted};
use super::frame::TcpFrame;
use super::listeners::Listener;
use super::node::Node;
use super::one_frame::Exit;
use super::reply::{self, bare, reset};
use super::slot_id::SlotId;
use super::syn_queue::PendingSyn;
use super::time_wait::{TimeWait, TimeWaitId};
use crate::trace::{Answer, Cause, Flags, Reason, Resource, Verdict};

impl Node<'_> {
    /// A segment between endpoints that have no connection. Says in which slot one is now that it completes.
    pub(super) fn receive_stray(
        &mut self,
        frame: &TcpFrame<'_>,
        exit: &mut dyn Exit,
    ) -> Option<SlotId> {
        let judged = self.admission.judge(self.now, &self.table, frame);
        self.carry_out(judged, frame, exit)
    }

    /// A SYN beyond the numbers of a connection in TIME-WAIT: the old one is over.
    pub(super) fn reopen(
        &mut self,
        (id, wait): (TimeWaitId, &TimeWait),
        listener: Listener,
        frame: &TcpFrame<'_>,
        exit: &mut dyn Exit,
    ) {
        self.end_time_wait(id, wait, Cause::Segment);
        let judged =
            self.admission
                .judge_again(self.now, &self.table, listener, frame, wait.snd_nxt);
        self.carry_out(judged, frame, exit);
    }

    fn carry_out(
        &mut self,
        Judged { verdict, full }: Judged,
        frame: &TcpFrame<'_>,
        exit: &mut dyn Exit,
    ) -> Option<SlotId> {
        if let Some(resource) = full {
            self.note_full(resource);
        }
        let noted = match verdict {
            Admitted::Open { iss } => {
                let syn = PendingSyn::of(frame, self.now);
                self.open_passive(&syn, iss, Some(frame.verdict()));
                return None;
            }
            Admitted::Establish { iss, mss, evict } => {
                if let Some(eviction) = evict {
                    self.give_way(eviction);
                }
                let syn = PendingSyn::by_cookie(frame, iss, mss, self.now);
                let opened = self.open_proven(&syn, iss);
                if opened.is_some() {
                    return opened;
                }
                self.overflow()
            }
            Admitted::Cookie { iss } => {
                self.answer_with_cookie(frame, iss, exit);
                return None;
            }
            Admitted::Overflow if !self.limits.refuse => self.overflow(),
            Admitted::Overflow | Admitted::Reset => {
                self.refuse(frame, exit);
                return None;
            }
            Admitted::Queue => Verdict::Held,
            Admitted::Drop(reason) => Verdict::Dropped(reason),
        };
        self.record.stray(frame, noted);
        None
    }

    /// Nobody is told: what is sent again, the SYN or what returns the cookie, says the same.
    fn overflow(&mut self) -> Verdict {
        self.note_full(Resource::Backlog);
        Verdict::Dropped(Reason::BacklogFull)
    }

    /// Answers a SYN without keeping anything of it (RFC 4987 section 3.6). No allowance limits that: who
    /// forged SYNs in somebody's name would use it up and keep that one out. The answer is no longer than
    /// what it answers.
    ///
    /// Not inlined, as is no answer here: it would take the stack of a connection that opens.
    #[inline(never)]
    fn answer_with_cookie(&mut self, frame: &TcpFrame<'_>, iss: u32, exit: &mut dyn Exit) {
        let local = frame.flow.local.addr;
        let ack = frame.header.seq.wrapping_add(1);
        let window = self.link.first_window(local, self.table.window_of_a_syn());
        let mut segment = bare(&frame.flow, iss, Some(ack), window);
        segment.control = TcpControl::Syn;
        segment.max_seg_size = Some(self.link.mss(local));
        self.record
            .stray(frame, Verdict::Answered(Answer::SynCookie));
        self.answer_stray(frame, &segment, Answer::SynCookie, exit);
    }

    /// The reset that a segment to nobody elicits (RFC 9293 section 3.10.7.1).
    #[inline(never)]
    fn refuse(&mut self, frame: &TcpFrame<'_>, exit: &mut dyn Exit) {
        if frame.header.flags.contains(Flags::RST) {
            return self
                .record
                .stray(frame, Verdict::Dropped(Reason::StrayReset));
        }
        if !self.may_answer_stranger(frame.flow.remote.addr) {
            return self
                .record
                .stray(frame, Verdict::Dropped(Reason::RateLimited));
        }
        self.record.stray(frame, Verdict::Answered(Answer::Reset));
        let segment = reset(&frame.flow, &frame.header);
        self.answer_stray(frame, &segment, Answer::Reset, exit);
    }

    /// Sends a segment of the gate's that belongs to no connection.
    fn answer_stray(
        &mut self,
        frame: &TcpFrame<'_>,
        segment: &TcpRepr<'_>,
        answer: Answer,
        exit: &mut dyn Exit,
    ) {
        let header = reply::send(exit, self.link.hop(frame.neighbor), &frame.flow, segment);
        self.record.stray_answer(frame.flow, header, answer);
    }

    /// Uses up one answer to somebody who has no connection; `false` if none is left.
    fn may_answer_stranger(&mut self, address: IpAddress) -> bool {
        let limit = self.limits.strangers_per_second;
        self.strangers.take(self.now, address, limit)
    }
}
