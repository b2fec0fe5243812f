//! What a message means: something said, or a command.

use super::text::is_space;

/// The commands as every member is told them by `/help`.
#[cfg(feature = "ladder")]
pub const HELP: &str = "/nick NAME takes a name, /who lists the members, /msg NAME TEXT speaks to one of them, \
/me TEXT tells what you do, /states shows the connections, /ladder draws yours, /quit or q leaves";
/// The same, where no ladders are drawn.
#[cfg(not(feature = "ladder"))]
pub const HELP: &str = "/nick NAME takes a name, /who lists the members, /msg NAME TEXT speaks to one of them, \
/me TEXT tells what you do, /states shows the connections, /quit or q leaves";

/// What only the operator can do besides.
#[cfg(feature = "ladder")]
pub const OPERATOR_HELP: &str = "/ladder N draws a connection, /close N closes it, /abort N resets it, \
/kick NAME ends a membership, q ends the server";
/// The same, where no ladders are drawn.
#[cfg(not(feature = "ladder"))]
pub const OPERATOR_HELP: &str = "/close N closes a connection, /abort N resets it, /kick NAME ends a membership, q ends the server";

/// Whether ladders are drawn: otherwise there is no such command.
const LADDERS: bool = cfg!(feature = "ladder");

/// A message, understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command<'t> {
    /// For everybody.
    Say(&'t str),
    /// For everybody, as something the sender does.
    Me(&'t str),
    /// A new name.
    Nick(&'t str),
    /// Who is here.
    Who,
    /// For one member.
    Msg {
        /// The member's name.
        to: &'t str,
        /// What to tell it.
        text: &'t str,
    },
    /// The connections and their states.
    States,
    /// The ladder of a connection: the sender's own, or the one named (operator).
    Ladder(Option<u32>),
    /// What there is to say.
    Help,
    /// Good-bye.
    Quit,
    /// Proof of reachability, or the wish for a code.
    Join(&'t str),
    /// Close a connection (operator).
    Close(u32),
    /// Reset a connection (operator).
    Abort(u32),
    /// End a membership (operator).
    Kick(&'t str),
    /// A command that needs something behind it: how it is written.
    Incomplete(&'static str),
    /// No command of this name.
    Unknown(&'t str),
    /// Nothing at all.
    Nothing,
}

impl Command<'_> {
    /// Whether it is something for others to read.
    pub(super) const fn is_said(&self) -> bool {
        matches!(self, Self::Say(_) | Self::Me(_) | Self::Msg { .. })
    }
}

/// Understands one clean message.
///
/// `q` alone is [`Command::Quit`]; with anything else in the message it is something said. Two
/// slashes at the beginning say a text that begins with one.
pub(super) fn parse(message: &str) -> Command<'_> {
    if message == "q" {
        return Command::Quit;
    }
    let text = message.trim_matches(is_space);
    if text.is_empty() {
        return Command::Nothing;
    }
    let Some(command) = text.strip_prefix('/') else {
        return Command::Say(text);
    };
    if command.starts_with('/') {
        return Command::Say(command);
    }
    let (word, rest) = split(command);
    let number = || rest.parse::<u32>().ok();
    match word {
        "nick" if rest.is_empty() => Command::Incomplete("/nick NAME"),
        "nick" => Command::Nick(rest),
        "who" => Command::Who,
        "msg" => match split(rest) {
            (_, "") => Command::Incomplete("/msg NAME TEXT"),
            (to, text) => Command::Msg { to, text },
        },
        "me" if rest.is_empty() => Command::Incomplete("/me TEXT"),
        "me" => Command::Me(rest),
        "states" => Command::States,
        "ladder" if LADDERS && rest.is_empty() => Command::Ladder(None),
        "ladder" if LADDERS => number().map_or(Command::Incomplete("/ladder N"), |n| {
            Command::Ladder(Some(n))
        }),
        "help" => Command::Help,
        "quit" => Command::Quit,
        "join" => Command::Join(rest),
        "close" => number().map_or(Command::Incomplete("/close N"), Command::Close),
        "abort" => number().map_or(Command::Incomplete("/abort N"), Command::Abort),
        "kick" if rest.is_empty() => Command::Incomplete("/kick NAME"),
        "kick" => Command::Kick(rest),
        _ => Command::Unknown(word),
    }
}

/// The first word, and what follows it.
fn split(text: &str) -> (&str, &str) {
    text.split_once(is_space)
        .map_or((text, ""), |(word, rest)| {
            (word, rest.trim_start_matches(is_space))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_is_quit_only_when_it_is_the_whole_message() {
        assert_eq!(parse("q"), Command::Quit);
        assert_eq!(parse("/quit"), Command::Quit);
        for said in ["Q", "qq", "q!", "quit"] {
            assert_eq!(parse(said), Command::Say(said));
        }
        assert_eq!(parse(" q"), Command::Say("q"));
        assert_eq!(parse("q "), Command::Say("q"));
    }

    #[test]
    fn every_command_is_understood() {
        assert_eq!(parse("/nick 小明"), Command::Nick("小明"));
        assert_eq!(parse("/who"), Command::Who);
        assert_eq!(
            parse("/msg bob  how are you"),
            Command::Msg {
                to: "bob",
                text: "how are you"
            }
        );
        assert_eq!(parse("/me waves"), Command::Me("waves"));
        assert_eq!(parse("/states"), Command::States);
        assert_eq!(parse("/ladder"), Command::Ladder(None));
        assert_eq!(parse("/ladder 12"), Command::Ladder(Some(12)));
        assert_eq!(parse("/help"), Command::Help);
        assert_eq!(parse("/join k7m2p9qa"), Command::Join("k7m2p9qa"));
        assert_eq!(parse("/join"), Command::Join(""));
        assert_eq!(parse("/close 7"), Command::Close(7));
        assert_eq!(parse("/abort 7"), Command::Abort(7));
        assert_eq!(parse("/kick bob"), Command::Kick("bob"));
    }

    #[test]
    fn a_command_without_what_it_needs_says_how_it_is_written() {
        for (message, usage) in [
            ("/nick", "/nick NAME"),
            ("/msg", "/msg NAME TEXT"),
            ("/msg bob", "/msg NAME TEXT"),
            ("/msg bob  ", "/msg NAME TEXT"),
            ("/me", "/me TEXT"),
            ("/ladder x", "/ladder N"),
            ("/close", "/close N"),
            ("/close -1", "/close N"),
            ("/abort 99999999999", "/abort N"),
            ("/kick", "/kick NAME"),
        ] {
            assert_eq!(parse(message), Command::Incomplete(usage));
        }
    }

    #[test]
    fn what_is_no_command_is_said_or_named() {
        assert_eq!(parse(" hello  there "), Command::Say("hello  there"));
        assert_eq!(parse("//etc/passwd"), Command::Say("/etc/passwd"));
        assert_eq!(parse("/frobnicate it"), Command::Unknown("frobnicate"));
        assert_eq!(parse("/"), Command::Unknown(""));
        assert_eq!(parse("  "), Command::Nothing);
    }
}
