//! Between symbols and segments: the numbers of both sides, followed on the wire, and the words for what
//! the subject sends by its relation to them.

use smoltcp::wire::TcpControl;

use super::alphabet::{Acks, Bits, Place};
use crate::lab::Segment;

/// Where a segment far behind the window starts, from RCV.NXT: no window without a scale reaches so far.
const BEYOND: u32 = 100_000;

/// The numbers, as the tester can know them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mapper {
    /// What the subject expects: the largest number that it acknowledged or whose octets it handed out.
    rcv_nxt: u32,
    /// The first number after the peer's SYN, once the subject acknowledged it.
    first: Option<u32>,
    /// What the subject sends next.
    snd_nxt: u32,
    /// The subject's initial sequence number.
    iss: u32,
    /// What the tester acknowledged.
    acknowledged: u32,
    /// The subject took in the peer's FIN.
    ended: bool,
}

impl Default for Mapper {
    fn default() -> Self {
        Self {
            rcv_nxt: 1_000_000,
            first: None,
            snd_nxt: 5_000_000,
            iss: 4_000_000,
            acknowledged: 5_000_000,
            ended: false,
        }
    }
}

/// `a` is after `b` in sequence space.
fn after(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}

impl Mapper {
    /// The segment that a symbol stands for now.
    pub(crate) fn segment(&mut self, bits: Bits, place: Place, acks: Acks) -> Segment {
        let seq = match place {
            Place::Next => self.rcv_nxt,
            Place::Inside => self.rcv_nxt.wrapping_add(1),
            Place::Beyond => self.rcv_nxt.wrapping_add(BEYOND),
            Place::Old => self.rcv_nxt.wrapping_sub(1),
        };
        let ack = match acks {
            Acks::Nothing => None,
            Acks::All => Some(self.snd_nxt),
            Acks::Old => Some(self.iss),
            Acks::Future => Some(self.snd_nxt.wrapping_add(1)),
        };
        if acks == Acks::All && self.counts(bits, place) {
            self.acknowledged = self.snd_nxt;
        }
        let segment = Segment {
            seq,
            ack,
            ..Segment::default()
        };
        match bits {
            Bits::Syn => Segment {
                mss: Some(1460),
                ..segment.syn()
            },
            Bits::Empty => segment,
            Bits::Data => segment.data(b"x"),
            Bits::Fin => segment.fin(),
            Bits::Rst => segment.rst(),
        }
    }

    /// Whether the subject takes the acknowledgment of such a segment for true.
    fn counts(&self, bits: Bits, place: Place) -> bool {
        let acceptable = matches!(place, Place::Next | Place::Inside);
        match bits {
            Bits::Syn => self.first.is_none(),
            Bits::Empty => self.first.is_some() && acceptable,
            Bits::Data | Bits::Fin => self.first.is_some() && acceptable && !self.ended,
            Bits::Rst => false,
        }
    }

    /// Whether the subject waits for an acknowledgment.
    pub(crate) fn owes_acknowledgment(&self) -> bool {
        self.acknowledged != self.snd_nxt
    }

    /// The subject took in so many octets of this connection so far, and perhaps the end.
    pub(crate) fn took_in(&mut self, octets: usize, end: bool) {
        self.ended = end;
        if let Some(first) = self.first {
            let next = first.wrapping_add(octets as u32 + u32::from(end));
            if after(next, self.rcv_nxt) {
                self.rcv_nxt = next;
            }
        }
    }

    /// The word for a segment of the subject, `given` being the one it may answer.
    pub(crate) fn word(&mut self, sent: &Segment, given: Option<&Segment>) -> String {
        let seq = self.word_for_seq(sent, given);
        let ack = sent.ack.map(|ack| self.word_for_ack(ack, given));
        self.follow(sent);
        let flags = match (sent.control, ack) {
            (TcpControl::Syn, None) => "SYN",
            (TcpControl::Syn, Some(_)) => "SYN,ACK",
            (TcpControl::Fin, _) if sent.data.is_empty() => "FIN",
            (TcpControl::Fin, _) => "DATA,FIN",
            (TcpControl::Rst, None) => "RST",
            (TcpControl::Rst, Some(_)) => "RST,ACK",
            (TcpControl::None | TcpControl::Psh, _) if sent.data.is_empty() => "ACK",
            (TcpControl::None | TcpControl::Psh, _) => "DATA",
        };
        match ack {
            Some(ack) => format!("{flags}({seq},{ack})"),
            None => format!("{flags}({seq})"),
        }
    }

    fn word_for_seq(&self, sent: &Segment, given: Option<&Segment>) -> &'static str {
        let seq = sent.seq;
        if sent.is_syn() {
            return if seq == self.iss { "iss" } else { "new" };
        }
        match seq {
            _ if seq == self.snd_nxt => "nxt",
            _ if sent.is_rst() && given.and_then(|it| it.ack) == Some(seq) => "seg",
            _ if after(seq, self.iss) && after(self.snd_nxt, seq) => "old",
            0 => "0",
            _ => "?",
        }
    }

    fn word_for_ack(&self, ack: u32, given: Option<&Segment>) -> &'static str {
        match ack.wrapping_sub(self.rcv_nxt) as i32 {
            0 => "nxt",
            _ if given.is_some_and(|it| ack == end_of(it)) => "end",
            1 => "nxt+1",
            2 => "nxt+2",
            3 => "nxt+3",
            -1 => "nxt-1",
            _ if ack == 0 => "0",
            _ => "?",
        }
    }

    /// Takes in the numbers of a segment of the subject.
    fn follow(&mut self, sent: &Segment) {
        if sent.is_rst() {
            return;
        }
        if sent.is_syn() && sent.seq != self.iss {
            self.iss = sent.seq;
            self.snd_nxt = sent.seq.wrapping_add(1);
            self.first = None;
        }
        let end = end_of(sent);
        if after(end, self.snd_nxt) {
            self.snd_nxt = end;
        }
        let Some(ack) = sent.ack else {
            return;
        };
        if self.first.is_none() {
            self.first = Some(ack);
            self.rcv_nxt = ack;
        } else if after(ack, self.rcv_nxt) {
            self.rcv_nxt = ack;
        }
    }
}

/// The number after the last that a segment occupies.
fn end_of(segment: &Segment) -> u32 {
    let control = u32::from(segment.is_syn()) + u32::from(segment.is_fin());
    segment
        .seq
        .wrapping_add(segment.data.len() as u32 + control)
}
