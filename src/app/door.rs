//! The door: somebody waits for a connection, and all are in use.
//!
//! The room says which member makes room ([`Room::who_yields`](crate::chat::Room::who_yields)). Before any
//! member does, connections are taken back that were closed here and whose peer does not close, or answers
//! nothing that was said before good-bye. Those to services stay.

use smoltcp::time::{Duration, Instant};

use super::app::App;
use super::desk::Desk;
use super::operator::Screen;
use super::seat::{Parting, Role, Seat};
use crate::chat::{Endpoint, PutOut};
use crate::node::{Handle, Node};
use crate::trace::State;

/// How long after one look the next one comes at the earliest, besides [`FOR_EACH`] connection: a look
/// walks over all of them.
const BETWEEN: Duration = Duration::from_millis(20);
const FOR_EACH: Duration = Duration::from_micros(5);

/// Connections that one look takes back at most; for each it walks over all.
const AT_ONCE: usize = 64;

/// How long a peer may take to close after this side did, while somebody waits.
const TO_CLOSE: Duration = Duration::from_secs(1);

/// The same for one that never said a word. On most ways that is enough for what it is told.
const TO_HEAR: Duration = Duration::from_millis(50);

impl App<'_> {
    /// Makes room for those who wait, if somebody has to make it.
    pub(super) fn keep_door<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        screen: &mut S,
    ) {
        if node.held() == 0 || self.over.is_some() {
            return;
        }
        if now >= self.door {
            let seats = self.desk.seats.len().min(60_000) as u32;
            self.door = now + BETWEEN + FOR_EACH * seats;
            self.make_room(now, node, screen);
        }
        self.wake_at(Some(self.door));
    }

    fn make_room<S: Screen>(&mut self, now: Instant, node: &mut Node<'_>, screen: &mut S) {
        // These will be free, or give way to whoever proves to be there.
        let coming = node.free() + node.half_open() + self.desk.yielding();
        let waiting = node.held().saturating_sub(coming);
        let mut wanted = waiting.min(AT_ONCE);
        while wanted > 0 && take_back(now, node, self.room.limits().first_words) {
            wanted -= 1;
        }
        while wanted > 0 && self.desk.cut_off(now, node) {
            wanted -= 1;
        }
        for newcomer in 0..node.held() {
            if wanted == 0 {
                return;
            }
            let Some(origin) = node.waiting().nth(newcomer).map(|peer| peer.origin()) else {
                return;
            };
            let origin_of = |handle| Some(node.status(handle)?.flow.origin());
            let Some(id) = self.room.who_yields(now, origin, waiting, origin_of) else {
                continue;
            };
            wanted -= 1;
            let put_out = self.with_room(now, node, screen, |room, post| room.put_out(id, post));
            if let Some(PutOut { key, spoke }) = put_out {
                self.streams.forget(key);
                let patience = if spoke { TO_CLOSE } else { TO_HEAR };
                self.desk.hurry(now, node, key, now + patience);
            }
        }
    }
}

/// Takes back a connection that was let go here, and that its peer does not close.
fn take_back(now: Instant, node: &mut Node<'_>, patience: Duration) -> bool {
    let overdue = (0..node.capacity()).find_map(|place| {
        let status = node.status_in(place, now).filter(|it| it.orphaned)?;
        let patience = match status.state {
            State::FinWait2 => TO_CLOSE,
            State::Closed
            | State::Listen
            | State::SynSent
            | State::SynReceived
            | State::Established
            | State::FinWait1
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => patience.max(TO_CLOSE),
        };
        (status.since + patience <= now).then_some(status.id)
    });
    let handle = overdue.and_then(|id| node.handle_of(id));
    handle.inspect(|handle| node.evict(now, *handle)).is_some()
}

impl Desk<'_> {
    /// How many connections are on their way out because somebody waits.
    fn yielding(&self) -> usize {
        let seats = self.seats.iter();
        let hurried = |seat: &&Seat| {
            matches!(
                seat.0,
                Role::Parting {
                    step: Parting::Yielding,
                    ..
                }
            )
        };
        seats.filter(hurried).count()
    }

    /// The connection that is being ended is wanted for somebody else.
    fn hurry(&mut self, now: Instant, node: &mut Node<'_>, handle: Handle, by: Instant) {
        let slot = handle.slot();
        if let Some(Seat(Role::Parting { step, until, .. })) = self.seats.get_mut(slot) {
            *step = Parting::Yielding;
            *until = by;
            self.go_on_parting(now, node, slot);
        }
    }
}
