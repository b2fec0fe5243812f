//! Packets read from frames, and segments made by hand: what a third party could have sent.
//!
//! IPv4 without options in Ethernet, as both nodes of the laboratory send it. Numbers are as they stand on the wire.

use std::vec;
use std::vec::Vec;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, Icmpv4Packet, IpProtocol, Ipv4Address,
    Ipv4Packet, Ipv4Repr, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber, UdpPacket,
};

use crate::trace::{Flags, Header, SeqNumber};

/// What a frame carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// A TCP segment: its ports, its header, its data.
    Tcp {
        /// The sender's port and the receiver's.
        ports: [u16; 2],
        /// The header.
        header: Header,
        /// The data.
        data: Vec<u8>,
    },
    /// A UDP datagram: its ports, its data.
    Udp {
        /// The sender's port and the receiver's.
        ports: [u16; 2],
        /// The data.
        data: Vec<u8>,
    },
    /// An ICMP message: its type and code.
    Icmp(u8, u8),
}

impl Packet {
    /// What is in a frame; nothing in one that is not IPv4, such as a question after a hardware address.
    pub fn parse(frame: &[u8]) -> Option<Self> {
        let frame = EthernetFrame::new_checked(frame).ok()?;
        if frame.ethertype() != EthernetProtocol::Ipv4 {
            return None;
        }
        let packet = Ipv4Packet::new_checked(frame.payload()).ok()?;
        match packet.next_header() {
            IpProtocol::Tcp => Self::parse_tcp(packet.payload()),
            IpProtocol::Udp => {
                let datagram = UdpPacket::new_checked(packet.payload()).ok()?;
                Some(Self::Udp {
                    ports: [datagram.src_port(), datagram.dst_port()],
                    data: datagram.payload().to_vec(),
                })
            }
            IpProtocol::Icmp => {
                let message = Icmpv4Packet::new_checked(packet.payload()).ok()?;
                Some(Self::Icmp(message.msg_type().into(), message.msg_code()))
            }
            _ => None,
        }
    }

    fn parse_tcp(octets: &[u8]) -> Option<Self> {
        let segment = TcpPacket::new_checked(octets).ok()?;
        let bits = [
            (segment.fin(), Flags::FIN),
            (segment.syn(), Flags::SYN),
            (segment.rst(), Flags::RST),
            (segment.psh(), Flags::PSH),
            (segment.ack(), Flags::ACK),
            (segment.urg(), Flags::URG),
        ];
        let set = bits.into_iter().filter(|(is_set, _)| *is_set);
        let flags = set.fold(Flags::default(), |flags, (_, flag)| flags.with(flag));
        let number = |number: TcpSeqNumber| SeqNumber::new(number.0 as u32);
        let repr = TcpRepr::parse(
            &segment,
            &Ipv4Address::UNSPECIFIED.into(),
            &Ipv4Address::UNSPECIFIED.into(),
            &ChecksumCapabilities::ignored(),
        );
        let header = Header {
            seq: number(segment.seq_number()),
            ack: number(segment.ack_number()),
            flags,
            len: segment.payload().len() as u16,
            window: segment.window_len(),
            mss: repr.ok().and_then(|repr| repr.max_seg_size).unwrap_or(0),
            ..Header::default()
        };
        Some(Self::Tcp {
            ports: [segment.src_port(), segment.dst_port()],
            header,
            data: segment.payload().to_vec(),
        })
    }

    /// The header of a segment.
    pub const fn header(&self) -> Option<&Header> {
        match self {
            Self::Tcp { header, .. } => Some(header),
            Self::Udp { .. } | Self::Icmp(..) => None,
        }
    }

    /// The data in it.
    pub fn data(&self) -> &[u8] {
        match self {
            Self::Tcp { data, .. } | Self::Udp { data, .. } => data,
            Self::Icmp(..) => &[],
        }
    }

    /// The sender's port and the receiver's.
    pub const fn ports(&self) -> Option<[u16; 2]> {
        match self {
            Self::Tcp { ports, .. } | Self::Udp { ports, .. } => Some(*ports),
            Self::Icmp(..) => None,
        }
    }
}

/// A segment that somebody makes up.
#[derive(Debug, Clone)]
pub(super) struct Forged {
    // A value: whoever is given one reads all of it.
    /// The hardware address it comes from, and the one it goes to.
    pub(super) macs: [EthernetAddress; 2],
    /// The address that it says it comes from, and the one it goes to.
    pub(super) addresses: [Ipv4Address; 2],
    /// The sender's port and the receiver's.
    pub(super) ports: [u16; 2],
    /// What kind it is.
    pub(super) control: TcpControl,
    /// Its sequence number.
    pub(super) seq: u32,
    /// Its acknowledgment number, if it has one.
    pub(super) ack: Option<u32>,
}

impl Forged {
    /// The frame.
    pub(super) fn frame(&self) -> Vec<u8> {
        let tcp = TcpRepr {
            src_port: self.ports[0],
            dst_port: self.ports[1],
            control: self.control,
            seq_number: TcpSeqNumber(self.seq as i32),
            ack_number: self.ack.map(|ack| TcpSeqNumber(ack as i32)),
            window_len: 4096,
            window_scale: None,
            max_seg_size: (self.control == TcpControl::Syn).then_some(1460),
            sack_permitted: false,
            sack_ranges: [None; 3],
            timestamp: None,
            payload: &[],
        };
        let ip = Ipv4Repr {
            src_addr: self.addresses[0],
            dst_addr: self.addresses[1],
            next_header: IpProtocol::Tcp,
            payload_len: tcp.buffer_len(),
            hop_limit: 64,
        };
        let before = EthernetFrame::<&[u8]>::header_len();
        let mut octets = vec![0; before + ip.buffer_len() + tcp.buffer_len()];
        let mut frame = EthernetFrame::new_unchecked(&mut octets[..]);
        frame.set_src_addr(self.macs[0]);
        frame.set_dst_addr(self.macs[1]);
        frame.set_ethertype(EthernetProtocol::Ipv4);
        let checksums = ChecksumCapabilities::default();
        let mut packet = Ipv4Packet::new_unchecked(frame.payload_mut());
        ip.emit(&mut packet, &checksums);
        let mut segment = TcpPacket::new_unchecked(packet.payload_mut());
        let (src, dst) = (self.addresses[0].into(), self.addresses[1].into());
        tcp.emit(&mut segment, &src, &dst, &checksums);
        octets
    }
}
