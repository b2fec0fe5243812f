//! The octets of a packet, the last of which a snapshot length may have cut off.

use super::LeftOut;

/// A packet, or the rest of one behind some headers: what was captured of it, and how long it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Octets<'p> {
    captured: &'p [u8],
    len: usize,
}

impl<'p> Octets<'p> {
    /// The octets that were captured of `len`.
    pub(super) fn new(captured: &'p [u8], len: usize) -> Self {
        Self {
            captured: &captured[..captured.len().min(len)],
            len,
        }
    }

    /// How many there were on the wire.
    pub(super) const fn len(self) -> usize {
        self.len
    }

    /// Those that were captured.
    pub(super) const fn captured(self) -> &'p [u8] {
        self.captured
    }

    /// The octets from `at` on.
    pub(super) fn array<const N: usize>(self, at: usize) -> Result<[u8; N], LeftOut> {
        let end = at.saturating_add(N);
        match self.captured.get(at..end).map(TryInto::try_into) {
            Some(Ok(octets)) => Ok(octets),
            _ if end <= self.len => Err(LeftOut::Cut),
            _ => Err(LeftOut::Malformed),
        }
    }

    /// The number of 16 bits at `at`, in network order.
    pub(super) fn u16(self, at: usize) -> Result<u16, LeftOut> {
        self.array(at).map(u16::from_be_bytes)
    }

    /// What stands behind the first `count`.
    pub(super) fn skip(self, count: usize) -> Result<Self, LeftOut> {
        let len = self.len.checked_sub(count).ok_or(LeftOut::Malformed)?;
        let captured = self.captured.get(count..).unwrap_or_default();
        Ok(Self { captured, len })
    }

    /// The first `count`, or all of them if there are not as many.
    pub(super) fn first(self, count: usize) -> Self {
        Self::new(self.captured, self.len.min(count))
    }
}
