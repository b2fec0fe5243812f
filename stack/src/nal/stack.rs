//! The stack that futures share: a node, and the tasks that wait for it.

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::{Context, Poll, Waker};

use smoltcp::phy::Device;
use smoltcp::time::Instant;

use super::wakers::{Interest, Kept, Ticket, Wakers};
use crate::node::{Handle, Ingress, Node};
use crate::opaque::opaque;

/// A node that is shared by futures of one thread, of which up to `WAKERS` wait at once. The [module](super) explains
/// how it is run.
///
/// Each waiting task takes one place: a reader, a writer, an acceptor, a receiver or a sender of datagrams. A
/// connection that nobody waits for takes none. Two for each connection and each UDP port, and one for each future that
/// accepts, are always enough. With fewer nothing is lost: a task that finds no place is woken at once and looks again,
/// which costs time and is counted ([`crowded`](Self::crowded)).
pub struct Stack<'d, const WAKERS: usize> {
    core: RefCell<Core<'d, WAKERS>>,
}

opaque!([const WAKERS: usize] Stack<'_, WAKERS>, "Stack");

struct Core<'d, const WAKERS: usize> {
    node: Node<'d>,
    wakers: Wakers<WAKERS>,
    /// The moment of the last poll.
    now: Instant,
    /// Something was called since.
    due: bool,
    /// Whoever polls, and waits for that.
    poller: Option<Waker>,
    crowded: u32,
}

impl<'d, const WAKERS: usize> Stack<'d, WAKERS> {
    /// A stack over a node. Until the first poll, calls happen at `now`.
    pub const fn new(node: Node<'d>, now: Instant) -> Self {
        Self {
            core: RefCell::new(Core {
                node,
                wakers: Wakers::new(),
                now,
                due: true,
                poller: None,
                crowded: 0,
            }),
        }
    }

    /// Receives frames, wakes the tasks concerned, and sends what is queued. Returns when to call again at the latest,
    /// if no frame arrives and no future makes a call: see [`is_due`](Self::is_due).
    #[must_use = "the node has timers: poll again at this instant"]
    pub fn poll<D: Device + ?Sized>(&self, now: Instant, device: &mut D) -> Option<Instant> {
        let mut core = self.core.borrow_mut();
        core.now = core.now.max(now);
        core.due = false;
        let ingress = core.node.poll_ingress(now, device);
        core.mark_news();
        drop(core);
        self.wake();
        let mut core = self.core.borrow_mut();
        let before = core.node.unsent_datagrams();
        let deadline = core.node.poll_egress(now, device);
        if core.node.unsent_datagrams() < before {
            core.wakers.mark(Interest::Queue);
        }
        drop(core);
        self.wake();
        match ingress {
            Ingress::More => Some(now),
            Ingress::Drained => deadline,
        }
    }

    /// Whether a call was made since the last poll, so that there may be something to send: poll again before sleeping.
    pub fn is_due(&self) -> bool {
        self.core.borrow().due
    }

    /// Waits until [`is_due`](Self::is_due) is true: for a program that polls in a task of its own, beside the device
    /// and the deadline. Only one task may. If it is dropped while it waits, its task is woken once more for nothing.
    pub async fn due(&self) {
        poll_fn(|context| {
            let mut core = self.core.borrow_mut();
            if core.due {
                return Poll::Ready(());
            }
            let before = core.poller.replace(context.waker().clone());
            drop(core);
            // Whoever waited here is told, and finds the place taken or does not wait any more.
            if let Some(before) = before.filter(|it| !it.will_wake(context.waker())) {
                before.wake();
            }
            Poll::Pending
        })
        .await;
    }

    /// Gives access to the node itself: its addresses, its journal, sockets of the application's own. The connections,
    /// ports and listeners of this module belong to it, as does what [`Node::accept`] and [`Node::next_ready`] return.
    ///
    /// # Panics
    /// If `work` calls, polls or drops anything of this stack.
    pub fn with<T>(&self, work: impl FnOnce(&mut Node<'d>) -> T) -> T {
        let mut core = self.core.borrow_mut();
        let result = work(&mut core.node);
        core.mark_gone();
        let poller = core.call();
        drop(core);
        wake(poller);
        self.wake();
        result
    }

    /// How often a task that had to wait found no place. If this is more than 0, raise `WAKERS`.
    pub fn crowded(&self) -> u32 {
        self.core.borrow().crowded
    }

    /// How many tasks are waiting. Walks over all places.
    pub fn waiting(&self) -> usize {
        self.core.borrow().wakers.len()
    }

    /// Returns the node.
    pub fn into_node(self) -> Node<'d> {
        self.core.into_inner().node
    }

    /// One look of a future at the node. If it has to wait, it is woken when that may have changed; nothing happens
    /// between the look and that.
    pub(super) fn look<T>(
        &self,
        interest: Interest,
        ticket: &mut Option<Ticket>,
        context: &Context<'_>,
        look: impl FnOnce(&mut Node<'d>, Instant) -> Poll<T>,
    ) -> Poll<T> {
        let mut core = self.core.borrow_mut();
        let now = core.now;
        let seen = look(&mut core.node, now);
        let (mut again, mut old) = (false, None);
        if seen.is_ready() {
            old = ticket.take().and_then(|it| core.wakers.forget(it));
        } else {
            match core.wakers.keep(*ticket, interest, context.waker()) {
                Kept::Waits(kept, before) => (*ticket, old) = (Some(kept), before),
                Kept::Full => {
                    core.crowded = core.crowded.saturating_add(1);
                    (*ticket, again) = (None, true);
                }
            }
        }
        let poller = core.call();
        drop(core);
        drop(old);
        wake(poller);
        if again {
            context.waker().wake_by_ref();
        }
        seen
    }

    /// One call that does not wait.
    pub(super) fn call<T>(&self, call: impl FnOnce(&mut Node<'d>, Instant) -> T) -> T {
        let mut core = self.core.borrow_mut();
        let now = core.now;
        let result = call(&mut core.node, now);
        let poller = core.call();
        drop(core);
        wake(poller);
        result
    }

    /// Nobody waits there any more.
    pub(super) fn forget(&self, ticket: Ticket) {
        let waker = self.core.borrow_mut().wakers.forget(ticket);
        drop(waker);
    }

    /// Wakes who is due. Nothing is borrowed while a waker runs.
    fn wake(&self) {
        loop {
            let waker = self.core.borrow_mut().wakers.take_due();
            let Some(waker) = waker else { return };
            waker.wake();
        }
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl<const WAKERS: usize> Core<'_, WAKERS> {
    /// Notes that something was called; gives whoever waits for that.
    fn call(&mut self) -> Option<Waker> {
        self.due = true;
        self.poller.take()
    }

    /// Everybody whom the last frames and timers concern is due.
    fn mark_news(&mut self) {
        while let Some(handle) = self.node.next_ready() {
            self.mark_connection(handle);
        }
        self.mark_acceptors();
        // Ports are given in turn, for as long as datagrams wait: once around is enough.
        let mut first = None;
        while let Some(port) = self.node.next_udp().map(|socket| socket.port()) {
            self.wakers.mark(Interest::Datagram(port));
            if first == Some(port) {
                break;
            }
            first.get_or_insert(port);
        }
    }

    /// Who waits for what a connection has now is due. Who goes on waiting hears of the next acknowledgment, too.
    fn mark_connection(&mut self, handle: Handle) {
        let Some(mut socket) = self.node.tcp(handle) else {
            return;
        };
        let ended = socket.ended().is_some();
        if socket.can_recv() || socket.has_finished() {
            self.wakers.mark(Interest::Read(handle));
        }
        if socket.can_send() || ended {
            self.wakers.mark(Interest::Room(handle));
        }
        if socket.send_queue() == 0 || ended {
            self.wakers.mark(Interest::Acknowledged(handle));
        }
        self.wakers.mark(Interest::News(handle));
        let wait_on = [Interest::Room(handle), Interest::Acknowledged(handle)];
        if wait_on.into_iter().any(|it| self.wakers.waits(it)) {
            socket.watch_acknowledgments();
        }
    }

    /// Who waits at a port to which somebody came is due. Who came to a port that was served, and is no longer, has
    /// nobody to wait for.
    fn mark_acceptors(&mut self) {
        let Self { node, wakers, .. } = self;
        let mut deserted = None;
        for port in node.acceptable() {
            if !wakers.mark(Interest::Accept(port)) && !node.serves(port) {
                deserted = Some(port);
            }
        }
        if let Some(port) = deserted {
            let now = self.now;
            while let Some(handle) = node.accept_at(port) {
                node.abort(now, handle);
            }
        }
    }

    /// Who waits at a connection that is not there any more is due.
    fn mark_gone(&mut self) {
        for place in 0..WAKERS {
            if let Some(interest) = self.wakers.interest(place)
                && let Some(handle) = interest.connection()
                && self.node.tcp(handle).is_none()
            {
                self.wakers.mark(interest);
            }
        }
    }
}
