//! What stands at the front of a stream, up to its first line end: found, and made into text.

use super::telnet::{self, Command, Reply, Token};

/// What ends a line: LF, CR LF, or the CR NUL of telnet (RFC 854).
pub(super) const LF: u8 = b'\n';
pub(super) const CR: u8 = b'\r';
pub(super) const NUL: u8 = 0;

/// What a look at the front of a stream finds.
#[derive(Debug, Default)]
pub(super) struct Front {
    // A value: whoever is given one reads all of it.
    /// Octets of text: commands, line end and NULs are not counted.
    pub(super) text: usize,
    /// Where the text ends, and how many octets it takes with its line end; if there is one.
    pub(super) end: Option<(usize, usize)>,
    /// Octets that are whole: what stands behind them is the beginning of a command or line end.
    pub(super) whole: usize,
    /// The last octet is a CR.
    pub(super) half_ended: bool,
    /// The last thing is the beginning of a command.
    pub(super) cut: bool,
    /// That is one of a subnegotiation.
    pub(super) negotiating: bool,
    /// There are commands.
    pub(super) commands: bool,
    /// The answers to the first commands that are to be answered.
    pub(super) reply: Reply,
    /// Where the last of those ends.
    pub(super) answered: usize,
}

impl Front {
    /// Looks as far as the first line end (LF, CR LF, CR NUL). Commands that end within the first
    /// `answered` octets have had their answer. `more` says whether the rest of a subnegotiation may still come.
    pub(super) fn of(seen: &[u8], answered: usize, more: bool) -> Self {
        let mut front = Self::default();
        let mut is_full = false;
        // Where the CR stands that the next octet of text makes a line end.
        let mut cr = None;
        let mut at = 0;
        while at < seen.len() {
            let (token, len) = telnet::first(&seen[at..], more);
            match token {
                Token::Text(octet) => {
                    if octet == LF || octet == NUL && cr.is_some() {
                        front.text -= usize::from(cr.is_some());
                        front.end = Some((cr.unwrap_or(at), at + len));
                        front.whole = at + len;
                        return front;
                    }
                    front.text += usize::from(octet != NUL);
                    cr = (octet == CR).then_some(at);
                }
                Token::Command(command) => {
                    front.commands = true;
                    if let Command::Answered(answer) = command
                        && at + len > answered
                        && !is_full
                    {
                        is_full = !front.reply.add(answer);
                        front.answered = if is_full { front.answered } else { at + len };
                    }
                }
                Token::Stray => {}
                Token::CutSubnegotiation | Token::Cut => {
                    front.negotiating = token == Token::CutSubnegotiation;
                    front.commands |= front.negotiating;
                    front.cut = true;
                    break;
                }
            }
            at += len;
        }
        front.half_ended = cr.is_some();
        front.text -= usize::from(cr.is_some());
        front.whole = cr.unwrap_or(at);
        front
    }
}

/// Makes text of octets in their place: commands are carried out and leave, NULs leave, and so do, in
/// what a terminal sends, backspaces with what they erase. How many octets are left.
pub(super) fn compose(octets: &mut [u8], terminal: bool) -> usize {
    const BACKSPACE: u8 = 8;
    const DELETE: u8 = 127;
    let (mut at, mut len) = (0, 0);
    while at < octets.len() {
        let (token, taken) = telnet::first(&octets[at..], false);
        match token {
            Token::Text(NUL) => {}
            Token::Text(BACKSPACE | DELETE) if terminal => len = erased(&octets[..len]),
            Token::Text(octet) => {
                octets[len] = octet;
                len += 1;
            }
            Token::Command(Command::EraseCharacter) => len = erased(&octets[..len]),
            Token::Command(Command::EraseLine) => len = 0,
            Token::Command(Command::Answered(_) | Command::Ignored) | Token::Stray => {}
            // Nothing of it will follow.
            Token::CutSubnegotiation | Token::Cut => break,
        }
        at += taken;
    }
    len
}

/// How much is left without the last character.
fn erased(text: &[u8]) -> usize {
    let continues = |octet: &&u8| matches!(**octet, 0x80..=0xbf);
    let continuation = text.iter().rev().take(3).take_while(continues).count();
    text.len().saturating_sub(continuation + 1)
}
