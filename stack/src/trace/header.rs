//! The fields of a TCP header that the journal keeps: numbers, control bits, and which options.

use core::fmt;

use super::seq_number::SeqNumber;

/// The control bits of a segment (RFC 9293 section 3.1), all eight of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(u8);

impl Flags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronize sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// Push function.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment field is significant.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer field is significant.
    pub const URG: Self = Self(0x20);
    /// The network signalled congestion; on a SYN: explicit congestion notification is supported (RFC 3168).
    pub const ECE: Self = Self(0x40);
    /// The congestion window is reduced (RFC 3168).
    pub const CWR: Self = Self(0x80);

    /// The flags in an octet as it appears on the wire (octet 13 of the TCP header).
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// The octet as it appears on the wire.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The union of both sets.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The flags of this set that are not in `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether more than one of SYN, FIN and RST is set.
    pub const fn contradict(self) -> bool {
        let one_of = Self::SYN.with(Self::FIN).with(Self::RST);
        (self.0 & one_of.0).count_ones() > 1
    }

    /// Whether every flag of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl fmt::Display for Flags {
    /// Writes the flags as a reader of captures expects them: `SYN,ACK`, `FIN,PSH,ACK`, `-` if none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(Flags, &str); 8] = [
            (Flags::SYN, "SYN"),
            (Flags::FIN, "FIN"),
            (Flags::RST, "RST"),
            (Flags::PSH, "PSH"),
            (Flags::ACK, "ACK"),
            (Flags::URG, "URG"),
            (Flags::ECE, "ECE"),
            (Flags::CWR, "CWR"),
        ];
        let mut separator = "";
        for (flag, name) in NAMES {
            if self.contains(flag) {
                write!(f, "{separator}{name}")?;
                separator = ",";
            }
        }
        if separator.is_empty() {
            f.write_str("-")?;
        }
        Ok(())
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Flags {
    fn format(&self, f: defmt::Formatter<'_>) {
        // Each name is a text of its own that stays here: one that is handed over is sent, and comes in quotes.
        macro_rules! names {
            ($($flag:ident $name:literal)*) => {
                let mut first = true;
                $(if self.contains(Self::$flag) {
                    if !first {
                        defmt::write!(f, ",");
                    }
                    first = false;
                    defmt::write!(f, $name);
                })*
                if first {
                    defmt::write!(f, "-");
                }
            };
        }
        names!(SYN "SYN" FIN "FIN" RST "RST" PSH "PSH" ACK "ACK" URG "URG" ECE "ECE" CWR "CWR");
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The fields of one TCP header, as they appear on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Header {
    /// SEG.SEQ, absolute.
    pub seq: SeqNumber,
    /// SEG.ACK, absolute; meaningless without [`Flags::ACK`].
    pub ack: SeqNumber,
    /// The control bits.
    pub flags: Flags,
    /// Octets of payload, not counting SYN and FIN.
    pub len: u16,
    /// The window field as it appears on the wire, unscaled.
    pub window: u16,
    /// Maximum segment size option; 0 if absent.
    pub mss: u16,
    /// The other options: window scale, SACK permitted, SACK, timestamps.
    pub options: Options,
}

/// Which TCP options a segment carried besides the maximum segment size: in one octet, because the journal keeps very
/// many of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Options(u8);

impl Options {
    /// The four bits of the shift count.
    const SHIFT: u8 = 0x0f;
    const SCALE: u8 = 0x10;
    const SACK_PERMITTED: u8 = 0x20;
    const SACK: u8 = 0x40;
    const TIMESTAMPS: u8 = 0x80;

    /// The same with a window scale; a shift count above 14 counts as 14 (RFC 7323 section 2.3).
    pub const fn with_scale(self, shift: u8) -> Self {
        let shift = if shift > 14 { 14 } else { shift };
        Self(self.0 & !Self::SHIFT | Self::SCALE | shift)
    }

    /// The same with SACK permitted.
    pub const fn with_sack_permitted(self) -> Self {
        Self(self.0 | Self::SACK_PERMITTED)
    }

    /// The same with at least one SACK block.
    pub const fn with_sack(self) -> Self {
        Self(self.0 | Self::SACK)
    }

    /// The same with timestamps.
    pub const fn with_timestamps(self) -> Self {
        Self(self.0 | Self::TIMESTAMPS)
    }

    /// The shift count of the window scale option, on a SYN (RFC 7323).
    pub const fn scale(self) -> Option<u8> {
        if self.0 & Self::SCALE == 0 {
            None
        } else {
            Some(self.0 & Self::SHIFT)
        }
    }

    /// SACK permitted (RFC 2018), on a SYN.
    pub const fn sack_permitted(self) -> bool {
        self.0 & Self::SACK_PERMITTED != 0
    }

    /// At least one SACK block (RFC 2018).
    pub const fn sack(self) -> bool {
        self.0 & Self::SACK != 0
    }

    /// Timestamps (RFC 7323).
    pub const fn timestamps(self) -> bool {
        self.0 & Self::TIMESTAMPS != 0
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("scale", &self.scale())
            .field("sack_permitted", &self.sack_permitted())
            .field("sack", &self.sack())
            .field("timestamps", &self.timestamps())
            .finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Options {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "Options {{ scale: {}, sack_permitted: {=bool}, sack: {=bool}, timestamps: {=bool} }}",
            self.scale(),
            self.sack_permitted(),
            self.sack(),
            self.timestamps()
        );
    }
}

impl Header {
    /// SEG.LEN: octets of sequence space, counting SYN and FIN (RFC 9293 section 3.3.1).
    pub const fn sequence_len(&self) -> u32 {
        self.len as u32
            + self.flags.contains(Flags::SYN) as u32
            + self.flags.contains(Flags::FIN) as u32
    }

    /// The sequence number after the last one that this segment occupies.
    pub fn end(&self) -> SeqNumber {
        self.seq + self.sequence_len()
    }
}
