//! A TCP and UDP chat node that carries its own TCP/IP stack, and shows what that stack does.
//!
//! The rooms of the house, from the ground up:
//!
//! - [`device`]: where frames come from and go to. Knows nobody.
//! - [`trace`]: what happened: events, the journal, the RFC's state diagram as data, ladders. Knows
//!   nobody.
//! - [`origin`]: who shares with whom, when something is scarce. Knows nobody.
//! - [`node`]: the stack. One smoltcp interface, one socket set for each connection, a gate in front.
//! - [`chat`]: octets and peers in, octets and peers out. Knows none of the above but [`origin`].
//! - [`app`]: the chat on the node, with [`web`] for browsers. The same on Linux and on a board.
//! - `pair` and `capture` (on an operating system): two nodes on a wire; capture files.
//!
//! # The contract of the run loop
//!
//! ```text
//! loop {
//!     node.poll_ingress(now, &mut device);
//!     app.run(now, &mut node, &mut screen);
//!     let egress = node.poll_egress(now, &mut device);
//!     app.show(now, &node, &mut screen);
//!     let deadline = earliest(&[egress, app.deadline()]);
//!     sleep until the device is readable or the deadline is reached
//! }
//! ```
//!
//! Time only goes forward, and is an argument, as are randomness and memory. No call blocks, allocates, or
//! panics on what a peer sends. Each does a bounded amount of work, which does not grow with the number of
//! connections that are idle. Whatever happens is in the [`trace::Journal`]: nothing is dropped in
//! silence.
//!
//! # Features
#![doc = document_features::document_features!()]
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "std")]
extern crate std;

/// The release that this crate is made for: times, addresses and devices are its.
pub use smoltcp;

pub mod app;
#[cfg(feature = "linux")]
pub mod capture;
pub mod chat;
pub mod device;
pub mod node;
mod opaque;
pub mod origin;
#[cfg(feature = "std")]
pub mod pair;
pub mod plural;
pub mod trace;
pub mod web;
