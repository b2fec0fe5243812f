//! The operator's screen, kept until it is asked for.

use std::fmt;

use smolchat::app::Screen;

/// What was written and not yet taken.
#[derive(Default)]
pub struct Paper(String);

impl Paper {
    /// Takes what was written since the last time.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

impl fmt::Write for Paper {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        Ok(())
    }
}

impl Screen for Paper {
    fn room(&self) -> usize {
        usize::MAX
    }
}
