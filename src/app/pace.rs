//! How fast the room may go: see [`readers`](super::readers).

use smoltcp::time::Instant;

/// What the room knows of its readers.
#[derive(Debug)]
pub(super) struct Pace {
    // Open to `readers`, which looks at all of them when this is not enough.
    /// No member's queue has less room than this.
    pub(super) room: usize,
    /// Since when the room waits for a reader.
    pub(super) since: Option<Instant>,
    /// Until when each says one line in turn: the room had to wait just now.
    pub(super) slow_until: Instant,
}

impl Pace {
    /// Nobody is here.
    pub(super) const fn new() -> Self {
        Self {
            room: usize::MAX,
            since: None,
            slow_until: Instant::ZERO,
        }
    }

    /// A line was queued for somebody who has so much room left.
    pub(super) fn queued(&mut self, room: usize) {
        self.room = self.room.min(room);
    }
}
