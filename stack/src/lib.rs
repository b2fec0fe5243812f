//! A TCP/IP host on smoltcp, for programs with and without an operating system, that shows what it does.
//!
//! smoltcp has the protocols; this has what a host does around them. A [`node::Node`] listens with a backlog and
//! accepts, answers strangers without a listener, keeps TIME-WAIT in entries of 48 octets, finds its neighbours, holds
//! out against floods with SYN cookies and shares, and writes down every segment and every change of state with its
//! cause. `no_std`, no allocation, no panic on what a peer sends.
//!
//! - [`device`]: where frames come from and go to. Knows nobody.
//! - [`trace`]: what happened: events, the journal, the RFC's state diagram as data, ladders. Knows
//!   nobody.
//! - [`origin`], [`deadlines`]: who shares with whom when something is scarce, and who is due when. Know nobody.
//! - [`node`]: the stack. One smoltcp interface, one socket set for each connection, a gate in front.
//! - `nal` (with `async`): the traits of `edge-nal` and `embedded-io-async` over a node.
//! - `pair` (on an operating system): two nodes on a wire in memory.
//!
//! # The contract of the run loop
//!
//! ```text
//! loop {
//!     node.poll_ingress(now, &mut device);
//!     serve what is ready: node.accept(), node.next_ready(), node.tcp(handle), node.next_udp()
//!     let deadline = node.poll_egress(now, &mut device);
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
//!
//! What can be left out is a feature, and on by default: a server of TCP alone does with none of them. Where a feature
//! is not, what it is about answers at its door: what would be told, kept or asked is not.
//!
#![doc = document_features::document_features!()]
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "std")]
extern crate std;

/// The release that this crate is made for: times, addresses and devices are its.
pub use smoltcp;

pub mod deadlines;
pub mod device;
#[cfg(feature = "async")]
pub mod nal;
pub mod node;
mod opaque;
pub mod origin;
#[cfg(feature = "std")]
pub mod pair;
pub mod plural;
#[cfg(feature = "defmt")]
mod printed;
pub mod trace;

/// The README's program compiles and runs.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;
