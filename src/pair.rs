//! Two nodes on a wire in memory, on a clock that jumps to the next event.
//!
//! For tests, and for showing what cannot be shown on purpose over a real network: both ends closing at
//! the same moment, or exactly one lost segment in twenty. A run depends on its inputs alone.

use smoltcp::time::{Duration, Instant};

use crate::device::{Faults, Policy, Side, Wire};
use crate::node::Node;

/// Octets of an Ethernet header, which an MTU does not count.
const ETHERNET_HEADER: usize = 14;
/// Frames that the wire and its faults keep on their way, each way.
const FRAMES: usize = 256;

/// Two nodes, a wire with faults, a clock.
pub struct Pair {
    /// The node at the first end.
    pub a: Node<'static>,
    /// The node at the other end.
    pub b: Node<'static>,
    /// What lies between.
    pub wire: Wire<'static>,
    /// What befalls frames at the first end.
    pub faults: Faults<'static>,
    /// The present moment.
    pub now: Instant,
}

impl Pair {
    /// Two nodes at the ends of a wire of this latency, without faults.
    ///
    /// `mtu` is that of both nodes, in octets.
    pub fn new(a: Node<'static>, b: Node<'static>, latency: Duration, mtu: usize) -> Self {
        Self {
            a,
            b,
            wire: Wire::heap(latency, mtu, FRAMES),
            faults: Faults::heap(0, Policy::NONE, Policy::NONE, mtu + ETHERNET_HEADER, FRAMES),
            now: Instant::ZERO,
        }
    }

    /// The same pair with faults on the frames that `a` sends and on those it receives.
    pub fn with_faults(mut self, seed: u64, policy: Policy<'static>, mtu: usize) -> Self {
        self.faults = Faults::heap(seed, policy, policy, mtu + ETHERNET_HEADER, FRAMES);
        self
    }

    /// Lets both nodes work at the present moment; says when something happens next.
    pub fn step(&mut self) -> Option<Instant> {
        let mut end = self.wire.end_a();
        let mut faulty = self.faults.over(&mut end);
        let a = self.a.poll(self.now, &mut faulty);
        faulty.flush(self.now);
        let b = self.b.poll(self.now, &mut self.wire.end_b());
        [a, b, self.faults.next_deadline(), self.wire.next_arrival()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Runs until `until` holds, at most for `patience`; says whether it came to hold.
    pub fn run_until(
        &mut self,
        patience: Duration,
        mut until: impl FnMut(&mut Self) -> bool,
    ) -> bool {
        let end = self.now + patience;
        loop {
            let next = self.step();
            if until(self) {
                return true;
            }
            match next {
                Some(next) if next <= end => self.now = self.now.max(next),
                _ => {
                    self.now = end;
                    self.step();
                    return until(self);
                }
            }
        }
    }

    /// Runs for a while.
    pub fn run_for(&mut self, duration: Duration) {
        self.run_until(duration, |_| false);
    }

    /// Octets that crossed the wire, both ways, Ethernet headers included.
    pub fn octets(&self) -> u64 {
        self.wire.counters(Side::A).octets + self.wire.counters(Side::B).octets
    }
}
