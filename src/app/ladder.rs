//! A connection's ladder as a long answer, from the journal.

use core::convert::Infallible;
use core::fmt::{self, Write};

use super::table::Facts;
use crate::node::Node;
use crate::trace::{ConnectionId, Follower};

/// A ladder, and how far it is drawn.
#[derive(Clone)]
pub(super) struct Ladder {
    follower: Follower,
    /// The first record that was made after the question.
    until: u64,
}

impl Ladder {
    /// Of one connection, as far as it is remembered.
    pub(super) fn of(node: &Node<'_>, connection: ConnectionId) -> Result<Self, Infallible> {
        let mut follower = Follower::new(connection);
        if let Some(status) = node
            .handle_of(connection)
            .and_then(|handle| node.status(handle))
        {
            follower = follower.with_flow(status.flow);
        }
        Ok(Self {
            follower,
            until: node.journal().next(),
        })
    }

    /// Writes the next part: some whole lines. True if there is another.
    pub(super) fn write_part(
        &mut self,
        facts: &Facts<'_, '_, '_>,
        out: &mut dyn Write,
    ) -> Result<bool, fmt::Error> {
        let journal = facts.node.journal();
        let more = self.follower.step(journal, self.until, facts.style, out)?;
        if !more {
            self.follower.conclude(facts.now, facts.style, out)?;
        }
        Ok(more)
    }
}
