//! What members may see of what others sent: text, and nothing that steers a terminal or hides.
//!
//! [`clean`] turns any octets into one line of UTF-8:
//!
//! - invalid octets become U+FFFD, one for each maximal cut or wrong sequence (Unicode 15, 3.9);
//! - escape sequences (ECMA-48: CSI, OSC, DCS, ... in 7 and 8 bits) and other control characters go;
//! - line ends and tabs become one space, so nobody can forge the beginning of a line;
//! - directional overrides and invisible characters go. Those that scripts and emoji need (zero
//!   width joiner and non-joiner, variation selectors) stay in messages and are refused in names.

use heapless::String;

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

/// Writes `octets` as one clean line to `out`, behind what it holds.
///
/// If the text does not fit, `out` is left as it was.
pub fn clean<const N: usize>(octets: &[u8], out: &mut String<N>) -> Result<(), TooLong> {
    let before = out.len();
    let mut filter = Filter::default();
    for chunk in octets.utf8_chunks() {
        let broken = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        let mut rest = chunk.valid().chars();
        filter.endless = false;
        while let Some(character) = rest.next() {
            if let Some(kept) = filter.keep(character, rest.as_str())
                && out.push(kept).is_err()
            {
                out.truncate(before);
                return Err(TooLong);
            }
        }
        if let Some(mark) = broken.and_then(|mark| filter.keep(mark, ""))
            && out.push(mark).is_err()
        {
            out.truncate(before);
            return Err(TooLong);
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
                return self.plain(character);
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

    fn plain(&mut self, character: char) -> Option<char> {
        let shown = match character {
            '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
                if self.gap =>
            {
                None
            }
            '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                self.gap = true;
                return Some(' ');
            }
            other if other.is_control() || invisible(other) => None,
            other => Some(other),
        };
        self.gap &= shown.is_none();
        shown
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

/// Characters without a picture that reorder or imitate text: never shown.
fn invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e00ff}')
}

#[cfg(test)]
mod tests;
