//! Rows from the journals of both ends: nothing is inferred, and it is known when each packet left and when it came.
//!
//! The two nodes share a clock. Whoever asks does so when nothing is on its way: what has left and not come by then
//! counts as lost. What rows mean is told as the right end's records have it.

use std::collections::HashMap;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use smoltcp::time::Instant;
use smoltcp::wire::IpEndpoint;

use super::one::{Clock, is_heard, quote, shown, span};
use super::scene::{Arrow, Note, NoteKind, Row, Tone, What, place};
use super::words::{label, remarks, tone, worded};
use crate::device::Side;
use crate::explain::{Meaning, Reader, Said, View};
use crate::lang::Lang;
use crate::trace::{
    Cause, ConnectionId, Datagram, Direction, Event, Flow, Header, Journal, Kind, Segment,
    Transition, Verdict, headings,
};

/// What tells one packet on its way from another: from where, to where, numbers, kind, length.
type Key = (IpEndpoint, IpEndpoint, u32, u32, u8, u16);

/// Reads two journals as they grow.
#[derive(Debug)]
pub struct Both {
    lang: Lang,
    clock: Instant,
    /// Rows are explained.
    explains: bool,
    /// The number of the next record of each.
    next: [u64; 2],
    flows: [HashMap<ConnectionId, Flow>; 2],
    /// All records of each connection so far, by its ends as the right one sees them.
    kept: HashMap<(usize, ConnectionId), Vec<Event>>,
    /// The heading that was given last.
    under: HashMap<u32, String>,
    readers: HashMap<ConnectionId, Reader>,
    told: Vec<Meaning>,
    waited: Vec<(usize, ConnectionId)>,
}

/// One look at both journals.
struct Look<'b> {
    both: &'b mut Both,
    said: &'b Said,
    rows: Vec<Row>,
    /// Packets that have not come yet.
    flying: Vec<(usize, Side, Key)>,
    /// The row that the last record of each end was about.
    last: [Option<usize>; 2],
}

impl Both {
    /// Nothing is read yet; times are counted from `start`. With `explains`, each row says what it means.
    pub fn new(lang: Lang, start: Instant, explains: bool) -> Self {
        Self {
            lang,
            clock: start,
            explains,
            next: [0; 2],
            flows: Default::default(),
            kept: HashMap::new(),
            under: HashMap::new(),
            readers: HashMap::new(),
            told: Vec::new(),
            waited: Vec::new(),
        }
    }

    /// What is new in the journals of the left and of the right end, in the order in which it began.
    pub fn read(&mut self, journals: [&Journal<'_>; 2], said: &Said) -> Vec<Row> {
        let mut news: Vec<(Side, Event)> = Vec::new();
        for (side, journal) in [Side::A, Side::B].into_iter().zip(journals) {
            let (_, records) = journal.since(self.next[place(side)]);
            news.extend(records.map(|(_, event)| (side, *event)));
            self.next[place(side)] = journal.next();
        }
        // Stable: what one end did at one moment stays in its order.
        news.sort_by_key(|(_, event)| event.at());
        let rules = self.rules(&news);
        let mut look = Look {
            both: self,
            said,
            rows: Vec::new(),
            flying: Vec::new(),
            last: [None; 2],
        };
        let mut named = Vec::new();
        for (index, (side, event)) in news.iter().enumerate() {
            let row = look.take(*side, event);
            let rule = rules.iter().filter(|(at, _)| *at == index);
            named.extend(rule.filter_map(|(_, words)| Some((row?, words.clone()))));
        }
        look.finish(named)
    }

    /// The headings that the news call for, each with the place of its record among them.
    fn rules(&mut self, news: &[(Side, Event)]) -> Vec<(usize, String)> {
        let mut fresh: HashMap<(usize, ConnectionId), Vec<usize>> = HashMap::new();
        for (index, (side, event)) in news.iter().enumerate() {
            if let Some(connection) = event.connection() {
                let of = (place(*side), connection);
                fresh.entry(of).or_default().push(index);
                self.kept.entry(of).or_default().push(*event);
            }
        }
        let mut rules = Vec::new();
        for (of, places) in fresh {
            let Some(events) = self.kept.get(&of) else {
                continue;
            };
            let before = events.len() - places.len();
            for (at, words) in headings(events) {
                let is_end = matches!(events[at].kind(), Kind::Ended { .. });
                if let Some(&index) = at.checked_sub(before).and_then(|at| places.get(at))
                    && !is_end
                {
                    rules.push((index, words));
                }
            }
        }
        rules
    }
}

impl Look<'_> {
    /// Takes in a record; says which row it is about.
    fn take(&mut self, side: Side, event: &Event) -> Option<usize> {
        let at = event.at();
        let row = match event.kind() {
            Kind::Opened { connection, flow } => {
                self.both.flows[place(side)].insert(connection, flow);
                None
            }
            Kind::Segment(segment) => self.segment(side, at, &segment),
            Kind::Stray(stray) => {
                let key = key(stray.flow, stray.direction, &stray.header);
                let words = label(&stray.header, [0; 2]);
                let arrow = arrow(side, stray.direction, Some(stray.header), words);
                Some(self.crossed(side, at, stray.direction, key, arrow))
            }
            Kind::Datagram(datagram) => Some(self.datagram(side, at, &datagram)),
            Kind::Transition(change) | Kind::Illegal(change) => self.change(side, at, &change),
            Kind::TimeWaiting { connection, lasts } => {
                let of = (place(side), connection);
                let again = self.both.waited.contains(&of);
                if !again {
                    self.both.waited.push(of);
                }
                let word = if again { " starts again" } else { "" };
                let words = format!("2 MSL{word}: {}", span(lasts.into()));
                Some(self.note(side, at, Some(connection), NoteKind::Wait, &words))
            }
            Kind::Ended { connection, ending } => {
                let words = ending.to_string();
                Some(self.note(side, at, Some(connection), NoteKind::Over, &words))
            }
            Kind::SlowPeer { connection, .. } | Kind::OtherNumber { connection, .. } => {
                let words = "no acknowledgment";
                Some(self.note(side, at, Some(connection), NoteKind::Event, words))
            }
            Kind::Neighbor(_)
            | Kind::Dropped(_)
            | Kind::Icmp { .. }
            | Kind::Undelivered { .. }
            | Kind::Other(_)
            | Kind::Full(_) => None,
        };
        self.last[place(side)] = row.or(self.last[place(side)]);
        self.explain(side, event, row);
        row
    }

    fn segment(&mut self, side: Side, at: Instant, segment: &Segment) -> Option<usize> {
        let flow = *self.both.flows[place(side)].get(&segment.connection)?;
        let key = key(flow, segment.direction, &segment.header);
        let words = label(&segment.header, [segment.seq, segment.ack]);
        let mut arrow = arrow(side, segment.direction, Some(segment.header), words);
        arrow.numbers = [segment.seq, segment.ack];
        arrow.said = quote(self.said, flow, segment).unwrap_or_default();
        arrow.remarks = remarks(self.both.lang, segment);
        arrow.tone = tone(segment);
        arrow.stopped = matches!(segment.verdict, Verdict::Dropped(_)) || !is_heard(segment);
        let row = self.crossed(side, at, segment.direction, key, arrow);
        self.rows[row].flow = self.number(side, segment.connection);
        Some(row)
    }

    fn datagram(&mut self, side: Side, at: Instant, datagram: &Datagram) -> usize {
        let header = Header {
            len: datagram.len,
            ..Header::default()
        };
        let key = key(datagram.flow, datagram.direction, &header);
        let words = format!("UDP len={}", datagram.len);
        let mut arrow = arrow(side, datagram.direction, None, words);
        arrow.stopped = matches!(datagram.verdict, Verdict::Dropped(_));
        if let Verdict::Dropped(reason) = datagram.verdict {
            let words = format!("dropped: {reason}");
            arrow.remarks.push(worded(self.both.lang, &words));
        }
        self.crossed(side, at, datagram.direction, key, arrow)
    }

    /// A packet left, or came; what came belongs to the row of what left.
    fn crossed(
        &mut self,
        side: Side,
        at: Instant,
        way: Direction,
        key: Key,
        arrow: Arrow,
    ) -> usize {
        let from = arrow.from;
        let sent = self
            .flying
            .iter()
            .position(|(_, other, sent)| *other == from && *sent == key);
        let passed = Clock(self.both.clock).passed(at);
        let row = match sent.filter(|_| way == Direction::In) {
            Some(place) => self.flying.remove(place).0,
            None => self.push(What::Arrow(arrow.clone())),
        };
        if way == Direction::Out {
            self.flying.push((row, from, key));
        }
        self.rows[row].at[place(side)] = Some(passed);
        if let What::Arrow(known) = &mut self.rows[row].what {
            known.stopped |= arrow.stopped;
            if arrow.tone != Tone::Plain {
                known.tone = arrow.tone;
            }
            for remark in arrow.remarks {
                if !known.remarks.contains(&remark) {
                    known.remarks.push(remark);
                }
            }
        }
        row
    }

    fn change(&mut self, side: Side, at: Instant, change: &Transition) -> Option<usize> {
        let connection = Some(change.connection);
        let row = match change.cause {
            Cause::Segment | Cause::Inferred => self.last[place(side)]?,
            Cause::Call(call) => self.note(side, at, connection, NoteKind::Call, &call.to_string()),
            Cause::Timer(timer) => {
                self.note(side, at, connection, NoteKind::Timer, &timer.to_string())
            }
            Cause::AddressLost | Cause::Unreachable | Cause::Evicted => {
                let words = change.cause.to_string();
                self.note(side, at, connection, NoteKind::Event, &words)
            }
        };
        self.rows[row].states[place(side)].push(shown(change));
        Some(row)
    }

    fn note(
        &mut self,
        side: Side,
        at: Instant,
        connection: Option<ConnectionId>,
        kind: NoteKind,
        words: &str,
    ) -> usize {
        let text = worded(self.both.lang, words);
        let side_of_it = Some(side);
        let row = self.push(What::Note(Note {
            side: side_of_it,
            kind,
            text,
        }));
        self.rows[row].at[place(side)] = Some(Clock(self.both.clock).passed(at));
        self.rows[row].flow = connection.and_then(|connection| self.number(side, connection));
        row
    }

    fn push(&mut self, what: What) -> usize {
        self.rows.push(Row {
            number: None,
            flow: None,
            at: [None; 2],
            what,
            states: [Vec::new(), Vec::new()],
            meaning: Vec::new(),
        });
        self.rows.len() - 1
    }

    /// The number that the right end gave to a connection, or the left one if that knows nothing of it.
    fn number(&self, side: Side, connection: ConnectionId) -> Option<u32> {
        if side == Side::B {
            return Some(connection.0);
        }
        let flow = self.both.flows[0].get(&connection)?;
        let turned = Flow {
            local: flow.remote,
            remote: flow.local,
        };
        let mut known = self.both.flows[1].iter();
        let newest = known
            .by_ref()
            .filter(|(_, it)| **it == turned)
            .map(|(id, _)| id.0);
        newest.max()
    }

    /// What the right end's record means, in the row that it is about.
    fn explain(&mut self, side: Side, event: &Event, row: Option<usize>) {
        let Some(connection) = event.connection().filter(|_| side == Side::B) else {
            return;
        };
        if !self.both.explains {
            return;
        }
        let reader = self.both.readers.entry(connection).or_default();
        let meanings = reader.read(event);
        let Some(row) = row.or(self.last[1]) else {
            return;
        };
        for meaning in meanings {
            // Nothing is, here.
            if meaning == Meaning::Inferred {
                continue;
            }
            if meaning.is_general() {
                if self.both.told.contains(&meaning) {
                    continue;
                }
                self.both.told.push(meaning);
            }
            let sentence = self.both.lang.sentence(&meaning, View::Inside);
            self.rows[row].meaning.push(sentence);
        }
    }

    /// The rows, with what is lost and under their headings.
    fn finish(mut self, named: Vec<(usize, String)>) -> Vec<Row> {
        for (row, ..) in std::mem::take(&mut self.flying) {
            if let What::Arrow(arrow) = &mut self.rows[row].what {
                arrow.stopped = true;
                arrow.tone = Tone::Lost;
                arrow.remarks.push(worded(self.both.lang, "lost"));
            }
        }
        // A SYN has left before the other end knows its number.
        self.number_the_first();
        let mut rows = Vec::new();
        for (index, row) in self.rows.into_iter().enumerate() {
            let words = named.iter().find(|(at, _)| *at == index);
            if let Some((_, words)) = words {
                let flow = row.flow.unwrap_or(0);
                let under = self.both.under.insert(flow, words.clone());
                if under.as_ref() != Some(words) {
                    rows.push(heading(&row, worded(self.both.lang, words)));
                }
            }
            rows.push(row);
        }
        rows
    }

    fn number_the_first(&mut self) {
        let unnumbered: Vec<usize> = (0..self.rows.len())
            .filter(|&row| self.rows[row].flow.is_none())
            .collect();
        for row in unnumbered {
            let is_udp = self.rows[row].arrow().is_some_and(|it| it.header.is_none());
            let later = self.rows[row..].iter().find_map(|row| row.flow);
            self.rows[row].flow = later.filter(|_| !is_udp);
        }
    }
}

fn heading(below: &Row, words: String) -> Row {
    Row {
        number: None,
        flow: below.flow,
        at: [None; 2],
        what: What::Heading(words),
        states: [Vec::new(), Vec::new()],
        meaning: Vec::new(),
    }
}

fn arrow(side: Side, way: Direction, header: Option<Header>, label: String) -> Arrow {
    let from = match way {
        Direction::Out => side,
        Direction::In => side.other(),
    };
    Arrow {
        from,
        header,
        numbers: [0; 2],
        label,
        said: String::new(),
        remarks: Vec::new(),
        tone: Tone::Plain,
        stopped: false,
    }
}

const fn key(flow: Flow, way: Direction, header: &Header) -> Key {
    let (from, to) = match way {
        Direction::Out => (flow.local, flow.remote),
        Direction::In => (flow.remote, flow.local),
    };
    let (seq, ack) = (header.seq.get(), header.ack.get());
    (from, to, seq, ack, header.flags.bits(), header.len)
}
