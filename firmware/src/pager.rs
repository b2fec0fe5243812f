//! Texts longer than the console has room for, such as ladders: written as far as there is room, and
//! continued when there is more, without a copy of the text.
//!
//! The text is drawn again from its start each time, and what was shown before is skipped. So the
//! drawing must begin with what it began with the last time; its end may have grown.

use core::fmt::{self, Write};

/// How far a text was shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pager {
    /// Octets shown.
    shown: usize,
}

impl Pager {
    /// Nothing was shown yet.
    pub const fn new() -> Self {
        Self { shown: 0 }
    }

    /// Shows as much more of the text as fits into `room` octets of `out`, in which a line feed takes
    /// two. `true`: that was all of it.
    pub fn show<W: Write>(
        &mut self,
        room: usize,
        out: &mut W,
        draw: impl FnOnce(&mut Window<'_, W>) -> fmt::Result,
    ) -> bool {
        let mut window = Window {
            skip: self.shown,
            room,
            out,
            shown: 0,
        };
        let complete = draw(&mut window).is_ok();
        self.shown += window.shown;
        complete
    }
}

/// The part of a text that is shown. Beyond it, writing fails, so that the drawing ends.
pub struct Window<'w, W> {
    skip: usize,
    room: usize,
    out: &'w mut W,
    shown: usize,
}

impl<W: Write> Write for Window<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let octets = character.len_utf8();
            if self.skip >= octets {
                self.skip -= octets;
                continue;
            }
            let needed = if character == '\n' { 2 } else { octets };
            self.room = self.room.checked_sub(needed).ok_or(fmt::Error)?;
            self.out.write_char(character)?;
            self.shown += octets;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    #[test]
    fn a_text_in_pieces_of_any_size_is_the_text() {
        let text = "CLOSED ── SYN ─▶\nESTABLISHED 你好\n";
        for room in 4..80 {
            let mut shown = String::new();
            let mut pager = Pager::new();
            let mut rounds = 0;
            while !pager.show(room, &mut shown, |out| out.write_str(text)) {
                rounds += 1;
                assert!(rounds < 100, "no progress with room for {room}");
            }
            assert_eq!(shown, text);
        }
    }

    #[test]
    fn without_room_nothing_is_shown() {
        let mut shown = String::new();
        assert!(!Pager::new().show(0, &mut shown, |out| out.write_str("text")));
        assert_eq!(shown, "");
    }
}
