//! A token bucket in one time stamp, for one member and for each of many sources.

use managed::ManagedSlice;
use smoltcp::time::{Duration, Instant};

use crate::origin::Origin;

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

    /// In how many microseconds so many tokens come.
    fn micros_for(self, tokens: u32) -> u64 {
        self.every.total_micros().saturating_mul(tokens.into())
    }
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

    /// The same, but so that there are as many tokens at least.
    fn with(self, now: Instant, rate: Rate, tokens: u32) -> Self {
        let missing = rate.micros_for(rate.burst.saturating_sub(tokens));
        Self {
            full_at: self.full_at.min(now + Duration::from_micros(missing)),
        }
    }

    /// Takes one token, if there is one.
    pub(super) fn take(&mut self, now: Instant, rate: Rate) -> bool {
        self.take_many(now, rate, 1)
    }

    /// Takes so many tokens, if there are as many.
    fn take_many(&mut self, now: Instant, rate: Rate, tokens: u32) -> bool {
        let full_at = self.full_at.max(now) + rate.every * tokens;
        let allowed = (full_at - now).total_micros() <= rate.micros_for(rate.burst);
        if allowed {
            self.full_at = full_at;
        }
        allowed
    }
}

/// A bucket of one origin among many.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    origin: Origin,
    bucket: Bucket,
    /// What members took who left.
    left: Bucket,
    /// When it was told last that it takes too much.
    told: Instant,
}

/// How often an origin is told that it takes too much: there may be others behind it.
const TELL_AGAIN: Duration = Duration::from_secs(1);

/// What became of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// There was enough.
    Enough,
    /// There was not, which is to be told.
    TooMuch,
    /// There was not, which was told just now.
    Silence,
}

impl Source {
    /// Nobody's; for building arrays.
    pub const EMPTY: Self = Self {
        origin: Origin::NOWHERE,
        bucket: Bucket::full(Instant::ZERO),
        left: Bucket::full(Instant::ZERO),
        told: Instant::ZERO,
    };

    /// When nothing of it has to be remembered any more.
    fn paid_at(&self) -> Instant {
        self.bucket.full_at.max(self.left.full_at)
    }
}

/// A bucket for each of the origins that took most of late. Who is new finds a full one, however many
/// others there are; who takes much is remembered until it is paid for, unless that many others took
/// more.
pub(super) struct Sources<'a>(pub(super) ManagedSlice<'a, Source>);

impl Sources<'_> {
    /// Takes tokens from an origin's bucket, if there are as many.
    pub(super) fn take(&mut self, now: Instant, origin: Origin, rate: Rate, tokens: u32) -> Taken {
        let Some(at) = self.place_of(origin) else {
            return Taken::Silence;
        };
        let source = &mut self.0[at];
        if source.origin != origin {
            *source = Source {
                origin,
                bucket: Bucket::full(now),
                left: Bucket::full(now),
                told: now - TELL_AGAIN,
            };
        }
        if source.bucket.take_many(now, rate, tokens) {
            return Taken::Enough;
        }
        if now < source.told + TELL_AGAIN {
            return Taken::Silence;
        }
        source.told = now;
        Taken::TooMuch
    }

    /// The bucket of somebody new: what others of its origin took before is taken, but for so many tokens.
    pub(super) fn bucket(&self, now: Instant, origin: Origin, rate: Rate, tokens: u32) -> Bucket {
        let mut known = self.0.iter().filter(|source| source.origin == origin);
        let bucket = known.next().map_or(Bucket::full(now), |it| it.left);
        bucket.with(now, rate, tokens)
    }

    /// Somebody of an origin left with this bucket: whoever comes from there does not begin anew.
    pub(super) fn remember(&mut self, origin: Origin, bucket: Bucket) {
        let Some(at) = self.place_of(origin) else {
            return;
        };
        let source = &mut self.0[at];
        if source.origin != origin && bucket.full_at > source.paid_at() {
            *source = Source {
                origin,
                ..Source::EMPTY
            };
        }
        if source.origin == origin && bucket.full_at > source.left.full_at {
            source.left = bucket;
        }
    }

    /// The place of an origin, or of who took least.
    fn place_of(&self, origin: Origin) -> Option<usize> {
        let known = self.0.iter().position(|source| source.origin == origin);
        known.or_else(|| self.least())
    }

    /// The place of who took least.
    fn least(&self) -> Option<usize> {
        (0..self.0.len()).min_by_key(|&at| self.0[at].paid_at())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

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

    #[test]
    fn who_is_new_finds_a_full_bucket_and_who_took_much_is_remembered_among_any_number_of_others() {
        let rate = Rate {
            burst: 4,
            every: Duration::from_secs(1),
        };
        let mut sources = Sources(ManagedSlice::Owned(vec![Source::EMPTY; 3]));
        let now = Instant::from_secs(100);
        let greedy = Origin::of_v4([10, 0, 0, 1]);
        let enough = |taken| taken == Taken::Enough;
        assert!((0..4).all(|_| enough(sources.take(now, greedy, rate, 1))));
        for host in 0..1000_u32 {
            let other = Origin::of_v4(host.to_be_bytes());
            assert!(enough(sources.take(now, other, rate, 1)), "{host}");
            assert!(!enough(sources.take(now, greedy, rate, 1)), "{host}");
        }
        let later = now + Duration::from_secs(1);
        assert!(!enough(sources.take(later, greedy, rate, 2)));
        assert!(enough(sources.take(later, greedy, rate, 1)));
    }
}
