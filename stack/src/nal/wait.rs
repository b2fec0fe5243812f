//! A future that looks at the node, and waits until it is worth another look.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use smoltcp::time::Instant;

use super::stack::Stack;
use super::wakers::{Interest, Ticket};
use crate::node::Node;

/// Looks until there is something. Dropped before, it waits no longer and has changed nothing but what its looks did.
pub(super) struct Wait<'s, 'd, const WAKERS: usize, F> {
    stack: &'s Stack<'d, WAKERS>,
    interest: Interest,
    ticket: Option<Ticket>,
    look: F,
}

impl<'s, 'd, const WAKERS: usize, F> Wait<'s, 'd, WAKERS, F> {
    pub(super) fn new<T>(stack: &'s Stack<'d, WAKERS>, interest: Interest, look: F) -> Self
    where
        F: FnMut(&mut Node<'d>, Instant) -> Poll<T> + Unpin,
    {
        Self {
            stack,
            interest,
            ticket: None,
            look,
        }
    }
}

impl<'d, T, const WAKERS: usize, F> Future for Wait<'_, 'd, WAKERS, F>
where
    F: FnMut(&mut Node<'d>, Instant) -> Poll<T> + Unpin,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let this = self.get_mut();
        this.stack
            .look(this.interest, &mut this.ticket, context, &mut this.look)
    }
}

impl<const WAKERS: usize, F> Drop for Wait<'_, '_, WAKERS, F> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.stack.forget(ticket);
        }
    }
}
