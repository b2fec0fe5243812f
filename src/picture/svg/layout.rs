//! Where everything stands: from times to heights.
//!
//! Time runs downwards, and what is later is never higher. Distances grow with time, but slowly, so that an hour fits
//! beside a millisecond; where a long time passes and nothing is on its way, there is a [`Gap`]. What happens at one end
//! at one moment stands one below the other.

use std::vec;
use std::vec::Vec;

use smoltcp::time::Duration;
use unicode_width::UnicodeWidthStr;

use crate::device::Side;
use crate::picture::scene::{Row, What, place};

/// Room above and below what stands in a line of its own.
const ABOVE: f32 = 11.0;
const BELOW: f32 = 6.0;
/// Room above the beginning of an arrow, for its words; and where it crosses another one, and has them in two lines.
const LABEL: f32 = 17.0;
const TWO_LABELS: f32 = 30.0;
/// Another line of words.
pub(super) const LINE: f32 = 11.0;
/// A time so long that it is cut out of the picture.
const LONG: Duration = Duration::from_millis(200);
/// What is left of it.
const CUT: f32 = 42.0;
/// Columns of a note that leave room for another one beside it.
const HALF: usize = 15;
/// How far an arrow goes down of which nobody knows when it came.
const FALL: f32 = 12.0;

/// Where a row stands at each end; nothing for an end that it does not reach.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    // A value: the painter reads it.
    pub(super) at: [Option<f32>; 2],
    /// It meets another packet on its way.
    pub(super) crosses: bool,
}

/// A time that was cut out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gap {
    // A value: the painter reads it.
    pub(super) at: f32,
    pub(super) lasts: Duration,
}

/// Where all rows stand.
#[derive(Debug, Default)]
pub(super) struct Layout {
    // A value: the painter reads it.
    pub(super) places: Vec<Place>,
    pub(super) gaps: Vec<Gap>,
    pub(super) height: f32,
}

/// An end of an arrow, or a whole row of another kind.
#[derive(Clone, Copy)]
struct Point {
    at: Duration,
    row: usize,
    /// Where; at both ends if none.
    side: Option<Side>,
    /// Nothing of the other end stands beside it.
    alone: bool,
    above: f32,
    below: f32,
}

/// Lines of words below an arrow.
pub(super) fn words_below(row: &Row) -> usize {
    row.arrow().map_or(0, |arrow| {
        usize::from(!arrow.said.is_empty()) + usize::from(!arrow.remarks.is_empty())
    })
}

/// Whether a note needs more than its half of the room between the life lines.
fn is_wide(row: &Row) -> bool {
    matches!(&row.what, What::Note(note) if note.text.width() > HALF)
}

fn states_below(row: &Row, side: Side) -> f32 {
    row.states[place(side)].len() as f32 * LINE
}

/// The rows that meet another packet on its way.
fn crossing(rows: &[Row]) -> Vec<bool> {
    let mut crosses = vec![false; rows.len()];
    for (index, row) in rows.iter().enumerate() {
        let Some([_, came]) = row.crossing() else {
            continue;
        };
        for (after, other) in rows.iter().enumerate().skip(index + 1) {
            if other.began().is_some_and(|began| began >= came) {
                break;
            }
            if row.crosses(other) {
                crosses[index] = true;
                crosses[after] = true;
            }
        }
    }
    crosses
}

fn points(rows: &[Row], crosses: &[bool]) -> Vec<Point> {
    let mut points = Vec::new();
    let mut now = Duration::ZERO;
    for (index, row) in rows.iter().enumerate() {
        let next = rows[index..].iter().find_map(Row::began);
        let began = row.began().or(next).unwrap_or(now);
        now = began;
        let point = |side: Option<Side>, at, above, below| Point {
            at,
            row: index,
            side,
            alone: side.is_none() || is_wide(row),
            above,
            below,
        };
        let extra = words_below(row) as f32 * LINE;
        match &row.what {
            What::Heading(_) => points.push(point(None, began, 18.0, 10.0)),
            What::Note(note) => {
                let states = [Side::A, Side::B].map(|side| states_below(row, side));
                let below = BELOW + states[0].max(states[1]);
                points.push(point(note.side, began, ABOVE, below));
            }
            What::Arrow(arrow) => {
                let label = if crosses[index] { TWO_LABELS } else { LABEL };
                let other = arrow.from.other();
                match row.crossing() {
                    Some([left, came]) => {
                        let below = BELOW + states_below(row, arrow.from).max(extra);
                        points.push(point(Some(arrow.from), left, label, below));
                        let below = BELOW + states_below(row, other);
                        points.push(point(Some(other), came, ABOVE, below));
                    }
                    None => {
                        let states = [Side::A, Side::B].map(|side| states_below(row, side));
                        let below = BELOW + states[0].max(states[1]).max(extra);
                        // One that nobody saw come goes down a little.
                        let fall = if is_seen_leaving(row) { FALL } else { 0.0 };
                        points.push(point(None, began, label, below + fall));
                    }
                }
            }
        }
    }
    points.sort_by_key(|point| (point.at, point.row));
    points
}

/// Whether it is known when a packet left, and that it did not come.
pub(super) fn is_seen_leaving(row: &Row) -> bool {
    row.arrow().is_some_and(|arrow| {
        arrow.stopped && row.at[place(arrow.from)].is_some() && row.crossing().is_none()
    })
}

/// Units for a time.
fn room_for(time: Duration) -> f32 {
    let millis = time.total_micros() as f32 / 1000.0;
    13.0 + 6.5 * millis.ln_1p()
}

impl Layout {
    /// Places rows, from `top` on.
    pub(super) fn of(rows: &[Row], top: f32) -> Self {
        let crosses = crossing(rows);
        let points = points(rows, &crosses);
        let mut places: Vec<Place> = crosses
            .iter()
            .map(|&crosses| Place {
                at: [None; 2],
                crosses,
            })
            .collect();
        let mut gaps = Vec::new();
        // Where the next thing may stand at each end, and where time has come to.
        let mut free = [top; 2];
        let mut floor = top;
        let mut lowest = top;
        let mut last = points.first().map(|point| point.at);
        for point in &points {
            let passed = last.map_or(Duration::ZERO, |last| point.at.max(last) - last);
            if passed > Duration::ZERO {
                last = Some(point.at);
                let flies = is_on_its_way(rows, point.at);
                if passed >= LONG && !flies {
                    let start = free[0].max(free[1]).max(lowest);
                    gaps.push(Gap {
                        at: start + CUT / 2.0,
                        lasts: passed,
                    });
                    floor = start + CUT;
                } else {
                    floor = lowest + room_for(passed.min(LONG));
                }
            }
            let ends: &[usize] = match point.side {
                Some(Side::A) => &[0],
                Some(Side::B) => &[1],
                None => &[0, 1],
            };
            let taken: &[usize] = if point.alone { &[0, 1] } else { ends };
            let start = taken.iter().map(|&end| free[end]).fold(0.0, f32::max);
            let at = floor.max(start + point.above);
            for &end in ends {
                places[point.row].at[end] = Some(at);
                free[end] = at + point.below;
            }
            for &end in taken {
                free[end] = free[end].max(at + BELOW);
            }
            lowest = lowest.max(at);
        }
        let height = free[0].max(free[1]);
        Self {
            places,
            gaps,
            height,
        }
    }
}

/// Whether a packet is under way when a moment comes.
fn is_on_its_way(rows: &[Row], at: Duration) -> bool {
    let times = rows.iter().filter_map(Row::crossing);
    times
        .into_iter()
        .any(|[left, came]| left < at && at <= came)
}
