//! Octets from a server, made fit for a terminal.

use std::fmt::Write;

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
        let text = String::from_utf8_lossy(&self.line);
        // Nobody at the other end may write to this terminal but text.
        let clean: String = text
            .trim_end_matches(['\r', '\n'])
            .chars()
            .map(|c| if c == '\t' { ' ' } else { c })
            .filter(|c| !c.is_control())
            .collect();
        // Output never fails: what nobody reads is counted.
        let _ = writeln!(out, "{mark}{clean}");
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
    fn a_server_cannot_move_the_cursor() {
        let (mut received, mut out) = (Received::default(), String::new());
        received.push(Instant::ZERO, b"\x1b[2Ja\x07\xff\n", "<- ", &mut out);
        assert_eq!(out, "<- [2Ja\u{fffd}\n");
    }
}
