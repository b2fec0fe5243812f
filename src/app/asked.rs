//! Questions that only the application can answer, and the operator's orders.

use core::fmt::Write;

use heapless::String;
use smoltcp::time::Instant;

use super::answers::{Facts, Long, Table};
use super::application::App;
use super::desk::Asked;
use super::operator::Screen;
use super::seat::{Parting, Role, Seat};
use super::telling::Reader;
use crate::chat::{Ask, Full, LAST_WORDS_MAX, MemberId, Outbox, Peer};
use crate::node::{Handle, Node};
use crate::trace::{ConnectionId, Flow, Follower};

/// The longest answer to a question over UDP: with headers, in any MTU that IPv4 allows.
const DATAGRAM: usize = 512;

impl App<'_> {
    /// Answers what the room passed on during the last call, if anything.
    pub(super) fn answer_asked<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        screen: &mut S,
    ) {
        let Some(Asked { from, peer, ask }) = self.desk.asked.take() else {
            return;
        };
        match (ask, peer) {
            (Ask::States, Peer::Udp(_)) => self.send_short_table(now, node, screen, from, peer),
            (Ask::States, Peer::Tcp(_) | Peer::Console) => {
                let table = Long::Table(Table::default());
                self.tell(now, node, screen, from, peer, table);
            }
            (Ask::Ladder(None), Peer::Tcp(handle)) => {
                self.tell_ladder(now, node, screen, from, peer, handle.id());
            }
            (Ask::Ladder(Some(number)), _) => {
                self.tell_ladder(now, node, screen, from, peer, ConnectionId(number));
            }
            (Ask::Ladder(None), Peer::Udp(_) | Peer::Console) => {
                let why = "A datagram belongs to no connection: there is no handshake and no teardown to draw.";
                self.reply(now, node, screen, from, peer, why);
            }
            (Ask::Close(number), _) => self.order(now, node, screen, from, peer, number, false),
            (Ask::Abort(number), _) => self.order(now, node, screen, from, peer, number, true),
            (Ask::Shutdown, _) => self.shutdown(now, node, screen),
        }
    }

    fn tell_ladder<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        screen: &mut S,
        from: MemberId,
        peer: Peer<Handle, Flow>,
        connection: ConnectionId,
    ) {
        let mut follower = Follower::new(connection);
        if let Some(status) = node.handle_of(connection).and_then(|h| node.status(h)) {
            follower = follower.with_flow(status.flow);
        }
        let until = node.journal().next();
        let ladder = Long::Ladder { follower, until };
        self.tell(now, node, screen, from, peer, ladder);
    }

    /// Begins a long answer.
    fn tell<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        screen: &mut S,
        from: MemberId,
        peer: Peer<Handle, Flow>,
        long: Long,
    ) {
        let lines = self.room.reads_lines(from);
        self.telling = true;
        let Some(stream) = self.streams.iter_mut().find(|stream| stream.is_free()) else {
            let busy = "Too many tables and ladders are on their way; ask again in a moment.";
            return self.reply(now, node, screen, from, peer, busy);
        };
        match peer {
            Peer::Tcp(handle) => {
                if let Some(Seat(Role::Member(member))) = self.desk.seats.get_mut(handle.slot()) {
                    member.busy = true;
                    stream.begin(Reader::Connection(handle), long, lines);
                }
            }
            Peer::Console => stream.begin(Reader::Operator, long, true),
            // Not asked for: the room answers others over UDP.
            Peer::Udp(_) => {}
        }
        self.wake_at(Some(now));
    }

    /// As much of the table as a datagram holds. Not inlined: its texts would take the stack of every
    /// answer.
    #[inline(never)]
    fn send_short_table<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        screen: &mut S,
        from: MemberId,
        peer: Peer<Handle, Flow>,
    ) {
        const MORE: &str = "and more: ask over TCP\n";
        let mut text = String::<DATAGRAM>::new();
        let mut table = Table::default();
        loop {
            let facts = Facts {
                now,
                node,
                desk: &self.desk,
                room: &self.room,
                style: &self.style,
            };
            let mut row = String::<256>::new();
            // A row that is longer is cut.
            let more = table.write_part(&facts, &mut row).unwrap_or(true);
            if text.len() + row.len() + MORE.len() > DATAGRAM {
                let _ = text.push_str(MORE);
                break;
            }
            let _ = text.push_str(&row);
            if !more {
                break;
            }
        }
        self.reply(now, node, screen, from, peer, text.trim_ascii_end());
    }

    /// Closes or resets a connection, as the operator says.
    #[expect(clippy::too_many_arguments, reason = "who asks, what, and where")]
    fn order<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        screen: &mut S,
        from: MemberId,
        peer: Peer<Handle, Flow>,
        number: u32,
        abort: bool,
    ) {
        let connection = ConnectionId(number);
        let handle = node.handle_of(connection);
        let role = handle.map(|handle| (handle, self.desk.role(handle.slot())));
        let mut text = String::<96>::new();
        let _ = match role {
            None => write!(
                text,
                "There is no open connection {connection}; /states lists them."
            ),
            Some((_, Role::Parting { .. } | Role::Empty)) if !abort => {
                write!(text, "Connection {connection} is closing already.")
            }
            Some((handle, role)) => {
                if let Role::Member(member) = role {
                    self.room.leave(member.id);
                }
                self.forget_streams(handle);
                if abort {
                    node.abort(now, handle);
                    self.desk.set(handle.slot(), Role::Empty);
                    write!(text, "Connection {connection} is reset.")
                } else {
                    self.desk.part(now, node, handle, Parting::Finishing);
                    write!(text, "Connection {connection} is closing.")
                }
            }
        };
        self.reply(now, node, screen, from, peer, &text);
    }

    /// A short answer, in place of the room's receipt.
    fn reply<S: Screen>(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        screen: &mut S,
        from: MemberId,
        peer: Peer<Handle, Flow>,
        answer: &str,
    ) {
        let mut line = String::<{ DATAGRAM + LAST_WORDS_MAX }>::new();
        let end = if self.room.reads_lines(from) {
            "\n"
        } else {
            ""
        };
        let _ = write!(line, "{answer}{end}");
        let sent = self.with_room(now, node, screen, |_, post| {
            post.send(peer, line.as_bytes())
        });
        if let (Err(Full), Peer::Tcp(handle)) = (sent, peer) {
            self.room.leave(from);
            let why = "You read too slowly and your queue is full: disconnected.\n";
            self.with_room(now, node, screen, |_, post| {
                post.part(handle, why.as_bytes())
            });
        }
    }
}
