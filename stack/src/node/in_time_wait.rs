//! A segment that came to a connection in TIME-WAIT: it is answered, waits anew, or gives way to a new one.

use super::frame::TcpFrame;
use super::host::Host;
use super::one_frame::Exit;
use super::reply::{self, bare};
use super::tcp::Tcp;
use super::time_wait::{self, TimeWait, TimeWaitId};
use crate::trace::{Answer, Direction, Reason, Verdict};

impl Tcp<'_> {
    /// Waits 2 MSL anew, because the peer's FIN came again.
    fn restart_time_wait(&mut self, host: &mut Host<'_>, id: TimeWaitId, wait: &TimeWait) {
        self.table.forget_time_wait(id, &wait.flow);
        self.begin_time_wait(host, *wait);
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
