//! Each rule by itself: numbers and a segment in, a decision out.

use super::*;

const NUMBERS: Numbers = Numbers {
    iss: SeqNumber::new(1000),
    irs: SeqNumber::new(5000),
    snd_una: SeqNumber::new(1101),
    snd_nxt: SeqNumber::new(1201),
    snd_wnd: 500,
    max_wnd: 500,
    wl1: SeqNumber::new(5101),
    wl2: SeqNumber::new(1101),
    window: 500,
    rcv_nxt: SeqNumber::new(5101),
    rcv_edge: SeqNumber::new(6101),
    ..Numbers::ZERO
};

fn segment(seq: u32, ack: u32, flags: Flags, len: u16) -> Header {
    Header {
        seq: seq.into(),
        ack: ack.into(),
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
fn no_reset_ends_time_wait_also_before_the_last_acknowledgment_left() {
    assert_eq!(
        judge(
            State::TimeWait,
            true,
            &NUMBERS,
            &segment(5101, 0, Flags::RST, 0)
        ),
        Decision::Drop(Reason::ResetInTimeWait)
    );
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
    assert_eq!(change.ack, Some(1101.into()));
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
fn a_new_acknowledgment_counts_although_its_sender_went_back() {
    let judge = |seq, ack| established(segment(seq, ack, Flags::ACK, 0));
    let change = Change {
        seq: Some(5101.into()),
        ..Change::default()
    };
    let repaired = Decision::Change(Repair::GoneBack, change);
    assert_eq!(judge(5050, 1150), repaired);
    assert_eq!(judge(5101, 1150), Decision::Pass);
    // It says nothing new, or is older than any window.
    assert_eq!(judge(5050, 1101), Decision::Pass);
    assert_eq!(judge(5101u32.wrapping_sub(65_536), 1150), Decision::Pass);
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
        snd_una: 1000.into(),
        snd_nxt: 1000.into(),
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
        snd_una: 1200.into(),
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
    numbers.wl1 = 5200.into();
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
