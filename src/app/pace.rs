//! How fast the room may go: see [`readers`](super::readers).

use smoltcp::time::{Duration, Instant};

/// What the room knows of its readers.
#[derive(Debug)]
pub(super) struct Pace {
    // Open to `readers`, which looks at all of them when this is not enough.
    /// No member's queue has less room than this.
    pub(super) room: usize,
    /// What is left in each queue for whoever speaks quietly.
    pub(super) kept: usize,
    /// Those wait who do not speak quietly.
    pub(super) wait: Wait,
    /// Those wait who do.
    pub(super) quiet_wait: Wait,
    /// Until when those wait who speak loud: somebody waits who does not.
    pub(super) first: Instant,
    /// Until when each says one line in turn: the room had to wait just now.
    pub(super) slow_until: Instant,
}

impl Pace {
    /// Nobody is here.
    pub(super) const fn new() -> Self {
        Self {
            room: usize::MAX,
            kept: 0,
            wait: Wait::NONE,
            quiet_wait: Wait::NONE,
            first: Instant::ZERO,
            slow_until: Instant::ZERO,
        }
    }

    /// Somebody came who has a queue of so many octets.
    pub(super) fn joined(&mut self, queue: usize) {
        self.kept = kept_of(queue);
    }

    /// A line was queued for somebody who has so much room left.
    pub(super) fn queued(&mut self, room: usize) {
        self.room = self.room.min(room);
    }

    /// Whether everybody has room for so many octets, whoever says them.
    pub(super) fn is_free(&self, now: Instant, octets: usize) -> bool {
        self.room >= octets.saturating_add(self.kept) && !self.wait.is_on(now)
    }
}

/// What is kept of a queue for whoever speaks quietly.
pub(super) const fn kept_of(queue: usize) -> usize {
    queue / 4
}

/// The room waits until its readers have read.
#[derive(Debug)]
pub(super) struct Wait {
    since: Instant,
    /// When somebody asked last. Whoever asks no more waits no more.
    asked: Option<Instant>,
}

impl Wait {
    const NONE: Self = Self {
        since: Instant::ZERO,
        asked: None,
    };

    /// After so long nobody waits who does not ask.
    const STALE: Duration = Duration::from_millis(250);

    /// Whether somebody waits.
    pub(super) fn is_on(&self, now: Instant) -> bool {
        self.asked.is_some_and(|at| now <= at + Self::STALE)
    }

    /// Whether it was looked just now how much everybody has read, and it was not enough.
    pub(super) fn was_asked_within(&self, now: Instant, time: Duration) -> bool {
        self.asked.is_some_and(|at| now < at + time)
    }

    /// Whether somebody has waited for so long.
    pub(super) fn has_lasted(&self, now: Instant, time: Duration) -> bool {
        self.is_on(now) && now >= self.since + time
    }

    /// Somebody asks, and has to wait.
    pub(super) fn go_on(&mut self, now: Instant) {
        if !self.is_on(now) {
            self.since = now;
        }
        self.asked = Some(now);
    }

    /// Nobody waits any more. Whether anybody did.
    pub(super) fn end(&mut self, now: Instant) -> bool {
        let was_on = self.is_on(now) && now > self.since;
        self.asked = None;
        was_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_no_more_waits_no_more() {
        let at = Instant::from_millis;
        let mut wait = Wait::NONE;
        wait.go_on(at(1_000));
        wait.go_on(at(1_200));
        assert!(wait.has_lasted(at(1_250), Duration::from_millis(250)));
        // Who asked is gone. Somebody else begins anew.
        assert!(!wait.is_on(at(1_451)));
        wait.go_on(at(2_000));
        assert!(!wait.has_lasted(at(2_249), Duration::from_millis(250)));
        assert!(wait.end(at(2_249)));
        assert!(!wait.is_on(at(2_249)));
    }
}
