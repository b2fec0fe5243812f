//! The TCP connections in a capture, each as the records of a journal.
//!
//! The end that opened the connection, or that speaks first in the capture, takes the place of this node; its states
//! are recorded as inferred. Where a node captured itself, this node is that one, and its states are recorded as it
//! noted them. The ladder infers the other end's states itself.

use super::dissect::Dissected;
use super::notes::{Change, Note, Notes};
use super::stream::Stream;
use crate::explain::View;
use crate::trace::{
    Cause, ConnectionId, Direction, Endpoint, Event, Flags, Flow, Journal, Kind, Mark, Segment,
    State, Transition, rfc9293,
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
    /// The end that captured itself, and what it noted at which segment.
    node: Option<IpEndpoint>,
    noted: HashMap<usize, Vec<Note>>,
    /// What it noted on no segment: after how many of them, and when.
    noted_between: HashMap<usize, Vec<(Instant, Note)>>,
    /// It noted that it is in TIME-WAIT, and not that this is over.
    waits: bool,
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
            node: None,
            noted: HashMap::new(),
            noted_between: HashMap::new(),
            waits: false,
        }
    }

    pub(super) const fn id(&self) -> ConnectionId {
        self.id
    }

    /// What to write below the names of its ends.
    pub(super) const fn roles(&self) -> [&'static str; 2] {
        match self.view() {
            View::Inside => ["the node (noted)", "peer (inferred)"],
            View::Opened => ["client (inferred)", "server (inferred)"],
            View::Middle => ["one end (inferred)", "other end (inferred)"],
        }
    }

    /// Its two ends.
    pub(super) const fn flow(&self) -> Flow {
        self.flow
    }

    /// From where it was seen.
    pub(super) const fn view(&self) -> View {
        if self.node.is_some() {
            View::Inside
        } else if self.opened {
            View::Opened
        } else {
            View::Middle
        }
    }

    /// Whether the capture ends while the node that made it was in TIME-WAIT.
    pub(super) const fn waits(&self) -> bool {
        self.waits
    }

    /// Its records, in a journal that holds all of them.
    pub(super) fn journal(&self) -> Journal<'static> {
        let events: Vec<Event> = match self.node {
            Some(node) => self.noted_events(node).collect(),
            None => self.events().collect(),
        };
        let mut journal = Journal::new(vec![None; events.len()]);
        events.into_iter().for_each(|event| journal.record(event));
        journal
    }

    /// The records as the node made them that captured itself.
    fn noted_events(&self, node: IpEndpoint) -> impl Iterator<Item = Event> {
        let turned = node != self.flow.local;
        let mut flow = self.flow;
        if turned {
            core::mem::swap(&mut flow.local, &mut flow.remote);
        }
        let connection = self.id;
        let opened = Kind::Opened { connection, flow };
        let first = self.segments.first();
        let opened = first.map(|&(at, _)| Event::new(at, opened));
        let segments = self.segments.iter().enumerate();
        let segments = segments.flat_map(move |(index, &(at, mut segment))| {
            if turned {
                segment.direction = match segment.direction {
                    Direction::In => Direction::Out,
                    Direction::Out => Direction::In,
                };
            }
            if segment.direction == Direction::In && segment.mark == Mark::Retransmission {
                segment.mark = Mark::Duplicate;
            }
            let noted = self.noted.get(&index).map_or(&[][..], Vec::as_slice);
            let notes = move |before: bool| {
                let notes = noted.iter().filter(move |it| it.is_shown() == before);
                notes.map(move |note| note.kind(connection))
            };
            // What the segment shows came before it, and what it caused behind.
            let kinds = notes(true).chain([Kind::Segment(segment)]);
            let kinds = kinds.chain(notes(false));
            let between = self.noted_between.get(&(index + 1)).into_iter().flatten();
            // A clock that was set back meanwhile sets no record back.
            let between = between.map(move |&(then, note)| (then.max(at), note.kind(connection)));
            kinds
                .map(move |kind| (at, kind))
                .chain(between)
                .map(|(at, kind)| Event::new(at, kind))
        });
        opened.into_iter().chain(segments)
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

    fn add(&mut self, at: Instant, segment: &Dissected, notes: &Notes) {
        if notes.say_something() {
            self.node = match notes.direction {
                Some(Direction::Out) => Some(segment.from),
                Some(Direction::In) | None => Some(segment.to),
            };
            let index = self.segments.len();
            let noted = notes.of.iter().map(|&(_, note)| note);
            self.noted.insert(index, noted.collect());
            notes.of.iter().for_each(|(_, note)| self.goes_on(note));
        }
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
                verdict: notes.verdict(),
            },
        ));
    }
}

impl Connection {
    fn note(&mut self, at: Instant, note: Note) {
        self.goes_on(&note);
        let noted = self.noted_between.entry(self.segments.len());
        noted.or_default().push((at, note));
    }

    fn goes_on(&mut self, note: &Note) {
        match note {
            Note::Waits(_) => self.waits = true,
            Note::Ended(_) => self.waits = false,
            Note::Change(change) => self.waits &= change.from != State::TimeWait,
        }
    }
}

impl Note {
    /// Whether it is what the segment shows that it stands on, and not what that caused.
    fn is_shown(&self) -> bool {
        matches!(self, Self::Change(change) if change.cause != Cause::Segment)
    }

    fn kind(&self, connection: ConnectionId) -> Kind {
        match *self {
            Self::Change(change) => change.kind(connection),
            Self::Waits(lasts) => Kind::TimeWaiting { connection, lasts },
            Self::Ended(ending) => Kind::Ended { connection, ending },
        }
    }
}

impl Change {
    fn kind(&self, connection: ConnectionId) -> Kind {
        let Self { from, to, cause } = *self;
        let transition = Transition {
            connection,
            from,
            to,
            cause,
        };
        match rfc9293::is_legal(from, to, cause) {
            true => Kind::Transition(transition),
            false => Kind::Illegal(transition),
        }
    }
}

/// All connections of a capture, in the order in which they begin.
#[derive(Default)]
pub(super) struct Connections {
    all: Vec<Connection>,
    /// The newest connection between two endpoints, whichever of them comes first.
    by_ends: HashMap<[IpEndpoint; 2], usize>,
    /// The newest connection with the number that a node gave to it.
    by_number: HashMap<ConnectionId, usize>,
}

impl Connections {
    pub(super) const fn len(&self) -> usize {
        self.all.len()
    }

    /// When the first segment of any was.
    pub(super) fn first(&self) -> Option<Instant> {
        let segments = self.all.iter().filter_map(|it| it.segments.first());
        segments.map(|&(at, _)| at).min()
    }

    pub(super) fn add(&mut self, at: Instant, segment: Dissected, notes: &Notes) {
        // What is noted of all of them stands with the last one, which has the FIN.
        let mut pieces = segment.pieces().peekable();
        while let Some(piece) = pieces.next() {
            let none = &Notes::default();
            let notes = if pieces.peek().is_some() { none } else { notes };
            self.add_piece(at, &piece, notes);
        }
    }

    fn add_piece(&mut self, at: Instant, segment: &Dissected, notes: &Notes) {
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
        if let Some(number) = notes.connection.filter(|_| notes.say_something()) {
            self.by_number.insert(number, index);
        }
        self.all[index].add(at, segment, notes);
    }

    /// Takes in what a node noted without a packet.
    pub(super) fn note(&mut self, at: Instant, notes: &Notes) {
        for &(number, note) in &notes.of {
            if let Some(&index) = self.by_number.get(&number) {
                self.all[index].note(at, note);
            }
        }
    }
}

impl IntoIterator for Connections {
    type Item = Connection;
    type IntoIter = vec::IntoIter<Connection>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}
