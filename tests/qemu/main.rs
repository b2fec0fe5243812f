//! The firmware in QEMU, seen from outside: its console, its cable, and members who join.
//!
//! `scripts/test-firmware` builds the images, says where they are, and runs these tests, which
//! `cargo test` alone lists as ignored. Nothing here waits for a time to pass: a test waits for a
//! line on the console or for a frame, and fails when it does not come in time.

mod beside;
mod board;
mod cable;
mod console;
mod dhcp;
mod drivers;
mod echo;
mod faults;
mod floods;
mod instructions;
mod ipv6;
mod ladder;
mod members;
mod replay;
mod small;
mod wire;
