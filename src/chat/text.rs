//! What members may see of what others sent: text, without anything that controls a terminal or hides.
//!
//! [`clean`] turns any octets into one line of UTF-8:
//!
//! - invalid octets become U+FFFD, one for each maximal truncated or invalid sequence (Unicode 15, 3.9);
//! - escape sequences (ECMA-48: CSI, OSC, DCS, ... in 7 and 8 bits) and other control characters are removed;
//! - line ends and tabs become one space, so nobody can forge the beginning of a line;
//! - characters that reorder text or have no glyph are removed. A joiner or a variation selector stays where it changes
//!   how a letter or an emoji looks, once, and is removed everywhere else;
//! - marks stay where they are attached to something, at most [`MARKS_MAX`] of them.

use core::fmt;

use heapless::String;

mod marks;
mod unseen;

pub(super) use marks::is_mark;

/// Marks allowed on one character (UTS 39, 5.4): more of them would cover the lines around.
pub const MARKS_MAX: u8 = 4;

/// The cleaned text did not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// Whether `octets` end with the beginning of a UTF-8 character whose rest may still arrive.
pub fn ends_inside_a_character(octets: &[u8]) -> bool {
    (1..=3.min(octets.len())).any(|cut| {
        let tail = &octets[octets.len() - cut..];
        // A tail that is invalid only because it ends: no length of an error is known.
        core::str::from_utf8(tail)
            .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    })
}

/// Appends `octets` to `out` as one clean line.
///
/// If the text does not fit, `out` is left as it was.
pub fn clean<const N: usize>(octets: &[u8], out: &mut String<N>) -> Result<(), TooLong> {
    let before = out.len();
    write_clean(octets, out).map_err(|_| {
        out.truncate(before);
        TooLong
    })
}

/// Writes `octets` as one clean line to something of any size.
///
/// # Errors
/// Those of `out`.
pub fn write_clean(octets: &[u8], out: &mut impl fmt::Write) -> fmt::Result {
    // Much of what is said is this, and there is nothing to take from it.
    if octets.iter().all(|octet| matches!(octet, b' '..=b'~'))
        && let Ok(text) = core::str::from_utf8(octets)
    {
        return out.write_str(text);
    }
    let mut filter = Filter::default();
    for chunk in octets.utf8_chunks() {
        let mut rest = chunk.valid().chars();
        filter.endless = false;
        while let Some(character) = rest.next() {
            if let Some(kept) = filter.keep(character, rest.as_str()) {
                out.write_char(kept)?;
            }
        }
        if !chunk.invalid().is_empty()
            && let Some(kept) = filter.keep(char::REPLACEMENT_CHARACTER, "")
        {
            out.write_char(kept)?;
        }
    }
    Ok(())
}

/// Where in an escape sequence the text is (ECMA-48 sections 5.3 to 5.6).
#[derive(Default, Clone, Copy)]
enum Sequence {
    #[default]
    None,
    /// After ESC, and after intermediate octets that may follow it.
    Escape,
    /// After CSI: parameters, until the final octet.
    Control,
    /// After OSC, DCS, SOS, PM or APC: a string, until ST or BEL.
    String,
    /// In such a string, after an ESC.
    StringEscape,
}

#[derive(Default)]
struct Filter {
    sequence: Sequence,
    /// The last character kept was a space made of a line end or tab.
    gap: bool,
    /// The text ahead has no end of a control string: it was looked for.
    endless: bool,
    /// The last character kept.
    before: Option<char>,
    /// Marks that stand on the last character that is none.
    marks: u8,
}

const ESC: char = '\u{1b}';
const BEL: char = '\u{7}';
/// String terminator in 8 bits.
const ST: char = '\u{9c}';

impl Filter {
    /// The character to show for `character`, if any. `rest` is the valid text behind it.
    fn keep(&mut self, character: char, rest: &str) -> Option<char> {
        self.sequence = match (self.sequence, character) {
            (Sequence::Escape, '[') => Sequence::Control,
            (Sequence::Escape, ']' | 'P' | 'X' | '^' | '_') => self.string(rest),
            (Sequence::Escape, ' '..='/') => Sequence::Escape,
            (Sequence::Escape, '0'..='~') => Sequence::None,
            (Sequence::Control, ' '..='?') => Sequence::Control,
            (Sequence::Control, '@'..='~') => Sequence::None,
            (Sequence::StringEscape, '\\') => Sequence::None,
            (Sequence::String, BEL | ST) => Sequence::None,
            (Sequence::String | Sequence::StringEscape, ESC) => Sequence::StringEscape,
            (Sequence::String | Sequence::StringEscape, _) => Sequence::String,
            // Not in a sequence, or in one that this character cannot continue.
            (Sequence::None | Sequence::Escape | Sequence::Control, ESC) => Sequence::Escape,
            (Sequence::None | Sequence::Escape | Sequence::Control, '\u{9b}') => Sequence::Control,
            (
                Sequence::None | Sequence::Escape | Sequence::Control,
                '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}',
            ) => self.string(rest),
            (Sequence::None | Sequence::Escape | Sequence::Control, _) => {
                self.sequence = Sequence::None;
                return self.plain(character, rest);
            }
        };
        None
    }

    /// A control string, if the text ahead has its end. Without one only the introducer is removed.
    fn string(&mut self, rest: &str) -> Sequence {
        self.endless = self.endless || !has_end(rest);
        if self.endless {
            Sequence::None
        } else {
            Sequence::String
        }
    }

    fn plain(&mut self, character: char, rest: &str) -> Option<char> {
        let shown = match character {
            '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                if self.gap {
                    return None;
                }
                self.gap = true;
                self.before = Some(' ');
                return self.before;
            }
            // It looks like nothing else.
            unseen::BLANK => Some(' '),
            other if unseen::changes_its_neighbour(other) => {
                let next = rest.chars().next();
                let before = self.before.filter(|_| !self.gap);
                before
                    .is_some_and(|before| unseen::is_needed(before, other, next))
                    .then_some(other)
            }
            other if other.is_control() || unseen::is_hidden(other) => None,
            other if is_mark(other) => return self.mark(other),
            other => {
                self.marks = 0;
                Some(other)
            }
        };
        self.gap &= shown.is_none();
        self.before = shown.or(self.before);
        shown
    }

    /// A mark, if there is something for it to stand on, and room.
    fn mark(&mut self, mark: char) -> Option<char> {
        let based = self.before.is_some_and(|before| !is_space(before));
        if !based || self.marks == MARKS_MAX {
            return None;
        }
        self.marks += 1;
        self.before = Some(mark);
        self.before
    }
}

/// Whether a control string that goes on with `text` ends in it.
fn has_end(text: &str) -> bool {
    let mut before = '\0';
    text.chars().any(|character| {
        let before = core::mem::replace(&mut before, character);
        matches!((before, character), (_, BEL | ST) | (ESC, '\\'))
    })
}

/// White space, as far as a clean line has any: Unicode's, without the control characters that end
/// lines. The standard library's table is ten times as long as this.
pub(super) fn is_space(character: char) -> bool {
    matches!(
        character,
        ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

#[cfg(test)]
mod tests;
