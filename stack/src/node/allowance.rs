//! How much is said in a second to all strangers together.
//!
//! A bound that never changes tells whoever uses it up how much others were told in the same second, and so
//! what those do (CVE-2020-25705). This one is drawn anew for each second, from a secret: between half of
//! what is allowed at most and all of it.

use core::hash::Hasher;

use smoltcp::time::Instant;

use super::sip::Sip;

/// What may still be said in this second.
pub(super) struct Allowance {
    hasher: Sip,
    second: i64,
    left: u16,
}

impl Allowance {
    /// Nothing was said yet; draws with `key`.
    pub(super) fn new(key: [u8; 16]) -> Self {
        Self {
            hasher: Sip::new_with_key(&key),
            second: -1,
            left: 0,
        }
    }

    /// Uses up one answer of at most `per_second`; `false` if none is left.
    pub(super) fn take(&mut self, now: Instant, per_second: u16) -> bool {
        let second = now.total_micros().div_euclid(1_000_000);
        if second != self.second {
            self.second = second;
            let mut hasher = self.hasher;
            hasher.write_i64(second);
            let held_back = hasher.finish() % (u64::from(per_second) / 2 + 1);
            self.left = per_second - held_back as u16;
        }
        self.left = match self.left.checked_sub(1) {
            Some(left) => left,
            None => return false,
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn between_half_and_all_is_allowed_and_nobody_can_say_how_much() {
        let mut allowance = Allowance::new([7; 16]);
        let mut seen = BTreeSet::new();
        for second in 0..100 {
            let now = Instant::from_secs(second);
            let given = (0..300).filter(|_| allowance.take(now, 100)).count();
            assert!((50..=100).contains(&given), "{given}");
            seen.insert(given);
        }
        assert!(seen.len() > 30, "{seen:?}");
    }

    #[test]
    fn nothing_may_be_said_where_nothing_is_allowed() {
        assert!(!Allowance::new([7; 16]).take(Instant::ZERO, 0));
        assert!(Allowance::new([7; 16]).take(Instant::ZERO, 1));
    }
}
