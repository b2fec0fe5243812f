//! All sessions, and the deadlines of those that have one.

use managed::ManagedSlice;
use smoltcp::time::{Duration, Instant};

use super::pace::Pace;
use super::session::{Parting, Role, Session};
use crate::chat::MemberId;
use crate::deadlines::{Deadlines, Place};
use crate::node::{Handle, Node, TcpSocket};

/// How long a peer may take to read what was said before good-bye. After that it is reset; but not while only
/// acknowledgments are missing: then segments are lost, or it is gone, and the node tires of that in time (R2
/// of RFC 9293 section 3.8.3).
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a peer that has acknowledged everything may take to close, while somebody waits.
const TO_READ: Duration = Duration::from_millis(50);

/// The next turn: after everything that waits now has been sent.
pub(super) const NEXT_TURN: Duration = Duration::from_micros(1);

pub(super) struct Sessions<'a> {
    // Open to the tasks of this module, each of which has its part of them: members, browsers, services, good-byes.
    pub(super) slots: ManagedSlice<'a, Session>,
    pub(super) deadlines: Deadlines<'a>,
    /// Sessions that are not empty.
    pub(super) taken: usize,
    /// How fast the room may go.
    pub(super) pace: Pace,
    /// Long answers that were refused because there was no place for them.
    pub(super) refused: u32,
    /// Long answers that ended early, to make room for others.
    pub(super) cut_short: u32,
}

impl<'a> Sessions<'a> {
    pub(super) fn new(slots: ManagedSlice<'a, Session>, places: ManagedSlice<'a, Place>) -> Self {
        Self {
            slots,
            deadlines: Deadlines::new(places),
            taken: 0,
            pace: Pace::new(),
            refused: 0,
            cut_short: 0,
        }
    }

    pub(super) fn role(&self, slot: usize) -> &Role {
        self.slots
            .get(slot)
            .map_or(&Role::Empty, |session| &session.0)
    }

    /// Gives a session another role.
    pub(super) fn set(&mut self, slot: usize, role: Role) {
        let Some(session) = self.slots.get_mut(slot) else {
            return;
        };
        let was = !matches!(session.0, Role::Empty);
        let is = !matches!(role, Role::Empty);
        self.taken = self.taken + usize::from(is) - usize::from(was);
        session.0 = role;
        if !is {
            self.deadlines.remove(slot);
        }
    }

    /// Looks at a session again after the next round of egress.
    pub(super) fn later(&mut self, now: Instant, slot: usize) {
        self.deadlines.not_after(slot, now + NEXT_TURN);
    }

    /// The member at a slot.
    pub(super) fn member(&self, slot: usize) -> Option<MemberId> {
        match self.role(slot) {
            Role::Member(member) => Some(member.id),
            Role::Empty
            | Role::Requesting { .. }
            | Role::Page(_)
            | Role::Served(_)
            | Role::Parting { .. } => None,
        }
    }

    /// A long answer to a connection is over: a member is listened to again, a browser is let go.
    pub(super) fn answered(&mut self, now: Instant, node: &mut Node<'_>, handle: Handle) {
        let slot = handle.slot();
        match self.slots.get_mut(slot) {
            Some(Session(Role::Member(member))) if member.handle == handle => {
                member.busy = false;
                self.later(now, slot);
            }
            Some(Session(Role::Page(page))) if *page == handle => {
                self.part(now, node, handle, Parting::Finishing);
            }
            Some(_) | None => {}
        }
    }

    /// Begins to end a connection: with `q` in a segment of its own, or with what is queued.
    pub(super) fn part(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        handle: Handle,
        step: Parting,
    ) {
        if step == Parting::Finishing
            && let Some(mut socket) = node.tcp(handle)
        {
            socket.shutdown(now);
        }
        let until = now + DRAIN_TIMEOUT;
        let role = Role::Parting {
            handle,
            step,
            until,
        };
        self.set(handle.slot(), role);
        self.go_on_parting(now, node, handle.slot());
    }

    /// Resets a peer that was said good-bye to and answers no retransmission: somebody waits for its
    /// connection. `false`: there is none.
    pub(super) fn cut_off(&mut self, now: Instant, node: &mut Node<'_>) -> bool {
        let r1 = node.limits().r1;
        let tiresome = |session: &Session| match session.0 {
            Role::Parting { handle, .. } => {
                let socket = node.tcp(handle)?;
                (retransmissions(&socket) >= r1).then_some(handle)
            }
            Role::Empty
            | Role::Member(_)
            | Role::Requesting { .. }
            | Role::Page(_)
            | Role::Served(_) => None,
        };
        let Some(handle) = self.slots.iter().find_map(tiresome) else {
            return false;
        };
        node.evict(now, handle);
        self.set(handle.slot(), Role::Empty);
        true
    }

    /// Takes the next steps of a good-bye, as far as the peer has acknowledged.
    pub(super) fn go_on_parting(&mut self, now: Instant, node: &mut Node<'_>, slot: usize) {
        let Some(Session(Role::Parting {
            handle,
            step,
            until: patience,
        })) = self.slots.get_mut(slot)
        else {
            return;
        };
        let (handle, until) = (*handle, *patience);
        let Some(mut socket) = node.tcp(handle) else {
            return self.set(slot, Role::Empty);
        };
        discard(&mut socket);
        if socket.ended().is_some() {
            socket.close(now);
            return self.set(slot, Role::Empty);
        }
        let is_over = now >= until;
        if is_over && *step == Parting::Yielding {
            node.evict(now, handle);
            return self.set(slot, Role::Empty);
        }
        if is_over && !is_under_way(&socket) {
            socket.abort(now);
            return self.set(slot, Role::Empty);
        }
        if is_over {
            *patience = now + DRAIN_TIMEOUT;
        }
        let until = *patience;
        if let Parting::Said(at) = *step
            && at < now
        {
            socket.shutdown(now);
            *step = Parting::Finishing;
        }
        let acknowledged = socket.send_queue() == 0;
        match *step {
            Parting::Draining if acknowledged => {
                // There is room for one octet: nothing is queued.
                let _ = socket.send(b"q");
                *step = Parting::Said(now);
                self.later(now, slot);
            }
            Parting::Finishing if acknowledged => {
                socket.close(now);
                self.set(slot, Role::Empty);
            }
            Parting::Yielding if acknowledged && socket.has_finished() => {
                socket.close(now);
                self.set(slot, Role::Empty);
            }
            Parting::Yielding if acknowledged => {
                let until = until.min(now + TO_READ);
                *patience = until;
                socket.watch_acknowledgments();
                self.deadlines.not_after(slot, until);
            }
            Parting::Said(_) => self.later(now, slot),
            Parting::Draining | Parting::Finishing | Parting::Yielding => {
                socket.watch_acknowledgments();
                self.deadlines.not_after(slot, until);
            }
        }
    }
}

/// Whether all that is left was sent, or is sent again, to a peer that has room for it.
fn is_under_way(socket: &TcpSocket<'_, '_>) -> bool {
    let sent = || socket.unsent() == 0 || retransmissions(socket) > 0;
    !socket.is_window_closed() && sent()
}

/// How often what a peer has not acknowledged was sent again, although it has room for it.
fn retransmissions(socket: &TcpSocket<'_, '_>) -> u8 {
    if socket.is_window_closed() {
        0
    } else {
        socket.attempts()
    }
}

/// Takes what nobody will read, so that the window stays open for the peer's FIN.
pub(super) fn discard(socket: &mut TcpSocket<'_, '_>) {
    let unread = socket.recv_queue();
    socket.consume(unread);
}
