//! Long answers on their way: begun where there is a place, and sent as their readers read.

use smoltcp::time::Instant;

use super::answers::Content;
use super::app::App;
use super::operator::Screen;
use super::response::{Reader, ResponseWriter};
use super::responses::{Busy, Place};
use super::session::Role;
use super::turn::Turn;
use crate::node::Node;

impl App<'_> {
    /// Begins a long answer, if there is a place for it or somebody makes room.
    pub(super) fn begin_answer(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        to: Reader,
        content: Content,
        lines: bool,
    ) -> Result<(), Busy> {
        let place = match self.responses.place_for(now, node, to) {
            Some(Place::Free(place)) => place,
            Some(Place::Of(place, handle)) => {
                self.sessions.cut_short = self.sessions.cut_short.saturating_add(1);
                let told = self.responses.cut_short(place);
                let is_page = matches!(self.sessions.role(handle.slot()), Role::Page(_));
                if let Some(mut socket) = node.tcp(handle).filter(|_| !is_page) {
                    // Room was kept for a line.
                    let _ = socket.send(told.as_bytes());
                }
                self.sessions.answered(now, node, handle);
                place
            }
            None => {
                self.sessions.refused = self.sessions.refused.saturating_add(1);
                return Err(Busy);
            }
        };
        self.responses.begin(now, place, to, content, lines);
        self.wake_at(Some(now));
        Ok(())
    }

    /// Sends what readers of long answers have room for.
    pub(super) fn send_answers<S: Screen>(&mut self, turn: &mut Turn<'_, '_, S>) {
        if !self.responses.is_busy() {
            return;
        }
        let mut writer = ResponseWriter {
            turn,
            sessions: &mut self.sessions,
            room: &self.room,
            style: &self.style,
        };
        let responses = self.responses.iter_mut();
        let at = responses.filter_map(|it| writer.go_on(it)).min();
        self.wake_at(at);
        self.responses.settle();
    }
}
