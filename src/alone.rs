//! The program where there are no TAPs: its laboratory, and the ladders of captures.

#[path = "cli/colours.rs"]
mod colours;
#[path = "cli/lab/mod.rs"]
mod lab;
#[path = "cli/ladder/mod.rs"]
mod ladder;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use lab::arguments::LabArguments;
use ladder::arguments::LadderArguments;

/// The laboratory of smolchat: questions about TCP and UDP, answered by experiments, and captures drawn.
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
    /// Draws the TCP connections of a capture file
    #[command(long_about = ladder::arguments::ABOUT, after_long_help = ladder::arguments::EXAMPLES)]
    Ladder(LadderArguments),
}

/// Runs the program on its arguments, as the whole one does.
pub fn main() -> ExitCode {
    let failed = match Arguments::parse().command {
        Command::Lab(arguments) => lab::run(&arguments, &mut Arguments::command())
            .err()
            .map(|failed| failed.to_string()),
        Command::Ladder(arguments) => ladder::draw(&arguments)
            .err()
            .map(|failed| failed.to_string()),
    };
    match failed {
        None => ExitCode::SUCCESS,
        Some(failed) => {
            // Where this cannot be said either, the status says it.
            let _ = writeln!(std::io::stderr(), "error: {failed}");
            ExitCode::FAILURE
        }
    }
}
