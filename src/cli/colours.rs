//! What can be asked of everything that draws ladders: words, languages and colours.

use std::env;

use clap::Args;
use smolchat::lang::Lang;
use smolchat::trace::Style;

/// For what is nothing without its ladders, too.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct ColourArguments {
    /// Say below each row of a ladder what it means, and what caused it
    #[arg(long)]
    pub explain: bool,
    /// The language of ladders and explanations: en or zh [default: what LC_ALL, LC_MESSAGES or LANG says]
    #[arg(long, value_name = "LANG", value_parser = lang)]
    pub lang: Option<Lang>,
    /// From when times are counted: shared, one start for everything, or own, each connection's first event
    /// [default: shared; own for a capture]
    #[arg(long, value_name = "CLOCK", value_parser = clock)]
    pub clock: Option<Timing>,
    /// Leave out what the segments say
    #[arg(long)]
    pub no_text: bool,
    /// No colours, as when NO_COLOR is set or the output is no terminal
    #[arg(long)]
    pub no_color: bool,
}

impl ColourArguments {
    /// How ladders are drawn: in colours if that is wanted and they go to a terminal.
    pub fn style(&self, is_terminal: bool) -> Style {
        let unwanted = self.no_color
            || env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || !is_terminal;
        let style = if unwanted { Style::PLAIN } else { Style::ANSI };
        language(self.lang).style(&style)
    }

    /// The language in which each row is explained, if that was asked for.
    pub fn explained(&self) -> Option<Lang> {
        self.explain.then(|| language(self.lang))
    }
}

/// The language that was asked for, or the one of the environment.
pub fn language(asked: Option<Lang>) -> Lang {
    asked.unwrap_or_else(Lang::of_environment)
}

pub fn lang(text: &str) -> Result<Lang, String> {
    let known = Lang::ALL.map(Lang::code).join(" or ");
    Lang::of_code(text).ok_or_else(|| format!("there is no such language here; give {known}"))
}

/// From when times are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// From one start, for all connections and whatever else happens.
    Shared,
    /// From the first event of each connection.
    Own,
}

pub fn clock(text: &str) -> Result<Timing, String> {
    match text {
        "shared" => Ok(Timing::Shared),
        "own" => Ok(Timing::Own),
        _ => Err("a clock is shared (one start for everything) or own (each connection's)".into()),
    }
}
