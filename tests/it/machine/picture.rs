//! The node's changes of state as a picture: the states where figure 5 of RFC 9293 has them, an arrow for
//! each learned change that the figure draws, and in its box what else ends a state.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use smolchat::trace::State;
use smolchat::trace::rfc9293::{STATES, arrows};

use super::alphabet::Opening;
use super::legal::changes;

const WIDTH: f64 = 1150.0;
const HEIGHT: f64 = 900.0;
/// Half the size of a box.
const HALF: (f64, f64) = (112.0, 34.0);

/// How far along an arrow its words stand: two that go opposite ways keep apart.
const LABEL: f64 = 0.36;

/// How far an arrow is beside the line from middle to middle.
const ASIDE: f64 = 9.0;

/// Where the middle of a state's box is.
fn place(state: State) -> (f64, f64) {
    match state {
        State::Closed => (740.0, 60.0),
        State::Listen => (450.0, 190.0),
        State::SynReceived => (150.0, 340.0),
        State::SynSent => (1000.0, 340.0),
        State::Established => (450.0, 460.0),
        State::FinWait1 => (150.0, 600.0),
        State::CloseWait => (1000.0, 600.0),
        State::Closing => (450.0, 680.0),
        State::FinWait2 => (150.0, 820.0),
        State::TimeWait => (610.0, 840.0),
        State::LastAck => (870.0, 840.0),
    }
}

/// Where the way from a point in the box around `middle` towards `to` leaves the box.
fn border(middle: (f64, f64), from: (f64, f64), to: (f64, f64)) -> (f64, f64) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let share_x = (HALF.0 - (from.0 - middle.0) * dx.signum()) / dx.abs();
    let share_y = (HALF.1 - (from.1 - middle.1) * dy.signum()) / dy.abs();
    let share = share_x.min(share_y);
    (from.0 + dx * share, from.1 + dy * share)
}

/// How an arrow is drawn, by its cause.
fn class(cause: &str) -> &'static str {
    match cause.split('(').next() {
        Some("Call") => "call",
        Some("Timer") => "timer",
        _ => "segment",
    }
}

fn draw_arrow(svg: &mut String, from: State, to: State, cause: &str, event: &str) {
    // A little to its right, so that there is room for one the other way.
    let (start, end) = (place(from), place(to));
    let (dx, dy) = (end.0 - start.0, end.1 - start.1);
    let length = dx.hypot(dy);
    let aside = |(x, y): (f64, f64)| (x - dy / length * ASIDE, y + dx / length * ASIDE);
    let (from, to) = (aside(start), aside(end));
    let ((x1, y1), (x2, y2)) = (border(start, from, to), border(end, to, from));
    let class = class(cause);
    let _ = writeln!(
        svg,
        "<line class=\"{class}\" x1=\"{x1:.0}\" y1=\"{y1:.0}\" x2=\"{x2:.0}\" y2=\"{y2:.0}\" marker-end=\"url(#head)\"/>"
    );
    let (x, y) = (x1 + (x2 - x1) * LABEL, y1 + (y2 - y1) * LABEL);
    for (line, part) in event.split(" / ").enumerate() {
        let y = y - 4.0 + 13.0 * line as f64;
        for class in ["halo", "event"] {
            let _ = writeln!(
                svg,
                "<text class=\"{class}\" x=\"{x:.0}\" y=\"{y:.0}\">{part}</text>"
            );
        }
    }
}

fn draw_state(svg: &mut String, state: State, others: Option<&Vec<String>>) {
    let (x, y) = place(state);
    let (left, top) = (x - HALF.0, y - HALF.1);
    let (width, height) = (2.0 * HALF.0, 2.0 * HALF.1);
    let _ = writeln!(
        svg,
        "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>\
         <text class=\"state\" x=\"{x}\" y=\"{:.0}\">{state}</text>",
        y - 12.0
    );
    for (line, other) in others.into_iter().flatten().enumerate() {
        let y = y + 3.0 + 12.0 * line as f64;
        let _ = writeln!(
            svg,
            "<text class=\"other\" x=\"{x}\" y=\"{y:.0}\">{other}</text>"
        );
    }
}

/// What ends a state besides the arrows of the figure: the causes by where they lead.
fn word_for(cause: &str) -> &str {
    match cause {
        "Segment" => "segment",
        _ => cause.split(['(', ')']).nth(1).unwrap_or(cause),
    }
}

/// The picture.
pub(crate) fn picture() -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\">\n\
         <style>rect{{fill:#fff;stroke:#333}}line{{stroke:#333}}.segment{{stroke-width:2.5}}\
         .timer{{stroke-dasharray:5 4}}text{{text-anchor:middle}}.state{{font-size:15px;font-weight:bold}}\
         .event,.halo{{font-size:11px}}.halo{{stroke:#fff;stroke-width:4px}}\
         .other{{font-size:10px;fill:#555}}</style>\n\
         <marker id=\"head\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"9\" markerHeight=\"9\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L10 5L0 10z\"/></marker>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" style=\"stroke:none\"/>\n"
    );
    let mut learned = BTreeSet::new();
    for opening in Opening::BOTH {
        let changes = changes(opening).keys();
        learned.extend(changes.map(|it| (it.from.clone(), it.to.clone(), it.cause.clone())));
    }
    let mut others: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for (from, to, cause) in &learned {
        let drawn = arrows().filter(|it| it.in_figure).find(|it| {
            let key = (
                it.from.to_string(),
                it.to.to_string(),
                format!("{:?}", it.cause),
            );
            key == (from.clone(), to.clone(), cause.clone())
        });
        match drawn {
            Some(arrow) => draw_arrow(&mut svg, arrow.from, arrow.to, cause, arrow.event),
            None => {
                let causes = others.entry(from.clone()).or_default();
                let causes = causes.entry(to.clone()).or_default();
                causes.push(word_for(cause).to_owned());
            }
        }
    }
    for state in STATES {
        let lines = others.get(&state.to_string()).map(|by_target| {
            let line =
                |(to, causes): (&String, &Vec<String>)| format!("{to}: {}", causes.join(", "));
            by_target.iter().map(line).collect::<Vec<_>>()
        });
        draw_state(&mut svg, state, lines.as_ref());
    }
    svg + "</svg>\n"
}
