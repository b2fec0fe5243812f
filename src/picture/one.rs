//! A scene from one journal: its own end is certain, the other one's states are read from segments.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use smoltcp::time::{Duration, Instant};

use super::scene::{Arrow, End, Note, NoteKind, Row, Scene, Shown, What, place};
use super::words::{label, remarks, tone, worded};
use crate::device::Side;
use crate::explain::Said;
use crate::lang::Lang;
use crate::trace::{
    Answer, Cause, ConnectionId, Direction, DisplayEndpoint, Endpoint, Event, Flow, Kind, Segment,
    Transition, Verdict, headings,
};

/// What there is to draw of one connection.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'s> {
    // A value: whoever makes one gives all of it.
    /// Its records, in their order. The record that opened it may be missing.
    pub events: &'s [Event],
    /// Its ends, if no record names them.
    pub flow: Option<Flow>,
    /// What its ends are, in English: `this node`, `peer (inferred)`.
    pub roles: [&'static str; 2],
    /// From when times are counted; from its first record, if none.
    pub start: Option<Instant>,
    /// What its segments said.
    pub said: &'s Said,
}

/// The times of a scene.
#[derive(Clone, Copy)]
pub(super) struct Clock(pub(super) Instant);

impl Clock {
    pub(super) fn passed(self, at: Instant) -> Duration {
        let micros = at.total_micros().saturating_sub(self.0.total_micros());
        Duration::from_micros(micros.max(0).unsigned_abs())
    }
}

/// What a connection's records show, with the words of a language.
pub fn scene(seen: Seen<'_>, lang: Lang) -> Scene {
    let first = seen.events.first();
    let start = seen.start.or(first.map(Event::at)).unwrap_or(Instant::ZERO);
    let mut builder = Builder {
        lang,
        clock: Clock(start),
        said: seen.said,
        flow: seen.flow,
        rows: Vec::new(),
        peer: Endpoint::new(),
        waits: false,
        has_state: false,
    };
    let mut rules = headings(seen.events).into_iter().peekable();
    let mut id = None;
    for (index, event) in seen.events.iter().enumerate() {
        id = id.or(event.connection());
        while let Some((_, words)) = rules.next_if(|(before, _)| *before == index) {
            builder.heading(event, &words);
        }
        builder.take(event);
    }
    let Builder { rows, flow, .. } = builder;
    let number = id.unwrap_or(ConnectionId(0));
    let name = |of: fn(Flow) -> String| flow.map_or_else(String::new, of);
    let names = [
        name(|flow| DisplayEndpoint(flow.local).to_string()),
        name(|flow| DisplayEndpoint(flow.remote).to_string()),
    ];
    let [left, right] = names;
    let ends = [(left, seen.roles[0]), (right, seen.roles[1])];
    Scene {
        title: worded(lang, &format!("connection {number}")),
        ends: ends.map(|(name, role)| {
            let role = worded(lang, role);
            End { name, role }
        }),
        rows,
    }
}

struct Builder<'s> {
    lang: Lang,
    clock: Clock,
    said: &'s Said,
    flow: Option<Flow>,
    rows: Vec<Row>,
    peer: Endpoint,
    waits: bool,
    /// This end's first state was shown.
    has_state: bool,
}

/// Whether a segment reached the end that it was sent to, as far as this node knows.
pub(super) const fn is_heard(segment: &Segment) -> bool {
    !matches!(
        segment.verdict,
        Verdict::Dropped(_) | Verdict::Answered(Answer::ChallengeAck)
    )
}

impl Builder<'_> {
    fn push(&mut self, side: Option<Side>, at: Instant, what: What) -> &mut Row {
        let mut times = [None; 2];
        if let Some(side) = side {
            times[place(side)] = Some(self.clock.passed(at));
        }
        self.rows.push(Row {
            number: None,
            flow: None,
            at: times,
            what,
            states: [Vec::new(), Vec::new()],
            meaning: Vec::new(),
        });
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    fn heading(&mut self, event: &Event, words: &str) {
        let words = worded(self.lang, words);
        if let Kind::Segment(_) | Kind::Transition(_) | Kind::Ended { .. } = event.kind() {
            self.push(None, event.at(), What::Heading(words));
        }
    }

    fn note(&mut self, at: Instant, kind: NoteKind, words: &str) -> &mut Row {
        let text = worded(self.lang, words);
        let side = Some(Side::A);
        self.push(side, at, What::Note(Note { side, kind, text }))
    }

    fn take(&mut self, event: &Event) {
        let at = event.at();
        match event.kind() {
            Kind::Opened { flow, .. } => self.flow = Some(flow),
            Kind::Segment(segment) => self.segment(at, &segment),
            Kind::Transition(change) => self.change(at, &change),
            Kind::Illegal(change) => {
                let words = format!("!! ILLEGAL: {} -> {}", change.from, change.to);
                let row = self.note(at, NoteKind::Event, &words);
                row.states[0].push(shown(&change));
            }
            Kind::TimeWaiting { lasts, .. } => {
                let again = std::mem::replace(&mut self.waits, true);
                let word = if again { " starts again" } else { "" };
                let words = format!("2 MSL{word}: {}", span(lasts.into()));
                self.note(at, NoteKind::Wait, &words);
            }
            Kind::SlowPeer { attempts, .. } => {
                let attempts = crate::plural::Count(attempts.into(), "attempt");
                let words = format!("no acknowledgment after {attempts}");
                self.note(at, NoteKind::Event, &words);
            }
            Kind::OtherNumber { wanted, drawn, .. } => {
                let words = format!("initial number {drawn}, not {wanted}");
                self.note(at, NoteKind::Event, &words);
            }
            // Its heading says so.
            Kind::Ended { .. } => {}
            // Of no connection.
            Kind::Stray(_)
            | Kind::Datagram(_)
            | Kind::Neighbor(_)
            | Kind::Dropped(_)
            | Kind::Icmp { .. }
            | Kind::Undelivered { .. }
            | Kind::Other(_)
            | Kind::Full(_) => {}
        }
    }

    fn segment(&mut self, at: Instant, segment: &Segment) {
        let from = match segment.direction {
            Direction::In => Side::B,
            Direction::Out => Side::A,
        };
        let heard = is_heard(segment);
        let steps = match segment.direction {
            _ if !heard => Default::default(),
            Direction::In => self.peer.sent(&segment.header),
            Direction::Out => self.peer.received(&segment.header),
        };
        let said = self.flow.and_then(|flow| quote(self.said, flow, segment));
        let arrow = Arrow {
            from,
            header: Some(segment.header),
            numbers: [segment.seq, segment.ack],
            label: label(&segment.header, [segment.seq, segment.ack]),
            said: said.unwrap_or_default(),
            remarks: remarks(self.lang, segment),
            tone: tone(segment),
            stopped: matches!(segment.verdict, Verdict::Dropped(_)),
        };
        let row = self.push(Some(Side::A), at, What::Arrow(arrow));
        row.states[1] = steps
            .iter()
            .map(|&state| Shown {
                state,
                inferred: true,
            })
            .collect();
    }

    fn change(&mut self, at: Instant, change: &Transition) {
        if !std::mem::replace(&mut self.has_state, true) && change.cause != Cause::Inferred {
            let first = Shown {
                state: change.from,
                inferred: false,
            };
            self.first_state(at, change.cause, first);
        }
        let state = shown(change);
        let row = match change.cause {
            Cause::Segment | Cause::Inferred => match self.rows.last_mut() {
                Some(row) if row.arrow().is_some() => row,
                _ => self.note(at, NoteKind::State, ""),
            },
            Cause::Call(call) => self.note(at, NoteKind::Call, &call.to_string()),
            Cause::Timer(timer) => self.note(at, NoteKind::Timer, &timer.to_string()),
            Cause::AddressLost | Cause::Unreachable | Cause::Evicted => {
                self.note(at, NoteKind::Event, &change.cause.to_string())
            }
        };
        row.states[0].push(state);
    }

    /// The state before the first change stands above what changed it.
    fn first_state(&mut self, at: Instant, cause: Cause, first: Shown) {
        let caused = matches!(cause, Cause::Segment | Cause::Inferred);
        let arrow = match caused {
            true => self.rows.pop_if(|row| row.arrow().is_some()),
            false => None,
        };
        let heading = self.rows.pop_if(|row| matches!(row.what, What::Heading(_)));
        self.note(at, NoteKind::State, "").states[0].push(first);
        self.rows.extend(heading);
        self.rows.extend(arrow);
    }
}

/// The state that a change leads to.
pub(super) fn shown(change: &Transition) -> Shown {
    Shown {
        state: change.to,
        inferred: change.cause == Cause::Inferred,
    }
}

/// What a segment said, in quotes.
pub(super) fn quote(said: &Said, flow: Flow, segment: &Segment) -> Option<String> {
    let header = &segment.header;
    let (from, to) = match segment.direction {
        Direction::In => (flow.remote, flow.local),
        Direction::Out => (flow.local, flow.remote),
    };
    if header.len == 0 {
        return None;
    }
    said.quoted((from, to, header.seq), header.len.into(), usize::MAX)
}

/// A length of time as ladders have it.
pub(super) fn span(time: Duration) -> String {
    let millis = time.total_millis();
    if millis < 1000 {
        format!("{millis} ms")
    } else {
        format!("{}.{} s", millis / 1000, millis / 100 % 10)
    }
}
