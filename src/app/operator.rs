//! The operator's screen.

use core::fmt;

/// Where the operator reads: a terminal, or a UART.
///
/// Writing never waits. Who has much to say looks at [`Self::room`] first and comes back later.
pub trait Screen: fmt::Write {
    /// Octets that can be written now without loss.
    fn room(&self) -> usize;
}

/// For a program without a screen: takes everything, shows nothing.
impl Screen for Nowhere {
    fn room(&self) -> usize {
        usize::MAX
    }
}

/// No screen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

impl fmt::Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}
