//! What the measurements in memory share: a line of one frame, hosts that answer on it, and a peer
//! that costs almost nothing.
//!
//! Time is virtual. A host's turn is what its run loop does between two sleeps.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each measurement uses the part it needs"
)]

pub mod cases;
pub mod hosts;
pub mod line;
pub mod peer;
