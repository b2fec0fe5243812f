//! Messages from a TCP byte stream, without a buffer of its own.
//!
//! A [`Framer`] is about two dozen octets per member. The octets themselves stay in the socket's receive ring: the
//! caller peeks them into one scratch buffer that all members share, calls [`Framer::next`], does what the [`Step`]
//! says, and takes `consume` octets out of the ring.
//!
//! A message is a line (ended by LF, CR LF, or the CR NUL of telnet) or, from programs that send no line end, whatever
//! has arrived when the stream falls idle. "Idle" is a deadline on the caller's clock, counted from the last octet that
//! arrived:
//!
//! | what is waiting                                         | how long               |
//! |---------------------------------------------------------|------------------------|
//! | a message from a program that sends no line ends, or a first one | [`IDLE`]      |
//! | the beginning of a line, from a member that ends its lines | [`IDLE_IN_LINE`]    |
//! | one or two octets that came one by one, from a member that may end its lines | [`IDLE_AFTER_KEY`] |
//! | something cut inside a UTF-8 character, CR LF or telnet command | [`IDLE_IN_CHARACTER`] |
//! | the beginning of a line, from a terminal                | [`IDLE_IN_TYPING`]     |
//!
//! A terminal is recognised by a telnet command, or by keystrokes: octets that arrive one by one, further apart than
//! those of any program. What it erases before the line end is not part of the line. Nothing is echoed: a terminal that
//! is told so (RFC 857) shows what is typed itself.
//!
//! Telnet commands are removed wherever they occur, and answered at once ([`Reply`]). NULs are ignored (RFC 854): C
//! programs send them after their lines. NULs alone, after a pause, are an empty message, so that each send has its
//! answer.
//!
//! The caller must provide a receive ring of [`SCRATCH`] octets or more (a smaller one cuts messages where it is full);
//! peek as much as the ring holds, up to a scratch of [`SCRATCH`] octets or more; take exactly `consume` octets; call
//! again until the result is [`Step::Wait`] or [`Step::End`]; and call again when octets arrive, when the stream ends,
//! and at the deadline.

use smoltcp::time::{Duration, Instant};

use self::line::{CR, Front, LF, NUL, compose};
use self::telnet::Token;
use super::text;

mod line;
mod telnet;

pub use self::telnet::Reply;

/// The longest message, in octets, without its line end.
pub const MESSAGE_MAX: usize = 1024;

/// The smallest scratch that the caller may peek into, in octets: a longest message and its CR LF.
pub const SCRATCH: usize = MESSAGE_MAX + 2;

/// How long an unterminated message waits for more.
pub const IDLE: Duration = Duration::from_millis(40);

/// How long the beginning of a line waits for its end, if the member's last message had one: long
/// enough for one retransmission, so that a lost segment does not cut a line in two.
pub const IDLE_IN_LINE: Duration = Duration::from_millis(500);

/// How long a message cut inside a character waits for the rest of it.
pub const IDLE_IN_CHARACTER: Duration = Duration::from_millis(1000);

/// How long what may be the first key of a terminal waits for the second one.
pub const IDLE_AFTER_KEY: Duration = Duration::from_millis(1000);

/// How long what is typed waits for its line end.
pub const IDLE_IN_TYPING: Duration = Duration::from_secs(60);

/// How a message ended, and so how to answer its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageEnd {
    /// With a line end: answers end with LF.
    Line,
    /// With silence, or with the end of the stream: answers have no LF.
    Idle,
}

/// What the caller does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The first `len` octets of those shown are now a message; then take `consume` octets.
    Message {
        /// Octets to take out of the ring.
        consume: usize,
        /// The length of the message, without its line end. May be 0.
        len: usize,
        /// How it ended.
        ending: MessageEnd,
    },
    /// A message of more than [`MESSAGE_MAX`] octets has ended and was discarded; tell its sender.
    TooLong {
        /// Octets to take out of the ring.
        consume: usize,
        /// How it ended.
        ending: MessageEnd,
    },
    /// Nothing to deliver: part of a message that is too long, a telnet command, a late line end.
    Skip {
        /// Octets to take out of the ring; never 0.
        consume: usize,
    },
    /// Send this at once; take nothing. If there is no room it may be omitted.
    Reply(Reply),
    /// Nothing yet. Call again when octets arrive, and at the deadline if there is one.
    Wait {
        /// When what has arrived becomes a message.
        deadline: Option<Instant>,
    },
    /// The stream has ended and everything in it has been returned.
    End,
}

/// What of the last message's end may still arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Late {
    Nothing,
    /// NULs, without a pause.
    Nuls,
    /// A line end: the message was ended by silence.
    LineEnd,
    /// The other half of a line end: the message was ended by a CR.
    Half,
}

/// What is remembered about one member's stream between two calls.
#[derive(Debug, Clone)]
pub struct Framer {
    /// When the last octet arrived.
    last: Instant,
    /// Octets that stood in the scratch and were not consumed at the last look.
    known: u16,
    /// Octets within which all telnet commands have been answered.
    answered: u16,
    /// How the last message ended; none yet: `None`.
    ending: Option<MessageEnd>,
    late: Late,
    /// Inside a message that is too long.
    skipping: bool,
    /// The last octets came after a pause.
    paused: bool,
    /// The last look may not have shown everything.
    full: bool,
    /// What is waiting came octet by octet.
    keys: bool,
    /// At the other end is a terminal: a line lasts until its end.
    terminal: bool,
}

impl Framer {
    /// A framer for a stream that begins now.
    pub const fn new(now: Instant) -> Self {
        Self {
            last: now,
            known: 0,
            answered: 0,
            ending: None,
            late: Late::Nothing,
            skipping: false,
            paused: false,
            full: false,
            keys: false,
            terminal: false,
        }
    }

    /// Whether this member's last message had no line end, so that answers have none either.
    pub fn unterminated(&self) -> bool {
        self.ending == Some(MessageEnd::Idle)
    }

    /// Whether the front of the ring begins a message.
    pub fn begins(&self) -> bool {
        !self.skipping
    }

    /// So many octets were taken out of the ring that it was not asked about: whole lines.
    pub fn skipped(&mut self, octets: usize) {
        let octets = u16::try_from(octets).unwrap_or(u16::MAX);
        self.known = self.known.saturating_sub(octets);
        self.answered = self.answered.saturating_sub(octets);
    }

    /// Examines the content of the ring: all of it, or the first [`SCRATCH`] octets or more. A message is composed in
    /// place there.
    ///
    /// `ended` says that nothing can follow the content of the ring. `patience` is how long, at least, unterminated
    /// octets wait for more. While the ring holds more than was shown, it is ignored only if the scratch is as long as
    /// required.
    pub fn next(&mut self, now: Instant, seen: &mut [u8], ended: bool, patience: Duration) -> Step {
        let known = usize::from(self.known);
        if seen.len() > known {
            self.arrived(now, seen.len() - known);
        }
        self.full = seen.len() >= SCRATCH;
        let step = self.step(now, seen, ended, patience);
        let consumed = match &step {
            Step::Message { consume, .. }
            | Step::TooLong { consume, .. }
            | Step::Skip { consume } => *consume,
            Step::Reply(_) | Step::Wait { .. } | Step::End => 0,
        };
        let octets = |count| u16::try_from(count).unwrap_or(u16::MAX);
        self.known = octets(seen.len() - consumed);
        self.answered = self.answered.saturating_sub(octets(consumed));
        step
    }

    /// Octets arrived, so many.
    fn arrived(&mut self, now: Instant, added: usize) {
        // What was there and not shown did not come now.
        self.paused = now >= self.last + IDLE && !self.full;
        self.last = now;
        let alone = added == 1;
        self.terminal |= self.keys && alone && self.paused && self.known > 0;
        self.keys = alone && (self.keys || self.known == 0);
    }

    fn step(&mut self, now: Instant, seen: &mut [u8], ended: bool, patience: Duration) -> Step {
        if seen.is_empty() && !self.skipping {
            return match ended {
                true => Step::End,
                false => Step::Wait { deadline: None },
            };
        }
        let more = self.more_may_come(now, ended);
        let front = Front::of(seen, usize::from(self.answered), more);
        self.terminal |= front.commands;
        if front.answered > 0 {
            self.answered = u16::try_from(front.answered).unwrap_or(u16::MAX);
            return Step::Reply(front.reply);
        }
        if let Some(step) = self.leading(now, seen, ended) {
            return step;
        }
        if self.skipping {
            return self.skip(now, seen, &front, ended);
        }
        if let Some((end, consume)) = front.end {
            let nuls = nuls(&seen[consume..]);
            // Those that are cut off here go on.
            let late = match consume + nuls == seen.len() && (nuls == 0 || self.full) {
                true => Late::Nuls,
                false => Late::Nothing,
            };
            let too_long = front.text > MESSAGE_MAX;
            return self.message(seen, end, consume + nuls, MessageEnd::Line, late, too_long);
        }
        if front.text > MESSAGE_MAX {
            return self.begin_skipping(&front);
        }
        let deadline = self.last + self.patience(seen, &front).max(patience);
        // Full of what is no text, and of nothing that ends one.
        if self.full && (front.cut || seen.last() != Some(&NUL)) {
            return self.begin_skipping(&front);
        }
        if !ended && !self.full && now < deadline {
            return Step::Wait {
                deadline: Some(deadline),
            };
        }
        let all = seen.len();
        match (front.half_ended, self.full) {
            // A CR without its LF is a line end that was cut.
            (true, _) => self.message(seen, front.whole, all, MessageEnd::Line, Late::Half, false),
            (false, true) => self.message(seen, all, all, MessageEnd::Idle, Late::Nuls, false),
            (false, false) => self.message(seen, all, all, MessageEnd::Idle, Late::LineEnd, false),
        }
    }

    /// What stands at the front and belongs to no message.
    fn leading(&mut self, now: Instant, seen: &[u8], ended: bool) -> Option<Step> {
        let waits = self.more_may_come(now, ended);
        let commands = telnet::commands(seen, waits);
        if commands > 0 {
            return Some(Step::Skip { consume: commands });
        }
        let (token, len) = telnet::first(seen, waits);
        let until = Step::Wait {
            deadline: Some(self.last + IDLE_IN_CHARACTER),
        };
        match token {
            _ if seen.is_empty() => None,
            Token::Command(_) | Token::Stray => None,
            Token::Cut | Token::CutSubnegotiation if waits => Some(until),
            Token::Cut | Token::CutSubnegotiation => Some(Step::Skip { consume: len }),
            Token::Text(_) if self.skipping => None,
            Token::Text(_) => match (self.late, seen) {
                (Late::LineEnd | Late::Half, [LF, rest @ ..])
                | (Late::LineEnd, [CR, LF | NUL, rest @ ..])
                | (Late::Half, [NUL, rest @ ..]) => {
                    self.late = Late::Nuls;
                    Some(Step::Skip {
                        consume: seen.len() - rest.len() + nuls(rest),
                    })
                }
                (Late::LineEnd, [CR]) if waits => Some(until),
                (_, [NUL, ..]) => self.leading_nuls(now, seen, ended),
                (_, _) => None,
            },
        }
    }

    /// NULs at the front: of the last message, of the next one, or an empty message.
    fn leading_nuls(&mut self, now: Instant, seen: &[u8], ended: bool) -> Option<Step> {
        let nuls = nuls(seen);
        let late = self.late != Late::Nothing && !self.paused;
        if nuls < seen.len() || self.terminal || late {
            return Some(Step::Skip { consume: nuls });
        }
        if self.full {
            // One stays: it may be the last. They are not of the last message.
            self.late = Late::Nothing;
            return Some(Step::Skip { consume: nuls - 1 });
        }
        let deadline = self.last + IDLE;
        if !ended && now < deadline {
            return Some(Step::Wait {
                deadline: Some(deadline),
            });
        }
        self.ended(MessageEnd::Idle, Late::Nuls);
        Some(Step::Message {
            consume: nuls,
            len: 0,
            ending: MessageEnd::Idle,
        })
    }

    /// Whether what was cut may still be completed.
    fn more_may_come(&self, now: Instant, ended: bool) -> bool {
        !ended && now < self.last + IDLE_IN_CHARACTER
    }

    fn begin_skipping(&mut self, front: &Front) -> Step {
        self.skipping = true;
        Step::Skip {
            consume: front.whole.max(1),
        }
    }

    /// The rest of a message that is too long, up to its line end or to silence.
    fn skip(&mut self, now: Instant, seen: &[u8], front: &Front, ended: bool) -> Step {
        if let Some((_, consume)) = front.end {
            self.ended(MessageEnd::Line, Late::Nuls);
            return Step::TooLong {
                consume,
                ending: MessageEnd::Line,
            };
        }
        if front.whole > 0 || self.full {
            return Step::Skip {
                consume: front.whole.max(1),
            };
        }
        let deadline = self.last + self.patience(seen, front);
        if !ended && now < deadline {
            return Step::Wait {
                deadline: Some(deadline),
            };
        }
        let (ending, late) = match front.half_ended {
            true => (MessageEnd::Line, Late::Half),
            false => (MessageEnd::Idle, Late::LineEnd),
        };
        self.ended(ending, late);
        Step::TooLong {
            consume: seen.len(),
            ending,
        }
    }

    fn message(
        &mut self,
        seen: &mut [u8],
        end: usize,
        consume: usize,
        ending: MessageEnd,
        late: Late,
        too_long: bool,
    ) -> Step {
        self.ended(ending, late);
        if too_long {
            return Step::TooLong { consume, ending };
        }
        Step::Message {
            consume,
            len: compose(&mut seen[..end], self.terminal),
            ending,
        }
    }

    fn ended(&mut self, ending: MessageEnd, late: Late) {
        self.ending = Some(ending);
        self.late = late;
        self.skipping = false;
        self.keys = false;
    }

    fn patience(&self, seen: &[u8], front: &Front) -> Duration {
        /// More octets than this, one by one and without a pause, are no keys.
        const KEYS: usize = 2;
        if front.half_ended || front.negotiating {
            IDLE_IN_CHARACTER
        } else if self.terminal {
            IDLE_IN_TYPING
        } else if front.cut || text::ends_inside_a_character(seen) {
            IDLE_IN_CHARACTER
        } else if self.keys && front.text <= KEYS && self.ending != Some(MessageEnd::Idle) {
            IDLE_AFTER_KEY
        } else if self.ending == Some(MessageEnd::Line) {
            IDLE_IN_LINE
        } else {
            IDLE
        }
    }
}

/// How many NULs stand at the front.
fn nuls(octets: &[u8]) -> usize {
    octets.iter().take_while(|octet| **octet == NUL).count()
}

#[cfg(test)]
mod tests;
