//! Characters that have no picture of their own.
//!
//! Most of them serve only to hide, reorder or imitate text, and are never shown. A few change how the
//! character before them looks, and are shown where they do: joiners between letters of joining scripts
//! and between pictures, one variation selector behind a character that has variants. The flags of
//! England, Scotland and Wales, which are spelt in tags, become black flags.

/// The Braille pattern without dots: a space by another name.
pub(super) const BLANK: char = '\u{2800}';

/// Whether a character is never shown: what is default-ignorable, format controls, and characters that
/// are none.
pub(super) fn is_hidden(character: char) -> bool {
    let code = u32::from(character);
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
        || code & 0xfffe == 0xfffe
}

/// Whether a character shows only in what it makes of its neighbours.
pub(super) fn changes_its_neighbour(character: char) -> bool {
    matches!(character,
        '\u{200c}' | '\u{200d}' | '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0100}'..='\u{e01ef}')
}

/// Whether such a character changes anything between these two.
pub(super) fn is_needed(before: char, character: char, next: Option<char>) -> bool {
    match character {
        '\u{200c}' | '\u{200d}' => next
            .is_some_and(|next| joins(before) && joins(next) || pictures(before) && pictures(next)),
        // As text, as an emoji; a digit on a key cap.
        '\u{fe0e}' | '\u{fe0f}' => match before {
            '0'..='9' | '#' | '*' => next == Some('\u{20e3}'),
            '\u{fe0e}' | '\u{fe0f}' => false,
            _ => pictures(before),
        },
        '\u{180b}'..='\u{180d}' | '\u{180f}' => matches!(before, '\u{1820}'..='\u{18aa}'),
        // Ideographs.
        _ => matches!(before,
            '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3fffd}'),
    }
}

/// Letters and marks from Arabic to Vedic, among which are all scripts of today that join.
fn joins(character: char) -> bool {
    matches!(character, '\u{600}'..='\u{1cff}' | '\u{a840}'..='\u{abff}')
}

/// Pictures, and what may end one: skin tones stand among the pictures, the selector of emoji does not.
fn pictures(character: char) -> bool {
    matches!(character,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{2bff}'
        | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}
