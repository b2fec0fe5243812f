//! Long answers on their way: begun where there is a place, and sent as their readers read.

use smoltcp::time::Instant;

use super::answers::Long;
use super::app::App;
use super::operator::Screen;
use super::seat::Role;
use super::streams::{Busy, Place};
use super::telling::{Reader, Telegraph};
use super::turn::Turn;
use crate::node::Node;

impl App<'_> {
    /// Begins a long answer, if there is a place for it or somebody makes room.
    pub(super) fn begin_answer(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        to: Reader,
        long: Long,
        lines: bool,
    ) -> Result<(), Busy> {
        let place = match self.streams.place_for(now, node, to) {
            Some(Place::Free(place)) => place,
            Some(Place::Of(place, handle)) => {
                self.desk.cut_short = self.desk.cut_short.saturating_add(1);
                let told = self.streams.cut_short(place);
                let is_page = matches!(self.desk.role(handle.slot()), Role::Page(_));
                if let Some(mut socket) = node.tcp(handle).filter(|_| !is_page) {
                    // Room was kept for a line.
                    let _ = socket.send(told.as_bytes());
                }
                self.desk.answered(now, node, handle);
                place
            }
            None => {
                self.desk.refused = self.desk.refused.saturating_add(1);
                return Err(Busy);
            }
        };
        self.streams.begin(now, place, to, long, lines);
        self.wake_at(Some(now));
        Ok(())
    }

    /// Sends what readers of long answers have room for.
    pub(super) fn send_answers<S: Screen>(&mut self, turn: &mut Turn<'_, '_, S>) {
        if !self.streams.is_busy() {
            return;
        }
        let mut telegraph = Telegraph {
            turn,
            desk: &mut self.desk,
            room: &self.room,
            style: &self.style,
        };
        let streams = self.streams.iter_mut();
        let at = streams.filter_map(|it| telegraph.go_on(it)).min();
        self.wake_at(at);
        self.streams.settle();
    }
}
