//! How much one round of ingress takes in, before the application has its turn.

use crate::lab::{Column, Lab, Segment, Setup};
use smolchat::node::{Ingress, Limits};

/// A node with one open connection, and a round of ingress with `segments` waiting. Says how it ended and
/// how many of them still wait.
fn round(limits: Limits, segments: impl Fn(&Lab) -> Vec<Segment>) -> (Ingress, usize) {
    let setup = Setup {
        limits,
        ..Setup::default()
    };
    let mut lab = Lab::established_with(Column::Node, setup);
    let segments = segments(&lab);
    lab.cable.inbox.extend(segments.iter().map(Segment::frame));
    let Lab {
        subject,
        cable,
        now,
        ..
    } = &mut lab;
    let crate::lab::Subject::Node { node, .. } = subject else {
        panic!("not a node");
    };
    (node.poll_ingress(*now, cable), lab.cable.inbox.len())
}

fn acknowledgments(lab: &Lab) -> Vec<Segment> {
    vec![lab.ack(); 20]
}

/// Five segments of 600 octets.
fn data(lab: &Lab) -> Vec<Segment> {
    let segment = |number: u32| Segment {
        seq: lab.snd + 600 * number,
        ..lab.ack().data(&[b'x'; 600])
    };
    (0..5).map(segment).collect()
}

#[test]
fn a_round_ends_with_its_budget_of_frames() {
    let limits = Limits {
        ingress_budget: 8,
        ..Limits::default()
    };
    assert_eq!(round(limits, acknowledgments), (Ingress::More, 12));
}

#[test]
fn a_round_ends_with_its_budget_of_data() {
    let limits = Limits {
        ingress_octets: 1_000,
        ..Limits::default()
    };
    assert_eq!(round(limits, data), (Ingress::More, 3));
}

#[test]
fn acknowledgments_are_not_counted_as_data() {
    let limits = Limits {
        ingress_octets: 1_000,
        ..Limits::default()
    };
    assert_eq!(round(limits, acknowledgments), (Ingress::Drained, 0));
}
