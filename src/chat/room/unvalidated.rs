//! UDP endpoints that have not proved that they receive what is sent to them.
//!
//! Anybody can write any source address on a datagram. So a stranger may speak, but hears nothing
//! except answers, and those are of no use to whoever forges:
//!
//! - no answer is longer than the datagram it answers (RFC 9000 section 8.1 allows three times as much);
//! - each origin has a bucket of its own, which its words and answers are taken from; beyond it one is told
//!   so once a second, whoever behind it that is, and otherwise there is silence. What all strangers say
//!   together passes through one more;
//! - what reads like such an answer is neither answered nor passed on: two rooms whose addresses
//!   somebody forged on each other's datagrams fall silent;
//! - the proof is another text than any answer, so that a service that returns what it is sent never
//!   proves anything.
//!
//! Nothing else is kept of strangers. The caller sees to it that datagrams from ports of services do not
//! come here at all.

use smoltcp::time::Instant;

use super::{Hearing, Room, Text};
use crate::chat::command::{self, Command};
use crate::chat::framing::{MESSAGE_MAX, MessageEnd};
use crate::chat::members::{Endpoint, Peer};
use crate::chat::name;
use crate::chat::outbox::Outbox;
use crate::chat::rate::Taken;
use crate::chat::text;
use crate::chat::words::{self, Joined, REPLY_FORMS, Reply};

/// How many octets an answer to a stranger may have for each octet of its datagram.
pub const AMPLIFICATION: usize = 1;

/// What a datagram takes from its origin's bucket.
const WORDS: u32 = 1;
/// What a `q` takes. It is answered by `q`, as long as itself: two rooms would say it for ever.
const FAREWELL: u32 = 10;

/// A stranger and its datagram.
struct Sender<E> {
    endpoint: E,
    /// Octets received.
    len: usize,
    ending: MessageEnd,
}

/// What a member's endpoint wants that speaks from elsewhere than its lines go.
pub(super) enum Rejoins {
    /// Nothing to do with joining, or it is not elsewhere.
    Not,
    /// A code for where it is.
    Asks,
    /// It has the code for where it is.
    Proves,
}

impl<K: Copy, E: Endpoint> Room<'_, K, E> {
    #[inline(never)]
    pub(super) fn stranger(
        &mut self,
        now: Instant,
        endpoint: E,
        len: usize,
        (body, ending, hearing): (&[u8], MessageEnd, Hearing),
        out: &mut impl Outbox<K, E>,
    ) {
        self.roster.counts.messages += 1;
        let sender = Sender {
            endpoint,
            len,
            ending,
        };
        let mut text = Text::new();
        let readable = body.len() <= MESSAGE_MAX && text::clean(body, &mut text).is_ok();
        let command = command::parse(&text);
        if let Command::Join(code) = command
            && self
                .roster
                .members
                .secret
                .proves(&endpoint, endpoint.way(), now, code)
        {
            return self.admit(now, &sender, out);
        }
        let tokens = match command {
            Command::Quit => FAREWELL,
            _ => WORDS,
        };
        let origin = endpoint.origin();
        let taken = match words::is_reply(&text) {
            true => Taken::Silence,
            false => {
                let rate = self.limits.stranger;
                match self.roster.sources.take(now, origin, rate, tokens) {
                    Taken::Enough if hearing == Hearing::Nobody => Taken::TooMuch,
                    taken => taken,
                }
            }
        };
        match taken {
            Taken::Enough => {}
            // A `q` has one answer, or none.
            Taken::TooMuch if command != Command::Quit => {
                self.roster.counts.too_fast += 1;
                return self.brief(now, &sender, Reply::TooFast, out);
            }
            Taken::TooMuch | Taken::Silence => {
                self.roster.counts.unanswered += 1;
                return;
            }
        }
        if !readable {
            self.roster.counts.too_long += 1;
            return self.brief(now, &sender, Reply::TooLong, out);
        }
        match command {
            Command::Join(_) => self.brief(now, &sender, Reply::Code, out),
            Command::Say(said) => self.overheard(now, &sender, said, out),
            Command::Quit => self.roster.post_stranger(endpoint, b"q", out),
            Command::Nothing => self.brief(now, &sender, Reply::Nothing, out),
            Command::Me(_)
            | Command::Nick(_)
            | Command::Who
            | Command::Msg { .. }
            | Command::States
            | Command::Ladder(_)
            | Command::Help
            | Command::Close(_)
            | Command::Abort(_)
            | Command::Kick(_)
            | Command::Incomplete(_)
            | Command::Unknown(_) => self.brief(now, &sender, Reply::MembersOnly, out),
        }
    }

    /// Where the lines of a member go whose endpoint a datagram came from another way.
    fn other_way(&self, slot: u32, from: &E) -> Option<E> {
        match self.roster.members.get(slot)?.peer {
            Peer::Udp(known) if known.way() != from.way() => Some(known),
            Peer::Udp(_) | Peer::Tcp(_) | Peer::Console => None,
        }
    }

    /// Where a member's lines go, if its endpoint now speaks another way: its host may have moved, or somebody else
    /// speaks in its name. [`Self::moved`] tells which.
    pub fn lines_go(&self, from: &E) -> Option<E> {
        self.other_way(self.roster.members.at(from)?, from)
    }

    /// The host of a member has moved: its lines go this way from now on. Whoever is where they went is told, and how
    /// to have them back.
    pub fn moved(&mut self, now: Instant, to: E, out: &mut impl Outbox<K, E>) {
        if let Some(slot) = self.roster.members.at(&to) {
            self.move_lines(now, slot, to, out);
        }
    }

    /// Whether what a member's endpoint says is about joining, and comes from elsewhere than its lines go.
    pub(super) fn rejoins(&self, now: Instant, slot: u32, from: &E, body: &[u8]) -> Rejoins {
        if self.other_way(slot, from).is_none() {
            return Rejoins::Not;
        }
        let mut text = Text::new();
        if text::clean(body, &mut text).is_err() {
            return Rejoins::Not;
        }
        let secret = self.roster.members.secret;
        match command::parse(&text) {
            Command::Join(code) if secret.proves(from, from.way(), now, code) => Rejoins::Proves,
            Command::Join(_) => Rejoins::Asks,
            // As in `/join, please`.
            _ if text.starts_with("/join") => Rejoins::Asks,
            _ => Rejoins::Not,
        }
    }

    /// A member's lines go elsewhere from now on. Whoever is where they went is told, and how to have them back.
    pub(super) fn move_lines(
        &mut self,
        now: Instant,
        slot: u32,
        to: E,
        out: &mut impl Outbox<K, E>,
    ) {
        use core::fmt::Write;
        let Some(member) = self.roster.members.get_mut(slot) else {
            return;
        };
        let Peer::Udp(before) = core::mem::replace(&mut member.peer, Peer::Udp(to)) else {
            return;
        };
        let code = self.roster.members.secret.code(&before, before.way(), now);
        self.line.clear();
        let _ = writeln!(self.line, "{}", words::Moved { code: &code });
        self.roster.post_stranger(before, self.line.as_bytes(), out);
    }

    fn admit(&mut self, now: Instant, sender: &Sender<E>, out: &mut impl Outbox<K, E>) {
        use core::fmt::Write;
        let peer = Peer::Udp(sender.endpoint);
        let origin = sender.endpoint.origin();
        let bucket = self.roster.sources.bucket(now, origin, self.limits.rate, 0);
        let mut joined = self.roster.members.add(now, peer, (origin, bucket), None);
        if joined.is_err() {
            self.make_room_for_datagrams(now, origin, out);
            joined = self.roster.members.add(now, peer, (origin, bucket), None);
        }
        let Ok(id) = joined else {
            self.roster.counts.turned_away += 1;
            return self.brief(now, sender, Reply::Full, out);
        };
        let Some(member) = self.roster.members.get_mut(id.slot) else {
            return;
        };
        member.lines = sender.ending == MessageEnd::Line;
        member.welcomed = true;
        let end = if member.lines { "\n" } else { "" };
        self.line.clear();
        let _ = write!(
            self.line,
            "{}{end}",
            Joined {
                name: &member.name,
                silence: self.limits.silence.secs()
            }
        );
        self.roster.post(id.slot, self.line.as_bytes(), out);
    }

    fn overheard(
        &mut self,
        now: Instant,
        sender: &Sender<E>,
        said: &str,
        out: &mut impl Outbox<K, E>,
    ) {
        use core::fmt::Write;
        if !self.unvalidated.take(now, self.limits.unvalidated) {
            self.roster.counts.too_fast += 1;
            return self.brief(now, sender, Reply::TooFast, out);
        }
        let alias = self.roster.members.secret.alias(&sender.endpoint);
        self.line.clear();
        let _ = writeln!(self.line, "{}{alias}: {said}", name::GIVEN[1]);
        let reached = self.roster.broadcast(None, self.line.as_bytes(), out);
        self.brief(now, sender, Reply::Delivered(reached), out);
    }

    /// The longest form of an answer that is allowed.
    fn brief(
        &mut self,
        now: Instant,
        sender: &Sender<E>,
        reply: Reply,
        out: &mut impl Outbox<K, E>,
    ) {
        let allowed = sender.len * AMPLIFICATION;
        let code = self
            .roster
            .members
            .secret
            .code(&sender.endpoint, sender.endpoint.way(), now);
        for form in 0..REPLY_FORMS {
            self.line.clear();
            if reply
                .write(form, &code, &mut self.line)
                .is_none_or(|written| written.is_err())
                || self.line.len() > allowed
            {
                continue;
            }
            if sender.ending == MessageEnd::Line && self.line.len() < allowed {
                let _ = self.line.push('\n');
            }
            self.roster
                .post_stranger(sender.endpoint, self.line.as_bytes(), out);
            return;
        }
        self.roster.counts.unanswered += 1;
    }
}
