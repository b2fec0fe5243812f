//! What segments said: the first octets of each, kept beside the journal, whose records have no room for them.

use std::collections::{HashMap, VecDeque};
use std::string::String;
use std::vec::Vec;

use super::wrap::cut;
use crate::trace::{Direction, Flow, SeqNumber};

/// Octets kept of one segment: more than fit between the life lines.
const OCTETS: usize = 64;
/// Segments kept; older ones are forgotten.
const SEGMENTS: usize = 4096;

type Key = (Flow, Direction, SeqNumber);

/// The first octets of the newest segments.
#[derive(Debug, Clone, Default)]
pub struct Said {
    kept: HashMap<Key, Vec<u8>>,
    order: VecDeque<Key>,
}

impl Said {
    /// A segment crossed the wire of the end `flow.local`, with these octets from this number on.
    pub fn keep(&mut self, flow: Flow, direction: Direction, seq: SeqNumber, octets: &[u8]) {
        if octets.is_empty() {
            return;
        }
        let key = (flow, direction, seq);
        let octets = octets[..octets.len().min(OCTETS)].to_vec();
        if self.kept.insert(key, octets).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > SEGMENTS
            && let Some(oldest) = self.order.pop_front()
        {
            self.kept.remove(&oldest);
        }
    }

    /// What a segment said, in quotes and `columns` at most: what cannot be shown is escaped. `len` is how many octets
    /// it had in all. `None` if nobody kept it.
    pub fn quoted(
        &self,
        flow: Flow,
        direction: Direction,
        seq: SeqNumber,
        len: usize,
        columns: usize,
    ) -> Option<String> {
        let octets = self.kept.get(&(flow, direction, seq))?;
        let octets = &octets[..octets.len().min(len)];
        let mut text = escaped(octets, octets.len() < len);
        if octets.len() < len {
            text.push('…');
        }
        let text = cut(&text, columns.saturating_sub(2));
        Some(["\"", &text, "\""].concat())
    }
}

/// Octets as text. `is_part`: a character that is not whole at the end is left out.
fn escaped(octets: &[u8], is_part: bool) -> String {
    let mut text = String::new();
    let mut chunks = octets.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        for letter in chunk.valid().chars() {
            if letter.is_control() || is_unseen(letter) || matches!(letter, '"' | '\\') {
                text.extend(letter.escape_default());
            } else {
                text.push(letter);
            }
        }
        let is_cut = is_part && chunks.peek().is_none();
        if !is_cut {
            text.extend(
                chunk
                    .invalid()
                    .iter()
                    .flat_map(|octet| octet.escape_ascii())
                    .map(char::from),
            );
        }
    }
    text
}

/// Whether a character shows nothing, or turns what stands beside it around.
fn is_unseen(letter: char) -> bool {
    use unicode_width::UnicodeWidthChar;
    letter.width().unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(
            escaped("hi\r\n\u{1b}[1m".as_bytes(), false),
            "hi\\r\\n\\u{1b}[1m"
        );
        assert_eq!(escaped("a\u{202e}b\"".as_bytes(), false), "a\\u{202e}b\\\"");
        assert_eq!(escaped(&[b'a', 0xff, b'b'], false), "a\\xffb");
        assert_eq!(escaped(&"你好".as_bytes()[..5], true), "你");
    }
}
