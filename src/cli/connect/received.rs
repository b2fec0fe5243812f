//! Octets from a server, made fit for a terminal.

use std::fmt::Write;

use smolchat::chat::text::write_clean;
use smoltcp::time::{Duration, Instant};

/// How long a line without its end waits for the rest of it.
const IDLE: Duration = Duration::from_millis(50);
/// The longest line shown as one, in octets.
const LINE: usize = 8192;

/// A stream of lines, or of pieces without line ends.
#[derive(Debug, Default)]
pub struct Received {
    line: Vec<u8>,
    /// When what is there is shown, even without its end.
    pub due: Option<Instant>,
}

impl Received {
    /// Takes octets in, and shows the lines that are complete.
    pub fn push(&mut self, now: Instant, octets: &[u8], mark: &str, out: &mut impl Write) {
        for part in octets.split_inclusive(|octet| *octet == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") || self.line.len() >= LINE {
                self.show(mark, out);
            }
        }
        self.due = (!self.line.is_empty()).then(|| now + IDLE);
    }

    /// Shows what has waited long enough.
    pub fn poll(&mut self, now: Instant, mark: &str, out: &mut impl Write) {
        if self.due.is_some_and(|due| due <= now) {
            self.show(mark, out);
        }
    }

    /// Shows what is there.
    pub fn show(&mut self, mark: &str, out: &mut impl Write) {
        self.due = None;
        if self.line.is_empty() {
            return;
        }
        let end = |octet: &u8| matches!(octet, b'\r' | b'\n');
        let trailing = self.line.iter().rev().take_while(|octet| end(octet));
        let len = self.line.len() - trailing.count();
        // Nobody at the other end may write to this terminal but text. Output never fails: what nobody
        // reads is counted.
        let _ = out.write_str(mark);
        let _ = write_clean(&self.line[..len], out);
        let _ = out.write_char('\n');
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_pieces_is_one_line_and_a_piece_without_end_is_shown_when_idle() {
        let (mut received, mut out) = (Received::default(), String::new());
        let at = Instant::from_millis;
        received.push(at(0), "你".as_bytes().split_at(1).0, "", &mut out);
        received.push(at(1), "你".as_bytes().split_at(1).1, "", &mut out);
        received.push(at(2), b" there\r\nq", "", &mut out);
        assert_eq!(out, "你 there\n");
        received.poll(at(51), "", &mut out);
        assert_eq!(out, "你 there\n");
        received.poll(at(52), "", &mut out);
        assert_eq!(out, "你 there\nq\n");
        assert_eq!(received.due, None);
    }

    #[test]
    fn a_server_can_neither_steer_the_terminal_nor_hide_or_reorder_text() {
        let (mut received, mut out) = (Received::default(), String::new());
        let mut show = |octets: &[u8]| {
            out.clear();
            received.push(Instant::ZERO, octets, "<- ", &mut out);
            out.clone()
        };
        assert_eq!(show(b"\x1b[2Ja\x07\xff\n"), "<- a\u{fffd}\n");
        let hidden = "abc\u{202e}def\u{1d173}g\u{1bca0}h\u{2066}\r\n";
        assert_eq!(show(hidden.as_bytes()), "<- abcdefgh\n");
        let heap = std::format!("a{}\n", "\u{301}".repeat(300));
        assert_eq!(show(heap.as_bytes()), "<- a\u{301}\u{301}\u{301}\u{301}\n");
    }
}
