//! Whose addresses are: what is shared among strangers is shared among these.

use core::net::IpAddr;

use smoltcp::wire::IpEndpoint;

use crate::chat::{Endpoint, Origin};
use crate::trace::Flow;

impl Endpoint for IpEndpoint {
    fn origin(&self) -> Origin {
        match IpAddr::from(self.addr) {
            IpAddr::V4(address) => Origin::of_v4(address.octets()),
            IpAddr::V6(address) => Origin::of_v6(address.octets()),
        }
    }
}

impl Endpoint for Flow {
    fn origin(&self) -> Origin {
        self.remote.origin()
    }
}
