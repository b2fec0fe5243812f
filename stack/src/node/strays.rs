//! Segments that belong to no connection: what [admission](super::admission) says of them is done, and they are
//! answered.
//!
//! Resets have a budget for each address that they go to; cookies have none. The caller has made sure that there is
//! no connection between the endpoints, and gives the segment to the one that it opened, if it did.

use smoltcp::wire::{TcpControl, TcpRepr};

use super::admission::{Judged, Verdict as Admitted};
use super::frame::TcpFrame;
use super::host::Host;
use super::listeners::Listener;
use super::one_frame::Exit;
use super::parts;
use super::reply::{self, bare, reset};
use super::slot_id::SlotId;
use super::syn_queue::PendingSyn;
use super::tcp::Tcp;
use super::time_wait::{TimeWait, TimeWaitId};
use crate::trace::{Answer, Cause, Flags, Reason, Resource, SeqNumber, Verdict};

impl Tcp<'_> {
    /// A segment between endpoints that have no connection. Says in which slot one is now that it completes.
    pub(super) fn receive_stray(
        &mut self,
        host: &mut Host<'_>,
        frame: &TcpFrame<'_>,
        exit: &mut dyn Exit,
    ) -> Option<SlotId> {
        let judged = self.admission.judge(host.now, &self.table, frame);
        self.carry_out(host, judged, frame, exit)
    }

    /// A SYN beyond the numbers of a connection in TIME-WAIT: the old one is over.
    pub(super) fn reopen(
        &mut self,
        host: &mut Host<'_>,
        (id, wait): (TimeWaitId, &TimeWait),
        listener: Listener,
        frame: &TcpFrame<'_>,
        exit: &mut dyn Exit,
    ) {
        self.end_time_wait(host, id, wait, Cause::Segment);
        let judged =
            self.admission
                .judge_again(host.now, &self.table, listener, frame, wait.snd_nxt);
        self.carry_out(host, judged, frame, exit);
    }

    fn carry_out(
        &mut self,
        host: &mut Host<'_>,
        Judged { verdict, full }: Judged,
        frame: &TcpFrame<'_>,
        exit: &mut dyn Exit,
    ) -> Option<SlotId> {
        if let Some(resource) = full {
            host.note_full(resource);
        }
        let noted = match verdict {
            Admitted::Establish { .. } | Admitted::Cookie { .. } | Admitted::Queue
                if !parts::SYN_QUEUE =>
            {
                return None;
            }
            Admitted::Open { iss } => {
                let syn = PendingSyn::of(frame, host.now);
                self.open_passive(host, &syn, iss, Some(frame.verdict()));
                return None;
            }
            Admitted::Establish { iss, mss, evict } => {
                if let Some(eviction) = evict {
                    self.give_way(host, eviction);
                }
                let syn = PendingSyn::by_cookie(frame, iss, mss, host.now);
                let opened = self.open_proven(host, &syn, iss);
                if opened.is_some() {
                    return opened;
                }
                self.overflow(host)
            }
            Admitted::Cookie { iss } => {
                self.answer_with_cookie(host, frame, iss, exit);
                return None;
            }
            Admitted::Overflow if !host.limits.refuse => self.overflow(host),
            Admitted::Overflow | Admitted::Reset => {
                self.refuse(host, frame, exit);
                return None;
            }
            Admitted::Queue => Verdict::Held,
            Admitted::Drop(reason) => Verdict::Dropped(reason),
        };
        host.record.stray(frame, noted);
        None
    }

    /// Nobody is told: what is sent again, the SYN or what returns the cookie, says the same.
    fn overflow(&mut self, host: &mut Host<'_>) -> Verdict {
        host.note_full(Resource::Backlog);
        Verdict::Dropped(Reason::BacklogFull)
    }

    /// Answers a SYN without keeping anything of it (RFC 4987 section 3.6). No allowance limits that: who
    /// forged SYNs in somebody's name would use it up and keep that one out. The answer is no longer than
    /// what it answers.
    ///
    /// Not inlined, as is no answer here: it would take the stack of a connection that opens.
    #[inline(never)]
    fn answer_with_cookie(
        &mut self,
        host: &mut Host<'_>,
        frame: &TcpFrame<'_>,
        iss: SeqNumber,
        exit: &mut dyn Exit,
    ) {
        let local = frame.flow.local.addr;
        let ack = frame.header.seq + 1;
        let window = host.link.first_window(local, self.table.window_of_a_syn());
        let mut segment = bare(&frame.flow, iss, Some(ack), window);
        segment.control = TcpControl::Syn;
        segment.max_seg_size = Some(host.link.mss(local));
        host.record
            .stray(frame, Verdict::Answered(Answer::SynCookie));
        self.answer_stray(host, frame, &segment, Answer::SynCookie, exit);
    }

    /// The reset that a segment to nobody elicits (RFC 9293 section 3.10.7.1).
    #[inline(never)]
    fn refuse(&mut self, host: &mut Host<'_>, frame: &TcpFrame<'_>, exit: &mut dyn Exit) {
        if frame.header.flags.contains(Flags::RST) {
            return host
                .record
                .stray(frame, Verdict::Dropped(Reason::StrayReset));
        }
        if !host.may_answer_stranger(frame.flow.remote.addr) {
            return host
                .record
                .stray(frame, Verdict::Dropped(Reason::RateLimited));
        }
        host.record.stray(frame, Verdict::Answered(Answer::Reset));
        let segment = reset(&frame.flow, &frame.header);
        self.answer_stray(host, frame, &segment, Answer::Reset, exit);
    }

    /// Sends a segment of the gate's that belongs to no connection.
    fn answer_stray(
        &mut self,
        host: &mut Host<'_>,
        frame: &TcpFrame<'_>,
        segment: &TcpRepr<'_>,
        answer: Answer,
        exit: &mut dyn Exit,
    ) {
        let header = reply::send(exit, host.link.hop(frame.neighbor), &frame.flow, segment);
        host.record.stray_answer(frame.flow, header, answer);
    }
}
