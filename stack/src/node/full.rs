//! Filling what has a fixed size.

use heapless::Vec;

/// Fills a vector to its capacity.
pub(super) fn full<T, const N: usize>(vector: &mut Vec<T, N>, empty: fn() -> T) -> &mut [T] {
    while vector.push(empty()).is_ok() {}
    vector.as_mut_slice()
}
