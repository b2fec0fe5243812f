//! What happens, told to the operator as it happens.

use managed::ManagedSlice;
use smoltcp::time::{Duration, Instant};

use super::operator::Screen;
use crate::node::{Node, earliest};
use crate::plural::Count;
use crate::trace::{ConnectionId, Event, Follower, Kind, Neighbor, Style};
use smolhost::opaque;

/// Records told in one turn.
const EVENTS_AT_ONCE: usize = 256;
/// Octets that the screen must have room for before anything is told: the head of a ladder.
const ROOM: usize = 768;
/// When to look again at a screen that had no room.
const SCREEN_BUSY: Duration = Duration::from_millis(20);

/// A place for a connection whose ladder is drawn live.
#[derive(Debug, Clone)]
pub struct Watched(Option<Watch>);

#[derive(Debug, Clone)]
struct Watch {
    follower: Follower,
    /// When to go on even if nothing happens.
    due: Option<Instant>,
    /// Nothing more will happen.
    ended: bool,
}

impl Watched {
    /// No connection; for building arrays.
    pub const NOTHING: Self = Self(None);
}

/// Tells an operator what the journal records, as ladders and lines.
pub struct Live<'a> {
    watched: ManagedSlice<'a, Watched>,
    /// Whether anything is told.
    shown: bool,
    /// The next record to tell.
    next: u64,
    deadline: Option<Instant>,
}

opaque!([] Live<'_>, "Live");

impl<'a> Live<'a> {
    /// Nothing is told yet; if `shown` is false, nothing ever.
    pub fn new(watched: ManagedSlice<'a, Watched>, shown: bool) -> Self {
        Self {
            watched,
            shown,
            next: 0,
            deadline: None,
        }
    }

    /// When to call [`Self::show`] again, if nothing happens before.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Tells what is new.
    pub fn show<S: Screen>(
        &mut self,
        now: Instant,
        node: &Node<'_>,
        style: &Style,
        screen: &mut S,
    ) {
        self.deadline = None;
        let journal = node.journal();
        if !self.shown {
            // What somebody has to do something about is said all the same.
            let is_conflict =
                |event: &Event| matches!(event.kind(), Kind::Neighbor(Neighbor::Conflict(..)));
            let (_, news) = journal.since(self.next);
            let news = news.map(|(_, event)| event);
            news.filter(|event| is_conflict(event))
                .for_each(|event| tell_other(event, screen));
            self.next = journal.next();
            return;
        }
        if self.next < journal.first() {
            // Ladders say themselves what they miss.
            let missed = journal.first() - self.next;
            let _ = writeln!(
                screen,
                "-- {} came too fast to be shown; all are counted.",
                Count(missed, "event")
            );
            self.next = journal.first();
        }
        let mut left = EVENTS_AT_ONCE;
        while self.next < journal.next() {
            if screen.room() < ROOM || left == 0 {
                let wait = if left == 0 {
                    super::sessions::NEXT_TURN
                } else {
                    SCREEN_BUSY
                };
                self.deadline = Some(now + wait);
                return;
            }
            left -= 1;
            let (_, mut records) = journal.since(self.next);
            let Some((number, event)) = records.next() else {
                break;
            };
            let event = *event;
            self.next = number + 1;
            self.tell(now, node, number, &event, style, screen);
        }
        self.go_on(now, node, style, screen);
    }

    fn tell<S: Screen>(
        &mut self,
        now: Instant,
        node: &Node<'_>,
        number: u64,
        event: &Event,
        style: &Style,
        screen: &mut S,
    ) {
        let Some(connection) = event.connection() else {
            return tell_other(event, screen);
        };
        if let Kind::Opened { flow, .. } = event.kind()
            && let Some(place) = self.watched.iter_mut().find(|place| place.0.is_none())
        {
            place.0 = Some(Watch {
                follower: Follower::new(connection).with_flow(flow),
                due: None,
                ended: false,
            });
        }
        match self.watch(connection) {
            Some(watch) => {
                watch.ended |= matches!(event.kind(), Kind::Ended { .. });
                if watch.follower.next() <= number {
                    watch.follow(now, node, style, screen);
                }
            }
            None => tell_briefly(event, screen),
        }
    }

    fn watch(&mut self, connection: ConnectionId) -> Option<&mut Watch> {
        let places = self.watched.iter_mut();
        places
            .filter_map(|place| place.0.as_mut())
            .find(|watch| watch.follower.connection() == connection)
    }

    /// Ladders that waited for the answer to a FIN go on; those that are complete make room.
    fn go_on<S: Screen>(&mut self, now: Instant, node: &Node<'_>, style: &Style, screen: &mut S) {
        for place in self.watched.iter_mut() {
            let Some(watch) = &mut place.0 else { continue };
            if watch.due.is_some_and(|due| due <= now) {
                watch.follow(now, node, style, screen);
            }
            if watch.ended && watch.due.is_none() {
                place.0 = None;
                continue;
            }
            self.deadline = earliest(&[self.deadline, watch.due]);
        }
    }
}

impl Watch {
    fn follow<S: Screen>(&mut self, now: Instant, node: &Node<'_>, style: &Style, screen: &mut S) {
        self.due = screen.draw(&mut self.follower, node.journal(), now, style);
    }
}

/// What is told of a connection that nobody draws.
fn tell_briefly<S: Screen>(event: &Event, screen: &mut S) {
    // A screen never fails: what it has no room for, it counts.
    let _ = match event.kind() {
        Kind::Transition(change) | Kind::Illegal(change) => writeln!(
            screen,
            "{} {} -> {} ({})",
            change.connection, change.from, change.to, change.cause
        ),
        Kind::Ended { connection, ending } => writeln!(screen, "{connection} {ending}"),
        Kind::OtherNumber { connection, .. } => {
            writeln!(screen, "{connection} another initial sequence number")
        }
        Kind::Opened { .. }
        | Kind::Segment(_)
        | Kind::TimeWaiting { .. }
        | Kind::SlowPeer { .. }
        | Kind::Stray(_)
        | Kind::Datagram(_)
        | Kind::Neighbor(_)
        | Kind::Dropped(_)
        | Kind::Icmp { .. }
        | Kind::Undelivered { .. }
        | Kind::Other(_)
        | Kind::Full(_) => Ok(()),
    };
}

/// What is told that is about no connection.
fn tell_other<S: Screen>(event: &Event, screen: &mut S) {
    use crate::trace::{Direction, DisplayEndpoint, Verdict};
    let _ = match event.kind() {
        Kind::Datagram(datagram) => {
            let (arrow, remote) = match datagram.direction {
                Direction::In => ("<-", datagram.flow.remote),
                Direction::Out => ("->", datagram.flow.remote),
            };
            let (local, remote) = (
                DisplayEndpoint(datagram.flow.local),
                DisplayEndpoint(remote),
            );
            let octets = Count(datagram.len.into(), "octet");
            match datagram.verdict {
                Verdict::Dropped(reason) => writeln!(
                    screen,
                    "UDP {local} {arrow} {remote}, {octets}, dropped: {reason}"
                ),
                Verdict::Passed
                | Verdict::Gate(_)
                | Verdict::Answered(_)
                | Verdict::Repaired(_)
                | Verdict::Held => {
                    writeln!(screen, "UDP {local} {arrow} {remote}, {octets}")
                }
            }
        }
        Kind::Full(resource) => writeln!(screen, "-- full: {resource}"),
        Kind::Neighbor(Neighbor::Conflict(address, hardware)) => writeln!(
            screen,
            "-- conflict: {hardware} has our address {address}, too: give one of the two another"
        ),
        // Counted, and in captures; a screen would be full of them.
        Kind::Stray(_)
        | Kind::Neighbor(_)
        | Kind::Dropped(_)
        | Kind::Icmp { .. }
        | Kind::Undelivered { .. }
        | Kind::Other(_) => Ok(()),
        // About a connection.
        Kind::Opened { .. }
        | Kind::Segment(_)
        | Kind::Transition(_)
        | Kind::Illegal(_)
        | Kind::TimeWaiting { .. }
        | Kind::Ended { .. }
        | Kind::OtherNumber { .. }
        | Kind::SlowPeer { .. } => Ok(()),
    };
}
