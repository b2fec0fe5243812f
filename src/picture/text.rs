//! A scene in text, where both ends have their time and their states: a line for each row, and the arrows that cross
//! drawn as they cross.
//!
//! ```text
//! row  at the left end   its state   │ lane, 44 columns │   its state   at the right end
//! 3    11                12          1 44               1   12          11             = 100 with the gaps
//! ```
//!
//! Columns are counted as terminals do: a Chinese character takes two.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use unicode_width::UnicodeWidthStr;

use super::scene::{Arrow, End, Note, NoteKind, Row, Tone, What};
use super::words::time;
use crate::device::Side;
use crate::explain::lines;
use crate::trace::{Palette, Style};

const LANE: usize = 44;
const TIME: usize = 11;
const STATE: usize = 12;
/// The columns before the left life line, and where the last column is.
const BAR: usize = 3 + 1 + TIME + 1 + STATE + 1;
const WIDTH: usize = 100;

fn spaces(count: usize) -> String {
    " ".repeat(count)
}

fn shaft(count: usize) -> String {
    "─".repeat(count)
}

fn padded(text: &str, width: usize, to_the_right: bool) -> String {
    let fill = spaces(width.saturating_sub(text.width()));
    if to_the_right {
        format!("{fill}{text}")
    } else {
        format!("{text}{fill}")
    }
}

/// Draws rows in a style.
#[derive(Debug, Clone, Copy)]
pub struct Drawer {
    // A value: whoever makes one gives all of it.
    /// The colours.
    pub style: Style,
    /// Whether each row says which connection it is of.
    pub tagged: bool,
}

/// What stands between the life lines in a line of its own: pieces, each in its colour.
struct Lane(Vec<(String, &'static str)>);

impl Lane {
    fn of(text: String, colour: &'static str) -> Self {
        Self(Vec::from([(text, colour)]))
    }
}

/// What stands beside the lane on a line.
#[derive(Default)]
struct Beside {
    number: String,
    times: [String; 2],
    states: [String; 2],
}

impl Drawer {
    /// The line above a scene: who stands at which end.
    pub fn head(ends: &[End; 2]) -> String {
        let mut text = Self::names(ends.each_ref().map(|end| end.name.as_str()));
        text.push_str(&Self::names(ends.each_ref().map(|end| end.role.as_str())));
        text
    }

    fn names([left, right]: [&str; 2]) -> String {
        if left.is_empty() && right.is_empty() {
            return String::new();
        }
        let start = BAR - left.width() / 2;
        let other = BAR + 1 + LANE - right.width() / 2;
        let gap = other.saturating_sub(start + left.width());
        format!("{}{left}{}{right}\n", spaces(start), spaces(gap))
    }

    /// All rows, with those that cross drawn together.
    pub fn rows(&self, rows: &[Row]) -> String {
        self.pieces(rows)
            .into_iter()
            .map(|(_, text)| text)
            .collect()
    }

    /// The same in pieces, each with the first of its rows.
    pub fn pieces<'r>(&self, rows: &'r [Row]) -> Vec<(&'r Row, String)> {
        let mut pieces = Vec::new();
        let mut rest = rows;
        while let [row, after @ ..] = rest {
            rest = after;
            if let Some(other) = after.first().filter(|other| row.crosses(other)) {
                pieces.push((row, self.crossed(row, other)));
                rest = &after[1..];
            } else {
                pieces.push((row, self.row(row)));
            }
        }
        pieces
    }

    /// A row by itself.
    pub fn row(&self, row: &Row) -> String {
        let lanes = self.lanes(row);
        let height = lanes
            .len()
            .max(row.states[0].len())
            .max(row.states[1].len());
        let mut lanes = lanes.into_iter();
        let mut text = String::new();
        for at in 0..height {
            let mut beside = Beside {
                states: [0, 1].map(|end| state(row, end, at)),
                ..Beside::default()
            };
            if at == 0 {
                beside.number = number(row);
                beside.times = row.at.map(|at| at.map_or(String::new(), time));
            }
            let lane = lanes.next().unwrap_or(Lane::of(spaces(LANE), ""));
            text.push_str(&self.line(&beside, &lane));
        }
        text.push_str(&self.meaning(row));
        text
    }

    fn line(&self, beside: &Beside, lane: &Lane) -> String {
        let palette = &self.style.palette;
        let bar = self.paint(palette.dim, "│");
        let painted = lane.0.iter().map(|(text, colour)| self.paint(colour, text));
        let line = format!(
            "{} {} {} {bar}{}{bar} {} {}",
            padded(&beside.number, 3, true),
            self.paint(palette.dim, &padded(&beside.times[0], TIME, true)),
            self.paint(palette.state, &padded(&beside.states[0], STATE, true)),
            String::from_iter(painted),
            self.paint(palette.state, &padded(&beside.states[1], STATE, false)),
            self.paint(palette.dim, &padded(&beside.times[1], TIME, true)),
        );
        format!("{}\n", line.trim_end())
    }

    /// The sentences below a row.
    fn meaning(&self, row: &Row) -> String {
        let palette = &self.style.palette;
        let bar = self.paint(palette.dim, "│");
        let sentences = row.meaning.iter();
        let told = sentences.flat_map(|sentence| lines(sentence, WIDTH - BAR - 2));
        let told =
            told.map(|line| format!("{}{bar} {}\n", spaces(BAR), self.paint(palette.dim, &line)));
        told.collect()
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if colour.is_empty() || text.trim().is_empty() {
            return text.to_string();
        }
        format!("{colour}{text}{}", self.style.palette.reset)
    }

    fn prefix(&self, row: &Row) -> String {
        match row.flow {
            Some(flow) if self.tagged => format!("#{flow} "),
            _ => String::new(),
        }
    }

    fn lanes(&self, row: &Row) -> Vec<Lane> {
        let palette = &self.style.palette;
        match &row.what {
            What::Heading(text) => {
                let text = format!(" {}{text} ", self.prefix(row));
                Vec::from([centred(&text, '╌', palette.heading)])
            }
            What::Arrow(arrow) => self.packet(row, arrow),
            What::Note(note) => Vec::from([self.note(row, note)]),
        }
    }

    fn note(&self, row: &Row, note: &Note) -> Lane {
        let text = match note.side {
            Some(_) => format!("{}{}", self.prefix(row), note.text),
            None => note.text.clone(),
        };
        let colour = of_note(&self.style.palette, note.kind);
        match note.side {
            Some(Side::A) => Lane::of(padded(&format!(" {text}"), LANE, false), colour),
            Some(Side::B) => Lane::of(padded(&format!("{text} "), LANE, true), colour),
            None => centred(&text, ' ', colour),
        }
    }

    /// What stands on an arrow: in one piece where it fits, in two otherwise.
    fn words(&self, row: &Row, arrow: &Arrow) -> [String; 2] {
        let label = format!("{}{}", self.prefix(row), arrow.label);
        let fits = label.width() + arrow.said.width() + 8 <= LANE;
        match arrow.said.is_empty() {
            false if fits => [format!("{label} {}", arrow.said), String::new()],
            _ => [label, cut(&arrow.said, LANE)],
        }
    }

    fn packet(&self, row: &Row, arrow: &Arrow) -> Vec<Lane> {
        let palette = &self.style.palette;
        let colour = of_arrow(palette, arrow);
        let [label, said] = self.words(row, arrow);
        let mut lanes = Vec::from([straight(arrow.from, &label, arrow.stopped, colour)]);
        if !said.is_empty() {
            lanes.push(centred(&said, ' ', colour));
        }
        lanes.extend(self.remarks(arrow));
        lanes
    }

    /// The remarks below an arrow: together if there is room.
    fn remarks(&self, arrow: &Arrow) -> Vec<Lane> {
        let together = arrow.remarks.join(", ");
        let remarks = match together.width() + 2 {
            3..=LANE => Vec::from([together]),
            _ => arrow.remarks.clone(),
        };
        let colour = self.style.palette.caution;
        let bracketed = remarks.iter().map(|remark| format!("[{remark}]"));
        bracketed
            .map(|remark| centred(&remark, ' ', colour))
            .collect()
    }

    /// Two packets that meet on the way.
    fn crossed(&self, row: &Row, other: &Row) -> String {
        let (Some(first), Some(second)) = (row.arrow(), other.arrow()) else {
            return String::new();
        };
        let from_left = first.from == Side::A;
        let (left, right) = if from_left {
            (row, other)
        } else {
            (other, row)
        };
        let [one, two] = if from_left {
            [first, second]
        } else {
            [second, first]
        };
        let palette = &self.style.palette;
        let colours = [one, two].map(|arrow| of_arrow(palette, arrow));
        let mut text = String::new();
        for (at, lane) in self.labels([left, right], [one, two]).iter().enumerate() {
            let number = if at == 0 { number(row) } else { String::new() };
            let beside = Beside {
                number,
                ..Beside::default()
            };
            text.push_str(&self.line(&beside, lane));
        }
        let departs = |row: &Row, end: usize| row.at[end].map_or(String::new(), time);
        let ends = [departs(left, 0), departs(right, 1)];
        let beside = Beside {
            number: number(other),
            times: ends,
            states: [state(left, 0, 0), state(right, 1, 0)],
        };
        let stops = [one.stopped, two.stopped];
        let strokes = strokes(colours, stops);
        let last = strokes.len() - 1;
        for (at, lane) in strokes.iter().enumerate() {
            let arrives = Beside {
                number: String::new(),
                times: [departs(right, 0), departs(left, 1)],
                states: [state(right, 0, 0), state(left, 1, 0)],
            };
            let nothing = Beside::default();
            let beside = match at {
                0 => &beside,
                at if at == last => &arrives,
                _ => &nothing,
            };
            text.push_str(&self.line(beside, lane));
        }
        for at in 1..right.states[0].len().max(left.states[1].len()) {
            let beside = Beside {
                states: [state(right, 0, at), state(left, 1, at)],
                ..Beside::default()
            };
            text.push_str(&self.line(&beside, &Lane::of(spaces(LANE), "")));
        }
        let mut remarks = self.remarks(first);
        if first.remarks != second.remarks {
            remarks.extend(self.remarks(second));
        }
        for lane in &remarks {
            text.push_str(&self.line(&Beside::default(), lane));
        }
        text + &self.meaning(row) + &self.meaning(other)
    }

    /// What stands above the beginnings of two arrows: on one line if there is room.
    fn labels(&self, rows: [&Row; 2], arrows: [&Arrow; 2]) -> Vec<Lane> {
        let palette = &self.style.palette;
        let words = [0, 1].map(|end| {
            let [label, said] = self.words(rows[end], arrows[end]);
            format!("{label} {said}").trim_end().to_string()
        });
        let colours = arrows.map(|arrow| of_arrow(palette, arrow));
        let [left, right] = &words;
        let taken = left.width() + right.width() + 4;
        if taken > LANE {
            let left = cut(left, LANE - 2);
            let right = cut(right, LANE - 2);
            return Vec::from([
                Lane::of(padded(&format!(" {left}"), LANE, false), colours[0]),
                Lane::of(padded(&format!("{right} "), LANE, true), colours[1]),
            ]);
        }
        let gap = spaces(LANE - left.width() - right.width() - 2);
        Vec::from([Lane(Vec::from([
            (format!(" {left}"), colours[0]),
            (gap, ""),
            (format!("{right} "), colours[1]),
        ]))])
    }
}

/// Two arrows that cross, line by line: the left end's goes down to the right.
fn strokes([one, two]: [&'static str; 2], [stops, other_stops]: [bool; 2]) -> [Lane; 5] {
    let piece = |text: String, colour| (text, colour);
    let gap = |count| (spaces(count), "");
    let to_right = if stops { '╳' } else { '▶' };
    let to_left = if other_stops { '╳' } else { '◀' };
    [
        Lane(Vec::from([
            piece(format!("{}╮", shaft(10)), one),
            gap(21),
            piece(format!("╭{}", shaft(11)), two),
        ])),
        Lane(Vec::from([
            gap(10),
            piece(format!("╰{}╮", shaft(9)), one),
            gap(1),
            piece(format!("╭{}╯", shaft(9)), two),
            gap(11),
        ])),
        Lane(Vec::from([gap(21), piece("╳".to_string(), two), gap(22)])),
        Lane(Vec::from([
            gap(10),
            piece(format!("╭{}╯", shaft(9)), two),
            gap(1),
            piece(format!("╰{}╮", shaft(9)), one),
            gap(11),
        ])),
        Lane(Vec::from([
            piece(format!("{to_left}{}╯", shaft(9)), two),
            gap(21),
            piece(format!("╰{}{to_right}", shaft(10)), one),
        ])),
    ]
}

const fn of_note(palette: &Palette, kind: NoteKind) -> &'static str {
    match kind {
        NoteKind::Call | NoteKind::Wait | NoteKind::State => palette.note,
        NoteKind::Timer => palette.caution,
        NoteKind::Over => palette.heading,
        NoteKind::Event => palette.alarm,
    }
}

const fn of_arrow(palette: &Palette, arrow: &Arrow) -> &'static str {
    match (arrow.tone, arrow.from) {
        (Tone::Lost | Tone::Caution, _) => palette.caution,
        (Tone::Reset, _) => palette.alarm,
        (Tone::Plain, Side::A) => palette.outgoing,
        (Tone::Plain, Side::B) => palette.incoming,
    }
}

fn number(row: &Row) -> String {
    row.number
        .map_or(String::new(), |number| number.to_string())
}

/// The state on one line beside an end, as it is shown.
fn state(row: &Row, end: usize, at: usize) -> String {
    let shown = row.states[end].get(at);
    shown.map_or(String::new(), |shown| match shown.inferred {
        true => format!("({})", shown.state),
        false => shown.state.to_string(),
    })
}

/// As much of a text as fits.
fn cut(text: &str, width: usize) -> String {
    crate::explain::cut(text, width)
}

fn centred(text: &str, fill: char, colour: &'static str) -> Lane {
    let free = LANE.saturating_sub(text.width());
    let filled = |count: usize| String::from_iter(core::iter::repeat_n(fill, count));
    let lane = format!("{}{text}{}", filled(free / 2), filled(free - free / 2));
    Lane::of(lane, colour)
}

fn straight(from: Side, label: &str, stopped: bool, colour: &'static str) -> Lane {
    let free = LANE.saturating_sub(label.width() + 3);
    let (left, right) = (shaft(free / 2), shaft(free - free / 2));
    let lane = match (from, stopped) {
        (Side::A, false) => format!("{left} {label} {right}▶"),
        (Side::A, true) => format!("{left} {label} {right}╳"),
        (Side::B, false) => format!("◀{left} {label} {right}"),
        (Side::B, true) => format!("╳{left} {label} {right}"),
    };
    Lane::of(lane, colour)
}
