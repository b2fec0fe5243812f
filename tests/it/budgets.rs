//! Answers are bounded, and what one connection or stranger uses up no other one can count.

use crate::lab::{Column, Lab, Segment, Setup, host};
use smolchat::node::Limits;
use smolchat::trace::{Answer, Direction, Kind, Reason};
use smoltcp::time::Duration;

/// A node with a connection to the peer and one to `host(9)`; says what the other's next segment is.
fn two_connections() -> (Lab, Segment) {
    let setup = Setup {
        connections: 2,
        ..Setup::default()
    };
    let mut lab = Lab::established_with(Column::Node, setup);
    let syn = Segment {
        src: host(9),
        ..lab.syn()
    };
    let sent = lab.give(&syn);
    let other = Segment {
        src: host(9),
        seq: syn.seq + 1,
        ack: Some(sent[0].seq.wrapping_add(1)),
        ..lab.ack()
    };
    assert!(lab.give(&other).is_empty());
    (lab, other)
}

/// How many of `count` resets that miss draw a challenge.
fn challenges(lab: &mut Lab, next: &Segment, count: u32) -> usize {
    let guess = |guess: u32| Segment {
        seq: next.seq + 1 + guess,
        ack: None,
        ..next.clone()
    };
    let guesses = (0..count).map(|number| guess(number).rst());
    guesses.map(|guess| lab.give(&guess).len()).sum()
}

#[test]
fn what_one_connection_is_challenged_no_other_one_can_count() {
    let (mut lab, other) = two_connections();
    let per_second = usize::from(Limits::default().answers_per_second);
    // Whoever attacks the one counts on its own, and finds its budget whole.
    let next = lab.ack();
    assert_eq!(challenges(&mut lab, &next, 1000), per_second);
    assert_eq!(challenges(&mut lab, &other, 1000), per_second);
    assert_eq!(challenges(&mut lab, &other, 1000), 0);
    lab.wait(Duration::from_secs(1));
    assert_eq!(challenges(&mut lab, &other, 1000), per_second);
    let counters = lab.node().journal().counters();
    assert_eq!(
        counters.dropped(Reason::RateLimited),
        3000 + 1000 - 3 * per_second as u64
    );
}

#[test]
fn a_second_connection_that_waits_out_has_a_budget_of_its_own() {
    let (mut lab, other) = two_connections();
    lab.enter_time_wait();
    let per_second = usize::from(Limits::default().answers_per_second);
    let late = |lab: &mut Lab| {
        let old = Segment {
            seq: lab.snd - 1,
            ..lab.ack()
        };
        (0..100).map(|_| lab.give(&old).len()).sum::<usize>()
    };
    assert_eq!(lab.node().time_waiting(), 1);
    assert_eq!(challenges(&mut lab, &other, 100), per_second);
    assert_eq!(late(&mut lab), per_second);
    assert_eq!(late(&mut lab), 0);
}

#[test]
fn refusals_are_bounded_for_each_stranger_and_unseen_by_the_next() {
    let mut lab = Lab::server(Column::Node);
    let limit = usize::from(Limits::default().strangers_per_second);
    let mut refused = |octet| {
        let syn = |port| Segment {
            src: host(octet),
            src_port: port,
            dst_port: 7,
            ..lab.syn()
        };
        let syns: Vec<_> = (0..1000).map(|number| syn(1024 + number)).collect();
        syns.iter().map(|syn| lab.give(syn).len()).sum::<usize>()
    };
    for octet in 20..220 {
        assert_eq!(refused(octet), limit, "{octet}");
    }
    let counters = lab.node().journal().counters();
    assert_eq!(counters.answered(Answer::Reset), 200 * limit as u64);
    assert_eq!(
        counters.dropped(Reason::RateLimited),
        200 * (1000 - limit as u64)
    );
}

#[test]
fn late_segments_have_their_numbers_whatever_the_journal_forgot() {
    let mut lab = Lab::established(Column::Node);
    lab.enter_time_wait();
    // Long after every segment of the connection was forgotten.
    for number in 0..5000 {
        let stray = Segment {
            dst_port: 7,
            src_port: 1024 + number,
            ..lab.ack()
        };
        lab.give(&stray.rst());
    }
    let fin = Segment {
        seq: lab.snd - 1,
        ..lab.ack()
    };
    assert_eq!(lab.give(&fin.fin()).len(), 1);
    let records = lab.node().journal().iter();
    let late: Vec<_> = records
        .filter_map(|(_, event)| match event.kind() {
            Kind::Segment(it) => Some((it.direction, it.seq, it.ack)),
            _ => None,
        })
        .collect();
    assert_eq!(late, [(Direction::In, 1, 2), (Direction::Out, 2, 2)]);
}
