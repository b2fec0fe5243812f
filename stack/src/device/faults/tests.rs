//! Each fault alone, by ordinal and by chance, in both directions.

extern crate std;
use super::*;
use crate::device::{Side, Slot, Wire};
use std::vec::Vec;

const FRAMES: usize = 8;
const FRAME_SIZE: usize = 64;

fn at(millis: i64) -> Instant {
    Instant::from_millis(millis)
}

fn queue() -> Queue<'static> {
    Queue::new(
        std::vec![0; FRAME_SIZE * (FRAMES + 1)].leak(),
        std::vec![Slot::EMPTY; FRAMES + 1].leak(),
    )
}

fn wire() -> Wire<'static> {
    Wire::new(Duration::ZERO, queue(), queue())
}

fn script(script: &'static [(u64, Fault)]) -> Policy<'static> {
    Policy {
        script,
        ..Policy::NONE
    }
}

fn send(faults: &mut Faults<'_>, wire: &mut Wire<'_>, now: Instant, octets: &[u8]) {
    let mut end = wire.end_a();
    let mut faulty = faults.over(&mut end);
    let token = faulty.transmit(now).unwrap();
    token.consume(octets.len(), |frame| frame.copy_from_slice(octets));
}

fn flush_at(faults: &mut Faults<'_>, wire: &mut Wire<'_>, now: Instant) {
    faults.over(&mut wire.end_a()).flush(now);
}

fn arrived(wire: &mut Wire<'_>, now: Instant) -> Vec<Vec<u8>> {
    let mut end = wire.end_b();
    let mut frames = Vec::new();
    while let Some((token, _)) = end.receive(now) {
        frames.push(token.consume(<[u8]>::to_vec));
    }
    frames
}

/// What arrives of the frames 1 to `count`, each sent a millisecond after the other.
fn outcome(policy: Policy<'_>, seed: u64, count: u8) -> (Vec<Vec<u8>>, FaultCounters) {
    let mut wire = wire();
    let mut faults = Faults::new(seed, (policy, queue()), (Policy::NONE, queue()));
    let mut frames = Vec::new();
    for number in 1..=count {
        let now = at(number.into());
        send(&mut faults, &mut wire, now, &[number; 20]);
        frames.extend(arrived(&mut wire, now));
    }
    flush_at(&mut faults, &mut wire, at(100_000));
    frames.extend(arrived(&mut wire, at(100_000)));
    (frames, faults.sent())
}

fn numbers(frames: &[Vec<u8>]) -> Vec<u8> {
    frames.iter().map(|frame| frame[0]).collect()
}

#[test]
fn without_a_policy_every_frame_arrives_as_it_was_sent() {
    let (frames, counters) = outcome(Policy::NONE, 1, 3);
    assert_eq!(frames, [[1; 20], [2; 20], [3; 20]]);
    assert_eq!(
        counters,
        FaultCounters {
            frames: 3,
            ..FaultCounters::default()
        }
    );
}

#[test]
fn the_third_frame_is_lost_if_the_script_says_so() {
    let (frames, counters) = outcome(script(&[(3, Fault::Drop)]), 1, 4);
    assert_eq!(numbers(&frames), [1, 2, 4]);
    assert_eq!(counters.dropped, 1);
}

#[test]
fn a_duplicated_frame_arrives_twice_and_is_whole_both_times() {
    let (frames, counters) = outcome(script(&[(2, Fault::Duplicate)]), 1, 3);
    assert_eq!(frames, [[1; 20], [2; 20], [2; 20], [3; 20]]);
    assert_eq!(counters.duplicated, 1);
}

#[test]
fn a_reordered_frame_changes_places_with_the_next() {
    let (frames, counters) = outcome(script(&[(2, Fault::Reorder)]), 1, 4);
    assert_eq!(numbers(&frames), [1, 3, 2, 4]);
    assert_eq!(counters.reordered, 1);
}

#[test]
fn neighbours_that_are_all_reordered_change_places_in_pairs() {
    let policy = Policy {
        shares: Shares {
            reorder: 1000,
            ..Shares::default()
        },
        ..Policy::NONE
    };
    assert_eq!(numbers(&outcome(policy, 1, 6).0), [2, 1, 4, 3, 6, 5]);
}

#[test]
fn a_reordered_frame_that_no_other_follows_arrives_after_the_delay() {
    let mut wire = wire();
    let policy = script(&[(1, Fault::Reorder), (2, Fault::Reorder)]);
    let mut faults = Faults::new(1, (policy, queue()), (Policy::NONE, queue()));
    send(&mut faults, &mut wire, at(0), b"one");
    assert_eq!(faults.next_deadline(), Some(at(10)));
    flush_at(&mut faults, &mut wire, at(9));
    assert!(arrived(&mut wire, at(9)).is_empty());
    flush_at(&mut faults, &mut wire, at(10));
    assert_eq!(arrived(&mut wire, at(10)), [b"one"]);
    send(&mut faults, &mut wire, at(11), b"two");
    send(&mut faults, &mut wire, at(12), b"six");
    assert_eq!(arrived(&mut wire, at(12)), [b"six", b"two"]);
}

#[test]
fn a_delayed_frame_is_overtaken_by_all_that_are_sent_meanwhile() {
    let (frames, counters) = outcome(script(&[(1, Fault::Delay)]), 1, 12);
    assert_eq!(numbers(&frames), [2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 11, 12]);
    assert_eq!(counters.delayed, 1);
}

#[test]
fn a_corrupted_frame_differs_in_exactly_one_bit() {
    let (frames, counters) = outcome(script(&[(1, Fault::Corrupt)]), 1, 1);
    let wrong: u32 = frames[0].iter().map(|octet| (octet ^ 1).count_ones()).sum();
    assert_eq!(wrong, 1);
    assert_eq!(counters.corrupted, 1);
}

#[test]
fn received_frames_suffer_what_sent_frames_do() {
    let mut wire = wire();
    let policy = script(&[(1, Fault::Drop), (2, Fault::Reorder), (4, Fault::Corrupt)]);
    let mut faults = Faults::new(1, (Policy::NONE, queue()), (policy, queue()));
    for number in 1..=4 {
        assert!(wire.inject(Side::B, at(0), &[number; 20]));
    }
    let mut frames = Vec::new();
    let mut end = wire.end_a();
    while let Some((token, _)) = faults.over(&mut end).receive(at(0)) {
        frames.push(token.consume(<[u8]>::to_vec));
    }
    assert_eq!(frames[..2], [[3; 20], [2; 20]]);
    let wrong: u32 = frames[2].iter().map(|octet| (octet ^ 4).count_ones()).sum();
    assert_eq!((frames.len(), wrong), (3, 1));
    assert_eq!(faults.received().frames, 4);
    assert_eq!(faults.sent(), FaultCounters::default());
}

#[test]
fn shares_of_a_thousand_are_met_and_the_same_for_the_same_seed() {
    let policy = Policy {
        shares: Shares {
            drop: 100,
            duplicate: 50,
            reorder: 20,
            corrupt: 10,
            delay: 0,
        },
        ..Policy::NONE
    };
    let run = |seed| {
        let mut wire = wire();
        let mut faults = Faults::new(seed, (policy, queue()), (Policy::NONE, queue()));
        let mut order = Vec::new();
        for number in 0..10_000_u16 {
            let now = at(number.into());
            send(&mut faults, &mut wire, now, &number.to_be_bytes());
            order.extend(arrived(&mut wire, now));
        }
        (order, faults.sent())
    };
    let (order, counters) = run(7);
    assert!(counters.dropped.abs_diff(1000) < 100, "{counters:?}");
    assert!(counters.duplicated.abs_diff(500) < 75, "{counters:?}");
    assert!(counters.reordered.abs_diff(200) < 50, "{counters:?}");
    assert!(counters.corrupted.abs_diff(100) < 40, "{counters:?}");
    assert_eq!(counters.overflowed, 0);
    assert_eq!(run(7), (order.clone(), counters));
    assert_ne!(run(8).0, order);
}

#[test]
fn a_full_queue_makes_the_sender_wait_until_something_has_left() {
    let mut wire = wire();
    let policy = Policy {
        shares: Shares {
            delay: 1000,
            ..Shares::default()
        },
        ..Policy::NONE
    };
    let mut faults = Faults::new(1, (policy, queue()), (policy, queue()));
    for _ in 0..FRAMES {
        send(&mut faults, &mut wire, at(0), b"one");
    }
    let mut end = wire.end_a();
    assert!(faults.over(&mut end).transmit(at(0)).is_none());
    assert!(faults.over(&mut end).transmit(at(10)).is_some());
    assert_eq!(arrived(&mut wire, at(10)).len(), FRAMES);
}

#[test]
fn a_received_frame_that_is_too_long_for_the_queue_is_lost_and_counted() {
    let mut wire = wire();
    let small = Queue::new(std::vec![0; 40].leak(), std::vec![Slot::EMPTY; 2].leak());
    let mut faults = Faults::new(1, (Policy::NONE, queue()), (Policy::NONE, small));
    assert!(wire.inject(Side::B, at(0), &[0; 21]));
    assert!(faults.over(&mut wire.end_a()).receive(at(0)).is_none());
    assert_eq!(faults.received().too_long, 1);
    assert_eq!(wire.next_arrival(), None);
}
