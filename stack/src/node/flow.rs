//! Finding a connection by its endpoints, at the same cost for one as for ten thousand.
//!
//! An open-addressing table in the caller's memory: a power of two of 8-octet entries, more entries
//! than things to find. Linear probing; removal shifts entries back, so there is nothing to clean up.
//!
//! Every frame is looked up, so the hash is cheap: multilinear, the upper half of `k0 + k1 w1 + k2 w2 + ...` over the
//! words of a flow. With keys that nobody knows it is strongly universal: whichever two flows somebody chooses, their
//! hashes agree once in 2^32 (D. Lemire and O. Kaser, "Strongly universal string hashing is fast", section 3), and so
//! do any of their bits, by chance alone. With linear probing that makes a search logarithmic at worst, whatever the
//! flows are (A. Pagh, R. Pagh and M. Ruzic, "Linear probing with constant independence", section 1). Nobody can do
//! better by trying: no hash leaves the node, and the keys are used for nothing else.

use core::hash::{Hash, Hasher};
use core::net::IpAddr;

use managed::ManagedSlice;
use smoltcp::wire::IpAddress;

use super::parts;
use super::sip::Sip;
use super::slot_id::SlotId;
use super::time_wait::TimeWaitId;
use crate::trace::Flow;

/// One place of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    hash: u32,
    value: u32,
}

impl Entry {
    const VACANT: u32 = u32::MAX;

    /// A place that holds nothing; for building tables.
    pub(super) const EMPTY: Self = Self {
        hash: 0,
        value: Self::VACANT,
    };
}

/// What an entry leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A connection.
    Connection(SlotId),
    /// One in TIME-WAIT.
    TimeWait(TimeWaitId),
}

impl Found {
    const IN_TIME_WAIT: u32 = 1 << 31;

    const fn pack(self) -> u32 {
        match self {
            Self::Connection(slot) => slot.number() as u32,
            Self::TimeWait(id) => id.number() as u32 | Self::IN_TIME_WAIT,
        }
    }

    const fn unpack(value: u32) -> Self {
        if value & Self::IN_TIME_WAIT == 0 {
            Self::Connection(SlotId::new(value as usize))
        } else {
            Self::TimeWait(TimeWaitId::new((value & !Self::IN_TIME_WAIT) as usize))
        }
    }
}

/// Words of 32 bits in a flow: two addresses and both ports.
const WORDS: usize = if cfg!(feature = "ipv6") { 9 } else { 3 };

/// The keys of the hash: one for each word, and one to begin with.
struct Keys([u64; WORDS + 1]);

impl Keys {
    fn new(secret: [u8; 16]) -> Self {
        Self(core::array::from_fn(|index| {
            let mut hasher = Sip::new_with_key(&secret);
            hasher.write_u32(index as u32);
            hasher.finish()
        }))
    }

    /// The hash of no more than [`WORDS`] words.
    #[inline]
    fn hash(&self, words: impl IntoIterator<Item = u32>) -> u32 {
        let [first, keys @ ..] = &self.0;
        let sum = keys.iter().zip(words).fold(*first, |sum, (key, word)| {
            sum.wrapping_add(key.wrapping_mul(u64::from(word)))
        });
        (sum >> 32) as u32
    }
}

/// The table.
pub(super) struct FlowTable<'a> {
    entries: ManagedSlice<'a, Entry>,
    keys: Keys,
}

impl<'a> FlowTable<'a> {
    /// An empty table over `entries`, hashing with `key`.
    ///
    /// The caller has made sure that the number of entries is a power of two and larger than the
    /// number of things it will ever insert at once.
    pub(super) fn new(entries: ManagedSlice<'a, Entry>, key: [u8; 16]) -> Self {
        debug_assert!(entries.len().is_power_of_two());
        Self {
            entries,
            keys: Keys::new(key),
        }
    }

    /// The keyed hash of a flow.
    #[inline]
    pub(super) fn hash(&self, flow: &Flow) -> u32 {
        let ports = ports_of(flow);
        match (flow.local.addr, flow.remote.addr) {
            (IpAddress::Ipv4(local), IpAddress::Ipv4(remote)) => {
                self.keys.hash([local.to_bits(), remote.to_bits(), ports])
            }
            #[cfg(feature = "ipv6")]
            (local, remote) => {
                let words = words_of(local).into_iter().chain(words_of(remote));
                self.keys.hash(words.chain([ports]))
            }
            // Another crate in the tree may want smoltcp's IPv6; this one then reads none.
            #[cfg(not(feature = "ipv6"))]
            #[allow(unreachable_patterns, reason = "reachable with smoltcp's IPv6")]
            _ => self.keys.hash([ports]),
        }
    }

    /// The first entry with this hash for which `is` holds.
    #[inline]
    pub(super) fn find(&self, hash: u32, mut is: impl FnMut(Found) -> bool) -> Option<Found> {
        let entries = &self.entries[..];
        let mut place = self.home(hash);
        loop {
            let entry = entries[place];
            if entry.value == Entry::VACANT {
                return None;
            }
            if entry.hash == hash {
                let found = Found::unpack(entry.value);
                if is(found) {
                    return Some(found);
                }
            }
            place = (place + 1) & (entries.len() - 1);
        }
    }

    /// Adds an entry. The caller has made sure that there is none for the same flow.
    pub(super) fn insert(&mut self, hash: u32, what: Found) {
        let mut place = self.home(hash);
        while self.entries[place].value != Entry::VACANT {
            place = self.next(place);
        }
        self.entries[place] = Entry {
            hash,
            value: what.pack(),
        };
    }

    /// Takes an entry out; nothing happens when it is not there.
    pub(super) fn remove(&mut self, hash: u32, what: Found) {
        let mut place = self.home(hash);
        let value = what.pack();
        while self.entries[place].value != value {
            if self.entries[place].value == Entry::VACANT {
                return;
            }
            place = self.next(place);
        }
        self.close_gap(place);
    }

    /// Moves later entries back over a vacated place, so that no probe stops short of them.
    fn close_gap(&mut self, mut gap: usize) {
        let mut place = gap;
        loop {
            place = self.next(place);
            let entry = self.entries[place];
            if entry.value == Entry::VACANT {
                break;
            }
            let home = self.home(entry.hash);
            // The entry may move into the gap only if its home does not lie behind the gap.
            if self.distance(home, place) >= self.distance(gap, place) {
                self.entries[gap] = entry;
                gap = place;
            }
        }
        self.entries[gap] = Entry::EMPTY;
    }

    fn home(&self, hash: u32) -> usize {
        hash as usize & (self.entries.len() - 1)
    }

    fn next(&self, place: usize) -> usize {
        (place + 1) & (self.entries.len() - 1)
    }

    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & (self.entries.len() - 1)
    }
}

/// Whether two flows are the same: words are compared, where derived equality goes octet by octet.
#[inline]
pub(super) fn same(one: &Flow, other: &Flow) -> bool {
    if !parts::ONE_PASS {
        return one == other;
    }
    match (
        &one.local.addr,
        &one.remote.addr,
        &other.local.addr,
        &other.remote.addr,
    ) {
        (
            IpAddress::Ipv4(local),
            IpAddress::Ipv4(remote),
            IpAddress::Ipv4(other_local),
            IpAddress::Ipv4(other_remote),
        ) => {
            local.to_bits() == other_local.to_bits()
                && remote.to_bits() == other_remote.to_bits()
                && ports_of(one) == ports_of(other)
        }
        #[allow(unreachable_patterns, reason = "reachable with smoltcp's IPv6")]
        _ => one == other,
    }
}

/// Both ports in a word.
fn ports_of(flow: &Flow) -> u32 {
    u32::from(flow.local.port) << 16 | u32::from(flow.remote.port)
}

#[cfg(feature = "ipv6")]
fn words_of(address: IpAddress) -> [u32; 4] {
    match address {
        IpAddress::Ipv4(address) => [0, 0, 0, address.to_bits()],
        IpAddress::Ipv6(address) => {
            let octets = address.octets();
            let (words, _) = octets.as_chunks::<4>();
            core::array::from_fn(|index| u32::from_be_bytes(words[index]))
        }
    }
}

/// Feeds the four numbers of a flow to a hash, in a fixed order.
pub(super) fn hash_flow(flow: &Flow, hasher: &mut impl Hasher) {
    let ports = ports_of(flow);
    match (flow.local.addr.into(), flow.remote.addr.into()) {
        (IpAddr::V4(local), IpAddr::V4(remote)) => {
            hasher.write_u64(u64::from(local.to_bits()) << 32 | u64::from(remote.to_bits()));
            hasher.write_u32(ports);
        }
        _ => {
            flow.local.addr.hash(hasher);
            flow.remote.addr.hash(hasher);
            hasher.write_u32(ports);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smoltcp::wire::IpEndpoint;
    use std::vec;
    use std::vec::Vec;

    fn table(places: usize) -> FlowTable<'static> {
        FlowTable::new(ManagedSlice::Owned(vec![Entry::EMPTY; places]), [7; 16])
    }

    #[test]
    fn what_was_inserted_is_found_and_what_was_removed_is_not() {
        let mut table = table(8);
        table.insert(3, Found::Connection(SlotId::new(0)));
        table.insert(3, Found::TimeWait(TimeWaitId::new(0)));
        assert_eq!(
            table.find(3, |what| what == Found::TimeWait(TimeWaitId::new(0))),
            Some(Found::TimeWait(TimeWaitId::new(0)))
        );
        table.remove(3, Found::Connection(SlotId::new(0)));
        assert_eq!(
            table.find(3, |what| what == Found::Connection(SlotId::new(0))),
            None
        );
        assert_eq!(
            table.find(3, |_| true),
            Some(Found::TimeWait(TimeWaitId::new(0)))
        );
    }

    fn flow(local: IpAddress, remote: IpAddress, ports: (u16, u16)) -> Flow {
        Flow {
            local: IpEndpoint::new(local, ports.0),
            remote: IpEndpoint::new(remote, ports.1),
        }
    }

    #[test]
    fn flows_that_differ_in_few_bits_meet_as_seldom_as_any() {
        // 65,536 flows that differ in two octets, in as many places: where each goes by chance, 63 places of 100 are
        // used.
        let us = IpAddress::v4(192, 0, 2, 1);
        for case in 0..4 {
            let table = table(1 << 16);
            let mut homes = vec![0u8; 1 << 16];
            for number in 0..=u16::MAX {
                let [high, low] = number.to_be_bytes();
                let flow = match case {
                    0 => flow(us, IpAddress::v4(192, 0, 2, 2), (9000, number)),
                    1 => flow(us, IpAddress::v4(10, high, low, 2), (9000, 40_000)),
                    2 => flow(us, IpAddress::v4(high, 0, low, 2), (number, 40_000)),
                    _ => flow(
                        us,
                        IpAddress::v4(192, 0, 2, high),
                        (9000, u16::from(low) << 8),
                    ),
                };
                homes[table.home(table.hash(&flow))] += 1;
            }
            let (most, used) = (
                homes.iter().max(),
                homes.iter().filter(|it| **it > 0).count(),
            );
            assert!(most < Some(&32) && used > 20_000, "{most:?} {used}");
        }
    }

    #[cfg(feature = "ipv6")]
    #[test]
    fn each_word_of_a_flow_over_ipv6_counts() {
        let table = table(8);
        let address = |bits: u128| IpAddress::Ipv6(core::net::Ipv6Addr::from_bits(bits));
        let (one, other) = (address(1), address(2));
        let mut hashes = vec![table.hash(&flow(one, other, (9000, 40_000)))];
        for bit in [0, 32, 64, 96] {
            let changed = |bits: u128| address(bits ^ 4 << bit);
            hashes.push(table.hash(&flow(changed(1), other, (9000, 40_000))));
            hashes.push(table.hash(&flow(one, changed(2), (9000, 40_000))));
        }
        hashes.push(table.hash(&flow(one, other, (9000, 40_001))));
        hashes.push(table.hash(&flow(one, other, (9001, 40_000))));
        let count = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), count);
    }

    #[test]
    fn removal_leaves_every_other_entry_reachable() {
        // Every order of removal from a crowded table whose homes collide and wrap around.
        let hashes = [6u32, 6, 7, 6, 7, 0, 14];
        for first in 0..hashes.len() {
            for second in 0..hashes.len() {
                let mut table = table(8);
                for (index, hash) in hashes.iter().enumerate() {
                    table.insert(*hash, Found::Connection(SlotId::new(index)));
                }
                let gone: Vec<usize> = vec![first, second];
                for index in &gone {
                    table.remove(hashes[*index], Found::Connection(SlotId::new(*index)));
                }
                for (index, hash) in hashes.iter().enumerate() {
                    let found =
                        table.find(*hash, |what| what == Found::Connection(SlotId::new(index)));
                    assert_eq!(found.is_some(), !gone.contains(&index));
                }
            }
        }
    }
}
