//! The application's turn: news from the node to the room, and the room's wishes to the node.

use smoltcp::time::{Duration, Instant};

use super::app::App;
use super::desk::{NEXT_TURN, discard};
use super::operator::Screen;
use super::post::Post;
use super::readers::Speaker;
use super::seat::{Member, Parting, Role, Seat};
use super::service::may_be_answered;
use crate::chat::framing::SCRATCH;
use crate::chat::{
    Ending, Endpoint, Framer, LAST_WORDS_MAX, LINE_MAX, MemberId, RECEIPT_MAX, Step,
};
use crate::node::{Handle, Node, TcpSocket};
use crate::trace::Reason;
use crate::web::{self, Opening};

/// Connections, datagrams and deadlines that one turn deals with at most, each.
const TURN: usize = 256;

/// Lines of one member that one turn passes on at most.
const LINES_AT_ONCE: usize = 32;

impl App<'_> {
    /// Deals with everything that came in. Call it after each ingress.
    pub fn run<S: Screen>(&mut self, now: Instant, node: &mut Node<'_>, screen: &mut S) {
        self.again = None;
        self.accept(now, node, screen);
        self.read_news(now, node, screen);
        self.read_datagrams(now, node, screen);
        self.keep_deadlines(now, node, screen);
        self.keep_door(now, node, screen);
        let at = self.with_room(now, node, screen, |room, post| room.poll(now, post));
        self.wake_at(at);
        self.send_answers(now, node, screen);
        self.end_shutdown(now, node);
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
        let asked = self.with_room(now, node, screen, |room, post| {
            room.message(now, id, line, Ending::Line, post)
        });
        if let Ok(Some(request)) = asked {
            self.answer(now, node, screen, request);
        }
    }

    fn accept<S: Screen>(&mut self, now: Instant, node: &mut Node<'_>, screen: &mut S) {
        for _ in 0..TURN {
            let Some(handle) = node.accept() else { return };
            if self.over.is_some() {
                self.desk.part(now, node, handle, Parting::Finishing);
                continue;
            }
            if let Some(service) = self.service_of(node, handle) {
                self.serve(now, handle, service);
                continue;
            }
            let Some(origin) = node.status(handle).map(|it| it.flow.origin()) else {
                continue;
            };
            let joined = self.with_room(now, node, screen, |room, post| {
                room.join_tcp(now, handle, origin, post)
            });
            // Otherwise the room has told the peer that it is full.
            if let Ok(id) = joined {
                let socket = node.tcp(handle);
                let queue = socket.map_or(0, |it| it.send_room() + it.send_queue());
                self.desk.pace.joined(queue);
                let member = Member {
                    handle,
                    id,
                    framer: Framer::new(now),
                    fresh: true,
                    busy: false,
                };
                self.desk.set(handle.slot(), Role::Member(member));
            }
        }
        self.wake_at(Some(now + NEXT_TURN));
    }

    fn read_news<S: Screen>(&mut self, now: Instant, node: &mut Node<'_>, screen: &mut S) {
        for _ in 0..TURN {
            let Some(handle) = node.next_ready() else {
                return;
            };
            self.look(now, node, screen, handle.slot());
        }
        self.wake_at(Some(now + NEXT_TURN));
    }

    fn keep_deadlines<S: Screen>(&mut self, now: Instant, node: &mut Node<'_>, screen: &mut S) {
        for _ in 0..TURN {
            let Some(slot) = self.desk.deadlines.pop_due(now) else {
                return;
            };
            self.look(now, node, screen, slot);
        }
    }

    fn read_datagrams<S: Screen>(&mut self, now: Instant, node: &mut Node<'_>, screen: &mut S) {
        let more = with_scratch(node, |node, scratch| {
            (0..TURN).all(|_| self.read_datagram(now, node, screen, scratch))
        });
        if more {
            self.wake_at(Some(now + NEXT_TURN));
        }
    }

    /// `false`: there was none.
    fn read_datagram<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        screen: &mut S,
        scratch: &mut [u8],
    ) -> bool {
        let Some(mut socket) = node.next_udp() else {
            return false;
        };
        let Some((octets, sender)) = socket.next_from() else {
            return false;
        };
        let port = socket.port();
        let waits = self.has_to_wait(now, node, screen, octets, Speaker::Datagram(sender));
        let is_unheard = waits.is_some();
        if is_unheard && !self.is_unheard(now, node, sender, octets) {
            return false;
        }
        let received = node.udp(port).and_then(|mut it| it.recv_from(scratch));
        let Some(received) = received else {
            return false;
        };
        if self.over.is_some() {
            if let Some(mut socket) = node.udp(port) {
                socket.refuse(now, &received, Reason::NoSuchPort);
            }
            return true;
        }
        if self.serve_datagram(now, node, &received, scratch) {
            return true;
        }
        if !may_be_answered(node, &received) {
            if let Some(mut socket) = node.udp(received.local.port) {
                socket.refuse(now, &received, Reason::Unanswerable);
            }
            return true;
        }
        let from = received.path();
        let octets = &scratch[..received.len];
        let mut post = Post {
            now,
            node,
            desk: &mut self.desk,
            screen,
        };
        let asked = match is_unheard {
            true => self.room.datagram_unheard(now, from, octets, &mut post),
            false => self.room.datagram(now, from, octets, &mut post),
        };
        if let Some(request) = asked {
            self.answer(now, node, screen, request);
        }
        true
    }

    /// Looks at one connection: it has news, or its deadline came.
    fn look<S: Screen>(&mut self, now: Instant, node: &mut Node<'_>, screen: &mut S, slot: usize) {
        match self.desk.role(slot) {
            Role::Empty => {}
            Role::Member(_) => with_scratch(node, |node, scratch| {
                self.read_member(now, node, screen, slot, scratch);
            }),
            Role::Requesting { handle, until } => {
                let (handle, until) = (*handle, *until);
                with_scratch(node, |node, scratch| {
                    self.read_request(now, node, handle, until, scratch);
                });
            }
            Role::Page(handle) => {
                let handle = *handle;
                let Some(mut socket) = node.tcp(handle) else {
                    return;
                };
                discard(&mut socket);
                if socket.ended().is_some() {
                    socket.close(now);
                    self.streams.forget(handle);
                    self.desk.set(slot, Role::Empty);
                }
            }
            Role::Served(_) => with_scratch(node, |node, scratch| {
                self.go_on_serving(now, node, slot, scratch);
            }),
            Role::Parting { .. } => self.desk.go_on_parting(now, node, slot),
        }
    }

    /// Takes the next messages of a member: one in each turn, so that its answer is a segment; lines
    /// that came together go on together, since their answers can be told apart.
    fn read_member<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        screen: &mut S,
        slot: usize,
        scratch: &mut [u8],
    ) {
        let mut lines = 0;
        loop {
            let Some((count, finished)) = self.arrived(now, node, screen, slot, scratch) else {
                return;
            };
            let Some(Seat(Role::Member(member))) = self.desk.seats.get_mut(slot) else {
                return;
            };
            let (handle, id) = (member.handle, member.id);
            let Some(mut socket) = node.tcp(handle) else {
                return;
            };
            let mut patience = Duration::ZERO;
            if member.fresh && member.framer.begins() {
                match web::opening(&scratch[..count]) {
                    Opening::Text => {}
                    Opening::Unclear => patience = web::UNCLEAR,
                    opening @ (Opening::Http | Opening::Tls | Opening::Other) => {
                        return self.turn_away(now, node, handle, id, opening, scratch);
                    }
                }
            }
            let seen = &mut scratch[..count];
            let step = member.framer.next(now, seen, finished, patience);
            match step {
                Step::Wait { deadline } => {
                    if let Some(at) = deadline {
                        self.desk.deadlines.not_after(slot, at);
                    }
                    return;
                }
                Step::End => return self.stream_ended(now, node, handle, id),
                Step::Skip { consume } => socket.consume(consume),
                Step::Reply(reply) => {
                    // Where there is no room for it, it is left out.
                    let _ = socket.send(reply.octets());
                }
                Step::TooLong { consume, ending } => {
                    member.fresh = false;
                    socket.consume(consume);
                    // It is a member: its seat says so.
                    let _ = self.with_room(now, node, screen, |room, post| {
                        room.too_long(now, id, ending, post)
                    });
                    return self.read_on_later(now, node, handle);
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
                    let unfinished = method && ending == Ending::Idle;
                    member.fresh &= octets.is_empty() || unfinished;
                    let mut post = Post {
                        now,
                        node,
                        desk: &mut self.desk,
                        screen,
                    };
                    if let Ok(Some(request)) = self.room.message(now, id, octets, ending, &mut post)
                    {
                        self.answer(now, node, screen, request);
                    }
                    lines += 1;
                    // Nobody is kept waiting by somebody who says much.
                    if now < self.desk.pace.slow_until {
                        // In turn with those who wait.
                        let again = self.look_again(now);
                        return self.desk.deadlines.not_after(slot, again);
                    }
                    if ending == Ending::Idle || lines == LINES_AT_ONCE {
                        return self.read_on_later(now, node, handle);
                    }
                }
            }
        }
    }

    /// What has come from a member, as far as it may be listened to now: octets, and whether that is all that will.
    fn arrived<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        screen: &mut S,
        slot: usize,
        scratch: &mut [u8],
    ) -> Option<(usize, bool)> {
        let Role::Member(member) = self.desk.role(slot) else {
            return None;
        };
        let mut socket = node.tcp(member.handle)?;
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
        let speaker = Speaker::Stream(member.handle);
        if count > 0
            && let Some(again) = self.has_to_wait(now, node, screen, count, speaker)
        {
            self.desk.deadlines.not_after(slot, again);
            return None;
        }
        Some((count, finished))
    }

    fn read_on_later(&mut self, now: Instant, node: &mut Node<'_>, handle: Handle) {
        let socket = node.tcp(handle);
        if socket.is_some_and(|socket| socket.can_recv() || socket.has_finished()) {
            self.desk.later(now, handle.slot());
        }
    }

    /// The peer said everything: it has its answers, so this side closes, too.
    fn stream_ended(&mut self, now: Instant, node: &mut Node<'_>, handle: Handle, id: MemberId) {
        self.room.leave(id);
        self.streams.forget(handle);
        self.desk.part(now, node, handle, Parting::Finishing);
    }

    fn end_shutdown(&mut self, now: Instant, node: &mut Node<'_>) {
        let Some(at) = self.over else { return };
        if now < at {
            return self.wake_at(Some(at));
        }
        for slot in 0..self.desk.seats.len() {
            if let Role::Parting { handle, .. } = *self.desk.role(slot) {
                node.abort(now, handle);
                self.desk.set(slot, Role::Empty);
            }
        }
    }
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

/// Borrows memory of the node for messages and datagrams: longer than either, so that what is too long
/// is seen to be.
fn with_scratch<T>(node: &mut Node<'_>, work: impl FnOnce(&mut Node<'_>, &mut [u8]) -> T) -> T {
    node.with_scratch(|node, scratch| {
        let len = scratch.len().min(SCRATCH + 2);
        work(node, &mut scratch[..len])
    })
}
