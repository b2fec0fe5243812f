//! A set of numbers, kept as ranges that do not touch: what is missing from a stream or from a packet.
//!
//! Each call takes logarithmic time in the number of ranges, plus time for those that it removes.

use std::collections::BTreeMap;
use std::ops::Range;

/// The start of each range, with its end.
#[derive(Debug, Default)]
pub(super) struct Ranges(BTreeMap<i64, i64>);

impl Ranges {
    /// Nothing but one range.
    pub(super) fn of(range: Range<i64>) -> Self {
        let mut ranges = Self::default();
        ranges.insert(range);
        ranges
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many numbers there are.
    pub(super) fn total(&self) -> u64 {
        self.0
            .iter()
            .map(|(&start, &end)| end.abs_diff(start))
            .fold(0, u64::saturating_add)
    }

    /// Forgets the lowest range if there are more than so many.
    pub(super) fn keep(&mut self, most: usize) {
        if self.0.len() > most {
            self.0.pop_first();
        }
    }

    /// Adds a range that overlaps with none.
    pub(super) fn insert(&mut self, range: Range<i64>) {
        if !range.is_empty() {
            self.0.insert(range.start, range.end);
        }
    }

    /// Whether all of `range` lies in one.
    pub(super) fn contain(&self, range: &Range<i64>) -> bool {
        let before = self.0.range(..=range.start).next_back();
        before.is_some_and(|(_, &end)| range.end <= end)
    }

    /// Takes out all that lies in `range`.
    pub(super) fn remove(&mut self, range: Range<i64>) {
        if range.is_empty() {
            return;
        }
        // From the last that begins before the end of `range`, backwards.
        while let Some((&start, &end)) = self.0.range(..range.end).next_back() {
            if end <= range.start {
                return;
            }
            self.0.remove(&start);
            self.insert(range.end..end);
            if start < range.start {
                self.insert(start..range.start);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn left(ranges: &Ranges) -> Vec<(i64, i64)> {
        ranges.0.iter().map(|(&start, &end)| (start, end)).collect()
    }

    #[test]
    fn what_is_removed_leaves_the_ends_of_its_ranges() {
        let mut ranges = Ranges::of(0..10);
        ranges.insert(20..30);
        ranges.insert(40..50);
        ranges.remove(5..45);
        assert_eq!(left(&ranges), [(0, 5), (45, 50)]);
        ranges.remove(1..2);
        assert_eq!(left(&ranges), [(0, 1), (2, 5), (45, 50)]);
        ranges.remove(5..45);
        ranges.remove(3..3);
        assert_eq!(left(&ranges), [(0, 1), (2, 5), (45, 50)]);
        ranges.remove(i64::MIN..i64::MAX);
        assert!(ranges.is_empty());
    }

    #[test]
    fn only_what_lies_in_one_range_is_contained() {
        let mut ranges = Ranges::of(0..10);
        ranges.insert(10..20);
        assert!(ranges.contain(&(0..10)));
        assert!(ranges.contain(&(12..13)));
        assert!(!ranges.contain(&(5..15)));
        assert!(!ranges.contain(&(-1..5)));
        assert!(!ranges.contain(&(20..21)));
    }
}
