//! UDP endpoints that have not proved that they receive what is sent to them.
//!
//! Anybody can write any source address on a datagram. So a stranger may speak, but hears nothing
//! except answers, and no answer is larger than [`AMPLIFICATION`] times what was received. Nothing
//! is kept of strangers: what they say together passes through one token bucket.

use core::hash::Hash;

use smoltcp::time::Instant;

use super::{Room, Text};
use crate::chat::command::{self, Command};
use crate::chat::framing::{Ending, MESSAGE_MAX};
use crate::chat::members::Peer;
use crate::chat::name;
use crate::chat::outbox::Outbox;
use crate::chat::text;
use crate::chat::words::{Joined, REPLY_FORMS, Reply};

/// How many octets an answer to a stranger may have for each octet of its datagram (as RFC 9000
/// section 8.1 has it).
pub const AMPLIFICATION: usize = 3;

/// A stranger and its datagram.
struct Sender<E> {
    endpoint: E,
    /// Octets received.
    len: usize,
    ending: Ending,
}

impl<K: Copy, E: Copy + Eq + Hash> Room<'_, K, E> {
    #[inline(never)]
    pub(super) fn stranger(
        &mut self,
        now: Instant,
        endpoint: E,
        len: usize,
        body: &[u8],
        ending: Ending,
        out: &mut impl Outbox<K, E>,
    ) {
        self.hall.counts.messages += 1;
        let sender = Sender {
            endpoint,
            len,
            ending,
        };
        let mut text = Text::new();
        if body.len() > MESSAGE_MAX || text::clean(body, &mut text).is_err() {
            self.hall.counts.too_long += 1;
            return self.brief(now, &sender, Reply::TooLong, out);
        }
        let proves = |code: &str| self.hall.members.secret.proves(&endpoint, now, code);
        match command::parse(&text) {
            Command::Say(code) | Command::Join(code) if proves(code) => {
                self.admit(now, &sender, out)
            }
            Command::Join(_) => self.brief(now, &sender, Reply::Code, out),
            Command::Say(said) => self.overheard(now, &sender, said, out),
            Command::Quit => self.hall.post_stranger(endpoint, b"q", out),
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

    fn admit(&mut self, now: Instant, sender: &Sender<E>, out: &mut impl Outbox<K, E>) {
        use core::fmt::Write;
        let Ok(id) = self.hall.members.add(now, Peer::Udp(sender.endpoint), None) else {
            self.hall.counts.turned_away += 1;
            return self.brief(now, sender, Reply::Full, out);
        };
        let Some(member) = self.hall.members.get_mut(id.slot) else {
            return;
        };
        member.lines = sender.ending == Ending::Line;
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
        self.hall.post(id.slot, self.line.as_bytes(), out);
    }

    fn overheard(
        &mut self,
        now: Instant,
        sender: &Sender<E>,
        said: &str,
        out: &mut impl Outbox<K, E>,
    ) {
        use core::fmt::Write;
        if !self.strangers.take(now, self.limits.strangers) {
            self.hall.counts.too_fast += 1;
            return self.brief(now, sender, Reply::TooFast, out);
        }
        let alias = self.hall.members.secret.alias(&sender.endpoint);
        self.line.clear();
        let _ = writeln!(self.line, "{}{alias}: {said}", name::GIVEN[1]);
        let reached = self.hall.broadcast(None, self.line.as_bytes(), out);
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
        let code = self.hall.members.secret.code(&sender.endpoint, now);
        for form in 0..REPLY_FORMS {
            self.line.clear();
            if reply
                .write(form, &code, &mut self.line)
                .is_none_or(|written| written.is_err())
                || self.line.len() > allowed
            {
                continue;
            }
            if sender.ending == Ending::Line && self.line.len() < allowed {
                let _ = self.line.push('\n');
            }
            self.hall
                .post_stranger(sender.endpoint, self.line.as_bytes(), out);
            return;
        }
        self.hall.counts.unanswered += 1;
    }
}
