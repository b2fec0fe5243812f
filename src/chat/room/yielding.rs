//! Who makes room when somebody waits for a place.
//!
//! An empty room takes anybody as often as they come. Only when a place is wanted and none is free, one
//! is taken back: from the origin that has most of them, first from a member that never spoke, the one
//! silent for longest in front. A word keeps a place for good only where no crowd has taken it.

use smoltcp::time::{Duration, Instant};

use super::Room;
use crate::chat::members::{Endpoint, Kind, MemberId, Peer};
use crate::chat::outbox::Outbox;
use crate::chat::words;
use crate::origin::{self, Origin};

/// Of those that have so many times as many places as a newcomer would have, whoever is silent makes room,
/// also if it spoke before.
const CROWD: usize = 2;

/// Whoever speaks keeps so many places, however many origins there are, and one part of so many of all.
const SHARE_MIN: usize = 2;
const SHARE_MIN_PART: usize = 32;

/// However few origins there are, whoever speaks keeps no more than one part of so many of all places.
const SHARE_MAX_PART: usize = 4;

/// Somebody who waits for a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newcomer {
    /// How many places there would be where it is from, with its own.
    pub places: usize,
    /// How many wait in all.
    pub waiting: usize,
}

/// A TCP member whose place goes to somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PutOut<K> {
    /// Its connection.
    pub key: K,
    /// Whether it ever said something.
    pub spoke: bool,
}

impl<K: Copy, E: Endpoint> Room<'_, K, E> {
    /// Which TCP member makes room for a newcomer, if one has to. `origin_of` says where a connection is from.
    pub fn who_yields(
        &self,
        now: Instant,
        newcomer: &Newcomer,
        origin_of: impl Fn(K) -> Option<Origin>,
    ) -> Option<MemberId> {
        let places = self.roster.members.capacity().min(self.roster.members.kept);
        let origin = |peer: &Peer<K, E>| match peer {
            Peer::Tcp(key) => origin_of(*key),
            Peer::Udp(_) | Peer::Console => None,
        };
        // Silence takes the places of all who wait for as long as it is borne, wherever it comes from. So each
        // of those halves the time, as long as somebody who just came can speak in it.
        let first_words = self.limits.first_words / (1 << newcomer.waiting.min(5));
        let kind = Kind::Streams;
        let slot = self.yielding(now, kind, places, newcomer, first_words, &origin)?;
        let number = self.roster.members.get(slot)?.number;
        Some(MemberId { slot, number })
    }

    /// Takes a TCP member's place for somebody who waits. It is told why through [`Outbox::part`].
    pub fn put_out(&mut self, id: MemberId, out: &mut impl Outbox<K, E>) -> Option<PutOut<K>> {
        let slot = self.roster.members.slot(id)?;
        let spoke = self.roster.members.get(slot)?.spoke;
        match self.make_way(slot, out)? {
            Peer::Tcp(key) => Some(PutOut { key, spoke }),
            Peer::Udp(_) | Peer::Console => None,
        }
    }

    /// Takes a place from a UDP member for a newcomer, if one has to make room.
    pub(super) fn make_room_for_datagrams(
        &mut self,
        now: Instant,
        newcomer: Origin,
        out: &mut impl Outbox<K, E>,
    ) {
        let places = self
            .roster
            .members
            .capacity()
            .saturating_sub(self.roster.members.kept);
        let origin = |peer: &Peer<K, E>| match peer {
            Peer::Udp(endpoint) => Some(endpoint.origin()),
            Peer::Tcp(_) | Peer::Console => None,
        };
        let (kind, first_words) = (Kind::Datagrams, self.limits.first_words);
        let origins = |each: &mut dyn FnMut(Origin)| {
            let members = self.roster.members.of(Kind::Datagrams);
            let origins = members.filter_map(|(_, member)| origin(&member.peer));
            origins.for_each(each);
        };
        let newcomer = Newcomer {
            places: origin::count(newcomer, &origins) + 1,
            waiting: 1,
        };
        if let Some(slot) = self.yielding(now, kind, places, &newcomer, first_words, &origin) {
            self.make_way(slot, out);
        }
    }

    /// How many of so many places one of so many origins keeps while somebody from another one waits.
    pub fn share_of(&self, places: usize, origins: usize) -> usize {
        let fair = places / (origins + 1);
        let fair = fair.max(SHARE_MIN).max(places / SHARE_MIN_PART);
        let share = fair.min(places / SHARE_MAX_PART);
        self.limits.per_origin.unwrap_or(share).max(1)
    }

    fn make_way(&mut self, slot: u32, out: &mut impl Outbox<K, E>) -> Option<Peer<K, E>> {
        self.roster.counts.yielded += 1;
        let member = self.roster.dismiss(slot, words::YIELDED, out)?;
        Some(member.peer)
    }

    /// Not inlined: it would take the stack of whoever calls.
    #[inline(never)]
    fn yielding(
        &self,
        now: Instant,
        kind: Kind,
        places: usize,
        newcomer: &Newcomer,
        first_words: Duration,
        origin_of: &dyn Fn(&Peer<K, E>) -> Option<Origin>,
    ) -> Option<u32> {
        let limits = &self.limits;
        let members = || {
            let all = self.roster.members.of(kind);
            all.filter_map(|(slot, member)| Some((slot, member, origin_of(&member.peer)?)))
        };
        let origins = |each: &mut dyn FnMut(Origin)| {
            members().for_each(|(_, _, origin)| each(origin));
        };
        let (crowd, size) = origin::most_crowded(now, &origins)?;
        let own = newcomer.places;
        let crowded = size > own;
        let share = self.share_of(places, origin::how_many(now, &origins));
        let oldest = |spoke: bool, of: Option<Origin>| {
            members()
                .filter(|(_, member, origin)| {
                    member.spoke == spoke && of.is_none_or(|of| of == *origin)
                })
                .map(|(slot, member, _)| (member.heard, slot))
                .min()
        };
        let of_the_crowd = |spoke| oldest(spoke, Some(crowd)).filter(|_| crowded);
        let for_long = |patience| move |(heard, _): &(Instant, u32)| *heard + patience <= now;
        let silent_for = |spoke, patience| {
            let of_the_crowd = oldest(spoke, Some(crowd)).filter(|_| size > 1);
            let first = of_the_crowd.filter(for_long(patience));
            // Whoever is from where more places are taken by more than one gets none of those that have fewer.
            let is_fair = |(_, slot): &(Instant, u32)| {
                let yielding = members().find(|(place, ..)| place == slot);
                yielding.is_some_and(|(.., of)| own <= origin::count(of, &origins) + 1)
            };
            let anybody = || oldest(spoke, None).filter(for_long(patience));
            first.or_else(|| anybody().filter(is_fair))
        };
        let of_a_large_crowd = || {
            let silent = of_the_crowd(true).filter(|_| size > CROWD * own);
            silent.filter(for_long(limits.first_words))
        };
        let (_, slot) = of_the_crowd(false)
            .or_else(|| of_the_crowd(true).filter(|_| size > share))
            .or_else(|| silent_for(false, first_words))
            .or_else(of_a_large_crowd)
            .or_else(|| silent_for(true, limits.idle))?;
        Some(slot)
    }
}
