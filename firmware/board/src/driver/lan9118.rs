//! The Ethernet controller SMSC LAN9118 (data sheet DS00002266), as on the Arm MPS2 boards.
//!
//! Receiving, it has two FIFOs: a word of status for each frame, and the octets. The status gives the
//! length with the check sequence, so the frame is read to its end and no word further. Sending, two
//! command words go in front of the octets, and each frame leaves a status behind that must be taken.
//!
//! The MAC's own registers sit behind a command and a data register. The PHY negotiates by itself.

use smoltcp::wire::EthernetAddress;

use super::octets::{pack, unpack, words};
use super::{Arrival, MAX_FRAME, MIN_FRAME, Mac, Refusal};
use crate::registers::{Offset, Registers};

const RX_DATA: Offset = Offset(0x00);
const TX_DATA: Offset = Offset(0x20);
const RX_STATUS: Offset = Offset(0x40);
const TX_STATUS: Offset = Offset(0x48);
const IRQ_CFG: Offset = Offset(0x54);
const INT_STS: Offset = Offset(0x58);
const INT_EN: Offset = Offset(0x5C);
const FIFO_INT: Offset = Offset(0x68);
const RX_CFG: Offset = Offset(0x6C);
const TX_CFG: Offset = Offset(0x70);
const HW_CFG: Offset = Offset(0x74);
const RX_FIFO_INF: Offset = Offset(0x7C);
const TX_FIFO_INF: Offset = Offset(0x80);
const RX_DROP: Offset = Offset(0xA0);
const MAC_CSR_CMD: Offset = Offset(0xA4);
const MAC_CSR_DATA: Offset = Offset(0xA8);

/// Push-pull, active high, enabled: the line as an NVIC expects it.
const IRQ_CFG_ACTIVE_HIGH: u32 = 1 << 8 | 1 << 4 | 1 << 0;
/// More frames wait than the level in FIFO_INT says, and that level is 0.
const INT_RSFL: u32 = 1 << 3;

/// Software reset; clears itself.
const HW_CFG_SRST: u32 = 1 << 0;
/// A bit that must be written as one, and 5 KiB of the memory for sending.
const HW_CFG_MEMORY: u32 = 1 << 20 | 5 << 16;
/// Empties both receive FIFOs; clears itself.
const RX_CFG_DUMP: u32 = 1 << 15;
const TX_CFG_ON: u32 = 1 << 1;

/// First and last segment of a frame: it is sent from one piece.
const TX_COMMAND_WHOLE: u32 = 1 << 13 | 1 << 12;
/// The two command words in front of a frame, in octets.
const TX_COMMANDS: usize = 8;

/// The frame was damaged on the wire.
const RX_STATUS_ERROR: u32 = 1 << 15;
const CHECK_SEQUENCE: usize = 4;
/// The receive FIFO's size in octets: no length can be above it.
const FIFO_SIZE: usize = 16 * 1024;

/// Registers behind MAC_CSR_CMD.
const MAC_CR: u32 = 1;
const MAC_ADDRH: u32 = 2;
const MAC_ADDRL: u32 = 3;
const CSR_BUSY: u32 = 1 << 31;
const CSR_READ: u32 = 1 << 30;

const MAC_CR_RXEN: u32 = 1 << 2;
const MAC_CR_TXEN: u32 = 1 << 3;
/// Every multicast frame: IPv6 needs them.
const MAC_CR_MCPAS: u32 = 1 << 19;
const MAC_CR_FDPX: u32 = 1 << 20;

/// How often a self-clearing bit is looked at before it is taken for stuck. The longest wait of the
/// data sheet is 10 us, for the software reset.
const POLLS_MAX: u32 = 10_000;

/// The controller, receiving and transmitting.
pub struct Lan9118<R> {
    registers: R,
}

impl<R: Registers> Lan9118<R> {
    /// Takes the registers over, resets the controller and starts it.
    pub fn new(registers: R) -> Self {
        let mut this = Self { registers };
        this.registers.write(HW_CFG, HW_CFG_SRST);
        this.settle(HW_CFG, HW_CFG_SRST);
        this.registers.write(HW_CFG, HW_CFG_MEMORY);
        this.registers.write(FIFO_INT, 0);
        this.registers.write(RX_CFG, 0);
        this.registers.write(TX_CFG, TX_CFG_ON);
        this.registers.write(INT_STS, u32::MAX);
        this.registers.write(INT_EN, INT_RSFL);
        this.registers.write(IRQ_CFG, IRQ_CFG_ACTIVE_HIGH);
        this.write_mac(
            MAC_CR,
            MAC_CR_RXEN | MAC_CR_TXEN | MAC_CR_MCPAS | MAC_CR_FDPX,
        );
        this
    }

    /// Waits, within bounds, for `mask` to clear. A controller that is stuck will receive nothing,
    /// which the counters show; there is nothing better to do here.
    fn settle(&mut self, at: Offset, mask: u32) {
        for _ in 0..POLLS_MAX {
            if self.registers.read(at) & mask == 0 {
                return;
            }
        }
    }

    fn read_mac(&mut self, index: u32) -> u32 {
        self.registers
            .write(MAC_CSR_CMD, CSR_BUSY | CSR_READ | index);
        self.settle(MAC_CSR_CMD, CSR_BUSY);
        self.registers.read(MAC_CSR_DATA)
    }

    fn write_mac(&mut self, index: u32, value: u32) {
        self.registers.write(MAC_CSR_DATA, value);
        self.registers.write(MAC_CSR_CMD, CSR_BUSY | index);
        self.settle(MAC_CSR_CMD, CSR_BUSY);
    }

    /// Empties the queue after a length that no frame can have. The receiver has to stand still.
    fn restart_receiver(&mut self) {
        let running = self.read_mac(MAC_CR);
        self.write_mac(MAC_CR, running & !MAC_CR_RXEN);
        self.registers.write(RX_CFG, RX_CFG_DUMP);
        self.settle(RX_CFG, RX_CFG_DUMP);
        self.write_mac(MAC_CR, running | MAC_CR_RXEN);
    }
}

impl<R: Registers> Mac for Lan9118<R> {
    fn address(&mut self) -> EthernetAddress {
        let low = self.read_mac(MAC_ADDRL).to_le_bytes();
        let high = self.read_mac(MAC_ADDRH).to_le_bytes();
        EthernetAddress([low[0], low[1], low[2], low[3], high[0], high[1]])
    }

    fn set_address(&mut self, address: EthernetAddress) {
        let [a, b, c, d, e, f] = address.0;
        self.write_mac(MAC_ADDRH, u32::from_le_bytes([e, f, 0, 0]));
        self.write_mac(MAC_ADDRL, u32::from_le_bytes([a, b, c, d]));
    }

    fn receive<const FRAME: usize>(&mut self, frame: &mut [u8; FRAME]) -> Arrival {
        if !self.frame_waits() {
            return Arrival::Nothing;
        }
        let status = self.registers.read(RX_STATUS);
        let length = (status >> 16 & 0x3FFF) as usize;
        if !(CHECK_SEQUENCE..=FIFO_SIZE).contains(&length) {
            self.restart_receiver();
            return Arrival::Refused(Refusal::OutOfStep);
        }
        unpack(words(length), frame, || self.registers.read(RX_DATA));
        if status & RX_STATUS_ERROR != 0 {
            return Arrival::Refused(Refusal::Damaged);
        }
        match length - CHECK_SEQUENCE {
            0..MIN_FRAME => Arrival::Refused(Refusal::Runt),
            octets if octets <= FRAME => Arrival::Frame(octets),
            _ => Arrival::Refused(Refusal::Oversized),
        }
    }

    fn can_transmit(&mut self) -> bool {
        self.registers.read(TX_FIFO_INF) as usize & 0xFFFF >= MAX_FRAME + TX_COMMANDS
    }

    fn transmit(&mut self, frame: &[u8]) {
        // The statuses of frames gone are of no use, but a full status FIFO would stop the sender.
        for _ in 0..self.registers.read(TX_FIFO_INF) >> 16 & 0xFF {
            self.registers.read(TX_STATUS);
        }
        let length = frame.len() as u32;
        self.registers.write(TX_DATA, TX_COMMAND_WHOLE | length);
        self.registers.write(TX_DATA, length);
        pack(frame, |word| self.registers.write(TX_DATA, word));
    }

    fn frame_waits(&mut self) -> bool {
        // Acknowledged before the queue is looked at, or a frame between would go unseen.
        self.registers.write(INT_STS, INT_RSFL);
        self.registers.read(RX_FIFO_INF) >> 16 & 0xFF != 0
    }

    fn take_overruns(&mut self) -> u32 {
        self.registers.read(RX_DROP) // Reading clears it.
    }
}
