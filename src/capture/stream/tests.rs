use super::*;

/// What becomes of segments of a stream, each given by its number, length and flags.
fn marks<const N: usize>(other: &Stream, segments: [(u32, u16, Flags); N]) -> [Mark; N] {
    let mut stream = Stream::default();
    segments.map(|(seq, len, flags)| {
        let segment = Header {
            seq: seq.into(),
            len,
            flags,
            ..Header::default()
        };
        let mark = stream.mark(&segment, other);
        stream.sent(&segment, Some(segment.window));
        mark
    })
}

const DATA: Flags = Flags::ACK;

#[test]
fn octets_sent_again_are_a_retransmission() {
    let found = marks(
        &Stream::default(),
        [(0, 10, DATA), (10, 10, DATA), (0, 10, DATA), (5, 20, DATA)],
    );
    let expected = [Mark::None, Mark::None, Mark::Retransmission, Mark::None];
    assert_eq!(found, expected);
}

#[test]
fn a_hole_is_out_of_order_and_is_filled_once() {
    let found = marks(
        &Stream::default(),
        [
            (0, 10, DATA),
            (40, 10, DATA),
            (20, 10, DATA),
            (10, 10, DATA),
            (30, 10, DATA),
            (10, 30, DATA),
        ],
    );
    let expected = [
        Mark::None,
        Mark::OutOfOrder,
        Mark::None,
        Mark::None,
        Mark::None,
        Mark::Retransmission,
    ];
    assert_eq!(found, expected);
}

#[test]
fn syn_and_fin_sent_again_are_retransmissions() {
    let fin = Flags::FIN.with(Flags::ACK);
    let found = marks(
        &Stream::default(),
        [
            (u32::MAX, 0, Flags::SYN),
            (u32::MAX, 0, Flags::SYN),
            (0, 0, fin),
            (0, 0, fin),
            (1, 0, DATA),
        ],
    );
    let expected = [
        Mark::None,
        Mark::Retransmission,
        Mark::None,
        Mark::Retransmission,
        Mark::None,
    ];
    assert_eq!(found, expected);
}

#[test]
fn keep_alives_with_and_without_their_octet_are_seen() {
    let other = Stream {
        acks: Some(10.into()),
        ..Stream::default()
    };
    let found = marks(&other, [(0, 10, DATA), (9, 1, DATA), (9, 0, DATA)]);
    assert_eq!(found, [Mark::None, Mark::KeepAlive, Mark::KeepAlive]);
}

#[test]
fn one_octet_into_a_closed_window_is_a_probe() {
    let other = Stream {
        window: Some(0),
        ..Stream::default()
    };
    let found = marks(&other, [(0, 10, DATA), (10, 1, DATA)]);
    assert_eq!(found, [Mark::None, Mark::WindowProbe]);
}

#[test]
fn a_reset_is_never_a_repetition() {
    let found = marks(
        &Stream::default(),
        [(0, 10, DATA), (5, 0, Flags::RST), (5, 0, Flags::RST)],
    );
    assert_eq!(found, [Mark::None; 3]);
}
