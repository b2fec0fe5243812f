//! Members over UDP whose hosts move to another hardware address.
//!
//! Their lines go where their join code came back from. What comes another way may be of the member, whose host or
//! gateway has moved, or of somebody who speaks in its name. So the neighbour on the way is asked where it is, as for
//! connections, and the lines follow its answer; a forger, whose address it does not say, moves none.

use smoltcp::time::Duration;

use super::app::{App, Moving};
use super::operator::Screen;
use super::turn::Turn;
use crate::node::Path;

/// How long a host has to answer: one question where it was, and one everywhere.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);
/// How often to look whether it has.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl App<'_> {
    /// Takes note of the way by which a datagram came.
    pub(super) fn came<S: Screen>(&mut self, turn: &mut Turn<'_, '_, S>, from: Path) {
        if self.room.lines_go(&from).is_some() {
            let until = turn.now + ANSWER_TIMEOUT;
            self.moving = Some(Moving { to: from, until });
            self.follow_who_moves(turn);
        }
    }

    /// Sends a member's lines to where its host has moved, once it has said so.
    pub(super) fn follow_who_moves<S: Screen>(&mut self, turn: &mut Turn<'_, '_, S>) {
        let Some(Moving { to, until }) = self.moving.take() else {
            return;
        };
        let socket = turn.node.udp(to.flow().local.port);
        let (Some(known), Some(mut socket)) = (self.room.lines_go(&to), socket) else {
            return;
        };
        if socket.has_moved(turn.now, &known, &to) {
            let now = turn.now;
            self.with_room(turn, |room, post| room.moved(now, to, post));
        } else if turn.now < until {
            self.moving = Some(Moving { to, until });
            self.wake_at(Some(turn.now + LOOK_AGAIN));
        }
    }
}
