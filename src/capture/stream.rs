//! What one end of a captured connection sends: the numbers of its octets, and what was missing.

use super::ranges::Ranges;
use crate::trace::{Flags, Header, Mark, SeqNumber};
use std::ops::Range;

/// Parts that may be missing at once. Of more, the oldest count as having come.
const HOLES: usize = 1 << 16;

/// What is known of the octets that one end sends.
#[derive(Default)]
pub(super) struct Stream {
    /// The initial sequence number, or what it must have been if the first octet seen is number 1.
    initial: Option<SeqNumber>,
    /// The number after the last one sent.
    next: Option<SeqNumber>,
    /// Where `next` stands on a line that does not wrap.
    place: i64,
    /// The last acknowledgment and window that were sent, and the first acknowledgment.
    acks: Option<SeqNumber>,
    window: Option<u16>,
    first_ack: Option<SeqNumber>,
    /// The parts that were left out when something after them was sent.
    holes: Ranges,
}

impl Stream {
    /// A sequence number relative to the initial one, which the first segment seen may have to tell.
    pub(super) fn relative(&mut self, number: SeqNumber, is_initial: bool) -> u32 {
        let first = number - u32::from(!is_initial);
        number.since(*self.initial.get_or_insert(first))
    }

    /// Whether a SYN of this end with another number than the first has none of this stream: Wireshark
    /// tells connections apart by that. A number whose SYN `other` acknowledged first is of this
    /// stream, and the capture has its segments in another order.
    pub(super) fn is_begun_anew(&self, syn: &Header, other: &Self) -> bool {
        self.initial.is_some_and(|initial| initial != syn.seq)
            && other.first_ack != Some(syn.seq + 1)
    }

    /// A SYN tells the initial number for certain. If nothing but another SYN was sent before, as by a
    /// server that answers with cookies, the stream begins with this one.
    pub(super) fn begin(&mut self, syn: &Header) {
        let only_syn = self.initial.map(|initial| initial + 1) == self.next;
        if self.initial.replace(syn.seq) != Some(syn.seq) && only_syn {
            self.next = None;
        }
    }

    /// What a segment is besides its flags, given the stream that the other end sends.
    pub(super) fn mark(&self, segment: &Header, other: &Self) -> Mark {
        let Some(next) = self.next else {
            return Mark::None;
        };
        let begins = segment.flags.contains(Flags::SYN) || segment.flags.contains(Flags::RST);
        let ends = begins || segment.flags.contains(Flags::FIN);
        if !ends && segment.len <= 1 && segment.seq + 1 == next {
            // Below everything acknowledged; an octet that is not acknowledged yet is sent again.
            if segment.len == 0 || other.acks == Some(next) {
                return Mark::KeepAlive;
            }
        }
        if segment.sequence_len() == 0 || begins && segment.flags.contains(Flags::RST) {
            return Mark::None;
        }
        if next.is_before(segment.seq) {
            return Mark::OutOfOrder;
        }
        if segment.len == 1 && segment.seq == next && other.window == Some(0) && !ends {
            return Mark::WindowProbe;
        }
        if next.is_before(segment.end()) || self.holes.contain(&self.range(segment, next)) {
            Mark::None
        } else {
            Mark::Retransmission
        }
    }

    /// A segment was sent; its window, if that is known.
    pub(super) fn sent(&mut self, segment: &Header, window: Option<u16>) {
        if segment.flags.contains(Flags::ACK) {
            self.acks = Some(segment.ack);
            self.first_ack.get_or_insert(segment.ack);
        }
        self.window = window;
        if segment.flags.contains(Flags::RST) {
            return;
        }
        let end = segment.end();
        let next = *self.next.get_or_insert(end);
        let range = self.range(segment, next);
        if range.start > self.place {
            self.holes.insert(self.place..range.start);
            self.holes.keep(HOLES);
        } else {
            self.holes.remove(range.clone());
        }
        if range.end > self.place {
            self.next = Some(end);
            self.place = range.end;
        }
    }

    /// How many octets were left out and never came.
    pub(super) fn missing(&self) -> u64 {
        self.holes.total()
    }

    /// What a segment takes up of the line that does not wrap, on which `next` is known.
    fn range(&self, segment: &Header, next: SeqNumber) -> Range<i64> {
        let start = i64::from(segment.seq.since(next).cast_signed());
        let start = self.place.saturating_add(start);
        start..start.saturating_add(i64::from(segment.sequence_len()))
    }
}

#[cfg(test)]
mod tests;
