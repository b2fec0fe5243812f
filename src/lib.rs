//! A TCP and UDP chat node that carries its own TCP/IP stack.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "std")]
extern crate std;

pub mod app;
#[cfg(feature = "linux")]
pub mod capture;
pub mod chat;
pub mod device;
pub mod node;
#[cfg(feature = "std")]
pub mod pair;
pub mod trace;
pub mod web;
