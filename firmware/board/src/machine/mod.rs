//! The Cortex-M3 itself: what every board shares. All `unsafe` of the firmware is here and in
//! `board`, in blocks of a line or two.

pub mod clock;
pub mod fault;
pub mod interrupt;
pub mod mmio;
pub mod operator;
pub mod semihosting;
pub mod stack;
