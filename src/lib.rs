//! A TCP and UDP chat node that carries its own TCP/IP stack, and shows what that stack does.
//!
//! The rooms of the house, from the ground up:
//!
//! - [`device`], [`trace`], [`origin`], [`node`], `pair`: the stack, a crate of its own that knows no chat,
//!   [`smolhost`].
//! - [`chat`]: octets and peers in, octets and peers out. Knows none of the above but [`origin`].
//! - [`app`]: the chat on the node, with [`web`] for browsers. The same on Linux and on a board.
//! - `capture`, `explain`, `lang` (on an operating system): capture files; what a ladder's rows mean, and in which words.
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
pub use smolhost::smoltcp;

pub mod app;
#[cfg(feature = "linux")]
pub mod capture;
pub mod chat;
#[cfg(feature = "linux")]
pub mod explain;
#[cfg(feature = "linux")]
pub mod lang;
pub mod web;

#[cfg(feature = "std")]
pub use smolhost::pair;
pub use smolhost::{deadlines, device, node, origin, plural, trace};
