//! Every line that a member can see and that no member wrote.
//!
//! Each says what happened and, where something can be done, what to do next. None has a line end: the room adds LF for
//! members that read lines.

use core::fmt;

use super::command;
use super::framing::MESSAGE_MAX;
use super::name::{BadName, LETTERS, NAME_MAX};

/// Octets of the longest answer to a message that is not a command, preceded by the welcome.
pub const RECEIPT_MAX: usize = 192;

/// The answer to a member's message: exactly one for each.
#[derive(Clone, Copy)]
pub(super) enum Answer<'t> {
    /// Said to everybody else, this many.
    Delivered(usize),
    /// Said, but there is nobody else.
    Alone,
    /// Said to one.
    DeliveredTo(&'t str),
    /// One could not be reached.
    NotDelivered(&'t str),
    /// No member has this name.
    Nobody(&'t str),
    /// A message to oneself.
    Yourself,
    /// A new name.
    Renamed(&'t str),
    /// The name the member has already.
    SameName(&'t str),
    /// No name, or not for members.
    BadName(BadName),
    /// Taken by this member.
    NameTaken(&'t str),
    /// Looks like this member's.
    NameAlike(&'t str),
    /// The commands.
    Help { operator: bool },
    /// A command that needs more.
    Incomplete(&'static str),
    /// No such command.
    Unknown(&'t str),
    /// For the operator only.
    OperatorOnly,
    /// Nothing was in the message.
    Nothing,
    /// More than a message may have.
    TooLong,
    /// So many messages more than a member may say.
    TooFast(u32),
    /// A TCP member asks to join.
    InAlready(&'t str),
    /// The operator removed a member.
    Kicked(&'t str),
}

impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Alone => f.write_str("Delivered to 0 members: nobody else is here yet."),
            Self::Delivered(1) => f.write_str("Delivered to 1 member."),
            Self::Delivered(count) => write!(f, "Delivered to {count} members."),
            Self::DeliveredTo(name) => write!(f, "Delivered to {name} only."),
            Self::NotDelivered(name) => {
                write!(f, "{name} could not be reached: its queue is full.")
            }
            Self::Nobody(name) => write!(
                f,
                "Nobody here is called {}; /who lists the members.",
                Truncated(name)
            ),
            Self::Yourself => f.write_str("That is you; /who lists the others."),
            Self::Renamed(name) => write!(f, "You are now {name}."),
            Self::SameName(name) => write!(f, "You are {name} already."),
            Self::BadName(BadName::Empty) => f.write_str("Write /nick NAME."),
            Self::BadName(BadName::TooLong) => {
                write!(f, "That name is too long: at most {NAME_MAX} octets.")
            }
            Self::BadName(BadName::Characters) => {
                write!(
                    f,
                    "A name has {LETTERS}, and - _ . between them. Try another."
                )
            }
            Self::BadName(BadName::Mixed) => {
                f.write_str("That name mixes scripts whose letters look alike. Try letters of one.")
            }
            Self::BadName(BadName::Capitals) => f.write_str(
                "The capitals of that name look like Latin letters. Try it in small letters.",
            ),
            Self::BadName(BadName::Reserved) => {
                f.write_str("That name is kept for the room. Try another.")
            }
            Self::NameTaken(name) => write!(f, "{name} is taken. Try another name."),
            Self::NameAlike(name) => {
                write!(f, "That looks like {name}, who is here. Try another name.")
            }
            Self::Help { operator: false } => write!(f, "{}.", command::HELP),
            Self::Help { operator: true } => {
                write!(f, "{}; {}.", command::HELP, command::OPERATOR_HELP)
            }
            Self::Incomplete(usage) => write!(f, "Write it as {usage}"),
            Self::Unknown(word) => {
                write!(
                    f,
                    "There is no command /{}; /help lists them.",
                    Truncated(word)
                )
            }
            Self::OperatorOnly => {
                f.write_str("Only the operator can do that; /help lists what you can do.")
            }
            Self::Nothing => {
                f.write_str("That was empty, so nobody was told; /help lists the commands.")
            }
            Self::TooLong => {
                write!(
                    f,
                    "That was too long: at most {MESSAGE_MAX} octets. Nobody was told; send it in parts."
                )
            }
            Self::TooFast(1) => {
                f.write_str("Too fast: nobody was told. Wait a moment, then send it again.")
            }
            Self::TooFast(messages) => write!(
                f,
                "Too fast: nobody was told {messages} messages. Wait a moment, then send them again."
            ),
            Self::InAlready(name) => write!(f, "You are in already, as {name}."),
            Self::Kicked(name) => write!(f, "{name} is removed."),
        }
    }
}

/// What somebody typed, shown back to them, with an end.
struct Truncated<'t>(&'t str);

impl fmt::Display for Truncated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(NAME_MAX) {
            Some((end, _)) => write!(f, "{}...", &self.0[..end]),
            None => f.write_str(self.0),
        }
    }
}

/// The answer to a datagram from an endpoint that has not proved that it is reachable, from the
/// longest form to the shortest, of which the first that is small enough is sent.
#[derive(Clone, Copy)]
pub(super) enum Reply {
    /// Said to this many.
    Delivered(usize),
    /// A code, because one was asked for.
    Code,
    /// Only members can do this.
    MembersOnly,
    /// Too much from endpoints without proof.
    TooFast,
    /// No message of this size.
    TooLong,
    /// No room.
    Full,
    /// Nothing in it.
    Nothing,
}

/// How many forms there are of a [`Reply`].
pub(super) const REPLY_FORMS: usize = 6;

impl Reply {
    /// Writes one form, of [`REPLY_FORMS`]; `None` if there is none so short. No form is a proof, and
    /// [`is_reply`] knows each.
    pub(super) fn write(
        self,
        form: usize,
        code: &str,
        to: &mut impl fmt::Write,
    ) -> Option<fmt::Result> {
        Some(match (self, form) {
            (Self::Delivered(n), 0) => write!(
                to,
                "Delivered to {n}. To hear the others, send: /join {code}"
            ),
            (Self::Delivered(n), 1) => write!(to, "{n} heard. Send: /join {code}"),
            (Self::Code, 0) => write!(to, "To hear the others, send: /join {code}"),
            (Self::MembersOnly, 0) => write!(to, "Join first. Send: /join {code}"),
            (Self::Delivered(_) | Self::Code | Self::MembersOnly, 2) => {
                write!(to, "Send: /join {code}")
            }
            (Self::Delivered(_) | Self::Code | Self::MembersOnly, 3) => write!(to, "code {code}"),
            (Self::Delivered(n), 4) => write!(to, "{n} heard"),
            // Where a code finds no room.
            (Self::Code, 4) => to.write_str("longer"),
            (Self::TooFast, 0) => {
                write!(to, "Too fast: nobody was told. Wait, or join: /join {code}")
            }
            (Self::TooFast, 1) => to.write_str("Too fast: wait."),
            (Self::TooLong, 0) => write!(to, "{}", Answer::TooLong),
            (Self::Full, 0) => to.write_str(FULL),
            (Self::Full, 1) => to.write_str("The room is full."),
            (Self::Nothing, 0) => to.write_str("That was empty."),
            (_, 5) => to.write_str(TINY),
            (_, _) => return None,
        })
    }
}

/// The answer where there is room for no other.
const TINY: &str = ".";

/// Whether a stranger's text is what a room answers strangers: then two rooms are talking.
pub(super) fn is_reply(text: &str) -> bool {
    const BEGINNINGS: [&str; 9] = [
        "Delivered to ",
        "Send: /join ",
        "To hear the others, ",
        "Join first. ",
        "code ",
        "Too fast: ",
        "That was ",
        "The room is full.",
        "You were silent for ",
    ];
    let heard = text.split_once(" heard").is_some_and(|(count, _)| {
        !count.is_empty() && count.bytes().all(|octet| octet.is_ascii_digit())
    });
    heard
        || text == TINY
        || text == "longer"
        || BEGINNINGS.iter().any(|begins| text.starts_with(begins))
}

/// To a new member, in front of its first answer.
pub(super) struct Welcome<'t>(pub(super) &'t str);

impl fmt::Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Welcome, {}. /help lists the commands, q leaves.",
            self.0
        )
    }
}

/// To an endpoint that has proved that it is reachable.
pub(super) struct Joined<'t> {
    // A value: whoever is given one reads all of it.
    pub(super) name: &'t str,
    pub(super) silence: u64,
}

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, silence } = self;
        write!(
            f,
            "Welcome, {name}. You hear everybody now. To stay, send something every {silence} s, even an empty \
             datagram. /help lists the commands, q leaves."
        )
    }
}

/// To a UDP member that was silent for too long.
pub(super) struct Silent<'t> {
    // A value: whoever is given one reads all of it.
    pub(super) silence: u64,
    pub(super) code: &'t str,
}

impl fmt::Display for Silent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "You were silent for {} s and have left. To return, send: /join {}",
            self.silence, self.code
        )
    }
}

/// To a member that lines did not reach, before the next one that does.
pub(super) struct Lost(pub(super) u32);

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("-- 1 line did not reach you."),
            lines => write!(f, "-- {lines} lines did not reach you."),
        }
    }
}

/// To a TCP peer that finds the room full.
pub(super) const FULL: &str = "The room is full. Please come again later.";

/// To a member whose place somebody waits for.
pub(super) const YIELDED: &str = "Others wait for a place and you were silent for longest, so yours goes to them. Come again to talk.";

/// To a TCP member that does not read.
pub(super) const SLOW: &str = "You read too slowly and your queue is full: disconnected, nothing after this line reaches you.";

/// To where a UDP member was before its code came back from elsewhere.
pub(super) struct Moved<'c> {
    // A value: whoever is given one reads all of it.
    pub(super) code: &'c str,
}

impl fmt::Display for Moved<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code } = self;
        write!(
            f,
            "Your code came back from elsewhere, and your lines go there. To have them here, send: /join {code}"
        )
    }
}

/// To a member that the operator removed.
pub(super) const KICKED: &str = "The operator has removed you from the room.";

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    const REPLIES: [Reply; 8] = [
        Reply::Delivered(0),
        Reply::Delivered(60_000),
        Reply::Code,
        Reply::MembersOnly,
        Reply::TooFast,
        Reply::TooLong,
        Reply::Full,
        Reply::Nothing,
    ];

    #[test]
    fn every_form_of_an_answer_to_a_stranger_is_known_as_one_and_none_is_a_proof() {
        for reply in REPLIES {
            for form in 0..REPLY_FORMS {
                let mut text = String::new();
                if reply.write(form, "k7m2p9qa", &mut text).is_none() {
                    continue;
                }
                assert!(is_reply(&text), "{text}");
                let command = command::parse(&text);
                assert!(matches!(command, command::Command::Say(_)), "{text}");
            }
        }
        let silent = std::format!(
            "{}",
            Silent {
                silence: 120,
                code: "k7m2p9qa"
            }
        );
        assert!(is_reply(&silent));
    }

    #[test]
    fn the_answers_to_what_is_no_command_are_receipts() {
        let name = "x".repeat(NAME_MAX);
        for answer in [
            Answer::Delivered(usize::MAX),
            Answer::Alone,
            Answer::Nothing,
            Answer::TooLong,
            Answer::TooFast(1),
            Answer::TooFast(u32::MAX),
        ] {
            let whole = std::format!("{}\n{answer}\n", Welcome(&name));
            assert!(whole.len() <= RECEIPT_MAX, "{whole}");
        }
    }

    #[test]
    fn what_people_say_is_no_answer() {
        for text in ["hello", "q", "I heard you", "coded", "heard", ". . .", "?"] {
            assert!(!is_reply(text), "{text}");
        }
    }
}
