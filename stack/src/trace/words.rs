//! The names and the words for what is recorded: lists of all variants, and a few words for each.

use super::{Answer, Call, Cause, Ending, Reason, Repair, Resource, Timer};
use core::fmt;
use core::net::IpAddr;
use smoltcp::wire::IpEndpoint;

impl Reason {
    /// Every reason, in the order of declaration.
    pub const ALL: [Self; 29] = [
        Self::Malformed,
        Self::NotForUs,
        Self::NotUnicast,
        Self::FromOurselves,
        Self::BacklogFull,
        Self::NoAck,
        Self::ResetOutOfWindow,
        Self::ResetInTimeWait,
        Self::TimeWait,
        Self::RateLimited,
        Self::IcmpUnrelated,
        Self::NoSuchPort,
        Self::QueueFull,
        Self::DuplicateAck,
        Self::StrayReset,
        Self::CookieIncomplete,
        Self::Fragment,
        Self::UnknownProtocol,
        Self::Unresolved,
        Self::NoRoute,
        Self::DeviceFull,
        Self::BeforeOurSyn,
        Self::SourceRoute,
        Self::ExtensionHeader,
        Self::TooLong,
        Self::FragmentOverlap,
        Self::FragmentTimeout,
        Self::Unasked,
        Self::Unanswerable,
    ];
}

impl Answer {
    /// Every answer, in the order of declaration.
    pub const ALL: [Self; 6] = [
        Self::ChallengeAck,
        Self::TimeWaitAck,
        Self::SynAckAgain,
        Self::SynCookie,
        Self::Reset,
        Self::Ack,
    ];
}

impl Repair {
    /// Every repair, in the order of declaration.
    pub const ALL: [Self; 6] = [
        Self::OldAck,
        Self::OldWindow,
        Self::Trimmed,
        Self::Control,
        Self::Options,
        Self::GoneBack,
    ];
}

impl Resource {
    /// Every resource, in the order of declaration.
    pub const ALL: [Self; 7] = [
        Self::Connections,
        Self::Backlog,
        Self::TimeWaits,
        Self::Datagrams,
        Self::Ports,
        Self::Fragments,
        Self::Share,
    ];
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed",
            Self::NotForUs => "not for us",
            Self::NotUnicast => "not unicast",
            Self::FromOurselves => "from our own address",
            Self::BacklogFull => "backlog full",
            Self::NoAck => "no ACK flag",
            Self::ResetOutOfWindow => "reset not in place",
            Self::ResetInTimeWait => "reset in TIME-WAIT",
            Self::TimeWait => "late, in TIME-WAIT",
            Self::RateLimited => "answers used up",
            Self::IcmpUnrelated => "unrelated ICMP",
            Self::NoSuchPort => "no such port",
            Self::QueueFull => "queue full",
            Self::DuplicateAck => "duplicate ACK",
            Self::StrayReset => "stray reset",
            Self::CookieIncomplete => "handshake incomplete",
            Self::Fragment => "fragment",
            Self::UnknownProtocol => "unknown protocol",
            Self::Unresolved => "no hardware address",
            Self::NoRoute => "no route",
            Self::DeviceFull => "device full",
            Self::BeforeOurSyn => "before our SYN",
            Self::SourceRoute => "source route",
            Self::ExtensionHeader => "extension header",
            Self::TooLong => "too long",
            Self::FragmentOverlap => "fragments overlap",
            Self::FragmentTimeout => "fragments missing",
            Self::Unasked => "unasked",
            Self::Unanswerable => "draws no answer",
        })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChallengeAck => "challenge ACK",
            Self::TimeWaitAck => "FIN acknowledged again",
            Self::SynAckAgain => "SYN,ACK again",
            Self::SynCookie => "SYN cookie",
            Self::Reset => "reset",
            Self::Ack => "ACK owed",
        })
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OldAck => "old ACK",
            Self::OldWindow => "old window",
            Self::Trimmed => "trimmed to the window",
            Self::GoneBack => "sender went back",
            Self::Control => "contradictory flags",
            Self::Options => "illegal option",
        })
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connections => "connections",
            Self::Backlog => "backlog",
            Self::TimeWaits => "TIME-WAIT records",
            Self::Datagrams => "datagrams to send",
            Self::Ports => "ephemeral ports",
            Self::Fragments => "fragments",
            Self::Share => "one address's share",
        })
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Listen => "listen()",
            Self::Connect => "connect()",
            Self::Close => "close()",
            Self::Abort => "abort()",
        })
    }
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimeWait => "2 MSL over",
            Self::Retransmission => "no acknowledgment",
            Self::HalfOpen => "handshake too slow",
            Self::FinWait2 => "peer did not close",
            Self::CloseWait => "we did not close",
            Self::KeepAlive => "keep-alive unanswered",
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segment => f.write_str("segment"),
            Self::Call(call) => call.fmt(f),
            Self::Timer(timer) => timer.fmt(f),
            Self::AddressLost => f.write_str("address lost"),
            Self::Unreachable => f.write_str("unreachable"),
            Self::Evicted => f.write_str("evicted"),
            Self::Inferred => f.write_str("inferred"),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed by both sides"),
            Self::ResetByPeer => f.write_str("reset by peer"),
            Self::Refused => f.write_str("refused by peer"),
            Self::TimedOut(timer) => write!(f, "timed out: {timer}"),
            Self::Aborted => f.write_str("aborted here"),
            Self::AddressLost => f.write_str("our address went away"),
            Self::Unreachable => f.write_str("peer unreachable"),
            Self::Evicted => f.write_str("gave way to another connection"),
        }
    }
}

/// An endpoint as it is written in a URL: an IPv6 address is in brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisplayEndpoint(pub IpEndpoint);

impl fmt::Display for DisplayEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match IpAddr::from(self.0.addr) {
            IpAddr::V4(addr) => write!(f, "{addr}:{}", self.0.port),
            IpAddr::V6(addr) => write!(f, "[{addr}]:{}", self.0.port),
        }
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for DisplayEndpoint {
    fn format(&self, f: defmt::Formatter<'_>) {
        match IpAddr::from(self.0.addr) {
            IpAddr::V4(addr) => defmt::write!(f, "{}:{=u16}", addr, self.0.port),
            IpAddr::V6(addr) => defmt::write!(f, "[{}]:{=u16}", addr, self.0.port),
        }
    }
}
