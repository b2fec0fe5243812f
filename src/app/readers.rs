//! Nobody speaks faster than those hear who read.
//!
//! A line goes to everybody at once. While somebody has no room for it, nobody is listened to: what is said waits with
//! whoever says it, and over UDP it may be lost there, before it was said. But whoever does not read half of its queue
//! in [`PATIENCE`] is cut off, so that a reader that stands still holds up the others for no longer, and one that reads
//! a little not for ever.

use smoltcp::time::{Duration, Instant};

use super::app::App;
use super::desk::Desk;
use super::operator::Screen;
use super::seat::{Role, Seat};
use crate::chat::{LAST_WORDS_MAX, LINE_MAX, MemberId, NAME_MAX};
use crate::node::Node;

/// How long the room waits for a reader: on a good wire everybody hears within 100 ms.
const PATIENCE: Duration = Duration::from_millis(80);

/// How soon it is looked again whether everybody has read.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(1);

impl App<'_> {
    /// Whether everybody has room for what somebody says in so many octets. If not, it is to be asked again after
    /// [`LOOK_AGAIN`], and nothing is taken from whoever speaks.
    pub(super) fn may_speak<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        screen: &mut S,
        octets: usize,
    ) -> bool {
        // An octet that is no UTF-8 becomes three.
        let line = (3 * octets + NAME_MAX + 8).min(LINE_MAX) + LAST_WORDS_MAX;
        let pace = &self.desk.pace;
        if pace.room >= line && pace.since.is_none() {
            return true;
        }
        let wanted = Wanted {
            line,
            half: pace.since.is_some(),
        };
        self.desk.pace.room = usize::MAX;
        let mut reads_on = true;
        for slot in 0..self.desk.seats.len() {
            let Some((_, room, enough)) = self.desk.reader(node, slot, &wanted) else {
                continue;
            };
            self.desk.pace.queued(room);
            reads_on &= enough;
        }
        let since = *self.desk.pace.since.get_or_insert(now);
        if !reads_on && now < since + PATIENCE {
            self.wake_at(Some(now + LOOK_AGAIN));
            return false;
        }
        if now > since {
            self.desk.pace.slow_until = now + PATIENCE;
        }
        self.desk.pace.since = None;
        if !reads_on {
            self.cut_off_who_does_not_read(now, node, screen, &wanted);
        }
        true
    }

    #[inline(never)]
    fn cut_off_who_does_not_read<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        screen: &mut S,
        wanted: &Wanted,
    ) {
        for slot in 0..self.desk.seats.len() {
            if let Some((id, _, false)) = self.desk.reader(node, slot, wanted) {
                self.with_room(now, node, screen, |room, post| room.cut_off(id, post));
            }
        }
    }
}

/// How much room a reader must have.
struct Wanted {
    line: usize,
    /// And half of its queue.
    half: bool,
}

impl Desk<'_> {
    /// The member at a slot, the room in its queue, and whether that is enough.
    fn reader(
        &self,
        node: &mut Node<'_>,
        slot: usize,
        wanted: &Wanted,
    ) -> Option<(MemberId, usize, bool)> {
        let Some(Seat(Role::Member(member))) = self.seats.get(slot) else {
            return None;
        };
        let socket = node.tcp(member.handle)?;
        if socket.ended().is_some() {
            return None;
        }
        let room = socket.send_room();
        let whole = room + socket.send_queue();
        let half = if wanted.half { whole / 2 } else { 0 };
        let enough = room >= wanted.line.max(half).min(whole);
        Some((member.id, room, enough))
    }
}
