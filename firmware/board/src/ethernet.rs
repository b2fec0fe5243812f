//! The third layer of the Ethernet drivers: a smoltcp `Device` over any [`Mac`].
//!
//! One scratch frame in each direction, lent by the caller. A frame is copied out of the hardware
//! before a token for it exists, so a token that is dropped leaves nothing behind in the queue.

use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;
use smoltcp::wire::EthernetAddress;

use crate::driver::{Arrival, MAX_FRAME, Mac, Refusal};

/// The frames one call to `receive` throws away at most, before it lets the caller do other work.
const REFUSALS_AT_ONCE: usize = 8;

/// What the device handed on and what it did not. Counts stand still at their largest value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames handed to the stack.
    pub received: u32,
    /// Frames handed to the hardware.
    pub sent: u32,
    /// Frames too short to be one.
    pub runts: u32,
    /// Frames longer than there is room for.
    pub oversized: u32,
    /// Frames damaged on the wire.
    pub damaged: u32,
    /// Times the receive queue had to be emptied to find a frame's start again.
    pub out_of_step: u32,
    /// Times the hardware lost frames because its queue was full.
    pub overruns: u32,
}

/// A MAC with a scratch frame in each direction, of `FRAME` octets: 590 at least, the header of Ethernet counted. The
/// stack is told how long its frames may be.
pub struct Ethernet<'a, M, const FRAME: usize = MAX_FRAME> {
    mac: M,
    rx: &'a mut [u8; FRAME],
    tx: &'a mut [u8; FRAME],
    counters: Counters,
}

impl<'a, M: Mac, const FRAME: usize> Ethernet<'a, M, FRAME> {
    /// Joins a MAC with the memory of its two scratch frames.
    pub fn new(mac: M, rx: &'a mut [u8; FRAME], tx: &'a mut [u8; FRAME]) -> Self {
        const { assert!(FRAME >= 590, "hosts could not speak IPv4 otherwise") };
        Self {
            mac,
            rx,
            tx,
            counters: Counters::default(),
        }
    }

    /// The station address.
    pub fn address(&mut self) -> EthernetAddress {
        self.mac.address()
    }

    /// Takes another station address.
    pub fn set_address(&mut self, address: EthernetAddress) {
        self.mac.set_address(address);
    }

    /// The counts since the start.
    pub fn counters(&mut self) -> Counters {
        let overruns = self.mac.take_overruns();
        self.counters.overruns = self.counters.overruns.saturating_add(overruns);
        self.counters
    }

    /// Whether a frame waits. After `false`, the next one raises the interrupt.
    pub fn frame_waits(&mut self) -> bool {
        self.mac.frame_waits()
    }

    fn count(&mut self, refusal: Refusal) {
        let counter = match refusal {
            Refusal::Runt => &mut self.counters.runts,
            Refusal::Oversized => &mut self.counters.oversized,
            Refusal::Damaged => &mut self.counters.damaged,
            Refusal::OutOfStep => &mut self.counters.out_of_step,
        };
        *counter = counter.saturating_add(1);
    }
}

impl<M: Mac, const FRAME: usize> Device for Ethernet<'_, M, FRAME> {
    type RxToken<'t>
        = Received<'t>
    where
        Self: 't;
    type TxToken<'t>
        = Sending<'t, M, FRAME>
    where
        Self: 't;

    fn receive(&mut self, _now: Instant) -> Option<(Received<'_>, Sending<'_, M, FRAME>)> {
        if !self.mac.can_transmit() {
            return None; // A frame may ask for an answer: it waits until there is room for one.
        }
        for _ in 0..REFUSALS_AT_ONCE {
            match self.mac.receive(self.rx) {
                Arrival::Nothing => return None,
                Arrival::Refused(refusal) => self.count(refusal),
                Arrival::Frame(length) => {
                    self.counters.received = self.counters.received.saturating_add(1);
                    let answer = Sending {
                        mac: &mut self.mac,
                        frame: self.tx,
                        sent: &mut self.counters.sent,
                    };
                    return Some((Received(&self.rx[..length]), answer));
                }
            }
        }
        None
    }

    fn transmit(&mut self, _now: Instant) -> Option<Sending<'_, M, FRAME>> {
        self.mac.can_transmit().then_some(Sending {
            mac: &mut self.mac,
            frame: self.tx,
            sent: &mut self.counters.sent,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME.min(1514);
        capabilities
    }
}

/// A frame that was copied out of the hardware.
pub struct Received<'t>(&'t [u8]);

impl RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(self.0)
    }
}

/// Room for one frame in the hardware. Dropped unused, it leaves nothing behind.
pub struct Sending<'t, M, const FRAME: usize = MAX_FRAME> {
    mac: &'t mut M,
    frame: &'t mut [u8; FRAME],
    sent: &'t mut u32,
}

impl<M: Mac, const FRAME: usize> TxToken for Sending<'_, M, FRAME> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, fill: F) -> R {
        // The stack keeps to the capabilities, so `length` fits.
        let frame = &mut self.frame[..length];
        let result = fill(frame);
        self.mac.transmit(frame);
        *self.sent = self.sent.saturating_add(1);
        result
    }
}
