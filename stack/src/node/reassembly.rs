//! Datagrams that come in pieces (RFC 791 section 3.2, RFC 1122 section 3.3.2, RFC 8200 section 4.5).
//!
//! Pieces go in, datagrams come out; there is neither clock nor device in it. Its limits:
//!
//! - Each datagram under way has a place of its own with room for the longest, 64 KiB. No place is taken for
//!   longer than [`REASSEMBLY_TIMEOUT`].
//! - One sender (one IPv6 network of 64 bits) has at most [`SHARE`] places, and its next datagram takes the
//!   place of its own oldest. Where all places are taken, those who have most give way first: nobody's pieces
//!   push out those of somebody who has fewer.
//! - Pieces never mix (RFC 5722): where two overlap and are not the same, nothing of the datagram counts, nor
//!   does what still comes of it.

use heapless::Vec;
use managed::ManagedSlice;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{IpAddress, IpProtocol, IpRepr};

use super::ethernet::HEADER;
use crate::origin::Origin;
use crate::trace::Reason;

/// How long a datagram may take to come together. RFC 1122 says 60 to 120 s; the 30 s of Linux outlast what a
/// network delays, and are a place's whole life in the hands of a stranger.
pub(super) const REASSEMBLY_TIMEOUT: Duration = Duration::from_secs(30);

/// Places that one sender may have.
pub(super) const SHARE: usize = 2;

/// Octets before the payload: Ethernet and the longer of the two IP headers.
const BEFORE: usize = HEADER + 40;

/// Stretches of a datagram that may be there with holes between them.
const STRETCHES: usize = 16;

/// What tells one datagram's pieces from another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    // A value: whoever is given one reads all of it.
    /// The sender.
    pub(super) src: IpAddress,
    /// The receiver.
    pub(super) dst: IpAddress,
    /// The identification.
    pub(super) ident: u32,
    /// The protocol of IPv4; nothing with IPv6.
    pub(super) protocol: Option<IpProtocol>,
}

/// A piece of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fragment<'p> {
    // A value: whoever is given one reads all of it.
    /// Whose piece it is.
    pub(super) key: Key,
    /// Where it belongs, in octets of the payload.
    pub(super) offset: u16,
    /// Whether others follow.
    pub(super) more: bool,
    /// What reads the payload; the one of the first piece counts.
    pub(super) protocol: IpProtocol,
    /// The hop limit; the one of the first piece counts.
    pub(super) hop_limit: u8,
    /// The piece itself.
    pub(super) octets: &'p [u8],
}

impl Fragment<'_> {
    /// Where it ends, in octets of the payload.
    fn end(&self) -> usize {
        usize::from(self.offset) + self.octets.len()
    }

    /// Octets that a datagram of its family may have as payload.
    fn longest(&self) -> usize {
        match self.key.src {
            IpAddress::Ipv4(_) => 65_535 - 20,
            #[cfg(feature = "ipv6")]
            IpAddress::Ipv6(_) => 65_535,
        }
    }
}

/// What became of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It waits for the others.
    Waits,
    /// It was the last one that was missing: the datagram lies in this place.
    Whole(usize),
    /// It goes no further.
    Dropped(Reason),
}

/// A datagram under way.
#[derive(Debug, Clone)]
struct Partial {
    key: Key,
    since: Instant,
    /// Octets of the payload, once the last piece came.
    total: Option<usize>,
    /// Of the first piece.
    first: Option<(IpProtocol, u8)>,
    /// What is there: from where to where, in order, never touching.
    stretches: Vec<(usize, usize), STRETCHES>,
    /// Two pieces spoke against each other.
    spoiled: bool,
}

/// What a piece is to those that are there.
enum Fit {
    /// It lies in a hole: at this place among the stretches.
    Hole(usize),
    /// It lies within a stretch.
    Within,
    /// It overlaps, and brings something that was not there.
    Overlap,
}

impl Partial {
    fn fit(&self, from: usize, to: usize) -> Fit {
        let place = self.stretches.iter().position(|(_, end)| *end > from);
        match place.map(|place| (place, self.stretches[place])) {
            None => Fit::Hole(self.stretches.len()),
            Some((place, (start, _))) if to <= start => Fit::Hole(place),
            Some((_, (start, end))) if start <= from && to <= end => Fit::Within,
            Some(_) => Fit::Overlap,
        }
    }

    /// Takes a stretch in, and joins it to those that it touches; `false` if there are too many.
    fn join(&mut self, place: usize, from: usize, to: usize) -> bool {
        let after = self
            .stretches
            .get(place)
            .is_some_and(|(start, _)| *start == to);
        let before = place > 0 && self.stretches[place - 1].1 == from;
        match (before, after) {
            (true, true) => {
                self.stretches[place - 1].1 = self.stretches[place].1;
                self.stretches.remove(place);
            }
            (true, false) => self.stretches[place - 1].1 = to,
            (false, true) => self.stretches[place].0 = from,
            (false, false) => return self.stretches.insert(place, (from, to)).is_ok(),
        }
        true
    }

    /// Whether the piece agrees with what is known of the datagram's length.
    fn has_room_for(&self, fragment: &Fragment<'_>) -> bool {
        let end = fragment.end();
        let last = self.stretches.last().map_or(0, |(_, end)| *end);
        match (self.total, fragment.more) {
            (Some(total), true) => end <= total,
            (Some(total), false) => end == total,
            (None, true) => true,
            (None, false) => last <= end,
        }
    }

    fn is_whole(&self) -> bool {
        let total = self.total.map(|total| (0, total));
        self.stretches.first().copied() == total && self.stretches.len() == 1
    }
}

/// A place for a datagram that comes in pieces.
pub(super) struct Assembly<'a> {
    room: ManagedSlice<'a, u8>,
    partial: Option<Partial>,
}

impl<'a> Assembly<'a> {
    /// Octets of room that a place must have: Ethernet, an IPv6 header, 64 KiB.
    pub(super) const ROOM: usize = BEFORE + 65_535;

    /// A place that holds nothing. `room` is [`Self::ROOM`] octets long; where it is shorter, so are the
    /// datagrams.
    pub(super) fn new(room: impl Into<ManagedSlice<'a, u8>>) -> Self {
        Self {
            room: room.into(),
            partial: None,
        }
    }
}

/// A datagram that is whole, in the memory of its place.
pub(super) struct Whole<'a> {
    room: ManagedSlice<'a, u8>,
    header: IpRepr,
    end: usize,
}

impl Whole<'_> {
    /// The frame as if it had come in one piece, its Ethernet header still to be written.
    pub(super) fn frame(&mut self) -> &mut [u8] {
        let start = BEFORE - self.header.header_len();
        let packet = &mut self.room[start..self.end];
        self.header.emit(packet, &ChecksumCapabilities::default());
        &mut self.room[start - HEADER..self.end]
    }
}

/// The datagrams under way.
pub(super) struct Reassembly<'a> {
    places: ManagedSlice<'a, Assembly<'a>>,
    /// When the first one is to be given up, if it is not whole before.
    due: Option<Instant>,
}

impl<'a> Reassembly<'a> {
    /// Nothing is under way. Without places nothing ever is.
    pub(super) fn new(places: ManagedSlice<'a, Assembly<'a>>) -> Self {
        Self { places, due: None }
    }

    /// Takes in a piece. The second part says whether a datagram of somebody had to give way.
    pub(super) fn add(&mut self, now: Instant, fragment: &Fragment<'_>) -> (Kept, bool) {
        let uneven = fragment.more && !fragment.octets.len().is_multiple_of(8);
        if fragment.octets.is_empty() || uneven || fragment.end() > fragment.longest() {
            return (Kept::Dropped(Reason::Malformed), false);
        }
        let mine = |place: &Assembly<'_>| {
            let partial = place.partial.as_ref();
            partial.is_some_and(|partial| partial.key == fragment.key)
        };
        if let Some(index) = self.places.iter().position(mine) {
            return (self.add_to(index, fragment), false);
        }
        let Some(index) = self.choose(fragment.key.src) else {
            return (Kept::Dropped(Reason::Fragment), false);
        };
        let partial = Partial {
            key: fragment.key,
            since: now,
            total: None,
            first: None,
            stretches: Vec::new(),
            spoiled: false,
        };
        self.due.get_or_insert(now + REASSEMBLY_TIMEOUT);
        let evicted = self.places[index].partial.replace(partial).is_some();
        (self.add_to(index, fragment), evicted)
    }

    /// A place for a new datagram: of the sender's own if it has its share, else a vacant one, else the
    /// oldest of those who have most.
    fn choose(&self, src: IpAddress) -> Option<usize> {
        let of = |index: usize| {
            let partial = self.places[index].partial.as_ref()?;
            Some((Origin::of(partial.key.src.into()), partial.since))
        };
        let count = |who: Origin| {
            let places = 0..self.places.len();
            places
                .filter(|index| of(*index).is_some_and(|(it, _)| it == who))
                .count()
        };
        let own = Origin::of(src.into());
        let limited = count(own) >= SHARE;
        (0..self.places.len())
            .filter(|index| !limited || of(*index).is_some_and(|(who, _)| who == own))
            .min_by_key(|index| {
                // Vacant first, then those with most, then the oldest.
                of(*index).map(|(who, since)| (usize::MAX - count(who), since))
            })
    }

    fn add_to(&mut self, index: usize, fragment: &Fragment<'_>) -> Kept {
        let Assembly { room, partial } = &mut self.places[index];
        let Some(partial) = partial else {
            return Kept::Dropped(Reason::Fragment);
        };
        let (from, to) = (usize::from(fragment.offset), fragment.end());
        let Some(target) = room.get_mut(BEFORE + from..BEFORE + to) else {
            return Kept::Dropped(Reason::TooLong);
        };
        if partial.spoiled || !partial.has_room_for(fragment) {
            partial.spoiled = true;
            return Kept::Dropped(Reason::FragmentOverlap);
        }
        match partial.fit(from, to) {
            Fit::Within if target == fragment.octets => return Kept::Waits,
            Fit::Hole(place) if partial.join(place, from, to) => {
                target.copy_from_slice(fragment.octets);
            }
            Fit::Hole(_) | Fit::Within | Fit::Overlap => {
                partial.spoiled = true;
                return Kept::Dropped(Reason::FragmentOverlap);
            }
        }
        if !fragment.more {
            partial.total = Some(to);
        }
        if from == 0 {
            partial.first = Some((fragment.protocol, fragment.hop_limit));
        }
        if partial.is_whole() {
            Kept::Whole(index)
        } else {
            Kept::Waits
        }
    }

    /// Takes a whole datagram out of its place, with the place's memory.
    pub(super) fn take(&mut self, index: usize) -> Option<Whole<'a>> {
        let place = self.places.get_mut(index)?;
        let partial = place.partial.take()?;
        let (Some(total), Some((protocol, hop_limit))) = (partial.total, partial.first) else {
            return None;
        };
        let Key { src, dst, .. } = partial.key;
        let header = IpRepr::new(src, dst, protocol, total, hop_limit);
        let nothing = ManagedSlice::Borrowed(&mut []);
        let room = core::mem::replace(&mut place.room, nothing);
        self.look_ahead();
        let end = BEFORE + total;
        Some(Whole { room, header, end })
    }

    /// Gives the memory of a place back.
    pub(super) fn give_back(&mut self, index: usize, whole: Whole<'a>) {
        if let Some(place) = self.places.get_mut(index) {
            place.room = whole.room;
        }
    }

    /// Gives up what has waited for too long; `false` if nothing did. Those that are spoiled were counted
    /// before.
    pub(super) fn expire(&mut self, now: Instant) -> bool {
        if self.due.is_none_or(|due| due > now) {
            return false;
        }
        let late = |partial: &Partial| partial.since + REASSEMBLY_TIMEOUT <= now;
        for place in self.places.iter_mut() {
            if let Some(given_up) = place.partial.take_if(|partial| late(partial))
                && !given_up.spoiled
            {
                return true;
            }
        }
        self.look_ahead();
        false
    }

    fn look_ahead(&mut self) {
        let waiting = self.places.iter().flat_map(|place| &place.partial);
        self.due = waiting
            .map(|partial| partial.since + REASSEMBLY_TIMEOUT)
            .min();
    }

    /// When the first one is to be given up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due
    }
}

#[cfg(test)]
mod tests;
