//! How much is answered: a budget for each connection, and one for each stranger's address.
//!
//! Whoever can count answers that others share learns about those others: one budget of challenge ACKs
//! for a whole host told off-path attackers its ports and windows (CVE-2016-5696), one of ICMP errors the
//! same (CVE-2020-25705). So there is none that two share: what a connection or a stranger uses up, no
//! other one misses. Answers are as many as the segments that draw them, and no longer, so there is
//! nothing that had to be bounded for all together. What is said over ICMP may be longer: that has a bound
//! for all, too, which nobody can count ([`Allowance`](super::allowance::Allowance)).

use core::hash::Hasher;
use core::net::IpAddr;

use managed::ManagedSlice;
use smoltcp::time::Instant;
use smoltcp::wire::IpAddress;

use super::flow::Sip;

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
        let second = now.total_micros().div_euclid(1_000_000) as u16;
        if second != self.second {
            *self = Self { second, given: 0 };
        }
        if self.given >= per_second {
            return false;
        }
        self.given += 1;
        true
    }
}

/// What one stranger was answered.
#[derive(Debug, Clone, Copy)]
pub struct Stranger {
    /// A hash of its address; whoever it was before is forgotten.
    tag: u32,
    answers: Answers,
}

impl Stranger {
    /// Nobody; for building tables.
    pub const EMPTY: Self = Self {
        tag: 0,
        answers: Answers::NONE,
    };
}

/// What strangers were answered, by their addresses.
///
/// A table of few places, each of the address that came there last: a flood from very many addresses
/// makes it forget, and never makes one stranger pay for another. Which addresses share a place is a
/// secret, and another one every minute.
pub(super) struct Strangers<'a> {
    places: ManagedSlice<'a, Stranger>,
    hasher: Sip,
}

impl<'a> Strangers<'a> {
    /// Nobody was answered yet. At least one place.
    pub(super) fn new(mut places: ManagedSlice<'a, Stranger>, key: [u8; 16]) -> Self {
        places.fill(Stranger::EMPTY);
        Self {
            places,
            hasher: Sip::new_with_key(&key),
        }
    }

    /// Uses up one answer to this address, or to its network of 64 bits; `false` if none is left.
    pub(super) fn take(&mut self, now: Instant, address: IpAddress, per_second: u16) -> bool {
        let mut hasher = self.hasher;
        hasher.write_u64(party(address));
        hasher.write_u64(now.total_micros() as u64 >> 26);
        let hash = hasher.finish();
        let tag = (hash >> 32) as u32;
        let index = hash as u32 as usize % self.places.len();
        let place = &mut self.places[index];
        if place.tag != tag {
            *place = Stranger {
                tag,
                ..Stranger::EMPTY
            };
        }
        place.answers.take(now, per_second)
    }
}

/// Who is behind an address, as far as sharing goes: one IPv4 address, or the 64 bits of an IPv6 network,
/// in which a host gives itself as many addresses as it likes (RFC 4291 section 2.5.1). The one network
/// that everybody has is link-local; there it is the interface.
pub(super) fn party(address: IpAddress) -> u64 {
    match IpAddr::from(address) {
        IpAddr::V4(v4) => u64::from(v4.to_bits()),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => v6.to_bits() as u64,
        IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64,
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
