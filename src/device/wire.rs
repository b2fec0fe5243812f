//! Two ends of an Ethernet cable in memory.
//!
//! For tests, for the demo without a TAP, for benchmarks, and for a model checker that delivers,
//! loses, duplicates and swaps any frame on its way. A frame arrives a fixed latency after it was
//! sent; time is whatever the caller says it is. Frames that were received stay readable as far back
//! as the memory reaches ([`Wire::crossed`]).
//!
//! The caller steps its two nodes in turn, each with its own end, and moves the time on to the next
//! arrival when both have nothing more to do:
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use smolchat::device::{Side, Wire};
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
    /// A cable over two queues. Its MTU is the lesser one of their frame sizes, less 14 octets.
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

    /// Frames sent from now on take this long.
    pub const fn set_latency(&mut self, latency: Duration) {
        self.latency = latency;
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

    /// The frames on their way from `from`, and what can be done to them.
    pub const fn queue(&self, from: Side) -> &Queue<'a> {
        match from {
            Side::A => &self.a_to_b.queue,
            Side::B => &self.b_to_a.queue,
        }
    }

    /// The same, to lose, duplicate, swap, change or add frames.
    pub const fn queue_mut(&mut self, from: Side) -> &mut Queue<'a> {
        match from {
            Side::A => &mut self.a_to_b.queue,
            Side::B => &mut self.b_to_a.queue,
        }
    }

    /// Sends a frame made by hand as if the node at `from` had. False if it is too long or the
    /// queue is full.
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

    /// The frames received at either end that are still in memory, with the end that sent each, in
    /// the order in which they were received.
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
/// When the queue is full, [`Device::transmit`] has no token and the stack waits. An answer to a
/// received frame cannot wait; it is lost and counted.
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
mod tests {
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
}
