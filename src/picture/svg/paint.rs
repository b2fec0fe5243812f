//! One scene, painted: what stands in the picture, from where it is to stand.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use smoltcp::time::Duration;
use unicode_width::UnicodeWidthStr;

use super::ink::{escaped, units};
use super::lanes::{Bar, bars, colour, count};
use super::layout::{LINE, Layout, Place, is_seen_leaving};
use crate::device::Side;
use crate::explain::{cut, lines};
use crate::picture::scene::{Arrow, Note, NoteKind, Row, Scene, Tone, What, place};
use crate::picture::words::time;

/// Units beside the life lines, for times and states; between them; for one more lane.
const SIDE: f32 = 98.0;
const LANE: f32 = 226.0;
const ONE_LANE: f32 = 9.0;
/// For the number of a connection before its state.
const TAG: f32 = 20.0;
/// From this slope on, words stand upright where the arrow begins.
const STEEP: f32 = 0.36;
/// Columns of a title, and of words between the life lines.
pub(super) const TITLE_COLUMNS: usize = 58;
const COLUMNS: usize = 36;
/// The head of an arrow.
const HEAD: [f32; 2] = [7.0, 3.2];

/// A text in lines.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    lines(text, columns)
}

pub(super) struct Painter<'s> {
    scene: &'s Scene,
    /// The life lines.
    bars: [f32; 2],
    tagged: bool,
}

impl<'s> Painter<'s> {
    pub(super) fn new(scene: &'s Scene) -> Self {
        let more = (count(&scene.rows) - 1) as f32 * ONE_LANE;
        let tag = if scene.has_several() { TAG } else { 0.0 };
        let left = SIDE + more + tag;
        Self {
            scene,
            bars: [left, left + LANE],
            tagged: scene.has_several(),
        }
    }

    pub(super) const fn width(&self) -> f32 {
        self.bars[0] * 2.0 + LANE
    }

    /// The scene, and how high it is; under its title if that is wanted.
    pub(super) fn paint(&self, titled: bool) -> (String, f32) {
        let mut out = String::new();
        let mut top = 0.0;
        if titled && !self.scene.title.is_empty() {
            for line in wrapped(&self.scene.title, TITLE_COLUMNS) {
                top += 14.0;
                out += &format!(
                    "<text class=\"n\" x=\"8\" y=\"{}\">{}</text>\n",
                    units(top),
                    escaped(&line)
                );
            }
            top += 6.0;
        }
        let start = self.heads(top, &mut out);
        let layout = Layout::of(&self.scene.rows, start);
        let end = layout.height + 6.0;
        self.life_lines(start, end, &layout, &mut out);
        for (row, placed) in self.scene.rows.iter().zip(&layout.places) {
            self.row(row, placed, &mut out);
        }
        self.beside(&layout, &mut out);
        (out, end)
    }

    /// Who stands at which end; says where the life lines begin.
    fn heads(&self, top: f32, out: &mut String) -> f32 {
        let lines = self.scene.ends.each_ref().map(|end| {
            let names = [&end.name, &end.role];
            let names = names.into_iter().filter(|name| !name.is_empty());
            names.map(|name| cut(name, 32)).collect::<Vec<_>>()
        });
        let most = lines[0].len().max(lines[1].len()).max(1);
        let height = 8.0 + 12.0 * most as f32;
        for (end, names) in lines.iter().enumerate() {
            let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
            let width = (widest as f32 * 5.7 + 14.0).max(56.0);
            let x = (self.bars[end] - width / 2.0).clamp(2.0, self.width() - width - 2.0);
            out.push_str(&format!(
                "<rect class=\"k\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\"/>\n",
                units(x),
                units(top),
                units(width),
                units(height)
            ));
            for (number, name) in names.iter().enumerate() {
                let class = if number == 0 { "n c" } else { "t c" };
                let y = top + 13.0 + 12.0 * number as f32;
                out.push_str(&text(class, x + width / 2.0, y, name));
            }
        }
        top + height
    }

    fn life_lines(&self, start: f32, end: f32, layout: &Layout, out: &mut String) {
        for x in self.bars {
            let mut from = start;
            for gap in &layout.gaps {
                let [above, below] = [gap.at - 8.0, gap.at + 8.0];
                out.push_str(&line("v", [x, from], [x, above]));
                out.push_str(&line("v d", [x, above], [x, below]));
                from = below;
            }
            out.push_str(&line("v", [x, from], [x, end]));
        }
        for bar in bars(&self.scene.rows, layout) {
            out.push_str(&self.bar(&bar));
        }
        for gap in &layout.gaps {
            let middle = (self.bars[0] + self.bars[1]) / 2.0;
            for x in self.bars {
                // Cut through, whatever stands there.
                let (from, to) = (gap.at + 2.0, gap.at - 2.0);
                out.push_str(&line("q", [x - 7.0, from], [x + 7.0, to]));
            }
            let words = format!("⋯ {} ⋯", span(gap.lasts));
            out.push_str(&text("t c", middle, gap.at + 3.0, &words));
        }
    }

    fn bar(&self, bar: &Bar) -> String {
        let away = bar.lane as f32 * ONE_LANE;
        let x = match bar.side {
            Side::A => self.bars[0] - 3.5 - away,
            Side::B => self.bars[1] - 3.5 + away,
        };
        let class = colour(bar.shown.state);
        let inferred = if bar.shown.inferred { " i" } else { "" };
        format!(
            "<rect class=\"{class}{inferred}\" x=\"{}\" y=\"{}\" width=\"7\" height=\"{}\" rx=\"2\"/>\n",
            units(x),
            units(bar.from),
            units((bar.to - bar.from).max(3.0))
        )
    }

    fn prefix(&self, row: &Row) -> String {
        match row.flow {
            Some(flow) if self.tagged => format!("#{flow} "),
            _ => String::new(),
        }
    }

    fn row(&self, row: &Row, placed: &Place, out: &mut String) {
        match &row.what {
            What::Heading(words) => {
                let y = placed.at[0].unwrap_or_default();
                let middle = (self.bars[0] + self.bars[1]) / 2.0;
                let [left, right] = self.bars;
                out.push_str(&line("v d", [left, y - 3.0], [right, y - 3.0]));
                let words = format!("{}{words}", self.prefix(row));
                out.push_str(&text("n c p", middle, y, &words));
            }
            What::Note(note) => self.note(row, note, placed, out),
            What::Arrow(arrow) => self.arrow(row, arrow, placed, out),
        }
    }

    fn note(&self, row: &Row, note: &Note, placed: &Place, out: &mut String) {
        if note.text.is_empty() {
            return;
        }
        let words = format!("{}{}", self.prefix(row), note.text);
        let colour = match note.kind {
            NoteKind::Event => " fr",
            NoteKind::Timer => " fw",
            NoteKind::Over => " n",
            NoteKind::Call | NoteKind::Wait | NoteKind::State => "",
        };
        let [left, right] = self.bars;
        let (class, x) = match note.side {
            Some(Side::A) => ("p", left + 8.0),
            Some(Side::B) => ("e p", right - 8.0),
            None => ("c p", (left + right) / 2.0),
        };
        let y = placed.at[0].or(placed.at[1]).unwrap_or_default() + 3.0;
        let class = match note.kind {
            NoteKind::Call => format!("m {class}{colour}"),
            _ => format!("{class}{colour}"),
        };
        out.push_str(&text(&class, x, y, &shortened(&words)));
    }

    /// Where an arrow begins and ends.
    fn path(&self, row: &Row, arrow: &Arrow, placed: &Place) -> [[f32; 2]; 2] {
        let (from, to) = (place(arrow.from), place(arrow.from.other()));
        let start = placed.at[from].unwrap_or_default();
        let end = placed.at[to].unwrap_or(start);
        let [x, other] = [self.bars[from], self.bars[to]];
        if is_seen_leaving(row) {
            let reach = x + (other - x) * 0.66;
            return [[x, start], [reach, start + 8.0]];
        }
        [[x, start], [other, end]]
    }

    fn arrow(&self, row: &Row, arrow: &Arrow, placed: &Place, out: &mut String) {
        let [[x, y], [to, end]] = self.path(row, arrow, placed);
        let class = match (arrow.tone, arrow.from) {
            (Tone::Reset, _) => "r",
            (Tone::Lost, _) => "x",
            (Tone::Caution, _) => "w",
            (Tone::Plain, Side::A) => "a",
            (Tone::Plain, Side::B) => "b",
        };
        let turn = (end - y).atan2(to - x);
        let tip = [to - 4.5 * (to - x).signum(), end - 4.5 * turn.sin()];
        out.push_str(&line(class, [x, y], tip));
        out.push_str(&match arrow.stopped {
            true => stop(class, tip),
            false => head(class, tip, turn),
        });
        // Words stand along the arrow, and never upside down.
        let slope = (end - y) / (to - x);
        let degrees = slope.atan().to_degrees();
        let label = format!("{}{}", self.prefix(row), arrow.label);
        if placed.crosses {
            return self.words_at_the_start(arrow, &label, [x, y], (slope, degrees), out);
        }
        if slope.abs() > STEEP {
            return self.words_upright(arrow, &label, [x, y], out);
        }
        let (anchor, [x, y]) = match (is_seen_leaving(row), arrow.from) {
            (false, _) => (" c", [(x + to) / 2.0, (y + end) / 2.0]),
            (true, Side::A) => ("", [x + 8.0, y + slope * 8.0]),
            (true, Side::B) => (" e", [x - 8.0, y - slope * 8.0]),
        };
        let whole = format!("{label} {}", arrow.said);
        let fits = whole.width() <= COLUMNS;
        let (label, said) = match fits {
            true => (whole.trim_end(), ""),
            false => (label.as_str(), arrow.said.as_str()),
        };
        let class = format!("m p{anchor}");
        out.push_str(&slanted(&class, [x, y - 4.5], degrees, &shortened(label)));
        let mut below = y + LINE;
        if !said.is_empty() {
            out.push_str(&slanted(&class, [x, below], degrees, &shortened(said)));
            below += LINE;
        }
        if !arrow.remarks.is_empty() {
            let remark = format!("[{}]", arrow.remarks.join(", "));
            let class = format!("p fw{anchor}");
            out.push_str(&slanted(&class, [x, below], degrees, &shortened(&remark)));
        }
    }

    /// The words of a steep arrow: beside where it begins, in one line.
    fn words_upright(&self, arrow: &Arrow, label: &str, [x, y]: [f32; 2], out: &mut String) {
        let (class, away) = match arrow.from {
            Side::A => ("m p", 8.0),
            Side::B => ("m p e", -8.0),
        };
        let remarks = match arrow.remarks.is_empty() {
            true => String::new(),
            false => format!("[{}]", arrow.remarks.join(", ")),
        };
        let words = [label, &arrow.said, &remarks];
        let words = words.into_iter().filter(|words| !words.is_empty());
        let words = words.collect::<Vec<_>>().join(" ");
        out.push_str(&text(class, x + away, y - 3.0, &shortened(&words)));
    }

    /// The words of an arrow that meets another one: above where it begins, in two lines.
    fn words_at_the_start(
        &self,
        arrow: &Arrow,
        label: &str,
        [x, y]: [f32; 2],
        (slope, degrees): (f32, f32),
        out: &mut String,
    ) {
        let (class, away) = match arrow.from {
            Side::A => ("", 8.0),
            Side::B => (" e", -8.0),
        };
        let (kind, numbers) = label.split_once(" seq=").unwrap_or((label, ""));
        let numbers = match numbers {
            "" => arrow.said.clone(),
            numbers => format!("seq={numbers}"),
        };
        let mut at = [x + away, y + slope * away - 4.0];
        let remarks = arrow.remarks.join(", ");
        let first = match remarks.is_empty() {
            true => kind.to_string(),
            false => format!("{kind} [{remarks}]"),
        };
        let lines = [shortened(&numbers), shortened(&first)];
        for line in lines.iter().filter(|line| !line.is_empty()) {
            out.push_str(&slanted(&format!("m p{class}"), at, degrees, line));
            at[1] -= LINE;
        }
    }

    /// Times and states beside the life lines.
    fn beside(&self, layout: &Layout, out: &mut String) {
        let away = 7.0 + (count(&self.scene.rows) - 1) as f32 * ONE_LANE;
        for side in [Side::A, Side::B] {
            let end = place(side);
            let (class, x) = match side {
                Side::A => (" e", self.bars[0] - away),
                Side::B => ("", self.bars[1] + away),
            };
            let mut written: Option<Duration> = None;
            for (row, y) in self.downwards(layout, end) {
                let mut line = y + 3.0;
                if let Some(at) = row.at[end]
                    && written.replace(at) != Some(at)
                {
                    out.push_str(&text(&format!("t{class}"), x, line, &time(at)));
                    line += LINE;
                }
                for shown in &row.states[end] {
                    let name = match shown.inferred {
                        true => format!("({})", shown.state),
                        false => shown.state.to_string(),
                    };
                    let inferred = if shown.inferred { " i" } else { "" };
                    let class = format!("n {}{inferred}{class}", colour(shown.state));
                    out.push_str(&text(
                        &class,
                        x,
                        line,
                        &format!("{}{name}", self.prefix(row)),
                    ));
                    line += LINE;
                }
            }
        }
    }

    /// The rows that stand at an end, from above.
    fn downwards(&self, layout: &Layout, end: usize) -> Vec<(&Row, f32)> {
        let rows = self.scene.rows.iter().zip(&layout.places);
        let mut rows: Vec<(&Row, f32)> = rows
            .filter_map(|(row, placed)| Some((row, placed.at[end]?)))
            .collect();
        rows.sort_by(|(_, one), (_, other)| one.total_cmp(other));
        rows
    }
}

/// As much of some words as fits between the life lines.
fn shortened(words: &str) -> String {
    cut(words, COLUMNS)
}

fn span(time: Duration) -> String {
    match time.total_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        millis => format!("{}.{} s", millis / 1000, millis / 100 % 10),
    }
}

fn text(class: &str, x: f32, y: f32, words: &str) -> String {
    let (x, y, words) = (units(x), units(y), escaped(words));
    format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{words}</text>\n")
}

fn slanted(class: &str, [x, y]: [f32; 2], degrees: f32, words: &str) -> String {
    if degrees.abs() < 0.05 {
        return text(class, x, y, words);
    }
    let (x, y, degrees, words) = (units(x), units(y), units(degrees), escaped(words));
    format!(
        "<text class=\"{class}\" transform=\"translate({x} {y}) rotate({degrees})\">{words}</text>\n"
    )
}

fn line(class: &str, [x, y]: [f32; 2], [to, end]: [f32; 2]) -> String {
    let [x, y, to, end] = [x, y, to, end].map(units);
    format!("<path class=\"{class}\" d=\"M{x} {y}L{to} {end}\"/>\n")
}

/// The head of an arrow.
fn head(class: &str, [x, y]: [f32; 2], turn: f32) -> String {
    let [long, half] = HEAD;
    let (sin, cos) = turn.sin_cos();
    let corner = |side: f32| {
        let [back, out] = [
            x - long * cos - side * half * sin,
            y - long * sin + side * half * cos,
        ];
        format!("{} {}", units(back), units(out))
    };
    let (x, y) = (units(x + cos * 1.0), units(y + sin * 1.0));
    format!(
        "<path class=\"f{class}\" d=\"M{x} {y}L{}L{}Z\"/>\n",
        corner(1.0),
        corner(-1.0)
    )
}

/// In place of a head: it went no further.
fn stop(class: &str, [x, y]: [f32; 2]) -> String {
    let class = if class == "x" { "w" } else { class };
    let [left, right] = [x - 4.0, x + 4.0].map(units);
    let [top, bottom] = [y - 4.0, y + 4.0].map(units);
    format!(
        "<path class=\"{class}\" d=\"M{left} {top}L{right} {bottom}M{right} {top}L{left} {bottom}\"/>\n"
    )
}
