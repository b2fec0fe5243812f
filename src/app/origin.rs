//! Whose addresses are: what is shared among strangers is shared among these.

use smoltcp::wire::IpEndpoint;

use crate::chat::{Endpoint, Origin};
use crate::node::Path;
use crate::trace::Flow;

impl Endpoint for IpEndpoint {
    fn origin(&self) -> Origin {
        Origin::of(self.addr.into())
    }
}

impl Endpoint for Flow {
    fn origin(&self) -> Origin {
        self.remote.origin()
    }
}

impl Endpoint for Path {
    fn origin(&self) -> Origin {
        self.flow().origin()
    }

    fn way(&self) -> u64 {
        let [a, b, c, d, e, f] = self.hardware().map_or([0; 6], |it| it.0);
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }
}
