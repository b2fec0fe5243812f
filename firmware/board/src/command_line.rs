//! What a program on a board is told when it starts, by a debugger or by QEMU.

use core::fmt::{self, Display, Formatter};

/// The longest line, in octets.
pub const MAX: usize = 320;

/// Why a line from outside is left out, with all the options in it: a part of it would be a board set up
/// in a way that nobody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTaken {
    /// It is longer than [`MAX`]; or there is a debugger, and it has none.
    TooLong,
    /// It is not UTF-8.
    NotText,
}

impl Display for NotTaken {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the line has more than 320 octets, or there is none",
            Self::NotText => "the line is not UTF-8",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_hears_of_a_line_that_is_too_long_hears_how_long_it_may_be() {
        let said = std::format!("{}", NotTaken::TooLong);
        assert!(said.contains(&std::format!("more than {MAX} octets")));
    }
}
