//! The network around the node: who is there, who answers, and where the node itself is.

use smolchat::trace::Flow;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, IpEndpoint, Ipv4Address, Ipv6Address};

use crate::frames::Link;

/// The port that is served.
pub const PORT: u16 = 9000;
/// How many hosts there are.
pub const HOSTS: usize = 8;

const NODE: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);

/// The node's hardware address.
pub const fn mac() -> EthernetAddress {
    NODE
}

/// The addresses of the node: on IPv4, and on IPv6.
pub const OURS: [IpAddress; 2] = [
    IpAddress::Ipv4(Ipv4Address::new(192, 0, 2, 1)),
    IpAddress::Ipv6(Ipv6Address::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];

/// The way to other networks.
pub const GATEWAY: IpAddress = IpAddress::Ipv4(Ipv4Address::new(192, 0, 2, 254));

pub fn networks(v6: bool) -> Vec<IpCidr> {
    let all = [IpCidr::new(OURS[0], 24), IpCidr::new(OURS[1], 64)];
    all[..if v6 { 2 } else { 1 }].to_vec()
}

/// The address of a host. The last one of each family answers nobody; the fourth is behind the gateway.
pub fn address(host: usize) -> IpAddress {
    let v6 = |last| IpAddress::Ipv6(Ipv6Address::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last));
    match host % HOSTS {
        0 => IpAddress::v4(192, 0, 2, 2),
        1 => IpAddress::v4(192, 0, 2, 3),
        2 => IpAddress::v4(192, 0, 2, 77),
        3 => IpAddress::v4(198, 51, 100, 9),
        4 => v6(2),
        5 => v6(3),
        6 => v6(0x77),
        _ => IpAddress::v4(192, 0, 2, 4),
    }
}

/// Where a host's frames come from.
pub fn mac_of(address: IpAddress) -> EthernetAddress {
    match address {
        IpAddress::Ipv4(v4) => match v4.octets() {
            [198, ..] => mac_of(GATEWAY),
            [.., last] => EthernetAddress([2, 0, 0, 0, 4, last]),
        },
        IpAddress::Ipv6(v6) => EthernetAddress([2, 0, 0, 0, 6, v6.octets()[15]]),
    }
}

/// Whether a host says where it is when it is asked.
pub fn answers(address: IpAddress) -> bool {
    address == GATEWAY
        || [0, 1, 4, 5, 7]
            .into_iter()
            .any(|host| self::address(host) == address)
}

/// Our address of the same family.
pub fn ours(remote: IpAddress) -> IpAddress {
    match remote {
        IpAddress::Ipv4(_) => OURS[0],
        IpAddress::Ipv6(_) => OURS[1],
    }
}

/// The conversation of a host's port with the port that is served.
pub fn flow(host: usize, port: u16) -> Flow {
    let remote = address(host);
    Flow {
        local: IpEndpoint::new(ours(remote), PORT),
        remote: IpEndpoint::new(remote, port),
    }
}

/// From a host to the node.
pub fn link(remote: IpAddress) -> Link {
    Link {
        from: mac_of(remote),
        to: NODE,
    }
}
