//! What somebody says beyond its allowance: nobody hears it, and it is told so, once for all that came together.

use smoltcp::time::Instant;

use super::Room;
use crate::chat::command::{self, Command};
use crate::chat::framing::MessageEnd;
use crate::chat::members::{Endpoint, MemberId, Peer};
use crate::chat::outbox::{Outbox, Request};
use crate::chat::words::Answer;

impl<K: Copy, E: Endpoint> Room<'_, K, E> {
    /// Whether what a member says would be heard: it has some of its allowance left, or says good-bye.
    pub fn is_heard(&self, now: Instant, id: MemberId, octets: &[u8]) -> bool {
        self.member(id).is_none_or(|member| {
            member.bucket.has_one(now, self.limits.rate)
                || matches!(member.peer, Peer::Console)
                || is_quit(octets)
        })
    }

    /// A member said so many messages more than it may, which nobody heard: it is told so.
    pub fn too_fast(
        &mut self,
        now: Instant,
        id: MemberId,
        messages: u32,
        ending: MessageEnd,
        out: &mut impl Outbox<K, E>,
    ) {
        let Some(slot) = self.roster.members.slot(id) else {
            return;
        };
        self.note(now, slot, ending);
        self.roster.counts.messages += u64::from(messages);
        self.roster.counts.too_fast += u64::from(messages);
        self.answer(slot, Answer::TooFast(messages), out);
    }

    /// A member may leave at any time; everything else it has to say again.
    #[inline(never)]
    pub(super) fn unheard(
        &mut self,
        now: Instant,
        slot: u32,
        octets: &[u8],
        ending: MessageEnd,
        out: &mut impl Outbox<K, E>,
    ) -> Option<Request<K, E>> {
        if is_quit(octets) {
            return self.heard(now, slot, octets, ending, out);
        }
        let number = self.roster.members.get(slot)?.number;
        self.too_fast(now, MemberId { slot, number }, 1, ending, out);
        None
    }
}

/// Lines that nobody hears: they are counted and told of together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lines {
    /// How many there are.
    pub lines: u32,
    /// How many octets they take.
    pub octets: usize,
}

/// The lines at the front that somebody says who may say nothing now: those of printable text alone, up to a good-bye.
pub fn unheard_lines(seen: &[u8]) -> Lines {
    let mut found = Lines::default();
    for line in seen.split_inclusive(|octet| *octet == b'\n') {
        let text = line.strip_suffix(b"\n");
        let text = text.map(|text| text.strip_suffix(b"\r").unwrap_or(text));
        let is_plain = |octet: &u8| matches!(octet, 0x20..=0x7e | 0x80..=0xf4);
        match text {
            Some(text) if text.iter().all(is_plain) && !is_quit(text) => {
                found.lines += 1;
                found.octets += line.len();
            }
            Some(_) | None => break,
        }
    }
    found
}

/// Whether a message is a good-bye, however little may be said.
fn is_quit(octets: &[u8]) -> bool {
    let text = core::str::from_utf8(octets);
    text.is_ok_and(|text| command::parse(text) == Command::Quit)
}
