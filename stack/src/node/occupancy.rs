//! How far the connections are taken by handshakes, and which half-open one gives way to whom.
//!
//! - A connection is free for anybody while less than three quarters of all are half-open. The last quarter is
//!   for peers that are proven to be there.
//! - A half-open connection gives way only to somebody who waits, and only after [`HANDSHAKE_TIMEOUT`]; one of a
//!   crowd, which has a quarter of the oldest or more, after [`CROWD_TIMEOUT`].
//!
//! Pure: it looks at the connections and changes none. Whoever asks gives up what is to give way. No more than the
//! [`OLDEST`] are looked at.

use smoltcp::time::{Duration, Instant};

use super::slot_id::SlotId;
use crate::origin::{self, Origin};

/// Our SYN,ACK left at once, 1 s and 3 s after that (RFC 6298 section 2): a peer that is there has answered.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(4);

/// The same for whoever has more than its share of handshakes: one timeout (RFC 6298 section 2.1).
const CROWD_TIMEOUT: Duration = Duration::from_secs(1);

/// The same, while somebody waits that returned a cookie: it is there, and most handshakes take less.
const CROWD_TIMEOUT_FOR_PROVEN: Duration = Duration::from_millis(200);

/// So many of the oldest handshakes tell whose most are. A constant bounds the work.
const OLDEST: usize = 16;

/// A half-open connection that is to give way now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Eviction {
    // A value: whoever is given one reads all of it.
    pub(super) slot: SlotId,
    /// It had less time than others have, because its origin has more than its share.
    pub(super) over_its_share: bool,
}

/// The connections, and what of them decides who gets in.
pub(super) trait Occupancy {
    /// How many there can be.
    fn capacity(&self) -> usize;

    /// How many more there can be.
    fn free(&self) -> usize;

    /// How many are half-open.
    fn half_open(&self) -> usize;

    /// Those, the oldest first.
    fn handshakes(&self) -> impl Iterator<Item = SlotId> + Clone;

    /// The first of them.
    fn oldest(&self) -> Option<SlotId> {
        self.handshakes().next()
    }

    /// Where the peer of one is.
    fn origin(&self, slot: SlotId) -> Origin;

    /// When the SYN of one was let in.
    fn since(&self, slot: SlotId) -> Instant;

    /// Whether a connection is free for one more handshake, or for a peer that is `proven`.
    fn may_open(&self, proven: bool) -> bool {
        let few = self.half_open() < self.capacity() - self.capacity() / 4;
        self.free() > 0 && (proven || few)
    }

    /// Whether a connection is free that only a proven peer may take.
    fn is_for_proven(&self) -> bool {
        self.free() > 0 && !self.may_open(false)
    }

    /// Whether the oldest handshake should have ended.
    fn handshakes_are_old(&self, now: Instant) -> bool {
        let oldest = self.oldest();
        oldest.is_some_and(|oldest| self.since(oldest) + CROWD_TIMEOUT <= now)
    }

    /// Who has a crowd of the oldest handshakes.
    fn crowd(&self, now: Instant) -> Option<Origin> {
        let crowd = origin::crowd(now, &|each| self.origins(each));
        crowd.map(|(crowd, _)| crowd)
    }

    /// The same, if it has more than `newcomer` would then have.
    fn crowd_before(&self, now: Instant, newcomer: Origin) -> Option<Origin> {
        origin::crowd_before(now, newcomer, &|each| self.origins(each))
    }

    /// The handshake that is the first to give way to `newcomer`, and when.
    fn first_to_give_way(
        &self,
        now: Instant,
        newcomer: Origin,
        proven: bool,
    ) -> Option<(SlotId, Instant)> {
        let of_crowd = match proven {
            true => CROWD_TIMEOUT_FOR_PROVEN,
            false => CROWD_TIMEOUT,
        };
        let first = self.oldest()?;
        let old = (first, self.since(first) + HANDSHAKE_TIMEOUT);
        let crowd = self.crowd_before(now, newcomer);
        let mut oldest = self.handshakes().take(OLDEST);
        let over = oldest
            .find(|slot| Some(self.origin(*slot)) == crowd)
            .map(|slot| (slot, self.since(slot) + of_crowd));
        Some(over.filter(|over| over.1 < old.1).unwrap_or(old))
    }

    /// The handshake that is to give way to `newcomer` by now.
    fn gives_way(&self, now: Instant, newcomer: Origin, proven: bool) -> Option<Eviction> {
        let first = self.first_to_give_way(now, newcomer, proven);
        let (slot, _) = first.filter(|(_, at)| *at <= now)?;
        Some(Eviction {
            slot,
            over_its_share: self.since(slot) + HANDSHAKE_TIMEOUT > now,
        })
    }

    /// From where the oldest handshakes are.
    fn origins(&self, each: &mut dyn FnMut(Origin)) {
        let oldest = self.handshakes().take(OLDEST);
        oldest.for_each(|slot| each(self.origin(slot)));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::vec::Vec;

    /// Eight connections, of which some are half-open: from which host of ours each, and since when.
    pub(in crate::node) struct Eight {
        handshakes: Vec<(u8, i64)>,
        free: usize,
    }

    impl Eight {
        /// Free but for these.
        pub(in crate::node) fn half_open(handshakes: &[(u8, i64)]) -> Self {
            Self {
                handshakes: handshakes.to_vec(),
                free: 8_usize.saturating_sub(handshakes.len()),
            }
        }

        /// Taken, by these or by connections that are established.
        pub(in crate::node) fn full(handshakes: &[(u8, i64)]) -> Self {
            Self {
                free: 0,
                ..Self::half_open(handshakes)
            }
        }
    }

    impl Occupancy for Eight {
        fn capacity(&self) -> usize {
            8
        }

        fn free(&self) -> usize {
            self.free
        }

        fn half_open(&self) -> usize {
            self.handshakes.len()
        }

        fn handshakes(&self) -> impl Iterator<Item = SlotId> + Clone {
            (0..self.handshakes.len()).map(SlotId::new)
        }

        fn origin(&self, slot: SlotId) -> Origin {
            host(self.handshakes[slot.number()].0)
        }

        fn since(&self, slot: SlotId) -> Instant {
            Instant::from_millis(self.handshakes[slot.number()].1)
        }
    }

    fn at(millis: i64) -> Instant {
        Instant::from_millis(millis)
    }

    fn host(number: u8) -> Origin {
        Origin::of_v4([192, 0, 2, number])
    }

    /// The handshake that gives way to somebody: which, and whether it had less time than others have.
    fn asks(
        handshakes: &[(u8, i64)],
        millis: i64,
        newcomer: u8,
        proven: bool,
    ) -> Option<(usize, bool)> {
        let eight = Eight::half_open(handshakes);
        let eviction = eight.gives_way(at(millis), host(newcomer), proven);
        eviction.map(|it| (it.slot.number(), it.over_its_share))
    }

    #[test]
    fn the_last_quarter_is_for_those_that_are_proven() {
        let may = |handshakes: &[(u8, i64)]| {
            let eight = Eight::half_open(handshakes);
            let now = (eight.may_open(false), eight.may_open(true));
            (now.0, now.1, eight.is_for_proven())
        };
        assert_eq!(may(&[(1, 0); 5]), (true, true, false));
        assert_eq!(may(&[(1, 0); 6]), (false, true, true));
        assert_eq!(may(&[(1, 0); 8]), (false, false, false));
    }

    #[test]
    fn a_handshake_gives_way_when_its_peer_should_have_answered() {
        let handshakes = [(1, 100), (2, 200), (3, 300), (4, 400), (5, 500)];
        assert_eq!(asks(&handshakes, 4_099, 9, true), None);
        assert_eq!(asks(&handshakes, 4_100, 9, true), Some((0, false)));
        assert_eq!(asks(&handshakes, 4_100, 9, false), Some((0, false)));
        assert_eq!(asks(&[], 4_100, 9, true), None);
        let eight = Eight::half_open(&handshakes);
        let first = eight.first_to_give_way(at(0), host(9), false);
        assert_eq!(first, Some((SlotId::new(0), at(4_100))));
    }

    #[test]
    fn one_of_a_crowd_gives_way_sooner_and_soonest_to_who_is_proven() {
        let handshakes = [(1, 0), (1, 0), (1, 0), (2, 0)];
        assert_eq!(asks(&handshakes, 999, 2, false), None);
        assert_eq!(asks(&handshakes, 1_000, 2, false), Some((0, true)));
        assert_eq!(asks(&handshakes, 199, 2, true), None);
        assert_eq!(asks(&handshakes, 200, 2, true), Some((0, true)));
        // Not to one of the same crowd.
        assert_eq!(asks(&handshakes, 3_999, 1, false), None);
        assert_eq!(asks(&handshakes, 4_000, 1, false), Some((0, false)));
        // Who would have as many is no better.
        assert_eq!(asks(&[(1, 0), (1, 0), (2, 0)], 1_000, 2, false), None);
    }

    #[test]
    fn the_oldest_of_the_crowd_gives_way_not_the_oldest_of_all() {
        let handshakes = [(2, 0), (1, 10), (1, 20)];
        assert_eq!(asks(&handshakes, 1_010, 3, false), Some((1, true)));
        // Unless that one has been due for longer.
        let handshakes = [(2, 0), (1, 3_000), (1, 3_000)];
        assert_eq!(asks(&handshakes, 4_000, 3, false), Some((0, false)));
    }

    #[test]
    fn handshakes_are_old_when_the_first_has_timed_out_once() {
        let old = |handshakes: &[(u8, i64)], millis| {
            let eight = Eight::half_open(handshakes);
            eight.handshakes_are_old(at(millis))
        };
        assert!(!old(&[], 1_000));
        assert!(!old(&[(1, 0), (2, 0)], 999));
        assert!(old(&[(1, 0), (2, 900)], 1_000));
    }

    #[test]
    fn only_the_oldest_say_who_is_a_crowd() {
        let others: Vec<(u8, i64)> = (1..=16).map(|host| (host, 0)).collect();
        let crowd = [(99, 0); 8];
        let found = |handshakes: &[(u8, i64)]| Eight::half_open(handshakes).crowd(at(0));
        assert_eq!(found(&[&others[..], &crowd].concat()), None);
        assert_eq!(found(&[&crowd, &others[..]].concat()), Some(host(99)));
    }
}
