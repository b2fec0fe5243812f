//! The earliest of many deadlines, in logarithmic time.
//!
//! A binary heap of slots in the caller's memory. Each slot knows its place, so its deadline can be moved or removed. A
//! slot whose deadline moves *later* is left where it is: when the old deadline expires, the owner looks again. That
//! makes the common case, a timer that is set and then cancelled by the next segment, free.

use managed::ManagedSlice;
use smoltcp::time::Instant;

use crate::opaque::opaque;

/// An entry of the heap.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    at: Instant,
    slot: u32,
    /// Where slot `i` stands in the heap, kept in place `i`.
    position: u32,
}

impl Place {
    const NOWHERE: u32 = u32::MAX;

    /// An empty entry, to fill arrays with.
    pub const EMPTY: Self = Self {
        at: Instant::ZERO,
        slot: 0,
        position: Self::NOWHERE,
    };
}

/// The earliest of several instants, where `None` is never.
pub fn earliest(times: &[Option<Instant>]) -> Option<Instant> {
    const NEVER: Instant = Instant::from_micros_const(i64::MAX);
    let first = times
        .iter()
        .fold(NEVER, |first, time| first.min(time.unwrap_or(NEVER)));
    (first != NEVER).then_some(first)
}

/// The heap.
pub struct Deadlines<'a> {
    places: ManagedSlice<'a, Place>,
    len: usize,
}

opaque!([] Deadlines<'_>, "Deadlines");

impl<'a> Deadlines<'a> {
    /// An empty heap for the slots `0..places.len()`.
    pub fn new(mut places: ManagedSlice<'a, Place>) -> Self {
        places.fill(Place::EMPTY);
        Self { places, len: 0 }
    }

    /// Makes sure that `slot` expires at `at` or earlier.
    pub fn not_after(&mut self, slot: usize, at: Instant) {
        let position = self.places[slot].position;
        if position == Place::NOWHERE {
            self.put(self.len, at, slot as u32);
            self.len += 1;
            self.rise(self.len - 1);
        } else if at < self.places[position as usize].at {
            self.places[position as usize].at = at;
            self.rise(position as usize);
        }
    }

    /// The deadline of a slot.
    pub fn of(&self, slot: usize) -> Option<Instant> {
        let position = self.places[slot].position;
        (position != Place::NOWHERE).then(|| self.places[position as usize].at)
    }

    /// The earliest deadline.
    pub fn earliest(&self) -> Option<Instant> {
        (self.len > 0).then(|| self.places[0].at)
    }

    /// Removes and returns a slot whose deadline is `now` or earlier.
    pub fn pop_due(&mut self, now: Instant) -> Option<usize> {
        if self.earliest()? > now {
            return None;
        }
        let slot = self.places[0].slot as usize;
        self.remove(slot);
        Some(slot)
    }

    /// Removes a slot; nothing happens if it has no deadline.
    pub fn remove(&mut self, slot: usize) {
        let position = self.places[slot].position;
        if position == Place::NOWHERE {
            return;
        }
        self.places[slot].position = Place::NOWHERE;
        self.len -= 1;
        let last = (self.places[self.len].at, self.places[self.len].slot);
        let position = position as usize;
        if position < self.len {
            self.put(position, last.0, last.1);
            self.rise(position);
            self.sink(position);
        }
    }

    fn put(&mut self, position: usize, at: Instant, slot: u32) {
        self.places[position].at = at;
        self.places[position].slot = slot;
        self.places[slot as usize].position = position as u32;
    }

    fn swap(&mut self, a: usize, b: usize) {
        let (first, second) = (self.places[a], self.places[b]);
        self.put(a, second.at, second.slot);
        self.put(b, first.at, first.slot);
    }

    fn rise(&mut self, mut position: usize) {
        while position > 0 {
            let parent = (position - 1) / 2;
            if self.places[parent].at <= self.places[position].at {
                break;
            }
            self.swap(parent, position);
            position = parent;
        }
    }

    fn sink(&mut self, mut position: usize) {
        loop {
            let left = 2 * position + 1;
            if left >= self.len {
                break;
            }
            let right = left + 1;
            let child = if right < self.len && self.places[right].at < self.places[left].at {
                right
            } else {
                left
            };
            if self.places[position].at <= self.places[child].at {
                break;
            }
            self.swap(position, child);
            position = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    fn at(millis: i64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn slots_come_up_in_the_order_of_their_deadlines() {
        let mut heap = Deadlines::new(ManagedSlice::Owned(vec![Place::EMPTY; 7]));
        for (slot, millis) in [
            (0, 50),
            (1, 20),
            (2, 40),
            (3, 10),
            (4, 30),
            (5, 25),
            (6, 60),
        ] {
            heap.not_after(slot, at(millis));
        }
        heap.remove(2);
        heap.not_after(6, at(15));
        heap.not_after(3, at(99));
        let mut order = Vec::new();
        while let Some(slot) = heap.pop_due(at(100)) {
            order.push(slot);
        }
        assert_eq!(order, [3, 6, 1, 5, 4, 0]);
        assert_eq!(heap.earliest(), None);
    }

    #[test]
    fn nothing_is_due_before_its_time() {
        let mut heap = Deadlines::new(ManagedSlice::Owned(vec![Place::EMPTY; 1]));
        heap.not_after(0, at(10));
        assert_eq!(heap.pop_due(at(9)), None);
        assert_eq!(heap.pop_due(at(10)), Some(0));
    }
}
