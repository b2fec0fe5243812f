//! The host: what TCP and UDP stand on. It knows of the link and of who is on it, says what a stranger is
//! answered, and writes down what happened; of connections and ports it knows nothing.
//!
//! The caller says first what time it is ([`Host::tick`]).

use managed::ManagedSlice;
use smoltcp::iface::SocketSet;
use smoltcp::time::Instant;
use smoltcp::wire::{IpAddress, IpEndpoint};

use super::answers::Strangers;
use super::claims::Claims;
use super::config::{Limits, is_spoken};
use super::errors::ConnectError;
use super::link::Link;
use super::neighbors::Neighbors;
use super::record::Record;
use crate::trace::{Kind, Resource};

/// The host on its link. Each part keeps its own fields to itself; whoever is handed the host uses several parts
/// side by side, so they are not hidden behind it.
pub(super) struct Host<'a> {
    // Open to TCP, UDP and ICMP, which use several parts side by side.
    /// The time that the last call said it is.
    pub(super) now: Instant,
    pub(super) link: Link,
    pub(super) neighbors: Neighbors<'a>,
    pub(super) claims: Claims,
    /// Whether our addresses are probed and announced.
    pub(super) announces: bool,
    pub(super) limits: Limits,
    pub(super) record: Record<'a>,
    pub(super) strangers: Strangers<'a>,
    /// Where frames are composed.
    pub(super) scratch: ManagedSlice<'a, u8>,
}

impl Host<'_> {
    /// Whether a connection to this endpoint makes sense (RFC 9293 section 3.9.1.1, MUST-46).
    pub(super) fn check_remote(&self, remote: IpEndpoint) -> Result<(), ConnectError> {
        if remote.port == 0
            || !is_spoken(remote.addr)
            || !remote.addr.is_unicast()
            || self.link.is_broadcast(remote.addr)
        {
            return Err(ConnectError::NotAHost);
        }
        if self.link.locals().contains(&remote.addr) {
            return Err(ConnectError::Ourselves);
        }
        Ok(())
    }

    /// The set for frames that concern no socket of ours.
    pub(super) fn no_sockets() -> SocketSet<'static> {
        SocketSet::new(&mut [][..])
    }

    /// Uses up one answer to somebody who has no connection; `false` if none is left.
    pub(super) fn may_answer_stranger(&mut self, address: IpAddress) -> bool {
        let limit = self.limits.strangers_per_second;
        self.strangers.take(self.now, address, limit)
    }

    /// What the caller says it is now.
    pub(super) fn tick(&mut self, now: Instant) {
        self.now = now;
        self.record.at(now);
    }

    pub(super) fn note(&mut self, kind: Kind) {
        self.record.note(kind);
    }

    pub(super) fn note_full(&mut self, resource: Resource) {
        self.record.full(resource);
    }
}
