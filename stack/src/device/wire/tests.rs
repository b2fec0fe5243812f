//! What a cable does with frames.

extern crate std;
use super::*;
use crate::device::Slot;
use std::vec::Vec;

const LATENCY: Duration = Duration::from_millis(3);

fn at(millis: i64) -> Instant {
    Instant::from_millis(millis)
}

fn wire(frames: usize) -> Wire<'static> {
    let queue = || {
        Queue::new(
            std::vec![0; 100 * (frames + 1)].leak(),
            std::vec![Slot::EMPTY; frames + 1].leak(),
        )
    };
    Wire::new(LATENCY, queue(), queue())
}

fn send(wire: &mut Wire<'_>, from: Side, now: Instant, octets: &[u8]) -> bool {
    let mut end = wire.end(from);
    let Some(token) = end.transmit(now) else {
        return false;
    };
    token.consume(octets.len(), |frame| frame.copy_from_slice(octets));
    true
}

fn receive(wire: &mut Wire<'_>, to: Side, now: Instant) -> Option<Vec<u8>> {
    let mut end = wire.end(to);
    let (token, _) = end.receive(now)?;
    Some(token.consume(<[u8]>::to_vec))
}

fn waiting<'w>(wire: &'w Wire<'_>, from: Side) -> Vec<&'w [u8]> {
    wire.queue(from)
        .frames()
        .map(|frame| frame.octets)
        .collect()
}

#[test]
fn a_frame_arrives_at_the_other_end_after_the_latency_and_not_before() {
    let mut wire = wire(4);
    assert!(send(&mut wire, Side::A, at(10), b"one"));
    assert_eq!(wire.next_arrival(), Some(at(13)));
    assert_eq!(receive(&mut wire, Side::B, at(12)), None);
    assert_eq!(receive(&mut wire, Side::A, at(13)), None);
    assert_eq!(receive(&mut wire, Side::B, at(13)).unwrap(), b"one");
    assert_eq!(wire.next_arrival(), None);
}

#[test]
fn both_directions_carry_frames_at_once() {
    let mut wire = wire(4);
    send(&mut wire, Side::A, at(0), b"from a");
    send(&mut wire, Side::B, at(0), b"from b");
    assert_eq!(receive(&mut wire, Side::A, at(3)).unwrap(), b"from b");
    assert_eq!(receive(&mut wire, Side::B, at(3)).unwrap(), b"from a");
}

#[test]
fn a_token_dropped_unused_neither_loses_nor_sends_a_frame() {
    let mut wire = wire(4);
    send(&mut wire, Side::A, at(0), b"one");
    assert!(wire.end_b().receive(at(3)).is_some());
    assert!(wire.end_a().transmit(at(3)).is_some());
    assert_eq!(waiting(&wire, Side::A), [b"one"]);
    assert_eq!(receive(&mut wire, Side::B, at(3)).unwrap(), b"one");
}

#[test]
fn a_full_wire_makes_the_sender_wait_and_counts_the_answers_it_loses() {
    let mut wire = wire(2);
    send(&mut wire, Side::B, at(0), b"ask");
    assert!(send(&mut wire, Side::A, at(0), b"one"));
    assert!(send(&mut wire, Side::A, at(0), b"two"));
    assert!(!send(&mut wire, Side::A, at(0), b"three"));
    let mut end = wire.end_a();
    let (ask, answer) = end.receive(at(3)).unwrap();
    ask.consume(|_| ());
    answer.consume(5, |frame| frame.copy_from_slice(b"three"));
    assert_eq!(wire.counters(Side::A).overflowed, 1);
    assert_eq!(waiting(&wire, Side::A), [b"one", b"two"]);
}

#[test]
fn a_waiting_frame_is_lost_duplicated_or_swapped_at_will() {
    let mut wire = wire(4);
    for (millis, octets) in [(0, b"one"), (1, b"two"), (2, b"six")] {
        send(&mut wire, Side::A, at(millis), octets);
    }
    assert!(wire.queue_mut(Side::A).swap(0, 2));
    assert_eq!(waiting(&wire, Side::A), [b"six", b"two", b"one"]);
    assert_eq!(wire.next_arrival(), Some(at(3)));
    assert!(wire.queue_mut(Side::A).remove(1));
    assert_eq!(waiting(&wire, Side::A), [b"six", b"one"]);
    assert!(wire.queue_mut(Side::A).duplicate(0));
    assert_eq!(waiting(&wire, Side::A), [b"six", b"six", b"one"]);
    assert!(wire.queue_mut(Side::A).reschedule(0, at(9)));
    assert_eq!(waiting(&wire, Side::A), [b"six", b"one", b"six"]);
    wire.queue_mut(Side::A).octets_mut(1).unwrap()[0] ^= 0xff;
    assert_eq!(waiting(&wire, Side::A)[1], [b'o' ^ 0xff, b'n', b'e']);
    assert!(!wire.queue_mut(Side::A).remove(3));
    assert!(!wire.queue_mut(Side::A).swap(0, 3));
    assert!(!wire.queue_mut(Side::A).duplicate(3));
}

#[test]
fn the_frames_that_crossed_are_told_in_the_order_in_which_they_were_received() {
    let mut wire = wire(3);
    send(&mut wire, Side::A, at(0), b"a1");
    send(&mut wire, Side::B, at(0), b"b1");
    send(&mut wire, Side::A, at(0), b"lost");
    wire.queue_mut(Side::A).remove(1);
    send(&mut wire, Side::A, at(0), b"a2");
    receive(&mut wire, Side::A, at(3));
    receive(&mut wire, Side::B, at(4));
    receive(&mut wire, Side::B, at(5));
    let crossed: Vec<_> = wire
        .crossed()
        .map(|(from, frame)| (from, frame.arrives, frame.octets))
        .collect();
    assert_eq!(
        crossed,
        [
            (Side::B, at(3), &b"b1"[..]),
            (Side::A, at(4), b"a1"),
            (Side::A, at(5), b"a2"),
        ]
    );
}

#[test]
fn a_long_run_keeps_every_frame_whole_and_the_latest_ones_readable() {
    let mut wire = wire(3);
    for number in 0..1000_u32 {
        assert!(send(&mut wire, Side::A, at(0), &number.to_be_bytes()));
        if number % 2 == 1 {
            assert!(wire.queue_mut(Side::A).swap(0, 1));
            assert!(wire.queue_mut(Side::A).duplicate(1));
            for expected in [number, number - 1, number - 1] {
                let frame = receive(&mut wire, Side::B, at(3)).unwrap();
                assert_eq!(frame, expected.to_be_bytes());
            }
        }
    }
    let latest: Vec<_> = wire.crossed().map(|(_, frame)| frame.octets).collect();
    assert_eq!(latest.len(), 4);
    assert_eq!(latest[3], 998_u32.to_be_bytes());
    assert_eq!(wire.counters(Side::A).received, 1500);
}

#[test]
fn a_wire_without_memory_takes_no_frame() {
    let mut wire = Wire::new(
        LATENCY,
        Queue::new(&mut [][..], &mut [][..]),
        Queue::new(&mut [][..], &mut [][..]),
    );
    assert!(wire.end_a().transmit(at(0)).is_none());
    assert!(wire.end_a().receive(at(0)).is_none());
    assert!(!wire.inject(Side::A, at(0), b"one"));
}
