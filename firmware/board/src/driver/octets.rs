//! The first layer of the Ethernet drivers: frames to 32-bit words and back.
//!
//! This module moves octets, carefully, and does not depend on the hardware. A word carries four
//! octets, the first in its low bits. Both MACs here have FIFOs of such words.
//!
//! What must hold, because a FIFO cannot be rewound: exactly as many words are moved as the length
//! asks for, whether or not the caller has room for their octets.

/// The words that hold `octets` octets.
pub const fn words(octets: usize) -> usize {
    octets.div_ceil(4)
}

/// Takes exactly `count` words from `next` and stores their octets at the front of `into`. What
/// `into` has no room for is taken and dropped.
pub fn unpack(count: usize, into: &mut [u8], mut next: impl FnMut() -> u32) {
    let mut room = into.chunks_mut(4);
    for _ in 0..count {
        let octets = next().to_le_bytes();
        if let Some(place) = room.next() {
            place.copy_from_slice(&octets[..place.len()]);
        }
    }
}

/// Gives `put` exactly [`words`]`(from.len())` words with the octets of `from`; the last is filled
/// up with zeros.
pub fn pack(from: &[u8], mut put: impl FnMut(u32)) {
    for octets in from.chunks(4) {
        let mut word = [0; 4];
        word[..octets.len()].copy_from_slice(octets);
        put(u32::from_le_bytes(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// A FIFO that cannot be rewound and counts what was taken.
    fn fifo(words: &[u32]) -> impl FnMut() -> u32 {
        let mut words = words.iter().copied();
        move || words.next().expect("one word too many was taken")
    }

    #[test]
    fn every_length_survives_the_way_through_words() {
        let frame: Vec<u8> = (0..64).map(|n| n * 3 + 1).collect();
        for length in 0..=frame.len() {
            let mut moved = Vec::new();
            pack(&frame[..length], |word| moved.push(word));
            assert_eq!(moved.len(), words(length));
            let mut back = [0xAA; 64];
            unpack(moved.len(), &mut back[..length], fifo(&moved));
            assert_eq!(back[..length], frame[..length]);
            assert!(
                back[length..].iter().all(|&octet| octet == 0xAA),
                "nothing behind the frame was touched"
            );
        }
    }

    #[test]
    fn the_last_word_is_filled_up_with_zeros() {
        let mut moved = Vec::new();
        pack(&[1, 2, 3, 4, 5], |word| moved.push(word));
        assert_eq!(moved, [0x0403_0201, 0x0000_0005]);
    }

    #[test]
    fn words_without_room_are_taken_all_the_same() {
        let mut taken = 0;
        let mut small = [0; 6];
        unpack(100, &mut small, || {
            taken += 1;
            taken
        });
        assert_eq!(taken, 100);
        assert_eq!(small, [1, 0, 0, 0, 2, 0]);
    }

    #[test]
    fn no_word_is_taken_for_no_octets() {
        unpack(words(0), &mut [], || panic!("a word was taken"));
    }
}
