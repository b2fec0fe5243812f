//! The application's turn: news from the node to the room, and the room's wishes to the node.

use smoltcp::time::{Duration, Instant};

use super::app::App;
use super::operator::Screen;
use super::post::Post;
use super::readers::Speaker;
use super::service::may_be_answered;
use super::session::{Member, Parting, Role, Session};
use super::sessions::{NEXT_TURN, discard};
use super::turn::Turn;
use crate::chat::framing::SCRATCH;
use crate::chat::{
    self, Endpoint, Framer, LAST_WORDS_MAX, LINE_MAX, Lines, MemberId, MessageEnd, RECEIPT_MAX,
    Step,
};
use crate::node::{Handle, Node, TcpSocket};
use crate::trace::Reason;
use crate::web::{self, Opening};

/// Connections, datagrams and deadlines that one turn deals with at most, each.
const TURN: usize = 256;

/// Memory for messages and datagrams: longer than either, so that what is too long is seen to be.
const SCRATCH_MAX: usize = SCRATCH + 2;

/// Steps in the stream of one member that one turn takes at most.
const STEPS_AT_ONCE: usize = 32;

impl App<'_> {
    /// Deals with everything that came in. Call it after each ingress.
    pub fn run<S: Screen>(&mut self, now: Instant, node: &mut Node<'_>, screen: &mut S) {
        self.again = None;
        let turn = &mut Turn { now, node, screen };
        self.accept(turn);
        self.read_news(turn);
        self.read_datagrams(turn);
        self.follow_who_moves(turn);
        self.keep_deadlines(turn);
        self.keep_door(turn);
        let at = self.with_room(turn, |room, post| room.poll(now, post));
        self.wake_at(at);
        self.send_answers(turn);
        self.end_shutdown(now, turn.node);
    }

    /// Shows the operator what happened, as it happens. Call it after each egress: what was sent is part
    /// of it, and nothing else may happen for long.
    pub fn show<S: Screen>(&mut self, now: Instant, node: &Node<'_>, screen: &mut S) {
        let style = self.style.with_tags();
        self.live.show(now, node, &style, screen);
    }

    /// A line of the operator. The answer is on the screen, or follows there.
    pub fn console<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        screen: &mut S,
        line: &[u8],
    ) {
        let Some(id) = self.operator else { return };
        // The operator is a member as long as the room is there.
        let turn = &mut Turn { now, node, screen };
        let asked = self.with_room(turn, |room, post| {
            room.message(now, id, line, MessageEnd::Line, post)
        });
        if let Ok(Some(request)) = asked {
            self.answer(turn, request);
        }
    }

    fn accept<S: Screen>(&mut self, turn: &mut Turn<'_, '_, S>) {
        for _ in 0..TURN {
            let Some(handle) = turn.node.accept() else {
                return;
            };
            if self.over.is_some() {
                self.sessions
                    .part(turn.now, turn.node, handle, Parting::Finishing);
                continue;
            }
            if let Some(service) = self.service_of(turn.node, handle) {
                self.serve(turn.now, handle, service);
                continue;
            }
            let Some(origin) = turn.node.status(handle).map(|it| it.flow.origin()) else {
                continue;
            };
            let now = turn.now;
            let joined =
                self.with_room(turn, |room, post| room.join_tcp(now, handle, origin, post));
            // Otherwise the room has told the peer that it is full.
            if let Ok(id) = joined {
                let socket = turn.node.tcp(handle);
                let queue = socket.map_or(0, |it| it.send_room() + it.send_queue());
                self.sessions.pace.joined(queue);
                let member = Member {
                    handle,
                    id,
                    framer: Framer::new(turn.now),
                    fresh: true,
                    busy: false,
                };
                self.sessions.set(handle.slot(), Role::Member(member));
            }
        }
        self.wake_at(Some(turn.now + NEXT_TURN));
    }

    fn read_news<S: Screen>(&mut self, turn: &mut Turn<'_, '_, S>) {
        for _ in 0..TURN {
            let Some(handle) = turn.node.next_ready() else {
                return;
            };
            self.look(turn, handle.slot());
        }
        self.wake_at(Some(turn.now + NEXT_TURN));
    }

    fn keep_deadlines<S: Screen>(&mut self, turn: &mut Turn<'_, '_, S>) {
        for _ in 0..TURN {
            let Some(slot) = self.sessions.deadlines.pop_due(turn.now) else {
                return;
            };
            self.look(turn, slot);
        }
    }

    fn read_datagrams<S: Screen>(&mut self, turn: &mut Turn<'_, '_, S>) {
        let more = turn.with_scratch(SCRATCH_MAX, |turn, scratch| {
            (0..TURN).all(|_| self.read_datagram(turn, scratch))
        });
        if more {
            self.wake_at(Some(turn.now + NEXT_TURN));
        }
    }

    /// `false`: there was none.
    fn read_datagram<S: Screen>(&mut self, turn: &mut Turn<'_, '_, S>, scratch: &mut [u8]) -> bool {
        let now = turn.now;
        let Some(mut socket) = turn.node.next_udp() else {
            return false;
        };
        let Some((octets, sender)) = socket.next_from() else {
            return false;
        };
        let port = socket.port();
        let waits = self.has_to_wait(turn, octets, Speaker::Udp(sender));
        let is_unheard = waits.is_some();
        if is_unheard && !self.is_unheard(turn.now, turn.node, sender, octets) {
            return false;
        }
        let received = turn.node.udp(port).and_then(|mut it| it.recv_from(scratch));
        let Some(received) = received else {
            return false;
        };
        if self.over.is_some() {
            if let Some(mut socket) = turn.node.udp(port) {
                socket.refuse(turn.now, &received, Reason::NoSuchPort);
            }
            return true;
        }
        if self.serve_datagram(turn.now, turn.node, &received, scratch) {
            return true;
        }
        if !may_be_answered(turn.node, &received) {
            if let Some(mut socket) = turn.node.udp(received.local.port) {
                socket.refuse(turn.now, &received, Reason::Unanswerable);
            }
            return true;
        }
        let from = received.path();
        self.came(turn, from);
        let octets = &scratch[..received.len];
        let sessions = &mut self.sessions;
        let mut post = Post { turn, sessions };
        let asked = match is_unheard {
            true => self.room.datagram_unheard(now, from, octets, &mut post),
            false => self.room.datagram(now, from, octets, &mut post),
        };
        if let Some(request) = asked {
            self.answer(turn, request);
        }
        true
    }

    /// Looks at one connection: it has news, or its deadline came.
    fn look<S: Screen>(&mut self, turn: &mut Turn<'_, '_, S>, slot: usize) {
        match self.sessions.role(slot) {
            Role::Empty => {}
            Role::Member(_) => turn.with_scratch(SCRATCH_MAX, |turn, scratch| {
                self.read_member(turn, slot, scratch);
            }),
            Role::Requesting { handle, until } => {
                let (handle, until) = (*handle, *until);
                turn.with_scratch(SCRATCH_MAX, |turn, scratch| {
                    self.read_request(turn.now, turn.node, handle, until, scratch);
                });
            }
            Role::Page(handle) => {
                let handle = *handle;
                let Some(mut socket) = turn.node.tcp(handle) else {
                    return;
                };
                discard(&mut socket);
                if socket.ended().is_some() {
                    socket.close(turn.now);
                    self.responses.forget(handle);
                    self.sessions.set(slot, Role::Empty);
                }
            }
            Role::Served(_) => turn.with_scratch(SCRATCH_MAX, |turn, scratch| {
                self.go_on_serving(turn.now, turn.node, slot, scratch);
            }),
            Role::Parting { .. } => self.sessions.go_on_parting(turn.now, turn.node, slot),
        }
    }

    /// Takes the next messages of a member: one in each turn, so that its answer is a segment; lines
    /// that came together go on together, since their answers can be told apart.
    fn read_member<S: Screen>(
        &mut self,
        turn: &mut Turn<'_, '_, S>,
        slot: usize,
        scratch: &mut [u8],
    ) {
        let mut reading = Reading::default();
        while self.read_on(turn, slot, scratch, &mut reading).is_some() {}
        if let Some((id, ending)) = reading.unheard_of {
            let now = turn.now;
            self.with_room(turn, |room, post| {
                room.too_fast(now, id, reading.unheard, ending, post);
            });
        }
    }

    /// Takes the next step in a member's stream. `None`: that is all for now.
    fn read_on<S: Screen>(
        &mut self,
        turn: &mut Turn<'_, '_, S>,
        slot: usize,
        scratch: &mut [u8],
        reading: &mut Reading,
    ) -> Option<()> {
        let now = turn.now;
        let (count, finished) = self.arrived(turn, slot, scratch)?;
        let Some(Session(Role::Member(member))) = self.sessions.slots.get_mut(slot) else {
            return None;
        };
        let (handle, id) = (member.handle, member.id);
        let mut socket = turn.node.tcp(handle)?;
        let mut patience = Duration::ZERO;
        if member.fresh && member.framer.begins() {
            match web::opening(&scratch[..count]) {
                Opening::Text => {}
                Opening::Unclear => patience = web::UNCLEAR,
                opening @ (Opening::Http | Opening::Tls | Opening::Other) => {
                    self.turn_away(now, turn.node, handle, id, opening, scratch);
                    return None;
                }
            }
        }
        let step = member
            .framer
            .next(now, &mut scratch[..count], finished, patience);
        reading.steps += 1;
        match step {
            Step::Wait { deadline } => {
                if let Some(at) = deadline {
                    self.sessions.deadlines.not_after(slot, at);
                }
                return None;
            }
            Step::End => {
                self.stream_ended(now, turn.node, handle, id);
                return None;
            }
            Step::Skip { consume } => socket.consume(consume),
            Step::Reply(reply) => {
                // Where there is no room for it, it is left out.
                let _ = socket.send(reply.octets());
            }
            Step::TooLong { consume, ending } => {
                member.fresh = false;
                socket.consume(consume);
                reading.steps = STEPS_AT_ONCE;
                // It is a member: its session says so.
                let _ = self.with_room(turn, |room, post| room.too_long(now, id, ending, post));
            }
            Step::Message {
                consume,
                len,
                ending,
            } => {
                socket.consume(consume);
                let octets = &scratch[..len];
                // A word in capitals may be a method all the same: the rest comes late.
                let method = octets.iter().all(u8::is_ascii_uppercase);
                let unfinished = method && ending == MessageEnd::Idle;
                member.fresh &= octets.is_empty() || unfinished;
                if self.room.is_heard(now, id, octets) {
                    self.hear(turn, slot, id, octets, ending)?;
                } else {
                    // All lines of the kind together, so that they are not worth more time than other octets.
                    let more = match ending {
                        MessageEnd::Line => chat::unheard_lines(&scratch[consume..count]),
                        MessageEnd::Idle => Lines::default(),
                    };
                    if let Some(Session(Role::Member(member))) = self.sessions.slots.get_mut(slot) {
                        member.framer.skipped(more.octets);
                    }
                    if let Some(mut socket) = turn.node.tcp(handle) {
                        socket.consume(more.octets);
                    }
                    reading.unheard += 1 + more.lines;
                    reading.unheard_of = Some((id, ending));
                    reading.steps = STEPS_AT_ONCE;
                }
                if ending == MessageEnd::Idle {
                    reading.steps = STEPS_AT_ONCE;
                }
            }
        }
        if reading.steps < STEPS_AT_ONCE {
            return Some(());
        }
        // Nobody is kept waiting by somebody who says much.
        self.read_on_later(now, turn.node, handle);
        None
    }

    /// Passes on what a member said. `None`: it is the next one's turn.
    fn hear<S: Screen>(
        &mut self,
        turn: &mut Turn<'_, '_, S>,
        slot: usize,
        id: MemberId,
        octets: &[u8],
        ending: MessageEnd,
    ) -> Option<()> {
        let now = turn.now;
        let sessions = &mut self.sessions;
        let mut post = Post { turn, sessions };
        let asked = self.room.message(now, id, octets, ending, &mut post);
        if let Ok(Some(request)) = asked {
            self.answer(turn, request);
        }
        if now >= self.sessions.pace.slow_until {
            return Some(());
        }
        // In turn with those who wait.
        let again = self.look_again(now);
        self.sessions.deadlines.not_after(slot, again);
        None
    }

    /// What has come from a member, as far as it may be listened to now: octets, and whether that is all that will.
    fn arrived<S: Screen>(
        &mut self,
        turn: &mut Turn<'_, '_, S>,
        slot: usize,
        scratch: &mut [u8],
    ) -> Option<(usize, bool)> {
        let Role::Member(member) = self.sessions.role(slot) else {
            return None;
        };
        let mut socket = turn.node.tcp(member.handle)?;
        if member.busy && socket.ended().is_none() {
            return None;
        }
        let finished = socket.has_finished();
        let count = socket.peek(scratch).unwrap_or(0);
        if count > 0 && !has_room_for_answer(&socket, &scratch[..count]) {
            // What it says next waits in its own queue, and when that is full, with the peer.
            socket.watch_acknowledgments();
            return None;
        }
        let speaker = Speaker::Tcp(member.handle);
        if count > 0
            && let Some(again) = self.has_to_wait(turn, count, speaker)
        {
            self.sessions.deadlines.not_after(slot, again);
            return None;
        }
        Some((count, finished))
    }

    fn read_on_later(&mut self, now: Instant, node: &mut Node<'_>, handle: Handle) {
        let socket = node.tcp(handle);
        if socket.is_some_and(|socket| socket.can_recv() || socket.has_finished()) {
            self.sessions.later(now, handle.slot());
        }
    }

    /// The peer said everything: it has its answers, so this side closes, too.
    fn stream_ended(&mut self, now: Instant, node: &mut Node<'_>, handle: Handle, id: MemberId) {
        self.room.leave(id);
        self.responses.forget(handle);
        self.sessions.part(now, node, handle, Parting::Finishing);
    }

    fn end_shutdown(&mut self, now: Instant, node: &mut Node<'_>) {
        let Some(at) = self.over else { return };
        if now < at {
            return self.wake_at(Some(at));
        }
        for slot in 0..self.sessions.slots.len() {
            if let Role::Parting { handle, .. } = *self.sessions.role(slot) {
                node.abort(now, handle);
                self.sessions.set(slot, Role::Empty);
            }
        }
    }
}

/// How far a member's stream was read in a turn.
#[derive(Default)]
struct Reading {
    steps: usize,
    /// Messages that nobody heard: they have one answer together.
    unheard: u32,
    /// Whose they are, and how the last one ended.
    unheard_of: Option<(MemberId, MessageEnd)>,
}

/// Whether the answer to what a member says next fits into its queue, and others' lines after it. Who asks
/// more than it reads is not read until it does; nobody is cut off for that.
fn has_room_for_answer(socket: &TcpSocket<'_, '_>, said: &[u8]) -> bool {
    let room = socket.send_room();
    let capacity = room + socket.send_queue();
    // Only commands draw more than a receipt.
    let answer = if said.contains(&b'/') {
        LINE_MAX
    } else {
        RECEIPT_MAX
    };
    let wanted = LAST_WORDS_MAX + answer + capacity / 2;
    room >= wanted.min(capacity) || socket.ended().is_some()
}
