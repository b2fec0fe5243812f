//! The sequence numbers of one connection, kept from what crosses the wire.
//!
//! smoltcp keeps its own and shows none of them. The gate needs them to judge a segment before smoltcp
//! sees it, and the journal to say what a segment was. Names are those of RFC 9293 section 3.3.1.

use crate::trace::{Direction, Flags, Header, Mark, SeqNumber};

/// SND.*, RCV.* and the like of one connection.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Numbers {
    // Open to the gate, which judges by them, and to the record, which makes numbers relative.
    /// Our initial sequence number.
    pub(super) iss: SeqNumber,
    /// The peer's initial sequence number; meaningless until [`Self::synchronized`].
    pub(super) irs: SeqNumber,
    /// SND.UNA.
    pub(super) snd_una: SeqNumber,
    /// SND.NXT: after everything that ever left.
    pub(super) snd_nxt: SeqNumber,
    /// SND.WND in octets.
    pub(super) snd_wnd: u32,
    /// Whether the peer's window is closed, although SND.WND is not where the gate held it open.
    pub(super) closed: bool,
    /// The largest SND.WND seen (RFC 5961 section 5).
    pub(super) max_wnd: u32,
    /// SND.WL1.
    pub(super) wl1: SeqNumber,
    /// SND.WL2.
    pub(super) wl2: SeqNumber,
    /// The window field that SND.WND came from.
    pub(super) window: u16,
    /// RCV.NXT.
    pub(super) rcv_nxt: SeqNumber,
    /// The right edge of the window that smoltcp advertised last: nothing at or after it may come.
    pub(super) rcv_edge: SeqNumber,
    /// Octets that the application took.
    pub(super) taken: u32,
    /// The window scale that our SYN offered.
    pub(super) offered_scale: Option<u8>,
    /// The window scale that the peer's SYN offered.
    pub(super) peer_scale: Option<u8>,
    /// Whether our FIN left: it is the last number before SND.NXT.
    pub(super) fin_sent: bool,
    /// Whether the last thing that left ended before SND.NXT: there smoltcp may go on.
    pub(super) went_back: bool,
    /// Whether the peer's SYN permitted SACK.
    pub(super) sack: bool,
    /// Whether the peer's SYN was seen.
    pub(super) synchronized: bool,
    /// How often the oldest segment was sent again, or a silent peer probed, without an answer.
    pub(super) attempts: u8,
}

/// SEG.SEQ and SEG.ACK relative to the initial sequence numbers, ours and the peer's.
pub(super) fn relative(
    iss: SeqNumber,
    irs: SeqNumber,
    header: &Header,
    direction: Direction,
) -> (u32, u32) {
    let (sender, receiver) = match direction {
        Direction::In => (irs, iss),
        Direction::Out => (iss, irs),
    };
    let ack = if header.flags.contains(Flags::ACK) {
        header.ack.since(receiver)
    } else {
        0
    };
    (header.seq.since(sender), ack)
}

impl Numbers {
    /// All zero; for building others.
    #[cfg(test)]
    pub(super) const ZERO: Self = Self {
        iss: SeqNumber::new(0),
        irs: SeqNumber::new(0),
        snd_una: SeqNumber::new(0),
        snd_nxt: SeqNumber::new(0),
        snd_wnd: 0,
        closed: false,
        max_wnd: 0,
        wl1: SeqNumber::new(0),
        wl2: SeqNumber::new(0),
        window: 0,
        rcv_nxt: SeqNumber::new(0),
        rcv_edge: SeqNumber::new(0),
        taken: 0,
        offered_scale: None,
        peer_scale: None,
        fin_sent: false,
        went_back: false,
        sack: false,
        synchronized: true,
        attempts: 0,
    };

    /// A connection that will start with the sequence number `iss`.
    pub(super) fn starting_at(iss: SeqNumber) -> Self {
        let mut numbers = Self::default();
        numbers.start_at(iss);
        numbers
    }

    /// Nothing has left yet; what does will start with the sequence number `iss`.
    pub(super) fn start_at(&mut self, iss: SeqNumber) {
        self.iss = iss;
        self.snd_una = iss;
        self.snd_nxt = iss;
    }

    /// Takes in the peer's SYN.
    pub(super) fn synchronize(&mut self, syn: &Header) {
        self.irs = syn.seq;
        self.rcv_nxt = syn.seq + 1;
        self.rcv_edge = self.rcv_nxt;
        self.synchronized = true;
        self.peer_scale = syn.options.scale();
        self.sack = syn.options.sack_permitted();
        // The window of a SYN is never scaled (RFC 7323 section 2.2).
        self.open_window(syn, 0);
    }

    /// Takes in a segment that smoltcp saw, `held_open` if another window than its own, which is closed;
    /// `false` if it is not acceptable.
    pub(super) fn accept(&mut self, header: &Header, held_open: bool) -> bool {
        let syn = header.flags.contains(Flags::SYN);
        // A SYN lies before the window that it opens.
        if !header.flags.contains(Flags::ACK) || !(syn || self.accepts(header, self.rcv_edge)) {
            return false;
        }
        if self.snd_una.is_before(header.ack) && header.ack.is_at_most(self.snd_nxt) {
            self.snd_una = header.ack;
            self.attempts = 0;
        }
        if header.ack == self.snd_nxt {
            // The answer to a probe of a silent peer, which acknowledges nothing new.
            self.attempts = 0;
        }
        if self.window_is_news(header) {
            let scale = if syn { 0 } else { self.snd_scale() };
            self.open_window(header, scale);
            self.closed |= held_open;
        }
        true
    }

    /// Takes in a segment that left.
    pub(super) fn sent(&mut self, header: &Header) {
        // A reset stands at the number that its peer named, which may be any (RFC 9293 section 3.10.7.3).
        if header.flags.contains(Flags::RST) {
            return;
        }
        if self.snd_nxt.is_before(header.end()) {
            self.snd_nxt = header.end();
        } else if header.sequence_len() > 0 {
            self.attempts = self.attempts.saturating_add(1);
        }
        if header.sequence_len() > 0 {
            self.went_back = header.end() != self.snd_nxt;
        }
        self.fin_sent |= header.flags.contains(Flags::FIN);
        if header.flags.contains(Flags::SYN) {
            self.offered_scale = header.options.scale();
        }
    }

    /// Takes in the window of a segment that smoltcp sent.
    ///
    /// It is the last one that counts, as smoltcp has it: where the edge moved back, by the octets that
    /// scaling loses, smoltcp would cut data off and still take the FIN behind it.
    pub(super) fn advertised(&mut self, header: &Header) {
        let scale = if header.flags.contains(Flags::SYN) {
            0
        } else {
            self.rcv_scale()
        };
        if header.flags.contains(Flags::ACK) {
            self.rcv_edge = header.ack + (u32::from(header.window) << scale);
        }
    }

    /// The largest window that this node can have advertised, in octets.
    pub(super) fn max_rcv_wnd(&self) -> u32 {
        u32::from(u16::MAX) << self.rcv_scale()
    }

    /// What is left of the window that smoltcp advertised, in octets.
    pub(super) fn rcv_wnd(&self) -> u32 {
        if self.rcv_nxt.is_before(self.rcv_edge) {
            self.rcv_edge.since(self.rcv_nxt)
        } else {
            0
        }
    }

    /// The four-case acceptability test of RFC 9293 section 3.10.7.4, first; nothing at or after `edge`
    /// is welcome.
    pub(super) fn accepts(&self, segment: &Header, edge: SeqNumber) -> bool {
        let inside = |number| self.rcv_nxt.is_at_most(number) && number.is_before(edge);
        match (segment.sequence_len(), edge == self.rcv_nxt) {
            (0, true) => segment.seq == self.rcv_nxt,
            (0, false) => inside(segment.seq),
            (_, true) => false,
            (_, false) => inside(segment.seq) || inside(segment.end() - 1),
        }
    }

    /// Whether a segment is what nearly all are while data flows: the next one, all of it welcome, which
    /// acknowledges nothing that never left, and brings a window that is news, where none was closed.
    #[inline]
    pub(super) fn expects(&self, segment: &Header) -> bool {
        let under_way = self.snd_nxt.since(self.snd_una);
        let welcome = self.rcv_edge.since(self.rcv_nxt);
        segment.seq == self.rcv_nxt
            && segment.flags.without(Flags::PSH) == Flags::ACK
            && u32::from(segment.len) <= welcome
            && self.rcv_nxt.is_before(self.rcv_edge)
            && segment.ack.since(self.snd_una) <= under_way
            && segment.window > 0
            && !self.closed
            && self.window_is_news(segment)
    }

    /// Takes in such a segment; whether it acknowledges something new.
    #[inline]
    pub(super) fn take_expected(&mut self, segment: &Header) -> bool {
        let advanced = segment.ack != self.snd_una;
        self.snd_una = segment.ack;
        if advanced || segment.ack == self.snd_nxt {
            self.attempts = 0;
        }
        self.open_window(segment, self.snd_scale());
        advanced
    }

    /// RCV.NXT where `queued` octets wait for the application, and no FIN came.
    #[inline]
    pub(super) fn next(&self, queued: u32) -> SeqNumber {
        self.irs + 1 + self.taken + queued
    }

    /// Whether a segment lies no farther from RCV.NXT than the largest window there can be (RFC 7323 section
    /// 2.3). What is farther away is neither before nor after it for sure: half the number space away
    /// comparisons contradict each other, and smoltcp's do.
    pub(super) fn is_near(&self, segment: &Header) -> bool {
        const LARGEST: u32 = 1 << 30;
        let first = self.rcv_nxt - LARGEST;
        let near = |number: SeqNumber| number.since(first) <= 2 * LARGEST;
        near(segment.seq) && near(segment.end())
    }

    /// Whether a segment's window is newer than the one we have (RFC 9293 section 3.10.7.4).
    pub(super) fn window_is_news(&self, header: &Header) -> bool {
        self.wl1.is_before(header.seq) || self.wl1 == header.seq && self.wl2.is_at_most(header.ack)
    }

    /// Whether not even our SYN left.
    pub(super) fn nothing_left_yet(&self) -> bool {
        self.snd_nxt == self.iss
    }

    /// Whether everything that left was acknowledged.
    pub(super) fn all_acknowledged(&self) -> bool {
        self.snd_una == self.snd_nxt
    }

    /// Whether our FIN is all that was not acknowledged.
    pub(super) fn only_fin_is_under_way(&self) -> bool {
        self.fin_sent && self.snd_una + 1 == self.snd_nxt
    }

    /// The numbers relative to the initial ones: SEG.SEQ and SEG.ACK.
    pub(super) fn relative(&self, header: &Header, direction: Direction) -> (u32, u32) {
        relative(self.iss, self.irs, header, direction)
    }

    /// What a received segment is, before it is taken in.
    pub(super) fn mark_received(&self, header: &Header) -> Mark {
        let expected = header.seq == self.rcv_nxt;
        if expected || !self.synchronized || header.flags.contains(Flags::RST) {
            return Mark::None;
        }
        let len = header.sequence_len();
        if header.seq == self.rcv_nxt - 1
            && header.len <= 1
            && !header.flags.contains(Flags::SYN)
            && !header.flags.contains(Flags::FIN)
        {
            Mark::KeepAlive
        } else if len > 0 && header.end().is_at_most(self.rcv_nxt) {
            Mark::Duplicate
        } else if len > 0 && self.rcv_nxt.is_before(header.seq) {
            Mark::OutOfOrder
        } else {
            Mark::None
        }
    }

    /// What a segment about to be noted as sent is, before it is taken in.
    pub(super) fn mark_sent(&self, header: &Header) -> Mark {
        let len = header.sequence_len();
        if len == 0 || header.flags.contains(Flags::RST) {
            Mark::None
        } else if header.len == 1 && self.snd_wnd == 0 && self.synchronized {
            Mark::WindowProbe
        } else if header.seq == self.snd_nxt - 1 && self.all_acknowledged() && len == 1 {
            Mark::KeepAlive
        } else if header.seq.is_before(self.snd_nxt) {
            Mark::Retransmission
        } else {
            Mark::None
        }
    }

    fn open_window(&mut self, header: &Header, scale: u8) {
        self.window = header.window;
        self.snd_wnd = u32::from(header.window) << scale;
        self.closed = header.window == 0;
        self.max_wnd = self.max_wnd.max(self.snd_wnd);
        self.wl1 = header.seq;
        self.wl2 = header.ack;
    }

    /// The shift of window fields that we send. Scaling is in force only if both SYNs offered it
    /// (RFC 7323 section 1.3).
    pub(super) fn rcv_scale(&self) -> u8 {
        match (self.offered_scale, self.peer_scale) {
            (Some(ours), Some(_)) => ours,
            (None, _) | (_, None) => 0,
        }
    }

    /// The window scale that our SYN offered, as an option of a SYN.
    pub(super) fn scale_offered(&self) -> Option<u8> {
        self.offered_scale
    }

    /// The shift of window fields that we receive; 14 at most (RFC 7323 section 2.3).
    pub(super) fn snd_scale(&self) -> u8 {
        match (self.offered_scale, self.peer_scale) {
            (Some(_), Some(theirs)) => theirs,
            (None, _) | (_, None) => 0,
        }
    }
}
