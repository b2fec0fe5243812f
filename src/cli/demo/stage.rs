//! The nodes and rooms of the play, and the wire in memory: two nodes, 5 ms apart.

use std::net::Ipv4Addr;

use smolchat::app::{self, App};
use smolchat::chat;
use smolchat::device::Side;
use smolchat::node::{Config, Memory, Node, Sizes};
use smolchat::pair::Pair;
use smolchat::trace::Style;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};

/// The address of the node behind the TAP.
pub const NODE: Ipv4Addr = Ipv4Addr::new(192, 168, 69, 1);
/// The address of the other side of the TAP, where the kernel's sockets are.
pub const HOST: Ipv4Addr = Ipv4Addr::new(192, 168, 69, 100);
/// The port that is served.
pub const PORT: u16 = 9000;
/// The MTU of the wire, in octets.
pub const MTU: usize = 1500;
/// Connections of a node.
const CONNECTIONS: usize = 16;
/// How long a frame takes.
const LATENCY: Duration = Duration::from_millis(5);

/// The address of one end.
pub fn address(side: Side) -> IpAddress {
    match side {
        Side::A => IpAddress::v4(192, 0, 2, 1),
        Side::B => IpAddress::v4(192, 0, 2, 2),
    }
}

/// A fresh pair.
pub fn pair() -> Pair {
    Pair::new(node(Side::A), node(Side::B), LATENCY, MTU)
}

fn node(side: Side) -> Node<'static> {
    let number = match side {
        Side::A => 1,
        Side::B => 2,
    };
    let mac = EthernetAddress([2, 0, 0, 0, 0, number]);
    let config = Config::new(mac, IpCidr::new(address(side), 24), [number; 16]);
    serving(config, Instant::ZERO)
}

/// A node of this configuration with the limits of the play, serving [`PORT`].
fn serving(mut config: Config, now: Instant) -> Node<'static> {
    config.limits.msl = MSL;
    let sizes = Sizes {
        connections: CONNECTIONS,
        receive: 4096,
        transmit: 4096,
        ..Sizes::default()
    };
    let mut node = Node::new(config, Memory::heap(sizes), now)
        .expect("a fixed configuration fits, and tests build it");
    // A fresh node has a place for its first listener and its first port.
    let served = node.listen(PORT, 8);
    let bound = node.bind(PORT);
    debug_assert!(served.is_ok() && bound.is_ok());
    node
}

/// Short, so that TIME-WAIT can be watched to its end.
pub const MSL: Duration = Duration::from_millis(500);

/// A room whose operator sees ladders as the room's program draws them, if `live`.
pub fn app(style: Style, live: bool) -> App<'static> {
    let config = app::Config {
        limits: chat::Limits::default(),
        // Nobody but the play's own members can reach this room.
        secret: [1, 2],
        style,
        live,
    };
    App::new(Instant::ZERO, app::Memory::heap(CONNECTIONS, 8), config)
}

/// The node behind the TAP.
pub fn tap_node(now: Instant) -> Node<'static> {
    let mac = EthernetAddress([2, 0, 0, 0x69, 0, 1]);
    let address = network(NODE);
    serving(Config::new(mac, address, [0x69; 16]), now)
}

/// An address of the private network, with its network.
pub fn network(address: Ipv4Addr) -> IpCidr {
    IpCidr::new(address.into(), 24)
}
