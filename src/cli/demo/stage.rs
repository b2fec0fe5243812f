//! The wire in memory on which some acts are played: two nodes, 5 ms apart.

use smolchat::device::Side;
use smolchat::node::{Config, Limits, Memory, Node, Sizes};
use smolchat::pair::Pair;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};

/// The port that is served.
pub const PORT: u16 = 9000;
/// The MTU of the wire, in octets.
pub const MTU: usize = 1500;
/// How long a frame takes.
const LATENCY: Duration = Duration::from_millis(5);

/// The address of one end.
pub fn address(side: Side) -> IpAddress {
    match side {
        Side::A => IpAddress::v4(192, 0, 2, 1),
        Side::B => IpAddress::v4(192, 0, 2, 2),
    }
}

/// A fresh pair; the second node serves [`PORT`].
pub fn pair() -> Pair {
    let mut b = node(Side::B);
    // A fresh node has a place for its first listener.
    let listening = b.listen(PORT, 8);
    debug_assert!(listening.is_ok());
    Pair::new(node(Side::A), b, LATENCY, MTU)
}

fn node(side: Side) -> Node<'static> {
    let number = match side {
        Side::A => 1,
        Side::B => 2,
    };
    let mac = EthernetAddress([2, 0, 0, 0, 0, number]);
    let mut config = Config::new(mac, IpCidr::new(address(side), 24), [number; 16]);
    config.limits = Limits {
        msl: MSL,
        ..Limits::default()
    };
    let sizes = Sizes {
        connections: 16,
        receive: 4096,
        transmit: 4096,
        ..Sizes::default()
    };
    Node::new(config, Memory::heap(sizes), Instant::ZERO).expect("a fixed configuration fits")
}

/// Short, so that TIME-WAIT can be watched to its end.
pub const MSL: Duration = Duration::from_millis(500);
