//! Where an act is played: members on one side, the node with its room on the other.

use smoltcp::time::Instant;

use super::screen::Piece;

/// A member in an act: the how-manieth that joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member(pub usize);

/// Why an act could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Stuck {
    #[error("a member could not {what}: {error}")]
    Socket {
        what: &'static str,
        error: std::io::Error,
    },
    #[error("a member waited too long for an answer")]
    NoAnswer,
    #[error("the node ended early: {0}")]
    Node(String),
}

/// One side's sockets, the other's node, and what the operator sees.
///
/// Calls of members wait until they are done, as they do in a tutorial. An empty answer of
/// [`Self::recv`] is the end of the stream.
pub trait World {
    /// The time, for members and the node alike.
    fn now(&self) -> Instant;

    /// Whether members have sockets of the kernel.
    fn is_of_the_kernel(&self) -> bool;

    /// A TCP member: `socket`, `connect`.
    fn connect(&mut self) -> Result<Member, Stuck>;

    /// A UDP member: `socket`.
    fn open_datagrams(&mut self) -> Result<Member, Stuck>;

    /// `send`, or `sendto` the node.
    fn send(&mut self, member: Member, octets: &[u8]) -> Result<(), Stuck>;

    /// `recv(1024)`.
    fn recv(&mut self, member: Member) -> Result<Vec<u8>, Stuck>;

    /// `close`.
    fn close(&mut self, member: Member);

    /// `close` with a linger time of zero, which resets.
    fn reset(&mut self, member: Member);

    /// A line typed at the operator's console.
    fn operate(&mut self, line: &str) -> Result<(), Stuck>;

    /// Waits until the node is quiet for a moment, and gives what the operator's screen shows new.
    fn screen(&mut self) -> Result<Vec<Piece>, Stuck>;

    /// Waits until no connection is left, TIME-WAIT included, and gives what the screen shows new.
    fn end(&mut self) -> Result<Vec<Piece>, Stuck>;
}
