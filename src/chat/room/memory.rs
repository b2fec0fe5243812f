//! The room's memory, from the heap or in one value.

use heapless::Vec;
use managed::ManagedSlice;

use crate::chat::index::Cell;
use crate::chat::members::{CELLS_PER_MEMBER, Slot};
use crate::chat::rate::Source;
use smolhost::opaque;

/// Origins of strangers that a room in one value remembers.
const SOURCES: usize = 8;

/// The room's memory: a slot for each member, and [`CELLS_PER_MEMBER`] cells for each slot. If there
/// are fewer cells, fewer members fit.
pub struct Memory<'a, K, E> {
    /// Room for members.
    pub slots: ManagedSlice<'a, Slot<K, E>>,
    /// Room for the index.
    pub cells: ManagedSlice<'a, Cell>,
    /// One for each origin of strangers that is remembered while it says more than others.
    pub sources: ManagedSlice<'a, Source>,
}

opaque!([K, E] Memory<'_, K, E>, "Memory");

#[cfg(feature = "std")]
impl<K, E> Memory<'_, K, E> {
    /// Memory for so many members, from the heap.
    pub fn heap(members: usize) -> Self {
        let slots: std::vec::Vec<_> = core::iter::repeat_with(|| Slot::EMPTY)
            .take(members)
            .collect();
        Self {
            slots: slots.into(),
            cells: std::vec![Cell::EMPTY; members * CELLS_PER_MEMBER].into(),
            sources: std::vec![Source::EMPTY; 256].into(),
        }
    }
}

/// Memory for `MEMBERS` members in one value, for a `static` or the stack.
///
/// Every octet of [`Self::new`] is zero, so that the `static` costs no flash.
pub struct Storage<K, E, const MEMBERS: usize> {
    slots: Vec<Slot<K, E>, MEMBERS>,
    cells: Vec<[Cell; CELLS_PER_MEMBER], MEMBERS>,
    sources: Vec<Source, SOURCES>,
}

opaque!([K, E, const MEMBERS: usize] Storage<K, E, MEMBERS>, "Storage");

impl<K, E, const MEMBERS: usize> Storage<K, E, MEMBERS> {
    /// Memory that holds nobody.
    pub const fn new() -> Self {
        Self {
            slots: Vec::new(),
            cells: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// The memory, for one room.
    pub fn memory(&mut self) -> Memory<'_, K, E> {
        while self.slots.push(Slot::EMPTY).is_ok() {}
        while self.cells.push([Cell::EMPTY; CELLS_PER_MEMBER]).is_ok() {}
        while self.sources.push(Source::EMPTY).is_ok() {}
        Memory {
            slots: ManagedSlice::Borrowed(&mut self.slots),
            cells: ManagedSlice::Borrowed(self.cells.as_flattened_mut()),
            sources: ManagedSlice::Borrowed(&mut self.sources),
        }
    }
}

impl<K, E, const MEMBERS: usize> Default for Storage<K, E, MEMBERS> {
    fn default() -> Self {
        Self::new()
    }
}
