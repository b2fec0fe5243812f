//! A hash index in the caller's memory: from a name or an endpoint to a member's slot.
//!
//! Open addressing with linear probing, and removal by shifting back, so nothing degrades over days of joining and
//! leaving. The hashes are keyed by the owner: peers cannot choose names that collide.

use managed::ManagedSlice;

/// One cell of the index: 8 octets.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    hash: u32,
    slot: u32,
}

impl Cell {
    /// An empty cell.
    pub const EMPTY: Self = Self {
        hash: 0,
        slot: u32::MAX,
    };

    fn is_empty(self) -> bool {
        self.slot == u32::MAX
    }
}

/// At least one cell more than there are entries: the owner sees to that.
pub(super) struct Index<'a> {
    cells: ManagedSlice<'a, Cell>,
}

impl<'a> Index<'a> {
    pub(super) fn new(mut cells: ManagedSlice<'a, Cell>) -> Self {
        cells.fill(Cell::EMPTY);
        Self { cells }
    }

    /// Where the search for a hash begins.
    fn home(&self, hash: u32) -> usize {
        ((u64::from(hash) * self.cells.len() as u64) >> 32) as usize
    }

    fn after(&self, at: usize) -> usize {
        if at + 1 == self.cells.len() {
            0
        } else {
            at + 1
        }
    }

    /// The cell entered under `hash` of whose slot `is_it` says that it is the one.
    fn cell(&self, hash: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<usize> {
        let mut at = self.home(hash);
        for _ in 0..self.cells.len() {
            let cell = self.cells[at];
            if cell.is_empty() {
                return None;
            }
            if cell.hash == hash && is_it(cell.slot) {
                return Some(at);
            }
            at = self.after(at);
        }
        None
    }

    /// The slot entered under `hash` of which `is_it` says that it is the one.
    pub(super) fn find(&self, hash: u32, is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        Some(self.cells[self.cell(hash, is_it)?].slot)
    }

    pub(super) fn insert(&mut self, hash: u32, slot: u32) {
        let mut at = self.home(hash);
        for _ in 0..self.cells.len() {
            if self.cells[at].is_empty() {
                self.cells[at] = Cell { hash, slot };
                return;
            }
            at = self.after(at);
        }
        debug_assert!(false, "the index has room for every member");
    }

    pub(super) fn remove(&mut self, hash: u32, slot: u32) {
        let Some(mut hole) = self.cell(hash, |other| other == slot) else {
            return;
        };
        let mut at = hole;
        loop {
            at = self.after(at);
            let cell = self.cells[at];
            if cell.is_empty() || at == hole {
                break;
            }
            // A cell moves into the hole unless its home lies behind the hole, up to where it is.
            let home = self.home(cell.hash);
            let stays = if hole < at {
                hole < home && home <= at
            } else {
                hole < home || home <= at
            };
            if !stays {
                self.cells[hole] = cell;
                hole = at;
            }
        }
        self.cells[hole] = Cell::EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_index_agrees_with_a_map_over_many_joins_and_leaves() {
        let mut cells = [Cell::EMPTY; 48];
        let mut index = Index::new(ManagedSlice::Borrowed(&mut cells));
        let mut map: BTreeMap<u32, u32> = BTreeMap::new();
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        for _ in 0..100_000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let slot = (random % 32) as u32;
            // Few homes, so that cells collide and wrap around.
            let hash = (slot.wrapping_mul(0x9e37_79b9) & 0xe000_0000) | 0x1800_0000;
            if map.remove(&slot).is_some() {
                index.remove(hash, slot);
            } else {
                map.insert(slot, hash);
                index.insert(hash, slot);
            }
            let looked_up = index.find(hash, |candidate| candidate == slot);
            assert_eq!(looked_up.is_some(), map.contains_key(&slot));
        }
        for (slot, hash) in map {
            assert_eq!(index.find(hash, |candidate| candidate == slot), Some(slot));
        }
    }
}
