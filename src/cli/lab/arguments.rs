//! What can be asked of the laboratory, and the help from which a person learns it.

use std::path::PathBuf;

use clap::Args;
use smolchat::lang::Lang;
use smolchat::picture::Format;
use smoltcp::time::Duration;

use super::values;

#[derive(Debug, Args)]
pub struct LabArguments {
    /// The experiment, or list
    #[arg(value_name = "NAME", default_value = "list")]
    pub name: String,
    /// Show one row at a time: Enter the next, b back, ? explains, q ends
    #[arg(long)]
    pub step: bool,
    /// As what: text; explain, with a sentence for each row; svg, a picture; mermaid, for code hosts; json, a line an
    /// event; dot, the states for Graphviz
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = values::format)]
    pub format: Format,
    /// Maximum segment lifetime, from 1s to 2min
    #[arg(long, value_name = "TIME", value_parser = values::msl)]
    pub msl: Option<Duration>,
    /// Which message is lost, from 1 to 3
    #[arg(long, value_name = "NUMBER", value_parser = values::loss)]
    pub loss: Option<u64>,
    /// How many times in a row it is lost, from 1 to 4
    #[arg(long, value_name = "COUNT", value_parser = values::drop)]
    pub drop: Option<u64>,
    /// The time from one end to the other, from 1ms to 100ms
    #[arg(long, value_name = "TIME", value_parser = values::delay)]
    pub delay: Option<Duration>,
    /// The seed of every random choice
    #[arg(long, value_name = "NUMBER", value_parser = values::seed)]
    pub seed: Option<u64>,
    /// The language: en or zh [default: that of LC_ALL, LC_MESSAGES or LANG]
    #[arg(long, value_name = "CODE", value_parser = values::language)]
    pub lang: Option<Lang>,
    /// Write every frame to this file as it was sent, for Wireshark (pcapng); its row is its comment; - is
    /// standard output
    #[arg(long, value_name = "FILE")]
    pub pcap: Option<PathBuf>,
    /// No colours, as when NO_COLOR is set or the output is no terminal
    #[arg(long)]
    pub no_color: bool,
}

pub const ABOUT: &str = "\
Answers a question about TCP or UDP by an experiment on two nodes in memory.

Without a NAME, or with list, the questions are listed. With one, the experiment is done, on a virtual clock \
and in less than a second; it shows the ladder with the states of both ends, the answer with the rows that \
prove it, what the RFC says, and how to see the same with a kernel. Each sentence of an answer is checked on \
what was measured.";

pub const EXAMPLES: &str = "\
Examples:
  smolchat lab                           the questions
  smolchat lab without-accept            one of them
  smolchat lab lost-syn --drop 3 --step  with three losses, row by row
  smolchat lab simultaneous-close --format svg > crossing.svg
  smolchat lab half-close --pcap half-close.pcapng --lang zh";
