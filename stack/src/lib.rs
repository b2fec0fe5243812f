//! A TCP/IP host on smoltcp, with or without an operating system, that shows what it does.
//!
//! smoltcp has the protocols; this crate has what a host does around them. A [`node::Node`] listens with a backlog and
//! accepts, answers segments for which nobody listens, keeps TIME-WAIT in entries of 48 octets, resolves its
//! neighbours, withstands floods with SYN cookies and per-origin shares, and records every segment and every change of
//! state with its cause. It is `no_std`, does not allocate, and does not panic on anything a peer sends.
//!
//! - [`device`]: where frames come from and where they go. Depends on no other module.
//! - [`trace`]: what happened: events, the journal, the RFC's state diagram as data, ladder diagrams. Depends on no
//!   other module.
//! - [`origin`], [`deadlines`]: how a scarce resource is shared among peers, and which timer is due next. Depend on no
//!   other module.
//! - [`node`]: the stack. One smoltcp interface, one socket set per connection, and a gate in front.
//! - `nal` (feature `async`): the traits of `edge-nal` and `embedded-io-async` over a node.
//! - `pair` (feature `std`): two nodes on a wire in memory.
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
//! Time only moves forward, and is an argument, as are randomness and memory. [`node::Node`] has this loop as a
//! program, with the case in which [`poll_ingress`](node::Node::poll_ingress) leaves frames behind. No call blocks,
//! allocates, or panics on anything a peer sends. Each call does a bounded amount of work, which does not grow with the
//! number of idle connections. Everything that happens is recorded in the [`trace::Journal`]: nothing is dropped
//! silently.
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

/// The smoltcp release that this crate is built on: times, addresses and devices are its types.
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

/// The program in the README compiles and runs.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;
