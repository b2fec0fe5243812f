//! A pcapng file of the frames that cross our device, for Wireshark.
//!
//! Each frame is kept until [`PcapNg::annotate`] has seen what the journal says about it; what a frame caused is
//! written in its comments. A change of state that no frame caused (a call, a timer) is written on the next frame that
//! the connection sends, since that frame shows it. Otherwise it is written, with its time, in a block of its own: as
//! soon as the connection is over, or at the end of the file if it is not.

use super::dissect::{Dissected, of_ethernet};
use super::notes::{ANSWERED, DROPPED, ENDED, HELD, MADE, REPAIRED, WAITS};
use crate::plural::Count;
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
use smolhost::opaque;
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

/// Comments that wait for a frame of their connection.
struct Waiting {
    /// The time of the last one.
    at: Instant,
    comments: Vec<String>,
}

/// The frame of the segment that was read last, and whose it is.
type Current = Option<(usize, ConnectionId)>;

/// Writes a capture.
pub struct PcapNg<W: Write> {
    writer: PcapNgWriter<BufWriter<W>>,
    /// What the node's clock counts from, since 1970.
    zero: Duration,
    queue: Vec<Frame>,
    /// The next record of the journal to read.
    next: u64,
    /// What waits for a frame.
    waiting: HashMap<ConnectionId, Waiting>,
    /// Connections that are over, of which no frame is left to come.
    ended: Vec<ConnectionId>,
}

opaque!([W: Write] PcapNg<W>, "PcapNg");

impl<W: Write> PcapNg<W> {
    /// Writes to `out`: Ethernet frames with times in nanoseconds. `zero` is the time of day at which the node's clock
    /// was 0.
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
            ended: Vec::new(),
        })
    }

    /// Records a whole Ethernet frame that crossed the device. Call it in the order in which frames do.
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

    /// A comment on the frame that crossed last, for who has no journal to [`annotate`](Self::annotate) with.
    pub fn remark(&mut self, comment: String) {
        if let Some(frame) = self.queue.last_mut() {
            frame.comments.push(comment);
        }
    }

    /// Reads what is new in `journal`, and writes the frames so far with their comments, flushed.
    ///
    /// Call it after each poll of the node.
    pub fn annotate(&mut self, journal: &Journal<'_>) -> io::Result<()> {
        let (missed, records) = journal.since(self.next);
        if missed > 0
            && let Some(frame) = self.queue.first_mut()
        {
            let comment = format!(
                "{} of the journal overwritten before this",
                Count(missed, "record")
            );
            frame.comments.push(comment);
        }
        // The frame of the segment read last, for what that segment caused.
        let mut current = None;
        for (_, event) in records {
            self.read(event, &mut current);
        }
        self.next = journal.next();
        self.write_queue()?;
        let ended = std::mem::take(&mut self.ended);
        self.write_waiting(ended)?;
        self.flush()
    }

    /// Writes what is left, and returns the writer. Without this the last changes of state may be missing.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_queue()?;
        let mut left: Vec<_> = self.waiting.keys().copied().collect();
        left.sort();
        self.write_waiting(left)?;
        self.flush()?;
        let written = self.writer.into_inner().into_inner();
        written.map_err(io::IntoInnerError::into_error)
    }

    /// Whole blocks go out together: whoever reads along, or finds the file after a sudden end, has a
    /// capture that is complete up to here.
    fn flush(&mut self) -> io::Result<()> {
        self.writer.get_mut().flush()
    }

    fn read(&mut self, event: &Event, current: &mut Current) {
        match event.kind() {
            Kind::Segment(segment) => {
                *current = self
                    .claim(&segment)
                    .map(|index| (index, segment.connection));
                if let Some((index, _)) = *current {
                    self.comment_segment(index, &segment);
                }
            }
            Kind::Transition(transition) | Kind::Illegal(transition) => {
                let illegal = matches!(event.kind(), Kind::Illegal(_));
                let comment = sentence(&transition, illegal);
                let caused = transition.cause == Cause::Segment;
                let place = current.filter(|_| caused);
                self.comment(event.at(), transition.connection, place, comment);
            }
            Kind::TimeWaiting { connection, lasts } => {
                let comment = format!("{connection}: {WAITS}: {} ms", lasts.0);
                self.comment(event.at(), connection, *current, comment);
            }
            Kind::Ended { connection, ending } => {
                let comment = format!("{connection}: {ENDED}: {ending}");
                self.comment(event.at(), connection, *current, comment);
                self.ended.push(connection);
            }
            // Of no state.
            _ => {}
        }
    }

    /// Puts a comment on the frame at `place`, if that is of the same connection and nothing that came
    /// before waits; else it waits as well.
    fn comment(&mut self, at: Instant, connection: ConnectionId, place: Current, comment: String) {
        let place = place.filter(|(_, whose)| *whose == connection);
        match place.filter(|_| !self.waiting.contains_key(&connection)) {
            Some((index, _)) => self.queue[index].comments.push(comment),
            None => {
                let waiting = self.waiting.entry(connection).or_insert(Waiting {
                    at,
                    comments: Vec::new(),
                });
                waiting.at = at;
                waiting.comments.push(comment);
            }
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
            comments.extend(waiting.comments);
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

    /// Writes what of these connections waits for a frame that does not come, a block for each.
    fn write_waiting(&mut self, connections: Vec<ConnectionId>) -> io::Result<()> {
        for connection in connections {
            let Some(Waiting { at, comments }) = self.waiting.remove(&connection) else {
                continue;
            };
            let comments = comments.into_iter();
            let options =
                comments.map(|comment| InterfaceStatisticsOption::Comment(Cow::Owned(comment)));
            let nanos = time_of_day(self.zero, at).as_nanos() as u64;
            self.writer
                .write_pcapng_block(InterfaceStatisticsBlock {
                    interface_id: 0,
                    timestamp: high_word_first(nanos),
                    options: options.collect(),
                })
                .map_err(into_io)?;
        }
        Ok(())
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
            let timestamp = time_of_day(self.zero, frame.at);
            self.writer
                .write_pcapng_block(EnhancedPacketBlock {
                    interface_id: 0,
                    timestamp,
                    original_len: u32::try_from(frame.data.len()).unwrap_or(u32::MAX),
                    data: Cow::Owned(frame.data),
                    options,
                })
                .map_err(into_io)?;
        }
        Ok(())
    }
}

fn time_of_day(zero: Duration, at: Instant) -> Duration {
    zero + Duration::from_micros(u64::try_from(at.total_micros()).unwrap_or(0))
}

/// A time stamp is two numbers of 32 bits, the high one first. The writer writes one number of 64 bits, in
/// the order of this machine.
const fn high_word_first(timestamp: u64) -> u64 {
    if cfg!(target_endian = "little") {
        timestamp.rotate_left(32)
    } else {
        timestamp
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
