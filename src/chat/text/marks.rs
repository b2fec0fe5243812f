//! Marks: characters without a width, which are drawn on the one before them.
//!
//! Nonspacing and enclosing marks of Unicode 18, and the vowels and finals of Hangul that are spelt out.
//! A run may go over spacing marks and over characters that are not assigned.

/// The first of a run, in its plane, and how many follow it.
type Run = (u16, u8);

#[rustfmt::skip]
static PLANE_0: [Run; 148] = [
    (0x0300, 111), (0x0483, 6), (0x0591, 44), (0x05bf, 0), (0x05c1, 1), (0x05c4, 1), (0x05c7, 2),
    (0x0610, 10), (0x064b, 20), (0x0670, 0), (0x06d6, 6), (0x06df, 5), (0x06e7, 1), (0x06ea, 3),
    (0x0711, 0), (0x0730, 26), (0x07a6, 10), (0x07eb, 8), (0x07fd, 0), (0x0816, 3), (0x081b, 8),
    (0x0825, 2), (0x0829, 4), (0x0859, 2), (0x0897, 8), (0x08ca, 23), (0x08e3, 31), (0x093a, 2),
    (0x0941, 12), (0x0951, 6), (0x0962, 1), (0x0981, 0), (0x09bc, 0), (0x09c1, 12), (0x09e2, 1),
    (0x09fe, 4), (0x0a3c, 21), (0x0a70, 1), (0x0a75, 0), (0x0a81, 1), (0x0abc, 0), (0x0ac1, 12),
    (0x0ae2, 1), (0x0afa, 7), (0x0b3c, 0), (0x0b3f, 23), (0x0b62, 1), (0x0b82, 0), (0x0bc0, 13),
    (0x0c00, 4), (0x0c3c, 0), (0x0c3e, 24), (0x0c62, 1), (0x0c81, 0), (0x0cbc, 0), (0x0cbf, 14),
    (0x0ce2, 1), (0x0d00, 1), (0x0d3b, 1), (0x0d41, 12), (0x0d62, 1), (0x0d81, 0), (0x0dca, 12),
    (0x0e31, 0), (0x0e34, 6), (0x0e47, 7), (0x0eb1, 0), (0x0eb4, 8), (0x0ec8, 6), (0x0f18, 1),
    (0x0f35, 0), (0x0f37, 0), (0x0f39, 0), (0x0f71, 19), (0x0f86, 1), (0x0f8d, 47), (0x0fc6, 0),
    (0x102d, 17), (0x1058, 1), (0x105e, 2), (0x1071, 3), (0x1082, 11), (0x109d, 0), (0x1161, 158),
    (0x135d, 2), (0x1712, 2), (0x1732, 1), (0x1752, 1), (0x1772, 1), (0x17b7, 28), (0x17dd, 0),
    (0x1885, 1), (0x18a9, 0), (0x1920, 27), (0x1a17, 4), (0x1a56, 41), (0x1ab0, 83), (0x1b34, 14),
    (0x1b6b, 8), (0x1b80, 1), (0x1ba2, 11), (0x1be6, 11), (0x1c2c, 11), (0x1cd0, 2), (0x1cd4, 20),
    (0x1ced, 0), (0x1cf4, 0), (0x1cf8, 1), (0x1dc0, 63), (0x20d0, 32), (0x2cef, 2), (0x2d7f, 0),
    (0x2de0, 31), (0x302a, 3), (0x3099, 1), (0xa66f, 3), (0xa674, 9), (0xa69e, 1), (0xa6f0, 1),
    (0xa802, 0), (0xa806, 0), (0xa80b, 0), (0xa825, 1), (0xa82c, 0), (0xa8c4, 1), (0xa8e0, 17),
    (0xa8ff, 0), (0xa926, 7), (0xa947, 10), (0xa980, 2), (0xa9b3, 10), (0xa9e5, 0), (0xaa29, 13),
    (0xaa43, 0), (0xaa4c, 0), (0xaa7c, 0), (0xaab0, 0), (0xaab2, 2), (0xaab7, 1), (0xaabe, 1),
    (0xaac1, 0), (0xaaec, 1), (0xaaf6, 0), (0xabe5, 3), (0xabed, 0), (0xd7b0, 75), (0xfb1e, 0),
    (0xfe20, 15),
];

#[rustfmt::skip]
static PLANE_1: [Run; 102] = [
    (0x01fd, 0), (0x02e0, 0), (0x0376, 4), (0x0a01, 14), (0x0a38, 7), (0x0ae5, 1), (0x0d24, 3),
    (0x0d69, 4), (0x0eab, 1), (0x0ecb, 4), (0x0ef0, 15), (0x0f46, 10), (0x0f82, 3), (0x1001, 0),
    (0x1038, 14), (0x1070, 0), (0x1073, 1), (0x107f, 2), (0x10b3, 7), (0x10c2, 0), (0x1100, 2),
    (0x1127, 13), (0x1173, 0), (0x1180, 1), (0x11b6, 8), (0x11c9, 3), (0x11cf, 0), (0x122f, 8),
    (0x123e, 0), (0x1241, 0), (0x12df, 11), (0x1300, 1), (0x133b, 1), (0x1340, 0), (0x1366, 14),
    (0x13bb, 21), (0x13d2, 0), (0x13e1, 1), (0x1438, 14), (0x145e, 0), (0x14b3, 16), (0x15b2, 14),
    (0x15dc, 1), (0x1633, 13), (0x16ab, 12), (0x171d, 14), (0x182f, 11), (0x193b, 3), (0x1943, 0),
    (0x19d4, 12), (0x1a01, 9), (0x1a33, 5), (0x1a3b, 3), (0x1a47, 0), (0x1a51, 10), (0x1a8a, 15),
    (0x1b60, 6), (0x1c30, 15), (0x1c92, 36), (0x1d31, 20), (0x1d47, 0), (0x1d90, 7), (0x1df0, 0),
    (0x1ef3, 1), (0x1f00, 1), (0x1f36, 12), (0x1f5a, 0), (0x3440, 0), (0x3447, 14), (0x611e, 17),
    (0x6af0, 4), (0x6b30, 6), (0x6f4f, 0), (0x6f8f, 3), (0x6fe4, 0), (0xbc9d, 1), (0xcf00, 70),
    (0xd127, 1), (0xd167, 2), (0xd17b, 7), (0xd185, 6), (0xd1aa, 3), (0xd242, 2), (0xd25b, 1),
    (0xda00, 54), (0xda3b, 49), (0xda75, 0), (0xda84, 0), (0xda9b, 20), (0xe000, 42), (0xe08f, 0),
    (0xe130, 6), (0xe2ae, 0), (0xe2ec, 3), (0xe4ec, 3), (0xe5ee, 1), (0xe6e3, 0), (0xe6e6, 0),
    (0xe6ee, 1), (0xe6f5, 0), (0xe8d0, 6), (0xe944, 6),
];

/// Whether a character is drawn on the one before it.
pub(in crate::chat) fn is_mark(character: char) -> bool {
    let code = u32::from(character);
    let runs: &[Run] = match code >> 16 {
        // Nothing before the first run is one, and that is most of what people write.
        0 if code < u32::from(PLANE_0[0].0) => return false,
        0 => &PLANE_0,
        1 => &PLANE_1,
        _ => return false,
    };
    let low = (code & 0xffff) as u16;
    let after = runs.partition_point(|&(first, _)| first <= low);
    runs[..after]
        .last()
        .is_some_and(|&(first, more)| low - first <= u16::from(more))
}

#[cfg(test)]
mod tests {
    use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

    use super::super::unseen;
    use super::*;

    #[test]
    fn every_mark_is_known_and_nothing_else_is_taken_for_one() {
        for character in '\0'..=char::MAX {
            let hangul = matches!(character, '\u{1161}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7fb}');
            match character.general_category() {
                _ if unseen::is_hidden(character) => {}
                GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark => {
                    assert!(is_mark(character), "{character:?}");
                }
                GeneralCategory::SpacingMark | GeneralCategory::Unassigned => {}
                _ => assert_eq!(is_mark(character), hangul, "{character:?}"),
            }
        }
    }
}
