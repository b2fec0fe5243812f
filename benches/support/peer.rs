//! The other end of a connection, by hand: it writes segments and believes the answers.
//!
//! The frame of an echo is kept ready. Only its numbers and, incrementally (RFC 1624), its checksum
//! change, so that what is measured is the host.

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol, IpAddress,
    IpProtocol, Ipv4Address, Ipv4Packet, Ipv4Repr, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber,
    UdpPacket, UdpRepr,
};

/// The host that is measured.
pub const HOST: Ipv4Address = Ipv4Address::new(10, 1, 0, 1);
pub const HOST_MAC: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);
/// All peers have one hardware address, as behind a router.
pub const PEER_MAC: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 2]);
/// The port that the host serves.
pub const PORT: u16 = 7;
/// Octets of one message.
pub const MESSAGE: usize = 32;

const SEQ: usize = 38;
const CHECKSUM: usize = 50;

/// One peer.
pub struct Peer {
    pub address: Ipv4Address,
    pub port: u16,
    /// Our next number.
    pub seq: u32,
    /// The host's next number.
    pub ack: u32,
    frame: Vec<u8>,
}

impl Peer {
    /// Peer number `index`; all have different endpoints.
    pub fn new(index: usize) -> Self {
        let [high, low] = ((index / 20_000) as u16 + 2).to_be_bytes();
        Self {
            address: Ipv4Address::new(10, 1, high, low),
            port: (index % 20_000) as u16 + 10_000,
            seq: 1_000,
            ack: 0,
            frame: Vec::new(),
        }
    }

    fn repr(&self, control: TcpControl, payload: &'static [u8]) -> TcpRepr<'static> {
        let syn = control == TcpControl::Syn;
        TcpRepr {
            src_port: self.port,
            dst_port: PORT,
            control,
            seq_number: TcpSeqNumber(self.seq as i32),
            ack_number: (!syn).then_some(TcpSeqNumber(self.ack as i32)),
            window_len: 64_000,
            window_scale: None,
            max_seg_size: syn.then_some(1460),
            sack_permitted: false,
            sack_ranges: [None; 3],
            timestamp: None,
            payload,
        }
    }

    /// A segment; our number moves past it.
    pub fn segment(&mut self, control: TcpControl, payload: &'static [u8]) -> Vec<u8> {
        let repr = self.repr(control, payload);
        self.seq = self.seq.wrapping_add(repr.segment_len() as u32);
        self.compose(&repr)
    }

    /// A segment with a number of its own choice.
    pub fn segment_at(&self, seq: u32, control: TcpControl) -> Vec<u8> {
        let mut repr = self.repr(control, b"");
        repr.seq_number = TcpSeqNumber(seq as i32);
        self.compose(&repr)
    }

    fn compose(&self, repr: &TcpRepr<'_>) -> Vec<u8> {
        let len = repr.buffer_len();
        frame(self.address, IpProtocol::Tcp, len, |octets| {
            repr.emit(
                &mut TcpPacket::new_unchecked(octets),
                &IpAddress::Ipv4(self.address),
                &IpAddress::Ipv4(HOST),
                &ChecksumCapabilities::default(),
            );
        })
    }

    /// A datagram of [`MESSAGE`] octets.
    pub fn datagram(&self) -> Vec<u8> {
        let repr = UdpRepr {
            src_port: self.port,
            dst_port: PORT,
        };
        let len = repr.header_len() + MESSAGE;
        frame(self.address, IpProtocol::Udp, len, |octets| {
            repr.emit(
                &mut UdpPacket::new_unchecked(octets),
                &IpAddress::Ipv4(self.address),
                &IpAddress::Ipv4(HOST),
                MESSAGE,
                |payload| payload.fill(b'x'),
                &ChecksumCapabilities::default(),
            );
        })
    }

    /// "Who has the host's address?", so that it knows ours.
    pub fn question(&self) -> Vec<u8> {
        let repr = ArpRepr::EthernetIpv4 {
            operation: ArpOperation::Request,
            source_hardware_addr: PEER_MAC,
            source_protocol_addr: self.address,
            target_hardware_addr: EthernetAddress([0; 6]),
            target_protocol_addr: HOST,
        };
        let mut octets = vec![0; 14 + repr.buffer_len()];
        ethernet(
            &mut octets,
            EthernetAddress::BROADCAST,
            EthernetProtocol::Arp,
        );
        repr.emit(&mut ArpPacket::new_unchecked(&mut octets[14..]));
        octets
    }

    /// Takes the number of the host's SYN from its answer.
    pub fn hear_syn(&mut self, answer: &[u8]) {
        self.ack = TcpPacket::new_unchecked(&answer[34..]).seq_number().0 as u32 + 1;
    }

    /// The host sent so many octets that we acknowledge from now on.
    pub fn hear(&mut self, octets: u32) {
        self.ack = self.ack.wrapping_add(octets);
    }

    /// The next message of an echo, after the host returned the one before.
    pub fn message(&mut self) -> &[u8] {
        if self.frame.is_empty() {
            let repr = self.repr(TcpControl::Psh, &[b'x'; MESSAGE]);
            self.frame = self.compose(&repr);
        } else {
            renumber(&mut self.frame, self.seq, self.ack);
        }
        self.seq = self.seq.wrapping_add(MESSAGE as u32);
        self.ack = self.ack.wrapping_add(MESSAGE as u32);
        &self.frame
    }
}

/// Puts new numbers into a segment, and corrects its checksum by the difference.
fn renumber(frame: &mut [u8], seq: u32, ack: u32) {
    let word = |frame: &[u8], at: usize| u32::from(u16::from_be_bytes([frame[at], frame[at + 1]]));
    let mut sum = !word(frame, CHECKSUM) & 0xffff;
    for (at, number) in [(SEQ, seq), (SEQ + 4, ack)] {
        sum += (!word(frame, at) & 0xffff) + (!word(frame, at + 2) & 0xffff);
        sum += (number >> 16) + (number & 0xffff);
        frame[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    frame[CHECKSUM..CHECKSUM + 2].copy_from_slice(&(!(sum as u16)).to_be_bytes());
}

fn ethernet(octets: &mut [u8], to: EthernetAddress, protocol: EthernetProtocol) {
    let mut ethernet = EthernetFrame::new_unchecked(octets);
    ethernet.set_src_addr(PEER_MAC);
    ethernet.set_dst_addr(to);
    ethernet.set_ethertype(protocol);
}

fn frame(
    from: Ipv4Address,
    next_header: IpProtocol,
    payload_len: usize,
    write: impl FnOnce(&mut [u8]),
) -> Vec<u8> {
    let ip = Ipv4Repr {
        src_addr: from,
        dst_addr: HOST,
        next_header,
        payload_len,
        hop_limit: 64,
    };
    let mut octets = vec![0; 34 + payload_len];
    ethernet(&mut octets, HOST_MAC, EthernetProtocol::Ipv4);
    ip.emit(
        &mut Ipv4Packet::new_unchecked(&mut octets[14..]),
        &ChecksumCapabilities::default(),
    );
    write(&mut octets[34..]);
    octets
}
