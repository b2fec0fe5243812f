//! What is found in a capture as it is read once from start to end.
//!
//! Memory is bounded by [`Bounds`], whatever the capture is: what is beyond is counted as left out.

use super::connections::{Connections, Room};
use super::dissect::{Content, dissect};
use super::fragments::Fragments;
use super::notes::Notes;
use super::read::{Capture, Item};
use super::{CaptureError, LeftOut, LeftOuts, Selection};
use crate::explain::Said;
use smoltcp::time::Instant;
use std::boxed::Box;
use std::io::Read;
use std::path::Path;

/// How much of a capture is kept at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Connections, some 700 octets for each.
    pub connections: usize,
    /// Segments of ladders, some 50 octets for each, and 80 more while its connection is drawn. A list keeps none.
    pub segments: usize,
    /// Segments whose text is kept, some 200 octets for each. The rows of those beyond are drawn without it.
    pub texts: usize,
}

impl Default for Bounds {
    /// A gigabyte in all, at the most.
    fn default() -> Self {
        Self {
            connections: 1 << 19,
            segments: 1 << 22,
            texts: 1 << 18,
        }
    }
}

/// What is wanted of a capture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'s> {
    // A value: whoever is given one reads all of it.
    pub(super) only: &'s Selection,
    pub(super) bounds: Bounds,
    /// All segments, and what they say.
    pub(super) ladders: bool,
    pub(super) text: bool,
}

/// What was found.
pub(super) struct Found {
    // A value: whoever is given one reads all of it.
    pub(super) connections: Connections,
    /// The first time in the capture, and the latest.
    pub(super) from: Option<Instant>,
    pub(super) until: Instant,
    pub(super) packets: u64,
    pub(super) left_out: LeftOuts,
    /// What the segments say, if that is wanted.
    pub(super) said: Option<Said>,
    /// Why it was not read to its end.
    pub(super) end: Result<(), CaptureError>,
}

impl Found {
    /// Reads all that comes.
    pub(super) fn read(
        input: Box<dyn Read>,
        name: &Path,
        wanted: Wanted<'_>,
    ) -> Result<Self, CaptureError> {
        let mut capture = Capture::open(input, name.into())?;
        let room = Room {
            connections: wanted.bounds.connections,
            segments: wanted.ladders.then_some(wanted.bounds.segments),
        };
        let mut found = Self {
            connections: Connections::new(wanted.only, room),
            from: None,
            until: Instant::from_micros(i64::MIN),
            packets: 0,
            left_out: LeftOuts::default(),
            said: wanted.text.then(Said::whole),
            end: Ok(()),
        };
        let (mut fragments, mut texts) = (Fragments::default(), wanted.bounds.texts);
        found.end = loop {
            match capture.next() {
                Ok(Some(Item::Noted(at, notes))) => {
                    found.until = found.until.max(at);
                    found.connections.note(at, &notes);
                }
                Ok(Some(Item::Packet(packet))) => {
                    found.from.get_or_insert(packet.at);
                    found.until = found.until.max(packet.at);
                    let link = packet.link.ok_or(LeftOut::Interface);
                    let content = link.and_then(|link| dissect(link, packet.octets));
                    let added = content.and_then(|content| {
                        found.add(
                            packet.at,
                            content,
                            &packet.notes,
                            &mut fragments,
                            &mut texts,
                        )
                    });
                    if let Err(why) = added {
                        found.left_out.add(why, 1);
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        found.packets = capture.packets();
        found.left_out.add(LeftOut::Fragment, fragments.left());
        found.check(name);
        Ok(found)
    }

    fn add(
        &mut self,
        at: Instant,
        content: Content<'_>,
        notes: &Notes,
        fragments: &mut Fragments,
        texts: &mut usize,
    ) -> Result<(), LeftOut> {
        let segment = match content {
            Content::Segment(segment) => Some(segment),
            Content::Fragment(packet, piece) => fragments.add(at, &packet, piece)?,
            Content::Other => None,
        };
        let Some(segment) = segment else {
            return Ok(());
        };
        let is_kept = self.connections.add(at, segment, notes)?;
        if let Some(said) = &mut self.said
            && is_kept
            && segment.len > 0
            && *texts > 0
        {
            *texts -= 1;
            let key = (segment.from, segment.to, segment.header.seq);
            said.keep(key, segment.words);
        }
        Ok(())
    }

    /// What is not whole is not told as if it were.
    fn check(&mut self, name: &Path) {
        let is_full = self.left_out.iter().any(|(why, _)| why == LeftOut::Full);
        if self.end.is_ok() && is_full {
            self.end = Err(CaptureError::TooMuch(name.into()));
        } else if self.end.is_ok() && self.connections.is_empty() {
            self.end = Err(match self.connections.found() {
                0 => CaptureError::NoTcp(name.into(), self.packets),
                found => CaptureError::NoneSelected(name.into(), found),
            });
        }
    }
}
