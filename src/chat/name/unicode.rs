//! Names in every script, by Unicode Technical Standard #39 and its tables.
//!
//! - A name has characters that the General Security Profile allows in identifiers, as far as they are
//!   letters, digits or marks (UTS 39, 3.1): no mathematical letters, no numbers made of letters, no full
//!   width, nothing phonetic, obsolete or invisible.
//! - It is in one script, or in Latin with those of Chinese, Japanese or Korean: "highly restrictive"
//!   (UTS 39, 5.2).
//! - What it looks like is its skeleton (UTS 39, 4), taken of the small letters and without accents, which
//!   are easy to overlook. A name in capitals whose skeleton is Latin, as `АННА` is, is refused: its
//!   small letters look like something else.

use heapless::{String, Vec};
use unicode_normalization::UnicodeNormalization;
use unicode_security::{
    GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection, skeleton,
};

use super::NAME_MAX;
use crate::chat::text::is_mark;

/// What names are made of.
pub(in crate::chat) const LETTERS: &str = "letters and digits";

/// Octets of a name in small letters: at most three times as many, and what is longer is no name.
const SMALL_MAX: usize = 4 * NAME_MAX;

/// Characters of a skeleton.
const SKELETON_MAX: usize = 256;

type Skeleton = Vec<char, SKELETON_MAX>;

/// The one way to write a name (normalization form C).
pub(super) fn spelling(text: &str) -> impl Iterator<Item = char> + '_ {
    text.nfc()
}

pub(super) fn is_letter(character: char) -> bool {
    character.identifier_allowed() && (character.is_alphanumeric() || is_mark(character))
}

/// Whether it can stand without a letter before it.
pub(super) fn may_begin(character: char) -> bool {
    is_letter(character) && !is_mark(character)
}

/// Whether scripts are mixed that have letters alike, or a mark is hidden behind its like.
pub(super) fn is_mixed(name: &str) -> bool {
    let mut before = None;
    let doubled = name
        .nfd()
        .any(|character| before.replace(character) == Some(character) && is_mark(character));
    doubled || name.detect_restriction_level() > RestrictionLevel::HighlyRestrictive
}

/// What a name looks like in capitals and small letters as it has them, and in small letters only.
/// Whether the first looks Latin and the second does not look the same.
pub(super) fn capitals_mislead(name: &str) -> bool {
    let written = looks(name);
    written.iter().all(char::is_ascii)
        && !super::settle(written).eq(super::settle(skeleton_of(name)))
}

/// The skeleton of the small letters.
pub(super) fn skeleton_of(name: &str) -> Skeleton {
    let mut small = String::<SMALL_MAX>::new();
    for character in name.chars().flat_map(char::to_lowercase) {
        // Longer than any name, and so like none.
        if small.push(character).is_err() {
            break;
        }
    }
    looks(&small)
}

/// The skeleton in small letters, those that look Latin without their accents.
fn looks(text: &str) -> Skeleton {
    let mut latin = false;
    let accents = move |character: &char| {
        let accent = latin && matches!(character, '\u{300}'..='\u{36f}');
        latin = character.is_ascii() || accent;
        !accent
    };
    let kept = skeleton(text).filter(accents);
    kept.flat_map(char::to_lowercase)
        .take(SKELETON_MAX)
        .collect()
}
