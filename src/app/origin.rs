//! Whose addresses are: what is shared among strangers is shared among these.

use smoltcp::wire::{IpAddress, IpEndpoint};

use crate::chat::{Endpoint, Origin};
use crate::trace::Flow;

impl Endpoint for IpEndpoint {
    fn origin(&self) -> Origin {
        match self.addr {
            IpAddress::Ipv4(address) => Origin::of_v4(address.octets()),
            #[cfg(feature = "ipv6")]
            IpAddress::Ipv6(address) => Origin::of_v6(address.octets()),
        }
    }
}

impl Endpoint for Flow {
    fn origin(&self) -> Origin {
        self.remote.origin()
    }
}
