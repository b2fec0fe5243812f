//! A wire on which somebody else decides what becomes of each TCP segment.
//!
//! Segments are numbered in the order in which they are sent, both directions together. The number
//! and a [`Fault`] make a decision; a schedule is a list of decisions in ascending order. A replay of
//! the same schedule is the same run, octet for octet.

use std::collections::VecDeque;
use std::fmt;

use smolchat::device::Side;
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::{Duration, Instant};

/// Longer than any frame here: the scenarios send a few octets.
const FRAME: usize = 160;
/// One way.
const LATENCY: Duration = Duration::from_millis(5);
/// How long a segment that should change places waits for another one.
const HOLD: Duration = Duration::from_millis(400);
/// When the copy of an old duplicate arrives: after its retransmissions, while others are under way.
const OLD: Duration = Duration::from_millis(3300);

/// What can become of a segment, apart from arriving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It never arrives.
    Lose,
    /// It arrives twice, one after the other.
    Duplicate,
    /// It arrives after the next one in its direction, or late if there is none.
    Swap,
    /// It arrives, and again seconds later.
    Haunt,
}

impl Fault {
    pub(crate) const ALL: [Self; 4] = [Self::Lose, Self::Duplicate, Self::Swap, Self::Haunt];

    const fn letter(self) -> char {
        match self {
            Self::Lose => 'L',
            Self::Duplicate => 'D',
            Self::Swap => 'S',
            Self::Haunt => 'H',
        }
    }
}

/// Which segment, and what becomes of it: `7L` loses the segment with the number 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) segment: u16,
    pub(crate) fault: Fault,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.segment, self.fault.letter())
    }
}

impl Decision {
    /// The reverse of `Display`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (number, letter) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let fault = Fault::ALL
            .into_iter()
            .find(|fault| letter.starts_with(fault.letter()))?;
        Some(Self {
            segment: number.parse().ok()?,
            fault,
        })
    }
}

#[derive(Clone, Copy)]
struct Frame {
    arrives: Instant,
    len: usize,
    octets: [u8; FRAME],
}

/// One direction.
#[derive(Default)]
struct Lane {
    /// In order of arrival.
    queue: VecDeque<Frame>,
    /// Waits for the next one to pass.
    held: Option<Frame>,
}

impl Lane {
    fn push(&mut self, frame: Frame) {
        let place = self
            .queue
            .iter()
            .rposition(|other| other.arrives <= frame.arrives)
            .map_or(0, |place| place + 1);
        self.queue.insert(place, frame);
    }

    /// What is held goes behind what was sent now, or when it waited for long enough.
    fn release(&mut self, arrives: Instant) {
        if let Some(frame) = self.held.take() {
            self.push(Frame { arrives, ..frame });
        }
    }

    fn next(&self) -> Option<Instant> {
        let queued = self.queue.front().map(|frame| frame.arrives);
        let held = self.held.map(|frame| frame.arrives);
        queued.into_iter().chain(held).min()
    }
}

/// The wire, and the schedule that it follows.
pub(crate) struct Cable<'s> {
    schedule: &'s [Decision],
    /// How many segments were sent.
    pub(crate) segments: u16,
    a_to_b: Lane,
    b_to_a: Lane,
}

impl<'s> Cable<'s> {
    pub(crate) fn new(schedule: &'s [Decision]) -> Self {
        Self {
            schedule,
            segments: 0,
            a_to_b: Lane::default(),
            b_to_a: Lane::default(),
        }
    }

    pub(crate) fn end(&mut self, side: Side) -> End<'_, 's> {
        End { cable: self, side }
    }

    /// When something arrives next.
    pub(crate) fn next(&self) -> Option<Instant> {
        let ends = [self.a_to_b.next(), self.b_to_a.next()];
        ends.into_iter().flatten().min()
    }

    fn lane(&mut self, from: Side) -> &mut Lane {
        match from {
            Side::A => &mut self.a_to_b,
            Side::B => &mut self.b_to_a,
        }
    }

    fn fate(&mut self, octets: &[u8]) -> Option<Fault> {
        // IPv4, and TCP in it, between the two nodes: questions after hardware addresses and
        // answers to forged segments are not the subject.
        let tcp = octets.get(12..14) == Some(&[8, 0]) && octets.get(23) == Some(&6);
        let ours = |at: usize| octets.get(at).is_some_and(|number| *number <= 2);
        if !tcp || !ours(29) || !ours(33) {
            return None;
        }
        let number = self.segments;
        self.segments += 1;
        let decision = self.schedule.iter().find(|it| it.segment == number)?;
        Some(decision.fault)
    }

    fn send(&mut self, from: Side, now: Instant, octets: &[u8]) {
        let fate = self.fate(octets);
        let mut frame = Frame {
            arrives: now + LATENCY,
            len: octets.len(),
            octets: [0; FRAME],
        };
        frame.octets[..octets.len()].copy_from_slice(octets);
        let lane = self.lane(from);
        match fate {
            None => lane.push(frame),
            Some(Fault::Lose) => return,
            Some(Fault::Duplicate) => {
                lane.push(frame);
                lane.push(frame);
            }
            Some(Fault::Swap) => {
                lane.release(now + LATENCY);
                lane.held = Some(Frame {
                    arrives: now + HOLD,
                    ..frame
                });
                return;
            }
            Some(Fault::Haunt) => {
                lane.push(frame);
                lane.push(Frame {
                    arrives: now + OLD,
                    ..frame
                });
            }
        }
        lane.release(now + LATENCY);
    }

    fn take(&mut self, from: Side, now: Instant) -> Option<Frame> {
        let lane = self.lane(from);
        if lane.held.is_some_and(|frame| frame.arrives <= now) {
            lane.release(now);
        }
        lane.queue.front().filter(|frame| frame.arrives <= now)?;
        lane.queue.pop_front()
    }
}

/// The device of one node.
pub(crate) struct End<'c, 's> {
    cable: &'c mut Cable<'s>,
    side: Side,
}

pub(crate) struct Received(Frame);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0.octets[..self.0.len])
    }
}

pub(crate) struct Sender<'e, 's> {
    cable: &'e mut Cable<'s>,
    side: Side,
    now: Instant,
}

impl TxToken for Sender<'_, '_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut octets = [0; FRAME];
        let result = f(&mut octets[..len]);
        self.cable.send(self.side, self.now, &octets[..len]);
        result
    }
}

impl<'s> Device for End<'_, 's> {
    type RxToken<'t>
        = Received
    where
        Self: 't;
    type TxToken<'t>
        = Sender<'t, 's>
    where
        Self: 't;

    fn receive(&mut self, now: Instant) -> Option<(Received, Sender<'_, 's>)> {
        let frame = self.cable.take(self.side.other(), now)?;
        let token = self.transmit(now)?;
        Some((Received(frame), token))
    }

    fn transmit(&mut self, now: Instant) -> Option<Sender<'_, 's>> {
        Some(Sender {
            cable: self.cable,
            side: self.side,
            now,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = 1514;
        capabilities
    }
}
