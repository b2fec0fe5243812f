//! The UART of Arm's Cortex-M System Design Kit (DDI 0479, section 4.3), as on the MPS2 boards. It
//! holds one octet in each direction.

use super::Uart;
use crate::registers::{Offset, Registers};

const DATA: Offset = Offset(0x00);
const STATE: Offset = Offset(0x04);
const CTRL: Offset = Offset(0x08);
const INTCLEAR: Offset = Offset(0x0C);
const BAUDDIV: Offset = Offset(0x10);

const STATE_TX_FULL: u32 = 1 << 0;
const STATE_RX_FULL: u32 = 1 << 1;
const CTRL_ENABLE: u32 = 1 << 0 | 1 << 1;
const CTRL_TX_INTERRUPT: u32 = 1 << 2;
const CTRL_RX_INTERRUPT: u32 = 1 << 3;
const INT_ALL: u32 = 0xF;

/// One UART, 8 data bits, no parity, one stop bit.
pub struct CmsdkUart<R> {
    registers: R,
}

impl<R: Registers> CmsdkUart<R> {
    /// Takes the registers over and sets the speed in bits a second, from a UART clock of `clock_hz`.
    pub fn new(mut registers: R, clock_hz: u32, baud: u32) -> Self {
        registers.write(BAUDDIV, clock_hz / baud);
        registers.write(CTRL, CTRL_ENABLE | CTRL_RX_INTERRUPT);
        Self { registers }
    }
}

impl<R: Registers> Uart for CmsdkUart<R> {
    fn receive(&mut self) -> Option<u8> {
        if self.registers.read(STATE) & STATE_RX_FULL == 0 {
            return None;
        }
        Some(self.registers.read(DATA) as u8)
    }

    fn can_transmit(&mut self) -> bool {
        self.registers.read(STATE) & STATE_TX_FULL == 0
    }

    fn transmit(&mut self, octet: u8) {
        self.registers.write(DATA, u32::from(octet));
    }

    fn acknowledge(&mut self, transmit: bool, receive: bool) {
        self.registers.write(INTCLEAR, INT_ALL);
        let transmit = if transmit { CTRL_TX_INTERRUPT } else { 0 };
        let receive = if receive { CTRL_RX_INTERRUPT } else { 0 };
        self.registers.write(CTRL, CTRL_ENABLE | transmit | receive);
    }
}
