//! Addresses as the traits have them, and as the node does.

use core::net::{IpAddr, SocketAddr};

use smoltcp::wire::{IpAddress, IpEndpoint};

use super::error::Error;
use crate::node::Node;

/// None for a family that the node does not speak.
fn address(ip: IpAddr) -> Option<IpAddress> {
    match ip {
        IpAddr::V4(ip) => Some(ip.into()),
        #[cfg(feature = "ipv6")]
        IpAddr::V6(ip) => Some(ip.into()),
        #[cfg(not(feature = "ipv6"))]
        IpAddr::V6(_) => None,
    }
}

/// The endpoint of somebody else; none for a family that the node does not speak.
pub(super) fn endpoint(remote: SocketAddr) -> Option<IpEndpoint> {
    Some(IpEndpoint::new(address(remote.ip())?, remote.port()))
}

pub(super) fn socket_addr(endpoint: IpEndpoint) -> SocketAddr {
    SocketAddr::new(endpoint.addr.into(), endpoint.port)
}

/// The one of the node's addresses that is meant; none for all of them, as the unspecified address of either family
/// is.
pub(super) fn local(node: &Node<'_>, local: SocketAddr) -> Result<Option<IpAddress>, Error> {
    if local.ip().is_unspecified() {
        return Ok(None);
    }
    let ours = |address: &IpAddress| node.addresses().iter().any(|it| it.address() == *address);
    let address = address(local.ip()).filter(ours);
    address.map(Some).ok_or(Error::NotOurs)
}
