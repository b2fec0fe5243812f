//! Pieces of datagrams: which are kept until they are whole, and which are given up.

use super::node::Node;
use super::packet::piece;
use super::reassembly::{Fragment, Kept};
use crate::trace::{Kind, Reason, Resource};

impl Node<'_> {
    /// Keeps the piece in a packet until the others are there.
    pub(super) fn keep_piece(&mut self, packet: &[u8]) -> Kept {
        match piece(packet) {
            Ok(fragment) => self.keep(&fragment),
            Err(reason) => Kept::Dropped(reason),
        }
    }

    fn keep(&mut self, fragment: &Fragment<'_>) -> Kept {
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

    /// Gives up the datagrams of which something is still missing after too long.
    pub(super) fn give_up_pieces(&mut self) {
        while self.reassembly.expire(self.host.now) {
            self.host.note(Kind::Dropped(Reason::FragmentTimeout));
        }
    }
}
