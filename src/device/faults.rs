//! Faults on the way: loss, duplication, reordering, corruption, delay, for any device.
//!
//! Frames go through a [`Queue`] for each direction, and one body decides about both: what is sent
//! and what is received suffer alike. (smoltcp's own `FaultInjector` corrupts a frame that is sent
//! before it is written, so that nothing comes of it.) A run is a function of its seed.
//!
//! [`Faults`] outlives the device it is laid over, which may be one end of a
//! [`Wire`](super::Wire) borrowed for one step:
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use smolchat::device::{Fault, Faults, Policy, Wire};
//! use smoltcp::phy::{Device, TxToken};
//! use smoltcp::time::{Duration, Instant};
//!
//! let mut wire = Wire::heap(Duration::ZERO, 1500, 16);
//! let lossy = Policy { script: &[(1, Fault::Drop)], ..Policy::NONE };
//! let mut faults = Faults::heap(1, lossy, Policy::NONE, 1514, 16);
//! let mut end = wire.end_a();
//! faults.over(&mut end).transmit(Instant::ZERO).unwrap().consume(60, |frame| frame.fill(7));
//! assert_eq!(faults.sent().dropped, 1);
//! assert_eq!(wire.next_arrival(), None);
//! # }
//! ```
//!
//! The caller also wakes at [`Faults::next_deadline`]: held and delayed frames wait here, where
//! neither the node nor the device knows of them.

use fastrand::Rng;
use smoltcp::phy::{Device, DeviceCapabilities, RxToken, TxToken};
use smoltcp::time::{Duration, Instant};

use super::CLEARED;
use super::queue::Queue;

/// What can happen to a frame. At most one of these happens to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It is lost.
    Drop,
    /// It arrives twice.
    Duplicate,
    /// It changes places with the next frame; without one it arrives after [`Policy::delay`].
    Reorder,
    /// One bit of it, anywhere, is turned over.
    Corrupt,
    /// It arrives after [`Policy::delay`], and others may overtake it.
    Delay,
}

/// How many frames of a thousand suffer each fault. If they add up to more, the first ones win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shares {
    /// Per mille of frames lost.
    pub drop: u16,
    /// Per mille of frames that arrive twice.
    pub duplicate: u16,
    /// Per mille of frames that change places with the next.
    pub reorder: u16,
    /// Per mille of frames with a wrong bit.
    pub corrupt: u16,
    /// Per mille of frames that arrive late.
    pub delay: u16,
}

impl Shares {
    const fn pick(&self, mut drawn: u16) -> Option<Fault> {
        let shares = [
            (self.drop, Fault::Drop),
            (self.duplicate, Fault::Duplicate),
            (self.reorder, Fault::Reorder),
            (self.corrupt, Fault::Corrupt),
            (self.delay, Fault::Delay),
        ];
        let mut at = 0;
        while at < shares.len() {
            let (share, fault) = shares[at];
            if drawn < share {
                return Some(fault);
            }
            drawn -= share;
            at += 1;
        }
        None
    }
}

/// What one direction does to its frames.
#[derive(Debug, Clone, Copy)]
pub struct Policy<'a> {
    /// By ordinal: what happens to the first frame (1), the second (2), and so on. It goes before
    /// the chances.
    pub script: &'a [(u64, Fault)],
    /// By chance.
    pub shares: Shares,
    /// How late a delayed frame is, and how long a reordered one waits for the next.
    pub delay: Duration,
}

impl Policy<'_> {
    /// Every frame arrives as it was sent.
    pub const NONE: Self = Self {
        script: &[],
        shares: Shares {
            drop: 0,
            duplicate: 0,
            reorder: 0,
            corrupt: 0,
            delay: 0,
        },
        delay: Duration::from_millis(10),
    };
}

impl Default for Policy<'_> {
    fn default() -> Self {
        Self::NONE
    }
}

/// What one direction did to its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FaultCounters {
    /// Frames that came in, whatever became of them.
    pub frames: u64,
    /// Lost.
    pub dropped: u64,
    /// Sent on twice.
    pub duplicated: u64,
    /// Held back for the next frame.
    pub reordered: u64,
    /// Sent on with a wrong bit.
    pub corrupted: u64,
    /// Sent on late.
    pub delayed: u64,
    /// Lost, or not duplicated, because the queue was full.
    pub overflowed: u64,
    /// Lost because they are longer than the queue takes.
    pub too_long: u64,
}

/// The faults of both directions of a device.
#[derive(Debug)]
pub struct Faults<'a> {
    sent: Lane<'a>,
    received: Lane<'a>,
}

impl<'a> Faults<'a> {
    /// Faults for what is sent and what is received, over a queue for each. Equal seeds and frames
    /// give equal faults, and neither direction depends on the other.
    ///
    /// A queue of a few frames is enough, unless many are delayed for long.
    pub fn new(
        seed: u64,
        sent: (Policy<'a>, Queue<'a>),
        received: (Policy<'a>, Queue<'a>),
    ) -> Self {
        let mut seeds = Rng::with_seed(seed);
        Self {
            sent: Lane::new(seeds.fork(), sent),
            received: Lane::new(seeds.fork(), received),
        }
    }

    /// The same on the heap, for a frame size in octets (of the device: its MTU and 14) and a
    /// number of frames each way.
    #[cfg(feature = "std")]
    pub fn heap(
        seed: u64,
        sent: Policy<'a>,
        received: Policy<'a>,
        frame_size: usize,
        frames: usize,
    ) -> Self {
        let queue = || Queue::heap(frame_size, frames);
        Self::new(seed, (sent, queue()), (received, queue()))
    }

    /// The device with these faults.
    pub const fn over<'f, 'd, D: Device>(&'f mut self, device: &'d mut D) -> Faulty<'f, 'd, 'a, D> {
        Faulty {
            faults: self,
            device,
        }
    }

    /// When the next waiting frame goes on.
    pub fn next_deadline(&self) -> Option<Instant> {
        let deadlines = (
            self.sent.queue.next_arrival(),
            self.received.queue.next_arrival(),
        );
        match deadlines {
            (Some(sent), Some(received)) => Some(sent.min(received)),
            (one, other) => one.or(other),
        }
    }

    /// What was done to frames that were sent.
    pub const fn sent(&self) -> FaultCounters {
        self.sent.counters
    }

    /// What was done to frames that were received.
    pub const fn received(&self) -> FaultCounters {
        self.received.counters
    }
}

/// One direction.
#[derive(Debug)]
struct Lane<'a> {
    policy: Policy<'a>,
    queue: Queue<'a>,
    rng: Rng,
    counters: FaultCounters,
    // The ordinal of the frame that waits for the next one to overtake it.
    held: Option<u64>,
}

impl<'a> Lane<'a> {
    fn new(rng: Rng, (policy, queue): (Policy<'a>, Queue<'a>)) -> Self {
        Self {
            policy,
            queue,
            rng,
            counters: FaultCounters::default(),
            held: None,
        }
    }

    /// Takes a frame of `len` octets that `write` writes, and lets happen to it what is to happen.
    fn admit<R>(&mut self, now: Instant, len: usize, write: impl FnOnce(&mut [u8]) -> R) -> R {
        self.counters.frames += 1;
        let ordinal = self.counters.frames;
        let fault = self.fault(ordinal);
        let turned = self.rng.usize(..len.max(1) * 8);

        let octets = self.queue.free(len);
        octets[..len.min(CLEARED)].fill(0);
        let result = write(octets);
        if fault == Some(Fault::Corrupt) && len > 0 {
            octets[turned / 8] ^= 1 << (turned % 8);
        }
        if fault == Some(Fault::Drop) {
            self.counters.dropped += 1;
        } else if self.queue.is_full() {
            self.counters.overflowed += 1;
        } else {
            self.send_on(now, len, ordinal, fault);
        }
        result
    }

    fn fault(&mut self, ordinal: u64) -> Option<Fault> {
        // Drawn for every frame, so that a script changes nothing for the frames it does not name.
        let drawn = self.rng.u16(..1000);
        let scripted = self.policy.script.iter().find(|(at, _)| *at == ordinal);
        match scripted {
            Some((_, fault)) => Some(*fault),
            None => self.policy.shares.pick(drawn),
        }
    }

    fn send_on(&mut self, now: Instant, len: usize, ordinal: u64, fault: Option<Fault>) {
        // It may have gone on by itself.
        let held = self.held.take().filter(|held| self.find(*held).is_some());
        let late = now + self.policy.delay;
        let arrives = match fault {
            Some(Fault::Delay) => late,
            // Of two neighbours that are to change places, the first one waits.
            Some(Fault::Reorder) if held.is_none() => late,
            Some(Fault::Drop | Fault::Duplicate | Fault::Reorder | Fault::Corrupt) | None => now,
        };
        self.queue.commit(len, now, arrives, ordinal);
        if let Some(index) = held.and_then(|held| self.find(held)) {
            self.queue.reschedule(index, arrives);
        } else if fault == Some(Fault::Reorder) {
            self.held = Some(ordinal);
        }
        self.count(fault, ordinal);
    }

    fn count(&mut self, fault: Option<Fault>, ordinal: u64) {
        let counters = &mut self.counters;
        match fault {
            None => (),
            Some(Fault::Drop) => counters.dropped += 1,
            Some(Fault::Reorder) => counters.reordered += 1,
            Some(Fault::Corrupt) => counters.corrupted += 1,
            Some(Fault::Delay) => counters.delayed += 1,
            Some(Fault::Duplicate) => {
                let done = self
                    .find(ordinal)
                    .is_some_and(|index| self.queue.duplicate(index));
                if done {
                    self.counters.duplicated += 1;
                } else {
                    self.counters.overflowed += 1;
                }
            }
        }
    }

    fn find(&self, ordinal: u64) -> Option<usize> {
        self.queue.frames().position(|frame| frame.order == ordinal)
    }

    fn is_due(&self, now: Instant) -> bool {
        self.queue.next_arrival().is_some_and(|at| at <= now)
    }
}

/// A device with faults.
///
/// Sent frames that are due leave at every call; see [`Faults::next_deadline`].
#[derive(Debug)]
pub struct Faulty<'f, 'd, 'a, D> {
    faults: &'f mut Faults<'a>,
    device: &'d mut D,
}

impl<D: Device> Faulty<'_, '_, '_, D> {
    /// Sends what has waited until now. What the device does not take yet goes on waiting.
    pub fn flush(&mut self, now: Instant) {
        flush(&mut self.faults.sent, self.device, now);
    }

    // Bounded: a device that never runs dry is left for the next call.
    fn fill(&mut self, now: Instant) {
        let lane = &mut self.faults.received;
        for _ in 0..lane.queue.capacity() {
            if lane.queue.is_full() {
                return;
            }
            let Some((token, _)) = self.device.receive(now) else {
                return;
            };
            token.consume(|frame| {
                if frame.len() > lane.queue.frame_size() {
                    lane.counters.frames += 1;
                    lane.counters.too_long += 1;
                } else {
                    lane.admit(now, frame.len(), |octets| octets.copy_from_slice(frame));
                }
            });
        }
    }
}

fn flush<D: Device>(lane: &mut Lane<'_>, device: &mut D, now: Instant) {
    while lane.is_due(now) {
        let Some(token) = device.transmit(now) else {
            return;
        };
        let frame = lane.queue.take(now, 0);
        token.consume(frame.len(), |octets| octets.copy_from_slice(frame));
    }
}

impl<'a, D: Device> Device for Faulty<'_, '_, 'a, D> {
    type RxToken<'t>
        = Received<'t, 'a>
    where
        Self: 't;
    type TxToken<'t>
        = Sending<'t, 'a, D>
    where
        Self: 't;

    fn receive(&mut self, now: Instant) -> Option<(Received<'_, 'a>, Sending<'_, 'a, D>)> {
        self.flush(now);
        self.fill(now);
        let Faults { sent, received } = &mut *self.faults;
        received.is_due(now).then_some((
            Received {
                lane: received,
                now,
            },
            Sending {
                lane: sent,
                device: self.device,
                now,
            },
        ))
    }

    fn transmit(&mut self, now: Instant) -> Option<Sending<'_, 'a, D>> {
        self.flush(now);
        let lane = &mut self.faults.sent;
        (!lane.queue.is_full()).then_some(Sending {
            lane,
            device: self.device,
            now,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = self.device.capabilities();
        capabilities.max_transmission_unit = capabilities
            .max_transmission_unit
            .min(self.faults.sent.queue.frame_size());
        capabilities
    }
}

/// A frame that arrived. If the token is dropped unused, the frame is still there.
#[derive(Debug)]
pub struct Received<'t, 'a> {
    lane: &'t mut Lane<'a>,
    now: Instant,
}

impl RxToken for Received<'_, '_> {
    fn consume<R, F>(self, f: F) -> R
    where
        F: FnOnce(&[u8]) -> R,
    {
        f(self.lane.queue.take(self.now, 0))
    }
}

/// Leave to send one frame.
#[derive(Debug)]
pub struct Sending<'t, 'a, D> {
    lane: &'t mut Lane<'a>,
    device: &'t mut D,
    now: Instant,
}

impl<D: Device> TxToken for Sending<'_, '_, D> {
    /// # Panics
    /// If the stack writes a frame longer than the device says it takes, which smoltcp does not.
    fn consume<R, F>(self, len: usize, f: F) -> R
    where
        F: FnOnce(&mut [u8]) -> R,
    {
        let result = self.lane.admit(self.now, len, f);
        flush(self.lane, self.device, self.now);
        result
    }
}

#[cfg(test)]
mod tests {
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
}
