//! Two nodes on a wire in memory, on a clock that jumps to the next event.
//!
//! For tests, and for showing what cannot be produced at will on a real network: both ends closing at the same moment,
//! or exactly one lost segment in twenty. A run depends on its inputs alone.
//!
//! ```
//! use smolhost::node::{Config, Memory, Node, RecvError, Sizes};
//! use smolhost::pair::{Clockwork, Pair};
//! use smolhost::smoltcp::time::{Duration, Instant};
//! use smolhost::smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};
//! use smolhost::trace::{self, Style};
//!
//! let host = |number| {
//!     let mac = EthernetAddress([2, 0, 0, 0, 0, number]);
//!     let address = IpCidr::new(IpAddress::v4(192, 0, 2, number), 24);
//!     let config = Config::new(mac, address, [number; 16]);
//!     Node::new(config, Memory::heap(Sizes::default()), Instant::ZERO)
//! };
//! let (mut client, mut server) = (host(1)?, host(2)?);
//! server.listen(7, 8)?;
//! let handle = client.connect(Instant::ZERO, (IpAddress::v4(192, 0, 2, 2), 7).into())?;
//!
//! let mut pair = Pair::new(client, server, Duration::from_millis(1), 1500);
//! let patience = Duration::from_secs(10);
//! let result = pair.run_until(patience, |pair| {
//!     if let Some(peer) = pair.b.accept() {
//!         let mut peer = pair.b.tcp(peer)?;
//!         let _ = peer.send(b"hello");
//!         peer.close(pair.now);
//!     }
//!     let mut socket = pair.a.tcp(handle)?;
//!     match socket.recv(&mut [0; 512]) {
//!         Ok(_) | Err(RecvError::WouldBlock) => None,
//!         Err(over) => {
//!             socket.close(pair.now);
//!             Some(over)
//!         }
//!     }
//! });
//! assert_eq!(result, Some(RecvError::Finished));
//!
//! let mut ladder = String::new();
//! trace::draw(pair.a.journal(), handle.id(), pair.now, &Style::PLAIN, &mut ladder)?;
//! assert!(ladder.contains("three-way handshake"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use smoltcp::time::{Duration, Instant};

use crate::device::{Faults, Policy, Side, Wire};
use crate::node::{Node, earliest};
use crate::opaque::opaque;

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
    /// The faults of frames at the first end.
    pub faults: Faults<'static>,
    /// The current time of both nodes.
    pub now: Instant,
}

opaque!([] Pair, "Pair");

impl Pair {
    /// Two nodes at the ends of a wire with this latency, without faults.
    ///
    /// `mtu` is the MTU of both nodes, in octets.
    pub fn new(a: Node<'static>, b: Node<'static>, latency: Duration, mtu: usize) -> Self {
        Self {
            a,
            b,
            wire: Wire::heap(latency, mtu, FRAMES),
            faults: Faults::heap(0, Policy::NONE, Policy::NONE, mtu + ETHERNET_HEADER, FRAMES),
            now: Instant::ZERO,
        }
    }

    /// The same pair, with faults on the frames that `a` sends and receives.
    pub fn with_faults(mut self, seed: u64, policy: Policy<'static>, mtu: usize) -> Self {
        self.faults = Faults::heap(seed, policy, policy, mtu + ETHERNET_HEADER, FRAMES);
        self
    }

    /// Octets that have crossed the wire, both ways, Ethernet headers included.
    pub fn octets(&self) -> u64 {
        self.wire.counters(Side::A).octets + self.wire.counters(Side::B).octets
    }
}

impl Clockwork for Pair {
    fn clock(&mut self) -> &mut Instant {
        &mut self.now
    }

    fn step(&mut self) -> Option<Instant> {
        let mut end = self.wire.end_a();
        let mut faulty = self.faults.over(&mut end);
        let a = self.a.poll(self.now, &mut faulty);
        faulty.flush(self.now);
        let b = self.b.poll(self.now, &mut self.wire.end_b());
        earliest(&[a, b, self.faults.next_deadline(), self.wire.next_arrival()])
    }

    fn let_out(&mut self) -> Option<Instant> {
        let mut end = self.wire.end_a();
        let mut faulty = self.faults.over(&mut end);
        let a = self.a.poll_egress(self.now, &mut faulty);
        faulty.flush(self.now);
        let b = self.b.poll_egress(self.now, &mut self.wire.end_b());
        earliest(&[a, b, self.faults.next_deadline(), self.wire.next_arrival()])
    }
}

/// Something that works in steps, each at a moment that it chooses, and a clock that jumps from one to the next.
pub trait Clockwork {
    /// The current time. It only moves forward.
    fn clock(&mut self) -> &mut Instant;

    /// Does what is due now, and returns when something happens next.
    fn step(&mut self) -> Option<Instant>;

    /// Sends what was queued since the last step, and returns when something happens next. By default another step,
    /// where less would be enough.
    fn let_out(&mut self) -> Option<Instant> {
        self.step()
    }

    /// Runs until `until` returns something, for at most `patience`. Gives up earlier if time stands still, after
    /// [`STANDING`] steps at one moment.
    ///
    /// `until` runs where a [`Node`] has its application: after each step, and what it queues leaves at the same
    /// moment. So it can be an application, and reply.
    fn run_until<T>(
        &mut self,
        patience: Duration,
        mut until: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let end = *self.clock() + patience;
        let mut standing = 0;
        while standing < STANDING {
            self.step();
            if let Some(found) = until(self) {
                return Some(found);
            }
            let next = self.let_out();
            let now = *self.clock();
            match next {
                Some(next) if next <= now => standing += 1,
                Some(next) if next <= end => {
                    *self.clock() = next;
                    standing = 0;
                }
                _ => {
                    *self.clock() = end;
                    self.step();
                    return until(self);
                }
            }
        }
        None
    }

    /// Runs for `duration`, and returns whether time advanced to its end.
    fn run_for(&mut self, duration: Duration) -> bool {
        let end = *self.clock() + duration;
        self.run_until(duration, |_| None::<()>);
        *self.clock() == end
    }
}

/// Steps at one moment after which nothing more is expected to change.
pub const STANDING: u32 = 100_000;
