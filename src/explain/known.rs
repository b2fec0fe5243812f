//! What is known of a connection after the records read so far.

use smoltcp::time::{Duration, Instant};

use super::end::{End, reaches};
use super::meaning::{Party, View};
use crate::trace::{Answer, Cause, Flags, Mark, Segment, Verdict};

/// Both ends, and what was before.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    // A value: the reader fills it, the judge reads it.
    pub(super) view: View,
    pub(super) node: End,
    pub(super) peer: End,
    /// The last change that no segment caused, and when.
    pub(super) last_cause: Option<(Instant, Cause)>,
    /// Segments sent again.
    pub(super) again: u32,
    /// What the segment before was, if its answer is to be told by it.
    pub(super) before: Before,
}

/// What the segment before was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Before {
    #[default]
    Nothing,
    KeepAlive,
    Probe,
    Again,
    OutOfOrder,
    Unacceptable,
    /// Late, in TIME-WAIT.
    Old,
}

impl Known {
    /// An end, and the other one.
    pub(super) const fn ends(&self, who: Party) -> (&End, &End) {
        match who {
            Party::Node => (&self.node, &self.peer),
            Party::Peer => (&self.peer, &self.node),
        }
    }

    const fn ends_mut(&mut self, who: Party) -> (&mut End, &mut End) {
        match who {
            Party::Node => (&mut self.node, &mut self.peer),
            Party::Peer => (&mut self.peer, &mut self.node),
        }
    }

    /// Takes in a segment.
    pub(super) fn note(&mut self, at: Instant, segment: &Segment) {
        self.before = Before::of(segment);
        let who = Party::sender(segment.direction);
        let heard = is_taken(segment.verdict);
        let is_again = self.is_again(segment);
        let (end, other) = self.ends_mut(who);
        // What did not leave is on its way as far as the sender knows, and is sent again.
        if !heard && who == Party::Peer {
            return end.speaks(at);
        }
        let flags = segment.header.flags;
        let unseen = other.fin.is_some_and(|fin| !reaches(segment.ack, fin));
        end.crossed |= flags.contains(Flags::FIN) && end.fin.is_none() && unseen;
        end.sends(at, segment);
        if heard && flags.contains(Flags::ACK) {
            other.is_acked(segment);
        }
        self.again += u32::from(is_again);
    }

    /// Whether a segment was sent before, and not as a probe only.
    pub(super) fn is_again(&self, segment: &Segment) -> bool {
        let (end, _) = self.ends(Party::sender(segment.direction));
        let header = &segment.header;
        let bits = header.flags.contains(Flags::SYN) || header.flags.contains(Flags::FIN);
        segment.mark == Mark::Retransmission && (bits || end.has_sent(segment.seq))
    }

    /// What made this node send a reset now.
    pub(super) fn cause_at(&self, at: Instant) -> Option<Cause> {
        let (then, cause) = self.last_cause?;
        (then == at).then_some(cause)
    }

    /// Whether a wait can be told from the way: only this node's own.
    pub(super) fn knows_waits_of(&self, who: Party) -> bool {
        self.view == View::Inside && who == Party::Node
    }

    /// Whether the FIN of an end is acknowledged.
    pub(super) fn fin_is_acked(&self, who: Party) -> bool {
        let (end, _) = self.ends(who);
        end.fin.is_some_and(|fin| reaches(end.acked, fin))
    }

    /// How long since the last segment.
    pub(super) fn silence(&self, at: Instant) -> Duration {
        let last = self.node.last.max(self.peer.last);
        let last = last.filter(|&last| last < at);
        last.map_or(Duration::ZERO, |last| at - last)
    }
}

/// Whether the stack took in a segment, or one like it before.
const fn is_taken(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Passed | Verdict::Gate(_) | Verdict::Repaired(_) | Verdict::Held => true,
        Verdict::Answered(answer) => match answer {
            Answer::SynCookie | Answer::SynAckAgain => true,
            Answer::ChallengeAck | Answer::TimeWaitAck | Answer::Reset | Answer::Ack => false,
        },
        Verdict::Dropped(_) => false,
    }
}

impl Before {
    const fn of(segment: &Segment) -> Self {
        match (segment.mark, segment.verdict) {
            (Mark::KeepAlive, _) => Self::KeepAlive,
            (Mark::WindowProbe, _) => Self::Probe,
            (_, Verdict::Answered(Answer::TimeWaitAck))
                if !segment.header.flags.contains(Flags::FIN) =>
            {
                Self::Old
            }
            (Mark::Duplicate | Mark::Retransmission, _) => Self::Again,
            (_, Verdict::Answered(_)) => Self::Unacceptable,
            (Mark::OutOfOrder, _) => Self::OutOfOrder,
            (Mark::None, _) => Self::Nothing,
        }
    }
}
