//! The TCP connections in a capture, each as the records of a journal.
//!
//! The end that opened the connection, or that speaks first in the capture, takes the place of this node; its states
//! are recorded as inferred. Where a node captured itself, this node is that one, and its states are recorded as it
//! noted them. The ladder infers the other end's states itself.

use super::course::Course;
use super::dissect::Dissected;
use super::notes::{Change, Note, Notes};
use super::stream::Stream;
use super::{LeftOut, Selection};
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
    course: Course,
    /// Whether its segments are kept, or only its course.
    is_kept: bool,
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
            course: Course::new(at),
            is_kept: false,
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

    /// What became of it.
    pub(super) const fn course(&self) -> &Course {
        &self.course
    }

    /// Octets that one end or the other must have sent, and that are not in the capture.
    pub(super) fn missing(&self) -> u64 {
        self.local.missing() + self.remote.missing()
    }

    /// Whether the capture ends while the node that made it was in TIME-WAIT.
    pub(super) const fn waits(&self) -> bool {
        self.waits
    }

    /// Its records, in a journal that holds all of them.
    pub(super) fn journal(&self) -> Journal<'static> {
        match self.node {
            Some(node) => journal_of(|| self.noted_events(node)),
            None => journal_of(|| self.events()),
        }
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
            if self.is_kept {
                self.noted.insert(index, noted.collect());
            }
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
        self.course.add(at, direction, &header, mark, segment.len);
        if !self.is_kept {
            return;
        }
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
        if !self.is_kept {
            return;
        }
        let noted = self.noted_between.entry(self.segments.len());
        noted.or_default().push((at, note));
    }

    fn goes_on(&mut self, note: &Note) {
        match note {
            Note::Waits(_) => self.waits = true,
            Note::Ended(ending) => {
                self.waits = false;
                self.course.note(*ending);
            }
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

/// The records, in a journal that has room for just those.
fn journal_of<I: Iterator<Item = Event>>(events: impl Fn() -> I) -> Journal<'static> {
    // They are made twice: for a moment both would take more memory than anything else.
    let mut journal = Journal::new(vec![None; events().count()]);
    events().for_each(|event| journal.record(event));
    journal
}

/// How many connections, and how many of their segments, may still be kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    // A value: whoever is given one reads all of it.
    pub(super) connections: usize,
    /// `None` if no ladder is wanted.
    pub(super) segments: Option<usize>,
}

/// All connections of a capture, in the order in which they begin.
pub(super) struct Connections {
    only: Selection,
    room: Room,
    all: Vec<Connection>,
    /// The newest connection between two endpoints, whichever of them comes first.
    by_ends: HashMap<[IpEndpoint; 2], usize>,
    /// The newest connection with the number that a node gave to it.
    by_number: HashMap<ConnectionId, usize>,
}

impl Connections {
    /// None yet. Of those that are not wanted no segment is kept, but they count.
    pub(super) fn new(only: &Selection, room: Room) -> Self {
        Self {
            only: only.clone(),
            room,
            all: Vec::new(),
            by_ends: HashMap::new(),
            by_number: HashMap::new(),
        }
    }

    /// How many there are, wanted or not.
    pub(super) const fn found(&self) -> usize {
        self.all.len()
    }

    /// When the first segment of any wanted one was.
    pub(super) fn first(&self) -> Option<Instant> {
        let segments = self.iter().filter_map(|it| it.segments.first());
        segments.map(|&(at, _)| at).min()
    }

    /// The wanted ones.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.all.iter().filter(|it| self.is_wanted(it))
    }

    /// How many are wanted.
    pub(super) fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether none is wanted.
    pub(super) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    fn is_wanted(&self, connection: &Connection) -> bool {
        self.only.is_between(&connection.flow) && self.only.is_of(connection.course.ended())
    }

    /// Takes in a segment; says whether it is of a ladder.
    pub(super) fn add(
        &mut self,
        at: Instant,
        segment: Dissected,
        notes: &Notes,
    ) -> Result<bool, LeftOut> {
        let index = self.index_of(at, &segment)?;
        if let Some(number) = notes.connection.filter(|_| notes.say_something()) {
            self.by_number.insert(number, index);
        }
        let connection = &mut self.all[index];
        // What is noted of all of them stands with the last one, which has the FIN.
        let mut pieces = segment.pieces().peekable();
        while let Some(piece) = pieces.next() {
            let none = &Notes::default();
            let notes = if pieces.peek().is_some() { none } else { notes };
            if connection.is_kept {
                let left = self.room.segments.unwrap_or(0).checked_sub(1);
                self.room.segments = Some(left.ok_or(LeftOut::Full)?);
            }
            connection.add(at, &piece, notes);
        }
        Ok(connection.is_kept)
    }

    /// The connection that a segment is of, which may begin with it.
    fn index_of(&mut self, at: Instant, segment: &Dissected) -> Result<usize, LeftOut> {
        let mut ends = [segment.from, segment.to];
        ends.sort();
        let known = self.by_ends.get(&ends).copied();
        if let Some(index) = known.filter(|&index| !self.all[index].is_over(segment)) {
            return Ok(index);
        }
        let index = self.all.len();
        if index >= self.room.connections || self.room.segments == Some(0) {
            return Err(LeftOut::Full);
        }
        let id = ConnectionId(u32::try_from(index + 1).unwrap_or(u32::MAX));
        let mut connection = Connection::new(id, at, segment);
        connection.is_kept = self.room.segments.is_some() && self.only.is_between(&connection.flow);
        self.all.push(connection);
        self.by_ends.insert(ends, index);
        Ok(index)
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

    /// The wanted ones.
    fn into_iter(mut self) -> Self::IntoIter {
        let only = std::mem::take(&mut self.only);
        self.all
            .retain(|it| only.is_between(&it.flow) && only.is_of(it.course.ended()));
        self.all.into_iter()
    }
}
