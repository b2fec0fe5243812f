//! Faults in transit: loss, duplication, reordering, corruption and delay, for any device.
//!
//! Frames go through a [`Queue`] for each direction, and one function decides about both: what is sent and what is
//! received suffer alike. (smoltcp's own `FaultInjector` corrupts an outgoing frame before it is written, so that has
//! no effect.) A run is a function of its seed.
//!
//! [`Faults`] outlives the device that it is laid over, which may be one end of a [`Wire`](super::Wire) borrowed for
//! one step:
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use smolhost::device::{Fault, Faults, Policy, Wire};
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
//! The caller must also wake at [`Faults::next_deadline`]: held and delayed frames wait here, where neither the node
//! nor the device knows of them.

use fastrand::Rng;
use smoltcp::phy::{Device, DeviceCapabilities, RxToken, TxToken};
use smoltcp::time::{Duration, Instant};

use super::CLEARED;
use super::queue::Queue;

/// What can happen to a frame. Each frame suffers at most one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It is lost.
    Drop,
    /// It arrives twice.
    Duplicate,
    /// It changes places with the next frame; without one it arrives after [`Policy::delay`].
    Reorder,
    /// One bit of it, anywhere, is flipped.
    Corrupt,
    /// It arrives after [`Policy::delay`], and others may overtake it.
    Delay,
}

/// How many frames per thousand suffer each fault. If they add up to more, the first ones take precedence.
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
    /// What happens to the first frame (1), the second (2), and so on. It takes precedence over chance.
    pub script: &'a [(u64, Fault)],
    /// What happens by chance.
    pub shares: Shares,
    /// How much a delayed frame is delayed, and how long a reordered one waits for the next.
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
#[non_exhaustive]
pub struct FaultCounters {
    /// Frames that entered, whatever became of them.
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
    /// Lost because they are longer than the queue allows.
    pub too_long: u64,
}

/// The faults of both directions of a device.
#[derive(Debug)]
pub struct Faults<'a> {
    sent: Lane<'a>,
    received: Lane<'a>,
}

impl<'a> Faults<'a> {
    /// Faults for what is sent and what is received, with a queue for each. Equal seeds and frames give equal faults,
    /// and the directions are independent of each other.
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

    /// The same on the heap, for a frame size in octets (the device's MTU plus 14) and a number of frames each way.
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

    /// When the next waiting frame is due.
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
/// Sent frames that are due leave with every call; see [`Faults::next_deadline`].
#[derive(Debug)]
pub struct Faulty<'f, 'd, 'a, D> {
    faults: &'f mut Faults<'a>,
    device: &'d mut D,
}

impl<D: Device> Faulty<'_, '_, '_, D> {
    /// Sends the frames that are due by `now`. What the device does not accept yet keeps waiting.
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
mod tests;
