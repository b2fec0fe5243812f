//! How much is answered: a budget for each connection, and one for each stranger's address.
//!
//! Whoever can count answers that others share learns about those others: one budget of challenge ACKs
//! for a whole host told off-path attackers its ports and windows (CVE-2016-5696), one of ICMP errors the
//! same (CVE-2020-25705). So there is none that two share: what a connection or a stranger uses up, no
//! other one misses. Answers are as many as the segments that draw them, and no longer, so there is
//! nothing that had to be bounded for all together. What is said over ICMP may be longer: that has a bound
//! for all, too, which nobody can count ([`Allowance`]).

use core::hash::Hasher;

use managed::ManagedSlice;
use smoltcp::time::Instant;
use smoltcp::wire::IpAddress;

use super::allowance::Allowance;
use super::sip::Sip;
use crate::origin::Origin;

/// How many answers may still be given in this second (RFC 5961 section 7).
#[derive(Debug, Clone, Copy)]
pub(super) struct Answers {
    /// The low bits of the second in which one was last given.
    second: u16,
    given: u16,
}

impl Answers {
    /// None was given yet.
    pub(super) const NONE: Self = Self {
        second: 0,
        given: 0,
    };

    /// Uses up one answer; `false` if none is left.
    pub(super) fn take(&mut self, now: Instant, per_second: u16) -> bool {
        let given = self.given_in(now);
        if given >= per_second {
            return false;
        }
        *self = Self {
            second: second(now),
            given: given + 1,
        };
        true
    }

    /// How many were given in this second.
    fn given_in(&self, now: Instant) -> u16 {
        if self.second == second(now) {
            self.given
        } else {
            0
        }
    }
}

fn second(now: Instant) -> u16 {
    now.total_micros().div_euclid(1_000_000) as u16
}

/// Places in which one stranger can be.
const WAYS: usize = 4;

/// What one stranger was answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stranger {
    /// A hash of its address; whoever it was before is forgotten.
    tag: u32,
    answers: Answers,
}

impl Stranger {
    /// Nobody; for building tables.
    pub(super) const EMPTY: Self = Self {
        tag: 0,
        answers: Answers::NONE,
    };
}

/// What strangers were answered, by their addresses.
///
/// A table of few places, in sets of [`WAYS`]. Where more meet in one set, the one that was answered least
/// is forgotten, and begins anew: a flood from very many addresses never makes one stranger pay for
/// another. Which addresses share a set is a secret, and another one every minute.
pub(super) struct Strangers<'a> {
    places: ManagedSlice<'a, Stranger>,
    hasher: Sip,
    /// What may still be said over ICMP, to all together.
    icmp: Allowance,
}

impl<'a> Strangers<'a> {
    /// Nobody was answered yet. At least one place.
    pub(super) fn new(places: ManagedSlice<'a, Stranger>, key: [u8; 16]) -> Self {
        Self {
            places,
            hasher: Sip::new_with_key(&key),
            icmp: Allowance::new(key),
        }
    }

    /// Uses up one answer over ICMP to this address, if one is left for it, and for all together.
    pub(super) fn take_icmp(
        &mut self,
        now: Instant,
        address: IpAddress,
        per_second: u16,
        for_all: u16,
    ) -> bool {
        self.take(now, address, per_second) && self.icmp.take(now, for_all)
    }

    /// Uses up one answer to this address, or to its network of 64 bits; `false` if none is left.
    pub(super) fn take(&mut self, now: Instant, address: IpAddress, per_second: u16) -> bool {
        let mut hasher = self.hasher;
        hasher.write_u64(Origin::of(address.into()).bits());
        hasher.write_u64(now.total_micros() as u64 >> 26);
        let hash = hasher.finish();
        let tag = (hash >> 32) as u32;
        let sets = (self.places.len() / WAYS).max(1);
        let first = hash as u32 as usize % sets * WAYS;
        let end = self.places.len().min(first + WAYS);
        let set = &mut self.places[first..end];
        let place = match set.iter().position(|place| place.tag == tag) {
            Some(known) => &mut set[known],
            None => {
                let given = |place: &&mut Stranger| place.answers.given_in(now);
                let Some(place) = set.iter_mut().min_by_key(given) else {
                    return false;
                };
                *place = Stranger {
                    tag,
                    ..Stranger::EMPTY
                };
                place
            }
        };
        place.answers.take(now, per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn strangers(places: usize) -> Strangers<'static> {
        Strangers::new(ManagedSlice::Owned(vec![Stranger::EMPTY; places]), [7; 16])
    }

    #[test]
    fn a_budget_is_for_one_second() {
        let mut answers = Answers::NONE;
        let at = Instant::from_millis;
        let given =
            |answers: &mut Answers, millis| (0..10).filter(|_| answers.take(at(millis), 3)).count();
        assert_eq!(given(&mut answers, 0), 3);
        assert_eq!(given(&mut answers, 999), 0);
        assert_eq!(given(&mut answers, 1000), 3);
        assert_eq!((0..10).filter(|_| answers.take(at(2000), 0)).count(), 0);
    }

    #[test]
    fn what_one_stranger_uses_up_no_other_misses() {
        // Even in a table of one place.
        for places in [1, 64] {
            let mut strangers = strangers(places);
            let mut take = |octet| {
                let address = IpAddress::v4(192, 0, 2, octet);
                strangers.take(Instant::ZERO, address, 5)
            };
            for octet in 0..=255 {
                assert_eq!((0..100).filter(|_| take(octet)).count(), 5, "{octet}");
            }
        }
    }

    #[test]
    fn many_at_once_are_bounded_each_as_long_as_there_are_places() {
        let mut strangers = strangers(1024);
        let mut given = [0; 200];
        for _ in 0..50 {
            for (octet, given) in (0..).zip(&mut given) {
                let address = IpAddress::v4(192, 0, 2, octet);
                *given += u32::from(strangers.take(Instant::ZERO, address, 5));
            }
        }
        assert_eq!(given, [5; 200]);
    }

    #[test]
    fn over_icmp_all_together_are_bounded_too_and_segments_are_not() {
        let mut strangers = strangers(64);
        let told = (0..=255)
            .filter(|octet| {
                let address = IpAddress::v4(192, 0, 2, *octet);
                strangers.take_icmp(Instant::ZERO, address, 5, 100)
            })
            .count();
        assert!((50..=100).contains(&told), "{told}");
        let another = IpAddress::v4(198, 51, 100, 1);
        assert!(strangers.take(Instant::ZERO, another, 5));
    }

    #[cfg(feature = "ipv6")]
    #[test]
    fn a_network_of_64_bits_is_one_stranger() {
        let mut strangers = strangers(64);
        let mut take = |network, host| {
            let address = IpAddress::v6(0x2001, 0xdb8, 0, network, 0, 0, 0, host);
            strangers.take(Instant::ZERO, address, 5)
        };
        assert_eq!((0..100).filter(|host| take(1, *host)).count(), 5);
        assert!(take(2, 1));
        // Everybody is in this one.
        let mut neighbor = |host| {
            let address = IpAddress::v6(0xfe80, 0, 0, 0, 0, 0, 0, host);
            strangers.take(Instant::ZERO, address, 5)
        };
        assert_eq!((0..100).filter(|_| neighbor(1)).count(), 5);
        assert!(neighbor(2));
    }
}
