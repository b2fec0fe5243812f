//! A pcapng file of the frames that cross our device, for Wireshark.
//!
//! Each frame is kept until [`PcapNg::annotate`] has seen what the journal says of it; what a frame
//! caused stands in its comments. A change of state that no frame caused (a call, a timer) stands on
//! the next frame that the connection sends, since that shows it, or else at the end of the file.

use super::dissect::{Dissected, of_ethernet};
use super::notes::{ANSWERED, DROPPED, HELD, MADE, REPAIRED};
use crate::trace::{
    Cause, ConnectionId, Direction, Event, Journal, Kind, Segment, Transition, Verdict, rfc9293,
};
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::blocks::interface_statistics::{
    InterfaceStatisticsBlock, InterfaceStatisticsOption,
};
use pcap_file::{DataLink, PcapError};
use smoltcp::time::Instant;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::string::{String, ToString};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::vec::Vec;
use std::{format, vec};

/// Frames kept back for their comments; if more come before [`PcapNg::annotate`], the oldest are
/// written without.
const QUEUE: usize = 1024;

struct Frame {
    at: Instant,
    direction: Direction,
    data: Vec<u8>,
    /// The segment in it, until a record of the journal is found to be about it.
    segment: Option<Dissected>,
    comments: Vec<String>,
}

/// Writes a capture.
pub struct PcapNg<W: Write> {
    writer: PcapNgWriter<BufWriter<W>>,
    /// What the node's clock counts from, since 1970.
    zero: Duration,
    queue: Vec<Frame>,
    /// The next record of the journal to read.
    next: u64,
    /// Changes of state that wait for a frame.
    waiting: HashMap<ConnectionId, Vec<String>>,
}

impl<W: Write> PcapNg<W> {
    /// Writes to `out`, Ethernet frames with times in nanoseconds. `zero` is the time of day at which the
    /// node's clock stood at 0.
    pub fn new(out: W, zero: SystemTime) -> io::Result<Self> {
        let mut writer = PcapNgWriter::new(BufWriter::new(out)).map_err(into_io)?;
        writer
            .write_pcapng_block(InterfaceDescriptionBlock {
                linktype: DataLink::ETHERNET,
                snaplen: 0,
                options: vec![
                    InterfaceDescriptionOption::IfName(Cow::Borrowed("smolchat")),
                    InterfaceDescriptionOption::IfTsResol(9),
                ],
            })
            .map_err(into_io)?;
        Ok(Self {
            writer,
            zero: zero.duration_since(UNIX_EPOCH).unwrap_or_default(),
            queue: Vec::new(),
            next: 0,
            waiting: HashMap::new(),
        })
    }

    /// A whole Ethernet frame crossed the device. To be called in the order in which they do.
    pub fn frame(&mut self, at: Instant, direction: Direction, data: &[u8]) -> io::Result<()> {
        if self.queue.len() >= QUEUE {
            self.write_queue()?;
        }
        self.queue.push(Frame {
            at,
            direction,
            data: data.to_vec(),
            segment: of_ethernet(data),
            comments: Vec::new(),
        });
        Ok(())
    }

    /// Reads what is new in `journal`, and writes the frames so far with their comments, flushed.
    ///
    /// To be called after each poll of the node.
    pub fn annotate(&mut self, journal: &Journal<'_>) -> io::Result<()> {
        let (missed, records) = journal.since(self.next);
        if missed > 0
            && let Some(frame) = self.queue.first_mut()
        {
            let comment = format!("{missed} records of the journal were overwritten before this");
            frame.comments.push(comment);
        }
        // The frame of the segment read last, for what that segment caused.
        let mut current = None;
        for (_, event) in records {
            self.read(event, &mut current);
        }
        self.next = journal.next();
        self.write_queue()?;
        self.flush()
    }

    /// Writes what is left, and gives back where it was written to. Without this the last changes of state
    /// may be missing.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_queue()?;
        let mut left: Vec<_> = self.waiting.drain().collect();
        left.sort();
        let comments = left.into_iter().flat_map(|(_, comments)| comments);
        let options = Vec::from_iter(
            comments.map(|comment| InterfaceStatisticsOption::Comment(Cow::Owned(comment))),
        );
        if !options.is_empty() {
            self.writer
                .write_pcapng_block(InterfaceStatisticsBlock {
                    interface_id: 0,
                    timestamp: self.zero.as_nanos() as u64,
                    options,
                })
                .map_err(into_io)?;
        }
        self.flush()?;
        let written = self.writer.into_inner().into_inner();
        written.map_err(io::IntoInnerError::into_error)
    }

    /// Whole blocks go out together: whoever reads along, or finds the file after a sudden end, has a
    /// capture that is complete up to here.
    fn flush(&mut self) -> io::Result<()> {
        self.writer.get_mut().flush()
    }

    fn read(&mut self, event: &Event, current: &mut Option<usize>) {
        match event.kind() {
            Kind::Segment(segment) => {
                *current = self.claim(&segment);
                if let Some(index) = *current {
                    self.comment_segment(index, &segment);
                }
            }
            Kind::Transition(transition) | Kind::Illegal(transition) => {
                let illegal = matches!(event.kind(), Kind::Illegal(_));
                let comment = sentence(&transition, illegal);
                let caused = transition.cause == Cause::Segment;
                match current.filter(|_| caused) {
                    Some(index) => self.queue[index].comments.push(comment),
                    None => self
                        .waiting
                        .entry(transition.connection)
                        .or_default()
                        .push(comment),
                }
            }
            // Of no state.
            _ => {}
        }
    }

    /// The frame that a recorded segment came or went in.
    fn claim(&mut self, segment: &Segment) -> Option<usize> {
        let index = self.queue.iter().position(|frame| {
            frame.direction == segment.direction
                && frame.segment.is_some_and(|dissected| {
                    dissected.header.seq == segment.header.seq
                        && dissected.header.flags == segment.header.flags
                })
        })?;
        self.queue[index].segment = None;
        Some(index)
    }

    fn comment_segment(&mut self, index: usize, segment: &Segment) {
        let comments = &mut self.queue[index].comments;
        if segment.direction == Direction::Out
            && let Some(waiting) = self.waiting.remove(&segment.connection)
        {
            comments.extend(waiting);
        }
        let connection = segment.connection;
        let verdict = match segment.verdict {
            Verdict::Passed => return,
            Verdict::Gate(answer) => format!("{connection}: {MADE}: {answer}"),
            Verdict::Answered(answer) => format!("{connection}: {ANSWERED}: {answer}"),
            Verdict::Repaired(repair) => format!("{connection}: {REPAIRED}: {repair}"),
            Verdict::Held => format!("{connection}: {HELD}"),
            Verdict::Dropped(reason) => format!("{connection}: {DROPPED}: {reason}"),
        };
        comments.push(verdict);
    }

    fn write_queue(&mut self) -> io::Result<()> {
        for frame in self.queue.drain(..) {
            let flags = match frame.direction {
                Direction::In => 1,
                Direction::Out => 2,
            };
            let comments = frame.comments.into_iter();
            let mut options = vec![EnhancedPacketOption::Flags(flags)];
            options
                .extend(comments.map(|comment| EnhancedPacketOption::Comment(Cow::Owned(comment))));
            let since = u64::try_from(frame.at.total_micros()).unwrap_or(0);
            self.writer
                .write_pcapng_block(EnhancedPacketBlock {
                    interface_id: 0,
                    timestamp: self.zero + Duration::from_micros(since),
                    original_len: u32::try_from(frame.data.len()).unwrap_or(u32::MAX),
                    data: Cow::Owned(frame.data),
                    options,
                })
                .map_err(into_io)?;
        }
        Ok(())
    }
}

/// A change of state in words, with the reason that RFC 9293 gives for it.
pub(super) fn sentence(transition: &Transition, illegal: bool) -> String {
    let Transition {
        connection,
        from,
        to,
        cause,
    } = *transition;
    let why = match cause {
        Cause::Segment | Cause::Inferred => String::new(),
        Cause::Call(_)
        | Cause::Timer(_)
        | Cause::AddressLost
        | Cause::Unreachable
        | Cause::Evicted => format!(" by {cause}"),
    };
    let rule = match rfc9293::arrow(from, to, cause) {
        Some(arrow) if !illegal => {
            format!(" ({}; RFC 9293 section {})", arrow.event, arrow.section)
        }
        _ => " (ILLEGAL: not in RFC 9293)".to_string(),
    };
    format!("{connection}: {from} -> {to}{why}{rule}")
}

fn into_io(error: PcapError) -> io::Error {
    match error {
        PcapError::IoError(error) => error,
        other => io::Error::other(other),
    }
}
