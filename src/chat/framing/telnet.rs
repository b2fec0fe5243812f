//! Telnet commands in a byte stream (RFC 854, RFC 855): what they are, and what they are answered.
//!
//! IAC never occurs in UTF-8, so text and commands cannot be mistaken for each other. Every option is
//! refused, each time that it is asked for, and nothing else is answered: so no negotiation goes on for
//! ever, and a terminal edits its lines itself (RFC 857, RFC 858). One option is agreed to: the timing
//! mark, which asks whether everything before it was dealt with (RFC 860).

use heapless::Vec;

/// "Interpret as command".
const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
/// Begin of a subnegotiation.
const SB: u8 = 250;
const ERASE_LINE: u8 = 248;
const ERASE_CHARACTER: u8 = 247;
const ARE_YOU_THERE: u8 = 246;
/// End of a subnegotiation.
const SE: u8 = 240;
/// The first command there is: end of file (RFC 1184).
const FIRST: u8 = 236;

/// The option of RFC 860.
const TIMING_MARK: u8 = 6;

/// What stands at the front of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// An octet of text.
    Text(u8),
    /// A command that is to be carried out, or answered, or ignored.
    Command(Command),
    /// The IAC of something that is no command, the beginning of a subnegotiation that has no end: no text.
    Stray,
    /// The beginning of a command.
    Cut,
    /// The beginning of a subnegotiation.
    CutSubnegotiation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    EraseCharacter,
    EraseLine,
    Answered(Answer),
    Ignored,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Yes or no to an option.
    Option([u8; 3]),
    /// The answer to "Are you there?".
    Here,
}

impl Answer {
    fn octets(&self) -> &[u8] {
        match self {
            Self::Option(octets) => octets,
            Self::Here => b"\r\n[yes]\r\n",
        }
    }
}

/// Octets of answers that are given together: each look at a stream answers as many commands as that allows, so that
/// many commands are no more work than as much text.
const REPLY_MAX: usize = 48;

/// What a peer is told at once, in the middle of whatever it is sending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply(Vec<u8, REPLY_MAX>);

impl Reply {
    /// What to send.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    /// Adds an answer, if there is room for it.
    pub(super) fn add(&mut self, answer: Answer) -> bool {
        self.0.extend_from_slice(answer.octets()).is_ok()
    }
}

/// The longest subnegotiation, in octets behind its IAC SB. Nobody is asked for one, so those that come are
/// short; what goes on for longer, or is cut off, is text, so that no line behind it is lost.
const SUBNEGOTIATION_MAX: usize = 256;

/// The first token of octets that are not empty, and how many it takes. `more` says whether the rest of a
/// subnegotiation may still come.
pub(super) fn first(octets: &[u8], more: bool) -> (Token, usize) {
    match *octets {
        [IAC] | [IAC, WILL..=DONT] => (Token::Cut, octets.len()),
        [IAC, IAC, ..] => (Token::Text(IAC), 2),
        [IAC, SB, ref rest @ ..] => {
            let known = &rest[..rest.len().min(SUBNEGOTIATION_MAX)];
            match end_of_subnegotiation(known) {
                End::At(len) => (Token::Command(Command::Ignored), 2 + len),
                End::Unknown if more && known.len() < SUBNEGOTIATION_MAX => {
                    (Token::CutSubnegotiation, octets.len())
                }
                End::Unknown | End::Nowhere => (Token::Stray, octets.len().min(3)),
            }
        }
        [IAC, verb @ WILL..=DONT, option, ..] => (Token::Command(negotiate(verb, option)), 3),
        [IAC, command @ FIRST..=SB, ..] => (Token::Command(plain(command)), 2),
        [IAC, ..] => (Token::Stray, 1),
        [octet, ..] => (Token::Text(octet), 1),
        [] => (Token::Stray, 0),
    }
}

fn negotiate(verb: u8, option: u8) -> Command {
    let answer = match (verb, option) {
        (DO, TIMING_MARK) => WILL,
        (DO, _) => WONT,
        (WILL, _) => DONT,
        (_, _) => return Command::Ignored,
    };
    Command::Answered(Answer::Option([IAC, answer, option]))
}

fn plain(command: u8) -> Command {
    match command {
        ERASE_CHARACTER => Command::EraseCharacter,
        ERASE_LINE => Command::EraseLine,
        ARE_YOU_THERE => Command::Answered(Answer::Here),
        _ => Command::Ignored,
    }
}

/// The end of a subnegotiation.
enum End {
    /// So many octets on.
    At(usize),
    Unknown,
    /// The next one begins before.
    Nowhere,
}

/// Where a subnegotiation ends that these octets are in. One never looks beyond the beginning of the next: so octets
/// are looked at once, however many begin.
fn end_of_subnegotiation(octets: &[u8]) -> End {
    let mut at = 0;
    while let Some(&octet) = octets.get(at) {
        match (octet, octets.get(at + 1)) {
            (IAC, Some(&SE)) => return End::At(at + 2),
            (IAC, Some(&SB)) => return End::Nowhere,
            // An IAC among the data is doubled.
            (IAC, _) => at += 2,
            (_, _) => at += 1,
        }
    }
    End::Unknown
}

/// How many octets at the front are commands, and no text.
pub(super) fn commands(octets: &[u8], more: bool) -> usize {
    let mut at = 0;
    while at < octets.len() {
        match first(&octets[at..], more) {
            (Token::Command(_) | Token::Stray, len) => at += len,
            (Token::Text(_) | Token::Cut | Token::CutSubnegotiation, _) => break,
        }
    }
    at
}
