//! Forged frames, of every kind that costs the sender nothing.

use fastrand::Rng;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol,
    Icmpv6Packet, Icmpv6Repr, IpAddress, IpEndpoint, Ipv4Address, Ipv6Address, NdiscNeighborFlags,
    NdiscRepr, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber,
};

use super::network::{HOSTS, host_at};
use crate::host::{self, MAC, PORT};

/// Whose network card they leave.
const FORGER: EthernetAddress = EthernetAddress([2, 0xbb, 0, 0, 0, 1]);

#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Syn,
    Arp,
    Solicitation,
    Udp,
    Icmp,
    Reset,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::Syn,
        Self::Arp,
        Self::Solicitation,
        Self::Udp,
        Self::Icmp,
        Self::Reset,
    ];
}

/// A source address: of somebody who is there, of somebody who is not, or from far away.
fn source(rng: &mut Rng, family: usize) -> IpAddress {
    match (rng.u8(0..4), family) {
        (0, _) => host_at(rng.usize(0..HOSTS), family),
        (1, 0) => host::v4(rng.u8(100..250)),
        (_, 0) => IpAddress::v4(198, 51, rng.u8(..), rng.u8(1..255)),
        (1, _) => host::v6(rng.u16(100..)),
        (_, _) => IpAddress::v6(0x2001, 0xdb8, rng.u16(..), rng.u16(..), 0, 0, 0, 1),
    }
}

/// One frame of a flood at the room, whose addresses these are.
pub(crate) fn forged(kind: Kind, rng: &mut Rng, rooms: [IpEndpoint; 2]) -> Vec<u8> {
    let family = rng.usize(0..2);
    let (src, dst) = (source(rng, family), rooms[family].addr);
    let packet = match kind {
        Kind::Syn => segment(rng, (src, dst), TcpControl::Syn, PORT),
        Kind::Reset => segment(rng, (src, dst), TcpControl::Rst, PORT),
        Kind::Udp => {
            let port = if rng.bool() { PORT } else { rng.u16(1..) };
            host::udp(src, dst, port, b"buy this now\n")
        }
        Kind::Icmp => host::ping(src, dst, rng.usize(0..1000)),
        Kind::Arp => return arp(rng, rooms[0].addr),
        Kind::Solicitation => neighbor(rng, rooms[1].addr),
    };
    let mut frame = host::frame(MAC, &packet);
    frame[6..12].copy_from_slice(&FORGER.0);
    frame
}

fn segment(
    rng: &mut Rng,
    (src, dst): (IpAddress, IpAddress),
    control: TcpControl,
    port: u16,
) -> Vec<u8> {
    let repr = TcpRepr {
        src_port: rng.u16(49_152..),
        dst_port: port,
        control,
        seq_number: TcpSeqNumber(rng.i32(..)),
        ack_number: None,
        window_len: 4096,
        window_scale: None,
        max_seg_size: Some(1460).filter(|_| control == TcpControl::Syn),
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: None,
        payload: &[],
    };
    let mut octets = vec![0; repr.buffer_len()];
    let mut packet = TcpPacket::new_unchecked(&mut octets[..]);
    repr.emit(&mut packet, &src, &dst, &ChecksumCapabilities::default());
    host::ip(src, dst, 6, &octets)
}

/// A question of somebody who is not there, or an answer that nobody asked for.
fn arp(rng: &mut Rng, room: IpAddress) -> Vec<u8> {
    let sender = host::v4(rng.u8(100..250));
    let (IpAddress::Ipv4(sender), IpAddress::Ipv4(room)) = (sender, room) else {
        unreachable!("both are of the first family");
    };
    let operation = if rng.bool() {
        ArpOperation::Request
    } else {
        ArpOperation::Reply
    };
    arp_frame(operation, sender, room)
}

fn arp_frame(operation: ArpOperation, sender: Ipv4Address, target: Ipv4Address) -> Vec<u8> {
    let repr = ArpRepr::EthernetIpv4 {
        operation,
        source_hardware_addr: FORGER,
        source_protocol_addr: sender,
        target_hardware_addr: MAC,
        target_protocol_addr: target,
    };
    let mut octets = vec![0; 14 + repr.buffer_len()];
    let mut frame = EthernetFrame::new_unchecked(&mut octets[..]);
    frame.set_src_addr(FORGER);
    frame.set_dst_addr(MAC);
    frame.set_ethertype(EthernetProtocol::Arp);
    repr.emit(&mut ArpPacket::new_unchecked(frame.payload_mut()));
    octets
}

/// The same on IPv6.
fn neighbor(rng: &mut Rng, room: IpAddress) -> Vec<u8> {
    let src = host::v6(rng.u16(100..));
    let (IpAddress::Ipv6(src), IpAddress::Ipv6(dst)) = (src, room) else {
        unreachable!("both are of the second family");
    };
    let repr = if rng.bool() {
        NdiscRepr::NeighborSolicit {
            target_addr: dst,
            lladdr: Some(FORGER.into()),
        }
    } else {
        NdiscRepr::NeighborAdvert {
            flags: NdiscNeighborFlags::SOLICITED | NdiscNeighborFlags::OVERRIDE,
            target_addr: src,
            lladdr: Some(FORGER.into()),
        }
    };
    message(src, dst, &Icmpv6Repr::Ndisc(repr))
}

fn message(src: Ipv6Address, dst: Ipv6Address, repr: &Icmpv6Repr<'_>) -> Vec<u8> {
    let mut octets = vec![0; repr.buffer_len()];
    let mut packet = Icmpv6Packet::new_unchecked(&mut octets[..]);
    repr.emit(&src, &dst, &mut packet, &ChecksumCapabilities::default());
    let mut packet = host::ip(src.into(), dst.into(), 58, &octets);
    // Neighbours are heard from this link only (RFC 4861 section 7.1).
    packet[7] = 255;
    packet
}
