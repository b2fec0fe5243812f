//! How much of a shared resource each peer takes.
//!
//! Anyone can come many times, but not easily from many places. So a scarce resource is shared among origins, in the
//! stack as in the chat, and when it runs out, the origin that holds most of it makes room.

use core::net::IpAddr;

use smoltcp::time::Instant;

/// Where a peer comes from; peers of equal origin share one budget. It is an IPv4 address, or the 64 bits of an IPv6
/// address that name the network, since one host has all addresses in it (RFC 4291 section 2.5.4). The link-local
/// network is everybody's; there it is the interface identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin(u64);

impl Origin {
    /// No peer's origin, to fill arrays with.
    pub const NOWHERE: Self = Self(0);

    /// The origin of an address.
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self::of_v4(v4.octets()),
            IpAddr::V6(v6) => Self::of_v6(v6.octets()),
        }
    }

    /// The number that stands for it, for hashes.
    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    /// The origin of an IPv4 address. It never equals that of an IPv6 network: those bits would be a multicast address.
    pub const fn of_v4(address: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(address) as u64 | 0xffff_ffff << 32)
    }

    /// The origin of an IPv6 address: its network, or for a link-local address the interface identifier.
    pub const fn of_v6(address: [u8; 16]) -> Self {
        let whole = u128::from_be_bytes(address);
        match address {
            [0xfe, 0x80..=0xbf, ..] => Self(whole as u64),
            _ => Self((whole >> 64) as u64),
        }
    }

    /// One of the lanes. `salt` makes it another each time, so that nobody can choose to be in
    /// somebody else's for long.
    fn lane(self, salt: u64) -> usize {
        let mixed = (self.0 ^ salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) as usize >> (usize::BITS - 5)
    }
}

/// One of so many of all is a crowd: fewer are not worth to be told from the others.
const CROWD: usize = 4;

/// Lanes in which origins are counted together.
const LANES: usize = 32;

/// Calls its argument once for each occurrence of an origin. It is not an iterator because its code would then be
/// compiled once per caller.
pub type Origins<'o> = &'o dyn Fn(&mut dyn FnMut(Origin));

/// How many come by each lane: whoever is in one of many is in a crowd, or was counted with one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lanes {
    salt: u64,
    counts: [u16; LANES],
}

impl Lanes {
    /// Counts these.
    pub(crate) fn of(now: Instant, origins: Origins<'_>) -> Self {
        let salt = now.total_micros() as u64;
        let mut counts = [0; LANES];
        origins(&mut |origin| {
            let count: &mut u16 = &mut counts[origin.lane(salt)];
            *count = count.saturating_add(1);
        });
        Self { salt, counts }
    }

    /// How many come by the lane of an origin.
    pub(crate) fn with(&self, origin: Origin) -> u32 {
        self.counts[origin.lane(self.salt)].into()
    }
}

/// How many origins there are. Beyond a few this is too low: origins that share a lane count as one.
pub fn how_many(now: Instant, origins: Origins<'_>) -> usize {
    let lanes = Lanes::of(now, origins);
    lanes.counts.iter().filter(|count| **count > 0).count()
}

/// The most frequent origin, and how often it occurs.
///
/// Walks over the origins three times and stores nothing: it counts lanes, and in the fullest lane finds the origin
/// that has more than half of it, if there is one (the majority vote of Boyer and Moore). A crowd worth the name has.
/// Otherwise the result is some origin of that lane. `now` changes the lanes every time, so that nobody can arrange to
/// be counted with somebody else.
///
/// Not inlined: its lanes would take stack in the caller.
#[inline(never)]
pub fn most_crowded(now: Instant, origins: Origins<'_>) -> Option<(Origin, usize)> {
    let lanes = Lanes::of(now, origins);
    let fullest = (0..LANES).max_by_key(|&lane| lanes.counts[lane])?;
    let (mut leader, mut lead) = (None, 0_u32);
    origins(&mut |origin| {
        if origin.lane(lanes.salt) != fullest {
            return;
        }
        match leader == Some(origin) {
            true => lead += 1,
            false if lead == 0 => (leader, lead) = (Some(origin), 1),
            false => lead -= 1,
        }
    });
    let leader = leader?;
    Some((leader, count(leader, origins)))
}

/// The most crowded origin, and how often it comes, if that is more than once and one time in [`CROWD`].
pub(crate) fn crowd(now: Instant, origins: Origins<'_>) -> Option<(Origin, usize)> {
    let mut all = 0;
    origins(&mut |_| all += 1);
    most_crowded(now, origins).filter(|(_, size)| *size > 1 && *size * CROWD >= all)
}

/// The same, if it comes more often than `newcomer` would with once more.
pub(crate) fn crowd_before(now: Instant, newcomer: Origin, origins: Origins<'_>) -> Option<Origin> {
    let own = count(newcomer, origins);
    let crowd = crowd(now, origins).filter(|(_, size)| *size > own + 1);
    crowd.map(|(crowd, _)| crowd)
}

/// How often an origin occurs.
pub fn count(origin: Origin, origins: Origins<'_>) -> usize {
    let mut count = 0;
    origins(&mut |other| count += usize::from(other == origin));
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_crowd_is_found_among_many_who_came_once() {
        for salt in 0..100 {
            let now = Instant::from_micros(salt);
            let many = (0..1000).map(|host: u32| Origin::of_v4(host.to_be_bytes()));
            let crowds = [Origin::of_v4([10, 0, 0, 1]); 80].into_iter();
            let all = many.chain(crowds).chain([Origin::of_v4([10, 0, 0, 2]); 10]);
            let found = most_crowded(now, &|each| all.clone().for_each(each));
            assert_eq!(found, Some((Origin::of_v4([10, 0, 0, 1]), 80)), "{salt}");
        }
    }

    #[test]
    fn a_crowd_is_a_quarter_of_all_and_more_than_one() {
        let host = |number: u32| Origin::of_v4(number.to_be_bytes());
        let crowd = |hosts: &[u32]| {
            crowd(Instant::from_micros(7), &|each| {
                hosts.iter().for_each(|it| each(host(*it)))
            })
        };
        assert_eq!(crowd(&[]), None);
        assert_eq!(crowd(&[1]), None);
        assert_eq!(crowd(&[1, 2, 3, 4]), None);
        assert_eq!(crowd(&[1, 1]), Some((host(1), 2)));
        assert_eq!(crowd(&[3, 1, 4, 2, 5, 1, 6, 7]), Some((host(1), 2)));
        assert_eq!(crowd(&[3, 1, 4, 2, 5, 1, 6, 7, 8]), None);
    }

    #[test]
    fn never_more_origins_are_counted_than_there_are() {
        for salt in 0..100 {
            for hosts in 0..200_u32 {
                let count = how_many(Instant::from_micros(salt), &|each| {
                    (0..hosts).for_each(|host| each(Origin::of_v4(host.to_be_bytes())));
                });
                let all = hosts as usize;
                assert!(
                    (all.min(LANES) / 3..=all).contains(&count),
                    "{count} of {all}"
                );
            }
        }
    }

    #[test]
    fn nobody_is_no_crowd() {
        assert_eq!(most_crowded(Instant::ZERO, &|_| {}), None);
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_origin() {
        let mut address = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9];
        let one = Origin::of_v6(address);
        address[15] = 1;
        assert_eq!(Origin::of_v6(address), one);
        address[7] = 2;
        assert_ne!(Origin::of_v6(address), one);
    }
}
