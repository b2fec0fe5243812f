//! What a program says once and for all, and the failure to say it.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// What was said could not be written.
#[derive(Debug, thiserror::Error)]
#[error("what was said could not be written to standard {stream}: {error}")]
pub struct NotSaid {
    stream: String,
    error: io::Error,
}

impl NotSaid {
    /// The failure of a stream, such as `output`.
    pub fn new(stream: &impl Display, error: io::Error) -> Self {
        Self {
            stream: stream.to_string(),
            error,
        }
    }
}

/// Says something on standard output, all at once. A reader that went is no failure.
///
/// # Errors
/// When it could not be written.
pub fn print(text: &str) -> Result<(), NotSaid> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(NotSaid::new(&"output", error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
