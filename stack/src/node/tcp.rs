//! TCP: the connections, who is let in, and the ports that our own calls come from.
//!
//! A segment that comes is found, judged and handed to its connection in [`segments`](super::segments); one that
//! belongs to none in [`strays`](super::strays) and, if it opens one, in [`opening`](super::opening). What a
//! connection does then is told and scheduled in [`following`](super::following), and leaves in
//! [`sending`](super::sending).

use super::admission::Admission;
use super::flow::Found;
use super::host::Host;
use super::ports::Ephemeral;
use super::table::Table;
use crate::trace::Flow;

/// TCP of a node. What it does to the world outside it does by way of the [`Host`].
pub(super) struct Tcp<'a> {
    // Open to the files of TCP, each of which does one task on all of it.
    /// The calls look up connections in it, and so does whoever shows them.
    pub(super) table: Table<'a>,
    /// The calls open and close ports here.
    pub(super) admission: Admission<'a>,
    /// For calls of ours.
    pub(super) ephemeral: Ephemeral,
    /// A connection ended since the last egress began, and its application does not know yet.
    pub(super) retired: bool,
}

impl Tcp<'_> {
    /// What lives between these endpoints.
    pub(super) fn find(&self, host: &Host<'_>, flow: &Flow) -> Option<Found> {
        self.table.find(host.now, host.link.locals(), flow)
    }
}
