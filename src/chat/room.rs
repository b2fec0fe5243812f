//! The room: who is in it, what they say, who hears it.
//!
//! All memory is the caller's ([`Memory`]); in addition the room holds one line of text. The work per message is
//! proportional to the number of members that it reaches, not to the capacity; finding a name or an endpoint takes the
//! same time in a room of any size.
//!
//! The caller calls [`Room::message`] once for each message that framing finds, in order; [`Room::datagram`] once for
//! each datagram; [`Room::poll`] at the deadline that it returns; and [`Room::leave`] when a connection ends in any way
//! other than through [`Outbox`].

use core::fmt::Write;

use heapless::String;
use smoltcp::time::{Duration, Instant};

use super::command::{self, Command};
use super::framing::{MESSAGE_MAX, MessageEnd};
use super::join_code::Secret;
use super::members::{Endpoint, Kind, Member, MemberId, Members, Peer};
use super::name::{self, NAME_MAX, Name};
use super::outbox::{Counts, LAST_WORDS_MAX, Outbox, Request};
use super::rate::{Bucket, Rate, Sources};
use super::roster::Roster;
use super::text;
use super::words::{self, Answer};
use crate::origin::Origin;
use smolhost::opaque;

mod actions;
mod memory;
mod unheard;
mod unvalidated;
mod voice;
mod yielding;

use unvalidated::Rejoins;

pub use memory::{Memory, Storage};
pub use unheard::{Lines, unheard_lines};
pub use unvalidated::AMPLIFICATION;
pub use voice::Voice;
pub use yielding::{Newcomer, PutOut};

/// The longest line that the room sends, including its LF: a message, a name, and the text around them. A TCP queue
/// must hold this and [`LAST_WORDS_MAX`], or its member is disconnected as too slow.
pub const LINE_MAX: usize = MESSAGE_MAX + NAME_MAX + 32;

type Line = String<LINE_MAX>;
type Text = String<MESSAGE_MAX>;

/// What members may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// What one member may send.
    pub rate: Rate,
    /// What all UDP endpoints without proof may send together.
    pub unvalidated: Rate,
    /// What those of one origin may send, and how many answers they get.
    pub stranger: Rate,
    /// How long a UDP member may be silent.
    pub silence: Duration,
    /// How many members one origin keeps while others wait for a place; `None`: what each origin would have if all had
    /// the same, at most a quarter of the places, and never less than two or a thirty-second part.
    pub per_origin: Option<usize>,
    /// How long a member that says nothing keeps a place for which others wait (each that waits halves this), and how
    /// long one of a crowd that has spoken keeps it without speaking again.
    pub first_words: Duration,
    /// How long a member that has spoken keeps it without speaking again.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let rate = Rate {
            burst: 20,
            every: Duration::from_millis(200),
        };
        Self {
            rate,
            unvalidated: Rate {
                burst: 60,
                every: Duration::from_millis(100),
            },
            stranger: Rate {
                burst: 20,
                every: Duration::from_millis(500),
            },
            silence: Duration::from_secs(120),
            per_origin: None,
            first_words: Duration::from_secs(5),
            idle: Duration::from_secs(600),
        }
    }
}

/// Whether anybody hears what somebody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hearing {
    /// As long as it has allowance left.
    AsAllowed,
    Nobody,
}

/// Nobody can be let in; a TCP peer has been told so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomFull;

/// The handle is stale: this membership has ended, and its peer has been told why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAMember;

/// The one room. `K` identifies a TCP connection to the caller, `E` is a UDP endpoint.
pub struct Room<'a, K, E> {
    roster: Roster<'a, K, E>,
    limits: Limits,
    unvalidated: Bucket,
    line: Line,
}

opaque!([K, E] Room<'_, K, E>, "Room");

impl<'a, K: Copy, E: Endpoint> Room<'a, K, E> {
    /// An empty room. `secret` is the key of the join codes: random, and never shown.
    pub fn new(now: Instant, memory: Memory<'a, K, E>, limits: Limits, secret: [u64; 2]) -> Self {
        let members = Members::new(memory.slots, memory.cells, Secret(secret));
        Self {
            roster: Roster {
                members,
                counts: Counts::default(),
                sources: Sources(memory.sources),
            },
            limits,
            unvalidated: Bucket::full(now),
            line: Line::new(),
        }
    }

    /// Reserves this many places for TCP connections and the console: UDP members never take them.
    pub fn keep_for_streams(&mut self, places: usize) {
        self.roster.members.kept = places;
    }

    /// What members may do.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.roster.members.len()
    }

    /// Whether the room is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many members there can be.
    pub fn capacity(&self) -> usize {
        self.roster.members.capacity()
    }

    /// What happened so far.
    pub fn counts(&self) -> &Counts {
        &self.roster.counts
    }

    /// A member's name.
    pub fn name(&self, id: MemberId) -> Option<&str> {
        self.member(id).map(|member| member.name.as_str())
    }

    /// Whether the member reads lines: answers to it end with LF.
    pub fn reads_lines(&self, id: MemberId) -> bool {
        self.member(id).is_none_or(|member| member.lines)
    }

    /// The names of all members and how they are connected.
    pub fn members(&self) -> impl Iterator<Item = (&str, Peer<K, E>)> + '_ {
        self.roster
            .members
            .iter()
            .map(|member| (member.name.as_str(), member.peer))
    }

    fn member(&self, id: MemberId) -> Option<&Member<K, E>> {
        self.roster
            .members
            .slot(id)
            .and_then(|slot| self.roster.members.get(slot))
    }

    /// Lets a TCP connection in, which is then a member and hears everyone. Nothing is sent to it.
    ///
    /// If the room is full, the peer is told so through [`Outbox::part`].
    pub fn join_tcp(
        &mut self,
        now: Instant,
        key: K,
        origin: Origin,
        out: &mut impl Outbox<K, E>,
    ) -> Result<MemberId, RoomFull> {
        // Whoever comes for a word can say it, however many came from there before.
        let bucket = self.roster.sources.bucket(now, origin, self.limits.rate, 1);
        self.roster
            .members
            .add(now, Peer::Tcp(key), (origin, bucket), None)
            .map_err(|_| {
                self.roster.counts.turned_away += 1;
                self.line.clear();
                let _ = writeln!(self.line, "{}", words::FULL);
                out.part(key, self.line.as_bytes());
                RoomFull
            })
    }

    /// Makes the operator's console a member. There is at most one.
    pub fn join_console(&mut self, now: Instant) -> Result<MemberId, RoomFull> {
        let operator = Name::try_from(name::OPERATOR).map_err(|_| RoomFull)?;
        if self.roster.members.alike(&operator).is_some() {
            return Err(RoomFull);
        }
        let nobody = (Origin::NOWHERE, Bucket::full(now));
        let id = self
            .roster
            .members
            .add(now, Peer::Console, nobody, Some(operator))
            .map_err(|_| RoomFull)?;
        if let Some(member) = self.roster.members.get_mut(id.slot) {
            member.welcomed = true;
        }
        Ok(id)
    }

    /// Ends the membership of a peer that does not read.
    pub fn cut_off(&mut self, id: MemberId, out: &mut impl Outbox<K, E>) {
        if let Some(slot) = self.roster.members.slot(id) {
            self.roster.cut_off(slot, out);
        }
    }

    /// Ends a membership without a message, since the connection has ended.
    pub fn leave(&mut self, id: MemberId) {
        if let Some(slot) = self.roster.members.slot(id) {
            self.roster.remove(slot);
        }
    }

    /// Handles one message from a TCP member or the console, as framing found it: exactly one answer goes to its
    /// sender.
    pub fn message(
        &mut self,
        now: Instant,
        id: MemberId,
        octets: &[u8],
        ending: MessageEnd,
        out: &mut impl Outbox<K, E>,
    ) -> Result<Option<Request<K, E>>, NotAMember> {
        let slot = self.roster.members.slot(id).ok_or(NotAMember)?;
        Ok(self.heard(now, slot, octets, ending, out))
    }

    /// Tells a TCP member that its message was too long, after framing had to skip it.
    pub fn too_long(
        &mut self,
        now: Instant,
        id: MemberId,
        ending: MessageEnd,
        out: &mut impl Outbox<K, E>,
    ) -> Result<(), NotAMember> {
        let slot = self.roster.members.slot(id).ok_or(NotAMember)?;
        self.note(now, slot, ending);
        self.refuse_long(slot, out);
        Ok(())
    }

    /// Handles one datagram, from a member or from an endpoint that is not one.
    pub fn datagram(
        &mut self,
        now: Instant,
        from: E,
        octets: &[u8],
        out: &mut impl Outbox<K, E>,
    ) -> Option<Request<K, E>> {
        self.received(now, from, octets, Hearing::AsAllowed, out)
    }

    /// Handles one datagram from a sender that says more than its listeners can read: nobody hears it, and the sender
    /// is told so.
    pub fn datagram_unheard(
        &mut self,
        now: Instant,
        from: E,
        octets: &[u8],
        out: &mut impl Outbox<K, E>,
    ) -> Option<Request<K, E>> {
        self.received(now, from, octets, Hearing::Nobody, out)
    }

    #[inline(never)]
    fn received(
        &mut self,
        now: Instant,
        from: E,
        octets: &[u8],
        hearing: Hearing,
        out: &mut impl Outbox<K, E>,
    ) -> Option<Request<K, E>> {
        // C programs send the NUL behind their text, too, or their whole buffer.
        let nuls = octets.iter().rev().take_while(|octet| **octet == 0).count();
        let text = &octets[..octets.len() - nuls];
        let body = text.strip_suffix(b"\n").unwrap_or(text);
        let body = body.strip_suffix(b"\r").unwrap_or(body);
        let ending = if body.len() < text.len() {
            MessageEnd::Line
        } else {
            MessageEnd::Idle
        };
        match self.roster.members.at(&from) {
            // Only a sign of life.
            Some(slot) if octets.is_empty() => self.roster.members.hear(slot, now),
            Some(slot) => {
                match self.rejoins(now, slot, &from, body) {
                    Rejoins::Not => {}
                    Rejoins::Proves => self.move_lines(now, slot, from, out),
                    Rejoins::Asks => {
                        self.stranger(now, from, octets.len(), (body, ending, hearing), out);
                        return None;
                    }
                }
                return match hearing {
                    Hearing::AsAllowed => self.heard(now, slot, body, ending, out),
                    Hearing::Nobody => self.unheard(now, slot, body, ending, out),
                };
            }
            None => self.stranger(now, from, octets.len(), (body, ending, hearing), out),
        }
        None
    }

    /// Drops UDP members that have been silent for too long. Returns when to call again.
    pub fn poll(&mut self, now: Instant, out: &mut impl Outbox<K, E>) -> Option<Instant> {
        loop {
            let slot = self.roster.members.first(Kind::Datagrams)?;
            let member = self.roster.members.get(slot)?;
            let deadline = member.heard + self.limits.silence;
            if now < deadline {
                return Some(deadline);
            }
            let Peer::Udp(endpoint) = member.peer else {
                return None;
            };
            let code = self
                .roster
                .members
                .secret
                .code(&endpoint, endpoint.way(), now);
            let mut why = String::<LAST_WORDS_MAX>::new();
            let _ = write!(
                why,
                "{}",
                words::Silent {
                    silence: self.limits.silence.secs(),
                    code: &code
                }
            );
            self.roster.counts.silent += 1;
            self.roster.dismiss(slot, &why, out);
        }
    }

    /// Ends every membership: each TCP and UDP member receives exactly `q`.
    pub fn shutdown(&mut self, out: &mut impl Outbox<K, E>) {
        while let Some(slot) = self
            .roster
            .members
            .first(Kind::Streams)
            .or(self.roster.members.first(Kind::Datagrams))
        {
            self.roster.farewell(slot, out);
        }
    }

    fn note(&mut self, now: Instant, slot: u32, ending: MessageEnd) {
        self.roster.members.hear(slot, now);
        if let Some(member) = self.roster.members.get_mut(slot) {
            member.lines = ending == MessageEnd::Line;
            member.spoke = true;
        }
    }

    /// Not inlined: its text would take the stack of whoever calls.
    #[inline(never)]
    fn heard(
        &mut self,
        now: Instant,
        slot: u32,
        octets: &[u8],
        ending: MessageEnd,
        out: &mut impl Outbox<K, E>,
    ) -> Option<Request<K, E>> {
        self.note(now, slot, ending);
        let mut text = Text::new();
        if octets.len() > MESSAGE_MAX || text::clean(octets, &mut text).is_err() {
            self.refuse_long(slot, out);
            return None;
        }
        let command = command::parse(&text);
        let rate = self.limits.rate;
        let member = self.roster.members.get_mut(slot)?;
        let (number, peer) = (member.number, member.peer);
        let is_console = matches!(member.peer, Peer::Console);
        if !is_console || command.is_said() {
            self.roster.counts.messages += 1;
        }
        let unlimited = is_console || command == Command::Quit;
        if !unlimited && !member.bucket.take(now, rate) {
            self.roster.counts.too_fast += 1;
            self.answer(slot, Answer::TooFast(1), out);
            return None;
        }
        let ask = self.act(slot, command, out)?;
        let from = MemberId { slot, number };
        Some(Request { from, peer, ask })
    }
}

#[cfg(test)]
mod tests;
