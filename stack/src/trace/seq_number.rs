//! Absolute sequence numbers. They wrap at 2³², so they are compared only as RFC 9293 section 3.4 says.
//!
//! A number relative to an initial one, as journal and ladder show it, is the number of octets between them: a `u32`.

use core::fmt;
use core::ops::{Add, Sub};

use smoltcp::wire::TcpSeqNumber;

/// A sequence or acknowledgment number as it appears on the wire.
///
/// ```
/// use smolhost::trace::SeqNumber;
///
/// let iss = SeqNumber::new(u32::MAX);
/// let next = iss + 1;
/// assert_eq!(next, SeqNumber::new(0));
/// assert!(iss.is_before(next) && next.is_at_most(next));
/// assert_eq!((next + 10).since(iss), 11);
/// ```
///
/// Neither comparison is an order: of three numbers a third of the space apart, each is before the next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SeqNumber(u32);

impl SeqNumber {
    /// The number with this value on the wire.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its value on the wire.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Whether it is before `other`: less than half the space away.
    pub const fn is_before(self, other: Self) -> bool {
        (self.0.wrapping_sub(other.0) as i32) < 0
    }

    /// Whether it is not after `other`.
    pub const fn is_at_most(self, other: Self) -> bool {
        !other.is_before(self)
    }

    /// How many octets lie between an earlier number and this one.
    pub const fn since(self, earlier: Self) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }
}

impl Add<u32> for SeqNumber {
    type Output = Self;

    fn add(self, octets: u32) -> Self {
        Self(self.0.wrapping_add(octets))
    }
}

impl Sub<u32> for SeqNumber {
    type Output = Self;

    fn sub(self, octets: u32) -> Self {
        Self(self.0.wrapping_sub(octets))
    }
}

impl From<u32> for SeqNumber {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

impl From<TcpSeqNumber> for SeqNumber {
    fn from(number: TcpSeqNumber) -> Self {
        Self(number.0.cast_unsigned())
    }
}

impl From<SeqNumber> for TcpSeqNumber {
    fn from(number: SeqNumber) -> Self {
        Self(number.0.cast_signed())
    }
}

impl fmt::Display for SeqNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for SeqNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for SeqNumber {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=u32}", self.0);
    }
}
