//! How far a long capture was read: a bar on standard error, where that is a terminal.

use std::io::{self, Read};

use indicatif::{ProgressBar, ProgressStyle};

/// Octets that are read before anybody would look for a bar.
const SHORT: u64 = 8 << 20;

/// What is read, with a bar that is gone before anything else is said.
pub struct Progress<R> {
    input: R,
    bar: ProgressBar,
}

impl<R: Read> Progress<R> {
    /// Of an input with so many octets, if that is known.
    pub fn of(input: R, length: Option<u64>) -> Self {
        let (bar, look) = match length {
            Some(..=SHORT) => (ProgressBar::hidden(), ""),
            Some(length) => (
                ProgressBar::new(length),
                "[{wide_bar}] {bytes} of {total_bytes}, {eta} left",
            ),
            None => (ProgressBar::new_spinner(), "{spinner} {bytes} read"),
        };
        // A template that is wrong shows in the first use; without one there is the usual bar.
        if let Ok(look) = ProgressStyle::with_template(look) {
            bar.set_style(look.progress_chars("=> "));
        }
        Self { input, bar }
    }
}

impl<R: Read> Read for Progress<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.bar.inc(count as u64);
        Ok(count)
    }
}

impl<R> Drop for Progress<R> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
