//! The program where there are no TAPs: its laboratory alone.

#[path = "cli/lab/mod.rs"]
mod lab;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use lab::arguments::LabArguments;

/// The laboratory of smolchat: questions about TCP and UDP, answered by experiments.
#[derive(Debug, Parser)]
#[command(
    name = "smolchat",
    version,
    propagate_version = true,
    max_term_width = 100
)]
#[command(after_help = "Start with:  smolchat lab")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answers a question about TCP or UDP by an experiment on two nodes in memory
    #[command(long_about = lab::arguments::ABOUT, after_long_help = lab::arguments::EXAMPLES)]
    Lab(LabArguments),
}

/// Runs the program on its arguments, as the whole one does.
pub fn main() -> ExitCode {
    let Command::Lab(arguments) = Arguments::parse().command;
    match lab::run(&arguments, &mut Arguments::command()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            // Where this cannot be said either, the status says it.
            let _ = writeln!(std::io::stderr(), "error: {failed}");
            ExitCode::FAILURE
        }
    }
}
