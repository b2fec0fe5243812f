//! What can be typed at a client's console: one table, from which lines are understood and the help is made.
//!
//! A server has commands of its own, so most of what begins with a slash is for it. What stands here is
//! never sent: with a number behind it, as at the console of `serve`, it would be read by everybody.

use std::fmt::{self, Display, Formatter};

use smolchat::trace::ConnectionId;

/// A line, as it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed<'l> {
    /// For the server.
    Say(&'l [u8]),
    /// Here and now.
    Do(Action, Option<ConnectionId>),
    /// A number was wanted behind this: how it is written.
    Misspelled(Action),
    /// Only who runs the room can do this.
    OperatorOnly,
}

/// What the client does itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Help,
    States,
    Ladder,
    Why,
    Close,
    Abort,
    Quit,
}

struct Entry {
    word: &'static str,
    action: Action,
    /// What may stand behind it.
    rest: &'static str,
    does: &'static str,
}

const fn entry(
    word: &'static str,
    action: Action,
    rest: &'static str,
    does: &'static str,
) -> Entry {
    Entry {
        word,
        action,
        rest,
        does,
    }
}

const NUMBER: &str = " [N]";
/// The server has a command of the same name, which is asked for so.
const SERVERS: &str = " [server]";

const TABLE: [Entry; 7] = [
    entry(
        "/help",
        Action::Help,
        SERVERS,
        "tells this, or asks the server for its own",
    ),
    entry("/states", Action::States, "", "shows the connection"),
    entry("/ladder", Action::Ladder, NUMBER, "draws it"),
    entry("/why", Action::Why, NUMBER, "says how it stands"),
    entry("/close", Action::Close, NUMBER, "closes this side"),
    entry("/abort", Action::Abort, NUMBER, "resets"),
    entry("q", Action::Quit, "", "says q and closes"),
];

/// The command of the room's operator that could be meant for no connection of this client.
const OPERATORS: &str = "/kick";

/// Understands a line.
pub(super) fn understand(line: &[u8]) -> Typed<'_> {
    if line == b"q" {
        return Typed::Do(Action::Quit, None);
    }
    let words = std::str::from_utf8(line).unwrap_or_default();
    let mut words = words.split_whitespace();
    let word = words.next().unwrap_or_default();
    if word == OPERATORS {
        return Typed::OperatorOnly;
    }
    let mut commands = TABLE.iter().filter(|entry| entry.word.starts_with('/'));
    let Some(entry) = commands.find(|entry| entry.word == word) else {
        return Typed::Say(line);
    };
    match (entry.rest, words.next(), words.next()) {
        (SERVERS, Some("server"), None) => Typed::Say(entry.word.as_bytes()),
        (SERVERS, ..) => Typed::Do(entry.action, None),
        (NUMBER, Some(number), None) => match number.trim_start_matches('#').parse() {
            Ok(number) => Typed::Do(entry.action, Some(ConnectionId(number))),
            Err(_) => Typed::Misspelled(entry.action),
        },
        (_, None, _) => Typed::Do(entry.action, None),
        (_, Some(_), _) => Typed::Misspelled(entry.action),
    }
}

impl Display for Typed<'_> {
    /// Why a line is not sent, for those that are not done either.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::OperatorOnly => write!(
                f,
                "{OPERATORS} is for the operator of a room, at the console of serve; not sent."
            ),
            Self::Misspelled(action) => {
                let entry = TABLE.iter().find(|entry| entry.action == *action);
                let (word, rest) = entry.map_or(("", ""), |entry| (entry.word, entry.rest));
                let or = if rest.is_empty() { "" } else { ", N a number" };
                write!(f, "write {word}{rest}{or}; not sent.")
            }
            Self::Say(_) | Self::Do(..) => Ok(()),
        }
    }
}

/// The help of a client over TCP.
pub(super) struct Help;

impl Display for Help {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for Entry {
            word, rest, does, ..
        } in &TABLE
        {
            write!(f, "{word}{rest} {does}, ")?;
        }
        f.write_str("N being the number of a connection. Everything else goes to the server.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_done_here_with_a_number_or_without_and_others_are_said() {
        let one = Some(ConnectionId(1));
        for (line, typed) in [
            ("/help", Typed::Do(Action::Help, None)),
            ("/help me", Typed::Do(Action::Help, None)),
            ("/help server", Typed::Say(b"/help")),
            ("/states ", Typed::Do(Action::States, None)),
            ("/ladder", Typed::Do(Action::Ladder, None)),
            ("/ladder 1", Typed::Do(Action::Ladder, one)),
            ("/why 1", Typed::Do(Action::Why, one)),
            ("/close #1", Typed::Do(Action::Close, one)),
            (" /abort  1 ", Typed::Do(Action::Abort, one)),
            ("q", Typed::Do(Action::Quit, None)),
            ("/ladder x", Typed::Misspelled(Action::Ladder)),
            ("/close 1 2", Typed::Misspelled(Action::Close)),
            ("/states 1", Typed::Misspelled(Action::States)),
            ("/kick ann", Typed::OperatorOnly),
        ] {
            assert_eq!(understand(line.as_bytes()), typed, "{line}");
        }
        for line in ["", "q ", "hello /close", "/who", "/closed", "//close 1"] {
            assert_eq!(understand(line.as_bytes()), Typed::Say(line.as_bytes()));
        }
        assert_eq!(understand(b"/close \xff"), Typed::Say(b"/close \xff"));
    }

    #[test]
    fn the_help_has_every_command_and_what_is_not_sent_says_why() {
        assert_eq!(
            Help.to_string(),
            "/help [server] tells this, or asks the server for its own, /states shows the connection, /ladder [N] draws it, \
             /why [N] says how it stands, /close [N] closes this side, /abort [N] resets, q says q and closes, \
             N being the number of a connection. Everything else goes to the server."
        );
        for (line, why) in [
            ("/close x", "write /close [N], N a number; not sent."),
            ("/states 1", "write /states; not sent."),
            (
                "/kick ann",
                "/kick is for the operator of a room, at the console of serve; not sent.",
            ),
        ] {
            assert_eq!(understand(line.as_bytes()).to_string(), why);
        }
    }
}
