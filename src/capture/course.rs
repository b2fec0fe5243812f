//! What becomes of a captured connection, from its segments: how it opened and ended, and how much was sent.
//!
//! It takes the same memory however long the connection is.

use super::ended::Ended;
use crate::trace::{Direction, Ending, Flags, Header, Mark, SeqNumber};
use smoltcp::time::{Duration, Instant};

/// What one end has sent.
#[derive(Debug, Clone, Copy, Default)]
struct Sent {
    segments: u64,
    /// Octets of payload, those sent again included.
    octets: u64,
    /// The number after its SYN, and after its FIN.
    syn: Option<SeqNumber>,
    fin: Option<SeqNumber>,
    /// The highest number after what it sent, and the highest acknowledgment.
    next: Option<SeqNumber>,
    ack: Option<SeqNumber>,
    /// It sent a reset that the other end takes.
    reset: bool,
}

/// Both ends, the one in the place of this node first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    ends: [Sent; 2],
    first: Instant,
    last: Instant,
    handshake: Option<Duration>,
    again: u64,
    gaps: u64,
    noted: Option<Ended>,
}

/// Whether a number that is known, and reaches up to `known`, reaches `mark`.
fn covers(known: Option<SeqNumber>, mark: SeqNumber) -> bool {
    known.is_some_and(|known| mark.is_at_most(known))
}

fn advance(known: &mut Option<SeqNumber>, number: SeqNumber) {
    if known.is_none_or(|known| known.is_before(number)) {
        *known = Some(number);
    }
}

/// What passed, however far apart a capture says that they are.
fn between(first: Instant, last: Instant) -> Duration {
    let micros = last.total_micros().saturating_sub(first.total_micros());
    Duration::from_micros(micros.try_into().unwrap_or(0))
}

impl Course {
    /// Of a connection whose first segment comes now.
    pub(super) fn new(at: Instant) -> Self {
        Self {
            ends: [Sent::default(); 2],
            first: at,
            last: at,
            handshake: None,
            again: 0,
            gaps: 0,
            noted: None,
        }
    }

    /// Takes in a segment, with what it is besides its flags and how many octets of payload it has.
    pub(super) fn add(
        &mut self,
        at: Instant,
        direction: Direction,
        header: &Header,
        mark: Mark,
        len: usize,
    ) {
        self.last = self.last.max(at);
        let [local, remote] = &mut self.ends;
        let (sender, receiver) = match direction {
            Direction::Out => (local, remote),
            Direction::In => (remote, local),
        };
        sender.segments += 1;
        sender.octets += len as u64;
        if header.flags.contains(Flags::RST) {
            sender.reset |= receiver.takes_reset(header, sender.next);
            return;
        }
        if header.flags.contains(Flags::SYN) {
            sender.syn = Some(header.seq + 1);
            if !header.flags.contains(Flags::ACK) {
                // A refused client may ask again.
                receiver.reset = false;
            }
        }
        sender.takes_in(header);
        match mark {
            Mark::Retransmission => self.again += 1,
            Mark::OutOfOrder => self.gaps += 1,
            Mark::None | Mark::Duplicate | Mark::KeepAlive | Mark::WindowProbe => {}
        }
        if self.handshake.is_none() && self.both(|sent| sent.syn) {
            self.handshake = Some(between(self.first, at));
        }
    }

    /// The node that captured itself noted how it ended.
    pub(super) const fn note(&mut self, ending: Ending) {
        self.noted = Some(Ended::noted(ending));
    }

    /// Whether both ends sent this, and the other one acknowledged it.
    fn both(&self, number: impl Fn(&Sent) -> Option<SeqNumber>) -> bool {
        let [local, remote] = &self.ends;
        [(local, remote), (remote, local)]
            .into_iter()
            .all(|(one, other)| number(one).is_some_and(|number| covers(other.ack, number)))
    }

    /// How it stands.
    pub(super) fn ended(&self) -> Ended {
        let [local, remote] = &self.ends;
        if let Some(noted) = self.noted {
            return noted;
        }
        if self.both(|sent| sent.fin) {
            return Ended::Closed;
        }
        let pairs = [(local, remote), (remote, local)];
        if let Some((by, other)) = pairs.into_iter().find(|(by, _)| by.reset) {
            let refuses = other.syn.is_some() && by.syn.is_none() && by.octets == 0;
            return match refuses && other.ack.is_none() {
                true => Ended::Refused,
                false => Ended::Reset,
            };
        }
        if local.fin.or(remote.fin).is_some() {
            return Ended::HalfClosed;
        }
        let waits = |(one, other): (&Sent, &Sent)| {
            let syn = one.syn.filter(|&syn| !covers(other.ack, syn));
            syn.is_some()
        };
        if !pairs.into_iter().any(waits) {
            Ended::Open
        } else if pairs.iter().any(|(one, _)| one.next.is_none()) {
            Ended::Unanswered
        } else {
            Ended::HalfOpen
        }
    }

    /// When its first segment came.
    pub(super) const fn first(&self) -> Instant {
        self.first
    }

    /// From its first segment to its last.
    pub(super) fn lasted(&self) -> Duration {
        between(self.first, self.last)
    }

    /// From its first SYN to when both were acknowledged, if all of that was seen.
    pub(super) const fn handshake(&self) -> Option<Duration> {
        self.handshake
    }

    /// Segments of both ends.
    pub(super) const fn segments(&self) -> u64 {
        let [local, remote] = &self.ends;
        local.segments + remote.segments
    }

    /// Octets of payload of each end.
    pub(super) const fn octets(&self) -> [u64; 2] {
        let [local, remote] = &self.ends;
        [local.octets, remote.octets]
    }

    /// Segments sent again.
    pub(super) const fn again(&self) -> u64 {
        self.again
    }

    /// Segments that came while something before them was missing.
    pub(super) const fn gaps(&self) -> u64 {
        self.gaps
    }
}

impl Sent {
    /// Takes in what this end sends.
    fn takes_in(&mut self, header: &Header) {
        advance(&mut self.next, header.end());
        if header.flags.contains(Flags::ACK) {
            advance(&mut self.ack, header.ack);
        }
        if header.flags.contains(Flags::FIN) {
            self.fin.get_or_insert(header.end());
        }
    }

    /// Whether a reset reaches this end in place: where it waits for the next octet, as far as that is known. `next` is
    /// what the other one would send.
    fn takes_reset(&self, header: &Header, next: Option<SeqNumber>) -> bool {
        let Some(ack) = self.ack else {
            // It answers a SYN, or the capture began in the middle.
            let answers = header.flags.contains(Flags::ACK);
            return !answers || self.syn.is_none_or(|syn| header.ack == syn);
        };
        let next = next.filter(|next| ack.is_before(*next)).unwrap_or(ack);
        ack.is_at_most(header.seq) && header.seq.is_at_most(next)
    }
}

#[cfg(test)]
mod tests;
