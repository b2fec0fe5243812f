//! The part of the firmware that needs no `unsafe` and no particular machine: it is compiled into
//! the image and tested on the host (`cargo test --lib --target <host>`).
//!
//! | Module | What it is |
//! | --- | --- |
//! | [`boot`] | the boot options: seed, addresses, port |
//! | [`address`] | an address from a server, with a static fallback |
//! | [`dhcp`] | DHCPv4 |
//! | `slaac` | with feature `ipv6`: an IPv6 address from a router's advertisement |
//! | [`guest`] | the board as a member of a room elsewhere |
//!
//! An image without the feature `dhcp` or `guest` has an empty twin of that module.
//!
//! The machine itself, its drivers and its console are the library `smolboard`.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod address;
pub mod boot;
#[cfg(feature = "dhcp")]
pub mod dhcp;
#[cfg(not(feature = "dhcp"))]
#[path = "no_dhcp.rs"]
pub mod dhcp;
#[cfg(feature = "guest")]
pub mod guest;
#[cfg(not(feature = "guest"))]
#[path = "no_guest.rs"]
pub mod guest;
#[cfg(feature = "ipv6")]
pub mod slaac;

// Whoever gives an option twice is heard.
const _: () = assert!(2 * boot::EVERY_OPTION <= smolboard::command_line::MAX);
