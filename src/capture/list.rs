//! A list of the TCP connections in a capture: a line for each, and how many ended in which way.

use super::connections::Connection;
use super::ended::Ended;
use super::found::{Bounds, Found, Wanted};
use super::ladders::Drawn;
use super::{CaptureError, Selection};
use crate::lang::Lang;
use crate::plural::Count;
use smoltcp::time::{Duration, Instant};
use std::boxed::Box;
use std::format;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::string::{String, ToString};
use std::vec::Vec;
use unicode_width::UnicodeWidthStr;

/// The columns, with their widths; what follows them is as wide as it is.
const COLUMNS: [(&str, usize); 10] = [
    ("connection", 10),
    ("ended", 12),
    ("begins", 13),
    ("lasts", 10),
    ("handshake", 10),
    ("segments", 9),
    ("octets", 15),
    ("again", 6),
    ("gaps", 6),
    ("missing", 8),
];
const LAST: &str = "between";

/// Lists the selected TCP connections in a capture, in the order in which they begin, as [`ladders`](super::ladders())
/// reads them, but keeps no segments: memory is taken for each connection, not for each segment.
///
/// A line has the number of the connection; how it ended; when it began, after the first packet of the capture; how long
/// it lasted; how long its handshake took, from the first SYN to when both SYNs were acknowledged; its segments; the
/// octets of each end, those sent again included; how many segments were sent again; how many came while something before
/// them was missing, so that there was a gap; and how many octets are missing from the capture.
pub fn list<W: Write>(
    input: Box<dyn Read>,
    name: &Path,
    out: &mut W,
    lang: Lang,
    only: &Selection,
    bounds: Bounds,
) -> Result<Drawn, CaptureError> {
    let wanted = Wanted {
        only,
        bounds,
        ladders: false,
        text: false,
    };
    let found = Found::read(input, name, wanted)?;
    let connections = found.connections.len();
    let told = write_list(&found, lang, &mut BufWriter::new(out));
    told.map_err(CaptureError::Output)?;
    let drawn = Drawn {
        connections,
        packets: found.packets,
        left_out: found.left_out,
    };
    found.end.map(|()| drawn)
}

fn write_list(found: &Found, lang: Lang, out: &mut impl Write) -> io::Result<()> {
    let said = |words: &str| lang.phrase(words).unwrap_or_else(|| words.into());
    if !found.connections.is_empty() {
        let headings = COLUMNS.map(|(words, _)| said(words));
        writeln!(out, "{}", line(&headings, &said(LAST)))?;
    }
    let from = found.from.unwrap_or(Instant::ZERO);
    let mut ways = [0_u64; Ended::ALL.len()];
    for connection in found.connections.iter() {
        let ended = connection.course().ended();
        for (way, count) in Ended::ALL.into_iter().zip(&mut ways) {
            *count += u64::from(way == ended);
        }
        let flow = connection.flow().to_string();
        writeln!(out, "{}", line(&cells(connection, ended, from), &flow))?;
    }
    if !found.connections.is_empty() {
        let all = said(&Count(found.connections.len() as u64, "connection").to_string());
        let ways = Ended::ALL
            .into_iter()
            .zip(ways)
            .filter(|&(_, count)| count > 0);
        let ways: Vec<String> = ways
            .map(|(way, count)| format!("{count} {}", named(way, lang)))
            .collect();
        writeln!(out, "{all}: {}", ways.join(", "))?;
    }
    write!(out, "{}", found.left_out)?;
    out.flush()
}

/// A way to end, as it is asked for, and in other words where the language has them.
fn named(way: Ended, lang: Lang) -> String {
    // Some are words of the ladders, too.
    let named = lang.phrase(&format!("ended: {way}"));
    named.unwrap_or_else(|| way.to_string())
}

/// What stands in the columns.
fn cells(connection: &Connection, ended: Ended, from: Instant) -> [String; COLUMNS.len()] {
    let course = connection.course();
    let [sent, received] = course.octets();
    [
        connection.id().to_string(),
        ended.to_string(),
        seconds(course.first(), from),
        span(course.lasted()),
        course.handshake().map_or_else(|| "-".into(), span),
        course.segments().to_string(),
        format!("{sent} + {received}"),
        course.again().to_string(),
        course.gaps().to_string(),
        connection.missing().to_string(),
    ]
}

/// A line of the list, each cell at the right of its column. A cell that is too long takes more room.
fn line(cells: &[String; COLUMNS.len()], last: &str) -> String {
    let mut line = String::new();
    for (cell, (_, width)) in cells.iter().zip(COLUMNS) {
        let fill = width.saturating_sub(cell.width());
        // What is too long does not touch what stands before it.
        let fill = if line.is_empty() { fill } else { fill.max(1) };
        line.extend(std::iter::repeat_n(' ', fill));
        line.push_str(cell);
    }
    line + "  " + last
}

/// An instant, after another one.
fn seconds(at: Instant, from: Instant) -> String {
    let micros = at.total_micros().saturating_sub(from.total_micros());
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// How long something took.
fn span(time: Duration) -> String {
    match time.total_micros() {
        micros @ 0..1_000 => format!("{micros} us"),
        micros @ 1_000..1_000_000 => format!("{}.{} ms", micros / 1_000, micros / 100 % 10),
        micros => format!("{}.{} s", micros / 1_000_000, micros / 100_000 % 10),
    }
}
