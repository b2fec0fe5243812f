//! A token bucket in one time stamp.

use smoltcp::time::{Duration, Instant};

/// How much a member may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Messages at once, after a silence.
    pub burst: u32,
    /// One more after each of these.
    pub every: Duration,
}

impl Rate {
    /// Everything is allowed.
    pub const UNLIMITED: Self = Self {
        burst: u32::MAX,
        every: Duration::ZERO,
    };
}

/// The bucket, kept as the instant at which it is full again (the generic cell rate algorithm).
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    full_at: Instant,
}

impl Bucket {
    pub(super) const fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// Takes one token, if there is one.
    pub(super) fn take(&mut self, now: Instant, rate: Rate) -> bool {
        let full_at = self.full_at.max(now) + rate.every;
        let depth = rate
            .every
            .total_micros()
            .saturating_mul(u64::from(rate.burst));
        let allowed = (full_at - now).total_micros() <= depth;
        if allowed {
            self.full_at = full_at;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_then_one_for_each_interval() {
        let rate = Rate {
            burst: 3,
            every: Duration::from_millis(500),
        };
        let start = Instant::from_secs(5);
        let mut bucket = Bucket::full(start);
        let mut take = |millis| bucket.take(start + Duration::from_millis(millis), rate);
        assert_eq!(
            [take(0), take(0), take(0), take(0)],
            [true, true, true, false]
        );
        assert_eq!([take(499), take(500), take(500)], [false, true, false]);
        assert_eq!(
            [take(60_000), take(60_000), take(60_000), take(60_000)],
            [true, true, true, false]
        );
    }

    #[test]
    fn an_unlimited_rate_refuses_nothing() {
        let mut bucket = Bucket::full(Instant::ZERO);
        assert!((0..10_000).all(|_| bucket.take(Instant::ZERO, Rate::UNLIMITED)));
    }
}
