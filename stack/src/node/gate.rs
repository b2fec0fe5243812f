//! What is decided about a segment of a connection before smoltcp sees it.
//!
//! Read first: RFC 9293 section 3.10.7, RFC 5961. smoltcp does most of it; this file holds what it
//! leaves out. [`judge`] is a pure function of the connection's numbers and the segment's, so every
//! rule can be tested by itself.

use super::numbers::Numbers;
use crate::trace::{Answer, Flags, Header, Reason, Repair, SeqNumber, State};

/// What to do with a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// smoltcp does what the RFC asks.
    Pass,
    /// smoltcp does what the RFC asks once the segment is changed so.
    Change(Repair, Change),
    /// The gate answers; smoltcp does not see it.
    Answer(Answer),
    /// Nobody sees it.
    Drop(Reason),
    /// The handshake starts anew with this SYN (RFC 9293 section 3.10.7.4, fourth, SYN-RECEIVED).
    StartOver,
}

/// How a segment is changed. What is `None` stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Change {
    // A value: whoever is given one reads all of it.
    /// SEG.ACK becomes this.
    pub(super) ack: Option<SeqNumber>,
    /// SEG.SEQ becomes this.
    pub(super) seq: Option<SeqNumber>,
    /// The window field becomes this.
    pub(super) window: Option<u16>,
    /// The peer's own window is closed.
    pub(super) held_open: bool,
    /// Only this many octets of payload stay, and neither FIN nor PSH after them.
    pub(super) keep: Option<u16>,
    /// Only the FIN stays: SEG.SEQ moves past the data, all of which came before.
    pub(super) only_fin: bool,
    /// The SYN is taken off: SEG.SEQ moves past it.
    pub(super) without_syn: bool,
}

/// Decides about a segment that belongs to a connection in `state`.
pub(super) fn judge(state: State, passive: bool, numbers: &Numbers, segment: &Header) -> Decision {
    match state {
        // Nothing to defend: smoltcp answers with a reset, or takes the SYN.
        State::Closed | State::Listen => Decision::Pass,
        // smoltcp takes it that our SYN left before anything comes; while it has not, what comes answers
        // nothing of ours, and its sender sends it again.
        State::SynSent if numbers.nothing_left_yet() => Decision::Drop(Reason::BeforeOurSyn),
        // Only RST, ACK and SYN are looked at here (section 3.10.7.3). smoltcp drops all of a segment with FIN
        // or PSH, even where what it acknowledges draws a reset.
        State::SynSent if has_push_or_fin(segment.flags) => {
            let change = Change {
                keep: Some(segment.len),
                ..Change::default()
            };
            Decision::Change(Repair::Control, change)
        }
        // There are no numbers to compare with yet, and smoltcp follows section 3.10.7.3.
        State::SynSent => Decision::Pass,
        State::SynReceived => judge_half_open(passive, numbers, segment),
        // The other side's FIN was not seen: its data is welcome.
        State::Established | State::FinWait1 | State::FinWait2 => {
            let decision = judge_synchronized(numbers, segment, numbers.rcv_edge);
            hold_open(numbers, segment, decision)
        }
        // Both are done; a reset answers an old duplicate of somebody's (RFC 1337 section 2).
        State::TimeWait if segment.flags.contains(Flags::RST) => {
            Decision::Drop(Reason::ResetInTimeWait)
        }
        // The other side's FIN was seen: nothing may follow it (section 3.10.7.4, seventh).
        State::CloseWait | State::Closing | State::LastAck | State::TimeWait => {
            let decision = judge_synchronized(numbers, segment, numbers.rcv_nxt);
            hold_open(numbers, segment, decision)
        }
    }
}

/// Whether PSH or FIN is all that the control bits say besides ACK.
fn has_push_or_fin(flags: Flags) -> bool {
    let says = |flag| flags.contains(flag);
    (says(Flags::PSH) || says(Flags::FIN)) && !says(Flags::SYN) && !says(Flags::RST)
}

fn judge_half_open(passive: bool, numbers: &Numbers, segment: &Header) -> Decision {
    let flags = segment.flags;
    if flags.contains(Flags::RST) {
        return judge_reset(numbers, segment);
    }
    if flags.contains(Flags::SYN) {
        if segment.seq != numbers.irs {
            // In the window, a new SYN can only come from a peer that lost its memory.
            return if passive && numbers.accepts(segment, numbers.rcv_edge) {
                Decision::StartOver
            } else if numbers.nothing_left_yet() {
                Decision::Drop(Reason::BeforeOurSyn)
            } else {
                Decision::Answer(Answer::Ack)
            };
        }
        if numbers.nothing_left_yet() {
            // Our SYN,ACK is about to leave, and answers this one, too.
            return Decision::Drop(Reason::BeforeOurSyn);
        }
        if !flags.contains(Flags::ACK) {
            // Our SYN,ACK may be lost. Sent again, it is also the acknowledgment that is owed.
            return Decision::Answer(Answer::SynAckAgain);
        }
        // Simultaneous open: the SYN is a duplicate, what it acknowledges is not (figure 8).
        let change = Change {
            without_syn: true,
            ..Change::default()
        };
        return Decision::Change(Repair::Trimmed, change);
    }
    if !flags.contains(Flags::ACK) {
        return Decision::Drop(Reason::NoAck);
    }
    if numbers.nothing_left_yet() {
        return Decision::Drop(Reason::BeforeOurSyn);
    }
    if !numbers.is_near(segment) {
        return Decision::Answer(Answer::Ack);
    }
    beyond_window(numbers, segment, numbers.rcv_edge).unwrap_or(Decision::Pass)
}

fn judge_synchronized(numbers: &Numbers, segment: &Header, edge: SeqNumber) -> Decision {
    let flags = segment.flags;
    if flags.contains(Flags::RST) {
        return judge_reset(numbers, segment);
    }
    if flags.contains(Flags::SYN) {
        // A peer that rebooted answers this with the reset that frees the way (RFC 5961 section 4).
        return Decision::Answer(Answer::ChallengeAck);
    }
    if !flags.contains(Flags::ACK) {
        return Decision::Drop(Reason::NoAck);
    }
    if !numbers.is_near(segment) {
        return Decision::Answer(Answer::Ack);
    }
    if numbers.snd_nxt.is_before(segment.ack) {
        // It acknowledges what was never sent.
        return Decision::Answer(Answer::Ack);
    }
    if segment.ack.is_before(numbers.snd_una) {
        return judge_old_ack(numbers, segment, edge);
    }
    if let Some(cut) = beyond_window(numbers, segment, edge) {
        return cut;
    }
    if is_new_from_behind(numbers, segment) {
        let change = Change {
            seq: Some(numbers.rcv_nxt),
            ..Change::default()
        };
        return Decision::Change(Repair::GoneBack, change);
    }
    if is_fin_behind_old_data(numbers, segment) {
        let change = Change {
            only_fin: true,
            ..Change::default()
        };
        return Decision::Change(Repair::Trimmed, change);
    }
    if is_idle_talk(numbers, segment) {
        return Decision::Drop(Reason::DuplicateAck);
    }
    if segment.window != numbers.window && !numbers.window_is_news(segment) {
        let change = Change {
            window: Some(numbers.window),
            ..Change::default()
        };
        return Decision::Change(Repair::OldWindow, change);
    }
    Decision::Pass
}

/// A window that closes over what is under way makes smoltcp exchange its retransmission timer for the
/// one of probes. Those come after what is under way and are empty then: nobody answers them, and
/// nothing is sent again. So such a window is held open for what is under way, and for no more; what is
/// sent again probes it (RFC 9293 section 3.8.6: a sender must bear a window that shrinks).
///
/// Nor is it closed when our FIN is acknowledged: nothing is left to send then, and with nothing to probe
/// smoltcp would probe at every turn.
fn hold_open(numbers: &Numbers, segment: &Header, decision: Decision) -> Decision {
    let (repair, change) = match decision {
        Decision::Pass => (Repair::OldWindow, Change::default()),
        Decision::Change(repair, change) => (repair, change),
        Decision::Answer(_) | Decision::Drop(_) | Decision::StartOver => return decision,
    };
    let ack = change.ack.unwrap_or(segment.ack);
    let under_way = numbers.snd_nxt.since(ack);
    let closed = change.window.unwrap_or(segment.window) == 0;
    let over = under_way == 0 && numbers.fin_sent;
    // A single octet is a probe.
    let is_probed = under_way <= 1 && !over;
    if !closed || is_probed || segment.flags.contains(Flags::RST) {
        return decision;
    }
    let window = (under_way >> numbers.snd_scale()).clamp(1, 65_535) as u16;
    let change = Change {
        window: Some(window),
        held_open: true,
        ..change
    };
    Decision::Change(repair, change)
}

/// RFC 5961 section 3.2: a reset counts only at exactly RCV.NXT.
fn judge_reset(numbers: &Numbers, segment: &Header) -> Decision {
    if segment.seq == numbers.rcv_nxt {
        Decision::Pass
    } else if numbers.rcv_nxt.is_before(segment.seq) && segment.seq.is_before(numbers.rcv_edge) {
        Decision::Answer(Answer::ChallengeAck)
    } else {
        Decision::Drop(Reason::ResetOutOfWindow)
    }
}

/// An acknowledgment of what was acknowledged before: its text still counts (section 3.10.7.4, fifth),
/// unless it is too old to be true (RFC 5961 section 5.2).
fn judge_old_ack(numbers: &Numbers, segment: &Header, edge: SeqNumber) -> Decision {
    let oldest = numbers.snd_una - numbers.max_wnd;
    if segment.ack.is_before(oldest) {
        return Decision::Answer(Answer::ChallengeAck);
    }
    if segment.sequence_len() == 0 {
        // It says nothing new; smoltcp ignores it as the RFC does.
        return if numbers.accepts(segment, edge) {
            Decision::Pass
        } else {
            Decision::Answer(Answer::Ack)
        };
    }
    let keep = match beyond_window(numbers, segment, edge) {
        None | Some(Decision::Pass) => None,
        Some(Decision::Change(_, cut)) => cut.keep,
        Some(refused) => return refused,
    };
    let change = Change {
        ack: Some(numbers.snd_una),
        window: Some(numbers.window),
        only_fin: is_fin_behind_old_data(numbers, segment),
        keep,
        ..Change::default()
    };
    Decision::Change(Repair::OldAck, change)
}

/// A new acknowledgment at an old number. After a timeout smoltcp goes back, and its acknowledgments stand
/// where it went back to; with congestion control it stays there until it is acknowledged. Two ends that
/// both went back would refuse each other's acknowledgments for ever.
fn is_new_from_behind(numbers: &Numbers, segment: &Header) -> bool {
    let behind = numbers.rcv_nxt.since(segment.seq);
    segment.sequence_len() == 0
        && (1..=numbers.max_rcv_wnd()).contains(&behind)
        && numbers.snd_una.is_before(segment.ack)
}

/// An acknowledgment that repeats the last one while only our FIN is under way. The third of them makes
/// smoltcp try a fast retransmission, for which a FIN without data is not enough, and stop its timer: a
/// lost FIN would never be sent again.
fn is_idle_talk(numbers: &Numbers, segment: &Header) -> bool {
    numbers.only_fin_is_under_way()
        && segment.sequence_len() == 0
        && segment.ack == numbers.snd_una
        && numbers.accepts(segment, numbers.rcv_edge)
}

/// Data that came before, and a FIN that did not. smoltcp forgets the FIN of a segment that comes out of
/// order, and later takes the whole segment for a repetition, because it counts data only.
fn is_fin_behind_old_data(numbers: &Numbers, segment: &Header) -> bool {
    segment.len > 0 && segment.flags.contains(Flags::FIN) && segment.end() == numbers.rcv_nxt + 1
}

/// What lies beyond the window that was advertised is cut off; smoltcp shifts an unscaled window once
/// too often after a SYN,ACK and would take it.
fn beyond_window(numbers: &Numbers, segment: &Header, edge: SeqNumber) -> Option<Decision> {
    if segment.end().is_at_most(edge) || segment.sequence_len() == 0 {
        return None;
    }
    if edge.is_at_most(segment.seq) {
        // All of it. A FIN into a closed window takes no room. Data is a probe, or worse: smoltcp's own
        // window may be larger than the one that was advertised, so it is not asked.
        let next = segment.seq == numbers.rcv_nxt && edge == numbers.rcv_nxt;
        return if next && edge == numbers.rcv_edge && segment.len == 0 {
            Some(Decision::Pass)
        } else {
            Some(Decision::Answer(Answer::Ack))
        };
    }
    let change = Change {
        keep: Some(edge.since(segment.seq) as u16),
        ..Change::default()
    };
    Some(Decision::Change(Repair::Trimmed, change))
}

#[cfg(test)]
mod tests;
