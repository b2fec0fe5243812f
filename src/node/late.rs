//! Segments that come late: their connection is in TIME-WAIT, and a tombstone speaks for it.

use super::frame::TcpFrame;
use super::hatch::Exit;
use super::node::Node;
use super::numbers::relative;
use super::reply::{self, bare};
use super::time_wait::{self, Waiting};
use crate::trace::{Answer, Direction, Flags, Header, Kind, Mark, Reason, Segment, Verdict};

impl Node<'_> {
    /// A segment to a connection in TIME-WAIT.
    pub(super) fn receive_late(
        &mut self,
        place: usize,
        waiting: &Waiting,
        frame: &TcpFrame<'_>,
        exit: &mut dyn Exit,
    ) {
        let verdict = time_wait::judge(waiting, &frame.header);
        match verdict {
            time_wait::Verdict::Restart => {
                self.note_late(
                    waiting,
                    frame.header,
                    Direction::In,
                    Verdict::Answered(Answer::TimeWaitAck),
                );
                self.acknowledge_late(waiting, frame, Answer::TimeWaitAck, exit);
                self.bury_again(place, waiting);
            }
            time_wait::Verdict::Acknowledge(answer) => {
                if self
                    .graveyard
                    .may_answer(place, self.now, self.limits.answers_per_second)
                {
                    self.note_late(
                        waiting,
                        frame.header,
                        Direction::In,
                        Verdict::Answered(answer),
                    );
                    self.acknowledge_late(waiting, frame, answer, exit);
                } else {
                    let limited = Verdict::Dropped(Reason::RateLimited);
                    self.note_late(waiting, frame.header, Direction::In, limited);
                }
            }
            time_wait::Verdict::Reopen => self.reopen(place, waiting, frame, exit),
            time_wait::Verdict::Drop(reason) => {
                self.note_late(
                    waiting,
                    frame.header,
                    Direction::In,
                    Verdict::Dropped(reason),
                );
            }
        }
    }

    fn acknowledge_late(
        &mut self,
        waiting: &Waiting,
        frame: &TcpFrame<'_>,
        answer: Answer,
        exit: &mut dyn Exit,
    ) {
        let segment = bare(&waiting.flow, waiting.snd_nxt, Some(waiting.rcv_nxt), 0);
        let header = reply::send(exit, self.hop(frame.neighbor), &waiting.flow, &segment);
        self.note_late(waiting, header, Direction::Out, Verdict::Gate(answer));
    }

    fn note_late(
        &mut self,
        waiting: &Waiting,
        header: Header,
        direction: Direction,
        verdict: Verdict,
    ) {
        let (seq, ack) = relative(waiting.iss, waiting.irs, &header, direction);
        let mark = if direction == Direction::In && header.flags.contains(Flags::FIN) {
            Mark::Duplicate
        } else {
            Mark::None
        };
        let segment = Segment {
            connection: waiting.connection,
            direction,
            header,
            seq,
            ack,
            mark,
            verdict,
        };
        self.note(Kind::Segment(segment));
    }
}
