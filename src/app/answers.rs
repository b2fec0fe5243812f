//! What the application answers itself: tables of connections, ladders and the page, part by part.

use core::fmt::{self, Write};

use super::ladder::Ladder;
use super::page::Page;
use super::table::{Facts, Table};

/// An answer of several parts, and how far it is.
#[derive(Clone)]
pub(super) enum Content {
    Table(Table),
    Ladder(Ladder),
    Page(Page),
}

impl Content {
    /// Writes the next part: some whole lines. True if there is another.
    pub(super) fn write_part(
        &mut self,
        facts: &Facts<'_, '_, '_>,
        out: &mut dyn Write,
    ) -> Result<bool, fmt::Error> {
        match self {
            Self::Table(table) => table.write_part(facts, out),
            Self::Ladder(ladder) => ladder.write_part(facts, out),
            Self::Page(page) => page.write_part(facts, out),
        }
    }
}
