//! Delivery: a line, formatted once, to one member or to all of them.

use core::fmt::Write;

use heapless::String;

use super::members::{Endpoint, Kind, Member, Members, Peer};
use super::outbox::{Counts, LAST_WORDS_MAX, Outbox};
use super::rate::Sources;
use super::words;

pub(super) struct Roster<'a, K, E> {
    // Open to the room, which is the roster with its rules.
    pub(super) members: Members<'a, K, E>,
    pub(super) counts: Counts,
    /// What strangers and those who left have taken of what their origins may say.
    pub(super) sources: Sources<'a>,
}

impl<K: Copy, E: Endpoint> Roster<'_, K, E> {
    /// Sends a line to a member. If its queue is full, a TCP member is told so and disconnected; to
    /// others the loss is told before the next line that reaches them.
    pub(super) fn post(&mut self, slot: u32, line: &[u8], out: &mut impl Outbox<K, E>) -> bool {
        let Some(member) = self.members.get_mut(slot) else {
            return false;
        };
        if member.lost > 0 {
            let mut note = String::<LAST_WORDS_MAX>::new();
            let _ = writeln!(note, "{}", words::Lost(member.lost));
            if out.send(member.peer, note.as_bytes()).is_ok() {
                member.lost = 0;
            }
        }
        if out.send(member.peer, line).is_ok() {
            self.counts.delivered += 1;
            return true;
        }
        self.counts.lost += 1;
        match member.peer {
            Peer::Tcp(_) => self.cut_off(slot, out),
            Peer::Udp(_) | Peer::Console => member.lost = member.lost.saturating_add(1),
        }
        false
    }

    /// Ends the membership of somebody who does not read.
    pub(super) fn cut_off(&mut self, slot: u32, out: &mut impl Outbox<K, E>) {
        self.counts.slow += 1;
        self.dismiss(slot, words::SLOW, out);
    }

    /// Sends a line to an endpoint that is no member's. What is lost is only counted.
    pub(super) fn post_stranger(&mut self, to: E, line: &[u8], out: &mut impl Outbox<K, E>) {
        match out.send(Peer::Udp(to), line) {
            Ok(()) => self.counts.delivered += 1,
            Err(_) => self.counts.lost += 1,
        }
    }

    /// Sends a line to everybody but one. How many it reached.
    pub(super) fn broadcast(
        &mut self,
        except: Option<u32>,
        line: &[u8],
        out: &mut impl Outbox<K, E>,
    ) -> usize {
        let mut reached = 0;
        for kind in [Kind::Streams, Kind::Datagrams] {
            let mut at = self.members.first(kind);
            while let Some(slot) = at {
                // Taken now: `post` may remove this member, and no other.
                at = self.members.next(slot);
                if Some(slot) != except && self.post(slot, line, out) {
                    reached += 1;
                }
            }
        }
        reached
    }

    /// Ends a membership. What it said counts for whoever comes next from where it is.
    pub(super) fn remove(&mut self, slot: u32) -> Option<Member<K, E>> {
        let member = self.members.remove(slot)?;
        if !matches!(member.peer, Peer::Console) {
            self.sources.remember(member.origin, member.bucket);
        }
        Some(member)
    }

    /// Ends a membership with a last line.
    pub(super) fn dismiss(
        &mut self,
        slot: u32,
        why: &str,
        out: &mut impl Outbox<K, E>,
    ) -> Option<Member<K, E>> {
        let member = self.remove(slot)?;
        let mut words = String::<LAST_WORDS_MAX>::new();
        let _ = words.push_str(why);
        if member.lines {
            let _ = words.push('\n');
        }
        match member.peer {
            Peer::Tcp(key) => out.part(key, words.as_bytes()),
            Peer::Udp(_) | Peer::Console => {
                if out.send(member.peer, words.as_bytes()).is_err() {
                    self.counts.lost += 1;
                }
            }
        }
        Some(member)
    }

    /// Ends a membership as in the tutorials: with exactly `q`.
    pub(super) fn farewell(&mut self, slot: u32, out: &mut impl Outbox<K, E>) {
        let Some(member) = self.remove(slot) else {
            return;
        };
        match member.peer {
            Peer::Tcp(key) => out.farewell(key),
            Peer::Udp(_) => {
                if out.send(member.peer, b"q").is_err() {
                    self.counts.lost += 1;
                }
            }
            // The console is told by whoever runs it.
            Peer::Console => {}
        }
    }
}
