//! Who says how much, for when more is said than is heard.
//!
//! The room says nothing faster than those hear who read. Then somebody has to wait, and it is whoever says much: what
//! an origin has said of late counts for all who are there, since one host can be many members.

use smoltcp::time::{Duration, Instant};

use super::Room;
use crate::chat::members::{Endpoint, Kind};
use crate::origin::Origin;

/// As much as is typed at once: octets.
const SHORT: usize = 256;

/// An origin says little that said no more than so many messages just now, all its members together.
const FEW: u32 = 2;

/// How somebody speaks. The first ones go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// It says little, and this is short.
    Quiet,
    /// It says little.
    Civil,
    /// It says much.
    Loud,
}

impl<K: Copy, E: Endpoint> Room<'_, K, E> {
    /// The voice of whoever at this origin has so many octets to say. Walks over all members.
    pub fn voice(&self, now: Instant, origin: Origin, octets: usize) -> Voice {
        let members = self.roster.members.of(Kind::Streams);
        let members = members.chain(self.roster.members.of(Kind::Datagrams));
        let said = members
            .filter(|(_, member)| member.origin == origin)
            .map(|(_, member)| member.bucket.until_full(now))
            .fold(Duration::ZERO, |sum, each| sum + each);
        let overheard = self.roster.sources.until_full(now, origin);
        let is_little =
            said <= self.limits.rate.every * FEW && overheard <= self.limits.stranger.every * FEW;
        match is_little {
            true if octets <= SHORT => Voice::Quiet,
            true => Voice::Civil,
            false => Voice::Loud,
        }
    }
}
