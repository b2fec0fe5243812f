//! The door: somebody waits for a connection, and all are in use.
//!
//! The room says which member makes room ([`Room::who_yields`](crate::chat::Room::who_yields)). Before any
//! member does, those do who are none ([`visitors`](super::visitors)), and who answer nothing that was said before
//! good-bye. Those to services stay.

use smoltcp::time::{Duration, Instant};

use super::app::App;
use super::operator::Screen;
use super::session::{Parting, Role, Session};
use super::sessions::Sessions;
use super::turn::Turn;
use super::visitors::TO_CLOSE;
use crate::chat::{Endpoint, Newcomer, PutOut};
use crate::node::{Handle, Node};
use crate::origin::{self, Origin};
use crate::trace::State;

/// How long after one look the next one comes at the earliest, besides [`FOR_EACH`] connection: a look
/// walks over all of them.
const BETWEEN: Duration = Duration::from_millis(20);
const FOR_EACH: Duration = Duration::from_micros(5);

/// Connections that one look takes back at most; for each it walks over all.
const AT_ONCE: usize = 64;

/// One of so many places at a time is made free for SYNs that may be forged.
const A_FEW: usize = 16;

/// Changes of origin among those who wait for which one look counts connections; for each it walks over all.
const ORIGINS: usize = 16;

/// How long a peer may take to close that never said a word. On most ways that is enough for what it is told.
const TO_HEAR: Duration = Duration::from_millis(50);

impl App<'_> {
    /// Makes room for those who wait, if somebody has to make it.
    pub(super) fn keep_door<S: Screen>(&mut self, turn: &mut Turn<'_, '_, S>) {
        if turn.node.held() == 0 || self.over.is_some() {
            return;
        }
        if turn.now >= self.door {
            let sessions = self.sessions.slots.len().min(60_000) as u32;
            self.door = turn.now + BETWEEN + FOR_EACH * sessions;
            self.make_room(turn);
        }
        self.wake_at(Some(self.door));
    }

    /// How many places whoever speaks keeps while others wait, see [`Room::share_of`](crate::chat::Room::share_of).
    #[inline(never)]
    fn share(&self, now: Instant, node: &Node<'_>) -> usize {
        let origins = origin::how_many(now, &|each| open(now, node).for_each(each));
        self.room.share_of(node.capacity(), origins)
    }

    fn make_room<S: Screen>(&mut self, turn: &mut Turn<'_, '_, S>) {
        // These will be free, or give way to whoever proves to be there.
        let opening = turn.node.half_open() + self.sessions.yielding();
        let waiting = turn.node.held().saturating_sub(turn.node.free() + opening);
        // Anybody can send SYNs in the name of others: for those there are a few places at a time, and the next when
        // their handshakes are over.
        let few = (turn.node.capacity() / A_FEW)
            .max(1)
            .saturating_sub(opening);
        let waiting = waiting.min(turn.node.held_proven() + few);
        let mut wanted = waiting.min(AT_ONCE);
        let share = self.share(turn.now, turn.node);
        // What makes room for one of a crowd is mostly of that crowd. One in each look: it stays the crowd for others.
        let mut of_crowds = 1;
        while wanted > 0 && self.sessions.cut_off(turn.now, turn.node) {
            wanted -= 1;
        }
        let mut origins = Origins::default();
        // No visitor yields to whoever would have so many places.
        let mut hopeless = usize::MAX;
        for place in 0..turn.node.held() {
            if wanted == 0 {
                return;
            }
            let Some(origin) = turn.node.waiting().nth(place).map(|peer| peer.origin()) else {
                return;
            };
            let places = origins.places_with(turn.now, turn.node, place, origin);
            if places < hopeless {
                if self.show_out_a_visitor(turn.now, turn.node, places, share) {
                    wanted -= 1;
                    continue;
                }
                hopeless = places;
            }
            // Whose connections are opening turn.now is seen at the next look: they count among its places then.
            let is_of_a_crowd = places > share;
            if is_of_a_crowd && of_crowds == 0 {
                continue;
            }
            let newcomer = Newcomer { places, waiting };
            let origin_of = |handle| Some(turn.node.status(handle)?.flow.origin());
            let Some(id) = self.room.who_yields(turn.now, &newcomer, origin_of) else {
                continue;
            };
            wanted -= 1;
            of_crowds -= usize::from(is_of_a_crowd);
            let put_out = self.with_room(turn, |room, post| room.put_out(id, post));
            if let Some(PutOut { key, spoke }) = put_out {
                self.responses.forget(key);
                let patience = if spoke { TO_CLOSE } else { TO_HEAR };
                self.sessions
                    .hurry(turn.now, turn.node, key, turn.now + patience);
            }
        }
    }
}

/// Those that count for their origin: anybody can send SYNs in the name of others.
fn open(now: Instant, node: &Node<'_>) -> impl Iterator<Item = Origin> {
    let connections = (0..node.capacity()).filter_map(move |slot| node.status_in(slot, now));
    let open = connections.filter(|it| it.state != State::SynReceived);
    open.map(|it| it.flow.origin())
}

/// How many connections the last origin has that was looked at: those of one wait one after the other.
#[derive(Default)]
struct Origins {
    last: Option<(Origin, usize)>,
    counted: usize,
}

impl Origins {
    /// How many places an origin would have with those of it that wait up to this `place`. They count only beside a
    /// connection that is open.
    fn places_with(
        &mut self,
        now: Instant,
        node: &Node<'_>,
        place: usize,
        origin: Origin,
    ) -> usize {
        let open = match self.last {
            Some((last, open)) if last == origin => open,
            Some(_) if self.counted == ORIGINS => 0,
            Some(_) | None => {
                self.counted += 1;
                open(now, node).filter(|it| *it == origin).count()
            }
        };
        self.last = Some((origin, open));
        let ahead = node.waiting().take(place);
        match open {
            0 => 1,
            open => open + 1 + ahead.filter(|peer| peer.origin() == origin).count(),
        }
    }
}

impl Sessions<'_> {
    /// How many connections are on their way out because somebody waits.
    fn yielding(&self) -> usize {
        let sessions = self.slots.iter();
        let hurried = |session: &&Session| {
            matches!(
                session.0,
                Role::Parting {
                    step: Parting::Yielding,
                    ..
                }
            )
        };
        sessions.filter(hurried).count()
    }

    /// The connection that is being ended is wanted for somebody else.
    fn hurry(&mut self, now: Instant, node: &mut Node<'_>, handle: Handle, by: Instant) {
        let slot = handle.slot();
        if let Some(Session(Role::Parting { step, until, .. })) = self.slots.get_mut(slot) {
            *step = Parting::Yielding;
            *until = by;
            self.go_on_parting(now, node, slot);
        }
    }
}
