//! What was decided about a frame and why, and what can run out: the vocabulary that makes every loss visible.

/// What was decided about a frame, or why this node sent one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Verdict {
    /// In: given to smoltcp. Out: made by smoltcp.
    Passed,
    /// Out: made by the gate, in answer to a segment or to a call.
    Gate(Answer),
    /// In: answered by the gate; smoltcp did not see it.
    Answered(Answer),
    /// In: changed before smoltcp saw it.
    Repaired(Repair),
    /// In: held until a connection is free.
    Held,
    /// In: not passed on, and not answered.
    Dropped(Reason),
}

/// An answer made by the gate itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Answer {
    /// An acknowledgment that asks the peer to prove itself (RFC 5961).
    ChallengeAck,
    /// The acknowledgment of a FIN that was received again in TIME-WAIT (RFC 9293 section 3.10.7.4).
    TimeWaitAck,
    /// A SYN,ACK sent again for a repeated SYN.
    SynAckAgain,
    /// A SYN,ACK that keeps no state here (RFC 4987 section 3.6).
    SynCookie,
    /// A reset: nobody listens there (RFC 9293 section 3.10.7.1), or the backlog refuses.
    Reset,
    /// An acknowledgment owed to a duplicate or unacceptable segment (RFC 9293 section 3.10.7.4).
    Ack,
}

/// A change made to a segment so that smoltcp treats it as RFC 9293 asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Repair {
    /// An old acknowledgment with new data: SEG.ACK set to SND.UNA.
    OldAck,
    /// An old window (SND.WL1, SND.WL2): the window field set to its current value.
    OldWindow,
    /// Data beyond the advertised window cut off.
    Trimmed,
    /// Control bits that contradict each other: the one that RFC 9293 section 3.10.7 checks first counts.
    Control,
    /// An option of illegal length (RFC 9293 MUST-7): it is ignored.
    Options,
    /// A new acknowledgment at an old number: SEG.SEQ set to RCV.NXT.
    GoneBack,
}

/// Why a frame was dropped. Each reason is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Reason {
    /// Not well-formed Ethernet, IP, TCP or UDP, or a wrong checksum.
    Malformed,
    /// Addressed to another host.
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
    /// A segment for a connection in TIME-WAIT that needs no answer.
    TimeWait,
    /// Answers of this kind are limited per second, and the limit for this second is used up.
    RateLimited,
    /// An ICMP message for no live connection, or with sequence numbers outside its window.
    IcmpUnrelated,
    /// A datagram for a port that is not bound.
    NoSuchPort,
    /// The receive queue of the port is full.
    QueueFull,
    /// An acknowledgment with no new information while our FIN is all that is in flight.
    DuplicateAck,
    /// A reset where there is no connection.
    StrayReset,
    /// A segment that may belong to a handshake answered by a cookie, but does not complete it: the one that does will
    /// be sent again.
    CookieIncomplete,
    /// A fragment of a datagram, which this node does not reassemble.
    Fragment,
    /// An EtherType or IP protocol that this node does not speak.
    UnknownProtocol,
    /// The peer's hardware address was not resolved in time, or too many others were waiting for theirs.
    Unresolved,
    /// Neither a network nor a gateway of this node leads there.
    NoRoute,
    /// The device could not take the frame.
    DeviceFull,
    /// Our own SYN has not left yet: nothing that arrives can answer it.
    BeforeOurSyn,
    /// A source route, which this node does not follow.
    SourceRoute,
    /// An IPv6 extension header, or an option in one, that must be understood and is not.
    ExtensionHeader,
    /// The frame, or the answer to it, is longer than there is room for.
    TooLong,
    /// Fragments of a datagram overlap or contradict each other: all of it is discarded (RFC 5722).
    FragmentOverlap,
    /// The rest of a datagram did not arrive in time.
    FragmentTimeout,
    /// A reply about a hardware address that was not requested.
    Unasked,
    /// A datagram that gets no answer, because an answer would reach somebody who did not ask, or start an endless
    /// exchange: it is from a service's port, or not addressed to this node alone.
    Unanswerable,
}

/// What can be exhausted. Each is bounded, and exhaustion is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Resource {
    /// Every connection is in use.
    Connections,
    /// The backlog of a port is full.
    Backlog,
    /// A TIME-WAIT entry was discarded early.
    TimeWaits,
    /// Room for datagrams that wait to be sent.
    Datagrams,
    /// Ephemeral ports.
    Ports,
    /// A datagram was discarded before all its fragments had arrived.
    Fragments,
    /// One address's share of handshakes, or of waiting places, while others wait.
    Share,
}
