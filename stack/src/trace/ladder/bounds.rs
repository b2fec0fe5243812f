//! How much of a ladder one call draws.

/// How far to draw.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    // A value: whoever is given one reads all of it.
    /// The number of the first record that is not drawn.
    pub(super) until: u64,
    /// How many records at most.
    pub(super) records: u64,
}

impl Bounds {
    pub(super) const NONE: Self = Self {
        until: u64::MAX,
        records: u64::MAX,
    };
}
