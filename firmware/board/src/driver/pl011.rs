//! The UART of the Stellaris family, a PL011 (Arm DDI 0183; LM3S6965 data sheet, chapter 12).

use super::Uart;
use crate::registers::{Offset, Registers};

const DR: Offset = Offset(0x000);
const FR: Offset = Offset(0x018);
const IBRD: Offset = Offset(0x024);
const FBRD: Offset = Offset(0x028);
const LCRH: Offset = Offset(0x02C);
const CTL: Offset = Offset(0x030);
const IM: Offset = Offset(0x038);
const ICR: Offset = Offset(0x044);

const FR_RXFE: u32 = 1 << 4;
const FR_TXFF: u32 = 1 << 5;
/// Eight data bits, FIFOs on.
const LCRH_8N1_FIFO: u32 = 0b11 << 5 | 1 << 4;
const CTL_ENABLE: u32 = 1 << 0 | 1 << 8 | 1 << 9;
/// Octets arrived, or fewer than the trigger level wait for a while.
const INT_RECEIVE: u32 = 1 << 4 | 1 << 6;
const INT_TRANSMIT: u32 = 1 << 5;
const INT_ALL: u32 = 0x7F0;

/// One UART, 8 data bits, no parity, one stop bit.
pub struct Pl011<R> {
    registers: R,
}

impl<R: Registers> Pl011<R> {
    /// Takes the registers over and sets the speed in bits a second, from a UART clock of `clock_hz`.
    pub fn new(mut registers: R, clock_hz: u32, baud: u32) -> Self {
        // The divisor is clock / (16 * baud), in 64ths, rounded.
        let divisor = (clock_hz * 4 + baud / 2) / baud;
        registers.write(CTL, 0);
        registers.write(IBRD, divisor / 64);
        registers.write(FBRD, divisor % 64);
        registers.write(LCRH, LCRH_8N1_FIFO); // Latches the divisor, so it comes after it.
        registers.write(CTL, CTL_ENABLE);
        registers.write(IM, INT_RECEIVE);
        Self { registers }
    }
}

impl<R: Registers> Uart for Pl011<R> {
    fn receive(&mut self) -> Option<u8> {
        if self.registers.read(FR) & FR_RXFE != 0 {
            return None;
        }
        Some(self.registers.read(DR) as u8) // The upper bits tell of framing errors and breaks.
    }

    fn can_transmit(&mut self) -> bool {
        self.registers.read(FR) & FR_TXFF == 0
    }

    fn transmit(&mut self, octet: u8) {
        self.registers.write(DR, u32::from(octet));
    }

    fn acknowledge(&mut self, transmit: bool, receive: bool) {
        self.registers.write(ICR, INT_ALL);
        let transmit = if transmit { INT_TRANSMIT } else { 0 };
        let receive = if receive { INT_RECEIVE } else { 0 };
        self.registers.write(IM, transmit | receive);
    }
}
