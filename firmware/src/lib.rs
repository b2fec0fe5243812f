//! The part of the firmware that needs no `unsafe` and no particular machine: it is compiled into
//! the image and tested on the host (`cargo test --lib --target <host>`).
//!
//! | Module | What it is |
//! | --- | --- |
//! | [`registers`] | what a driver needs of a peripheral: read and write 32-bit registers |
//! | [`driver`] | Ethernet MACs and UARTs, each written against [`registers::Registers`] |
//! | [`ethernet`] | the smoltcp `Device` over any [`driver::Mac`] |
//! | [`console`] | the operator's UART: rings in both directions, and lines out of octets |
//! | [`boot`] | the boot options: seed, addresses, port |
//! | [`address`] | DHCPv4 with a static fallback |
//! | `slaac` | with feature `ipv6`: an IPv6 address from a router's advertisement |
//! | [`guest`] | the board as a member of a room elsewhere |
//!
//! An Ethernet driver has three layers. [`driver::octets`] moves octets between words and frames
//! and knows no hardware. [`driver::stellaris_enet`] and [`driver::lan9118`] know registers and
//! when to touch them. [`ethernet`] knows smoltcp and no register.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod address;
pub mod boot;
pub mod console;
pub mod driver;
pub mod ethernet;
pub mod guest;
pub mod registers;
#[cfg(feature = "ipv6")]
pub mod slaac;
