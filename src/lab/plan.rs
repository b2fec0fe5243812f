//! What an experiment's nodes are made of, and where they are.

use smoltcp::time::Duration;
use smoltcp::wire::{EthernetAddress, Ipv4Address};

use crate::device::Side;
use crate::node::Limits;

/// The port that the server serves.
pub(super) const PORT: u16 = 9000;
/// Octets of the largest IP packet.
pub(super) const MTU: usize = 1500;
/// Frames that one end may send at one moment.
pub(super) const FRAMES: usize = 512;

/// What an experiment's nodes are made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    // A value: whoever is given one reads all of it.
    /// Every number that is drawn depends on it.
    pub(super) seed: u64,
    /// From one end to the other.
    pub(super) delay: Duration,
    /// Times and bounds of both nodes.
    pub(super) limits: Limits,
    /// Connections that each node has memory for.
    pub(super) connections: usize,
    /// SYNs that may wait for one.
    pub(super) backlog: usize,
    /// Octets of each receive buffer.
    pub(super) receive: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            seed: 1,
            delay: Duration::from_millis(5),
            limits: Limits::default(),
            connections: 8,
            backlog: 8,
            receive: 4096,
        }
    }
}

/// The place of a side.
pub(super) const fn place(side: Side) -> usize {
    match side {
        Side::A => 0,
        Side::B => 1,
    }
}

/// The address of a side: 192.0.2.1 is the client's, 192.0.2.2 the server's.
pub(super) const fn address(side: Side) -> Ipv4Address {
    match side {
        Side::A => Ipv4Address::new(192, 0, 2, 1),
        Side::B => Ipv4Address::new(192, 0, 2, 2),
    }
}

/// The hardware address of a side.
pub(super) const fn mac(side: Side) -> EthernetAddress {
    EthernetAddress([2, 0, 0, 0, 0, 1 + place(side) as u8])
}
