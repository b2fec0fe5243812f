//! The nets: what the fuzz targets do, as plain functions of octets.
//!
//! Each module is a target. Its `run` plays what the octets say and panics if something does not hold that
//! must. libFuzzer calls it by way of `fuzz_targets/`; `examples/random.rs` calls it with random octets.

pub mod board;
pub mod capture;
pub mod chat;
pub mod count;
pub mod frames;
pub mod node;
pub mod text;
pub mod web;

// What decides about the board's address is compiled here as it is there.
#[path = "../../firmware/src/address.rs"]
pub mod address;
#[path = "../../firmware/src/boot.rs"]
pub mod boot;
#[path = "../../firmware/src/dhcp.rs"]
pub mod dhcp;
#[path = "../../firmware/src/slaac.rs"]
pub mod slaac;

/// A target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// What it is called, and its corpus.
    pub name: &'static str,
    /// Plays what octets say.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 5] = [
    target("node", node::run),
    target("chat", chat::run),
    target("web", web::run),
    target("capture", capture::run),
    target("board", board::run),
];

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}

/// Octets of a seed, as many as a corpus's larger files have.
pub fn random(seed: u64) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let len = rng.usize(16..3000);
    std::iter::repeat_with(|| rng.u8(..)).take(len).collect()
}
