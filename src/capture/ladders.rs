//! The ladders of the TCP connections in a capture file.

use super::connections::Connections;
use super::found::{Bounds, Found, Wanted};
use super::{CaptureError, LeftOuts, Selection};
use crate::explain::{Teller, why};
use crate::lang::Lang;
use crate::picture::{Picture, Seen, scene};
use crate::trace::{Event, Follower, Style};
use smoltcp::time::Instant;
use std::boxed::Box;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::vec::Vec;

/// What was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// TCP connections, one ladder each.
    pub connections: usize,
    /// Packets in the capture, of any kind.
    pub packets: u64,
    /// Packets that may contain segments but are in no ladder.
    pub left_out: LeftOuts,
}

/// How the ladders of a capture are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Look<'l> {
    /// Their strokes, colours, and words.
    pub style: &'l Style,
    /// The language in which each row is explained, if any.
    pub explained: Option<Lang>,
    /// Whether the rows of data have what was said.
    pub text: bool,
    /// Times of all connections are counted from the first packet of any, not of each.
    pub one_clock: bool,
    /// In this language, how each connection ended, and no ladder.
    pub why: Option<Lang>,
    /// In this language, all connections in one document of this kind, and no text.
    pub picture: Option<(Picture, Lang)>,
}

impl<'l> From<&'l Style> for Look<'l> {
    fn from(style: &'l Style) -> Self {
        Self {
            style,
            explained: None,
            text: false,
            one_clock: false,
            why: None,
            picture: None,
        }
    }
}

/// Draws every TCP connection in the file at `path`, in the order in which they begin.
///
/// See [`ladders`].
pub fn ladder_file<'l, W: Write>(
    path: &Path,
    out: &mut W,
    look: impl Into<Look<'l>>,
) -> Result<Drawn, CaptureError> {
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => CaptureError::NoSuchFile(path.into()),
        _ => CaptureError::Unreadable(path.into(), error),
    })?;
    ladders(Box::new(file), path, out, look)
}

/// Draws every TCP connection in a capture, in the order in which they begin. The capture is pcap or pcapng,
/// gzip-compressed or not, and is read once from start to end. `name` appears in errors.
///
/// Where a node captured itself, its states and their causes are read from its comments on the packets, and it is drawn
/// on the left. Its notes also report the end of 2 MSL; a capture that ends earlier says so.
///
/// Below the ladders stands what was left out of them, and why. A capture that is cut or damaged is
/// drawn as far as it goes before the error is returned. What is kept of it is bounded: see [`Bounds`].
pub fn ladders<'l, W: Write>(
    input: Box<dyn Read>,
    name: &Path,
    out: &mut W,
    look: impl Into<Look<'l>>,
) -> Result<Drawn, CaptureError> {
    selected(input, name, out, look, &Selection::ALL, Bounds::default())
}

/// The same of some of its connections, with bounds of one's own. The others count, so that each has the number
/// that it has in a [list](super::list()).
pub fn selected<'l, W: Write>(
    input: Box<dyn Read>,
    name: &Path,
    out: &mut W,
    look: impl Into<Look<'l>>,
    only: &Selection,
    bounds: Bounds,
) -> Result<Drawn, CaptureError> {
    let look = look.into();
    let wanted = Wanted {
        only,
        bounds,
        ladders: true,
        text: look.text,
    };
    let Found {
        connections,
        until,
        packets,
        left_out,
        said,
        end,
        ..
    } = Found::read(input, name, wanted)?;
    let mut teller = Teller::new(look.explained);
    *teller.said() = said.unwrap_or_default();
    let drawn = Drawn {
        connections: connections.len(),
        packets,
        left_out,
    };
    let told = match (look.picture, look.why) {
        // Nothing else stands in such a document.
        (Some((picture, lang)), _) => paint(connections, picture, lang, &mut teller, out),
        (None, Some(lang)) => {
            say_why(connections, lang, out).and_then(|()| write!(out, "{}", drawn.left_out))
        }
        (None, None) => draw_all(connections, until, &mut teller, out, &look)
            .and_then(|()| write!(out, "{}", drawn.left_out)),
    };
    told.map_err(CaptureError::Output)?;
    end.map(|()| drawn)
}

fn say_why<W: Write>(connections: Connections, lang: Lang, out: &mut W) -> io::Result<()> {
    for connection in connections {
        let why = why(
            &connection.journal(),
            connection.id(),
            connection.view(),
            lang,
        );
        let why = why.unwrap_or_default();
        writeln!(out, "{} {}\n{why}\n", connection.id(), connection.flow())?;
    }
    Ok(())
}

/// All connections as scenes on one clock, from the first packet of any of them.
fn paint<W: Write>(
    connections: Connections,
    picture: Picture,
    lang: Lang,
    teller: &mut Teller,
    out: &mut W,
) -> io::Result<()> {
    let lang = picture.language(lang);
    let seen: Vec<_> = connections
        .into_iter()
        .map(|connection| {
            let journal = connection.journal();
            let events: Vec<Event> = journal.iter().map(|(_, event)| *event).collect();
            (connection.roles(), events)
        })
        .collect();
    let start = seen
        .iter()
        .filter_map(|(_, events)| events.first())
        .map(Event::at)
        .min();
    let scenes: Vec<_> = seen
        .iter()
        .map(|(roles, events)| {
            let seen = Seen {
                events,
                flow: None,
                roles: *roles,
                start,
                said: teller.said(),
            };
            scene(seen, lang)
        })
        .collect();
    out.write_all(picture.of(&scenes, "", lang).as_bytes())
}

fn draw_all<W: Write>(
    connections: Connections,
    until: Instant,
    teller: &mut Teller,
    out: &mut W,
    look: &Look<'_>,
) -> io::Result<()> {
    let first = connections.first().filter(|_| look.one_clock);
    let style = &Style {
        start: first,
        ..*look.style
    };
    let mut text = Text {
        out: BufWriter::new(out),
        failed: None,
    };
    for connection in connections {
        let mut follower = Follower::new(connection.id()).with_roles(connection.roles());
        teller.set_view(connection.view());
        let journal = connection.journal();
        let followed = teller.follow(&mut follower, &journal, None, style, &mut text);
        let drawn = followed.and_then(|_| follower.conclude(until, style, &mut text));
        if drawn.is_err() {
            return Err(text.failed.unwrap_or_else(|| io::ErrorKind::Other.into()));
        }
        if connection.waits() {
            writeln!(text.out, "the capture ends before 2 MSL are over")?;
        }
        writeln!(text.out)?;
    }
    text.out.flush()
}

/// Text on its way out, and the error that [`fmt::Error`] cannot carry.
struct Text<W: Write> {
    out: BufWriter<W>,
    failed: Option<io::Error>,
}

impl<W: Write> fmt::Write for Text<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.out.write_all(text.as_bytes()).map_err(|error| {
            self.failed = Some(error);
            fmt::Error
        })
    }
}
