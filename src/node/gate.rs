//! What is decided about a segment of a connection before smoltcp sees it.
//!
//! Read first: RFC 9293 section 3.10.7, RFC 5961. smoltcp does most of it; this file holds what it
//! leaves out. [`judge`] is a pure function of the connection's numbers and the segment's, so every
//! rule can be tested by itself.

use super::numbers::{Numbers, at_most, before};
use crate::trace::{Answer, Flags, Header, Reason, Repair, State};

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
    /// SEG.ACK becomes this.
    pub(super) ack: Option<u32>,
    /// The window field becomes this.
    pub(super) window: Option<u16>,
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
    beyond_window(numbers, segment, numbers.rcv_edge).unwrap_or(Decision::Pass)
}

fn judge_synchronized(numbers: &Numbers, segment: &Header, edge: u32) -> Decision {
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
    if before(numbers.snd_nxt, segment.ack) {
        // It acknowledges what was never sent.
        return Decision::Answer(Answer::Ack);
    }
    if before(segment.ack, numbers.snd_una) {
        return judge_old_ack(numbers, segment, edge);
    }
    if let Some(cut) = beyond_window(numbers, segment, edge) {
        return cut;
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
fn hold_open(numbers: &Numbers, segment: &Header, decision: Decision) -> Decision {
    let (repair, change) = match decision {
        Decision::Pass => (Repair::OldWindow, Change::default()),
        Decision::Change(repair, change) => (repair, change),
        Decision::Answer(_) | Decision::Drop(_) | Decision::StartOver => return decision,
    };
    let ack = change.ack.unwrap_or(segment.ack);
    let under_way = numbers.snd_nxt.wrapping_sub(ack);
    let closed = change.window.unwrap_or(segment.window) == 0;
    // A single octet is a probe.
    if !closed || under_way <= 1 || segment.flags.contains(Flags::RST) {
        return decision;
    }
    let window = (under_way >> numbers.snd_scale()).clamp(1, 65_535) as u16;
    let change = Change {
        window: Some(window),
        ..change
    };
    Decision::Change(repair, change)
}

/// RFC 5961 section 3.2: a reset counts only at exactly RCV.NXT.
fn judge_reset(numbers: &Numbers, segment: &Header) -> Decision {
    if segment.seq == numbers.rcv_nxt {
        Decision::Pass
    } else if before(numbers.rcv_nxt, segment.seq) && before(segment.seq, numbers.rcv_edge) {
        Decision::Answer(Answer::ChallengeAck)
    } else {
        Decision::Drop(Reason::ResetOutOfWindow)
    }
}

/// An acknowledgment of what was acknowledged before: its text still counts (section 3.10.7.4, fifth),
/// unless it is too old to be true (RFC 5961 section 5.2).
fn judge_old_ack(numbers: &Numbers, segment: &Header, edge: u32) -> Decision {
    let oldest = numbers.snd_una.wrapping_sub(numbers.max_wnd);
    if before(segment.ack, oldest) {
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
    segment.len > 0
        && segment.flags.contains(Flags::FIN)
        && segment.end() == numbers.rcv_nxt.wrapping_add(1)
}

/// What lies beyond the window that was advertised is cut off; smoltcp shifts an unscaled window once
/// too often after a SYN,ACK and would take it.
fn beyond_window(numbers: &Numbers, segment: &Header, edge: u32) -> Option<Decision> {
    if at_most(segment.end(), edge) || segment.sequence_len() == 0 {
        return None;
    }
    if at_most(edge, segment.seq) {
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
        keep: Some(edge.wrapping_sub(segment.seq) as u16),
        ..Change::default()
    };
    Some(Decision::Change(Repair::Trimmed, change))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: Numbers = Numbers {
        iss: 1000,
        irs: 5000,
        snd_una: 1101,
        snd_nxt: 1201,
        snd_wnd: 500,
        max_wnd: 500,
        wl1: 5101,
        wl2: 1101,
        window: 500,
        rcv_nxt: 5101,
        rcv_edge: 6101,
        ..Numbers::ZERO
    };

    fn segment(seq: u32, ack: u32, flags: Flags, len: u16) -> Header {
        Header {
            seq,
            ack,
            flags,
            len,
            window: 500,
            ..Header::default()
        }
    }

    fn established(segment: Header) -> Decision {
        judge(State::Established, true, &NUMBERS, &segment)
    }

    #[test]
    fn the_next_data_segment_passes() {
        assert_eq!(
            established(segment(5101, 1101, Flags::ACK, 100)),
            Decision::Pass
        );
    }

    #[test]
    fn a_reset_counts_only_at_exactly_the_next_number() {
        let reset = |seq| established(segment(seq, 0, Flags::RST, 0));
        assert_eq!(reset(5101), Decision::Pass);
        assert_eq!(reset(5102), Decision::Answer(Answer::ChallengeAck));
        assert_eq!(reset(6100), Decision::Answer(Answer::ChallengeAck));
        assert_eq!(reset(6101), Decision::Drop(Reason::ResetOutOfWindow));
        assert_eq!(reset(5100), Decision::Drop(Reason::ResetOutOfWindow));
    }

    #[test]
    fn a_syn_on_a_live_connection_is_challenged() {
        for state in [State::Established, State::CloseWait, State::FinWait2] {
            assert_eq!(
                judge(state, true, &NUMBERS, &segment(1, 0, Flags::SYN, 0)),
                Decision::Answer(Answer::ChallengeAck)
            );
        }
    }

    #[test]
    fn an_old_acknowledgment_does_not_take_its_data_with_it() {
        let decision = established(segment(5101, 1001, Flags::ACK, 10));
        let Decision::Change(Repair::OldAck, change) = decision else {
            panic!("{decision:?}");
        };
        assert_eq!(change.ack, Some(1101));
        assert_eq!(change.window, Some(500));
    }

    #[test]
    fn an_acknowledgment_older_than_any_window_is_challenged() {
        assert_eq!(
            established(segment(5101, 600, Flags::ACK, 10)),
            Decision::Answer(Answer::ChallengeAck)
        );
    }

    #[test]
    fn an_acknowledgment_of_what_was_never_sent_is_answered() {
        assert_eq!(
            established(segment(5101, 1202, Flags::ACK, 0)),
            Decision::Answer(Answer::Ack)
        );
    }

    #[test]
    fn a_segment_without_acknowledgment_is_dropped() {
        assert_eq!(
            established(segment(5101, 0, Flags::default(), 5)),
            Decision::Drop(Reason::NoAck)
        );
    }

    #[test]
    fn data_beyond_the_window_is_cut_off() {
        let decision = established(segment(6100, 1101, Flags::ACK, 10));
        let Decision::Change(Repair::Trimmed, change) = decision else {
            panic!("{decision:?}");
        };
        assert_eq!(change.keep, Some(1));
        assert_eq!(
            established(segment(6102, 1101, Flags::ACK, 10)),
            Decision::Answer(Answer::Ack)
        );
    }

    #[test]
    fn at_the_edge_nothing_passes_but_a_fin_into_a_closed_window() {
        let answer = Decision::Answer(Answer::Ack);
        let fin = Flags::FIN.with(Flags::ACK);
        assert_eq!(established(segment(6101, 1101, Flags::ACK, 1)), answer);
        assert_eq!(established(segment(6101, 1101, fin, 0)), answer);
        // The same with an acknowledgment that came before.
        assert_eq!(established(segment(6101, 1001, Flags::ACK, 1)), answer);
        let closed = Numbers {
            rcv_edge: NUMBERS.rcv_nxt,
            ..NUMBERS
        };
        let judge = |segment| judge(State::Established, true, &closed, &segment);
        assert_eq!(judge(segment(5101, 1101, Flags::ACK, 1)), answer);
        assert_eq!(judge(segment(5101, 1001, Flags::ACK, 1)), answer);
        assert_eq!(judge(segment(5101, 1101, fin, 0)), Decision::Pass);
    }

    #[test]
    fn nothing_passes_before_our_own_syn_left() {
        let numbers = Numbers {
            snd_una: 1000,
            snd_nxt: 1000,
            ..NUMBERS
        };
        let dropped = Decision::Drop(Reason::BeforeOurSyn);
        for flags in [
            Flags::SYN,
            Flags::RST,
            Flags::ACK,
            Flags::SYN.with(Flags::ACK),
        ] {
            let segment = segment(5101, 1001, flags, 0);
            assert_eq!(judge(State::SynSent, false, &numbers, &segment), dropped);
        }
        let half_open = |segment| judge(State::SynReceived, true, &numbers, &segment);
        assert_eq!(half_open(segment(5000, 0, Flags::SYN, 0)), dropped);
        assert_eq!(half_open(segment(5101, 1001, Flags::ACK, 0)), dropped);
        assert_eq!(
            half_open(segment(5200, 0, Flags::SYN, 0)),
            Decision::StartOver
        );
    }

    #[test]
    fn a_window_that_closes_over_what_is_under_way_is_held_open() {
        let closed = |ack| {
            established(Header {
                window: 0,
                ..segment(5101, ack, Flags::ACK, 0)
            })
        };
        let Decision::Change(Repair::OldWindow, change) = closed(1151) else {
            panic!();
        };
        assert_eq!(change.window, Some(50));
        assert_eq!(closed(1201), Decision::Pass);
    }

    #[test]
    fn repeated_acknowledgments_do_not_stop_a_lone_fin() {
        let numbers = Numbers {
            snd_una: 1200,
            fin_sent: true,
            ..NUMBERS
        };
        let judge = |ack| {
            let segment = segment(5101, ack, Flags::ACK, 0);
            judge(State::FinWait1, true, &numbers, &segment)
        };
        assert_eq!(judge(1200), Decision::Drop(Reason::DuplicateAck));
        assert_eq!(judge(1201), Decision::Pass);
    }

    #[test]
    fn a_fin_behind_data_that_came_before_is_not_lost_with_it() {
        let fin = Flags::FIN.with(Flags::ACK);
        let decision = established(segment(5091, 1101, fin, 10));
        let Decision::Change(Repair::Trimmed, change) = decision else {
            panic!("{decision:?}");
        };
        assert!(change.only_fin);
        // With one octet that is new, smoltcp does what it should.
        assert_eq!(established(segment(5092, 1101, fin, 10)), Decision::Pass);
    }

    #[test]
    fn an_older_segment_does_not_move_the_window() {
        let mut numbers = NUMBERS;
        numbers.wl1 = 5200;
        let decision = judge(
            State::Established,
            true,
            &numbers,
            &Header {
                window: 3,
                ..segment(5101, 1101, Flags::ACK, 10)
            },
        );
        let Decision::Change(Repair::OldWindow, change) = decision else {
            panic!("{decision:?}");
        };
        assert_eq!(change.window, Some(500));
    }

    #[test]
    fn a_half_open_connection_answers_a_repeated_syn_and_restarts_on_a_new_one() {
        let judge = |seq, passive| {
            judge(
                State::SynReceived,
                passive,
                &NUMBERS,
                &segment(seq, 0, Flags::SYN, 0),
            )
        };
        assert_eq!(judge(5000, true), Decision::Answer(Answer::SynAckAgain));
        assert_eq!(judge(5200, true), Decision::StartOver);
        assert_eq!(judge(5200, false), Decision::Answer(Answer::Ack));
        assert_eq!(judge(9000, true), Decision::Answer(Answer::Ack));
    }
}
