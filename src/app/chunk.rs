//! A window on a text: some whole lines of it, so that a long text is sent in pieces that fit.

use core::fmt;

use heapless::String;

/// The longest piece, and the longest line that is not cut, in octets.
pub(super) const CHUNK: usize = 512;

/// Keeps as many whole lines as fit, after those to skip.
pub(super) struct Chunk {
    skip: usize,
    limit: usize,
    text: String<CHUNK>,
    /// Octets of whole lines.
    whole: usize,
    lines: usize,
    /// Something did not fit.
    full: bool,
}

impl Chunk {
    /// A window that skips `skip` lines and keeps up to `limit` octets.
    pub(super) fn new(skip: usize, limit: usize) -> Self {
        Self {
            skip,
            limit: limit.min(CHUNK),
            text: String::new(),
            whole: 0,
            lines: 0,
            full: false,
        }
    }

    /// The whole lines.
    pub(super) fn text(&self) -> &str {
        &self.text[..self.whole]
    }

    /// How many lines there are in it.
    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    /// Whether there is more than fits.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    fn push(&mut self, part: &str) {
        let room = self.limit - self.text.len();
        if part.len() <= room {
            let _ = self.text.push_str(part);
        } else if self.whole == 0 {
            // A line longer than any piece is cut: it could never be sent.
            let _ = self.text.push_str(&part[..part.floor_char_boundary(room)]);
        } else {
            self.full = true;
        }
    }

    fn end_line(&mut self) {
        if self.text.len() < self.limit {
            let _ = self.text.push('\n');
        } else if self.whole == 0 {
            self.text
                .truncate(self.text.floor_char_boundary(self.limit.saturating_sub(1)));
            let _ = self.text.push('\n');
        } else {
            self.full = true;
            return;
        }
        self.whole = self.text.len();
        self.lines += 1;
    }
}

impl fmt::Write for Chunk {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while !rest.is_empty() && !self.full {
            let end = rest.bytes().position(|octet| octet == b'\n');
            let (line, ends) = match end {
                Some(at) => (&rest[..at], true),
                None => (rest, false),
            };
            rest = &rest[line.len() + usize::from(ends)..];
            if self.skip > 0 {
                self.skip -= usize::from(ends);
                continue;
            }
            self.push(line);
            if ends && !self.full {
                self.end_line();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;
    use std::string::String as Text;

    fn in_chunks(text: &str, limit: usize) -> Text {
        let (mut all, mut skip) = (Text::new(), 0);
        loop {
            let mut piece = Chunk::new(skip, limit);
            for part in text.split_inclusive(' ') {
                piece.write_str(part).unwrap();
            }
            all.push_str(piece.text());
            skip += piece.lines();
            if !piece.is_full() {
                return all;
            }
            assert!(piece.lines() > 0, "no progress");
        }
    }

    #[test]
    fn pieces_of_any_size_make_the_whole_text() {
        let text = "one\ntwo words\n\n三 四\nlast one\n";
        for limit in 10..40 {
            assert_eq!(in_chunks(text, limit), text);
        }
    }

    #[test]
    fn a_line_longer_than_a_piece_is_cut_and_does_not_stop_the_rest() {
        assert_eq!(in_chunks("三三三三\nb\n", 7), "三三\nb\n");
    }
}
