//! The packets that are in no ladder, although they may contain a segment.

use std::collections::BTreeMap;
use std::fmt;

/// Why a packet is in no ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// The format before the IP header is unknown: the number of the link type.
    LinkType(u16),
    /// It belongs to an interface that the pcapng file does not describe.
    Interface,
    /// A snapshot length cut it before the flags of its TCP header.
    Cut,
    /// Its lengths contradict each other.
    Malformed,
    /// A fragment of an IP packet of which other fragments are missing.
    Fragment,
    /// As many connections or segments are kept as there may be.
    Full,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkType(number) => write!(f, "link type {number} is not known"),
            Self::Interface => f.write_str("their interface is not described in the file"),
            Self::Cut => f.write_str("cut before the end of their headers; capture longer ones"),
            Self::Malformed => f.write_str("malformed"),
            Self::Fragment => f.write_str("fragments, and other fragments are missing"),
            Self::Full => f.write_str("no more are kept at once"),
        }
    }
}

/// How many packets were left out, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOuts(BTreeMap<LeftOut, u64>);

impl LeftOuts {
    pub(super) fn add(&mut self, why: LeftOut, packets: u64) {
        if packets > 0 {
            let count = self.0.entry(why).or_default();
            *count = count.saturating_add(packets);
        }
    }

    /// Each reason that occurred, with the number of packets that it left out.
    pub fn iter(&self) -> impl Iterator<Item = (LeftOut, u64)> {
        self.0.iter().map(|(&why, &packets)| (why, packets))
    }
}

impl fmt::Display for LeftOuts {
    /// A line for each reason, and nothing if there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter()
            .try_for_each(|(why, packets)| writeln!(f, "packets left out: {packets} ({why})"))
    }
}
