//! Which of the node's slots is meant.

/// A connection's slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct SlotId(u16);

impl SlotId {
    /// As many slots as there can be: the queues need one number for none.
    pub(super) const MOST: usize = u16::MAX as usize - 1;

    /// The slot with this number, which is at most [`Self::MOST`].
    pub(super) const fn new(number: usize) -> Self {
        Self(number as u16)
    }

    pub(super) const fn number(self) -> usize {
        self.0 as usize
    }
}
