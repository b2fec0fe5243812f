//! What each connection is to the application.

use smoltcp::time::Instant;

use super::service::Served;
use crate::chat::{Framer, MemberId};
use crate::node::Handle;

/// A place for one connection of the node, at the same slot.
#[derive(Debug)]
pub struct Seat(pub(super) Role);

impl Seat {
    /// Nobody's; for building arrays.
    pub const EMPTY: Self = Self(Role::Empty);
}

#[derive(Debug)]
pub(super) enum Role {
    /// No connection, or none that concerns the application any more.
    Empty,
    /// In the room.
    Member(Member),
    /// A browser whose request line is on its way, until this instant.
    Requesting { handle: Handle, until: Instant },
    /// A browser that is being shown the page.
    Page(Handle),
    /// To a service beside the room.
    Served(Served),
    /// Out of the room, and not yet closed.
    Parting {
        handle: Handle,
        step: Parting,
        /// When patience with a peer that does not read is over.
        until: Instant,
    },
}

#[derive(Debug)]
pub(super) struct Member {
    // Open to `turn`, which reads a member's stream, and to `post`, which answers.
    pub(super) handle: Handle,
    pub(super) id: MemberId,
    pub(super) framer: Framer,
    /// Has said nothing: it may still turn out to speak another protocol.
    pub(super) fresh: bool,
    /// A long answer is on its way to it; until then it is not listened to, so that answers stay in
    /// order.
    pub(super) busy: bool,
}

/// How far a good-bye is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parting {
    /// Everything said before must be acknowledged, so that `q` is a segment of its own.
    Draining,
    /// `q` was said at this instant. The FIN is a later segment.
    Said(Instant),
    /// The FIN is queued; what stands before it must be acknowledged.
    Finishing,
    /// The same, and somebody waits for the connection: a peer that does not close in turn is reset.
    Yielding,
}
