//! A ladder drawn record by record, for who has something to say below each.

use super::super::{Journal, Style};
use super::Follower;
use super::bounds::Bounds;
use super::row::{BELOW, LANE, Lane, Pen, Shown};
use core::fmt::{self, Write};
use smoltcp::time::Instant;

/// What came of [`Follower::follow_one`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// A record was drawn, with what it caused.
    Drawn,
    /// There is none.
    Nothing,
    /// The next one waits for its answer, until then at the latest.
    Until(Instant),
}

impl Follower {
    /// Columns for what is written with [`Self::write_below`].
    pub const BELOW: usize = BELOW;
    /// Columns for what is written with [`Self::write_remark`].
    pub const REMARK: usize = LANE;

    /// Draws the next record with what it caused, unless its number is `until` or above. True if one
    /// was drawn; for ladders that are shown in pieces. Errors are those of `out`.
    pub fn step<W: Write + ?Sized>(
        &mut self,
        journal: &Journal<'_>,
        until: u64,
        style: &Style,
        out: &mut W,
    ) -> Result<bool, fmt::Error> {
        let bounds = Bounds { until, records: 1 };
        let before = self.drawn;
        self.advance(journal, None, bounds, style, out)?;
        Ok(self.drawn != before)
    }

    /// Draws the next record with what it caused, as [`Self::follow`] would, or as [`Self::finish`] would where
    /// `now` is none; for who has something to say below each. Errors are those of `out`.
    pub fn follow_one<W: Write + ?Sized>(
        &mut self,
        journal: &Journal<'_>,
        now: Option<Instant>,
        style: &Style,
        out: &mut W,
    ) -> Result<Followed, fmt::Error> {
        let before = self.drawn;
        let bounds = Bounds {
            records: 1,
            ..Bounds::NONE
        };
        let until = self.advance(journal, now, bounds, style, out)?;
        Ok(match until {
            _ if self.drawn != before => Followed::Drawn,
            Some(until) => Followed::Until(until),
            None => Followed::Nothing,
        })
    }

    /// Writes a line below the last one, behind the left life line: [`Self::BELOW`] columns, one line. Errors are those
    /// of `out`.
    pub fn write_below<W: Write + ?Sized>(
        &self,
        text: &str,
        style: &Style,
        out: &mut W,
    ) -> fmt::Result {
        Pen::new(out, style, self.connection).below(text)
    }

    /// Writes a line below the last one, in the middle between the life lines: [`Self::REMARK`] columns, one line.
    /// Errors are those of `out`.
    pub fn write_remark<W: Write + ?Sized>(
        &self,
        text: &str,
        style: &Style,
        out: &mut W,
    ) -> fmt::Result {
        let colour = "";
        let lane = Lane::Remark { text, colour };
        let nothing = Shown::Nothing;
        Pen::new(out, style, self.connection).row(None, nothing, &lane, nothing)
    }
}
