//! Finding a connection by its endpoints, at the same cost for one as for ten thousand.
//!
//! An open-addressing table in the caller's memory: a power of two of 8-octet entries, more entries
//! than things to find. Linear probing; removal shifts entries back, so there is nothing to clean up.
//! The hash is keyed, so nobody outside can aim at one bucket.

use core::hash::{Hash, Hasher};
use core::net::IpAddr;

use managed::ManagedSlice;

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

/// The table.
pub(super) struct FlowTable<'a> {
    entries: ManagedSlice<'a, Entry>,
    hasher: Sip,
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
            hasher: Sip::new_with_key(&key),
        }
    }

    /// The keyed hash of a flow.
    pub(super) fn hash(&self, flow: &Flow) -> u32 {
        let mut hasher = self.hasher;
        hash_flow(flow, &mut hasher);
        hasher.finish() as u32
    }

    /// The first entry with this hash for which `is` holds.
    pub(super) fn find(&self, hash: u32, mut is: impl FnMut(Found) -> bool) -> Option<Found> {
        let mut place = self.home(hash);
        loop {
            let entry = self.entries[place];
            if entry.value == Entry::VACANT {
                return None;
            }
            if entry.hash == hash {
                let found = Found::unpack(entry.value);
                if is(found) {
                    return Some(found);
                }
            }
            place = self.next(place);
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

/// Feeds the four numbers of a flow to a hash, in a fixed order.
pub(super) fn hash_flow(flow: &Flow, hasher: &mut impl Hasher) {
    let ports = u32::from(flow.local.port) << 16 | u32::from(flow.remote.port);
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
