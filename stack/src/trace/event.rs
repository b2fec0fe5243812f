//! What the journal keeps: small `Copy` records of what happened in the stack.
//!
//! An [`Event`] is self-contained: it names its connection, carries both absolute and relative sequence numbers, and
//! gives the cause. It holds no payload and no references, so it can be copied out of the ring, kept, or compared.
//!
//! The names are those of RFC 9293 and of smoltcp.

use core::fmt;

pub use smoltcp::socket::tcp::State;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpAddress, IpEndpoint};

use super::header::Header;
use super::seq_number::SeqNumber;
use super::verdict::{Reason, Resource, Verdict};

/// The number of a connection, counted from 1 over the lifetime of a node and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u32);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for ConnectionId {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "#{=u32}", self.0);
    }
}

/// The two endpoints of a connection or of a datagram, as this node sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// This node's address and port.
    pub local: IpEndpoint,
    /// The peer's address and port.
    pub remote: IpEndpoint,
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} - {}",
            super::DisplayEndpoint(self.local),
            super::DisplayEndpoint(self.remote)
        )
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Flow {
    fn format(&self, f: defmt::Formatter<'_>) {
        let (local, remote) = (
            super::DisplayEndpoint(self.local),
            super::DisplayEndpoint(self.remote),
        );
        defmt::write!(f, "{} - {}", local, remote);
    }
}

/// The direction in which something crossed the wire, as seen from this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Direction {
    /// From the peer to this node.
    In,
    /// From this node to the peer.
    Out,
}

/// What a segment is beyond its flags, judged by the sequence numbers of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Mark {
    /// New data, a first SYN or FIN, or an acknowledgment.
    #[default]
    None,
    /// Sent again by this node: its sequence space has been sent before.
    Retransmission,
    /// Received again, wholly below RCV.NXT.
    Duplicate,
    /// Received with a hole before it.
    OutOfOrder,
    /// One octet, or none, below the window's left edge, to elicit an acknowledgment (RFC 9293 section 3.8.4), sent or
    /// received.
    KeepAlive,
    /// One octet sent into a closed window (RFC 9293 section 3.8.6.1).
    WindowProbe,
}

/// One TCP segment that crossed the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Segment {
    /// The connection that it belongs to, or on whose behalf it was answered.
    pub connection: ConnectionId,
    /// In or out.
    pub direction: Direction,
    /// The header's facts.
    pub header: Header,
    /// SEG.SEQ relative to its sender's initial sequence number: the SYN is 0, the first octet 1.
    pub seq: u32,
    /// SEG.ACK relative to its receiver's initial sequence number; 0 without ACK.
    pub ack: u32,
    /// What it is beyond its flags.
    pub mark: Mark,
    /// What was decided about it before the stack saw it; for outgoing segments, what made them.
    pub verdict: Verdict,
}

/// Why a connection changed its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Cause {
    /// The segment recorded just before.
    Segment,
    /// A call of the application.
    Call(Call),
    /// A timer ran out.
    Timer(Timer),
    /// The address of this node that the connection uses was removed.
    AddressLost,
    /// An ICMP message reported that the peer cannot be reached (RFC 9293 section 3.9.2.2).
    Unreachable,
    /// It had to make room for another connection.
    Evicted,
    /// Inferred from outside: the segment, seen in a capture, implies it.
    Inferred,
}

/// The user calls of RFC 9293 section 3.10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Call {
    /// Passive OPEN.
    Listen,
    /// Active OPEN.
    Connect,
    /// CLOSE, or shutdown of the sending half.
    Close,
    /// ABORT.
    Abort,
}

/// The timers that end or change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Timer {
    /// 2 MSL in TIME-WAIT have passed.
    TimeWait,
    /// R2: retransmissions went unanswered for too long (RFC 9293 section 3.8.3).
    Retransmission,
    /// A handshake did not complete in time.
    HalfOpen,
    /// The peer did not close in FIN-WAIT-2.
    FinWait2,
    /// The application did not close in CLOSE-WAIT.
    CloseWait,
    /// Keep-alive probes went unanswered (RFC 9293 section 3.8.4).
    KeepAlive,
}

/// One change of state of one connection of this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Transition {
    /// The connection.
    pub connection: ConnectionId,
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// Why.
    pub cause: Cause,
}

/// Why a connection ended, from the application's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Ending {
    /// Both sides closed; nothing was lost.
    Closed,
    /// The peer reset an open connection.
    ResetByPeer,
    /// The peer refused the connection with a reset.
    Refused,
    /// The peer did not answer in time; the timer that expired.
    TimedOut(Timer),
    /// This node aborted it.
    Aborted,
    /// This node's address was removed.
    AddressLost,
    /// The network reported that the peer cannot be reached.
    Unreachable,
    /// It made room for another connection.
    Evicted,
}

/// One UDP datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Datagram {
    /// In or out.
    pub direction: Direction,
    /// The two endpoints.
    pub flow: Flow,
    /// Octets of payload.
    pub len: u16,
    /// What was decided about it.
    pub verdict: Verdict,
}

/// A TCP segment that belongs to no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stray {
    /// In or out.
    pub direction: Direction,
    /// The two endpoints.
    pub flow: Flow,
    /// The header's facts.
    pub header: Header,
    /// What was decided about it.
    pub verdict: Verdict,
}

/// What was learnt or asked about a neighbour's hardware address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Neighbor {
    /// We ask who has this address (ARP request, neighbour solicitation).
    Asked(IpAddress),
    /// The owner of the address answered us.
    Answered(IpAddress),
    /// A neighbour asks for our address.
    AskedForUs(IpAddress),
    /// We answer with our hardware address, or announce it.
    WeAnswered(IpAddress),
    /// A neighbour asks whether our address is free, to take it.
    Wanted(IpAddress),
    /// We ask whether anyone already has our address.
    Probed(IpAddress),
    /// Another host, with this hardware address, has our address (RFC 5227 section 2.4).
    Conflict(IpAddress, EthernetAddress),
}

/// A time in whole milliseconds, at most 49 days, in four octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u32);

#[cfg(feature = "defmt")]
impl defmt::Format for Millis {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=u32} ms", self.0);
    }
}

impl From<Duration> for Millis {
    /// A longer time counts as the longest.
    fn from(duration: Duration) -> Self {
        Self(u32::try_from(duration.total_millis()).unwrap_or(u32::MAX))
    }
}

impl From<Millis> for Duration {
    fn from(Millis(millis): Millis) -> Self {
        Self::from_millis(millis.into())
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// A connection was opened: its number and endpoints.
    Opened {
        /// Its number.
        connection: ConnectionId,
        /// Its endpoints.
        flow: Flow,
    },
    /// A segment crossed the wire.
    Segment(Segment),
    /// A connection changed its state.
    Transition(Transition),
    /// The same, but RFC 9293 has no such change: a finding.
    Illegal(Transition),
    /// A connection is in TIME-WAIT, without a socket, for this long from now.
    TimeWaiting {
        /// The connection.
        connection: ConnectionId,
        /// 2 MSL.
        lasts: Millis,
    },
    /// A connection is over.
    Ended {
        /// The connection.
        connection: ConnectionId,
        /// Why.
        ending: Ending,
    },
    /// A retransmission threshold was reached: R1 of RFC 9293 section 3.8.3, reported as the RFC asks.
    SlowPeer {
        /// The connection.
        connection: ConnectionId,
        /// How often the oldest segment was sent.
        attempts: u8,
    },
    /// smoltcp chose a different initial sequence number than it was made to: this is not the release of smoltcp that
    /// the node was written for. The connection continues with the number that was sent.
    OtherNumber {
        /// The connection.
        connection: ConnectionId,
        /// The number according to RFC 6528, or of the cookie.
        wanted: SeqNumber,
        /// The number that was sent.
        drawn: SeqNumber,
    },
    /// A segment of no connection.
    Stray(Stray),
    /// A datagram crossed the wire.
    Datagram(Datagram),
    /// Something about a neighbour's hardware address.
    Neighbor(Neighbor),
    /// A frame that could not be attributed was dropped.
    Dropped(Reason),
    /// An ICMP message: in or out, its type and code.
    Icmp {
        /// In or out.
        direction: Direction,
        /// Type field.
        kind: u8,
        /// Code field.
        code: u8,
    },
    /// An ICMP error reports that a datagram of ours did not arrive.
    Undelivered {
        /// The endpoints of the datagram.
        flow: Flow,
        /// Whether its host exists but nobody listens at that port.
        nobody_listens: bool,
    },
    /// Some other frame crossed the wire.
    Other(Direction),
    /// A resource was exhausted.
    Full(Resource),
}

/// A record of the journal.
///
/// A journal is an array of these. On a 32-bit target they are packed to an alignment of four octets, since an
/// alignment of eight would cost four more octets each: the contents are copied out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(target_pointer_width = "32", repr(C, packed(4)))]
pub struct Event {
    at: Instant,
    kind: Kind,
}

impl Event {
    /// `kind` happened at `at`.
    #[inline]
    pub const fn new(at: Instant, kind: Kind) -> Self {
        Self { at, kind }
    }

    /// When it happened.
    #[inline]
    pub const fn at(&self) -> Instant {
        self.at
    }

    /// What happened.
    #[inline]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The connection that this concerns, if any.
    pub const fn connection(&self) -> Option<ConnectionId> {
        match self.kind {
            Kind::Opened { connection, .. }
            | Kind::TimeWaiting { connection, .. }
            | Kind::Ended { connection, .. }
            | Kind::OtherNumber { connection, .. }
            | Kind::SlowPeer { connection, .. } => Some(connection),
            Kind::Segment(segment) => Some(segment.connection),
            Kind::Transition(transition) | Kind::Illegal(transition) => Some(transition.connection),
            Kind::Stray(_)
            | Kind::Datagram(_)
            | Kind::Neighbor(_)
            | Kind::Dropped(_)
            | Kind::Icmp { .. }
            | Kind::Undelivered { .. }
            | Kind::Other(_)
            | Kind::Full(_) => None,
        }
    }
}

// By hand: what derives it refers to fields, and on the boards these are packed.
#[cfg(feature = "defmt")]
impl defmt::Format for Event {
    fn format(&self, f: defmt::Formatter<'_>) {
        let (at, kind) = (self.at(), self.kind());
        defmt::write!(f, "{} {}", at, kind);
    }
}
