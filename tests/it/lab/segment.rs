//! Segments made by hand, and read back.

use std::fmt;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol,
    Icmpv4DstUnreachable, Icmpv4Packet, Icmpv4Repr, IpProtocol, Ipv4Address, Ipv4Packet, Ipv4Repr,
    TcpControl, TcpPacket, TcpRepr, TcpSeqNumber,
};

/// The subject.
pub(crate) const US: Ipv4Address = Ipv4Address::new(192, 0, 2, 1);
/// The peer made by hand.
pub(crate) const PEER: Ipv4Address = Ipv4Address::new(192, 0, 2, 2);

/// The hardware address of a host.
pub(crate) fn mac_of(address: Ipv4Address) -> EthernetAddress {
    let [a, b, c, d] = address.octets();
    EthernetAddress([2, 0, a, b, c, d])
}

/// A segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) src: Ipv4Address,
    pub(crate) dst: Ipv4Address,
    pub(crate) src_port: u16,
    pub(crate) dst_port: u16,
    pub(crate) control: TcpControl,
    pub(crate) seq: u32,
    pub(crate) ack: Option<u32>,
    pub(crate) window: u16,
    pub(crate) mss: Option<u16>,
    pub(crate) scale: Option<u8>,
    pub(crate) sack: bool,
    pub(crate) urgent: bool,
    /// The control bits, if others than those that the rest says.
    pub(crate) bits: Option<u8>,
    /// Octets of options, a multiple of four, in place of those that the rest says.
    pub(crate) options: Vec<u8>,
    pub(crate) data: Vec<u8>,
    /// Where a forged one comes from, if not from its source.
    pub(crate) from: Option<EthernetAddress>,
    /// Where it goes, if not to the subject.
    pub(crate) to: Option<EthernetAddress>,
}

impl Default for Segment {
    /// From the peer to the subject.
    fn default() -> Self {
        Self {
            src: PEER,
            dst: US,
            src_port: 40_000,
            dst_port: super::PORT,
            control: TcpControl::None,
            seq: 0,
            ack: None,
            window: 4096,
            mss: None,
            scale: None,
            sack: false,
            urgent: false,
            bits: None,
            options: Vec::new(),
            data: Vec::new(),
            from: None,
            to: None,
        }
    }
}

impl Segment {
    pub(crate) fn syn(self) -> Self {
        let control = TcpControl::Syn;
        Self { control, ..self }
    }

    pub(crate) fn fin(self) -> Self {
        let control = TcpControl::Fin;
        Self { control, ..self }
    }

    pub(crate) fn rst(self) -> Self {
        let control = TcpControl::Rst;
        Self { control, ..self }
    }

    pub(crate) fn data(self, data: &[u8]) -> Self {
        let data = data.to_vec();
        Self { data, ..self }
    }

    pub(crate) fn is_syn(&self) -> bool {
        self.control == TcpControl::Syn
    }

    pub(crate) fn is_fin(&self) -> bool {
        self.control == TcpControl::Fin
    }

    pub(crate) fn is_rst(&self) -> bool {
        self.control == TcpControl::Rst
    }

    /// Nothing but an acknowledgment.
    pub(crate) fn is_ack_of(&self, number: u32) -> bool {
        self.control == TcpControl::None && self.data.is_empty() && self.ack == Some(number)
    }

    fn repr(&self) -> TcpRepr<'_> {
        TcpRepr {
            src_port: self.src_port,
            dst_port: self.dst_port,
            control: self.control,
            seq_number: TcpSeqNumber(self.seq as i32),
            ack_number: self.ack.map(|ack| TcpSeqNumber(ack as i32)),
            window_len: self.window,
            window_scale: self.scale,
            max_seg_size: self.mss,
            sack_permitted: self.sack,
            sack_ranges: [None; 3],
            timestamp: None,
            payload: &self.data,
        }
    }

    /// The segment itself, as it stands on the wire.
    pub(crate) fn octets(&self) -> Vec<u8> {
        let repr = self.repr();
        let mut octets = vec![0; repr.buffer_len()];
        let mut packet = TcpPacket::new_unchecked(&mut octets[..]);
        let (src, dst) = (self.src.into(), self.dst.into());
        repr.emit(&mut packet, &src, &dst, &ChecksumCapabilities::ignored());
        if self.urgent {
            packet.set_urg(true);
            packet.set_urgent_at(1);
        }
        if !self.options.is_empty() {
            let payload = octets.len() - self.data.len();
            octets.splice(20..payload, self.options.iter().copied());
            octets[12] = (5 + self.options.len() as u8 / 4) << 4;
        }
        if let Some(bits) = self.bits {
            octets[13] = bits;
        }
        TcpPacket::new_unchecked(&mut octets[..]).fill_checksum(&src, &dst);
        octets
    }

    /// The frame that carries it.
    pub(crate) fn frame(&self) -> Vec<u8> {
        let segment = self.octets();
        let (from, to) = (
            self.from.unwrap_or(mac_of(self.src)),
            self.to.unwrap_or(mac_of(US)),
        );
        ipv4(
            from,
            to,
            self.src,
            self.dst,
            IpProtocol::Tcp,
            segment.len(),
            |octets| octets.copy_from_slice(&segment),
        )
    }

    /// Reads a frame; `None` if it carries no TCP.
    pub(crate) fn parse(octets: &[u8]) -> Option<Self> {
        let frame = EthernetFrame::new_checked(octets).unwrap();
        if frame.ethertype() != EthernetProtocol::Ipv4 {
            return None;
        }
        let packet = Ipv4Packet::new_checked(frame.payload()).unwrap();
        if packet.next_header() != IpProtocol::Tcp {
            return None;
        }
        let (src, dst) = (packet.src_addr(), packet.dst_addr());
        let tcp = TcpPacket::new_checked(packet.payload()).unwrap();
        let checksums = ChecksumCapabilities::default();
        let repr = TcpRepr::parse(&tcp, &src.into(), &dst.into(), &checksums).unwrap();
        Some(Self {
            src,
            dst,
            src_port: repr.src_port,
            dst_port: repr.dst_port,
            control: repr.control.quash_psh(),
            seq: repr.seq_number.0 as u32,
            ack: repr.ack_number.map(|ack| ack.0 as u32),
            window: repr.window_len,
            mss: repr.max_seg_size,
            scale: repr.window_scale,
            sack: repr.sack_permitted,
            urgent: tcp.urg(),
            bits: None,
            options: Vec::new(),
            data: repr.payload.to_vec(),
            from: Some(frame.src_addr()),
            to: Some(frame.dst_addr()),
        })
    }
}

/// A control by its name; none where there is nothing but the acknowledgment.
pub(crate) fn control_name(control: TcpControl) -> &'static str {
    match control {
        TcpControl::None => "",
        TcpControl::Psh => "PSH ",
        TcpControl::Syn => "SYN ",
        TcpControl::Fin => "FIN ",
        TcpControl::Rst => "RST ",
    }
}

/// Data as far as it is worth reading.
pub(crate) fn data_name(data: &[u8]) -> String {
    match data.len() {
        0 => "no data".to_owned(),
        len @ 1..=16 => format!("{len} octets \"{}\"", data.escape_ascii()),
        len => format!("{len} octets"),
    }
}

impl fmt::Display for Segment {
    /// One line, as a capture shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (src, dst) = (self.src, self.dst);
        write!(f, "{src}:{} > {dst}:{} ", self.src_port, self.dst_port)?;
        write!(f, "{}seq {}", control_name(self.control), self.seq)?;
        if let Some(ack) = self.ack {
            write!(f, " ack {ack}")?;
        }
        write!(f, " window {}", self.window)?;
        if let Some(mss) = self.mss {
            write!(f, " mss {mss}")?;
        }
        if !self.data.is_empty() {
            write!(f, " {}", data_name(&self.data))?;
        }
        Ok(())
    }
}

fn ipv4(
    from: EthernetAddress,
    to: EthernetAddress,
    src: Ipv4Address,
    dst: Ipv4Address,
    protocol: IpProtocol,
    len: usize,
    fill: impl FnOnce(&mut [u8]),
) -> Vec<u8> {
    let mut octets = vec![0; 34 + len];
    let mut frame = EthernetFrame::new_unchecked(&mut octets[..]);
    frame.set_src_addr(from);
    frame.set_dst_addr(to);
    frame.set_ethertype(EthernetProtocol::Ipv4);
    let packet = Ipv4Repr {
        src_addr: src,
        dst_addr: dst,
        next_header: protocol,
        payload_len: len,
        hop_limit: 64,
    };
    let checksums = ChecksumCapabilities::default();
    packet.emit(
        &mut Ipv4Packet::new_unchecked(frame.payload_mut()),
        &checksums,
    );
    fill(&mut frame.payload_mut()[20..]);
    octets
}

/// The answer that gives a host's hardware address to the subject.
pub(crate) fn arp_reply(from: Ipv4Address) -> Vec<u8> {
    let mut octets = vec![0; 42];
    let mut frame = EthernetFrame::new_unchecked(&mut octets[..]);
    frame.set_src_addr(mac_of(from));
    frame.set_dst_addr(mac_of(US));
    frame.set_ethertype(EthernetProtocol::Arp);
    let repr = ArpRepr::EthernetIpv4 {
        operation: ArpOperation::Reply,
        source_hardware_addr: mac_of(from),
        source_protocol_addr: from,
        target_hardware_addr: mac_of(US),
        target_protocol_addr: US,
    };
    repr.emit(&mut ArpPacket::new_unchecked(frame.payload_mut()));
    octets
}

/// An echo request from a host.
pub(crate) fn echo_request(from: Ipv4Address) -> Vec<u8> {
    let repr = Icmpv4Repr::EchoRequest {
        ident: 1,
        seq_no: 1,
        data: b"anybody?",
    };
    let len = repr.buffer_len();
    let (src, dst) = (mac_of(from), mac_of(US));
    ipv4(src, dst, from, US, IpProtocol::Icmp, len, |octets| {
        repr.emit(
            &mut Icmpv4Packet::new_unchecked(octets),
            &ChecksumCapabilities::default(),
        );
    })
}

/// A router's word that a segment of the subject's did not get through.
pub(crate) fn icmp_unreachable(reason: Icmpv4DstUnreachable, about: &Segment) -> Vec<u8> {
    let whole = about.frame();
    let repr = Icmpv4Repr::DstUnreachable {
        reason,
        header: Ipv4Repr {
            src_addr: about.src,
            dst_addr: about.dst,
            next_header: IpProtocol::Tcp,
            payload_len: whole.len() - 34,
            hop_limit: 64,
        },
        data: &whole[34..],
    };
    let router = Ipv4Address::new(192, 0, 2, 254);
    let (from, to) = (mac_of(router), mac_of(US));
    ipv4(
        from,
        to,
        router,
        US,
        IpProtocol::Icmp,
        repr.buffer_len(),
        |octets| {
            let mut packet = Icmpv4Packet::new_unchecked(octets);
            repr.emit(&mut packet, &ChecksumCapabilities::default());
        },
    )
}
