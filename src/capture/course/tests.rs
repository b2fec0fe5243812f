use super::*;

const OUT: Direction = Direction::Out;
const IN: Direction = Direction::In;

/// How a connection stands after these segments: who sends, number, acknowledgment if there is one, flags, octets.
#[track_caller]
fn stands(expected: Ended, segments: &[(Direction, u32, Option<u32>, Flags, u16)]) {
    let mut course = Course::new(Instant::ZERO);
    for (at, &(direction, seq, ack, flags, len)) in (0..).zip(segments) {
        let header = Header {
            seq: seq.into(),
            ack: ack.unwrap_or(0).into(),
            flags: if ack.is_some() {
                flags.with(Flags::ACK)
            } else {
                flags
            },
            len,
            ..Header::default()
        };
        let at = Instant::from_millis(at);
        course.add(at, direction, &header, Mark::None, len.into());
    }
    assert_eq!(course.ended(), expected, "{segments:?}");
}

const NONE: Flags = Flags::from_bits(0);
const ASKED: (Direction, u32, Option<u32>, Flags, u16) = (OUT, 9, None, Flags::SYN, 0);
const ANSWERED: (Direction, u32, Option<u32>, Flags, u16) = (IN, 99, Some(10), Flags::SYN, 0);
const OPENED: (Direction, u32, Option<u32>, Flags, u16) = (OUT, 10, Some(100), NONE, 0);

#[test]
fn a_handshake_that_goes_no_further_is_told_by_who_is_silent() {
    stands(Ended::Unanswered, &[ASKED, ASKED]);
    stands(Ended::HalfOpen, &[ASKED, ANSWERED]);
    stands(Ended::Open, &[ASKED, ANSWERED, OPENED]);
    // Two SYNs that cross.
    let crosses = (IN, 99, None, Flags::SYN, 0);
    let answered = (OUT, 9, Some(100), Flags::SYN, 0);
    stands(Ended::HalfOpen, &[ASKED, crosses, answered]);
    stands(Ended::Open, &[ASKED, crosses, answered, ANSWERED]);
}

#[test]
fn fins_close_when_both_are_acknowledged() {
    let first = (OUT, 10, Some(100), Flags::FIN, 0);
    let second = (IN, 100, Some(11), Flags::FIN, 0);
    let last = (OUT, 11, Some(101), NONE, 0);
    let opened = [ASKED, ANSWERED, OPENED];
    for (count, expected) in [
        (1, Ended::HalfClosed),
        (2, Ended::HalfClosed),
        (3, Ended::Closed),
    ] {
        let teardown = &[first, second, last][..count];
        stands(expected, &[&opened, teardown].concat());
        // As well where the capture begins in the middle.
        stands(expected, teardown);
    }
    let late = (IN, 101, Some(11), Flags::RST, 0);
    stands(
        Ended::Closed,
        &[&opened[..], &[first, second, last, late]].concat(),
    );
}

#[test]
fn a_reset_in_place_ends_and_any_other_does_not() {
    let opened = [ASKED, ANSWERED, OPENED];
    let reset = |direction, seq| (direction, seq, None, Flags::RST, 0);
    stands(Ended::Reset, &[&opened[..], &[reset(IN, 100)]].concat());
    stands(Ended::Reset, &[&opened[..], &[reset(OUT, 10)]].concat());
    for guessed in [99, 101, 0x8000_0000] {
        stands(Ended::Open, &[&opened[..], &[reset(IN, guessed)]].concat());
    }
    stands(Ended::Reset, &[reset(IN, 7)]);
    // After data that were not acknowledged.
    let data = (IN, 100, Some(10), NONE, 50);
    stands(
        Ended::Reset,
        &[&opened[..], &[data, reset(IN, 150)]].concat(),
    );
}

#[test]
fn a_syn_that_a_reset_answers_is_refused_until_another_one_is_not() {
    let refuses = (IN, 0, Some(10), Flags::RST, 0);
    stands(Ended::Refused, &[ASKED, refuses]);
    stands(Ended::Refused, &[ASKED, refuses, ASKED, refuses]);
    stands(
        Ended::Unanswered,
        &[ASKED, (IN, 0, Some(77), Flags::RST, 0)],
    );
    stands(Ended::Open, &[ASKED, refuses, ASKED, ANSWERED, OPENED]);
    // The opener itself, as who looks for open ports.
    stands(
        Ended::Reset,
        &[ASKED, ANSWERED, (OUT, 10, None, Flags::RST, 0)],
    );
}
