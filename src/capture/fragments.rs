//! The IP fragments that a ladder needs reassembled, to know the length of the segment in them.
//!
//! No payload is kept, only the first octets, where the TCP header is. Where fragments overlap, they may differ: the
//! one captured last counts.

use super::LeftOut;
use super::dissect::{self, Dissected, Piece};
use super::octets::Octets;
use super::ranges::Ranges;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpAddress;
use std::collections::{BTreeMap, HashMap};

/// Packets that may be incomplete at the same time; the oldest gives way to one more.
const PENDING: usize = 1024;
/// How long the pieces of a packet are waited for, as Linux does. Identifications come again.
const PATIENCE: Duration = Duration::from_secs(30);
/// Octets of the longest TCP header.
const HEAD: usize = 60;

/// The ends of a packet, and its identification.
type Key = (IpAddress, IpAddress, u32);

/// A packet that is not whole yet.
struct Pending {
    key: Key,
    since: Instant,
    pieces: u64,
    missing: Ranges,
    /// Octets in the whole, once the last piece was seen.
    len: usize,
    head: [u8; HEAD],
    /// One bit for each octet of the head that is known, the lowest for the first.
    known: u64,
}

/// The packets that are not whole yet.
#[derive(Default)]
pub(super) struct Fragments {
    /// By the order in which they began.
    pending: BTreeMap<u64, Pending>,
    by_key: HashMap<Key, u64>,
    next: u64,
    given_up: u64,
}

impl Fragments {
    /// One more piece, and the segment in the packet if that is whole now.
    pub(super) fn add(
        &mut self,
        at: Instant,
        packet: &dissect::Packet<'_>,
        piece: Piece,
    ) -> Result<Option<Dissected>, LeftOut> {
        let key = (packet.from, packet.to, piece.id);
        let number = self.number_of(at, key);
        let Some(pending) = self.pending.get_mut(&number) else {
            return Ok(None);
        };
        pending.add(piece, packet.payload);
        if !pending.missing.is_empty() {
            return Ok(None);
        }
        self.by_key.remove(&key);
        match self.pending.remove(&number) {
            Some(whole) => whole.segment().map(Some),
            None => Ok(None),
        }
    }

    /// How many pieces are of packets that never were whole.
    pub(super) fn left(&self) -> u64 {
        let waiting = self.pending.values().map(|pending| pending.pieces);
        waiting.fold(self.given_up, u64::saturating_add)
    }

    /// The number of the packet that a piece belongs to, which may begin with it.
    fn number_of(&mut self, at: Instant, key: Key) -> u64 {
        if let Some(&number) = self.by_key.get(&key) {
            let since = self
                .pending
                .get(&number)
                .map_or(at, |pending| pending.since);
            let waited = at.total_micros().abs_diff(since.total_micros());
            if waited <= PATIENCE.total_micros() {
                return number;
            }
            self.give_up(number);
        }
        if self.pending.len() >= PENDING
            && let Some((&oldest, _)) = self.pending.first_key_value()
        {
            self.give_up(oldest);
        }
        let number = self.next;
        self.next += 1;
        self.by_key.insert(key, number);
        self.pending.insert(number, Pending::new(at, key));
        number
    }

    fn give_up(&mut self, number: u64) {
        if let Some(pending) = self.pending.remove(&number) {
            self.by_key.remove(&pending.key);
            self.given_up = self.given_up.saturating_add(pending.pieces);
        }
    }
}

impl Pending {
    fn new(since: Instant, key: Key) -> Self {
        Self {
            key,
            since,
            pieces: 0,
            missing: Ranges::of(0..i64::MAX),
            len: 0,
            head: [0; HEAD],
            known: 0,
        }
    }

    fn add(&mut self, piece: Piece, payload: Octets<'_>) {
        self.pieces += 1;
        let start = usize::from(piece.offset);
        let end = start.saturating_add(payload.len());
        self.missing.remove(place(start)..place(end));
        if !piece.more {
            self.len = end;
            self.missing.remove(place(end)..i64::MAX);
        }
        let head = self.head.iter_mut().enumerate().skip(start);
        for ((index, octet), &captured) in head.zip(payload.captured()) {
            *octet = captured;
            self.known |= 1 << index;
        }
    }

    fn segment(&self) -> Result<Dissected, LeftOut> {
        let known = self.known.trailing_ones() as usize;
        let octets = Octets::new(&self.head[..known], self.len);
        dissect::segment(self.key.0, self.key.1, octets)
    }
}

fn place(octets: usize) -> i64 {
    i64::try_from(octets).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// One half of a segment of 40 octets; `None` until both were there.
    fn add(fragments: &mut Fragments, secs: i64, id: u32, second: bool) -> Option<usize> {
        let mut segment = [0; 40];
        segment[12] = 0x50;
        let half = if second {
            &segment[24..]
        } else {
            &segment[..24]
        };
        let piece = Piece {
            id,
            offset: if second { 24 } else { 0 },
            more: !second,
        };
        let packet = dissect::Packet {
            from: IpAddress::v4(10, 0, 0, 1),
            to: IpAddress::v4(10, 0, 0, 2),
            protocol: 6,
            payload: Octets::new(half, half.len()),
            fragment: Some(piece),
        };
        let whole = fragments.add(Instant::from_secs(secs), &packet, piece);
        whole.unwrap().map(|segment| segment.len)
    }

    #[test]
    fn pieces_make_a_whole_in_any_order_and_once() {
        let mut fragments = Fragments::default();
        assert_eq!(add(&mut fragments, 0, 1, false), None);
        assert_eq!(add(&mut fragments, 30, 1, true), Some(20));
        assert_eq!(add(&mut fragments, 31, 2, true), None);
        assert_eq!(add(&mut fragments, 32, 2, false), Some(20));
        assert_eq!(fragments.left(), 0);
    }

    #[test]
    fn an_identification_that_comes_again_is_of_another_packet() {
        let mut fragments = Fragments::default();
        assert_eq!(add(&mut fragments, 0, 1, false), None);
        assert_eq!(add(&mut fragments, 31, 1, true), None);
        assert_eq!(fragments.left(), 2);
    }

    #[test]
    fn the_oldest_gives_way_when_too_many_are_not_whole() {
        let mut fragments = Fragments::default();
        let ids = 0..u32::try_from(PENDING).unwrap() + 1;
        let found = Vec::from_iter(ids.map(|id| add(&mut fragments, 0, id, false)));
        assert!(found.iter().all(Option::is_none));
        assert_eq!(fragments.pending.len(), PENDING);
        assert_eq!(add(&mut fragments, 0, 1, true), Some(20));
        assert_eq!(add(&mut fragments, 0, 0, true), None);
        assert_eq!(fragments.left(), u64::try_from(PENDING).unwrap() + 1);
    }
}
