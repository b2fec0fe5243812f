//! Messages out of a TCP byte stream, without a buffer of its own.
//!
//! A [`Framer`] is about two dozen octets per member. The octets themselves stay in the receive
//! ring of the socket: the caller peeks them into one scratch that all members share, calls
//! [`Framer::next`], does what the [`Step`] says, and takes `consume` octets out of the ring.
//!
//! A message is a line (ended by LF, CR LF, or the CR NUL of telnet), or, from programs that send
//! no line end, whatever has arrived when the stream falls idle. "Idle" is a deadline on the
//! caller's clock, counted from the last octet that arrived:
//!
//! | what is waiting                                         | how long               |
//! |---------------------------------------------------------|------------------------|
//! | a message from a program that sends no line ends, or a first one | [`IDLE`]      |
//! | the beginning of a line, from a member that ends its lines | [`IDLE_IN_LINE`]    |
//! | something cut inside a UTF-8 character, CR LF or telnet command | [`IDLE_IN_CHARACTER`] |
//!
//! Telnet negotiation (RFC 854, RFC 855) is skipped where it stands between messages.
//!
//! The caller's duty: a receive ring of [`SCRATCH`] octets or more (a smaller one cuts messages where
//! it is full); peek as much as the ring holds, up to a scratch of [`SCRATCH`] octets or more;
//! take exactly `consume` octets; call again until the answer is [`Step::Wait`] or [`Step::End`];
//! call again when octets arrive, when the stream ends, and at the deadline.

use core::ops::Range;

use smoltcp::time::{Duration, Instant};

use super::text;

/// The longest message, in octets, its line end not counted.
pub const MESSAGE_MAX: usize = 1024;

/// The least octets of scratch the caller peeks into: a longest message and its CR LF.
pub const SCRATCH: usize = MESSAGE_MAX + 2;

/// How long an unterminated message waits for more.
pub const IDLE: Duration = Duration::from_millis(40);

/// How long the beginning of a line waits for its end, if the member's last message had one: long
/// enough for one retransmission, so that a lost segment does not cut a line in two.
pub const IDLE_IN_LINE: Duration = Duration::from_millis(500);

/// How long a message cut inside a character waits for the rest of it.
pub const IDLE_IN_CHARACTER: Duration = Duration::from_millis(1000);

/// A telnet subnegotiation longer than this is taken for text.
const SUBNEGOTIATION_MAX: usize = 128;

const LF: u8 = b'\n';
const CR: u8 = b'\r';
const NUL: u8 = 0;

/// How a message ended, and so how its sender is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With a line end: answers end with LF.
    Line,
    /// With silence, or with the end of the stream: answers have no LF.
    Idle,
}

/// What the caller does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `range` of the octets shown is a message; then take `consume` octets.
    Message {
        /// Octets to take out of the ring.
        consume: usize,
        /// Where the message stands in the octets shown, without its line end. May be empty.
        range: Range<usize>,
        /// How it ended.
        ending: Ending,
    },
    /// A message of more than [`MESSAGE_MAX`] octets has ended and is gone; tell its sender.
    TooLong {
        /// Octets to take out of the ring.
        consume: usize,
        /// How it ended.
        ending: Ending,
    },
    /// Nothing for anybody: a part of a message that is too long, a telnet command, a late line end.
    Skip {
        /// Octets to take out of the ring; never 0.
        consume: usize,
    },
    /// Nothing yet. Call again when octets arrive, and at the deadline if there is one.
    Wait {
        /// When what has arrived becomes a message.
        deadline: Option<Instant>,
    },
    /// The stream has ended and everything in it has been handed out.
    End,
}

/// What is remembered of one member's stream between two looks at it.
#[derive(Debug, Clone)]
pub struct Framer {
    /// When the last octet arrived.
    last: Instant,
    /// Octets that stood in the scratch and were not consumed at the last look.
    known: u16,
    /// How the last message ended; none yet: `None`.
    ending: Option<Ending>,
    /// Inside a message that is too long.
    skipping: bool,
    /// The last message ended by silence: its line end may still arrive.
    late_end: bool,
}

impl Framer {
    /// For a stream that begins now.
    pub const fn new(now: Instant) -> Self {
        Self {
            last: now,
            known: 0,
            ending: None,
            skipping: false,
            late_end: false,
        }
    }

    /// Whether this member's last message had no line end, so that answers have none either.
    pub fn unterminated(&self) -> bool {
        self.ending == Some(Ending::Idle)
    }

    /// Looks at what stands in the ring: all of it, or the first [`SCRATCH`] octets or more.
    ///
    /// `ended` says that nothing can follow after what is in the ring. While more stands in the
    /// ring than was shown, it is ignored only if the scratch is as long as it has to be.
    pub fn next(&mut self, now: Instant, seen: &[u8], ended: bool) -> Step {
        if seen.len() > usize::from(self.known) {
            self.last = now;
        }
        let step = self.step(now, seen, ended);
        let consumed = match &step {
            Step::Message { consume, .. }
            | Step::TooLong { consume, .. }
            | Step::Skip { consume } => *consume,
            Step::Wait { .. } | Step::End => 0,
        };
        self.known = u16::try_from(seen.len() - consumed).unwrap_or(u16::MAX);
        step
    }

    fn step(&mut self, now: Instant, seen: &[u8], ended: bool) -> Step {
        if self.skipping {
            return self.skip(now, seen, ended);
        }
        if seen.is_empty() {
            return if ended {
                Step::End
            } else {
                Step::Wait { deadline: None }
            };
        }
        match leading(seen, self.late_end && now <= self.last + IDLE_IN_CHARACTER) {
            Leading::Whole(consume) => {
                self.late_end = false;
                return Step::Skip { consume };
            }
            Leading::Cut if !ended && now < self.last + IDLE_IN_CHARACTER => {
                return Step::Wait {
                    deadline: Some(self.last + IDLE_IN_CHARACTER),
                };
            }
            Leading::Cut | Leading::Text => {}
        }
        if let Some((range, consume)) = line(seen) {
            if range.len() <= MESSAGE_MAX {
                return self.message(consume, range, Ending::Line);
            }
            self.ended(Ending::Line);
            return Step::TooLong {
                consume,
                ending: Ending::Line,
            };
        }
        let text = seen.strip_suffix(&[CR]).unwrap_or(seen);
        if text.len() > MESSAGE_MAX {
            self.skipping = true;
            return Step::Skip {
                consume: text.len(),
            };
        }
        let deadline = self.last + self.patience(seen);
        if !ended && now < deadline {
            return Step::Wait {
                deadline: Some(deadline),
            };
        }
        // A CR without its LF is a line end that was cut.
        let ending = if text.len() < seen.len() {
            Ending::Line
        } else {
            Ending::Idle
        };
        let step = self.message(seen.len(), 0..text.len(), ending);
        self.late_end = true;
        step
    }

    /// The rest of a message that is too long, up to its line end or to silence.
    fn skip(&mut self, now: Instant, seen: &[u8], ended: bool) -> Step {
        if let Some((_, consume)) = line(seen) {
            self.ended(Ending::Line);
            return Step::TooLong {
                consume,
                ending: Ending::Line,
            };
        }
        // A CR at the end may be the first half of the line end.
        let text = seen.strip_suffix(&[CR]).unwrap_or(seen);
        if !text.is_empty() {
            return Step::Skip {
                consume: text.len(),
            };
        }
        let deadline = self.last + self.patience(seen);
        if !ended && now < deadline {
            return Step::Wait {
                deadline: Some(deadline),
            };
        }
        let ending = if seen.is_empty() {
            Ending::Idle
        } else {
            Ending::Line
        };
        self.ended(ending);
        self.late_end = true;
        Step::TooLong {
            consume: seen.len(),
            ending,
        }
    }

    fn message(&mut self, consume: usize, range: Range<usize>, ending: Ending) -> Step {
        self.ended(ending);
        Step::Message {
            consume,
            range,
            ending,
        }
    }

    fn ended(&mut self, ending: Ending) {
        self.ending = Some(ending);
        self.skipping = false;
        self.late_end = false;
    }

    fn patience(&self, seen: &[u8]) -> Duration {
        if seen.last() == Some(&CR) || text::ends_inside_a_character(seen) {
            IDLE_IN_CHARACTER
        } else if self.ending == Some(Ending::Line) {
            IDLE_IN_LINE
        } else {
            IDLE
        }
    }
}

/// What stands at the front and belongs to no message.
enum Leading {
    /// This many octets to skip.
    Whole(usize),
    /// The beginning of something to skip, perhaps.
    Cut,
    /// Text.
    Text,
}

fn leading(seen: &[u8], late_end: bool) -> Leading {
    match *seen {
        [LF, ..] | [CR, LF, ..] | [CR, NUL, ..] if late_end => {
            Leading::Whole(if seen[0] == LF { 1 } else { 2 })
        }
        [CR] if late_end => Leading::Cut,
        // The NUL of a CR NUL whose CR ended the last message.
        [NUL, ..] if late_end => Leading::Whole(1),
        [IAC, ..] => telnet(seen),
        _ => Leading::Text,
    }
}

/// "Interpret as command" (RFC 854), never part of UTF-8.
const IAC: u8 = 255;
/// Begin and end of a subnegotiation (RFC 855).
const SB: u8 = 250;
const SE: u8 = 240;

/// A telnet command at the front of `seen`, which begins with IAC.
fn telnet(seen: &[u8]) -> Leading {
    match *seen {
        [] | [_] => Leading::Cut,
        [_, SB, ..] => {
            let limit = seen.len().min(SUBNEGOTIATION_MAX);
            match seen[..limit]
                .windows(2)
                .skip(2)
                .position(|pair| pair == [IAC, SE])
            {
                Some(at) => Leading::Whole(at + 4),
                None if seen.len() < SUBNEGOTIATION_MAX => Leading::Cut,
                None => Leading::Text,
            }
        }
        // WILL, WON'T, DO, DON'T and their option.
        [_, 251..=254] => Leading::Cut,
        [_, 251..=254, _, ..] => Leading::Whole(3),
        // NOP, break, interrupt process, "are you there", erase and the like.
        [_, 240..=249, ..] => Leading::Whole(2),
        [_, _, ..] => Leading::Text,
    }
}

/// The first line: where its text is, and its length with its end.
fn line(seen: &[u8]) -> Option<(Range<usize>, usize)> {
    let end = (0..seen.len()).find(|&at| seen[at] == LF || seen[at..].starts_with(&[CR, NUL]))?;
    let text = seen[..end].strip_suffix(&[CR]).map_or(end, <[u8]>::len);
    let consume = if seen[end] == LF { end + 1 } else { end + 2 };
    Some((0..text, consume))
}

#[cfg(test)]
mod tests;
