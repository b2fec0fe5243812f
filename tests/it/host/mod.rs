//! A node with an address of each family, and packets made by hand for it.
use crate::lab::Cable;
use smolchat::node::{Config, Handle, Memory, Node, Sizes};
use smolchat::trace::{Counters, Direction, Kind, Neighbor, State};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, Icmpv4Packet, Icmpv4Repr, Icmpv6Packet,
    Icmpv6Repr, IpAddress, IpCidr, IpRepr, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber, UdpPacket,
    UdpRepr,
};

pub(crate) const MAC: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);
pub(crate) const THEIRS: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 2]);
pub(crate) const PORT: u16 = 9000;

pub(crate) const fn v4(low: u8) -> IpAddress {
    IpAddress::v4(192, 0, 2, low)
}

pub(crate) const fn v6(low: u16) -> IpAddress {
    IpAddress::v6(0xfd00, 0, 0, 0, 0, 0, 0, low)
}

pub(crate) const US: [IpAddress; 2] = [v4(1), v6(1)];
pub(crate) const THEM: [IpAddress; 2] = [v4(2), v6(2)];

/// Hop-by-hop, destination options and fragment headers that ask for nothing; the first octet is left to
/// the builder.
pub(crate) const PADDED: [u8; 7] = [0, 1, 4, 0, 0, 0, 0];
pub(crate) const ATOMIC: [u8; 7] = [0, 0, 0, 1, 2, 3, 4];

/// A node and the cable to it.
pub(crate) struct Host {
    pub(crate) node: Node<'static>,
    pub(crate) cable: Cable,
    pub(crate) now: Instant,
}

impl Host {
    pub(crate) fn new() -> Self {
        Self::on(Cable::default())
    }

    /// One that is told what this cable takes.
    pub(crate) fn on(cable: Cable) -> Self {
        let mut config = Config::new(MAC, IpCidr::new(US[0], 24), [7; 16]);
        config.addresses.push(IpCidr::new(US[1], 64)).unwrap();
        let sizes = Sizes {
            connections: 4,
            events: 16 * 1024,
            ..Sizes::default()
        };
        let mut node = Node::new(config, Memory::heap(sizes), Instant::ZERO).unwrap();
        node.listen(PORT, 4).unwrap();
        node.bind(PORT).unwrap();
        let mut host = Self {
            node,
            cable,
            now: Instant::ZERO,
        };
        // Until it has announced itself.
        for _ in 0..10 {
            host.now += Duration::from_secs(1);
            host.work();
        }
        host
    }

    /// What the node sends when it has nothing more to do; each frame stands in the journal.
    pub(crate) fn work(&mut self) -> Vec<Vec<u8>> {
        let noted = self.left();
        for _ in 0..1000 {
            let _ = self.node.poll(self.now, &mut self.cable);
            if self.cable.inbox.is_empty() {
                break;
            }
        }
        let _ = self.node.poll(self.now, &mut self.cable);
        let sent: Vec<_> = self.cable.outbox.drain(..).collect();
        assert_eq!(self.left() - noted, sent.len());
        sent
    }

    /// How many frames left, as the journal has it.
    pub(crate) fn left(&self) -> usize {
        let out = |kind| match kind {
            Kind::Segment(it) => it.direction == Direction::Out,
            Kind::Stray(it) => it.direction == Direction::Out,
            Kind::Datagram(it) => it.direction == Direction::Out,
            Kind::Icmp { direction, .. } | Kind::Other(direction) => direction == Direction::Out,
            Kind::Neighbor(it) => matches!(
                it,
                Neighbor::Asked(_) | Neighbor::WeAnswered(_) | Neighbor::Probed(_)
            ),
            _ => false,
        };
        assert_eq!(self.node.journal().overwritten(), 0);
        let events = self.node.journal().iter();
        events.filter(|(_, event)| out(event.kind())).count()
    }

    pub(crate) fn give(&mut self, packet: &[u8]) -> Vec<Vec<u8>> {
        self.cable.inbox.push_back(frame(MAC, packet));
        self.work()
    }

    pub(crate) fn counters(&self) -> &Counters {
        self.node.journal().counters()
    }

    pub(crate) fn connection(&self) -> Option<(Handle, State)> {
        let status = self.node.statuses(self.now).next()?;
        Some((self.node.handle_of(status.id)?, status.state))
    }
}

pub(crate) fn frame(to: EthernetAddress, packet: &[u8]) -> Vec<u8> {
    let mut octets = vec![0; 14 + packet.len()];
    let mut frame = EthernetFrame::new_unchecked(&mut octets[..]);
    frame.set_src_addr(THEIRS);
    frame.set_dst_addr(to);
    frame.set_ethertype(match packet[0] >> 4 {
        4 => EthernetProtocol::Ipv4,
        _ => EthernetProtocol::Ipv6,
    });
    frame.payload_mut().copy_from_slice(packet);
    octets
}

pub(crate) fn ip(src: IpAddress, dst: IpAddress, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let repr = IpRepr::new(src, dst, protocol.into(), payload.len(), 64);
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(&mut octets, &ChecksumCapabilities::default());
    octets[repr.header_len()..].copy_from_slice(payload);
    octets
}

/// Puts extension headers, each its number and its octets from the second on, before what an IPv6 packet
/// carries.
pub(crate) fn extended(packet: &[u8], headers: &[(u8, &[u8])]) -> Vec<u8> {
    let mut octets = packet[..40].to_vec();
    let mut named_at = 6;
    for (kind, rest) in headers {
        let next = std::mem::replace(&mut octets[named_at], *kind);
        named_at = octets.len();
        octets.push(next);
        octets.extend(*rest);
    }
    octets.extend(&packet[40..]);
    let len = octets.len() as u16 - 40;
    octets[4..6].copy_from_slice(&len.to_be_bytes());
    octets
}

pub(crate) fn tcp(
    family: usize,
    control: TcpControl,
    seq: u32,
    ack: Option<u32>,
    data: &[u8],
) -> Vec<u8> {
    let repr = TcpRepr {
        src_port: 40_000,
        dst_port: PORT,
        control,
        seq_number: TcpSeqNumber(seq as i32),
        ack_number: ack.map(|ack| TcpSeqNumber(ack as i32)),
        window_len: 4096,
        window_scale: None,
        max_seg_size: None,
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: None,
        payload: data,
    };
    let mut octets = vec![0; repr.buffer_len()];
    let (src, dst) = (THEM[family], US[family]);
    let mut packet = TcpPacket::new_unchecked(&mut octets[..]);
    repr.emit(&mut packet, &src, &dst, &ChecksumCapabilities::default());
    ip(src, dst, 6, &octets)
}

pub(crate) fn udp(src: IpAddress, dst: IpAddress, port: u16, data: &[u8]) -> Vec<u8> {
    let repr = UdpRepr {
        src_port: 40_000,
        dst_port: port,
    };
    let mut octets = vec![0; 8 + data.len()];
    repr.emit(
        &mut UdpPacket::new_unchecked(&mut octets[..]),
        &src,
        &dst,
        data.len(),
        |payload| payload.copy_from_slice(data),
        &ChecksumCapabilities::default(),
    );
    ip(src, dst, 17, &octets)
}

pub(crate) fn ping(src: IpAddress, dst: IpAddress, len: usize) -> Vec<u8> {
    let (checksums, data) = (ChecksumCapabilities::default(), vec![7; len]);
    let mut octets = vec![0; 8 + len];
    if let (IpAddress::Ipv6(from), IpAddress::Ipv6(to)) = (src, dst) {
        let repr = Icmpv6Repr::EchoRequest {
            ident: 1,
            seq_no: 1,
            data: &data,
        };
        let mut packet = Icmpv6Packet::new_unchecked(&mut octets[..]);
        repr.emit(&from, &to, &mut packet, &checksums);
        return ip(src, dst, 58, &octets);
    }
    let repr = Icmpv4Repr::EchoRequest {
        ident: 1,
        seq_no: 1,
        data: &data,
    };
    let mut packet = Icmpv4Packet::new_unchecked(&mut octets[..]);
    repr.emit(&mut packet, &checksums);
    ip(src, dst, 1, &octets)
}

/// What the packet in the one frame that was sent carries.
fn payload(sent: &[Vec<u8>]) -> &[u8] {
    let [frame] = sent else {
        panic!("not one frame: {sent:?}");
    };
    let packet = &frame[14..];
    match packet[0] >> 4 {
        4 => &packet[20..],
        _ => &packet[40..],
    }
}

/// Type, code and the word behind the checksum of the one ICMP message that was sent; its sums are right.
pub(crate) fn message(sent: &[Vec<u8>]) -> (u8, u8, u32) {
    let octets = payload(sent);
    let word = u32::from_be_bytes(octets[4..8].try_into().unwrap());
    (octets[0], octets[1], word)
}

/// The segment in the one frame that was sent: its control bits, number, acknowledgment.
pub(crate) fn segment(sent: &[Vec<u8>]) -> (u8, u32, u32) {
    let octets = payload(sent);
    let number = |at: usize| u32::from_be_bytes(octets[at..at + 4].try_into().unwrap());
    (octets[13], number(4), number(8))
}
