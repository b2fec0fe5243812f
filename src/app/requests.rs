//! Questions that only the application can answer, and the operator's orders.

use core::fmt::Write;

use heapless::String;
use smoltcp::time::Instant;

use super::answers::Content;
use super::app::App;
use super::ladder::Ladder;
use super::operator::Screen;
use super::response::Reader;
use super::session::{Parting, Role, Session};
use super::table::{Facts, Table};
use super::turn::Turn;
use crate::chat::{Ask, Full, LAST_WORDS_MAX, MemberId, Outbox, Peer, Request};
use crate::node::{Handle, Node, Path};
use crate::trace::ConnectionId;

/// The longest answer to a question over UDP: with headers, in any MTU that IPv4 allows.
const DATAGRAM: usize = 512;

/// A question that came up while the room heard somebody: who asked, and what the answer takes.
struct Question<'q, 't, 'n, S> {
    turn: &'q mut Turn<'t, 'n, S>,
    from: MemberId,
    peer: Peer<Handle, Path>,
}

impl App<'_> {
    /// Answers what the room passes on.
    pub(super) fn answer<S: Screen>(
        &mut self,
        turn: &mut Turn<'_, '_, S>,
        request: Request<Handle, Path>,
    ) {
        let Request { from, peer, ask } = request;
        let question = &mut Question { turn, from, peer };
        match (ask, peer) {
            (Ask::States, Peer::Udp(_)) => self.send_short_table(question),
            (Ask::States, Peer::Tcp(_) | Peer::Console) => {
                let table = Content::Table(Table::default());
                self.tell(question, table);
            }
            (Ask::Ladder(None), Peer::Tcp(handle)) => {
                self.tell_ladder(question, handle.id());
            }
            (Ask::Ladder(Some(number)), _) => {
                self.tell_ladder(question, ConnectionId(number));
            }
            (Ask::Ladder(None), Peer::Udp(_) | Peer::Console) => {
                let why = "A datagram belongs to no connection: there is no handshake and no teardown to draw.";
                self.reply(question, why);
            }
            (Ask::Close(number), _) => self.order(question, number, false),
            (Ask::Abort(number), _) => self.order(question, number, true),
            (Ask::Shutdown, _) => {
                self.shutdown(question.turn.now, question.turn.node, question.turn.screen)
            }
        }
    }

    fn tell_ladder<S: Screen>(
        &mut self,
        question: &mut Question<'_, '_, '_, S>,
        connection: ConnectionId,
    ) {
        match Ladder::of(question.turn.node, connection) {
            Ok(ladder) => self.tell(question, Content::Ladder(ladder)),
            Err(none) => {
                let mut why = String::<96>::new();
                // It fits.
                let _ = write!(why, "{none}");
                self.reply(question, &why);
            }
        }
    }

    /// Begins a long answer.
    fn tell<S: Screen>(&mut self, question: &mut Question<'_, '_, '_, S>, content: Content) {
        let lines = self.room.reads_lines(question.from);
        let to = match question.peer {
            Peer::Tcp(handle) => Reader::Connection(handle),
            Peer::Console => Reader::Operator,
            // Not asked for: the room answers others over UDP.
            Peer::Udp(_) => return,
        };
        if self
            .begin_answer(question.turn.now, question.turn.node, to, content, lines)
            .is_err()
        {
            let busy = "Too many tables and ladders are on their way; ask again in a moment.";
            return self.reply(question, busy);
        }
        if let Peer::Tcp(handle) = question.peer
            && let Some(Session(Role::Member(member))) = self.sessions.slots.get_mut(handle.slot())
        {
            member.busy = true;
        }
    }

    /// As much of the table as a datagram holds. Not inlined: its texts would take the stack of every
    /// answer.
    #[inline(never)]
    fn send_short_table<S: Screen>(&mut self, question: &mut Question<'_, '_, '_, S>) {
        const MORE: &str = "and more: ask over TCP\n";
        let mut text = String::<DATAGRAM>::new();
        let mut table = Table::default();
        loop {
            let facts = Facts {
                now: question.turn.now,
                node: question.turn.node,
                sessions: &self.sessions,
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
        self.reply(question, text.trim_ascii_end());
    }

    /// Closes or resets a connection, as the operator says.
    fn order<S: Screen>(
        &mut self,
        question: &mut Question<'_, '_, '_, S>,
        number: u32,
        abort: bool,
    ) {
        let connection = ConnectionId(number);
        let handle = question.turn.node.handle_of(connection);
        let role = handle.map(|handle| (handle, self.sessions.role(handle.slot())));
        let mut text = String::<96>::new();
        let _ = match role {
            None if waits(question.turn.node, question.turn.now, connection) => write!(
                text,
                "Connection {connection} is closed already and waits 2 MSL."
            ),
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
                self.responses.forget(handle);
                if abort {
                    question.turn.node.abort(question.turn.now, handle);
                    self.sessions.set(handle.slot(), Role::Empty);
                    write!(text, "Connection {connection} is reset.")
                } else {
                    self.sessions.part(
                        question.turn.now,
                        question.turn.node,
                        handle,
                        Parting::Finishing,
                    );
                    write!(text, "Connection {connection} is closing.")
                }
            }
        };
        self.reply(question, &text);
    }

    /// A short answer, in place of the room's receipt.
    fn reply<S: Screen>(&mut self, question: &mut Question<'_, '_, '_, S>, answer: &str) {
        let mut line = String::<{ DATAGRAM + LAST_WORDS_MAX }>::new();
        let end = if self.room.reads_lines(question.from) {
            "\n"
        } else {
            ""
        };
        let _ = write!(line, "{answer}{end}");
        let (from, peer) = (question.from, question.peer);
        let sent = self.with_room(question.turn, |_, post| post.send(peer, line.as_bytes()));
        if let (Err(Full), Peer::Tcp(handle)) = (sent, peer) {
            self.room.leave(from);
            let why = "You read too slowly and your queue is full: disconnected.\n";
            self.with_room(question.turn, |_, post| post.part(handle, why.as_bytes()));
        }
    }
}

/// Whether a connection is in TIME-WAIT, without a socket.
fn waits(node: &Node<'_>, now: Instant, connection: ConnectionId) -> bool {
    node.statuses(now).any(|status| status.id == connection)
}
