//! The registers of a peripheral at their address.

use core::ptr;

use crate::registers::{Offset, Registers};

/// A window of 32-bit registers, `SIZE` octets long.
pub struct Mmio<const SIZE: usize> {
    base: usize,
}

impl<const SIZE: usize> Mmio<SIZE> {
    /// The window that starts at `base`.
    ///
    /// # Safety
    /// `base` is a multiple of 4. A peripheral with 32-bit registers, and no memory that Rust knows
    /// of, answers at every address from `base` to `base + SIZE`. Nothing else in the program uses
    /// that peripheral while this window exists.
    pub const unsafe fn new(base: usize) -> Self {
        Self { base }
    }

    fn address(&self, at: Offset) -> *mut u32 {
        let offset = usize::from(at.0);
        assert!(
            offset + size_of::<u32>() <= SIZE && offset.is_multiple_of(4),
            "register outside its peripheral"
        );
        ptr::with_exposed_provenance_mut(self.base + offset)
    }
}

impl<const SIZE: usize> Registers for Mmio<SIZE> {
    fn read(&mut self, at: Offset) -> u32 {
        let register = self.address(at);
        // SAFETY: Valid, because the offset is inside the window and a multiple of 4 (asserted), and
        // whoever made the window vouched for every address in it. No alias, because the window is
        // the only one of its peripheral, is borrowed mutably here, and covers no Rust object.
        unsafe { register.read_volatile() }
    }

    fn write(&mut self, at: Offset, value: u32) {
        let register = self.address(at);
        // SAFETY: As for reading; what the write makes the hardware do is the driver's business, and
        // no driver here hands the hardware an address in memory.
        unsafe { register.write_volatile(value) }
    }
}
