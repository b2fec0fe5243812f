//! No DHCP, where the feature `dhcp` is not: the address is the static one.

use smolchat::node::Node;
use smoltcp::wire::{Ipv4Address, Ipv4Cidr};

/// There is none.
#[derive(Debug)]
pub enum Dhcp {}

/// What never becomes of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// There is none any more.
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
    /// No server is asked.
    pub fn start(_: &mut Node<'_>) -> Option<Self> {
        None
    }

    /// There is nothing to stop.
    pub fn stop(self, _: &mut Node<'_>) {
        match self {}
    }

    /// Nothing is new.
    pub fn poll(&self, _: &mut Node<'_>) -> Option<Lease> {
        match *self {}
    }
}
