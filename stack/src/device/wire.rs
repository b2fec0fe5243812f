//! Two ends of an Ethernet cable in memory.
//!
//! For tests, for the demo without a TAP, for benchmarks, and for a model checker that delivers, loses, duplicates and
//! swaps any frame in transit. A frame arrives a fixed latency after it was sent; time is whatever the caller says it
//! is. Received frames stay readable as far back as the memory reaches ([`Wire::crossed`]).
//!
//! The caller steps its two nodes in turn, each with its own end, and advances time to the next arrival when neither
//! has anything more to do:
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use smolhost::device::{Side, Wire};
//! use smoltcp::phy::{Device, RxToken, TxToken};
//! use smoltcp::time::{Duration, Instant};
//!
//! let mut wire = Wire::heap(Duration::from_millis(3), 1500, 16);
//! let sent = Instant::ZERO;
//! wire.end_a().transmit(sent).unwrap().consume(5, |frame| frame.copy_from_slice(b"hello"));
//! let now = wire.next_arrival().unwrap();
//! assert_eq!(now, sent + Duration::from_millis(3));
//! let mut end = wire.end_b();
//! let (frame, _) = end.receive(now).unwrap();
//! frame.consume(|octets| assert_eq!(octets, b"hello"));
//! # }
//! ```

use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::{Duration, Instant};

use super::CLEARED;
use super::queue::{Frame, Frames, Queue};

/// Octets of an Ethernet header, which count towards a frame but not towards an MTU.
#[cfg(feature = "std")]
const ETHERNET_HEADER: usize = 14;

/// One end of the cable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The first end.
    A,
    /// The other end.
    B,
}

impl Side {
    /// The other end.
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// What went over the cable, and what did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct WireCounters {
    /// Frames sent.
    pub sent: u64,
    /// Frames received at the other end.
    pub received: u64,
    /// Octets received, Ethernet headers included.
    pub octets: u64,
    /// Answers lost because the queue was full. A frame that is not an answer waits instead.
    pub overflowed: u64,
}

/// A cable with a node at each end.
#[derive(Debug)]
pub struct Wire<'a> {
    a_to_b: Lane<'a>,
    b_to_a: Lane<'a>,
    latency: Duration,
    crossed: u64,
}

#[derive(Debug)]
struct Lane<'a> {
    queue: Queue<'a>,
    counters: WireCounters,
}

impl<'a> Lane<'a> {
    const fn new(queue: Queue<'a>) -> Self {
        Self {
            queue,
            counters: WireCounters {
                sent: 0,
                received: 0,
                octets: 0,
                overflowed: 0,
            },
        }
    }
}

impl<'a> Wire<'a> {
    /// A cable over two queues. Its MTU is the smaller of their frame sizes, less 14 octets.
    pub const fn new(latency: Duration, a_to_b: Queue<'a>, b_to_a: Queue<'a>) -> Self {
        Self {
            a_to_b: Lane::new(a_to_b),
            b_to_a: Lane::new(b_to_a),
            latency,
            crossed: 0,
        }
    }

    /// A cable on the heap, for an MTU in octets and a number of frames each way.
    #[cfg(feature = "std")]
    pub fn heap(latency: Duration, mtu: usize, frames: usize) -> Self {
        let queue = || Queue::heap(mtu + ETHERNET_HEADER, frames);
        Self::new(latency, queue(), queue())
    }

    /// The device of the first end.
    pub fn end_a(&mut self) -> End<'_, 'a> {
        self.end(Side::A)
    }

    /// The device of the other end.
    pub fn end_b(&mut self) -> End<'_, 'a> {
        self.end(Side::B)
    }

    /// The device of one end.
    pub fn end(&mut self, side: Side) -> End<'_, 'a> {
        let (out, into) = match side {
            Side::A => (&mut self.a_to_b, &mut self.b_to_a),
            Side::B => (&mut self.b_to_a, &mut self.a_to_b),
        };
        End {
            out,
            into,
            latency: self.latency,
            crossed: &mut self.crossed,
        }
    }

    /// When the next frame arrives, at either end.
    pub fn next_arrival(&self) -> Option<Instant> {
        let (a, b) = (
            self.a_to_b.queue.next_arrival(),
            self.b_to_a.queue.next_arrival(),
        );
        match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        }
    }

    /// The frames in transit from `from`, and what can be done to them.
    pub const fn queue(&self, from: Side) -> &Queue<'a> {
        match from {
            Side::A => &self.a_to_b.queue,
            Side::B => &self.b_to_a.queue,
        }
    }

    /// The same, mutable: to lose, duplicate, swap, change or add frames.
    pub const fn queue_mut(&mut self, from: Side) -> &mut Queue<'a> {
        match from {
            Side::A => &mut self.a_to_b.queue,
            Side::B => &mut self.b_to_a.queue,
        }
    }

    /// Sends a handmade frame as if the node at `from` had sent it. `false` if it is too long or the queue is full.
    pub fn inject(&mut self, from: Side, now: Instant, frame: &[u8]) -> bool {
        let arrives = now + self.latency;
        self.queue_mut(from).push(now, arrives, frame)
    }

    /// What one end sent, and what became of it.
    pub const fn counters(&self, from: Side) -> WireCounters {
        match from {
            Side::A => self.a_to_b.counters,
            Side::B => self.b_to_a.counters,
        }
    }

    /// The frames received at either end that are still in memory, with the end that sent each, in the order in which
    /// they were received.
    pub fn crossed(&self) -> impl Iterator<Item = (Side, Frame<'_>)> {
        Crossed {
            a: Ahead::new(self.a_to_b.queue.taken()),
            b: Ahead::new(self.b_to_a.queue.taken()),
        }
    }
}

struct Ahead<'q> {
    rest: Frames<'q>,
    next: Option<Frame<'q>>,
}

impl<'q> Ahead<'q> {
    fn new(mut rest: Frames<'q>) -> Self {
        let next = rest.next();
        Self { rest, next }
    }

    fn advance(&mut self) -> Option<Frame<'q>> {
        core::mem::replace(&mut self.next, self.rest.next())
    }
}

struct Crossed<'q> {
    a: Ahead<'q>,
    b: Ahead<'q>,
}

impl<'q> Iterator for Crossed<'q> {
    type Item = (Side, Frame<'q>);

    fn next(&mut self) -> Option<Self::Item> {
        let a_is_first = match (&self.a.next, &self.b.next) {
            (Some(a), Some(b)) => a.order < b.order,
            (one, _) => one.is_some(),
        };
        if a_is_first {
            self.a.advance().map(|frame| (Side::A, frame))
        } else {
            self.b.advance().map(|frame| (Side::B, frame))
        }
    }
}

/// One end of a [`Wire`], as a device.
///
/// When the queue is full, [`Device::transmit`] returns no token and the stack waits. An answer to a received frame
/// cannot wait; it is lost and counted.
#[derive(Debug)]
pub struct End<'w, 'a> {
    out: &'w mut Lane<'a>,
    into: &'w mut Lane<'a>,
    latency: Duration,
    crossed: &'w mut u64,
}

impl<'a> Device for End<'_, 'a> {
    type RxToken<'t>
        = Received<'t, 'a>
    where
        Self: 't;
    type TxToken<'t>
        = Sending<'t, 'a>
    where
        Self: 't;

    fn receive(&mut self, now: Instant) -> Option<(Received<'_, 'a>, Sending<'_, 'a>)> {
        self.into.queue.next_arrival().filter(|at| *at <= now)?;
        Some((
            Received {
                lane: self.into,
                crossed: self.crossed,
                now,
            },
            Sending {
                lane: self.out,
                now,
                latency: self.latency,
            },
        ))
    }

    fn transmit(&mut self, now: Instant) -> Option<Sending<'_, 'a>> {
        (!self.out.queue.is_full()).then_some(Sending {
            lane: self.out,
            now,
            latency: self.latency,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = self
            .out
            .queue
            .frame_size()
            .min(self.into.queue.frame_size());
        capabilities
    }
}

/// A frame that arrived. If the token is dropped unused, the frame is still there.
#[derive(Debug)]
pub struct Received<'t, 'a> {
    lane: &'t mut Lane<'a>,
    crossed: &'t mut u64,
    now: Instant,
}

impl RxToken for Received<'_, '_> {
    fn consume<R, F>(self, f: F) -> R
    where
        F: FnOnce(&[u8]) -> R,
    {
        let order = *self.crossed;
        *self.crossed += 1;
        let frame = self.lane.queue.take(self.now, order);
        self.lane.counters.received += 1;
        self.lane.counters.octets += frame.len() as u64;
        f(frame)
    }
}

/// Leave to send one frame.
#[derive(Debug)]
pub struct Sending<'t, 'a> {
    lane: &'t mut Lane<'a>,
    now: Instant,
    latency: Duration,
}

impl TxToken for Sending<'_, '_> {
    /// # Panics
    /// If the stack writes a frame longer than the device says it takes, which smoltcp does not.
    fn consume<R, F>(self, len: usize, f: F) -> R
    where
        F: FnOnce(&mut [u8]) -> R,
    {
        let Lane { queue, counters } = self.lane;
        let octets = queue.free(len);
        octets[..len.min(CLEARED)].fill(0);
        let result = f(octets);
        if queue.is_full() {
            counters.overflowed += 1;
        } else {
            queue.commit(len, self.now, self.now + self.latency, 0);
            counters.sent += 1;
        }
        result
    }
}

#[cfg(test)]
mod tests;
