//! Scenes as lines of JSON, for programs: one object a line, one line an event.
//!
//! The first line of a scene is of event `ladder`; those that follow are of its rows. Fields stand in the order of the
//! structures below, and those that have nothing to say are left out. The schema has a number, [`SCHEMA`]: it changes
//! when a field is renamed, removed, or means something else; new fields and new words of `remarks` may come without.
//! Words are English, whatever language the other formats have. `docs/ladder-json.md` says it for readers.

use std::string::{String, ToString};
use std::vec::Vec;

use serde::Serialize;
use smoltcp::time::Duration;

use super::scene::{Arrow, End, Note, NoteKind, Row, Scene, Shown, What};
use crate::device::Side;
use crate::trace::{Flags, Header};

/// The number of the schema.
pub const SCHEMA: u32 = 1;

/// The first line of a scene.
#[derive(Serialize)]
struct Ladder<'s> {
    event: &'static str,
    schema: u32,
    title: &'s str,
    left: Name<'s>,
    right: Name<'s>,
}

/// An end.
#[derive(Serialize)]
struct Name<'s> {
    name: &'s str,
    #[serde(skip_serializing_if = "str::is_empty")]
    role: &'s str,
    /// None of its states is inferred.
    certain: bool,
}

/// What all other lines have.
#[derive(Serialize)]
struct Line<'s> {
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<u32>,
    /// Microseconds from the start, at each end.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<&'s str>,
    #[serde(flatten)]
    packet: Option<Packet<'s>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_states: Vec<Entered>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    right_states: Vec<Entered>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    meaning: &'s [String],
}

/// What a packet has.
#[derive(Serialize)]
struct Packet<'s> {
    from: &'static str,
    /// It got to the other end and was taken.
    taken: bool,
    #[serde(flatten)]
    segment: Option<Segment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'s str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    said: &'s str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    remarks: &'s [String],
}

/// The header of a segment: `seq` and `ack` count from the initial numbers, `seq_number` and `ack_number` are on the wire.
#[derive(Serialize)]
struct Segment {
    flags: Vec<String>,
    seq: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    ack: Option<u32>,
    len: u16,
    window: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    mss: Option<u16>,
    seq_number: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    ack_number: Option<u32>,
}

/// A state.
#[derive(Serialize)]
struct Entered {
    state: String,
    inferred: bool,
}

/// Scenes as lines.
pub(super) fn json(scenes: &[Scene]) -> String {
    let mut text = String::new();
    for scene in scenes {
        push(&mut text, &ladder(scene));
        for row in &scene.rows {
            push(&mut text, &line(row));
        }
    }
    text
}

fn push(text: &mut String, line: &impl Serialize) {
    // Texts, numbers and lists: nothing that could not be written.
    if let Ok(line) = serde_json::to_string(line) {
        text.push_str(&line);
        text.push('\n');
    }
}

fn ladder(scene: &Scene) -> Ladder<'_> {
    let [left, right] = &scene.ends;
    fn name(end: &End, certain: bool) -> Name<'_> {
        Name {
            name: &end.name,
            role: &end.role,
            certain,
        }
    }
    Ladder {
        event: "ladder",
        schema: SCHEMA,
        title: &scene.title,
        left: name(left, scene.is_certain(Side::A)),
        right: name(right, scene.is_certain(Side::B)),
    }
}

const fn end(side: Side) -> &'static str {
    match side {
        Side::A => "left",
        Side::B => "right",
    }
}

fn line(row: &Row) -> Line<'_> {
    let micros = |at: Option<Duration>| at.map(|at| at.total_micros());
    let (event, at, words, packet) = match &row.what {
        What::Heading(words) => ("part", None, Some(words.as_str()), None),
        What::Note(note) => {
            let words = Some(note.text.as_str()).filter(|words| !words.is_empty());
            (kind(note), note.side.map(end), words, None)
        }
        What::Arrow(arrow) => {
            let event = if arrow.header.is_some() {
                "segment"
            } else {
                "packet"
            };
            (event, None, None, Some(packet(arrow)))
        }
    };
    Line {
        event,
        row: row.number,
        connection: row.flow,
        left_us: micros(row.at[0]),
        right_us: micros(row.at[1]),
        at,
        words,
        packet,
        left_states: entered(&row.states[0]),
        right_states: entered(&row.states[1]),
        meaning: &row.meaning,
    }
}

const fn kind(note: &Note) -> &'static str {
    match note.kind {
        NoteKind::State => "state",
        NoteKind::Call => "call",
        NoteKind::Timer => "timer",
        NoteKind::Wait => "wait",
        NoteKind::Over => "over",
        NoteKind::Event => "event",
    }
}

fn packet(arrow: &Arrow) -> Packet<'_> {
    let segment = arrow.header.map(|header| segment(&header, arrow.numbers));
    Packet {
        from: end(arrow.from),
        taken: !arrow.stopped,
        label: segment.is_none().then_some(arrow.label.as_str()),
        segment,
        said: &arrow.said,
        remarks: &arrow.remarks,
    }
}

fn segment(header: &Header, [seq, ack]: [u32; 2]) -> Segment {
    let acks = header.flags.contains(Flags::ACK);
    let flags = header.flags.to_string();
    let flags = flags.split(',').filter(|flag| *flag != "-");
    Segment {
        flags: flags.map(String::from).collect(),
        seq,
        ack: acks.then_some(ack),
        len: header.len,
        window: header.window,
        mss: (header.mss > 0).then_some(header.mss),
        seq_number: header.seq.get(),
        ack_number: acks.then_some(header.ack.get()),
    }
}

fn entered(states: &[Shown]) -> Vec<Entered> {
    let entered = states.iter().map(|shown| Entered {
        state: shown.state.to_string(),
        inferred: shown.inferred,
    });
    entered.collect()
}
