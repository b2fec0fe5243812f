//! The program: on Linux all of it, elsewhere its laboratory.
#![forbid(unsafe_code)]
#![allow(
    unreachable_pub,
    reason = "a program has no users of its items; `pub` says what leaves a module"
)]
#![allow(
    missing_docs,
    reason = "help texts and error sentences say what these mean"
)]

#[cfg(not(feature = "linux"))]
mod alone;
#[cfg(feature = "linux")]
mod cli;

#[cfg(not(feature = "linux"))]
use alone as cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
