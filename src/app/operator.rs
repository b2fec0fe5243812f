//! The operator's screen.

use core::fmt;

use smoltcp::time::Instant;

use crate::trace::{Follower, Journal, Style};

/// Where the operator reads: a terminal, or a UART.
///
/// Writing never waits. Who has much to say looks at [`Self::room`] first and comes back later.
pub trait Screen: fmt::Write {
    /// Octets that can be written now without loss.
    fn room(&self) -> usize;

    /// Draws what is new of a ladder, as [`Follower::follow`]; where there is more to say to each row, with that.
    fn draw(
        &mut self,
        follower: &mut Follower,
        journal: &Journal<'_>,
        now: Instant,
        style: &Style,
    ) -> Option<Instant>
    where
        Self: Sized,
    {
        // One body for all kinds of screens: it is large.
        let out: &mut dyn fmt::Write = self;
        // A screen never fails: what it has no room for, it counts.
        follower.follow(journal, now, style, out).unwrap_or(None)
    }
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
