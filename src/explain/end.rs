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
    first: Instant,
    last: Instant,
    times: u32,
}

impl End {
    /// It sends a segment.
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
        if matches!(segment.mark, Mark::KeepAlive) {
            return;
        }
        if !reaches(self.next, end) {
            self.total += u64::from(end.wrapping_sub(self.next.max(1)));
            self.next = end;
        }
        if header.flags.contains(Flags::FIN) {
            self.fin = Some(end.wrapping_add(1));
        }
        self.arrange(start, end);
        if header.sequence_len() > 0 {
            self.remember(
                at,
                segment.seq,
                segment.seq.wrapping_add(header.sequence_len()),
            );
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
            return;
        }
        if self.under_way.len() == REMEMBERED {
            self.under_way.pop_front();
        }
        self.under_way.push_back(Sent {
            start,
            end,
            first: at,
            last: at,
            times: 1,
        });
    }

    /// The other end acknowledges.
    pub(super) fn is_acked(&mut self, by: &Segment) {
        let ack = by.ack;
        if self.acked == ack && by.header.sequence_len() == 0 && !self.under_way.is_empty() {
            self.repeats += 1;
        }
        if !reaches(self.acked, ack) {
            self.acked = ack;
            self.repeats = 0;
            self.under_way.retain(|sent| !reaches(ack, sent.end));
        }
    }

    /// How long ago the oldest segment was sent that `ack` acknowledges.
    pub(super) fn age(&self, at: Instant, ack: u32) -> Option<Duration> {
        let acked = self.under_way.iter().filter(|sent| reaches(ack, sent.end));
        let first = acked.map(|sent| sent.first).min()?;
        Some(if first < at {
            at - first
        } else {
            Duration::ZERO
        })
    }

    /// How long ago what begins at `start` was sent last, and how many times it was sent.
    pub(super) fn sent_before(&self, at: Instant, start: u32) -> (Duration, u32) {
        let sent = self
            .under_way
            .iter()
            .find(|sent| reaches(start, sent.start) && !reaches(start, sent.end));
        let last = sent.map(|sent| sent.last).or(self.last);
        let waited = last
            .filter(|&last| last < at)
            .map_or(Duration::ZERO, |last| at - last);
        (waited, sent.map_or(1, |sent| sent.times))
    }

    /// What is missing before `start`: from, and up to.
    pub(super) fn missing_before(&self, start: u32) -> (u32, u32) {
        (self.contiguous.max(1), start.wrapping_sub(1))
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
