//! Times that no sum and no difference of theirs can break: a journal may come from a file, and a file
//! may hold any time at all.

use core::fmt;
use smoltcp::time::{Duration, Instant};

/// The time `span` after `at`, or the last one there is.
pub(super) fn later(at: Instant, span: Duration) -> Instant {
    let micros = at.total_micros();
    let span = i64::try_from(span.total_micros()).unwrap_or(i64::MAX);
    Instant::from_micros(micros.saturating_add(span))
}

/// What passed from `start` to `end`; nothing if that is not later.
pub(super) fn between(start: Instant, end: Instant) -> Duration {
    if end <= start {
        return Duration::ZERO;
    }
    // The whole range of 64 bits lies between the first time there is and the last.
    Duration::from_micros(end.total_micros().abs_diff(start.total_micros()))
}

/// A length of time in words: `60.0 s`, `250 ms`.
pub(super) struct Span(pub(super) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.total_millis();
        if millis < 1000 {
            write!(f, "{millis} ms")
        } else {
            write!(f, "{}.{} s", millis / 1000, millis / 100 % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Instant = Instant::from_micros_const(i64::MIN);
    const LAST: Instant = Instant::from_micros_const(i64::MAX);

    #[test]
    fn nothing_is_later_than_the_last_time() {
        let longest = Duration::from_micros(u64::MAX);
        assert_eq!(later(LAST, Duration::from_micros(1)), LAST);
        assert_eq!(later(Instant::ZERO, longest), LAST);
        assert_eq!(later(FIRST, longest), Instant::from_micros(-1));
    }

    #[test]
    fn any_two_times_have_something_between_them() {
        assert_eq!(between(FIRST, LAST), Duration::from_micros(u64::MAX));
        assert_eq!(between(LAST, FIRST), Duration::ZERO);
        assert_eq!(between(LAST, LAST), Duration::ZERO);
    }
}
