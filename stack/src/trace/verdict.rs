//! What was decided about a frame and why, and what can run full: the words in which no loss is silent.

/// What was decided about a frame, or why this node sent one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Verdict {
    /// In: given to smoltcp. Out: made by smoltcp.
    Passed,
    /// Out: made by the gate, in answer to a segment or to a call.
    Gate(Answer),
    /// In: answered by the gate, smoltcp did not see it.
    Answered(Answer),
    /// In: changed before smoltcp saw it.
    Repaired(Repair),
    /// In: kept back until a connection is free.
    Held,
    /// In: not passed on, and not answered.
    Dropped(Reason),
}

/// An answer that the gate gives itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Answer {
    /// An acknowledgment that asks the peer to prove itself (RFC 5961).
    ChallengeAck,
    /// The acknowledgment of a FIN that came again in TIME-WAIT (RFC 9293 section 3.10.7.4).
    TimeWaitAck,
    /// A SYN,ACK sent again for a SYN that came again.
    SynAckAgain,
    /// A SYN,ACK that keeps no state here (RFC 4987 section 3.6).
    SynCookie,
    /// A reset: nobody is there (RFC 9293 section 3.10.7.1), or the backlog refuses.
    Reset,
    /// An acknowledgment that a duplicate or unacceptable segment is owed (RFC 9293 section 3.10.7.4).
    Ack,
}

/// A change made to a segment so that smoltcp treats it as RFC 9293 asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Repair {
    /// An old acknowledgment with new data: SEG.ACK set to SND.UNA.
    OldAck,
    /// An old window (SND.WL1, SND.WL2): the window field set to what it was.
    OldWindow,
    /// Data beyond the advertised window cut off.
    Trimmed,
    /// Control bits that contradict each other: the one that RFC 9293 section 3.10.7 looks at first counts.
    Control,
    /// An option of an illegal length (RFC 9293 MUST-7): it does not count.
    Options,
    /// A new acknowledgment at an old number: SEG.SEQ set to RCV.NXT.
    GoneBack,
}

/// Why a frame went no further. Each is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Reason {
    /// Not well-formed Ethernet, IP, TCP or UDP, or a wrong checksum.
    Malformed,
    /// Addressed to somebody else.
    NotForUs,
    /// TCP to or from a broadcast, multicast or unspecified address (RFC 1122 section 4.2.3.10).
    NotUnicast,
    /// From our own address (LAND).
    FromOurselves,
    /// The backlog is full; the peer will send its SYN again.
    BacklogFull,
    /// No ACK where every segment must have one.
    NoAck,
    /// A reset that is not exactly what it must be (RFC 5961 section 3).
    ResetOutOfWindow,
    /// A reset in TIME-WAIT (RFC 1337).
    ResetInTimeWait,
    /// A segment to TIME-WAIT that needs no answer.
    TimeWait,
    /// Answers of this kind are limited per second, and this second's are used up.
    RateLimited,
    /// An ICMP message for no connection that lives here, or with numbers out of its window.
    IcmpUnrelated,
    /// A datagram for a port that nobody bound.
    NoSuchPort,
    /// The receive queue of the port is full.
    QueueFull,
    /// An acknowledgment that says nothing new while our FIN is all that is under way.
    DuplicateAck,
    /// A reset where there is no connection.
    StrayReset,
    /// It may belong to a handshake that a cookie answered, and does not complete it: what does comes
    /// again.
    CookieIncomplete,
    /// A piece of a larger datagram, which this node does not put together.
    Fragment,
    /// An EtherType or IP protocol that this node does not speak.
    UnknownProtocol,
    /// The peer's hardware address was not found in time, or too many others waited for theirs.
    Unresolved,
    /// No address or gateway of this node leads there.
    NoRoute,
    /// The device could not take the frame.
    DeviceFull,
    /// Our own SYN has not left yet: nothing that comes can answer it.
    BeforeOurSyn,
    /// A source route: this node follows none.
    SourceRoute,
    /// An extension header of IPv6, or an option in one, that must be understood and is not.
    ExtensionHeader,
    /// It, or the answer to it, is longer than there is room for.
    TooLong,
    /// Pieces of a datagram overlap or speak against each other: none of it counts (RFC 5722).
    FragmentOverlap,
    /// The rest of a datagram did not come in time.
    FragmentTimeout,
    /// An answer about a hardware address that nobody asked for.
    Unasked,
    /// A datagram that draws no answer, because it would reach somebody who did not ask or begin a
    /// conversation without an end: from a service's port, or not to this node alone.
    Unanswerable,
}

/// What can run full. Each is bounded, and running out is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Resource {
    /// Every connection is in use.
    Connections,
    /// The backlog of a port is full.
    Backlog,
    /// A TIME-WAIT record was forgotten before its time.
    TimeWaits,
    /// Datagrams waiting to be sent.
    Datagrams,
    /// Ephemeral ports.
    Ports,
    /// A datagram gave way before all its pieces were there.
    Fragments,
    /// One address's part of handshakes, or of places to wait in, while somebody else waits.
    Share,
}
