//! What a driver needs of a peripheral.
//!
//! A driver owns one window of registers and names them by their offset. The image gives it real
//! addresses; a test gives it a model. Nothing else in a driver is tied to the machine.

/// The offset of a 32-bit register from the start of its peripheral, in octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset(pub u16);

/// The registers of one peripheral. Every access reaches the hardware, in program order.
pub trait Registers {
    /// Reads a register. Reading may have an effect, such as taking a word out of a FIFO.
    fn read(&mut self, at: Offset) -> u32;

    /// Writes a register.
    fn write(&mut self, at: Offset, value: u32);

    /// Sets the bits of `mask` and leaves the others.
    fn set(&mut self, at: Offset, mask: u32) {
        let value = self.read(at);
        self.write(at, value | mask);
    }

    /// Clears the bits of `mask` and leaves the others.
    fn clear(&mut self, at: Offset, mask: u32) {
        let value = self.read(at);
        self.write(at, value & !mask);
    }
}
