//! Nobody speaks faster than those hear who read.
//!
//! A line goes to everybody at once. While somebody has no room for it, whoever says much is not listened to: what is
//! said waits with whoever says it. Part of each queue is kept for those who say little, and after that they go first.
//! Whoever does not read as much as two lines in [`READER_TIMEOUT`] is cut off, and whoever leaves no room for a quiet word in
//! [`TO_HEAR`]: a reader that stands still holds up the others for no longer, and one that reads a little not for ever.

use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpEndpoint;

use super::app::App;
use super::operator::Screen;
use super::pace::kept_of;
use super::session::{Role, Session};
use super::sessions::{NEXT_TURN, Sessions};
use super::turn::Turn;
use crate::chat::{Endpoint, LAST_WORDS_MAX, LINE_MAX, MemberId, NAME_MAX, Voice};
use crate::node::{Handle, Node};

/// How long those who say much wait for a reader. A far one needs as long: after a silence no more than two lines are
/// under way to it in one round trip, however fast it reads (RFC 5681 section 3.1).
const READER_TIMEOUT: Duration = Duration::from_millis(250);

/// How long those wait who say little: on a good wire everybody hears within 100 ms.
const TO_HEAR: Duration = Duration::from_millis(80);

/// How soon it is looked again whether everybody has read, and how much later for each connection: a look walks over
/// all of them.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
const FOR_EACH: Duration = Duration::from_micros(5);

/// How long a datagram waits. There is no other way to hold back who sends it than to say so.
const FOR_DATAGRAMS: Duration = Duration::from_millis(20);

impl App<'_> {
    /// How long somebody has to wait until everybody has room for so many octets that it says. Nothing
    /// is taken from it before; `None`: it may speak now.
    pub(super) fn has_to_wait<S: Screen>(
        &mut self,
        turn: &mut Turn<'_, '_, S>,
        octets: usize,
        speaker: Speaker,
    ) -> Option<Instant> {
        // Over UDP each line leaves before the next is said.
        if turn.node.has_many_datagrams() {
            let next = turn.now + NEXT_TURN;
            self.wake_at(Some(next));
            return Some(next);
        }
        // An octet that is no UTF-8 becomes three.
        let line = (3 * octets + NAME_MAX + 8).min(LINE_MAX) + LAST_WORDS_MAX;
        if self.sessions.pace.is_free(turn.now, line) {
            return None;
        }
        self.when_to_ask_again(turn, (octets, line), speaker)
    }

    /// Whether somebody has to be told that nobody hears its datagrams of so many octets.
    pub(super) fn is_unheard(
        &self,
        now: Instant,
        node: &Node<'_>,
        sender: IpEndpoint,
        octets: usize,
    ) -> bool {
        let has_waited = self.sessions.pace.wait.has_lasted(now, FOR_DATAGRAMS);
        let has_waited = has_waited && !node.has_many_datagrams();
        has_waited && self.room.voice(now, sender.origin(), octets) == Voice::Loud
    }

    /// When to ask again.
    pub(super) fn look_again(&self, now: Instant) -> Instant {
        let sessions = self.sessions.slots.len().min(60_000) as u32;
        now + LOOK_AGAIN + FOR_EACH * sessions
    }

    #[inline(never)]
    fn when_to_ask_again<S: Screen>(
        &mut self,
        turn: &mut Turn<'_, '_, S>,
        (octets, line): (usize, usize),
        speaker: Speaker,
    ) -> Option<Instant> {
        let origin = match speaker {
            Speaker::Tcp(handle) => turn.node.tcp(handle)?.flow().origin(),
            Speaker::Udp(sender) => sender.origin(),
        };
        let voice = self.room.voice(turn.now, origin, octets);
        let again = self.look_again(turn.now);
        let waits = self.waits_for_readers(turn, (line, again), voice);
        self.wake_at(waits.then_some(again));
        waits.then_some(again)
    }

    #[inline(never)]
    fn waits_for_readers<S: Screen>(
        &mut self,
        turn: &mut Turn<'_, '_, S>,
        (line, again): (usize, Instant),
        voice: Voice,
    ) -> bool {
        let pace = &mut self.sessions.pace;
        let is_quiet = voice == Voice::Quiet;
        if is_quiet && pace.room >= line {
            return false;
        }
        if voice == Voice::Civil {
            pace.first = again + (again - turn.now);
        }
        let others_first = voice == Voice::Loud && turn.now < pace.first;
        let was_seen = !is_quiet && pace.wait.was_asked_within(turn.now, again - turn.now);
        if others_first || was_seen && voice == Voice::Loud {
            return true;
        }
        let wanted = Wanted {
            line,
            voice,
            again: pace.wait.is_on(turn.now),
        };
        let reads_on = self.sessions.look_at_readers(turn.node, &wanted);
        let pace = &mut self.sessions.pace;
        let (wait, patience) = match is_quiet {
            true => (&mut pace.quiet_wait, TO_HEAR),
            false => (&mut pace.wait, READER_TIMEOUT),
        };
        if !reads_on && !wait.has_lasted(turn.now, patience) {
            wait.go_on(turn.now);
            return true;
        }
        if wait.end(turn.now) {
            pace.slow_until = turn.now + READER_TIMEOUT;
        }
        if !reads_on {
            self.cut_off_who_does_not_read(turn, &wanted);
        }
        false
    }

    #[inline(never)]
    fn cut_off_who_does_not_read<S: Screen>(
        &mut self,
        turn: &mut Turn<'_, '_, S>,
        wanted: &Wanted,
    ) {
        for slot in 0..self.sessions.slots.len() {
            if let Some((id, _, false)) = self.sessions.reader(turn.node, slot, wanted) {
                self.with_room(turn, |room, post| room.cut_off(id, post));
            }
        }
    }
}

/// Who wants to speak.
#[derive(Debug, Clone, Copy)]
pub(super) enum Speaker {
    Tcp(Handle),
    Udp(IpEndpoint),
}

/// How much room a reader must have.
struct Wanted {
    line: usize,
    voice: Voice,
    /// And another line: somebody who says much waits already.
    again: bool,
}

impl Wanted {
    /// Of a queue of so many octets.
    fn of(&self, queue: usize) -> usize {
        let wanted = match self.voice {
            Voice::Quiet => self.line,
            Voice::Loud if self.again => self.line + LINE_MAX + kept_of(queue),
            Voice::Civil | Voice::Loud => self.line + kept_of(queue),
        };
        wanted.min(queue)
    }
}

impl Sessions<'_> {
    /// Whether everybody has room enough. Then it is known how much.
    fn look_at_readers(&mut self, node: &mut Node<'_>, wanted: &Wanted) -> bool {
        self.pace.room = usize::MAX;
        let mut reads_on = true;
        for slot in 0..self.slots.len() {
            if let Some((_, room, enough)) = self.reader(node, slot, wanted) {
                self.pace.queued(room);
                reads_on &= enough;
            }
        }
        reads_on
    }

    /// The member at a slot, the room in its queue, and whether that is enough.
    fn reader(
        &self,
        node: &mut Node<'_>,
        slot: usize,
        wanted: &Wanted,
    ) -> Option<(MemberId, usize, bool)> {
        let Some(Session(Role::Member(member))) = self.slots.get(slot) else {
            return None;
        };
        let socket = node.tcp(member.handle)?;
        if socket.ended().is_some() {
            return None;
        }
        let room = socket.send_room();
        let queue = room + socket.send_queue();
        Some((member.id, room, room >= wanted.of(queue)))
    }
}
