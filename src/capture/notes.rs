//! What a node wrote about itself into the comments of its own capture, read back: how its state changed, how a
//! connection ended, and what became of a segment. Text not written in the form of [`PcapNg`](super::PcapNg) is not a
//! note.

use crate::trace::{
    Answer, Call, Cause, ConnectionId, Direction, Ending, Millis, Reason, Repair, State, Timer,
    Verdict, rfc9293,
};
use std::fmt::Display;
use std::string::ToString;
use std::vec::Vec;

/// A change of the node's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    // A value: whoever is given one reads all of it.
    pub(super) from: State,
    pub(super) to: State,
    pub(super) cause: Cause,
}

/// What a node noted of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Note {
    Change(Change),
    /// It is in TIME-WAIT for this long from now.
    Waits(Millis),
    /// It is over.
    Ended(Ending),
}

/// The notes on one packet, or of one instant without a packet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Notes {
    // A value: whoever is given one reads all of it.
    /// Whether the node sent it or received it; without that its notes are of no use.
    pub(super) direction: Option<Direction>,
    /// Each with the number that the node gave to the connection.
    pub(super) of: Vec<(ConnectionId, Note)>,
    /// The number of the connection that the packet is of.
    pub(super) connection: Option<ConnectionId>,
    pub(super) verdict: Option<Verdict>,
}

/// The verdicts on a segment, as they are written: before a name, or alone.
pub(super) const MADE: &str = "made by the gate";
pub(super) const ANSWERED: &str = "answered by the gate";
pub(super) const REPAIRED: &str = "repaired";
pub(super) const DROPPED: &str = "dropped";
pub(super) const HELD: &str = "held until a connection is free";

/// How a connection goes on and ends, as it is written before what it was.
pub(super) const WAITS: &str = "waits 2 MSL";
pub(super) const ENDED: &str = "ended";

/// Every timer.
const TIMERS: [Timer; 6] = [
    Timer::TimeWait,
    Timer::Retransmission,
    Timer::HalfOpen,
    Timer::FinWait2,
    Timer::CloseWait,
    Timer::KeepAlive,
];

/// Every other way to end.
const ENDINGS: [Ending; 7] = [
    Ending::Closed,
    Ending::ResetByPeer,
    Ending::Refused,
    Ending::Aborted,
    Ending::AddressLost,
    Ending::Unreachable,
    Ending::Evicted,
];

/// Every cause that stands in a comment; that of a segment stands there by its absence.
const CAUSES: [Cause; 13] = [
    Cause::Call(Call::Listen),
    Cause::Call(Call::Connect),
    Cause::Call(Call::Close),
    Cause::Call(Call::Abort),
    Cause::Timer(Timer::TimeWait),
    Cause::Timer(Timer::Retransmission),
    Cause::Timer(Timer::HalfOpen),
    Cause::Timer(Timer::FinWait2),
    Cause::Timer(Timer::CloseWait),
    Cause::Timer(Timer::KeepAlive),
    Cause::AddressLost,
    Cause::Unreachable,
    Cause::Evicted,
];

impl Notes {
    /// Whether the node says something here.
    pub(super) fn say_something(&self) -> bool {
        self.direction.is_some() && (!self.of.is_empty() || self.verdict.is_some())
    }

    /// Takes in a comment, if it is a note.
    pub(super) fn read(&mut self, comment: &str) {
        let note = comment.strip_prefix('#').and_then(|it| it.split_once(": "));
        let Some((number, text)) = note else { return };
        if !number.bytes().all(|octet| octet.is_ascii_digit()) {
            return;
        }
        let Ok(connection) = number.parse().map(ConnectionId) else {
            return;
        };
        let note = change(text).map(Note::Change).or_else(|| course(text));
        match note {
            Some(note) => self.of.push((connection, note)),
            None => match verdict(text) {
                Some(verdict) => self.verdict = Some(verdict),
                None => return,
            },
        }
        self.connection = Some(connection);
    }

    /// What became of the segment: only what can become of one that went this way.
    pub(super) fn verdict(&self) -> Verdict {
        match (self.direction, self.verdict) {
            (Some(Direction::Out), Some(Verdict::Gate(answer))) => Verdict::Gate(answer),
            (
                Some(Direction::In),
                Some(verdict @ (Verdict::Answered(_) | Verdict::Repaired(_) | Verdict::Held)),
            )
            | (Some(_), Some(verdict @ Verdict::Dropped(_))) => verdict,
            _ => Verdict::Passed,
        }
    }
}

/// `FROM -> TO by CAUSE (why)`.
fn change(text: &str) -> Option<Change> {
    let (from, rest) = text.split_once(" -> ")?;
    let (change, _) = rest.split_once(" (")?;
    let (to, cause) = match change.split_once(" by ") {
        Some((to, cause)) => (to, named(&CAUSES, cause)?),
        None => (change, Cause::Segment),
    };
    Some(Change {
        from: named(&rfc9293::STATES, from)?,
        to: named(&rfc9293::STATES, to)?,
        cause,
    })
}

/// That 2 MSL began, or that the connection is over.
fn course(text: &str) -> Option<Note> {
    let (what, rest) = text.split_once(": ")?;
    match what {
        WAITS => {
            let millis = rest.strip_suffix(" ms")?;
            millis.parse().ok().map(Millis).map(Note::Waits)
        }
        ENDED => {
            let timed_out = TIMERS.map(Ending::TimedOut);
            let ending = named(&ENDINGS, rest).or_else(|| named(&timed_out, rest));
            ending.map(Note::Ended)
        }
        _ => None,
    }
}

fn verdict(text: &str) -> Option<Verdict> {
    if text == HELD {
        return Some(Verdict::Held);
    }
    let (what, name) = text.split_once(": ")?;
    match what {
        MADE => named(&Answer::ALL, name).map(Verdict::Gate),
        ANSWERED => named(&Answer::ALL, name).map(Verdict::Answered),
        REPAIRED => named(&Repair::ALL, name).map(Verdict::Repaired),
        DROPPED => named(&Reason::ALL, name).map(Verdict::Dropped),
        _ => None,
    }
}

/// The one that is written like this.
fn named<T: Display + Copy>(all: &[T], name: &str) -> Option<T> {
    all.iter().copied().find(|it| it.to_string() == name)
}

#[cfg(test)]
mod tests {
    use super::super::write::sentence;
    use super::*;
    use crate::trace::{ConnectionId, Transition};
    use std::format;

    #[test]
    fn each_change_of_state_that_is_written_is_read_back() {
        for arrow in rfc9293::arrows() {
            let change = Change {
                from: arrow.from,
                to: arrow.to,
                cause: arrow.cause,
            };
            let transition = Transition {
                connection: ConnectionId(12),
                from: change.from,
                to: change.to,
                cause: change.cause,
            };
            for illegal in [false, true] {
                let mut notes = Notes::default();
                notes.read(&sentence(&transition, illegal));
                assert_eq!(notes.of, [(ConnectionId(12), Note::Change(change))]);
                assert_eq!(notes.connection, Some(ConnectionId(12)));
            }
        }
    }

    #[test]
    fn how_a_connection_ends_is_read_back() {
        let endings = ENDINGS
            .into_iter()
            .chain(TIMERS.map(Ending::TimedOut))
            .map(|ending| (format!("{ENDED}: {ending}"), Note::Ended(ending)));
        let waits = (format!("{WAITS}: 60000 ms"), Note::Waits(Millis(60_000)));
        for (text, note) in endings.chain([waits]) {
            let mut notes = Notes::default();
            notes.read(&format!("#7: {text}"));
            assert_eq!(notes.of, [(ConnectionId(7), note)], "{text}");
        }
    }

    #[test]
    fn what_became_of_a_segment_is_read_back_and_nothing_else_is_a_note() {
        let read = |comment: &str| {
            let mut notes = Notes {
                direction: Some(Direction::In),
                ..Notes::default()
            };
            notes.read(comment);
            notes
        };
        for reason in Reason::ALL {
            let notes = read(&format!("#3: dropped: {reason}"));
            assert_eq!(notes.verdict(), Verdict::Dropped(reason));
        }
        for answer in Answer::ALL {
            let notes = read(&format!("#3: answered by the gate: {answer}"));
            assert_eq!(notes.verdict(), Verdict::Answered(answer));
            // None that comes in is made here.
            let notes = read(&format!("#3: made by the gate: {answer}"));
            assert_eq!(notes.verdict(), Verdict::Passed);
        }
        for comment in [
            "",
            "#",
            "#x: LISTEN -> CLOSED (why)",
            "#1: LISTEN -> NOWHERE (why)",
            "#1: LISTEN -> CLOSED",
            "#1: LISTEN -> CLOSED by chance (why)",
            "#1: dropped: by chance",
            "#1: ended: by chance",
            "#1: waits 2 MSL: 1 s",
            "#4294967296: ended: aborted here",
            "dropped: malformed",
        ] {
            assert!(!read(comment).say_something(), "{comment}");
        }
    }
}
