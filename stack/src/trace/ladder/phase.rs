//! The parts of a connection's life that a ladder names in its headings.
//!
//! What an opening or a teardown is called depends on the segments that follow. They are looked for
//! in the records of the next [`HOLD`]; the heading is a function of the records alone, so that a
//! ladder drawn while it happens and one drawn later read the same.

use core::fmt::{self, Write};

use super::super::{
    Call, Cause, Direction, Ending, Event, Flags, Kind, Mark, Segment, State, Verdict,
};
use super::clock::later;
use smoltcp::time::{Duration, Instant};

/// How long after a first SYN or FIN its answer may come to name the heading.
pub(super) const HOLD: Duration = Duration::from_millis(200);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing was drawn.
    Start,
    Opening,
    Data,
    Teardown,
    /// One side has closed, the other sends on.
    HalfClosed,
    /// The other side closes as well.
    SecondTeardown,
    Reset,
    /// This side closed before the other one had answered.
    GivenUp,
}

/// What the next record calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    /// The phase goes on.
    None,
    /// A new phase begins, under this name.
    New(Phase, &'static str),
    /// Not known before this time, unless a record comes earlier.
    Undecided(Instant, Phase, &'static str),
}

impl Phase {
    /// The heading that `event` calls for, where `own` is our state before it and `rest` the records
    /// of the connection that follow.
    pub(super) fn heading<'e>(
        self,
        event: &'e Event,
        own: Option<State>,
        rest: impl Iterator<Item = &'e Event>,
    ) -> Heading {
        match (event.kind(), self.entered_by(event, own)) {
            (_, None) => Heading::None,
            (_, Some(Self::Opening)) => opening(event, rest),
            (_, Some(Self::Teardown)) => teardown(event, rest),
            (_, Some(phase)) => Heading::New(phase, phase.name()),
        }
    }

    /// How a connection ended whose last phase this is.
    pub(super) fn write_ending(self, text: &mut impl Write, ending: Ending) -> fmt::Result {
        match (self, ending) {
            (Self::GivenUp, Ending::Closed) => text.write_str("closed before it was open"),
            _ => write!(text, "{ending}"),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Start => "",
            Self::Opening => "three-way handshake",
            Self::Data => "data",
            Self::Teardown => "teardown",
            Self::HalfClosed => "half-closed: data one way",
            Self::SecondTeardown => "teardown, second half",
            Self::Reset => "reset",
            Self::GivenUp => "given up",
        }
    }

    /// The phase that begins with `event`, if one does.
    fn entered_by(self, event: &Event, own: Option<State>) -> Option<Self> {
        let next = match event.kind() {
            Kind::Segment(segment) if is_heard(&segment) => self.entered_by_segment(&segment, own),
            Kind::Transition(transition) => match (transition.cause, transition.from) {
                (Cause::Call(Call::Connect), _) => self.or_later(Self::Opening),
                (Cause::Call(Call::Close), State::SynReceived | State::Established) => {
                    self.or_later(Self::Teardown)
                }
                (Cause::Call(Call::Close), State::SynSent) => Self::GivenUp,
                (Cause::Call(Call::Close), State::CloseWait) if self == Self::HalfClosed => {
                    Self::SecondTeardown
                }
                // These send a reset: RFC 9293 section 3.10.5.
                (
                    Cause::Call(Call::Abort),
                    State::SynReceived
                    | State::Established
                    | State::FinWait1
                    | State::FinWait2
                    | State::CloseWait,
                ) => Self::Reset,
                _ => self,
            },
            _ => self,
        };
        (next != self).then_some(next)
    }

    fn entered_by_segment(self, segment: &Segment, own: Option<State>) -> Self {
        let flags = segment.header.flags;
        let is_probe = matches!(segment.mark, Mark::KeepAlive | Mark::WindowProbe);
        let is_new = matches!(segment.mark, Mark::None | Mark::OutOfOrder);
        let outwards = segment.direction == Direction::Out;
        if flags.contains(Flags::RST) {
            Self::Reset
        } else if flags.contains(Flags::SYN) {
            self.or_later(Self::Opening)
        } else if flags.contains(Flags::FIN) {
            match self {
                Self::HalfClosed => Self::SecondTeardown,
                phase => phase.or_later(Self::Teardown),
            }
        } else if segment.header.len == 0 || is_probe {
            self
        } else if self == Self::Teardown && is_new {
            match own {
                Some(State::CloseWait) if outwards => Self::HalfClosed,
                Some(State::FinWait2) if !outwards => Self::HalfClosed,
                _ => self,
            }
        } else {
            self.or_later(Self::Data)
        }
    }

    /// `later`, unless that is behind.
    const fn or_later(self, later: Self) -> Self {
        if (self as u8) < (later as u8) {
            later
        } else {
            self
        }
    }
}

/// Whether a segment reached the endpoint that it was sent to, as far as this node knows.
pub(super) const fn is_heard(segment: &Segment) -> bool {
    !matches!(
        segment.verdict,
        Verdict::Dropped(_) | Verdict::Answered(super::super::Answer::ChallengeAck)
    )
}

fn heard<'e>(
    start: &'e Event,
    rest: impl Iterator<Item = &'e Event>,
) -> impl Iterator<Item = Segment> {
    let end = later(start.at(), HOLD);
    core::iter::once(start)
        .chain(rest)
        .take_while(move |event| event.at() <= end)
        .filter_map(|event| match event.kind() {
            Kind::Segment(segment) if is_heard(&segment) => Some(segment),
            _ => None,
        })
}

/// A three-way handshake, unless both sides' SYNs cross: then neither side's first one acknowledges
/// anything (RFC 9293 figure 7). A SYN,ACK that was captured before its SYN crosses nothing.
fn opening<'e>(start: &'e Event, rest: impl Iterator<Item = &'e Event>) -> Heading {
    let name = Phase::Opening.name();
    let mut first: Option<Segment> = None;
    for segment in heard(start, rest) {
        let first = *first.get_or_insert(segment);
        if segment.direction == first.direction {
            continue;
        }
        let asks = |segment: Segment| {
            let flags = segment.header.flags;
            flags.contains(Flags::SYN) && !flags.contains(Flags::ACK)
        };
        let crossed = asks(first) && asks(segment);
        let name = if crossed { "simultaneous open" } else { name };
        return Heading::New(Phase::Opening, name);
    }
    Heading::Undecided(later(start.at(), HOLD), Phase::Opening, name)
}

/// Which of the teardowns it is shows in the answer to the first FIN.
fn teardown<'e>(start: &'e Event, rest: impl Iterator<Item = &'e Event>) -> Heading {
    let mut first: Option<Segment> = None;
    for segment in heard(start, rest) {
        let flags = segment.header.flags;
        let fin = match first {
            Some(fin) if segment.direction != fin.direction => fin,
            Some(_) => continue,
            None => {
                first = flags.contains(Flags::FIN).then_some(segment);
                continue;
            }
        };
        let acked = flags.contains(Flags::ACK) && fin.header.end().is_at_most(segment.header.ack);
        let name = match (flags.contains(Flags::FIN), acked) {
            _ if flags.contains(Flags::RST) => break,
            (true, true) => "teardown in three segments",
            (true, false) => "simultaneous close",
            (false, true) => "four-way teardown",
            (false, false) => continue,
        };
        return Heading::New(Phase::Teardown, name);
    }
    Heading::Undecided(
        later(start.at(), HOLD),
        Phase::Teardown,
        Phase::Teardown.name(),
    )
}
