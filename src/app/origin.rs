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
}
