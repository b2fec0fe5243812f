//! The Ethernet controller of the TI Stellaris LM3S6965 (data sheet DS-LM3S6965, chapter 16).
//!
//! The receive FIFO gives a frame as words: the first holds the length in its low half, and the
//! first two octets of the frame in its high half. The length counts those two octets of its own
//! and the four of the check sequence. The number of waiting frames (MACNP) falls only when the
//! last word has been read, so each frame is read to its end and no word further.
//!
//! Not done, because the reference board and its model need none of it: link state (the model's PHY
//! answers 0 to everything), the address filter (the stack filters), and early transmission.

use smoltcp::wire::EthernetAddress;

use super::octets::{pack, unpack, words};
use super::{Arrival, MIN_FRAME, Mac, Refusal};
use crate::registers::{Offset, Registers};

/// Raw interrupt status when read, acknowledge when written.
const MACRIS: Offset = Offset(0x00);
const MACIM: Offset = Offset(0x04);
const MACRCTL: Offset = Offset(0x08);
const MACTCTL: Offset = Offset(0x0C);
const MACDATA: Offset = Offset(0x10);
const MACIA0: Offset = Offset(0x14);
const MACIA1: Offset = Offset(0x18);
const MACNP: Offset = Offset(0x34);
const MACTR: Offset = Offset(0x38);

/// A frame was received.
const INT_RX: u32 = 1 << 0;
/// The receive FIFO was full and a frame was lost.
const INT_FOV: u32 = 1 << 3;
/// Every interrupt there is.
const INT_ALL: u32 = 0x7F;

const RCTL_RXEN: u32 = 1 << 0;
/// Multicast frames too: IPv6 needs them.
const RCTL_AMUL: u32 = 1 << 1;
const RCTL_RSTFIFO: u32 = 1 << 4;

const TCTL_TXEN: u32 = 1 << 0;
/// Pad to the shortest legal frame.
const TCTL_PADEN: u32 = 1 << 1;
/// Append the check sequence.
const TCTL_CRC: u32 = 1 << 2;
const TCTL_DUPLEX: u32 = 1 << 4;

/// A transmission runs, or is asked for.
const TR_NEWTX: u32 = 1 << 0;

/// Octets in front of the frame in the receive FIFO: the length itself.
const LENGTH_FIELD: usize = 2;
/// Octets behind the frame: the check sequence.
const CHECK_SEQUENCE: usize = 4;
/// The receive FIFO's size in octets: no length can be above it.
const FIFO_SIZE: usize = 2048;
/// The Ethernet header, which the transmit length does not count.
const HEADER: usize = 14;

/// The controller, receiving and transmitting.
pub struct StellarisEnet<R> {
    registers: R,
    overruns: u32,
}

impl<R: Registers> StellarisEnet<R> {
    /// Takes the registers over and starts the controller. Frames that came earlier are lost.
    pub fn new(mut registers: R) -> Self {
        registers.write(MACIM, 0);
        registers.write(MACRCTL, RCTL_RSTFIFO);
        registers.write(MACRIS, INT_ALL);
        registers.write(MACTCTL, TCTL_TXEN | TCTL_PADEN | TCTL_CRC | TCTL_DUPLEX);
        registers.write(MACRCTL, RCTL_RXEN | RCTL_AMUL);
        registers.write(MACIM, INT_RX | INT_FOV);
        Self {
            registers,
            overruns: 0,
        }
    }

    /// Empties the queue after a length that no frame can have.
    fn restart_receiver(&mut self) {
        self.registers.clear(MACRCTL, RCTL_RXEN);
        self.registers.set(MACRCTL, RCTL_RSTFIFO);
        self.registers.clear(MACRCTL, RCTL_RSTFIFO);
        self.registers.set(MACRCTL, RCTL_RXEN);
    }

    /// Acknowledges what was raised. Before the queue is looked at, or a frame that comes between
    /// would be acknowledged unseen.
    fn acknowledge(&mut self) {
        let raised = self.registers.read(MACRIS) & (INT_RX | INT_FOV);
        if raised != 0 {
            self.registers.write(MACRIS, raised);
        }
        if raised & INT_FOV != 0 {
            self.overruns = self.overruns.saturating_add(1);
        }
    }
}

impl<R: Registers> Mac for StellarisEnet<R> {
    fn address(&mut self) -> EthernetAddress {
        let low = self.registers.read(MACIA0).to_le_bytes();
        let high = self.registers.read(MACIA1).to_le_bytes();
        EthernetAddress([low[0], low[1], low[2], low[3], high[0], high[1]])
    }

    fn set_address(&mut self, address: EthernetAddress) {
        let [a, b, c, d, e, f] = address.0;
        self.registers
            .write(MACIA0, u32::from_le_bytes([a, b, c, d]));
        self.registers
            .write(MACIA1, u32::from_le_bytes([e, f, 0, 0]));
    }

    fn receive<const FRAME: usize>(&mut self, frame: &mut [u8; FRAME]) -> Arrival {
        if !self.frame_waits() {
            return Arrival::Nothing;
        }
        let first = self.registers.read(MACDATA);
        let length = (first & 0xFFFF) as usize;
        if length > FIFO_SIZE {
            self.restart_receiver();
            return Arrival::Refused(Refusal::OutOfStep);
        }
        frame[..LENGTH_FIELD].copy_from_slice(&first.to_le_bytes()[LENGTH_FIELD..]);
        let rest = words(length).saturating_sub(1);
        unpack(rest, &mut frame[LENGTH_FIELD..], || {
            self.registers.read(MACDATA)
        });
        match length.saturating_sub(LENGTH_FIELD + CHECK_SEQUENCE) {
            0..MIN_FRAME => Arrival::Refused(Refusal::Runt),
            octets if octets <= FRAME => Arrival::Frame(octets),
            _ => Arrival::Refused(Refusal::Oversized),
        }
    }

    fn can_transmit(&mut self) -> bool {
        self.registers.read(MACTR) & TR_NEWTX == 0
    }

    fn transmit(&mut self, frame: &[u8]) {
        let Some((first, rest)) = frame.split_at_checked(LENGTH_FIELD) else {
            return; // Less than half an address: nothing that could be sent.
        };
        let length = frame.len().saturating_sub(HEADER) as u32;
        let head = u32::from(first[0]) << 16 | u32::from(first[1]) << 24;
        self.registers.write(MACDATA, length | head);
        pack(rest, |word| self.registers.write(MACDATA, word));
        self.registers.write(MACTR, TR_NEWTX);
    }

    fn frame_waits(&mut self) -> bool {
        self.acknowledge();
        self.registers.read(MACNP) != 0
    }

    fn take_overruns(&mut self) -> u32 {
        core::mem::take(&mut self.overruns)
    }
}
