//! What stands on a tape as scenes: the same rows, in the words of a language.

use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use smoltcp::time::{Duration, Instant};

use super::calls::quoted;
use super::packet::Packet;
use super::tape::{Answer, Event, Fate, Run, Sent, What};
use super::texts::{Texts, texts};
use crate::device::Side;
use crate::lang::Lang;
use crate::picture::{self, Arrow, End, Note, NoteKind, Scene, Shown, Tone};
use crate::trace::{
    self, Call, Cause, ConnectionId, Direction, Flags, Kind, Mark, Segment, State, Transition,
    Verdict, headings,
};

/// What came of a call, as C has it.
pub(super) fn answered(answer: &Answer) -> String {
    match answer {
        Answer::Done => String::new(),
        Answer::Count(count) => format!(" = {count}"),
        Answer::Octets(octets) => format!(" = {}", quoted(octets)),
        Answer::End => " = 0".into(),
        Answer::Nothing => " = -1 EAGAIN".into(),
        Answer::Error(name) => format!(" = -1 {name}"),
    }
}

/// A run as a scene. With `parts`, the parts of a connection's life are named, where there is one connection.
pub(super) fn scene(lang: Lang, run: &Run, title: &str, parts: bool) -> Scene {
    let texts = texts(lang);
    let mut rows: Vec<picture::Row> = run.rows.iter().map(|row| drawn(texts, run, row)).collect();
    let one = run
        .rows
        .iter()
        .all(|row| row.flow.is_none_or(|flow| flow == 0));
    if parts && one {
        // From the last one on, so that the places of those before stay.
        for (before, words) in parts_of(run).into_iter().rev() {
            let words = lang.phrase(&words).unwrap_or(words);
            rows.insert(before, heading(words));
        }
    }
    let names = texts.frame.names;
    Scene {
        title: title.to_string(),
        ends: names.map(|name| End {
            name: name.to_string(),
            role: String::new(),
        }),
        rows,
    }
}

const fn heading(words: String) -> picture::Row {
    picture::Row {
        number: None,
        flow: None,
        at: [None; 2],
        what: picture::What::Heading(words),
        states: [Vec::new(), Vec::new()],
        meaning: Vec::new(),
    }
}

fn drawn(texts: &Texts, run: &Run, row: &super::tape::Row) -> picture::Row {
    let several = run
        .rows
        .iter()
        .any(|row| row.flow.is_some_and(|flow| flow > 0));
    let flow = row.flow.filter(|_| several);
    let shown = |state: &State| Shown {
        state: *state,
        inferred: false,
    };
    picture::Row {
        number: Some(row.number),
        flow: flow.map(|flow| u32::try_from(flow + 1).unwrap_or(u32::MAX)),
        at: times(row),
        what: what(texts, run, row),
        states: row
            .states
            .each_ref()
            .map(|states| states.iter().map(shown).collect()),
        meaning: Vec::new(),
    }
}

/// When it was at each end.
fn times(row: &super::tape::Row) -> [Option<Duration>; 2] {
    match &row.what {
        What::Packet(sent) => match sent.from {
            Side::A => [Some(row.at), row.arrived],
            Side::B => [row.arrived, Some(row.at)],
        },
        What::Call { side, .. }
        | What::Timer(side, _)
        | What::Waits(side, _)
        | What::Over(side, _)
        | What::Event(Event::PowerLost(side) | Event::Started(side) | Event::Killed(side)) => {
            match side {
                Side::A => [Some(row.at), None],
                Side::B => [None, Some(row.at)],
            }
        }
        What::Event(Event::CablePulled | Event::CablePlugged) => [Some(row.at), Some(row.at)],
    }
}

fn what(texts: &Texts, run: &Run, row: &super::tape::Row) -> picture::What {
    let words = &texts.ladder;
    let note = |side: Side, kind, text: String| {
        let side = Some(side);
        picture::What::Note(Note { side, kind, text })
    };
    match &row.what {
        What::Packet(sent) => picture::What::Arrow(arrow(texts, run, sent)),
        What::Call {
            side,
            call,
            given,
            answer,
        } => {
            let came = answered(answer);
            note(*side, NoteKind::Call, format!("{call}({given}){came}"))
        }
        What::Timer(side, timer) => note(*side, NoteKind::Timer, (words.timer)(*timer).into()),
        What::Waits(side, lasts) => {
            let text = match (lasts.secs(), lasts.total_millis()) {
                (0, millis) => format!("2 MSL: {millis} ms"),
                (seconds, _) => format!("2 MSL: {seconds} s"),
            };
            note(*side, NoteKind::Wait, text)
        }
        What::Over(side, ending) => note(*side, NoteKind::Over, (words.ending)(*ending).into()),
        What::Event(event) => {
            let (side, text) = match event {
                Event::CablePulled => (None, words.cable_pulled),
                Event::CablePlugged => (None, words.cable_plugged),
                Event::PowerLost(side) => (Some(*side), words.power_lost),
                Event::Started(side) => (Some(*side), words.started),
                Event::Killed(side) => (Some(*side), words.killed),
            };
            let kind = NoteKind::Event;
            let text = text.to_string();
            picture::What::Note(Note { side, kind, text })
        }
    }
}

fn arrow(texts: &Texts, run: &Run, sent: &Sent) -> Arrow {
    let header = sent.packet.header();
    let is_reset = header.is_some_and(|it| it.flags.contains(Flags::RST));
    let tone = match (sent.is_lost(), is_reset) {
        (true, _) => Tone::Lost,
        (_, true) => Tone::Reset,
        _ => Tone::Plain,
    };
    Arrow {
        from: sent.from,
        header: header.copied(),
        numbers: sent.numbers,
        label: label(run, sent),
        said: match sent.packet.data() {
            [] => String::new(),
            data => quoted(data),
        },
        remarks: remarks(texts, sent),
        tone,
        stopped: sent.is_lost() || matches!(sent.verdict, Verdict::Dropped(_)),
    }
}

/// What is to be said of a packet beside its numbers.
fn remarks(texts: &Texts, sent: &Sent) -> Vec<String> {
    let words = &texts.ladder;
    let mut remarks = Vec::new();
    match sent.fate {
        Fate::Arrives => {}
        Fate::Lost => remarks.push(words.lost.to_string()),
        Fate::Late(late) => remarks.push(words.late.replace("{0}", &picture::time(late))),
        Fate::Twice(_) => remarks.push(words.twice.to_string()),
        Fate::Copy => remarks.push(words.copy.to_string()),
        Fate::Forged => remarks.push(words.forged.to_string()),
        Fate::NobodyThere => remarks.push(words.nobody.to_string()),
    }
    for mark in [sent.sent_as, sent.taken_as] {
        if mark != Mark::None && !remarks.iter().any(|it| it == (words.mark)(mark)) {
            remarks.push((words.mark)(mark).to_string());
        }
    }
    if let Verdict::Gate(answer) = sent.made {
        remarks.push((words.answer)(answer).to_string());
    }
    match sent.verdict {
        Verdict::Dropped(reason) => {
            remarks.push(words.dropped.replace("{0}", (words.reason)(reason)));
        }
        Verdict::Held => remarks.push(words.held.to_string()),
        Verdict::Passed | Verdict::Gate(_) | Verdict::Answered(_) | Verdict::Repaired(_) => {}
    }
    remarks
}

/// What stands on an arrow.
fn label(run: &Run, sent: &Sent) -> String {
    let Some(header) = sent.packet.header() else {
        return match &sent.packet {
            Packet::Icmp(3, 3) => "ICMP port unreachable".to_string(),
            Packet::Icmp(kind, code) => format!("ICMP type {kind} code {code}"),
            Packet::Udp { data, .. } | Packet::Tcp { data, .. } => {
                format!("UDP len={}", data.len())
            }
        };
    };
    let mut text = format!("{} seq={}", header.flags, sent.numbers[0]);
    if header.flags.contains(Flags::ACK) {
        text.push_str(&format!(" ack={}", sent.numbers[1]));
    }
    if header.len > 0 {
        text.push_str(&format!(" len={}", header.len));
    }
    if !header.flags.contains(Flags::RST) && (run.windows || header.window == 0) {
        text.push_str(&format!(" win={}", header.window));
    }
    text
}

/// The parts of the one connection's life, as the client saw it: each with the row that it begins with.
fn parts_of(run: &Run) -> Vec<(usize, String)> {
    let mut records: Vec<(Duration, usize, Kind)> = Vec::new();
    for (index, row) in run.rows.iter().enumerate() {
        if let Some(at) = times(row)[0] {
            let kinds = kinds(row).into_iter();
            records.extend(kinds.map(|kind| (at, index, kind)));
        }
    }
    records.sort_by_key(|(at, ..)| *at);
    let events: Vec<trace::Event> = records
        .iter()
        .map(|(at, _, kind)| trace::Event::new(Instant::ZERO + *at, *kind))
        .collect();
    let parts = headings(&events).into_iter();
    let mut parts: Vec<_> = parts.map(|(at, words)| (records[at].1, words)).collect();
    parts.sort_by_key(|(row, _)| *row);
    parts
}

/// A row as the client's journal would have it, as far as that names a part.
fn kinds(row: &super::tape::Row) -> Vec<Kind> {
    let connection = ConnectionId(1);
    let change = |cause| {
        let states = row.states[0].iter();
        states.map(move |&to| {
            Kind::Transition(Transition {
                connection,
                from: before(to),
                to,
                cause,
            })
        })
    };
    match &row.what {
        What::Packet(sent) => {
            let Some(header) = sent.packet.header() else {
                return Vec::new();
            };
            let (direction, mark, verdict) = match sent.from {
                Side::A => (Direction::Out, sent.sent_as, Verdict::Passed),
                Side::B => (Direction::In, sent.taken_as, sent.verdict),
            };
            let segment = Kind::Segment(Segment {
                connection,
                direction,
                header: *header,
                seq: sent.numbers[0],
                ack: sent.numbers[1],
                mark,
                verdict,
            });
            vec![segment]
                .into_iter()
                .chain(change(Cause::Segment))
                .collect()
        }
        What::Call {
            side: Side::A,
            call,
            ..
        } => {
            let call = match *call {
                "connect" => Call::Connect,
                "close" | "shutdown" => Call::Close,
                _ => Call::Abort,
            };
            change(Cause::Call(call)).collect()
        }
        What::Call { .. } | What::Timer(..) | What::Waits(..) | What::Over(..) | What::Event(_) => {
            Vec::new()
        }
    }
}

/// A state that a call leads from.
const fn before(to: State) -> State {
    match to {
        State::LastAck => State::CloseWait,
        State::SynSent | State::SynReceived | State::Listen => State::Closed,
        _ => State::Established,
    }
}
