//! Pieces of datagrams that come to the node, and what they come to together.

use super::ethernet::{Ethernet, Hop};
use super::frame::Frame;
use super::node::Node;
use super::one_frame::Exit;
use super::packet::piece;
use super::reassembly::{Fragment, Kept};
use crate::trace::{Direction, Kind, Reason, Resource};

impl Node<'_> {
    /// A piece of a datagram.
    pub(super) fn receive_piece(&mut self, ethernet: &Ethernet<'_>, exit: &mut dyn Exit) {
        let kept = match piece(ethernet.payload) {
            Ok(fragment) => self.keep_piece(&fragment),
            Err(reason) => Kept::Dropped(reason),
        };
        match kept {
            Kept::Waits => {}
            Kept::Dropped(reason) => self.host.note(Kind::Dropped(reason)),
            Kept::Whole(place) => self.receive_whole(place, ethernet, exit),
        }
    }

    fn keep_piece(&mut self, fragment: &Fragment<'_>) -> Kept {
        let (src, dst) = (fragment.key.src, fragment.key.dst);
        if !self.host.link.locals().contains(&dst) {
            return Kept::Dropped(Reason::NotForUs);
        }
        if self.host.link.locals().contains(&src) {
            return Kept::Dropped(Reason::FromOurselves);
        }
        if !src.is_unicast() || self.host.link.is_broadcast(src) {
            return Kept::Dropped(Reason::NotUnicast);
        }
        let (kept, evicted) = self.reassembly.add(self.host.now, fragment);
        if evicted {
            self.host.note_full(Resource::Fragments);
        }
        kept
    }

    /// A datagram that is whole goes the way of one that came so, as if from where its last piece came.
    fn receive_whole(&mut self, place: usize, ethernet: &Ethernet<'_>, exit: &mut dyn Exit) {
        let Some(mut whole) = self.reassembly.take(place) else {
            return;
        };
        let frame = whole.frame();
        let hop = Hop {
            from: ethernet.from,
            to: ethernet.to,
        };
        hop.write_around(frame);
        if let Some(ethernet) = Ethernet::parse(frame) {
            match Frame::of(&ethernet, Direction::In, false) {
                // What neighbours say never comes in pieces (RFC 6980), nor do pieces.
                Ok(Frame::Neighbor(_)) | Err(Reason::Fragment) => {
                    self.host.note(Kind::Dropped(Reason::Malformed));
                }
                frame => self.take_in(frame, &ethernet, exit),
            }
        }
        self.reassembly.give_back(place, whole);
    }

    /// Gives up the datagrams of which something is still missing after too long.
    pub(super) fn give_up_pieces(&mut self) {
        while self.reassembly.expire(self.host.now) {
            self.host.note(Kind::Dropped(Reason::FragmentTimeout));
        }
    }
}
