//! What segments said: the first octets of each, kept beside the journal, whose records have no room for them.

use std::collections::{HashMap, VecDeque};
use std::string::String;

use smoltcp::wire::IpEndpoint;

use super::wrap::cut;
use crate::trace::SeqNumber;

/// Octets kept of one segment: more than fit between the life lines.
const OCTETS: usize = 64;
/// Segments kept while a node runs; older ones are forgotten.
const NEWEST: usize = 4096;

/// The first octets of what a segment says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    octets: [u8; OCTETS],
    len: u8,
}

impl Words {
    /// Of this payload.
    pub fn of(payload: &[u8]) -> Self {
        let len = payload.len().min(OCTETS);
        let mut octets = [0; OCTETS];
        octets[..len].copy_from_slice(&payload[..len]);
        let len = len as u8;
        Self { octets, len }
    }

    fn octets(&self) -> &[u8] {
        &self.octets[..self.len.into()]
    }
}

/// Which segment: from whom, to whom, and its number on the wire.
pub type Key = (IpEndpoint, IpEndpoint, SeqNumber);

/// The first octets of segments.
#[derive(Debug, Clone, Default)]
pub struct Said {
    kept: HashMap<Key, Words>,
    order: VecDeque<Key>,
    /// Everything is kept.
    whole: bool,
}

impl Said {
    /// One that forgets nothing: for what has an end, such as a capture. The others keep the newest segments.
    pub fn whole() -> Self {
        Self {
            whole: true,
            ..Self::default()
        }
    }

    /// Keeps what a segment says, in place of what one with the same number said before.
    pub fn keep(&mut self, key: Key, words: Words) {
        if words.len == 0 || self.kept.insert(key, words).is_some() || self.whole {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > NEWEST
            && let Some(oldest) = self.order.pop_front()
        {
            self.kept.remove(&oldest);
        }
    }

    /// What a segment said, in quotes and `columns` at most: what cannot be shown is escaped. `len` is how many octets
    /// it had in all. `None` if nobody kept it.
    pub fn quoted(&self, key: Key, len: usize, columns: usize) -> Option<String> {
        let octets = self.kept.get(&key)?.octets();
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
