//! The Cortex-M3 itself: what every board shares. All `unsafe` of the firmware is here and in
//! `board`, in blocks of a line or two.

pub(crate) mod clock;
pub(crate) mod fault;
pub(crate) mod interrupt;
pub(crate) mod mmio;
pub(crate) mod operator;
pub(crate) mod semihosting;
pub(crate) mod stack;
