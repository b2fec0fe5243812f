//! What a segment means, given what is known of its connection before it.

use std::vec;

use smoltcp::time::{Duration, Instant};

use super::end::reaches;
use super::known::{Before, Known};
use super::meaning::{Meaning, Meanings, Party};
use crate::trace::{Answer, Call, Cause, Direction, Flags, Mark, Reason, Segment, Verdict};

/// An acknowledgment that takes less than this after what it acknowledges was not kept back.
const AT_ONCE: Duration = Duration::from_millis(1);
/// So many acknowledgments in a row that say nothing new ask for what they name (RFC 5681 section 3.2).
const ASKED: u32 = 3;

impl Known {
    pub(super) fn judge(&self, at: Instant, segment: &Segment) -> Meanings {
        let who = Party::sender(segment.direction);
        match segment.verdict {
            Verdict::Dropped(reason) => vec![dropped(who, segment.direction, reason)],
            Verdict::Answered(answer) => self.answered(at, who, segment, answer),
            Verdict::Gate(answer) => self.by_gate(at, who, segment, answer),
            Verdict::Held => {
                let mut meanings = self.ordinary(at, who, segment);
                meanings.push(Meaning::Held { who });
                meanings
            }
            Verdict::Passed | Verdict::Repaired(_) => self.ordinary(at, who, segment),
        }
    }

    /// What came and was answered without the stack.
    fn answered(&self, at: Instant, who: Party, segment: &Segment, answer: Answer) -> Meanings {
        let flags = segment.header.flags;
        let main = match answer {
            Answer::ChallengeAck if flags.contains(Flags::RST) => Meaning::ChallengedReset {
                who,
                seq: segment.seq,
            },
            Answer::ChallengeAck if segment.mark == Mark::Duplicate => {
                return self.ordinary(at, who, segment);
            }
            Answer::ChallengeAck if flags.contains(Flags::SYN) => Meaning::ChallengedSyn { who },
            Answer::ChallengeAck => Meaning::ChallengedNumbers { who },
            Answer::TimeWaitAck if flags.contains(Flags::FIN) => Meaning::FinInTimeWait { who },
            Answer::TimeWaitAck => Meaning::OldInTimeWait { who },
            Answer::SynAckAgain => Meaning::SynDuplicate { who },
            Answer::SynCookie => return self.ordinary(at, who, segment),
            Answer::Ack if segment.mark == Mark::Duplicate => {
                return self.ordinary(at, who, segment);
            }
            Answer::Ack if self.is_probe(who, segment) => {
                let number = segment.seq;
                Meaning::WindowProbe { who, number }
            }
            Answer::Ack | Answer::Reset => Meaning::Unacceptable { who },
        };
        vec![main]
    }

    /// What the gate sends itself.
    fn by_gate(&self, at: Instant, who: Party, segment: &Segment, answer: Answer) -> Meanings {
        let (ack, isn) = (segment.ack, segment.header.seq.get());
        let main = match answer {
            Answer::ChallengeAck if self.before == Before::Again => {
                Meaning::AckRepeats { who, ack }
            }
            Answer::ChallengeAck => Meaning::ChallengeAck { who, ack },
            Answer::TimeWaitAck if self.before == Before::Old => Meaning::AckRepeats { who, ack },
            Answer::TimeWaitAck => Meaning::FinAckedAgain { who, ack },
            Answer::SynAckAgain => Meaning::SynAckAgain { who },
            Answer::SynCookie => Meaning::Cookie { who, isn },
            Answer::Reset | Answer::Ack => return self.ordinary(at, who, segment),
        };
        vec![main]
    }

    fn ordinary(&self, at: Instant, who: Party, segment: &Segment) -> Meanings {
        let flags = segment.header.flags;
        if flags.contains(Flags::RST) {
            vec![self.reset(at, who, segment)]
        } else if flags.contains(Flags::SYN) {
            self.syn(at, who, segment)
        } else if flags.contains(Flags::FIN) {
            self.fin(at, who, segment)
        } else if segment.header.len > 0 {
            self.data(at, who, segment)
        } else {
            self.bare_ack(at, who, segment)
        }
    }

    fn reset(&self, at: Instant, who: Party, segment: &Segment) -> Meaning {
        let (_, other) = self.ends(who);
        if who == Party::Node && self.knows_waits_of(who) {
            let (end, _) = self.ends(who);
            let unacked = end.unacked();
            return match self.cause_at(at) {
                Some(Cause::Call(Call::Abort)) => Meaning::ResetByCall { who, unacked },
                _ => Meaning::ResetByNode { who, unacked },
            };
        }
        let answers_syn = other.syn && !self.ends(who).0.syn;
        if answers_syn && segment.header.flags.contains(Flags::ACK) {
            return Meaning::Refused { who };
        }
        let unacked = other.unacked();
        Meaning::ResetReceived { who, unacked }
    }

    fn syn(&self, at: Instant, who: Party, segment: &Segment) -> Meanings {
        let isn = segment.header.seq.get();
        let (end, other) = self.ends(who);
        let answers = segment.header.flags.contains(Flags::ACK);
        let main = match segment.mark {
            Mark::Retransmission => {
                let (waited, times) = end.sent_before(at, segment.seq);
                let times = times + 1;
                Meaning::SynAgain { who, waited, times }
            }
            Mark::Duplicate => Meaning::SynDuplicate { who },
            Mark::None | Mark::OutOfOrder | Mark::KeepAlive | Mark::WindowProbe => {
                match (answers, end.syn) {
                    (true, true) => Meaning::SynAckCrossed { who },
                    (true, false) => Meaning::SynAck { who, isn },
                    (false, _) if other.syn => Meaning::SynCrosses { who, isn },
                    (false, _) => Meaning::Syn { who, isn },
                }
            }
        };
        let mut meanings = vec![main];
        if segment.header.mss > 0 {
            let mss = segment.header.mss;
            meanings.push(Meaning::MaximumSegment { who, mss });
        }
        meanings
    }

    fn fin(&self, at: Instant, who: Party, segment: &Segment) -> Meanings {
        let (end, other) = self.ends(who);
        let (ack, octets) = (segment.ack, u32::from(segment.header.len));
        let number = segment.seq.wrapping_add(octets);
        let main = match segment.mark {
            Mark::Retransmission => {
                let (waited, times) = end.sent_before(at, segment.seq);
                let times = times + 1;
                Meaning::FinAgain { who, waited, times }
            }
            Mark::Duplicate => Meaning::FinDuplicate { who },
            Mark::OutOfOrder => {
                let (missing, before) = end.missing_before(segment.seq);
                Meaning::OutOfOrder {
                    who,
                    missing,
                    before,
                }
            }
            Mark::None | Mark::KeepAlive | Mark::WindowProbe => match other.fin {
                None => Meaning::Fin { who, number },
                Some(fin) if !reaches(ack, fin) => Meaning::FinCrosses { who, number },
                Some(fin) if reaches(other.acked, fin) => Meaning::FinSecond { who, number },
                Some(_) => Meaning::FinAnswers { who, ack, number },
            },
        };
        let mut meanings = vec![main];
        if octets > 0 && segment.mark == Mark::None {
            meanings.push(Meaning::FinOnData { octets });
        }
        self.rides(who, segment, &mut meanings);
        meanings
    }

    fn data(&self, at: Instant, who: Party, segment: &Segment) -> Meanings {
        let (end, _) = self.ends(who);
        let first = segment.seq;
        let next = first.wrapping_add(segment.header.len.into());
        let last = next.wrapping_sub(1);
        let main = match segment.mark {
            Mark::None => Meaning::Data { who, first, last },
            Mark::Retransmission if !self.is_again(segment) => Meaning::Data { who, first, last },
            Mark::Retransmission if end.repeats >= ASKED => Meaning::DataAgainFast {
                who,
                first,
                last,
                asked: end.repeats,
            },
            Mark::Retransmission => {
                let (waited, times) = end.sent_before(at, first);
                let times = times + 1;
                Meaning::DataAgain {
                    who,
                    first,
                    last,
                    waited,
                    times,
                }
            }
            Mark::Duplicate => Meaning::DataDuplicate { who, first, last },
            Mark::OutOfOrder => {
                let (missing, before) = end.missing_before(first);
                Meaning::OutOfOrder {
                    who,
                    missing,
                    before,
                }
            }
            Mark::KeepAlive => return vec![self.keep_alive(at, who, first)],
            Mark::WindowProbe => return vec![Meaning::WindowProbe { who, number: first }],
        };
        let mut meanings = vec![main];
        if self.completes_handshake(who, segment) {
            meanings.insert(0, Meaning::ThirdAck { who });
        }
        if segment.mark == Mark::Retransmission && !self.is_again(segment) {
            meanings.push(Meaning::ProbedBefore { number: first });
        }
        if let Some(last) = end.fills(first, next) {
            meanings.push(Meaning::HoleFilled { who, last });
        }
        if segment.header.flags.contains(Flags::PSH) {
            meanings.push(Meaning::Push);
        }
        self.rides(who, segment, &mut meanings);
        self.closed_window(who, segment, &mut meanings);
        meanings
    }

    /// Whether it is one octet into a window that is closed.
    fn is_probe(&self, who: Party, segment: &Segment) -> bool {
        let (end, other) = self.ends(who);
        let is_next = !end.has_sent(segment.seq);
        segment.header.len == 1 && other.window == Some(0) && is_next
    }

    fn keep_alive(&self, at: Instant, who: Party, seq: u32) -> Meaning {
        let silent = self.silence(at);
        Meaning::KeepAlive { who, seq, silent }
    }

    /// What is acknowledged on a segment that has something to say itself.
    fn rides(&self, who: Party, segment: &Segment, meanings: &mut Meanings) {
        let (_, other) = self.ends(who);
        let ack = segment.ack;
        let octets = other.newly_acked(ack);
        if octets > 0 {
            meanings.push(Meaning::Rides { who, ack, octets });
        }
        let is_fin = segment.header.flags.contains(Flags::FIN);
        if !is_fin && self.acks_fin(who, ack) {
            meanings.push(Meaning::FinAcked { who, ack });
        }
    }

    /// A window that closes now.
    fn closed_window(&self, who: Party, segment: &Segment, meanings: &mut Meanings) {
        let (end, _) = self.ends(who);
        if segment.header.window == 0 && end.window != Some(0) {
            meanings.push(Meaning::WindowZero { who });
        }
    }

    fn acks_fin(&self, who: Party, ack: u32) -> bool {
        let (_, other) = self.ends(who);
        let fin = other.fin.filter(|&fin| reaches(ack, fin));
        fin.is_some() && !self.fin_is_acked(who.other())
    }

    /// Whether it is the first of its sender that says no SYN, and acknowledges the other's.
    fn completes_handshake(&self, who: Party, segment: &Segment) -> bool {
        let (end, other) = self.ends(who);
        end.syn && other.syn && other.acked == 0 && reaches(segment.ack, 1)
    }

    fn bare_ack(&self, at: Instant, who: Party, segment: &Segment) -> Meanings {
        let ack = segment.ack;
        if segment.mark == Mark::KeepAlive {
            return vec![self.keep_alive(at, who, segment.seq)];
        }
        if self.completes_handshake(who, segment) {
            return vec![Meaning::ThirdAck { who }];
        }
        let (end, other) = self.ends(who);
        let octets = other.newly_acked(ack);
        let mut meanings = vec![];
        if self.acks_fin(who, ack) {
            meanings.push(self.ack_of_fin(who, ack));
        } else if octets > 0 {
            meanings.push(self.ack_of_data(at, who, ack, octets));
        }
        let window = segment.header.window;
        match (end.window, window) {
            (Some(0), 0) => meanings.push(Meaning::WindowStillZero { who }),
            (Some(0), _) => meanings.push(Meaning::WindowOpens { who, window }),
            (_, 0) => meanings.push(Meaning::WindowZero { who }),
            _ if meanings.is_empty() => meanings.push(self.ack_again(who, ack)),
            _ => {}
        }
        meanings
    }

    fn ack_of_fin(&self, who: Party, ack: u32) -> Meaning {
        let (end, other) = self.ends(who);
        match end.fin {
            None => Meaning::FinAcked { who, ack },
            Some(_) if end.crossed || other.crossed => Meaning::CrossedFinAcked { who, ack },
            Some(_) => Meaning::LastAck { who, ack },
        }
    }

    fn ack_of_data(&self, at: Instant, who: Party, ack: u32, octets: u32) -> Meaning {
        let (_, other) = self.ends(who);
        if !self.knows_waits_of(who) {
            let after = other.age(at, ack);
            return Meaning::AckCame {
                who,
                ack,
                octets,
                after,
            };
        }
        let waited = other.waiting(at, ack);
        if waited < AT_ONCE {
            Meaning::AckAtOnce { who, ack, octets }
        } else {
            Meaning::AckDelayed {
                who,
                ack,
                octets,
                waited,
            }
        }
    }

    /// One that acknowledges nothing new, and opens or closes no window.
    fn ack_again(&self, who: Party, ack: u32) -> Meaning {
        let (_, other) = self.ends(who);
        match self.before {
            Before::KeepAlive => Meaning::KeepAliveAnswer { who },
            _ if other.has_hole() => Meaning::AckAsksAgain { who, ack },
            _ if other.is_waiting() => Meaning::AckNothingNew { who, ack },
            Before::Again | Before::Unacceptable | Before::Old => Meaning::AckRepeats { who, ack },
            Before::Nothing | Before::Probe | Before::OutOfOrder => {
                Meaning::AckNothingNew { who, ack }
            }
        }
    }
}

/// What became of a segment that went no further.
fn dropped(who: Party, direction: Direction, reason: Reason) -> Meaning {
    match (direction, reason) {
        (Direction::Out, _) => Meaning::NotSent { who, reason },
        (Direction::In, Reason::TimeWait) => Meaning::OldInTimeWait { who },
        (Direction::In, Reason::ResetInTimeWait) => Meaning::ResetInTimeWait { who },
        (Direction::In, Reason::ResetOutOfWindow) => Meaning::ResetNotInPlace { who },
        (Direction::In, _) => Meaning::Dropped { who, reason },
    }
}
