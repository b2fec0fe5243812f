//! Telnet commands in a byte stream (RFC 854, RFC 855): what they are, and what they are answered.
//!
//! IAC never occurs in UTF-8, so text and commands cannot be mistaken for each other. Every option is
//! refused, each time that it is asked for, and nothing else is answered: so no negotiation goes on for
//! ever, and a terminal edits its lines itself (RFC 857, RFC 858). One option is agreed to: the timing
//! mark, which asks whether everything before it was dealt with (RFC 860).

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
    Answered(Reply),
    Ignored,
}

/// What a peer is told at once, in the middle of whatever it is sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Yes or no to an option.
    Option([u8; 3]),
    /// The answer to "Are you there?".
    Here,
}

impl Reply {
    /// What to send.
    pub fn octets(&self) -> &[u8] {
        match self {
            Self::Option(octets) => octets,
            Self::Here => b"\r\n[yes]\r\n",
        }
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
                Some(len) => (Token::Command(Command::Ignored), 2 + len),
                None if more && known.len() < SUBNEGOTIATION_MAX => {
                    (Token::CutSubnegotiation, octets.len())
                }
                None => (Token::Stray, octets.len().min(3)),
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
    Command::Answered(Reply::Option([IAC, answer, option]))
}

fn plain(command: u8) -> Command {
    match command {
        ERASE_CHARACTER => Command::EraseCharacter,
        ERASE_LINE => Command::EraseLine,
        ARE_YOU_THERE => Command::Answered(Reply::Here),
        _ => Command::Ignored,
    }
}

/// How many octets a subnegotiation goes on for, with its end.
fn end_of_subnegotiation(octets: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(&octet) = octets.get(at) {
        match (octet, octets.get(at + 1)) {
            (IAC, Some(&SE)) => return Some(at + 2),
            // An IAC among the data is doubled.
            (IAC, _) => at += 2,
            (_, _) => at += 1,
        }
    }
    None
}
