//! The Linux program.
#![forbid(unsafe_code)]
#![allow(
    unreachable_pub,
    reason = "a program has no users of its items; `pub` says what leaves a module"
)]
#![allow(
    missing_docs,
    reason = "help texts and error sentences say what these mean"
)]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
