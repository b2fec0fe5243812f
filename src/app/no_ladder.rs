//! No ladders, where the feature `ladder` is not.

use core::fmt::{self, Write};

use super::table::Facts;
use crate::node::Node;
use crate::trace::ConnectionId;

/// There is none.
#[derive(Clone)]
pub(super) enum Ladder {}

/// That there is none, in a sentence.
pub(super) struct NoLadders;

impl Ladder {
    pub(super) fn of(_: &Node<'_>, _: ConnectionId) -> Result<Self, NoLadders> {
        Err(NoLadders)
    }

    pub(super) fn write_part(
        &mut self,
        _: &Facts<'_, '_, '_>,
        _: &mut dyn Write,
    ) -> Result<bool, fmt::Error> {
        match *self {}
    }
}

impl fmt::Display for NoLadders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("This node draws no ladders; /states lists its connections.")
    }
}
