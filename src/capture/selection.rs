//! Which connections of a capture are wanted.

use super::ended::Ended;
use crate::trace::Flow;
use smoltcp::wire::{IpAddress, IpEndpoint};
use std::vec::Vec;

/// The connections that meet every condition; of a condition that is given more than once, any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// One end has one of these ports.
    pub ports: Vec<u16>,
    /// One end has one of these addresses.
    pub hosts: Vec<IpAddress>,
    /// They stand like this at the end of the capture.
    pub ended: Vec<Ended>,
}

impl Selection {
    /// All of them.
    pub const ALL: Self = Self {
        ports: Vec::new(),
        hosts: Vec::new(),
        ended: Vec::new(),
    };

    /// Whether a connection between these ends may be wanted.
    pub(super) fn is_between(&self, flow: &Flow) -> bool {
        let any = |met: &dyn Fn(IpEndpoint) -> bool| met(flow.local) || met(flow.remote);
        (self.ports.is_empty() || any(&|end| self.ports.contains(&end.port)))
            && (self.hosts.is_empty() || any(&|end| self.hosts.contains(&end.addr)))
    }

    /// Whether a connection that ended like this may be wanted.
    pub(super) fn is_of(&self, ended: Ended) -> bool {
        self.ended.is_empty() || self.ended.contains(&ended)
    }
}
