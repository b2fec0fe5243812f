//! A token bucket in one time stamp, for one member and for each of many sources.

use managed::ManagedSlice;
use smoltcp::time::{Duration, Instant};

use crate::origin::Origin;

/// How much a member may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Messages that may come at once, after a silence.
    pub burst: u32,
    /// One more may come after each of these intervals.
    pub every: Duration,
}

impl Rate {
    /// No limit.
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

    /// How long it takes until everything that was taken has come again.
    pub(super) fn until_full(&self, now: Instant) -> Duration {
        self.full_at.max(now) - now
    }

    /// Whether there is a token.
    pub(super) fn has_one(&self, now: Instant, rate: Rate) -> bool {
        let mut bucket = *self;
        bucket.take(now, rate)
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
    /// An empty place, to fill arrays with.
    pub const EMPTY: Self = Self {
        origin: Origin::NOWHERE,
        bucket: Bucket::full(Instant::ZERO),
        told: Instant::ZERO,
    };
}

/// A bucket for each of the origins that took most of late. Who is new finds a full one, however many
/// others there are; who takes much is remembered until it is paid for, unless that many others took
/// more.
///
/// One part of [`LEFT`] is for those who left. They were members, so that they are who they say they are; strangers,
/// in whose name anybody can speak, have the rest and never that.
pub(super) struct Sources<'a>(pub(super) ManagedSlice<'a, Source>);

/// See [`Sources`].
const LEFT: usize = 4;

impl Sources<'_> {
    fn left(&self) -> &[Source] {
        &self.0[..self.0.len() / LEFT]
    }

    fn left_mut(&mut self) -> &mut [Source] {
        let len = self.0.len() / LEFT;
        &mut self.0[..len]
    }

    fn strangers(&self) -> &[Source] {
        &self.0[self.0.len() / LEFT..]
    }

    fn strangers_mut(&mut self) -> &mut [Source] {
        let from = self.0.len() / LEFT;
        &mut self.0[from..]
    }

    /// Takes tokens from an origin's bucket, if there are as many.
    pub(super) fn take(&mut self, now: Instant, origin: Origin, rate: Rate, tokens: u32) -> Taken {
        let Some(source) = place_of(self.strangers_mut(), origin) else {
            return Taken::Silence;
        };
        if source.origin != origin {
            *source = Source {
                origin,
                bucket: Bucket::full(now),
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
        let known = self.left().iter().find(|source| source.origin == origin);
        let bucket = known.map_or(Bucket::full(now), |it| it.bucket);
        bucket.with(now, rate, tokens)
    }

    /// Somebody of an origin left with this bucket: whoever comes from there does not begin anew.
    pub(super) fn remember(&mut self, origin: Origin, bucket: Bucket) {
        let Some(source) = place_of(self.left_mut(), origin) else {
            return;
        };
        if bucket.full_at > source.bucket.full_at {
            *source = Source {
                origin,
                bucket,
                told: Instant::ZERO,
            };
        }
    }

    /// How long it takes until everything that an origin's strangers and those who left took has come again.
    pub(super) fn until_full(&self, now: Instant, origin: Origin) -> Duration {
        let sources = [self.left(), self.strangers()].into_iter().flatten();
        sources
            .filter(|source| source.origin == origin)
            .fold(Duration::ZERO, |sum, it| sum + it.bucket.until_full(now))
    }
}

/// The place of an origin, or of who took least.
fn place_of(sources: &mut [Source], origin: Origin) -> Option<&mut Source> {
    let known = sources.iter().position(|source| source.origin == origin);
    let least = || (0..sources.len()).min_by_key(|&at| sources[at].bucket.full_at);
    let at = known.or_else(least)?;
    sources.get_mut(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Limits;
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
        let mut sources = Sources(ManagedSlice::Owned(vec![Source::EMPTY; 4]));
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

    #[test]
    fn what_strangers_take_in_any_number_of_names_makes_nobody_forgotten_who_left() {
        let rate = Limits::default().rate;
        let mut sources = Sources(ManagedSlice::Owned(vec![Source::EMPTY; 8]));
        let now = Instant::from_secs(100);
        let greedy = Origin::of_v4([10, 0, 0, 1]);
        let mut empty = Bucket::full(now);
        assert!(empty.take_many(now, rate, rate.burst));
        sources.remember(greedy, empty);
        for host in 0..1000_u32 {
            let other = Origin::of_v4(host.to_be_bytes());
            let take = || sources.take(now, other, Limits::default().stranger, 1);
            core::iter::repeat_with(take).take(20).for_each(drop);
        }
        let mut again = sources.bucket(now, greedy, rate, 1);
        assert!(again.take(now, rate) && !again.take(now, rate));
    }
}
