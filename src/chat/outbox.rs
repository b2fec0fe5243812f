//! What the room asks its caller to do: the trait that the caller implements; and what the room counts.

use super::members::{MemberId, Peer};

/// The longest last line, in octets: the room that a caller keeps free in each TCP queue.
pub const LAST_WORDS_MAX: usize = 128;

/// The queue of a member has no room for a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// A question that the room cannot answer, because it knows no connections.
///
/// The caller sends one answer to the member, instead of the room's receipt, with LF at its end if `Room::reads_lines`.
/// [`Ask::Shutdown`] needs none: the caller calls `Room::shutdown` and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// All connections with their states.
    States,
    /// The ladder of a connection: the one named, or the member's own.
    Ladder(Option<u32>),
    /// Close a connection. Asked by the console only.
    Close(u32),
    /// Reset a connection. Asked by the console only.
    Abort(u32),
    /// End the server. Asked by the console only.
    Shutdown,
}

/// A question for the caller, and who asked it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<K, E> {
    /// The member.
    pub from: MemberId,
    /// Where the answer goes.
    pub peer: Peer<K, E>,
    /// The question.
    pub ask: Ask,
}

/// Where the room's lines go. The caller implements it over its sockets.
pub trait Outbox<K, E> {
    /// Queues a line: all of it or nothing.
    ///
    /// Each call is one message. To TCP it leaves as one segment, as far as its size and the window
    /// allow. Refuse it if less than [`LAST_WORDS_MAX`] octets would then be free.
    fn send(&mut self, to: Peer<K, E>, line: &[u8]) -> Result<(), Full>;

    /// Ends a TCP membership as the tutorials do: wait until everything queued is acknowledged, send
    /// exactly `q` in a segment of its own, then close. The key is no member's any more.
    fn farewell(&mut self, to: K);

    /// Ends a TCP membership for a reason: queue the last words, for which [`LAST_WORDS_MAX`] octets
    /// were kept free, then close. The key is no member's any more.
    fn part(&mut self, to: K, last_words: &[u8]);
}

/// What happened in the room, counted since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages received: lines, unterminated messages and datagrams, including members' commands, but not those of the
    /// operator.
    pub messages: u64,
    /// Lines queued for a member: what others said, and answers.
    pub delivered: u64,
    /// Lines that did not fit into a full queue.
    pub lost: u64,
    /// TCP members disconnected because they did not read.
    pub slow: u64,
    /// Messages refused for their length.
    pub too_long: u64,
    /// Messages refused by a token bucket.
    pub too_fast: u64,
    /// Peers that found the room full.
    pub turned_away: u64,
    /// Members that made room for a waiting peer.
    pub yielded: u64,
    /// UDP members dropped for their silence.
    pub silent: u64,
    /// Datagrams from strangers that got no answer: too short for one, too many from one origin, or an answer
    /// themselves.
    pub unanswered: u64,
}
