//! What one turn of the application works with.

use smoltcp::time::Instant;

use crate::node::Node;

/// One call of [`App::run`](super::App::run): when it is, and what it reads from and writes to.
pub(super) struct Turn<'t, 'n, S> {
    // Open to the tasks of the turn: each borrows of it what it needs.
    pub(super) now: Instant,
    pub(super) node: &'t mut Node<'n>,
    pub(super) screen: &'t mut S,
}

impl<'n, S> Turn<'_, 'n, S> {
    /// Borrows memory of the node for messages and datagrams, of so many octets at most.
    pub(super) fn with_scratch<T>(
        &mut self,
        octets: usize,
        work: impl FnOnce(&mut Turn<'_, 'n, S>, &mut [u8]) -> T,
    ) -> T {
        let (now, screen) = (self.now, &mut *self.screen);
        self.node.with_scratch(|node, scratch| {
            let len = scratch.len().min(octets);
            work(&mut Turn { now, node, screen }, &mut scratch[..len])
        })
    }
}
