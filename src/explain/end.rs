//! What one end of a connection has sent, and what of it was acknowledged.

use std::collections::VecDeque;

use smoltcp::time::{Duration, Instant};

use crate::trace::{Flags, Mark, Segment};

/// Segments under way that are remembered, for how long ago they were sent. Who has more under way is told less.
const REMEMBERED: usize = 64;

/// Whether a number has come as far as another, on a circle of 32 bits.
pub(super) const fn reaches(number: u32, mark: u32) -> bool {
    number.wrapping_sub(mark).cast_signed() >= 0
}

/// What passed since then.
fn since(then: Option<Instant>, at: Instant) -> Duration {
    let then = then.filter(|&then| then < at);
    then.map_or(Duration::ZERO, |then| at - then)
}

/// One end. Numbers are relative to its initial one.
#[derive(Debug, Clone, Default)]
pub(super) struct End {
    // A value: whoever is given one reads all of it.
    /// It has sent a SYN.
    pub(super) syn: bool,
    /// The number after the last octet that it sent, without SYN and FIN.
    next: u32,
    /// How many octets those were.
    total: u64,
    /// The number after its FIN.
    pub(super) fin: Option<u32>,
    /// It sent its FIN without having seen the other's, which was under way.
    pub(super) crossed: bool,
    /// What the other end acknowledged.
    pub(super) acked: u32,
    /// Acknowledgments in a row that said nothing new.
    pub(super) repeats: u32,
    /// What of it arrived without a hole before it, and what stands behind the hole.
    contiguous: u32,
    hole: Option<(u32, u32)>,
    /// The window it offers.
    pub(super) window: Option<u16>,
    under_way: VecDeque<Sent>,
    /// When it sent its last segment.
    pub(super) last: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    start: u32,
    end: u32,
    /// When it was sent last.
    last: Instant,
    /// Since when it may be acknowledged: nothing before it is missing. `None`: not yet.
    ready: Option<Instant>,
    times: u32,
}

impl End {
    /// It sends a segment that is not taken.
    pub(super) const fn speaks(&mut self, at: Instant) {
        self.last = Some(at);
    }

    /// It sends a segment. A probe is none: its octet is sent again as if it had not been.
    pub(super) fn sends(&mut self, at: Instant, segment: &Segment) {
        let header = &segment.header;
        self.last = Some(at);
        if header.flags.contains(Flags::RST) {
            return;
        }
        if header.flags.contains(Flags::ACK) {
            self.window = Some(header.window);
        }
        let is_syn = header.flags.contains(Flags::SYN);
        self.syn |= is_syn;
        let start = segment.seq.wrapping_add(u32::from(is_syn));
        let end = start.wrapping_add(header.len.into());
        if matches!(segment.mark, Mark::KeepAlive | Mark::WindowProbe) {
            return;
        }
        if !reaches(self.next, end) && (is_syn || header.len > 0) {
            self.total += u64::from(end.wrapping_sub(self.next.max(1)));
            self.next = end;
        }
        if header.flags.contains(Flags::FIN) {
            self.fin = Some(end.wrapping_add(1));
        }
        self.arrange(start, end);
        if header.sequence_len() > 0 {
            let end = segment.seq.wrapping_add(header.sequence_len());
            self.remember(at, segment.seq, end);
        }
        if self.hole.is_none() {
            let new = self
                .under_way
                .iter_mut()
                .filter(|sent| sent.ready.is_none());
            new.for_each(|sent| sent.ready = Some(at));
        }
    }

    fn arrange(&mut self, start: u32, end: u32) {
        if start == end {
            return;
        }
        if !reaches(self.contiguous.max(1), start) {
            let (first, last) = self.hole.unwrap_or((start, end));
            let first = if reaches(first, start) { start } else { first };
            self.hole = Some((first, if reaches(last, end) { last } else { end }));
            return;
        }
        if !reaches(self.contiguous, end) {
            self.contiguous = end;
        }
        if let Some((first, last)) = self.hole
            && reaches(self.contiguous, first)
        {
            self.hole = None;
            if !reaches(self.contiguous, last) {
                self.contiguous = last;
            }
        }
    }

    fn remember(&mut self, at: Instant, start: u32, end: u32) {
        if let Some(sent) = self.under_way.iter_mut().find(|sent| sent.start == start) {
            sent.last = at;
            sent.times += 1;
            if !reaches(sent.end, end) {
                sent.end = end;
            }
            return;
        }
        if self.under_way.len() == REMEMBERED {
            self.under_way.pop_front();
        }
        self.under_way.push_back(Sent {
            start,
            end,
            last: at,
            ready: None,
            times: 1,
        });
    }

    /// The other end acknowledges.
    pub(super) fn is_acked(&mut self, by: &Segment) {
        let ack = by.ack;
        let is_bare = by.header.sequence_len() == 0 && by.header.window > 0;
        if self.acked == ack && is_bare && !self.under_way.is_empty() {
            self.repeats += 1;
        }
        if !reaches(self.acked, ack) {
            self.acked = ack;
            self.repeats = 0;
            self.under_way.retain(|sent| !reaches(ack, sent.end));
        }
    }

    /// How long ago there was something that `ack` acknowledges.
    pub(super) fn waiting(&self, at: Instant, ack: u32) -> Duration {
        let acked = self.under_way.iter().filter(|sent| reaches(ack, sent.end));
        let ready = acked.filter_map(|sent| sent.ready).min();
        since(ready, at)
    }

    /// How long ago the last segment was sent that `ack` acknowledges.
    pub(super) fn age(&self, at: Instant, ack: u32) -> Duration {
        let acked = self.under_way.iter().filter(|sent| reaches(ack, sent.end));
        since(acked.map(|sent| sent.last).max(), at)
    }

    /// Whether something that it sent waits for an acknowledgment.
    pub(super) fn is_waiting(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// How long ago what begins at `start` was sent last, and how many times it was sent.
    pub(super) fn sent_before(&self, at: Instant, start: u32) -> (Duration, u32) {
        let sent = self
            .under_way
            .iter()
            .find(|sent| reaches(start, sent.start) && !reaches(start, sent.end));
        let waited = since(sent.map(|sent| sent.last).or(self.last), at);
        (waited, sent.map_or(1, |sent| sent.times))
    }

    /// Whether it has sent the octet of this number.
    pub(super) const fn has_sent(&self, number: u32) -> bool {
        !reaches(number, self.next)
    }

    /// What is missing first where `start` comes: from, and up to.
    pub(super) fn missing_before(&self, start: u32) -> (u32, u32) {
        let first = self.hole.map_or(start, |(first, _)| first);
        let before = if reaches(start, first) { first } else { start };
        (self.contiguous.max(1), before.wrapping_sub(1))
    }

    /// If octets from `start` to before `end` close the hole: the last number that arrived then.
    pub(super) fn fills(&self, start: u32, end: u32) -> Option<u32> {
        let (first, last) = self.hole?;
        let begins = reaches(self.contiguous.max(1), start);
        (begins && reaches(end, first)).then(|| last.wrapping_sub(1))
    }

    /// Whether something is missing of what it sends.
    pub(super) const fn has_hole(&self) -> bool {
        self.hole.is_some()
    }

    /// How many octets that `ack` acknowledges were not acknowledged before; SYN and FIN are none.
    pub(super) fn newly_acked(&self, ack: u32) -> u32 {
        let upto = if reaches(self.next, ack) {
            ack
        } else {
            self.next
        };
        let from = self.acked.max(1);
        if reaches(from, upto) {
            0
        } else {
            upto.wrapping_sub(from)
        }
    }

    /// Octets that it sent in all, counted from the first segment read.
    pub(super) const fn octets(&self) -> u64 {
        self.total
    }

    /// Octets that it sent and that were not acknowledged.
    pub(super) fn unacked(&self) -> u32 {
        let from = self.acked.max(1);
        if reaches(from, self.next) {
            0
        } else {
            self.next.wrapping_sub(from)
        }
    }
}
