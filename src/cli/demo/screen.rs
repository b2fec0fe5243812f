//! The operator's screen, kept until it is asked for.

use std::fmt;

use smolchat::app::Screen;
use smolchat::capture::{Tee, hear};
use smolchat::explain::{Said, Teller};
use smolchat::trace::{Followed, Follower, Journal, Style};
use smoltcp::phy::Device;
use smoltcp::time::Instant;

/// What stands on the screen, and since when.
pub struct Piece {
    // A value: the director reads it.
    pub at: Instant,
    pub order: Order,
    pub text: String,
}

/// What stands above what, of things that happened at one moment: a call, what it sent, what that led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// A program calls.
    Call,
    /// A row of a ladder.
    Ladder,
    /// The node's program prints something.
    Printed,
    /// What came of a call.
    Result,
}

/// What was written and not yet taken.
pub struct Paper {
    pieces: Vec<Piece>,
    now: Instant,
    teller: Teller,
    /// What segments say is listened to.
    hears: bool,
}

impl Paper {
    /// Ladders are drawn by `teller`, with what segments say if `hears`.
    pub const fn new(teller: Teller, hears: bool) -> Self {
        Self {
            pieces: Vec::new(),
            now: Instant::ZERO,
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

    /// What is written from now on is written now.
    pub const fn set_now(&mut self, now: Instant) {
        self.now = now;
    }

    /// What the segments said that were listened to.
    pub const fn said(&mut self) -> &mut Said {
        self.teller.said()
    }

    /// Takes what was written since the last time.
    pub fn take(&mut self) -> Vec<Piece> {
        std::mem::take(&mut self.pieces)
    }
}

impl fmt::Write for Paper {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let now = self.now;
        let begun = |piece: &&mut Piece| piece.order == Order::Printed && piece.at == now;
        match self.pieces.last_mut().filter(begun) {
            Some(piece) if !piece.text.ends_with('\n') => piece.text.push_str(text),
            Some(_) | None => self.pieces.push(Piece {
                at: now,
                order: Order::Printed,
                text: text.into(),
            }),
        }
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
        loop {
            let (_, mut news) = journal.since(follower.next());
            let connection = Some(follower.connection());
            let next = news.find(|(_, event)| event.connection() == connection);
            let at = next.map_or(now, |(_, event)| event.at());
            let mut text = String::new();
            let teller = &mut self.teller;
            let followed = teller.follow_one(follower, journal, Some(now), style, &mut text);
            if !text.is_empty() {
                let order = Order::Ladder;
                self.pieces.push(Piece { at, order, text });
            }
            match followed {
                Ok(Followed::Drawn) => {}
                Ok(Followed::Until(until)) => return Some(until),
                // Writing to a string cannot fail.
                Ok(Followed::Nothing) | Err(fmt::Error) => return None,
            }
        }
    }
}
