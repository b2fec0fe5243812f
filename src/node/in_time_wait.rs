//! A connection in TIME-WAIT: it has said everything, and an entry of 48 octets speaks for it.

use super::frame::TcpFrame;
use super::host::Host;
use super::one_frame::Exit;
use super::reply::{self, bare};
use super::slot_id::SlotId;
use super::tcp::Tcp;
use super::time_wait::{self, TimeWait, TimeWaitId};
use crate::trace::{
    Answer, Cause, Direction, Ending, Kind, Reason, Resource, State, Transition, Verdict,
};

impl Tcp<'_> {
    /// The connection is in TIME-WAIT and has said everything: from here on it needs no socket.
    pub(super) fn enter_time_wait(&mut self, host: &mut Host<'_>, slot: SlotId) {
        let connection = self.table[slot];
        let wait = TimeWait {
            connection: connection.id,
            flow: connection.flow,
            iss: connection.numbers.iss,
            snd_nxt: connection.numbers.snd_nxt,
            irs: connection.numbers.irs,
            rcv_nxt: connection.numbers.rcv_nxt,
            deadline: host.now,
        };
        self.table.unlink(slot);
        self.begin_time_wait(host, wait);
        self.table[slot].ending = Some(Ending::Closed);
        self.retire(slot);
    }

    /// Waits 2 MSL anew, because the peer's FIN came again.
    fn restart_time_wait(&mut self, host: &mut Host<'_>, id: TimeWaitId, wait: &TimeWait) {
        self.table.forget_time_wait(id, &wait.flow);
        self.begin_time_wait(host, *wait);
    }

    /// Waits 2 MSL from now on. Where there is no place the one that has waited for longest is over.
    fn begin_time_wait(&mut self, host: &mut Host<'_>, wait: TimeWait) {
        let lasts = host.limits.msl * 2;
        let wait = TimeWait {
            deadline: host.now + lasts,
            ..wait
        };
        if self.table.time_waits().is_full() {
            host.note_full(Resource::TimeWaits);
            if let Some((oldest, forgotten)) = self.oldest_time_wait(host) {
                self.end_time_wait(host, oldest, &forgotten, Cause::Evicted);
            }
        }
        self.table.keep_time_wait(&wait, host.link.locals());
        host.note(Kind::TimeWaiting {
            connection: wait.connection,
            lasts: lasts.into(),
        });
    }

    /// The one that has waited for longest.
    pub(super) fn oldest_time_wait(&self, host: &Host<'_>) -> Option<(TimeWaitId, TimeWait)> {
        let waits = self.table.time_waits();
        let id = waits.oldest()?;
        Some((id, waits.get(id, host.now, host.link.locals())?))
    }

    /// TIME-WAIT is over.
    pub(super) fn end_time_wait(
        &mut self,
        host: &mut Host<'_>,
        id: TimeWaitId,
        wait: &TimeWait,
        cause: Cause,
    ) {
        self.table.forget_time_wait(id, &wait.flow);
        host.record.transition(Transition {
            connection: wait.connection,
            from: State::TimeWait,
            to: State::Closed,
            cause,
        });
        host.record.ended(wait.connection, Ending::Closed);
    }

    /// A segment to a connection in TIME-WAIT.
    pub(super) fn receive_in_time_wait(
        &mut self,
        host: &mut Host<'_>,
        id: TimeWaitId,
        wait: &TimeWait,
        frame: &TcpFrame<'_>,
        exit: &mut dyn Exit,
    ) {
        let listener = self.admission.listener(wait.flow.local.port);
        let verdict = time_wait::judge(wait, &frame.header, listener.is_some());
        match verdict {
            time_wait::Verdict::Restart => {
                host.record.in_time_wait(
                    wait,
                    frame.header,
                    Direction::In,
                    Verdict::Answered(Answer::TimeWaitAck),
                );
                self.acknowledge_in_time_wait(host, wait, frame, Answer::TimeWaitAck, exit);
                self.restart_time_wait(host, id, wait);
            }
            time_wait::Verdict::Acknowledge(answer) => {
                if self
                    .table
                    .may_answer(id, host.now, host.limits.answers_per_second)
                {
                    host.record.in_time_wait(
                        wait,
                        frame.header,
                        Direction::In,
                        Verdict::Answered(answer),
                    );
                    self.acknowledge_in_time_wait(host, wait, frame, answer, exit);
                } else {
                    let limited = Verdict::Dropped(Reason::RateLimited);
                    host.record
                        .in_time_wait(wait, frame.header, Direction::In, limited);
                }
            }
            time_wait::Verdict::Reopen => {
                if let Some(listener) = listener {
                    self.reopen(host, (id, wait), listener, frame, exit);
                }
            }
            time_wait::Verdict::Drop(reason) => {
                host.record.in_time_wait(
                    wait,
                    frame.header,
                    Direction::In,
                    Verdict::Dropped(reason),
                );
            }
        }
    }

    fn acknowledge_in_time_wait(
        &mut self,
        host: &mut Host<'_>,
        wait: &TimeWait,
        frame: &TcpFrame<'_>,
        answer: Answer,
        exit: &mut dyn Exit,
    ) {
        let segment = bare(&wait.flow, wait.snd_nxt, Some(wait.rcv_nxt), 0);
        let header = reply::send(exit, host.link.hop(frame.neighbor), &wait.flow, &segment);
        host.record
            .in_time_wait(wait, header, Direction::Out, Verdict::Gate(answer));
    }
}
