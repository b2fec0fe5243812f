//! Nodes whose devices cut segments, on a wire in memory that carries them whole and loses some.

use crate::pair::{Pair, config};
use smolchat::device::{Faults, Policy, Shares, Side, Wire};
use smolchat::node::{Handle, Limits, Memory, Node, RecvError, Sizes};
use smolchat::trace::Kind;
use smoltcp::time::{Duration, Instant};

/// The longest IP packet that a device with offload takes.
const LONGEST: usize = 65_535;

fn node(side: Side) -> Node<'static> {
    let mut config = config(side, Limits::default());
    config.offload = true;
    let sizes = Sizes {
        receive: 200_000,
        transmit: 200_000,
        mtu: LONGEST,
        ..crate::pair::sizes(2)
    };
    Node::new(config, Memory::heap(sizes), Instant::ZERO).unwrap()
}

fn pair() -> Pair {
    let mut pair = Pair {
        a: node(Side::A),
        b: node(Side::B),
        wire: Wire::heap(Duration::from_millis(5), LONGEST, 256),
        now: Instant::ZERO,
    };
    pair.b.listen(crate::pair::PORT, 4).unwrap();
    pair
}

/// Octets of a stream, and how far its two ends got.
struct Stream {
    octets: Vec<u8>,
    sent: usize,
    received: usize,
}

impl Stream {
    fn new(len: usize, seed: u64) -> Self {
        let mut octets = vec![0; len];
        fastrand::Rng::with_seed(seed).fill(&mut octets);
        Self {
            octets,
            sent: 0,
            received: 0,
        }
    }

    fn send(&mut self, now: Instant, node: &mut Node<'_>, handle: Handle) {
        let rest = &self.octets[self.sent..];
        if rest.is_empty() {
            node.tcp(handle).unwrap().shutdown(now);
        } else {
            self.sent += node.tcp(handle).unwrap().send(rest).unwrap_or(0);
        }
    }

    /// Compares what came; true at the end.
    fn receive(&mut self, node: &mut Node<'_>, handle: Handle) -> bool {
        let mut buffer = vec![0; 10_000];
        loop {
            match node.tcp(handle).unwrap().recv(&mut buffer) {
                Ok(count) => {
                    let expected = &self.octets[self.received..][..count];
                    assert!(buffer[..count] == *expected, "after {}", self.received);
                    self.received += count;
                }
                Err(RecvError::WouldBlock) => return false,
                Err(RecvError::Finished) => return true,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// The longest segment in the journal, in octets of data.
fn longest(node: &Node<'_>) -> u16 {
    let lengths = node
        .journal()
        .iter()
        .filter_map(|(_, event)| match event.kind() {
            Kind::Segment(segment) => Some(segment.header.len),
            _ => None,
        });
    lengths.max().unwrap_or(0)
}

/// Two streams at once over a wire with these faults each way.
fn exchange(seed: u64, shares: Shares) {
    let mut pair = pair();
    let (client, server) = pair.connect();
    let policy = Policy {
        shares,
        ..Policy::NONE
    };
    let mut faults = Faults::heap(seed, policy, policy, LONGEST + 14, 64);
    let mut there = Stream::new(1_000_000, seed);
    let mut back = Stream::new(1_000_000, seed + 1);
    let mut ends = (false, false);
    for _ in 0..100_000 {
        let now = pair.now;
        there.send(now, &mut pair.a, client);
        back.send(now, &mut pair.b, server);
        let mut end = pair.wire.end_a();
        let mut device = faults.over(&mut end);
        let a = pair.a.poll(now, &mut device);
        device.flush(now);
        let b = pair.b.poll(now, &mut pair.wire.end_b());
        ends.0 |= there.receive(&mut pair.b, server);
        ends.1 |= back.receive(&mut pair.a, client);
        if ends == (true, true) {
            break;
        }
        let next = [a, b, pair.wire.next_arrival(), faults.next_deadline()];
        let next = next.into_iter().flatten().min();
        pair.now = now.max(next.expect("something is still to be done"));
    }
    assert_eq!(ends, (true, true), "seed {seed}");
    assert_eq!((there.received, back.received), (1_000_000, 1_000_000));
    // As long as the congestion window grew: by one MSS for each acknowledgment, and less after losses.
    let long = if shares.drop == 0 { 50_000 } else { 8 * 1460 };
    assert!(longest(&pair.a) > long && longest(&pair.b) > long);
    pair.assert_all_legal();
}

#[test]
fn segments_many_times_as_long_as_the_mtu_cross_whole() {
    exchange(1, Shares::default());
}

#[test]
fn long_segments_that_are_lost_or_come_twice_or_late_are_put_right() {
    for seed in 1..20 {
        let shares = Shares {
            drop: 30,
            duplicate: 20,
            reorder: 20,
            delay: 20,
            ..Shares::default()
        };
        exchange(seed, shares);
    }
}

#[test]
fn memory_without_room_for_the_longest_segment_is_refused() {
    let mut config = config(Side::A, Limits::default());
    config.offload = true;
    let sizes = Sizes {
        assemblies: 0,
        ..crate::pair::sizes(2)
    };
    let refused = Node::new(config, Memory::heap(sizes), Instant::ZERO).err();
    let refused = refused.expect("it does not fit").to_string();
    assert_eq!(
        refused,
        "the memory's size `frame` is 1514 and must be at least 65549"
    );
}
