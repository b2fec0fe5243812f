//! The time-sequence diagram of one connection, in plain text, from the journal.
//!
//! [`draw`] gives a whole ladder; a [`Follower`] gives the same lines as they come to be. Time is
//! counted from the first record drawn, unless the style says from when. Our own states stand on the left where they change; those of
//! the peer are inferred from segments and stand in parentheses. What is not the consequence of the
//! segment on its line says what it is the consequence of. No line is longer than 100 columns.
//!
//! Functions that compose a text are not inlined: on a small stack each one's text is there only while
//! it is written.

mod below;
mod bounds;
mod caused;
mod clock;
#[cfg(feature = "phrases")]
mod headings;
mod label;
mod phase;
mod row;

use super::{
    Cause, ConnectionId, Direction, Endpoint, Event, Flags, Flow, Journal, Kind, Segment, State,
    Style, Timer, Transition,
};
use crate::plural::Count;
pub use below::Followed;
use bounds::Bounds;
use caused::{Caused, shown};
use clock::{Span, between, later};
use core::fmt::{self, Write};
#[cfg(feature = "phrases")]
pub use headings::headings;
use label::{Label, write_label};
use phase::{Heading, Phase, is_heard};
use row::{Lane, Pen, Shown, Text};
use smoltcp::time::{Duration, Instant};

/// Draws all that `journal` still has of `connection`, as it stands at `now`.
///
/// If the journal has nothing of it, one line says so. Errors are those of `out`.
pub fn draw<W: Write + ?Sized>(
    journal: &Journal<'_>,
    connection: ConnectionId,
    now: Instant,
    style: &Style,
    out: &mut W,
) -> fmt::Result {
    Follower::new(connection).finish(journal, now, style, out)
}

/// Draws a connection as it goes, and remembers how far it has come.
///
/// It is small and of fixed size, so there may be one for each connection that somebody watches.
#[derive(Debug, Clone)]
pub struct Follower {
    connection: ConnectionId,
    flow: Option<Flow>,
    /// What stands below the endpoints' names.
    roles: [&'static str; 2],
    /// The number of the next record to look at.
    next: u64,
    /// How many records were drawn.
    drawn: u64,
    /// From when times are counted, once there is a record drawn.
    started: Option<Instant>,
    /// The time that was written last.
    written: Option<Instant>,
    own: Option<State>,
    peer: Endpoint,
    phase: Phase,
    /// When TIME-WAIT began, and how long it lasts.
    waiting: Option<(Instant, Duration)>,
}

impl Follower {
    /// A follower that begins with the oldest record there is of `connection`.
    pub const fn new(connection: ConnectionId) -> Self {
        Self {
            connection,
            flow: None,
            roles: ["this node", "peer (inferred)"],
            next: 0,
            drawn: 0,
            started: None,
            written: None,
            own: None,
            peer: Endpoint::new(),
            phase: Phase::Start,
            waiting: None,
        }
    }

    /// The same with the endpoints, for when the record that names them is overwritten.
    pub const fn with_flow(self, flow: Flow) -> Self {
        Self {
            flow: Some(flow),
            ..self
        }
    }

    /// The same with other words below the endpoints' names than `this node` and `peer (inferred)`.
    pub const fn with_roles(self, roles: [&'static str; 2]) -> Self {
        Self { roles, ..self }
    }

    /// The connection it draws.
    pub const fn connection(&self) -> ConnectionId {
        self.connection
    }

    /// The number of the record that it will look at next; see [`Journal::since`].
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Draws what is new since the last call.
    ///
    /// The name of a teardown depends on the answer to its first FIN. If that has not come, this
    /// stops before the FIN and returns the time, a fifth of a second after it, by which to call again
    /// even if nothing happens. Errors are those of `out`.
    pub fn follow<W: Write + ?Sized>(
        &mut self,
        journal: &Journal<'_>,
        now: Instant,
        style: &Style,
        out: &mut W,
    ) -> Result<Option<Instant>, fmt::Error> {
        self.advance(journal, Some(now), Bounds::NONE, style, out)
    }

    /// Draws all that is new without waiting for anything, and what is left of 2 MSL at `now`.
    ///
    /// If there is nothing to draw and never was, one line says so. Errors are those of `out`.
    pub fn finish<W: Write + ?Sized>(
        mut self,
        journal: &Journal<'_>,
        now: Instant,
        style: &Style,
        out: &mut W,
    ) -> fmt::Result {
        self.advance(journal, None, Bounds::NONE, style, out)?;
        self.conclude(now, style, out)
    }

    /// Draws what stands below the last record: what is left of 2 MSL at `now`, or, if there was
    /// nothing to draw, one line that says so. Errors are those of `out`.
    pub fn conclude<W: Write + ?Sized>(
        &mut self,
        now: Instant,
        style: &Style,
        out: &mut W,
    ) -> fmt::Result {
        if self.started.is_none() {
            return writeln!(
                out,
                "Nothing is recorded of connection {}.",
                self.connection
            );
        }
        self.show_countdown(now, style, out)
    }

    /// Draws what is new, and waits for nothing if `now` is `None`.
    fn advance<W: Write + ?Sized>(
        &mut self,
        journal: &Journal<'_>,
        now: Option<Instant>,
        bounds: Bounds,
        style: &Style,
        out: &mut W,
    ) -> Result<Option<Instant>, fmt::Error> {
        let mut left = bounds.records;
        let mut pen = Pen::new(out, style, self.connection);
        let (missed, records) = journal.since(self.next);
        let connection = self.connection;
        let mut records = records.filter(move |(_, event)| event.connection() == Some(connection));
        if missed > 0 && self.started.is_some() {
            self.note_loss(&mut pen, missed)?;
        }
        while let Some((number, event)) = records.next() {
            if number >= bounds.until || left == 0 {
                self.next = number;
                return Ok(None);
            }
            left -= 1;
            let rest = records.clone().map(|(_, event)| event);
            let mut heading = self.phase.heading(event, self.own, rest.clone());
            if let Heading::Undecided(until, phase, name) = heading {
                if now.is_some_and(|now| now < until) {
                    self.next = number;
                    return Ok(Some(until));
                }
                heading = Heading::New(phase, name);
            }
            if self.started.is_none() {
                self.begin(&mut pen, event, journal.overwritten())?;
            }
            // The changes of state that a segment causes belong on its line.
            let caused = match event.kind() {
                Kind::Segment(_) => Caused::read(rest),
                _ => Caused::default(),
            };
            self.draw_event(&mut pen, event, heading, &caused)?;
            self.drawn += 1;
            for _ in caused.states() {
                records.next();
            }
        }
        self.next = journal.next();
        Ok(None)
    }

    fn begin<W: Write + ?Sized>(
        &mut self,
        pen: &mut Pen<'_, W>,
        event: &Event,
        overwritten: u64,
    ) -> fmt::Result {
        self.started = Some(pen.style().started(event.at()));
        if let Kind::Opened { flow, .. } = event.kind() {
            self.flow = Some(flow);
            return pen.header(self.flow, self.roles);
        }
        pen.header(self.flow, self.roles)?;
        if overwritten > 0 {
            self.note_loss(pen, overwritten)?;
        }
        Ok(())
    }

    fn draw_event<W: Write + ?Sized>(
        &mut self,
        pen: &mut Pen<'_, W>,
        event: &Event,
        heading: Heading,
        caused: &Caused,
    ) -> fmt::Result {
        match event.kind() {
            // Its endpoints are in the header.
            Kind::Opened { .. } => Ok(()),
            Kind::Segment(segment) => {
                if let Some(first) = caused.first {
                    self.show_first_state(pen, event.at(), &first)?;
                }
                self.show_heading(pen, heading)?;
                self.draw_segment(pen, event.at(), &segment, caused)
            }
            Kind::Transition(transition) => {
                self.show_first_state(pen, event.at(), &transition)?;
                self.show_heading(pen, heading)?;
                self.draw_transition(pen, event.at(), &transition)
            }
            Kind::Illegal(transition) => self.draw_illegal(pen, event.at(), &transition),
            Kind::TimeWaiting { lasts, .. } => {
                let lasts = lasts.into();
                let again = self.waiting.replace((event.at(), lasts)).is_some();
                let mut text = Text::new();
                let word = if again { " starts again" } else { "" };
                write!(text, "2 MSL{word}: {}", Span(lasts))?;
                self.note(pen, event.at(), &text, pen.style().palette.note)
            }
            Kind::Ended { ending, .. } => {
                let mut text = Text::new();
                self.phase.write_ending(&mut text, ending)?;
                let (time, nothing) = (self.time(event.at(), false), Shown::Nothing);
                pen.row(time, nothing, &Lane::Heading { text: &text }, nothing)
            }
            Kind::SlowPeer { attempts, .. } => {
                let mut text = Text::new();
                let attempts = Count(attempts.into(), "attempt");
                write!(text, "no acknowledgment after {attempts}")?;
                self.note(pen, event.at(), &text, pen.style().palette.caution)
            }
            Kind::OtherNumber { wanted, drawn, .. } => {
                let mut text = Text::new();
                write!(text, "initial number {drawn}, not {wanted}")?;
                self.note(pen, event.at(), &text, pen.style().palette.caution)
            }
            // Of no connection, so not among the records read here.
            Kind::Stray(_)
            | Kind::Datagram(_)
            | Kind::Neighbor(_)
            | Kind::Dropped(_)
            | Kind::Icmp { .. }
            | Kind::Undelivered { .. }
            | Kind::Other(_)
            | Kind::Full(_) => Ok(()),
        }
    }

    /// The state from which the first change leads, since no line above shows it.
    fn show_first_state<W: Write + ?Sized>(
        &mut self,
        pen: &mut Pen<'_, W>,
        at: Instant,
        transition: &Transition,
    ) -> fmt::Result {
        if self.own.is_some() || transition.cause == Cause::Inferred {
            return Ok(());
        }
        self.own = Some(transition.from);
        let time = self.time(at, false);
        let from = Shown::Known(transition.from);
        pen.row(time, from, &Lane::Empty, Shown::Nothing)
    }

    fn show_heading<W: Write + ?Sized>(
        &mut self,
        pen: &mut Pen<'_, W>,
        heading: Heading,
    ) -> fmt::Result {
        let Heading::New(phase, text) = heading else {
            return Ok(());
        };
        self.phase = phase;
        pen.row(
            None,
            Shown::Nothing,
            &Lane::Heading { text },
            Shown::Nothing,
        )
    }

    #[inline(never)]
    fn draw_segment<W: Write + ?Sized>(
        &mut self,
        pen: &mut Pen<'_, W>,
        at: Instant,
        segment: &Segment,
        caused: &Caused,
    ) -> fmt::Result {
        let palette = &pen.style().palette;
        let heard = is_heard(segment);
        let steps = match segment.direction {
            _ if !heard => Default::default(),
            Direction::In => self.peer.sent(&segment.header),
            Direction::Out => self.peer.received(&segment.header),
        };
        let mut own = caused.states();
        let mut peer = steps.iter().map(|&state| Shown::Inferred(state));
        let mut label = Label::EMPTY;
        write_label(segment, &mut label)?;
        let colour = if segment.header.flags.contains(Flags::RST) {
            palette.alarm
        } else if segment.mark != super::Mark::None || !heard {
            palette.caution
        } else if segment.direction == Direction::Out {
            palette.outgoing
        } else {
            palette.incoming
        };
        let arrow = Lane::Arrow {
            direction: segment.direction,
            label: &label.on_arrow,
            colour,
            stopped: matches!(segment.verdict, super::Verdict::Dropped(_)),
        };
        let mut next = || {
            (
                own.next().unwrap_or(Shown::Nothing),
                peer.next().unwrap_or(Shown::Nothing),
            )
        };
        let (own_state, peer_state) = next();
        pen.row(self.time(at, true), own_state, &arrow, peer_state)?;
        for text in [&label.below, &label.remark] {
            if !text.is_empty() {
                let (own_state, peer_state) = next();
                let lane = Lane::Remark { text, colour };
                pen.row(None, own_state, &lane, peer_state)?;
            }
        }
        loop {
            let (own_state, peer_state) = next();
            if matches!((own_state, peer_state), (Shown::Nothing, Shown::Nothing)) {
                break;
            }
            pen.row(None, own_state, &Lane::Empty, peer_state)?;
        }
        self.own = caused.last().or(self.own);
        Ok(())
    }

    #[inline(never)]
    fn draw_transition<W: Write + ?Sized>(
        &mut self,
        pen: &mut Pen<'_, W>,
        at: Instant,
        transition: &Transition,
    ) -> fmt::Result {
        let mut text = Text::new();
        let colour = match transition.cause {
            // Drawn apart from their segment only if they were recorded apart.
            Cause::Segment | Cause::Inferred => "",
            Cause::Call(call) => {
                write!(text, "{call}")?;
                pen.style().palette.note
            }
            Cause::Timer(Timer::TimeWait) => {
                self.waiting = None;
                write!(text, "{}", Timer::TimeWait)?;
                pen.style().palette.note
            }
            Cause::Timer(timer) => {
                write!(text, "timeout: {timer}")?;
                pen.style().palette.caution
            }
            Cause::AddressLost | Cause::Unreachable | Cause::Evicted => {
                write!(text, "{}", transition.cause)?;
                pen.style().palette.caution
            }
        };
        self.own = Some(transition.to);
        let time = self.time(at, false);
        let lane = Lane::Note {
            text: &text,
            colour,
        };
        pen.row(time, shown(transition), &lane, Shown::Nothing)
    }

    #[inline(never)]
    fn draw_illegal<W: Write + ?Sized>(
        &mut self,
        pen: &mut Pen<'_, W>,
        at: Instant,
        transition: &Transition,
    ) -> fmt::Result {
        let colour = pen.style().palette.alarm;
        let mut text = Text::new();
        write!(text, "!! ILLEGAL: {} -> {}", transition.from, transition.to)?;
        let time = self.time(at, false);
        let lane = Lane::Note {
            text: &text,
            colour,
        };
        pen.row(time, shown(transition), &lane, Shown::Nothing)?;
        text.clear();
        write!(text, "!! not in RFC 9293: {}", transition.cause)?;
        self.own = Some(transition.to);
        self.note(pen, at, &text, colour)
    }

    #[inline(never)]
    fn note_loss<W: Write + ?Sized>(&self, pen: &mut Pen<'_, W>, lost: u64) -> fmt::Result {
        let mut text = Text::new();
        write!(text, "{} overwritten", Count(lost, "earlier record"))?;
        let lane = Lane::Remark {
            text: &text,
            colour: pen.style().palette.caution,
        };
        pen.row(None, Shown::Nothing, &lane, Shown::Nothing)
    }

    /// What is left of 2 MSL, if it runs.
    #[inline(never)]
    fn show_countdown<W: Write + ?Sized>(
        &mut self,
        now: Instant,
        style: &Style,
        out: &mut W,
    ) -> fmt::Result {
        let (Some((began, lasts)), Some(State::TimeWait)) = (self.waiting, self.own) else {
            return Ok(());
        };
        let left = between(now, later(began, lasts));
        let mut text = Text::new();
        write!(text, "2 MSL: {} of {} left", Span(left), Span(lasts))?;
        let mut pen = Pen::new(out, style, self.connection);
        self.note(&mut pen, now, &text, style.palette.note)
    }

    fn note<W: Write + ?Sized>(
        &mut self,
        pen: &mut Pen<'_, W>,
        at: Instant,
        text: &str,
        colour: &'static str,
    ) -> fmt::Result {
        let time = self.time(at, false);
        let lane = Lane::Note { text, colour };
        pen.row(time, Shown::Nothing, &lane, Shown::Nothing)
    }

    /// The time to write at a line: left out where the line above says the same, unless `always`.
    fn time(&mut self, at: Instant, always: bool) -> Option<Duration> {
        let repeated = self.written.replace(at) == Some(at);
        let passed = between(self.started.unwrap_or(at), at);
        (always || !repeated).then_some(passed)
    }
}
