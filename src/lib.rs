//! A TCP and UDP chat node that carries its own TCP/IP stack, and shows what that stack does.
//!
//! The modules, from the bottom up:
//!
//! - [`device`], [`trace`], [`origin`], [`node`], `pair`: the stack, a crate of its own that is independent of the
//!   chat: [`smolhost`].
//! - [`chat`]: octets and peers in, octets and peers out. Depends on none of the above but [`origin`].
//! - [`app`]: the chat on the node, with [`web`] for browsers. The same on Linux and on a board.
//! - `capture` (on an operating system): capture files.
//! - `explain`, `lang` (on Linux): what the rows of a ladder mean, and in which words.
//! - `picture` (on an operating system): ladders as pictures, and as lines for programs.
//! - `lab` (on an operating system): questions about TCP and UDP, answered by experiments on two nodes in memory.
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
//! Time only moves forward, and is an argument, as are randomness and memory. No call blocks, allocates, or panics on
//! anything a peer sends. Each call does a bounded amount of work, which does not grow with the number of idle
//! connections. Everything that happens is recorded in the [`trace::Journal`]: nothing is dropped silently.
//!
//! # Features
#![doc = document_features::document_features!()]
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "std")]
extern crate std;

/// The smoltcp release that this crate is built on: times, addresses and devices are its types.
pub use smolhost::smoltcp;

pub mod app;
#[cfg(feature = "lab")]
pub mod capture;
pub mod chat;
#[cfg(feature = "lab")]
pub mod explain;
#[cfg(feature = "lab")]
pub mod lab;
#[cfg(feature = "lab")]
pub mod lang;
#[cfg(feature = "lab")]
pub mod picture;
pub mod web;

#[cfg(feature = "std")]
pub use smolhost::pair;
pub use smolhost::{deadlines, device, node, origin, plural, trace};
