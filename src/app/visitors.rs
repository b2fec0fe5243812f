//! Who takes a place of the room's without being a member: browsers, those that were said good-bye to, and those
//! whose peer does not close after this side did. Whoever waits gets their places before any member's.

use smoltcp::time::{Duration, Instant};

use super::app::App;
use super::session::{Parting, Role};
use crate::chat::Endpoint;
use crate::node::Node;
use crate::origin::{self, Origin};
use crate::trace::{ConnectionId, State};

/// How long a peer may take to close after this side did, while somebody waits.
pub(super) const TO_CLOSE: Duration = Duration::from_secs(1);

/// How long a browser may take from its handshake on, and a peer that was said good-bye to for reading it from its
/// last change of state on, while somebody waits.
const TO_VISIT: Duration = Duration::from_secs(1);

/// Somebody who has a place.
struct Guest {
    place: usize,
    id: ConnectionId,
    origin: Origin,
    /// When its visit is over, if somebody waits; members stay.
    until: Option<Instant>,
}

impl App<'_> {
    /// Takes the place of somebody who is no member. Those whose origin has more than the `places` that the
    /// newcomer's would have, and more than its share, have no time; all others a while.
    pub(super) fn show_out_a_visitor(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        places: usize,
        share: usize,
    ) -> bool {
        let visitor = self.visitor_who_yields(now, node, places.max(share));
        let handle = visitor.as_ref().and_then(|it| node.handle_of(it.id));
        let (Some(visitor), Some(handle)) = (visitor, handle) else {
            return false;
        };
        self.responses.forget(handle);
        node.evict(now, handle);
        self.sessions.set(visitor.place, Role::Empty);
        true
    }

    /// Not inlined: it would take the stack of whoever calls.
    #[inline(never)]
    fn visitor_who_yields(&self, now: Instant, node: &Node<'_>, kept: usize) -> Option<Guest> {
        let guests = || (0..node.capacity()).filter_map(|place| self.guest_at(now, node, place));
        let first = |of: Option<Origin>| {
            let visitors = guests().filter(|it| it.until.is_some());
            let visitors = visitors.filter(|it| of.is_none_or(|of| of == it.origin));
            visitors.min_by_key(|it| it.until)
        };
        first(None)?;
        let origins = |each: &mut dyn FnMut(Origin)| guests().for_each(|it| each(it.origin));
        let (crowd, size) = origin::most_crowded(now, &origins)?;
        let at_once = first(Some(crowd)).filter(|_| size > kept);
        let is_over = |it: &Guest| it.until.is_some_and(|until| until <= now);
        at_once.or_else(|| first(None).filter(is_over))
    }

    /// Who has a place. Those who yield already count no more, and services have no end that could be named.
    fn guest_at(&self, now: Instant, node: &Node<'_>, place: usize) -> Option<Guest> {
        let status = node.status_in(place, now)?;
        let patience = match self.sessions.role(place) {
            Role::Member(_) => None,
            Role::Parting {
                step: Parting::Yielding,
                ..
            }
            | Role::Served(_) => return None,
            Role::Requesting { .. } | Role::Page(_) | Role::Parting { .. } => Some(TO_VISIT),
            Role::Empty if !status.orphaned => return None,
            Role::Empty if status.state == State::FinWait2 => Some(TO_CLOSE),
            Role::Empty => Some(self.room.limits().first_words.max(TO_CLOSE)),
        };
        Some(Guest {
            place,
            id: status.id,
            origin: status.flow.origin(),
            until: patience.map(|patience| status.since + patience),
        })
    }
}
