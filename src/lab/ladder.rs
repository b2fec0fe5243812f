//! The ladder of both ends: a line for each row, with what each end knew of it and when.
//!
//! ```text
//! row  at the client   its state   │ lane, 44 columns │   its state   at the server
//! 3    11              12          1 44               1   12          11             = 100 with the gaps
//! ```
//!
//! Columns are counted as terminals do: a Chinese character takes two.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use smoltcp::time::Duration;

use super::calls::quoted;
use super::packet::Packet;
use super::tape::{Answer, Event, Fate, Row, Run, Sent, What};
use super::texts::Texts;
use crate::device::Side;
use crate::trace::{Flags, Mark, Style, Verdict};

const LANE: usize = 44;
const TIME: usize = 11;
const STATE: usize = 12;

/// How many columns a terminal gives a text.
pub(super) fn columns(text: &str) -> usize {
    let wide = |letter: char| matches!(letter, '\u{2e80}'..='\u{ffef}');
    text.chars()
        .map(|letter| 1 + usize::from(wide(letter)))
        .sum()
}

fn spaces(count: usize) -> String {
    " ".repeat(count)
}

fn padded(text: &str, width: usize, to_the_right: bool) -> String {
    let fill = spaces(width.saturating_sub(columns(text)));
    if to_the_right {
        format!("{fill}{text}")
    } else {
        format!("{text}{fill}")
    }
}

/// A time as it stands in a ladder.
pub(super) fn time(time: Duration) -> String {
    let micros = time.total_micros();
    match time.secs() {
        0..10 => format!("{}.{:03} ms", micros / 1000, micros % 1000),
        seconds => format!("{seconds}.{:03} s", time.millis()),
    }
}

/// Draws rows in a language and a style.
#[derive(Debug, Clone, Copy)]
pub struct Drawer {
    /// The words.
    pub texts: &'static Texts,
    /// The colours.
    pub style: Style,
}

/// What stands between the life lines in a line of its own.
struct Line {
    lane: String,
    colour: &'static str,
}

impl Drawer {
    /// The line above a ladder: who stands at which end.
    pub fn head(&self) -> String {
        let [left, right] = self.texts.frame.names;
        let bar = 4 + TIME + 1 + STATE + 1;
        let start = bar - columns(left) / 2;
        let other = bar + 1 + LANE - columns(right) / 2;
        let gap = other.saturating_sub(start + columns(left));
        format!("{}{left}{}{right}\n", spaces(start), spaces(gap))
    }

    /// A row.
    pub fn row(&self, run: &Run, row: &Row) -> String {
        let lines = self.lines(run, row);
        let [left, right] = self.times(row);
        let height = lines
            .len()
            .max(row.states[0].len())
            .max(row.states[1].len());
        let mut text = String::new();
        for at in 0..height {
            let number = if at == 0 {
                row.number.to_string()
            } else {
                String::new()
            };
            let only_first = |time: &str| {
                if at == 0 {
                    time.to_string()
                } else {
                    String::new()
                }
            };
            let state = |end: usize| {
                let state = row.states[end].get(at);
                state.map_or(String::new(), ToString::to_string)
            };
            let lane = match lines.get(at) {
                Some(line) => self.paint(line.colour, &line.lane),
                None => spaces(LANE),
            };
            let palette = &self.style.palette;
            let bar = self.paint(palette.dim, "│");
            let line = format!(
                "{} {} {} {bar}{lane}{bar} {} {}",
                padded(&number, 3, true),
                self.paint(palette.dim, &padded(&only_first(&left), TIME, true)),
                self.paint(palette.state, &padded(&state(0), STATE, true)),
                self.paint(palette.state, &padded(&state(1), STATE, false)),
                self.paint(palette.dim, &padded(&only_first(&right), TIME, true)),
            );
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if colour.is_empty() || text.trim().is_empty() {
            return text.to_string();
        }
        format!("{colour}{text}{}", self.style.palette.reset)
    }

    /// When it was at each end.
    fn times(&self, row: &Row) -> [String; 2] {
        let (left, right) = match &row.what {
            What::Packet(sent) => match sent.from {
                Side::A => (Some(row.at), row.arrived),
                Side::B => (row.arrived, Some(row.at)),
            },
            What::Call { side, .. }
            | What::Timer(side, _)
            | What::Waits(side, _)
            | What::Over(side, _)
            | What::Event(Event::PowerLost(side) | Event::Started(side) | Event::Killed(side)) => {
                match side {
                    Side::A => (Some(row.at), None),
                    Side::B => (None, Some(row.at)),
                }
            }
            What::Event(Event::CablePulled | Event::CablePlugged) => (Some(row.at), Some(row.at)),
        };
        [left, right].map(|at| at.map_or(String::new(), time))
    }

    fn lines(&self, run: &Run, row: &Row) -> Vec<Line> {
        let palette = &self.style.palette;
        let words = &self.texts.ladder;
        let with_flow = |text: &str| format!("{}{text}", prefix(run, row));
        match &row.what {
            What::Packet(sent) => self.packet(run, row, sent),
            What::Call {
                side,
                call,
                given,
                answer,
            } => {
                let came = answered(answer);
                let text = format!("{}{call}({given}){came}", prefix(run, row));
                self.note(*side, &text, palette.note)
            }
            What::Timer(side, timer) => {
                self.note(*side, &with_flow((words.timer)(*timer)), palette.caution)
            }
            What::Waits(side, lasts) => {
                let text = match (lasts.secs(), lasts.total_millis()) {
                    (0, millis) => format!("2 MSL: {millis} ms"),
                    (seconds, _) => format!("2 MSL: {seconds} s"),
                };
                self.note(*side, &with_flow(&text), palette.note)
            }
            What::Over(side, ending) => {
                self.note(*side, &with_flow((words.ending)(*ending)), palette.heading)
            }
            What::Event(event) => {
                let (side, text) = match event {
                    Event::CablePulled => (None, words.cable_pulled),
                    Event::CablePlugged => (None, words.cable_plugged),
                    Event::PowerLost(side) => (Some(*side), words.power_lost),
                    Event::Started(side) => (Some(*side), words.started),
                    Event::Killed(side) => (Some(*side), words.killed),
                };
                match side {
                    Some(side) => self.note(side, text, palette.alarm),
                    None => Vec::from([centred(text, ' ', palette.alarm)]),
                }
            }
        }
    }

    fn note(&self, side: Side, text: &str, colour: &'static str) -> Vec<Line> {
        let lane = match side {
            Side::A => padded(&format!(" {text}"), LANE, false),
            Side::B => padded(&format!("{text} "), LANE, true),
        };
        Vec::from([Line { lane, colour }])
    }

    fn packet(&self, run: &Run, row: &Row, sent: &Sent) -> Vec<Line> {
        let palette = &self.style.palette;
        let is_reset = sent
            .packet
            .header()
            .is_some_and(|it| it.flags.contains(Flags::RST));
        let colour = match (sent.is_lost(), is_reset, sent.from) {
            (true, _, _) => palette.caution,
            (_, true, _) => palette.alarm,
            (_, _, Side::A) => palette.outgoing,
            (_, _, Side::B) => palette.incoming,
        };
        let (mut label, data) = label(run, row, sent);
        if columns(&label) + columns(&data) + 8 <= LANE && !data.is_empty() {
            label = format!("{label} {data}");
        }
        let stopped = sent.is_lost() || matches!(sent.verdict, Verdict::Dropped(_));
        let mut lines = Vec::from([arrow(sent.from, &label, stopped, colour)]);
        if !data.is_empty() && !label.ends_with(&data) {
            lines.push(centred(&data, ' ', colour));
        }
        let remarks = self.remarks(sent);
        let together = remarks.join(", ");
        let remarks = match columns(&together) + 2 {
            3..=LANE => Vec::from([together]),
            _ => remarks,
        };
        let bracketed = remarks.iter().map(|remark| format!("[{remark}]"));
        lines.extend(bracketed.map(|remark| centred(&remark, ' ', palette.caution)));
        lines
    }

    /// What is to be said of a packet beside its numbers.
    fn remarks(&self, sent: &Sent) -> Vec<String> {
        let words = &self.texts.ladder;
        let mut remarks = Vec::new();
        match sent.fate {
            Fate::Arrives => {}
            Fate::Lost => remarks.push(words.lost.to_string()),
            Fate::Late(late) => remarks.push(words.late.replace("{0}", &time(late))),
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
}

/// Which connection, where there are several.
fn prefix(run: &Run, row: &Row) -> String {
    let several = run
        .rows
        .iter()
        .any(|row| row.flow.is_some_and(|flow| flow > 0));
    match row.flow {
        Some(flow) if several => format!("#{} ", flow + 1),
        _ => String::new(),
    }
}

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

/// What stands on an arrow, and the data.
fn label(run: &Run, row: &Row, sent: &Sent) -> (String, String) {
    let prefix = prefix(run, row);
    let data = match sent.packet.data() {
        [] => String::new(),
        data => quoted(data),
    };
    let Some(header) = sent.packet.header() else {
        let text = match &sent.packet {
            Packet::Icmp(3, 3) => "ICMP port unreachable".to_string(),
            Packet::Icmp(kind, code) => format!("ICMP type {kind} code {code}"),
            Packet::Udp { data, .. } | Packet::Tcp { data, .. } => {
                format!("{prefix}UDP len={}", data.len())
            }
        };
        return (text, data);
    };
    let mut text = format!("{prefix}{} seq={}", header.flags, sent.numbers[0]);
    if header.flags.contains(Flags::ACK) {
        text.push_str(&format!(" ack={}", sent.numbers[1]));
    }
    if header.len > 0 {
        text.push_str(&format!(" len={}", header.len));
    }
    if !header.flags.contains(Flags::RST) && (run.windows || header.window == 0) {
        text.push_str(&format!(" win={}", header.window));
    }
    (text, data)
}

fn centred(text: &str, fill: char, colour: &'static str) -> Line {
    let free = LANE.saturating_sub(columns(text));
    let filled = |count: usize| String::from_iter(core::iter::repeat_n(fill, count));
    let lane = format!("{}{text}{}", filled(free / 2), filled(free - free / 2));
    Line { lane, colour }
}

fn arrow(from: Side, label: &str, stopped: bool, colour: &'static str) -> Line {
    let free = LANE.saturating_sub(columns(label) + 3);
    let shaft = |count: usize| "─".repeat(count);
    let (left, right) = (shaft(free / 2), shaft(free - free / 2));
    let lane = match (from, stopped) {
        (Side::A, false) => format!("{left} {label} {right}▶"),
        (Side::A, true) => format!("{left} {label} {right}╳"),
        (Side::B, false) => format!("◀{left} {label} {right}"),
        (Side::B, true) => format!("╳{left} {label} {right}"),
    };
    Line { lane, colour }
}
