//! The operator's screen, kept until it is asked for.

use std::fmt;

use smolchat::app::Screen;
use smolchat::capture::{Tee, hear};
use smolchat::explain::Teller;
use smolchat::trace::{Follower, Journal, Style};
use smoltcp::phy::Device;
use smoltcp::time::Instant;

/// What was written and not yet taken.
#[derive(Default)]
pub struct Paper {
    text: String,
    teller: Teller,
    /// What segments say is listened to.
    hears: bool,
}

impl Paper {
    /// Ladders are drawn by `teller`, with what segments say if `hears`.
    pub const fn new(teller: Teller, hears: bool) -> Self {
        Self {
            text: String::new(),
            teller,
            hears,
        }
    }

    /// A device whose frames are listened to.
    pub fn on<'p, D: Device>(&'p mut self, device: &'p mut D) -> impl Device + 'p {
        let hears = self.hears;
        let said = self.teller.said();
        Tee::new(device, move |_, _, frame: &[u8]| {
            if let Some((key, words)) = hears.then(|| hear(frame)).flatten() {
                said.keep(key, words);
            }
        })
    }

    /// Takes what was written since the last time.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}

impl fmt::Write for Paper {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        Ok(())
    }
}

impl Screen for Paper {
    fn room(&self) -> usize {
        usize::MAX
    }

    fn draw(
        &mut self,
        follower: &mut Follower,
        journal: &Journal<'_>,
        now: Instant,
        style: &Style,
    ) -> Option<Instant> {
        let Self { text, teller, .. } = self;
        // Writing to a string cannot fail.
        let due = teller.follow(follower, journal, Some(now), style, text);
        due.unwrap_or(None)
    }
}
