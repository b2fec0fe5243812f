//! What a peer knows of one conversation: its own numbers, and those of the node as the wire told them.

use smolchat::trace::{Flags, Flow, Header};

use super::plan::{Ack, Len, Seq};

/// `a < b` in sequence space.
pub fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

/// Octets that were on their way to the node.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    /// The number of its first octet.
    pub seq: u32,
    /// Which octets; see [`octet`].
    pub salt: u8,
    /// How many of them lay within the window.
    pub welcome: u32,
}

/// One end of a conversation.
#[derive(Debug, Clone)]
pub struct Talk {
    pub flow: Flow,
    /// The peer's initial number.
    pub isn: u32,
    /// SND.NXT of the peer.
    pub next: u32,
    /// The node's initial number.
    pub iss: u32,
    /// SND.NXT of the node.
    pub snd_nxt: u32,
    /// SND.UNA of the node, at the most.
    pub snd_una: u32,
    /// RCV.NXT as the node said it last.
    pub expected: u32,
    /// The right edge of the window that the node said last.
    pub edge: u32,
    /// The rightmost one ever.
    pub far_edge: u32,
    /// The window scale that the node offered, and the peer.
    pub scales: (Option<u8>, Option<u8>),
    /// The node sent a SYN, with an acknowledgment or without.
    pub heard_syn: bool,
    pub heard_syn_ack: bool,
    pub heard_fin: bool,
    pub pieces: Vec<Piece>,
    /// How often it began anew.
    pub salt: u8,
}

impl Talk {
    pub fn new(flow: Flow, isn: u32) -> Self {
        Self {
            flow,
            isn,
            next: isn,
            iss: 0,
            snd_nxt: 0,
            snd_una: 0,
            expected: isn,
            edge: isn,
            far_edge: isn,
            scales: (None, None),
            heard_syn: false,
            heard_syn_ack: false,
            heard_fin: false,
            pieces: Vec::new(),
            salt: 0,
        }
    }

    /// A new conversation between the same endpoints.
    pub fn begin_anew(&mut self, isn: u32) {
        let pieces = core::mem::take(&mut self.pieces);
        let salt = self.salt.wrapping_add(1);
        *self = Self {
            pieces,
            salt,
            ..Self::new(self.flow, isn)
        };
    }

    /// The shift of the window fields that the node sends.
    fn shift(&self) -> u8 {
        match self.scales {
            (Some(ours), Some(_)) => ours,
            (_, _) => 0,
        }
    }

    /// Takes in a segment of the node's.
    pub fn hear(&mut self, header: &Header) {
        let syn = header.flags.contains(Flags::SYN);
        let ack = header.flags.contains(Flags::ACK);
        if header.flags.contains(Flags::RST) {
            return;
        }
        if syn && !(self.heard_syn && header.seq == self.iss.into()) {
            self.iss = header.seq.get();
            self.snd_nxt = (header.seq + 1).get();
            self.snd_una = header.seq.get();
            self.heard_syn = true;
            self.heard_syn_ack = false;
            self.heard_fin = false;
        }
        if syn {
            self.scales.0 = header.options.scale();
        }
        if before(self.snd_nxt, header.end().get()) {
            self.snd_nxt = header.end().get();
        }
        self.heard_fin |= header.flags.contains(Flags::FIN);
        if !ack {
            return;
        }
        let shift = if syn { 0 } else { self.shift() };
        let edge = header
            .ack
            .get()
            .wrapping_add(u32::from(header.window) << shift);
        let anew = syn && (!self.heard_syn_ack || header.ack != self.expected.into());
        self.heard_syn_ack |= syn;
        self.expected = header.ack.get();
        self.edge = edge;
        if anew || before(self.far_edge, edge) {
            self.far_edge = edge;
        }
        if before(self.next, header.ack.get()) {
            self.next = header.ack.get();
        }
    }

    /// The peer acknowledges all that came.
    pub fn acknowledge(&mut self) -> u32 {
        self.snd_una = self.snd_nxt;
        self.snd_nxt
    }

    pub fn seq(&self, from: Seq, offset: i8, len: u32) -> u32 {
        let base = match from {
            Seq::Next => self.next,
            Seq::Expected => self.expected,
            Seq::Edge => self.edge,
            Seq::FarEdge => self.far_edge,
            Seq::ToEdge => self.edge.wrapping_sub(len),
            Seq::Initial => self.isn,
            Seq::Old => self.expected.wrapping_sub(65_535),
            Seq::Opposite => self.expected.wrapping_add(1 << 31),
            Seq::At(number) => number,
        };
        base.wrapping_add_signed(offset.into())
    }

    pub fn ack(&self, from: Ack, offset: i8) -> u32 {
        let base = match from {
            Ack::Next => self.snd_nxt,
            Ack::Unacknowledged => self.snd_una,
            Ack::Initial => self.iss,
            Ack::Old => self.snd_una.wrapping_sub(65_535),
            Ack::Opposite => self.snd_nxt.wrapping_add(1 << 31),
            Ack::At(number) => number,
        };
        base.wrapping_add_signed(offset.into())
    }

    /// Octets of a segment that begins at `seq`.
    pub fn len(&self, len: Len, seq: u32, longest: usize) -> usize {
        let len = match len {
            Len::Exactly(len) => usize::from(len),
            Len::ToEdge(more) => {
                let to_edge = self.edge.wrapping_sub(seq).wrapping_add_signed(more.into());
                to_edge as usize
            }
        };
        len.min(longest)
    }
}

/// The octet with the number `seq` of what a peer with `salt` says.
pub fn octet(seq: u32, salt: u8) -> u8 {
    let mixed = seq.wrapping_mul(0x9e37_79b1) ^ u32::from(salt).wrapping_mul(0x85eb_ca6b);
    (mixed >> 24) as u8
}

/// Writes what a peer with `salt` says from `seq` on.
pub fn fill(octets: &mut [u8], seq: u32, salt: u8) {
    for (at, place) in octets.iter_mut().enumerate() {
        *place = octet(seq.wrapping_add(at as u32), salt);
    }
}
