//! Devices: where frames come from and go to.
//!
//! Each implements smoltcp's [`phy::Device`](smoltcp::phy::Device). Nothing here knows a node.

mod queue;
mod wire;

pub use queue::{Frame, Frames, Queue, Slot};
pub use wire::{End, Side, Wire, WireCounters};
