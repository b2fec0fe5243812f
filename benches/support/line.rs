//! A device with one frame in and the last frames out, so that the device itself costs two copies.

use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

/// IP MTU in octets.
pub const MTU: usize = 1500;
const FRAME: usize = MTU + 14;

/// The line, seen from the host.
pub struct Line {
    inbound: [u8; FRAME],
    waiting: usize,
    outbound: [u8; FRAME],
    sent: usize,
    /// Frames that the host sent since [`Line::give`].
    pub frames: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            inbound: [0; FRAME],
            waiting: 0,
            outbound: [0; FRAME],
            sent: 0,
            frames: 0,
        }
    }
}

impl Line {
    /// Offers the host a frame.
    pub fn give(&mut self, frame: &[u8]) {
        self.inbound[..frame.len()].copy_from_slice(frame);
        self.waiting = frame.len();
        self.frames = 0;
    }

    /// The last frame that the host sent.
    pub fn last(&self) -> &[u8] {
        &self.outbound[..self.sent]
    }
}

impl Device for Line {
    type RxToken<'t> = Rx<'t>;
    type TxToken<'t> = Tx<'t>;

    fn receive(&mut self, _: Instant) -> Option<(Rx<'_>, Tx<'_>)> {
        let len = core::mem::take(&mut self.waiting);
        let tx = Tx {
            octets: &mut self.outbound,
            sent: &mut self.sent,
            frames: &mut self.frames,
        };
        (len > 0).then_some((Rx(&self.inbound[..len]), tx))
    }

    fn transmit(&mut self, _: Instant) -> Option<Tx<'_>> {
        Some(Tx {
            octets: &mut self.outbound,
            sent: &mut self.sent,
            frames: &mut self.frames,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME;
        capabilities
    }
}

pub struct Rx<'t>(&'t [u8]);

impl RxToken for Rx<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0)
    }
}

pub struct Tx<'t> {
    octets: &'t mut [u8; FRAME],
    sent: &'t mut usize,
    frames: &'t mut usize,
}

impl TxToken for Tx<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        *self.sent = len;
        *self.frames += 1;
        f(&mut self.octets[..len])
    }
}
