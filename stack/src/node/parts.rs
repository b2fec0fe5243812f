//! Which parts are in the build: each is a feature of the crate. What is left out says so at its door, and the
//! compiler leaves out what is behind it. Where memory would be kept for nothing, the door has an empty twin.

/// SYNs wait for a free connection, and floods are answered by cookies.
pub(super) const SYN_QUEUE: bool = cfg!(feature = "syn-queue");

/// Neighbours are asked for their hardware addresses.
pub(super) const NEIGHBORS: bool = cfg!(feature = "neighbors");

/// Our addresses are probed, announced and defended.
pub(super) const CLAIMS: bool = cfg!(feature = "claims");

/// The application may have sockets of its own on the link.
pub(super) const OWN_SOCKETS: bool = cfg!(feature = "own-sockets");

/// Datagrams are read: for ports of ours, or for sockets of the application's own.
pub(super) const READS_UDP: bool = cfg!(feature = "udp") || OWN_SOCKETS;

/// Plain segments are read the straight way.
pub(super) const STRAIGHT_WAY: bool = cfg!(feature = "straight-way");

/// Segments that are just what is expected pass in one go, and plain datagrams are read the straight way.
pub(super) const ONE_PASS: bool = cfg!(feature = "one-pass");

/// The steps of a change of state are told.
pub(super) const JOURNAL: bool = cfg!(feature = "journal");

/// Echoes are answered, senders are told what is wrong, and what others say is wrong is heeded.
pub(super) const ICMP: bool = cfg!(feature = "icmp");
