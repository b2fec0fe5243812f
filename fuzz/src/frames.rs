//! Frames composed and read, with smoltcp's `wire`.

use smolchat::trace::{Flags, Flow, Header, Neighbor, Options, SeqNumber};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol,
    Icmpv4Packet, Icmpv6Packet, Icmpv6Repr, IpAddress, IpEndpoint, IpProtocol, IpRepr, Ipv4Packet,
    Ipv6Address, Ipv6Packet, NdiscNeighborFlags, NdiscRepr, TcpOption, TcpPacket, TcpSeqNumber,
    UdpPacket,
};

/// Octets of the Ethernet header.
pub const ETHERNET: usize = 14;

/// Who sends a frame to whom.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    pub from: EthernetAddress,
    pub to: EthernetAddress,
}

/// A TCP header as it is to stand on the wire, right or wrong.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tcp<'o> {
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
    pub window: u16,
    /// A multiple of four octets.
    pub options: &'o [u8],
}

/// Writes an Ethernet and an IP header into `frame`, and makes room for `len` octets of payload.
fn ip(
    frame: &mut Vec<u8>,
    link: Link,
    addresses: (IpAddress, IpAddress),
    protocol: IpProtocol,
    len: usize,
    hop_limit: u8,
) -> &mut [u8] {
    let repr = IpRepr::new(addresses.0, addresses.1, protocol, len, hop_limit);
    let at = ETHERNET + repr.header_len();
    frame.clear();
    frame.resize(at + len, 0);
    let mut ethernet = EthernetFrame::new_unchecked(&mut frame[..]);
    ethernet.set_src_addr(link.from);
    ethernet.set_dst_addr(link.to);
    ethernet.set_ethertype(match addresses.0 {
        IpAddress::Ipv4(_) => EthernetProtocol::Ipv4,
        IpAddress::Ipv6(_) => EthernetProtocol::Ipv6,
    });
    repr.emit(ethernet.payload_mut(), &ChecksumCapabilities::default());
    &mut frame[at..]
}

/// A TCP segment; `fill` writes its `len` octets of data.
pub fn tcp(
    frame: &mut Vec<u8>,
    link: Link,
    (src, dst): (IpEndpoint, IpEndpoint),
    header: Tcp<'_>,
    len: usize,
    fill: impl FnOnce(&mut [u8]),
) {
    let header_len = 20 + header.options.len();
    let addresses = (src.addr, dst.addr);
    let octets = ip(
        frame,
        link,
        addresses,
        IpProtocol::Tcp,
        header_len + len,
        64,
    );
    fill(&mut octets[header_len..]);
    octets[20..header_len].copy_from_slice(header.options);
    let mut packet = TcpPacket::new_unchecked(octets);
    packet.set_src_port(src.port);
    packet.set_dst_port(dst.port);
    packet.set_seq_number(TcpSeqNumber(header.seq as i32));
    packet.set_ack_number(TcpSeqNumber(header.ack as i32));
    packet.set_header_len(header_len as u8);
    packet.set_window_len(header.window);
    packet.clear_flags();
    packet.into_inner()[13] |= header.flags;
    let octets = &mut frame[ETHERNET + header_of(src.addr)..];
    TcpPacket::new_unchecked(octets).fill_checksum(&src.addr, &dst.addr);
}

fn header_of(address: IpAddress) -> usize {
    match address {
        IpAddress::Ipv4(_) => 20,
        IpAddress::Ipv6(_) => 40,
    }
}

/// A UDP datagram.
pub fn udp(frame: &mut Vec<u8>, link: Link, (src, dst): (IpEndpoint, IpEndpoint), payload: &[u8]) {
    let addresses = (src.addr, dst.addr);
    let octets = ip(
        frame,
        link,
        addresses,
        IpProtocol::Udp,
        8 + payload.len(),
        64,
    );
    let mut packet = UdpPacket::new_unchecked(octets);
    packet.set_src_port(src.port);
    packet.set_dst_port(dst.port);
    packet.set_len(8 + payload.len() as u16);
    packet.payload_mut().copy_from_slice(payload);
    packet.fill_checksum(&src.addr, &dst.addr);
}

/// An ICMP message of either family: its type, code, the four octets behind them, and the rest.
pub fn icmp(
    frame: &mut Vec<u8>,
    link: Link,
    (src, dst): (IpAddress, IpAddress),
    (kind, code): (u8, u8),
    rest: &[u8],
) {
    let v4 = matches!(src, IpAddress::Ipv4(_));
    let protocol = if v4 {
        IpProtocol::Icmp
    } else {
        IpProtocol::Icmpv6
    };
    let octets = ip(frame, link, (src, dst), protocol, 8 + rest.len(), 255);
    octets[0] = kind;
    octets[1] = code;
    octets[8..].copy_from_slice(rest);
    match (src, dst) {
        (IpAddress::Ipv6(src), IpAddress::Ipv6(dst)) => {
            Icmpv6Packet::new_unchecked(octets).fill_checksum(&src, &dst);
        }
        (_, _) => Icmpv4Packet::new_unchecked(octets).fill_checksum(),
    }
}

/// ARP, or the neighbour solicitation of IPv6: `src` asks where `target` is.
pub fn ask(frame: &mut Vec<u8>, link: Link, src: IpAddress, target: IpAddress) {
    match (src, target) {
        (IpAddress::Ipv4(src), IpAddress::Ipv4(target)) => {
            arp(frame, link, ArpOperation::Request, (link.from, src), target);
        }
        (IpAddress::Ipv6(src), IpAddress::Ipv6(target)) => {
            let repr = NdiscRepr::NeighborSolicit {
                target_addr: target,
                lladdr: (!src.is_unspecified()).then(|| link.from.into()),
            };
            ndisc(frame, link, src, target, repr);
        }
        (_, _) => {}
    }
}

/// The answer to such a question, or the same unasked.
pub fn tell(frame: &mut Vec<u8>, link: Link, src: IpAddress, dst: IpAddress) {
    match (src, dst) {
        (IpAddress::Ipv4(src), IpAddress::Ipv4(dst)) => {
            arp(frame, link, ArpOperation::Reply, (link.from, src), dst);
        }
        (IpAddress::Ipv6(src), IpAddress::Ipv6(dst)) => {
            let repr = NdiscRepr::NeighborAdvert {
                flags: NdiscNeighborFlags::SOLICITED | NdiscNeighborFlags::OVERRIDE,
                target_addr: src,
                lladdr: Some(link.from.into()),
            };
            ndisc(frame, link, src, dst, repr);
        }
        (_, _) => {}
    }
}

fn arp(
    frame: &mut Vec<u8>,
    link: Link,
    operation: ArpOperation,
    source: (EthernetAddress, smoltcp::wire::Ipv4Address),
    target: smoltcp::wire::Ipv4Address,
) {
    let repr = ArpRepr::EthernetIpv4 {
        operation,
        source_hardware_addr: source.0,
        source_protocol_addr: source.1,
        target_hardware_addr: link.to,
        target_protocol_addr: target,
    };
    frame.clear();
    frame.resize(ETHERNET + repr.buffer_len(), 0);
    let mut ethernet = EthernetFrame::new_unchecked(&mut frame[..]);
    ethernet.set_src_addr(link.from);
    ethernet.set_dst_addr(link.to);
    ethernet.set_ethertype(EthernetProtocol::Arp);
    repr.emit(&mut ArpPacket::new_unchecked(ethernet.payload_mut()));
}

fn ndisc(frame: &mut Vec<u8>, link: Link, src: Ipv6Address, dst: Ipv6Address, repr: NdiscRepr<'_>) {
    let repr = Icmpv6Repr::Ndisc(repr);
    let addresses = (src.into(), dst.into());
    let len = repr.buffer_len();
    let octets = ip(frame, link, addresses, IpProtocol::Icmpv6, len, 255);
    let mut packet = Icmpv6Packet::new_unchecked(octets);
    repr.emit(&src, &dst, &mut packet, &ChecksumCapabilities::default());
}

/// Puts an empty hop-by-hop header between the IPv6 header and what follows.
pub fn extend(frame: &mut Vec<u8>) {
    let at = ETHERNET + 40;
    if frame.len() < at || frame[12..14] != [0x86, 0xdd] {
        return;
    }
    let next = frame[ETHERNET + 6];
    frame.splice(at..at, [next, 0, 1, 4, 0, 0, 0, 0]);
    frame[ETHERNET + 6] = 0;
    let len = (frame.len() - at) as u16;
    frame[ETHERNET + 4..ETHERNET + 6].copy_from_slice(&len.to_be_bytes());
}

/// Makes the checksums of a frame right, as far as it can be read.
pub fn mend(frame: &mut [u8]) {
    let Some(octets) = frame.get_mut(ETHERNET..) else {
        return;
    };
    let (src, dst, protocol) = if let Ok(mut packet) = Ipv4Packet::new_checked(&mut octets[..]) {
        packet.fill_checksum();
        let addresses = (packet.src_addr().into(), packet.dst_addr().into());
        (addresses.0, addresses.1, packet.next_header())
    } else if let Ok(packet) = Ipv6Packet::new_checked(&octets[..]) {
        let addresses = (packet.src_addr().into(), packet.dst_addr().into());
        (addresses.0, addresses.1, packet.next_header())
    } else {
        return;
    };
    let at = match src {
        IpAddress::Ipv4(_) => usize::from(octets[0] & 15) * 4,
        IpAddress::Ipv6(_) => 40,
    };
    let payload = &mut octets[at..];
    match (protocol, src, dst) {
        (IpProtocol::Tcp, _, _) if TcpPacket::new_checked(&payload[..]).is_ok() => {
            TcpPacket::new_unchecked(payload).fill_checksum(&src, &dst);
        }
        (IpProtocol::Udp, _, _) if UdpPacket::new_checked(&payload[..]).is_ok() => {
            UdpPacket::new_unchecked(payload).fill_checksum(&src, &dst);
        }
        (IpProtocol::Icmp, _, _) if Icmpv4Packet::new_checked(&payload[..]).is_ok() => {
            Icmpv4Packet::new_unchecked(payload).fill_checksum();
        }
        (IpProtocol::Icmpv6, IpAddress::Ipv6(src), IpAddress::Ipv6(dst))
            if Icmpv6Packet::new_checked(&payload[..]).is_ok() =>
        {
            Icmpv6Packet::new_unchecked(payload).fill_checksum(&src, &dst);
        }
        (_, _, _) => {}
    }
}

/// A frame that the node sent, in the words of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    Tcp(Flow, Header),
    Udp(Flow, u16),
    Neighbor(Neighbor),
    Icmp(u8, u8),
    /// None of these.
    Other,
}

/// Reads a frame that the node sent; says where its payload is, too.
///
/// # Panics
/// If it is not well-formed: the node must not send such. Checksums are looked at if `sums`.
pub fn read(frame: &[u8], sums: bool) -> (Fact, &[u8]) {
    let ethernet = EthernetFrame::new_checked(frame).expect("an Ethernet frame");
    let octets = ethernet.payload();
    match ethernet.ethertype() {
        EthernetProtocol::Arp => (read_arp(octets), &[]),
        EthernetProtocol::Ipv4 => {
            let packet = Ipv4Packet::new_checked(octets).expect("an IPv4 packet");
            assert!(packet.verify_checksum(), "a wrong checksum of IPv4");
            let addresses = (packet.src_addr().into(), packet.dst_addr().into());
            read_ip(packet.next_header(), addresses, packet.payload(), sums)
        }
        EthernetProtocol::Ipv6 => {
            let packet = Ipv6Packet::new_checked(octets).expect("an IPv6 packet");
            let addresses = (packet.src_addr().into(), packet.dst_addr().into());
            read_ip(packet.next_header(), addresses, packet.payload(), sums)
        }
        other => panic!("the node sent a frame of type {other}"),
    }
}

fn read_arp(octets: &[u8]) -> Fact {
    let packet = ArpPacket::new_checked(octets).expect("an ARP packet");
    let ArpRepr::EthernetIpv4 {
        operation,
        source_protocol_addr: source,
        target_protocol_addr: target,
        ..
    } = ArpRepr::parse(&packet).expect("an ARP packet")
    else {
        return Fact::Other;
    };
    match operation {
        ArpOperation::Request if source.is_unspecified() => {
            Fact::Neighbor(Neighbor::Probed(target.into()))
        }
        // An announcement (RFC 5227 section 2.3).
        ArpOperation::Request if source == target => {
            Fact::Neighbor(Neighbor::WeAnswered(source.into()))
        }
        ArpOperation::Request => Fact::Neighbor(Neighbor::Asked(target.into())),
        ArpOperation::Reply => Fact::Neighbor(Neighbor::WeAnswered(source.into())),
        ArpOperation::Unknown(_) => Fact::Other,
    }
}

fn read_ip(
    protocol: IpProtocol,
    (src, dst): (IpAddress, IpAddress),
    octets: &[u8],
    sums: bool,
) -> (Fact, &[u8]) {
    let flow = |from, to| Flow {
        local: IpEndpoint::new(src, from),
        remote: IpEndpoint::new(dst, to),
    };
    match protocol {
        IpProtocol::Tcp => {
            let packet = TcpPacket::new_checked(octets).expect("a TCP segment");
            let right = !sums || packet.verify_checksum(&src, &dst);
            assert!(right, "a wrong checksum of TCP");
            let flow = flow(packet.src_port(), packet.dst_port());
            (
                Fact::Tcp(flow, header(octets, &packet)),
                &octets[usize::from(packet.header_len())..],
            )
        }
        IpProtocol::Udp => {
            let packet = UdpPacket::new_checked(octets).expect("a datagram");
            let right = !sums || packet.verify_checksum(&src, &dst);
            assert!(right, "a wrong checksum of UDP");
            let flow = flow(packet.src_port(), packet.dst_port());
            (
                Fact::Udp(flow, packet.len() - 8),
                &octets[8..usize::from(packet.len())],
            )
        }
        IpProtocol::Icmp => {
            let packet = Icmpv4Packet::new_checked(octets).expect("an ICMP message");
            assert!(packet.verify_checksum(), "a wrong checksum of ICMP");
            (Fact::Icmp(packet.msg_type().into(), packet.msg_code()), &[])
        }
        IpProtocol::Icmpv6 => (read_icmpv6(octets, src), &[]),
        _ => (Fact::Other, &[]),
    }
}

fn read_icmpv6(octets: &[u8], src: IpAddress) -> Fact {
    use smoltcp::wire::Icmpv6Message::{NeighborAdvert, NeighborSolicit};
    let packet = Icmpv6Packet::new_checked(octets).expect("an ICMPv6 message");
    match packet.msg_type() {
        NeighborSolicit if src.is_unspecified() => {
            Fact::Neighbor(Neighbor::Probed(packet.target_addr().into()))
        }
        NeighborSolicit => Fact::Neighbor(Neighbor::Asked(packet.target_addr().into())),
        NeighborAdvert => Fact::Neighbor(Neighbor::WeAnswered(packet.target_addr().into())),
        kind => Fact::Icmp(kind.into(), packet.msg_code()),
    }
}

fn header(octets: &[u8], packet: &TcpPacket<&[u8]>) -> Header {
    let flags = Flags::from_bits(octets[13]);
    let (mut mss, mut options) = (0, Options::default());
    let mut rest = packet.options();
    while !rest.is_empty() {
        let Ok((next, option)) = TcpOption::parse(rest) else {
            panic!("a TCP option that is none: {rest:?}");
        };
        match option {
            TcpOption::EndOfList => break,
            TcpOption::MaxSegmentSize(size) => mss = size,
            TcpOption::WindowScale(shift) => options = options.with_scale(shift),
            TcpOption::SackPermitted => options = options.with_sack_permitted(),
            TcpOption::SackRange(_) => options = options.with_sack(),
            TcpOption::TimeStamp { .. } => options = options.with_timestamps(),
            TcpOption::NoOperation | TcpOption::Unknown { .. } => {}
        }
        rest = next;
    }
    Header {
        seq: packet.seq_number().into(),
        ack: if flags.contains(Flags::ACK) {
            packet.ack_number().into()
        } else {
            SeqNumber::default()
        },
        flags,
        len: (octets.len() - usize::from(packet.header_len())) as u16,
        window: packet.window_len(),
        mss,
        options,
    }
}
