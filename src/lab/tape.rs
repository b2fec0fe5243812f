//! What happened in an experiment: numbered rows, each with what both ends saw of it and when.
//!
//! Both nodes are the laboratory's own, so nothing here is inferred: a state stands at an end because that
//! end's journal says so.

use std::string::String;
use std::vec::Vec;

use smoltcp::time::{Duration, Instant};

use super::packet::Packet;
use crate::device::Side;
use crate::trace::{Ending, Mark, State, Timer, Verdict};

/// What happened, in the order in which it began.
#[derive(Debug, Clone)]
pub struct Row {
    /// From 1, through all runs of an experiment.
    pub number: usize,
    /// What.
    pub what: What,
    /// Which conversation it belongs to, counted from 0 in the run; none for what happens to a whole end.
    pub flow: Option<usize>,
    /// When it began: when a segment left.
    pub at: Duration,
    /// When a segment came to the other end.
    pub arrived: Option<Duration>,
    /// The states that it led to: at the client, at the server.
    pub states: [Vec<State>; 2],
}

/// What a row is about.
#[derive(Debug, Clone)]
pub enum What {
    /// Something crossed the cable, or did not.
    Packet(Sent),
    /// An application called.
    Call {
        /// Whose.
        side: Side,
        /// The call, as it is written in C.
        call: &'static str,
        /// What stands in its parentheses.
        given: String,
        /// What came of it.
        answer: Answer,
    },
    /// A timer ran out.
    Timer(Side, Timer),
    /// TIME-WAIT begins, or begins again, for so long.
    Waits(Side, Duration),
    /// A connection is over.
    Over(Side, Ending),
    /// Something happened to an end or to the cable.
    Event(Event),
}

/// A packet on its way.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Whose it is, or says it is.
    pub from: Side,
    /// What it is.
    pub packet: Packet,
    /// SEG.SEQ and SEG.ACK, counted from the initial numbers of the connection. 0 without.
    pub numbers: [u32; 2],
    /// What befell it.
    pub fate: Fate,
    /// What the sender says of it.
    pub sent_as: Mark,
    /// What the receiver says of it.
    pub taken_as: Mark,
    /// What the receiver did with it.
    pub verdict: Verdict,
    /// Who of the sender made it: its stack, or the gate before it, and why.
    pub made: Verdict,
}

/// What befalls a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Arrives,
    /// It is lost.
    Lost,
    /// It arrives later than others that are sent after it.
    Late(Duration),
    /// It arrives, and so does a copy, so much later.
    Twice(Duration),
    /// It is such a copy.
    Copy,
    /// Somebody else made it up.
    Forged,
    /// The other end is switched off.
    NobodyThere,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It was done, and says nothing.
    Done,
    /// So many octets, or whatever it counts.
    Count(usize),
    /// These octets.
    Octets(Vec<u8>),
    /// No error and no octets: the peer has closed.
    End,
    /// Nothing yet: a call that blocks would go on waiting.
    Nothing,
    /// An error, by the name that it has in C.
    Error(&'static str),
}

/// What happens to an end or to the cable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The cable is pulled: nothing arrives any more.
    CablePulled,
    /// It is plugged in again.
    CablePlugged,
    /// An end loses its power, and all it knew.
    PowerLost(Side),
    /// It starts anew.
    Started(Side),
    /// The process of an application is killed: its system closes what it had open.
    Killed(Side),
}

/// Part of an experiment, with a tape of its own: the same thing done in another way.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its rows.
    pub rows: Vec<Row>,
    /// What the experiment measured there, by name, for its claims.
    pub facts: Vec<(&'static str, u64)>,
    /// Every frame that was sent, for a capture.
    pub frames: Vec<Captured>,
    /// Whether windows are part of the matter.
    pub windows: bool,
    /// Changes of state that RFC 9293 does not know.
    pub illegal: usize,
}

/// A frame as it was sent.
#[derive(Debug, Clone)]
pub struct Captured {
    /// When, by the clock of the nodes.
    pub at: Instant,
    /// By whom.
    pub from: Side,
    /// All of it.
    pub octets: Vec<u8>,
    /// The place of its row in the run, if it has one: questions after hardware addresses have none.
    pub row: Option<usize>,
}

/// Everything that was measured in an experiment.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Its runs. Their rows are numbered through.
    pub runs: Vec<Run>,
}

impl Outcome {
    /// The outcome of these runs, in this order.
    pub fn of(runs: impl IntoIterator<Item = Run>) -> Self {
        let mut runs: Vec<_> = runs.into_iter().collect();
        let rows = runs.iter_mut().flat_map(|run| &mut run.rows);
        for (number, row) in (1..).zip(rows) {
            row.number = number;
        }
        Self { runs }
    }

    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.runs.iter().flat_map(|run| &run.rows)
    }
}

impl Row {
    /// The states that it led to at one end.
    pub fn states_at(&self, side: Side) -> &[State] {
        match side {
            Side::A => &self.states[0],
            Side::B => &self.states[1],
        }
    }

    /// The packet, if it is about one.
    pub const fn sent(&self) -> Option<&Sent> {
        match &self.what {
            What::Packet(sent) => Some(sent),
            _ => None,
        }
    }
}

impl Sent {
    /// Whether nothing of it reached the other end.
    pub const fn is_lost(&self) -> bool {
        matches!(self.fate, Fate::Lost | Fate::NobodyThere)
    }
}
