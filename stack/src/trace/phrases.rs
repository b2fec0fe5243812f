//! The words of a ladder in another language, and how wide they are, where there is an operating system.
//!
//! On a board a ladder is English and in ASCII, and none of this is there.

use std::borrow::Cow;
use std::string::String;

use unicode_width::UnicodeWidthStr;

/// What a ladder's words are in another language.
///
/// It is asked for whole texts as they stand on a rule or beside an arrow, such as `four-way teardown` or
/// `[duplicate; answered: SYN,ACK again]`.
#[derive(Clone, Copy)]
pub struct Phrases(pub fn(&str) -> Option<String>);

impl Phrases {
    /// All words as they are.
    pub const ENGLISH: Self = Self(|_| None);

    /// A text in this language.
    pub(super) fn of<'t>(self, text: &'t str) -> Cow<'t, str> {
        (self.0)(text).map_or(Cow::Borrowed(text), Cow::Owned)
    }
}

impl core::fmt::Debug for Phrases {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Phrases")
    }
}

impl PartialEq for Phrases {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Eq for Phrases {}

/// Columns that a text takes on a terminal: two for each Chinese character.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}
