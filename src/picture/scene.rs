//! What a picture shows: two ends, and what happened between them, row by row.
//!
//! A scene is a value in one language: whoever makes it chooses the words, whoever draws it chooses the strokes. The
//! rows stand in the order in which they began. Times are counted from one start, the same for both ends.

use std::string::String;
use std::vec::Vec;

use smoltcp::time::Duration;

use crate::device::Side;
use crate::trace::{Header, State};

/// A connection, or whatever else is shown on one pair of life lines. The left end is [`Side::A`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    // A value: whoever is given one reads all of it.
    /// What it is about.
    pub title: String,
    /// Who stands on the left and on the right.
    pub ends: [End; 2],
    /// What happened.
    pub rows: Vec<Row>,
}

/// One of the two ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct End {
    // A value: whoever is given one reads all of it.
    /// Its name, such as an address and a port.
    pub name: String,
    /// What it is, if the name does not say so.
    pub role: String,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    // A value: whoever is given one reads all of it.
    /// Its number, if rows have some.
    pub number: Option<usize>,
    /// Which connection it belongs to, counted from 1, where there are several.
    pub flow: Option<u32>,
    /// When it was at each end, as far as that is known.
    pub at: [Option<Duration>; 2],
    /// What.
    pub what: What,
    /// The states that it led to at each end, in their order.
    pub states: [Vec<Shown>; 2],
    /// What it means, in sentences, where that was wanted.
    pub meaning: Vec<String>,
}

/// A state, and how it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    // A value: whoever is given one reads all of it.
    /// The state.
    pub state: State,
    /// It is read from segments, not from its end.
    pub inferred: bool,
}

/// What a row is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A part of a connection's life begins.
    Heading(String),
    /// Something crossed the wire, or did not.
    Arrow(Arrow),
    /// Something happened at an end, or at both.
    Note(Note),
}

/// What happened without a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    // A value: whoever is given one reads all of it.
    /// Where; nowhere in particular if none.
    pub side: Option<Side>,
    /// What kind of thing it is.
    pub kind: NoteKind,
    /// In words; empty if the state says it all.
    pub text: String,
}

/// A kind of note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteKind {
    /// A state without a cause: the first one.
    State,
    /// An application called.
    Call,
    /// A timer ran out.
    Timer,
    /// TIME-WAIT begins, or begins again.
    Wait,
    /// A connection is over.
    Over,
    /// Something out of the ordinary.
    Event,
}

/// A packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    // A value: whoever is given one reads all of it.
    /// Who sent it.
    pub from: Side,
    /// The header, if it is a segment of TCP.
    pub header: Option<Header>,
    /// SEG.SEQ and SEG.ACK, counted from the initial numbers; 0 without.
    pub numbers: [u32; 2],
    /// Its kind and its numbers, in words.
    pub label: String,
    /// What it says, in quotes; empty if it says nothing, or nobody listened.
    pub said: String,
    /// What else there is to say of it.
    pub remarks: Vec<String>,
    /// How it is drawn.
    pub tone: Tone,
    /// Whether it got nowhere: lost on the way, or not taken.
    pub stopped: bool,
}

/// How much a packet stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It is as it should be.
    Plain,
    /// It was sent or came again, or was not simply taken.
    Caution,
    /// It is lost.
    Lost,
    /// It is a reset.
    Reset,
}

/// The place of a side among two.
pub(crate) const fn place(side: Side) -> usize {
    match side {
        Side::A => 0,
        Side::B => 1,
    }
}

impl Scene {
    /// Whether the rows are of several connections.
    pub fn has_several(&self) -> bool {
        let mut flows = self.rows.iter().filter_map(|row| row.flow);
        let first = flows.next();
        flows.any(|flow| Some(flow) != first)
    }

    /// Whether the states of an end are certain: it has some, and none is inferred.
    pub fn is_certain(&self, side: Side) -> bool {
        let mut states = self.rows.iter().flat_map(|row| &row.states[place(side)]);
        states.clone().next().is_some() && !states.any(|shown| shown.inferred)
    }
}

impl Row {
    /// The packet, if it is about one.
    pub const fn arrow(&self) -> Option<&Arrow> {
        match &self.what {
            What::Arrow(arrow) => Some(arrow),
            What::Heading(_) | What::Note(_) => None,
        }
    }

    /// When it began.
    pub fn began(&self) -> Option<Duration> {
        match &self.what {
            What::Arrow(arrow) => self.at[place(arrow.from)].or(self.at[place(arrow.from.other())]),
            What::Heading(_) | What::Note(_) => self.at[0].or(self.at[1]),
        }
    }

    /// When it began, or else when it is first known of.
    pub fn when(&self) -> Option<Duration> {
        self.began().or(self.at[0]).or(self.at[1])
    }

    /// When a packet left and when it came, if both are known and it came.
    pub fn crossing(&self) -> Option<[Duration; 2]> {
        let arrow = self.arrow()?;
        let left = self.at[place(arrow.from)]?;
        let came = self.at[place(arrow.from.other())]?;
        Some([left, came])
    }

    /// Whether two packets meet on the way: each left before the other came.
    pub fn crosses(&self, other: &Self) -> bool {
        let sides = self.arrow().zip(other.arrow());
        let opposite = sides.is_some_and(|(one, other)| one.from != other.from);
        match self.crossing().zip(other.crossing()) {
            Some(([left, came], [other_left, other_came])) => {
                opposite && left < other_came && other_left < came
            }
            None => false,
        }
    }
}
