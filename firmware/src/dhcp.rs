//! An address from a DHCPv4 server (RFC 2131), by a socket of smoltcp's among the node's extra ones. The lease is
//! renewed while the node runs.

use smolchat::node::Node;
use smoltcp::iface::SocketHandle;
use smoltcp::socket::dhcpv4;
use smoltcp::wire::{IpAddress, Ipv4Address, Ipv4Cidr};

/// The search for a server, and the lease.
#[derive(Debug)]
pub struct Dhcp(SocketHandle);

/// What became of the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// There is none any more; said once at the start, too.
    Lost,
    /// There is another one.
    Obtained {
        /// The address with its network's prefix.
        cidr: Ipv4Cidr,
        /// The way out of that network.
        gateway: Option<Ipv4Address>,
        /// Who said so.
        server: Ipv4Address,
    },
}

impl Dhcp {
    /// Begins, and takes one of the node's extra sockets; `None` in an image that asks no server.
    pub fn start(node: &mut Node<'_>) -> Option<Self> {
        Some(Self(node.extra_mut().add(dhcpv4::Socket::new())))
    }

    /// Asks no longer.
    pub fn stop(self, node: &mut Node<'_>) {
        node.extra_mut().remove(self.0);
    }

    /// What is new.
    pub fn poll(&self, node: &mut Node<'_>) -> Option<Lease> {
        let socket = node.extra_mut().get_mut::<dhcpv4::Socket>(self.0);
        Some(match socket.poll()? {
            dhcpv4::Event::Deconfigured => Lease::Lost,
            dhcpv4::Event::Configured(lease) => Lease::Obtained {
                cidr: lease.address,
                // A server may say anything; only a host can be a way out.
                gateway: lease
                    .router
                    .filter(|router| IpAddress::Ipv4(*router).is_unicast()),
                server: lease.server.address,
            },
        })
    }
}
