//! The TCP connections among the packets of a capture, each as the records of a journal.
//!
//! The end that opened the connection, or that speaks first in the capture, stands in the place of
//! this node; its states are recorded as inferred. The ladder infers those of the other end itself.

use super::dissect::Dissected;
use crate::trace::{
    Cause, ConnectionId, Direction, Endpoint, Event, Flags, Flow, Header, Journal, Kind, Mark,
    Segment, State, Transition, Verdict,
};
use smoltcp::time::Instant;
use smoltcp::wire::IpEndpoint;
use std::collections::HashMap;
use std::vec;
use std::vec::Vec;

/// What is known of the octets that one end sends.
#[derive(Default)]
struct Stream {
    /// The initial sequence number, or what it must have been if the first octet seen is number 1.
    initial: Option<u32>,
    /// The number after the last one sent.
    next: Option<u32>,
    /// The last acknowledgment and window that were sent.
    acks: Option<u32>,
    window: Option<u16>,
    /// The parts that were left out when something after them was sent.
    holes: Vec<(u32, u32)>,
    inferred: Endpoint,
}

/// Whether `number` comes after `mark` in sequence space.
const fn is_after(number: u32, mark: u32) -> bool {
    number != mark && number.wrapping_sub(mark) < 0x8000_0000
}

impl Stream {
    /// A sequence number relative to the initial one, which the first segment seen may have to tell.
    fn relative(&mut self, number: u32, is_initial: bool) -> u32 {
        let first = number.wrapping_sub(u32::from(!is_initial));
        number.wrapping_sub(*self.initial.get_or_insert(first))
    }

    /// What a segment is besides its flags, given the stream that the other end sends.
    fn mark(&self, segment: &Header, other: &Self) -> Mark {
        let Some(next) = self.next else {
            return Mark::None;
        };
        let begins = segment.flags.contains(Flags::SYN) || segment.flags.contains(Flags::RST);
        let ends = begins || segment.flags.contains(Flags::FIN);
        if !ends && segment.len <= 1 && segment.seq.wrapping_add(1) == next {
            // Below everything acknowledged; an octet that is not acknowledged yet is sent again.
            if segment.len == 0 || other.acks == Some(next) {
                return Mark::KeepAlive;
            }
        }
        if segment.sequence_len() == 0 || begins && segment.flags.contains(Flags::RST) {
            return Mark::None;
        }
        if is_after(segment.seq, next) {
            return Mark::OutOfOrder;
        }
        if segment.len == 1 && segment.seq == next && other.window == Some(0) && !ends {
            return Mark::WindowProbe;
        }
        let fills = self
            .holes
            .iter()
            .any(|&(start, end)| !is_after(start, segment.seq) && !is_after(segment.end(), end));
        if is_after(segment.end(), next) || fills {
            Mark::None
        } else {
            Mark::Retransmission
        }
    }

    fn sent(&mut self, segment: &Header) {
        if segment.flags.contains(Flags::ACK) {
            self.acks = Some(segment.ack);
        }
        self.window = Some(segment.window);
        if segment.flags.contains(Flags::RST) {
            return;
        }
        match self.next {
            Some(next) if is_after(segment.seq, next) => self.holes.push((next, segment.seq)),
            Some(_) => self.fill(segment.seq, segment.end()),
            None => {}
        }
        if self.next.is_none_or(|next| is_after(segment.end(), next)) {
            self.next = Some(segment.end());
        }
    }

    /// Takes what lies between two numbers out of the holes.
    fn fill(&mut self, start: u32, end: u32) {
        let holes = core::mem::take(&mut self.holes);
        for (from, to) in holes {
            if !is_after(end, from) || !is_after(to, start) {
                self.holes.push((from, to));
                continue;
            }
            if is_after(start, from) {
                self.holes.push((from, start));
            }
            if is_after(to, end) {
                self.holes.push((end, to));
            }
        }
    }
}

/// One connection of a capture.
pub(super) struct Connection {
    id: ConnectionId,
    flow: Flow,
    /// What the end in the place of this node sends, and what the other one does.
    local: Stream,
    remote: Stream,
    /// Whether its first SYN is in the capture.
    opened: bool,
    events: Vec<Event>,
}

impl Connection {
    fn new(id: ConnectionId, at: Instant, first: &Dissected) -> Self {
        let flags = first.header.flags;
        let answers = flags.contains(Flags::SYN) && flags.contains(Flags::ACK);
        let (local, remote) = if answers {
            (first.to, first.from)
        } else {
            (first.from, first.to)
        };
        let flow = Flow { local, remote };
        Self {
            id,
            flow,
            local: Stream::default(),
            remote: Stream::default(),
            opened: flags.contains(Flags::SYN),
            events: vec![Event::new(
                at,
                Kind::Opened {
                    connection: id,
                    flow,
                },
            )],
        }
    }

    pub(super) const fn id(&self) -> ConnectionId {
        self.id
    }

    /// What to write below the names of its ends.
    pub(super) const fn roles(&self) -> [&'static str; 2] {
        if self.opened {
            ["client (inferred)", "server (inferred)"]
        } else {
            ["one end (inferred)", "other end (inferred)"]
        }
    }

    /// The time of its last segment.
    pub(super) fn last(&self) -> Instant {
        self.events.last().map_or(Instant::ZERO, |event| event.at())
    }

    /// Its records, in a journal that holds all of them.
    pub(super) fn journal(&self) -> Journal<'static> {
        let mut journal = Journal::new(vec![None; self.events.len()]);
        for event in &self.events {
            journal.record(*event);
        }
        journal
    }

    /// Whether a SYN with this number opens another connection between the same endpoints.
    fn is_over(&self, sender: IpEndpoint, header: &Header) -> bool {
        let stream = if sender == self.flow.local {
            &self.local
        } else {
            &self.remote
        };
        let flags = header.flags;
        let opens = flags.contains(Flags::SYN) && !flags.contains(Flags::ACK);
        let over =
            |end: &Stream| matches!(end.inferred.state(), Some(State::Closed | State::TimeWait));
        opens
            && stream.initial != Some(header.seq)
            && stream.initial.is_some()
            && (over(&self.local) || over(&self.remote))
    }

    fn add(&mut self, at: Instant, segment: &Dissected) {
        let header = segment.header;
        let (direction, sender, receiver) = if segment.from == self.flow.local {
            (Direction::Out, &mut self.local, &mut self.remote)
        } else {
            (Direction::In, &mut self.remote, &mut self.local)
        };
        let begins = header.flags.contains(Flags::SYN) || header.flags.contains(Flags::RST);
        let seq = sender.relative(header.seq, begins);
        let ack = if header.flags.contains(Flags::ACK) {
            receiver.relative(header.ack, false)
        } else {
            0
        };
        let mark = sender.mark(&header, receiver);
        sender.sent(&header);
        self.events.push(Event::new(
            at,
            Kind::Segment(Segment {
                connection: self.id,
                direction,
                header,
                seq,
                ack,
                mark,
                verdict: Verdict::Passed,
            }),
        ));
        let end = &mut self.local.inferred;
        let mut before = end.state();
        let steps = match direction {
            Direction::Out => end.sent(&header),
            Direction::In => end.received(&header),
        };
        for to in steps {
            let from = before.replace(to).unwrap_or(State::Closed);
            self.events.push(Event::new(
                at,
                Kind::Transition(Transition {
                    connection: self.id,
                    from,
                    to,
                    cause: Cause::Inferred,
                }),
            ));
        }
    }
}

/// All connections of a capture, in the order in which they begin.
#[derive(Default)]
pub(super) struct Connections {
    all: Vec<Connection>,
    /// The newest connection between two endpoints, whichever of them comes first.
    by_ends: HashMap<[IpEndpoint; 2], usize>,
}

impl Connections {
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Connection> {
        self.all.iter()
    }

    pub(super) fn add(&mut self, at: Instant, segment: &Dissected) {
        let mut ends = [segment.from, segment.to];
        ends.sort();
        let known = self
            .by_ends
            .get(&ends)
            .copied()
            .filter(|&index| !self.all[index].is_over(segment.from, &segment.header));
        let index = known.unwrap_or_else(|| {
            let index = self.all.len();
            let id = ConnectionId(u32::try_from(index + 1).unwrap_or(u32::MAX));
            self.all.push(Connection::new(id, at, segment));
            self.by_ends.insert(ends, index);
            index
        });
        self.all[index].add(at, segment);
    }
}

#[cfg(test)]
mod tests;
