//! The ladders of the TCP connections in a capture file.

use super::CaptureError;
use super::connections::Connections;
use super::dissect::dissect;
use super::read::Capture;
use crate::trace::{Follower, Style};
use std::io::Write;
use std::path::Path;
use std::string::String;

/// What was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    /// TCP connections, and as many ladders.
    pub connections: usize,
    /// Packets in the capture, of whatever kind.
    pub packets: u64,
}

/// Draws every TCP connection in the file at `path`, in the order in which they begin.
///
/// A capture that is cut or damaged is drawn as far as it goes before the error is returned.
pub fn ladder_file<W: Write>(
    path: &Path,
    out: &mut W,
    style: &Style,
) -> Result<Drawn, CaptureError> {
    let mut capture = Capture::open(path)?;
    let mut connections = Connections::default();
    let end = loop {
        match capture.next() {
            Ok(Some(packet)) => {
                if let Some(segment) = dissect(packet.link, &packet.data) {
                    connections.add(packet.at, &segment);
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    draw_all(&connections, out, style).map_err(CaptureError::Output)?;
    end?;
    let drawn = Drawn {
        connections: connections.iter().len(),
        packets: capture.packets(),
    };
    if drawn.connections == 0 {
        return Err(CaptureError::NoTcp(path.into(), drawn.packets));
    }
    Ok(drawn)
}

fn draw_all<W: Write>(
    connections: &Connections,
    out: &mut W,
    style: &Style,
) -> std::io::Result<()> {
    let mut text = String::new();
    for connection in connections.iter() {
        // Writing to a `String` does not fail.
        let _ = Follower::new(connection.id())
            .with_roles(connection.roles())
            .finish(&connection.journal(), connection.last(), style, &mut text);
        text.push('\n');
        out.write_all(text.as_bytes())?;
        text.clear();
    }
    out.flush()
}
