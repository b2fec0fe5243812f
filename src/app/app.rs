//! The application: what it consists of, how it begins and how it ends.

use smoltcp::time::{Duration, Instant};

use super::live::Live;
use super::operator::Screen;
use super::post::Post;
use super::responses::Responses;
use super::session::{Parting, Role};
use super::sessions::Sessions;
use super::storage::Memory;
use super::turn::Turn;
use crate::chat::{self, MemberId, Room};
use crate::node::{Handle, Node, Path, earliest};
use crate::trace::Style;
use smolhost::opaque;

/// How long a shutdown takes at most. Who has not acknowledged by then is reset.
const SHUTDOWN: Duration = Duration::from_secs(3);

/// What an application is told at its start.
#[derive(Debug, Clone)]
pub struct Config {
    /// What members may do.
    pub limits: chat::Limits,
    /// Makes the join codes: random, and never shown.
    pub secret: [u64; 2],
    /// How the operator's ladders are drawn. Members get them without colours.
    pub style: Style,
    /// Whether the operator sees live ladders.
    pub live: bool,
}

/// The chat on a node. See the [module](crate::app).
///
/// # The run loop
///
/// ```text
/// node.poll_ingress(now, &mut device);
/// app.run(now, &mut node, &mut screen);
/// let egress = node.poll_egress(now, &mut device);
/// app.show(now, &node, &mut screen);
/// let deadline = earliest(&[egress, app.deadline()]);
/// ```
///
/// The caller serves the ports (`node.listen`, `node.bind`) and leaves `accept`, `next_ready` and
/// `recv_from` to the application.
pub struct App<'a> {
    // Open to the rooms of this module: each file of it does one task on the whole application.
    pub(super) room: Room<'a, Handle, Path>,
    pub(super) operator: Option<MemberId>,
    /// A member over UDP whose host may have moved.
    pub(super) moving: Option<Moving>,
    pub(super) sessions: Sessions<'a>,
    pub(super) responses: Responses<'a>,
    /// When to look at the door again.
    pub(super) door: Instant,
    pub(super) live: Live<'a>,
    pub(super) style: Style,
    /// Whether echo, discard and character generator are served, too.
    pub(super) services: bool,
    /// When the room, a stream, or a full turn wants to go on.
    pub(super) again: Option<Instant>,
    /// When a shutdown that was asked for ends at the latest.
    pub(super) over: Option<Instant>,
}

opaque!([] App<'_>, "App");

/// The way that a datagram of a member came last, if not its own, until it is known whether its host has moved. Of
/// several members the last one: the others are asked for again when they speak again.
pub(super) struct Moving {
    // A value of `moving`, which gives it and takes it.
    pub(super) to: Path,
    pub(super) until: Instant,
}

impl<'a> App<'a> {
    /// An empty room with the operator in it.
    pub fn new(now: Instant, memory: Memory<'a>, config: Config) -> Self {
        let mut room = Room::new(now, memory.room, config.limits, config.secret);
        // One for each connection, and the operator's.
        room.keep_for_streams(memory.sessions.len() + 1);
        Self {
            operator: room.join_console(now).ok(),
            moving: None,
            room,
            sessions: Sessions::new(memory.sessions, memory.deadlines),
            responses: Responses::new(memory.responses),
            door: now,
            live: Live::new(memory.watched, config.live),
            style: config.style,
            services: false,
            again: None,
            over: None,
        }
    }

    /// When to call [`Self::run`] at the latest, if nothing comes before.
    pub fn deadline(&self) -> Option<Instant> {
        let deadlines = self.sessions.deadlines.earliest();
        earliest(&[self.again, deadlines, self.live.deadline()])
    }

    /// The room.
    pub fn room(&self) -> &Room<'a, Handle, Path> {
        &self.room
    }

    /// Ends everything as in the tutorials: each member receives exactly `q`, then its connection is
    /// closed; nobody new is let in. [`Self::is_over`] tells when it is done, which takes a few seconds
    /// at most. Call it again for nothing more to happen.
    pub fn shutdown<S: Screen>(&mut self, now: Instant, node: &mut Node<'_>, screen: &mut S) {
        if self.over.is_some() {
            return;
        }
        self.over = Some(now + SHUTDOWN);
        self.wake_at(self.over);
        loop {
            let port = node.serving().next().map(|serving| serving.port);
            let Some(port) = port else { break };
            node.unlisten(port);
        }
        self.responses.forget_all();
        let turn = &mut Turn { now, node, screen };
        self.with_room(turn, |room, post| room.shutdown(post));
        for slot in 0..self.sessions.slots.len() {
            let handle = match self.sessions.role(slot) {
                Role::Requesting { handle, .. } | Role::Page(handle) => *handle,
                Role::Served(served) => served.handle,
                Role::Empty | Role::Member(_) | Role::Parting { .. } => continue,
            };
            self.sessions
                .part(now, turn.node, handle, Parting::Finishing);
        }
    }

    /// Whether a shutdown is done: no connection is left but those in TIME-WAIT, or its time is over.
    pub fn is_over(&self, now: Instant, node: &Node<'_>) -> bool {
        self.over
            .is_some_and(|at| at <= now || node.free() == node.capacity())
    }

    /// Whether a shutdown is under way.
    pub fn is_ending(&self) -> bool {
        self.over.is_some()
    }

    pub(super) fn with_room<'t, 'n, S: Screen, T>(
        &mut self,
        turn: &mut Turn<'t, 'n, S>,
        call: impl FnOnce(&mut Room<'a, Handle, Path>, &mut Post<'_, 'a, 't, 'n, S>) -> T,
    ) -> T {
        let sessions = &mut self.sessions;
        let mut post = Post { turn, sessions };
        call(&mut self.room, &mut post)
    }

    pub(super) fn wake_at(&mut self, at: Option<Instant>) {
        self.again = earliest(&[self.again, at]);
    }
}
