//! The only writer of the journal: what happened to the node becomes an event here, and nowhere else.
//!
//! Who calls says what happened; it happened when the last call to the node said it is. What is relative, a
//! repetition or illegal is found here, from what is known of the connection. A segment is noted before
//! anything comes of it, and after it has left.

use smoltcp::time::Instant;

use super::connection::Connection;
use super::frame::TcpFrame;
use super::kept::Kept;
use super::numbers::relative;
use super::one_frame::Sent;
use super::time_wait::TimeWait;
use crate::trace::{
    Answer, ConnectionId, Datagram, Direction, Ending, Event, Flags, Flow, Header, Kind, Mark,
    Resource, Segment, Stray, Transition, Verdict, rfc9293,
};

/// The journal, and the words for what gets into it.
pub(super) struct Record<'a> {
    journal: Kept<'a>,
    /// What the last call said.
    now: Instant,
}

impl<'a> Record<'a> {
    pub(super) fn new(journal: Kept<'a>, now: Instant) -> Self {
        Self { journal, now }
    }

    #[cfg(feature = "journal")]
    pub(super) fn journal(&self) -> &Kept<'a> {
        &self.journal
    }

    /// What happens from here on happens now.
    pub(super) fn at(&mut self, now: Instant) {
        self.now = now;
    }

    /// Whatever happened.
    #[inline]
    pub(super) fn note(&mut self, kind: Kind) {
        self.journal.record(Event::new(self.now, kind));
    }

    /// Something ran out.
    pub(super) fn full(&mut self, resource: Resource) {
        self.note(Kind::Full(resource));
    }

    /// A change of state: a legal one, or one that RFC 9293 does not know.
    pub(super) fn transition(&mut self, transition: Transition) {
        let legal = rfc9293::is_legal(transition.from, transition.to, transition.cause);
        let kind = match legal {
            true => Kind::Transition(transition),
            false => Kind::Illegal(transition),
        };
        self.note(kind);
    }

    /// A connection is over.
    pub(super) fn ended(&mut self, connection: ConnectionId, ending: Ending) {
        self.note(Kind::Ended { connection, ending });
    }

    /// A datagram crossed the wire, or did not.
    pub(super) fn datagram(
        &mut self,
        direction: Direction,
        flow: Flow,
        len: u16,
        verdict: Verdict,
    ) {
        let datagram = Datagram {
            direction,
            flow,
            len,
            verdict,
        };
        self.note(Kind::Datagram(datagram));
    }

    /// An ICMP message crossed the wire.
    pub(super) fn icmp(&mut self, direction: Direction, kind: u8, code: u8) {
        let kind = Kind::Icmp {
            direction,
            kind,
            code,
        };
        self.note(kind);
    }

    /// A segment that belongs to no connection came.
    pub(super) fn stray(&mut self, frame: &TcpFrame<'_>, verdict: Verdict) {
        self.outside(Direction::In, frame.flow, frame.header, verdict);
    }

    /// The gate's answer to such a segment left.
    pub(super) fn stray_answer(&mut self, flow: Flow, header: Header, by: Answer) {
        self.outside(Direction::Out, flow, header, Verdict::Gate(by));
    }

    fn outside(&mut self, direction: Direction, flow: Flow, header: Header, verdict: Verdict) {
        let stray = Stray {
            direction,
            flow,
            header,
            verdict,
        };
        self.note(Kind::Stray(stray));
    }

    /// The SYN by which a peer opened a connection came: the first of its numbers.
    pub(super) fn opening(&mut self, connection: ConnectionId, syn: Header, verdict: Verdict) {
        let segment = Segment {
            connection,
            direction: Direction::In,
            header: syn,
            seq: 0,
            ack: 0,
            mark: Mark::None,
            verdict,
        };
        self.note(Kind::Segment(segment));
    }

    /// A segment of a connection came; called before anything comes of it.
    pub(super) fn received(&mut self, connection: &Connection, header: Header, verdict: Verdict) {
        let mut numbers = connection.numbers;
        if !numbers.synchronized && header.flags.contains(Flags::SYN) {
            numbers.synchronize(&header);
        }
        let (seq, ack) = numbers.relative(&header, Direction::In);
        let segment = Segment {
            connection: connection.id,
            direction: Direction::In,
            header,
            seq,
            ack,
            mark: connection.numbers.mark_received(&header),
            verdict,
        };
        self.note(Kind::Segment(segment));
    }

    /// A segment of a connection crossed the wire that is nothing but the next one.
    #[inline]
    pub(super) fn expected(
        &mut self,
        connection: &Connection,
        header: Header,
        direction: Direction,
    ) {
        let (seq, ack) = connection.numbers.relative(&header, direction);
        let segment = Segment {
            connection: connection.id,
            direction,
            header,
            seq,
            ack,
            mark: Mark::None,
            verdict: Verdict::Passed,
        };
        self.note(Kind::Segment(segment));
    }

    /// Something left while smoltcp worked on a connection; `r1` is after how many repetitions its peer is
    /// said to be slow.
    pub(super) fn sent(&mut self, connection: &mut Connection, sent: Sent, r1: u8) {
        match sent {
            Sent::Own(header) => self.sent_segment(connection, &header, Verdict::Passed, r1),
            Sent::Tcp(flow, header) if flow == connection.flow => {
                self.sent_segment(connection, &header, Verdict::Passed, r1);
            }
            other => self.sent_elsewhere(other),
        }
    }

    /// A segment of a connection left: smoltcp's, or the gate's own.
    pub(super) fn sent_segment(
        &mut self,
        connection: &mut Connection,
        header: &Header,
        verdict: Verdict,
        r1: u8,
    ) {
        self.drawn(connection, header);
        let mark = connection.numbers.mark_sent(header);
        let (seq, ack) = connection.numbers.relative(header, Direction::Out);
        connection.has_sent(self.now, header, verdict == Verdict::Passed, mark);
        let segment = Segment {
            connection: connection.id,
            direction: Direction::Out,
            header: *header,
            seq,
            ack,
            mark,
            verdict,
        };
        self.note(Kind::Segment(segment));
        let attempts = connection.numbers.attempts;
        if attempts >= r1 && !connection.flags.slow_reported {
            connection.flags.slow_reported = true;
            let connection = connection.id;
            self.note(Kind::SlowPeer {
                connection,
                attempts,
            });
        }
    }

    /// Compares the number of our SYN with the one that smoltcp was made to draw. The one that leaves is
    /// the one that counts.
    pub(super) fn drawn(&mut self, connection: &mut Connection, header: &Header) {
        let wanted = connection.numbers.iss;
        let first = header.flags.contains(Flags::SYN) && connection.numbers.nothing_left_yet();
        if first && header.seq != wanted {
            connection.numbers.start_at(header.seq);
            let kind = Kind::OtherNumber {
                connection: connection.id,
                wanted,
                drawn: header.seq,
            };
            self.note(kind);
        }
    }

    /// Something left that is no segment of a connection.
    pub(super) fn sent_elsewhere(&mut self, sent: Sent) {
        let out = Direction::Out;
        match sent {
            // Of a connection, which notes it.
            Sent::Own(_) => {}
            Sent::Other => self.note(Kind::Other(out)),
            Sent::Neighbor(neighbor) => self.note(Kind::Neighbor(neighbor)),
            Sent::Icmp(kind, code) => self.icmp(out, kind, code),
            Sent::Udp(flow, len) => self.datagram(out, flow, len, Verdict::Passed),
            Sent::Tcp(flow, header) => self.outside(out, flow, header, Verdict::Passed),
        }
    }

    /// A segment of a connection in TIME-WAIT came, or was answered.
    pub(super) fn in_time_wait(
        &mut self,
        wait: &TimeWait,
        header: Header,
        direction: Direction,
        verdict: Verdict,
    ) {
        let (seq, ack) = relative(wait.iss, wait.irs, &header, direction);
        let again = direction == Direction::In && header.flags.contains(Flags::FIN);
        let segment = Segment {
            connection: wait.connection,
            direction,
            header,
            seq,
            ack,
            mark: if again { Mark::Duplicate } else { Mark::None },
            verdict,
        };
        self.note(Kind::Segment(segment));
    }
}
