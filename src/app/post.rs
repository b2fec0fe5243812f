//! The room's way out: lines to connections, to datagrams, to the operator's screen.

use super::operator::Screen;
use super::session::Parting;
use super::sessions::Sessions;
use super::turn::Turn;
use crate::chat::{Full, LAST_WORDS_MAX, Outbox, Peer};
use crate::node::{Handle, Path};

pub(super) struct Post<'p, 'a, 't, 'n, S> {
    // Open to who puts it together for one call of the room, from parts that are borrowed side by side.
    pub(super) turn: &'p mut Turn<'t, 'n, S>,
    pub(super) sessions: &'p mut Sessions<'a>,
}

impl<S: Screen> Outbox<Handle, Path> for Post<'_, '_, '_, '_, S> {
    fn send(&mut self, to: Peer<Handle, Path>, line: &[u8]) -> Result<(), Full> {
        match to {
            Peer::Tcp(handle) => {
                let mut socket = self.turn.node.tcp(handle).ok_or(Full)?;
                // The news of its end is on its way to the room, and its reason is in the journal.
                if socket.ended().is_some() {
                    return Ok(());
                }
                let room = socket.send_room();
                if room < line.len() + LAST_WORDS_MAX {
                    return Err(Full);
                }
                self.sessions.pace.queued(room - line.len());
                socket.send(line).map(|_| ()).map_err(|_| Full)
            }
            // A member's path is the one that its join code came back on.
            Peer::Udp(path) => {
                let mut socket = self.turn.node.udp(path.flow().local.port).ok_or(Full)?;
                socket
                    .send_back(self.turn.now, &path, line)
                    .map_err(|_| Full)
            }
            Peer::Console => {
                if self.turn.screen.room() < line.len() {
                    return Err(Full);
                }
                let text = core::str::from_utf8(line).map_err(|_| Full)?;
                self.turn.screen.write_str(text).map_err(|_| Full)
            }
        }
    }

    fn farewell(&mut self, to: Handle) {
        self.sessions
            .part(self.turn.now, self.turn.node, to, Parting::Draining);
    }

    fn part(&mut self, to: Handle, last_words: &[u8]) {
        if let Some(mut socket) = self.turn.node.tcp(to) {
            // Room for them was kept free by every send before.
            let _ = socket.send(last_words);
        }
        self.sessions
            .part(self.turn.now, self.turn.node, to, Parting::Finishing);
    }
}
