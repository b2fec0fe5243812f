//! Devices: where frames come from and go to.
//!
//! Each implements smoltcp's [`phy::Device`](smoltcp::phy::Device). Nothing here knows a node.

mod faults;
#[cfg(feature = "tap")]
mod habit;
#[cfg(feature = "tap")]
mod offload;
mod queue;
#[cfg(feature = "tap")]
mod tap;
mod wire;

pub use faults::{Fault, FaultCounters, Faults, Faulty, Policy, Shares};
#[cfg(feature = "tap")]
pub use offload::MAX_SEGMENT_FRAME;
pub use queue::{Frame, Frames, Queue, Slot};
#[cfg(feature = "tap")]
pub use tap::{MAX_MTU, MAX_NAME, Tap, TapCounters, TapError, is_interface_name};
pub use wire::{End, Side, Wire, WireCounters};

/// How much of a frame's memory is cleared before smoltcp writes to it: the longest headers, whose
/// unused fields it does not write (those of ICMP errors, for one).
const CLEARED: usize = 96;
