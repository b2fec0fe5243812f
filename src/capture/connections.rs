//! The TCP connections among the packets of a capture, each as the records of a journal.
//!
//! The end that opened the connection, or that speaks first in the capture, stands in the place of
//! this node; its states are recorded as inferred. The ladder infers those of the other end itself.

use super::dissect::Dissected;
use super::stream::Stream;
use crate::trace::{
    Cause, ConnectionId, Direction, Endpoint, Event, Flags, Flow, Journal, Kind, Segment, State,
    Transition, Verdict,
};
use smoltcp::time::Instant;
use smoltcp::wire::IpEndpoint;
use std::collections::HashMap;
use std::vec;
use std::vec::Vec;

/// One connection of a capture.
pub(super) struct Connection {
    id: ConnectionId,
    flow: Flow,
    /// What the end in the place of this node sends, and what the other one does.
    local: Stream,
    remote: Stream,
    /// Whether its first SYN is in the capture.
    opened: bool,
    segments: Vec<(Instant, Segment)>,
}

impl Connection {
    fn new(id: ConnectionId, first: &Dissected) -> Self {
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
            segments: Vec::new(),
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
        self.segments.last().map_or(Instant::ZERO, |&(at, _)| at)
    }

    /// Its records, in a journal that holds all of them.
    pub(super) fn journal(&self) -> Journal<'static> {
        let mut journal = Journal::new(vec![None; self.events().count()]);
        self.events().for_each(|event| journal.record(event));
        journal
    }

    fn events(&self) -> impl Iterator<Item = Event> {
        let opened = Kind::Opened {
            connection: self.id,
            flow: self.flow,
        };
        let first = self.segments.first();
        let opened = first.map(|&(at, _)| Event::new(at, opened));
        let mut end = Endpoint::new();
        let segments = self.segments.iter().flat_map(move |&(at, segment)| {
            let mut before = end.state();
            let steps = match segment.direction {
                Direction::Out => end.sent(&segment.header),
                Direction::In => end.received(&segment.header),
            };
            let changes = steps.into_iter().map(move |to| {
                Kind::Transition(Transition {
                    connection: segment.connection,
                    from: before.replace(to).unwrap_or(State::Closed),
                    to,
                    cause: Cause::Inferred,
                })
            });
            let kinds = core::iter::once(Kind::Segment(segment)).chain(changes);
            kinds.map(move |kind| Event::new(at, kind))
        });
        opened.into_iter().chain(segments)
    }

    /// Whether a segment opens another connection between the same endpoints.
    fn is_over(&self, segment: &Dissected) -> bool {
        let (sender, receiver) = if segment.from == self.flow.local {
            (&self.local, &self.remote)
        } else {
            (&self.remote, &self.local)
        };
        let flags = segment.header.flags;
        let opens = flags.contains(Flags::SYN) && !flags.contains(Flags::ACK);
        opens && sender.is_begun_anew(&segment.header, receiver)
    }

    fn add(&mut self, at: Instant, segment: &Dissected) {
        let header = segment.header;
        let (direction, sender, receiver) = if segment.from == self.flow.local {
            (Direction::Out, &mut self.local, &mut self.remote)
        } else {
            (Direction::In, &mut self.remote, &mut self.local)
        };
        let is_syn = header.flags.contains(Flags::SYN);
        if is_syn {
            sender.begin(&header);
        }
        let begins = is_syn || header.flags.contains(Flags::RST);
        let seq = sender.relative(header.seq, begins);
        let ack = if header.flags.contains(Flags::ACK) {
            receiver.relative(header.ack, false)
        } else {
            0
        };
        let mark = sender.mark(&header, receiver);
        sender.sent(&header, segment.window);
        self.segments.push((
            at,
            Segment {
                connection: self.id,
                direction,
                header,
                seq,
                ack,
                mark,
                verdict: Verdict::Passed,
            },
        ));
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
    pub(super) const fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn add(&mut self, at: Instant, segment: Dissected) {
        for piece in segment.pieces() {
            self.add_piece(at, &piece);
        }
    }

    fn add_piece(&mut self, at: Instant, segment: &Dissected) {
        let mut ends = [segment.from, segment.to];
        ends.sort();
        let known = self
            .by_ends
            .get(&ends)
            .copied()
            .filter(|&index| !self.all[index].is_over(segment));
        let index = known.unwrap_or_else(|| {
            let index = self.all.len();
            let id = ConnectionId(u32::try_from(index + 1).unwrap_or(u32::MAX));
            self.all.push(Connection::new(id, segment));
            self.by_ends.insert(ends, index);
            index
        });
        self.all[index].add(at, segment);
    }
}

impl IntoIterator for Connections {
    type Item = Connection;
    type IntoIter = vec::IntoIter<Connection>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}
