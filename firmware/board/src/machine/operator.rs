//! Writing to the operator from anywhere in the program.

use core::fmt::{self, Write};

use super::interrupt::with_console;

/// The console as a `Write`. It never waits and never fails: what there is no room for is counted.
pub struct Operator;

impl Write for Operator {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        with_console(|console| console.write_str(text))
    }
}

/// Writes a line to the operator.
#[macro_export]
macro_rules! say {
    ($($arguments:tt)*) => {{
        // The console never fails.
        let _ = core::fmt::Write::write_fmt(
            &mut $crate::machine::operator::Operator,
            format_args!("{}\n", format_args!($($arguments)*)),
        );
    }};
}
