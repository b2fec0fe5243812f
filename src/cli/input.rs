//! Lines typed by the operator, or piped in.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};

/// Octets read at once.
const CHUNK: usize = 4096;
/// The longest line that is kept; the rest of a longer one is cut off. Longer than any message, so
/// that a long one is refused as such.
const LINE_MAX: usize = 2048;

/// Standard input, line by line, without blocking.
#[derive(Debug)]
pub struct Input {
    stdin: io::Stdin,
    /// Asked at the start: one that is gone is none.
    is_terminal: bool,
    line: Vec<u8>,
    ended: bool,
    vanished: bool,
}

impl Input {
    /// Reads nothing yet.
    pub fn new() -> Self {
        let stdin = io::stdin();
        Self {
            is_terminal: stdin.is_terminal(),
            stdin,
            line: Vec::new(),
            ended: false,
            vanished: false,
        }
    }

    /// The descriptor on which to wait for more, until the end.
    pub fn source(&self) -> Option<BorrowedFd<'_>> {
        (!self.ended).then(|| self.stdin.as_fd())
    }

    /// Whether the end was reached.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether it was a terminal that is gone or whose user ended it (Ctrl-D): nobody is left who could type anything.
    /// The end of a file or a pipe implies nothing of the kind.
    pub fn has_vanished(&self) -> bool {
        self.vanished
    }

    /// Reads once, and passes each complete line to `each`, without its line end. Call it when the source is readable;
    /// it then does not block.
    pub fn read(&mut self, mut each: impl FnMut(&[u8])) {
        let mut chunk = [0; CHUNK];
        let count = match rustix::io::read(&self.stdin, &mut chunk) {
            Ok(count) => count,
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => return,
            // Such as a terminal that is gone: the end.
            Err(_) => 0,
        };
        if count == 0 {
            self.ended = true;
            self.vanished = self.is_terminal;
            if !self.line.is_empty() {
                each(&std::mem::take(&mut self.line));
            }
            return;
        }
        for part in chunk[..count].split_inclusive(|octet| *octet == b'\n') {
            let (text, ends) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            let room = LINE_MAX - self.line.len();
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            if ends {
                let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
                each(line);
                self.line.clear();
            }
        }
    }
}
