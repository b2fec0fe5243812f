//! What each connection is to the application.

use smoltcp::time::Instant;

use super::service::Served;
use crate::chat::{Framer, MemberId};
use crate::node::Handle;

/// A place for one connection of the node, in the same slot.
#[derive(Debug)]
pub struct Session(pub(super) Role);

impl Session {
    /// An empty place, to fill arrays with.
    pub const EMPTY: Self = Self(Role::Empty);
}

#[derive(Debug)]
pub(super) enum Role {
    /// No connection, or one that no longer concerns the application.
    Empty,
    /// In the room.
    Member(Member),
    /// A browser whose request line is expected until this instant.
    Requesting { handle: Handle, until: Instant },
    /// A browser to which the page is being sent.
    Page(Handle),
    /// To a service beside the room.
    Served(Served),
    /// No longer in the room, but not yet closed.
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
    /// Everything sent before must be acknowledged, so that `q` is a segment of its own.
    Draining,
    /// `q` was sent at this instant. The FIN is a later segment.
    Said(Instant),
    /// The FIN is queued; what precedes it must be acknowledged.
    Finishing,
    /// The same, and a peer waits for the connection: a peer that does not close in turn is reset.
    Yielding,
}
