//! Counted things in text, singular or plural.

use core::fmt;

/// A number of things: `1 message`, `2 messages`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(pub u64, pub &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(count, thing) = self;
        let end = if *count == 1 { "" } else { "s" };
        write!(f, "{count} {thing}{end}")
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn only_one_thing_is_no_plural() {
        let said = [0, 1, 2, 11, u64::MAX].map(|count| Count(count, "octet").to_string());
        assert_eq!(said[..3], ["0 octets", "1 octet", "2 octets"]);
        assert_eq!(said[3..], ["11 octets", "18446744073709551615 octets"]);
    }
}
