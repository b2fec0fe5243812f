//! The header that stands before each frame of a TAP with segmentation offload (`IFF_VNET_HDR`; virtio
//! 1.2 section 5.1.6), and what its flags leave to do.
//!
//! The kernel hands over TCP segments of up to 64 KiB as if the network could carry them, and takes such
//! segments to cut them itself. Checksums that never cross a real wire are not computed: the header says
//! so of a received frame, and asks for it with a sent one. What is received and vouched for by nobody is
//! verified here, so whoever sits on such a device need not verify checksums of TCP and UDP at all.

use core::num::NonZeroU16;
use core::ops::Range;

use smoltcp::wire::{
    EthernetFrame, EthernetProtocol, IpAddress, IpProtocol, Ipv4Packet, Ipv6Packet, TcpPacket,
    UdpPacket, checksum,
};

/// Octets of the header.
pub(super) const HEADER: usize = 10;

/// The longest frame in octets: an Ethernet header and the longest IPv4 packet.
pub const MAX_SEGMENT_FRAME: usize = ETHERNET_HEADER + 65_535;

const ETHERNET_HEADER: usize = 14;
const UDP_HEADER: usize = 8;

/// The checksum is that of the pseudo-header only.
const NEEDS_CHECKSUM: u8 = 1;
/// The checksum was verified.
const VERIFIED: u8 = 2;

/// The kind of segmentation, without the bit that stands for ECN.
const KIND: u8 = 0x7f;
const TCP_OVER_IPV4: u8 = 1;
const TCP_OVER_IPV6: u8 = 4;
const DATAGRAMS: u8 = 5;

/// Where the checksum of a TCP segment is.
const TCP_CHECKSUM: u16 = 16;

/// What to do with a frame that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Hand it over.
    Whole,
    /// Hand it over in parts.
    Train(Train),
    /// Its checksum is wrong.
    Damaged,
}

/// Judges a frame that was read by its header.
pub(super) fn arrival(header: &[u8], frame: &[u8]) -> Arrival {
    if header[1] & KIND == DATAGRAMS {
        let size = usize::from(u16::from_ne_bytes([header[4], header[5]]));
        return Train::of(frame, size).map_or(Arrival::Damaged, Arrival::Train);
    }
    let vouched_for = header[0] & (NEEDS_CHECKSUM | VERIFIED) != 0;
    match Transport::of(frame) {
        Some(transport) if !vouched_for && !transport.verifies(frame) => Arrival::Damaged,
        // What is malformed is for the stack to find, and to name.
        Some(_) | None => Arrival::Whole,
    }
}

/// Completes a frame that is to be sent, and writes what stands before it. A TCP segment with more than
/// `size` octets of data is cut by the kernel.
pub(super) fn depart(header: &mut [u8], frame: &mut [u8], size: Option<NonZeroU16>) {
    header.fill(0);
    let Some(transport) = Transport::of(frame) else {
        return;
    };
    if transport.protocol != IpProtocol::Tcp {
        return;
    }
    let pseudo = transport.pseudo_header();
    let mut segment = TcpPacket::new_unchecked(&mut frame[transport.octets.clone()]);
    segment.set_checksum(pseudo);
    let headers = transport.octets.start + usize::from(segment.header_len());
    let kind = match (size, transport.src) {
        (None, _) => 0,
        (Some(_), IpAddress::Ipv4(_)) => TCP_OVER_IPV4,
        (Some(_), IpAddress::Ipv6(_)) => TCP_OVER_IPV6,
    };
    let fields = [
        headers as u16,
        size.map_or(0, NonZeroU16::get),
        transport.octets.start as u16,
        TCP_CHECKSUM,
    ];
    header[..2].copy_from_slice(&[NEEDS_CHECKSUM, kind]);
    for (place, field) in header[2..].chunks_exact_mut(2).zip(fields) {
        place.copy_from_slice(&field.to_ne_bytes());
    }
}

/// What an IP packet carries, and where that is in the frame.
#[derive(Debug)]
struct Transport {
    protocol: IpProtocol,
    octets: Range<usize>,
    src: IpAddress,
    dst: IpAddress,
}

impl Transport {
    /// `None` for anything but TCP and UDP, for fragments, and for what is malformed.
    fn of(frame: &[u8]) -> Option<Self> {
        let ethernet = EthernetFrame::new_checked(frame).ok()?;
        let transport = match ethernet.ethertype() {
            EthernetProtocol::Ipv4 => {
                let packet = Ipv4Packet::new_checked(ethernet.payload()).ok()?;
                if packet.more_frags() || packet.frag_offset() != 0 {
                    return None;
                }
                let start = ETHERNET_HEADER + usize::from(packet.header_len());
                let end = ETHERNET_HEADER + usize::from(packet.total_len());
                Self {
                    protocol: packet.next_header(),
                    octets: start..end,
                    src: packet.src_addr().into(),
                    dst: packet.dst_addr().into(),
                }
            }
            EthernetProtocol::Ipv6 => {
                let packet = Ipv6Packet::new_checked(ethernet.payload()).ok()?;
                let start = ETHERNET_HEADER + packet.header_len();
                Self {
                    protocol: packet.next_header(),
                    octets: start..start + usize::from(packet.payload_len()),
                    src: packet.src_addr().into(),
                    dst: packet.dst_addr().into(),
                }
            }
            _ => return None,
        };
        let octets = frame.get(transport.octets.clone())?;
        let whole = match transport.protocol {
            IpProtocol::Tcp => TcpPacket::new_checked(octets).is_ok(),
            IpProtocol::Udp => UdpPacket::new_checked(octets).is_ok(),
            _ => false,
        };
        whole.then_some(transport)
    }

    fn pseudo_header(&self) -> u16 {
        let len = self.octets.len() as u32;
        checksum::pseudo_header(&self.src, &self.dst, self.protocol, len)
    }

    fn verifies(&self, frame: &[u8]) -> bool {
        let octets = &frame[self.octets.clone()];
        match self.protocol {
            IpProtocol::Tcp => {
                TcpPacket::new_unchecked(octets).verify_checksum(&self.src, &self.dst)
            }
            // A checksum of zero was not computed; the stack knows where that is allowed.
            IpProtocol::Udp => {
                let datagram = UdpPacket::new_unchecked(octets);
                datagram.checksum() == 0 || datagram.verify_checksum(&self.src, &self.dst)
            }
            _ => true,
        }
    }
}

/// Datagrams of one flow that arrived as one frame: headers once, then the payloads one behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Train {
    /// Where the headers are, and how long they are in all.
    headers: Range<usize>,
    /// Payload that was not handed over yet.
    left: Range<usize>,
    /// Octets of payload of each datagram, but perhaps the last.
    size: usize,
}

impl Train {
    fn of(frame: &[u8], size: usize) -> Option<Self> {
        let Transport {
            protocol, octets, ..
        } = Transport::of(frame)?;
        let payload = octets.start + UDP_HEADER;
        (protocol == IpProtocol::Udp && size > 0).then_some(Self {
            headers: 0..payload,
            left: payload..octets.end,
            size,
        })
    }

    /// Makes the next datagram a frame of its own where it stands: the headers move up to its payload,
    /// over what was handed over before. Says where it is; `None` after the last.
    pub(super) fn next(&mut self, frame: &mut [u8]) -> Option<Range<usize>> {
        if self.left.is_empty() {
            return None;
        }
        let end = self.left.end.min(self.left.start + self.size);
        let start = self.left.start - self.headers.len();
        frame.copy_within(self.headers.clone(), start);
        self.headers = start..self.left.start;
        self.left.start = end;
        set_lengths(&mut frame[start..end], self.headers.len() - UDP_HEADER);
        Some(start..end)
    }
}

/// Writes the lengths of a frame that carries one datagram, whose header is at `udp`, and the checksum
/// of its IPv4 header.
fn set_lengths(frame: &mut [u8], udp: usize) {
    let len = frame.len();
    let packet = &mut frame[ETHERNET_HEADER..];
    match packet[0] >> 4 {
        4 => {
            let mut packet = Ipv4Packet::new_unchecked(packet);
            packet.set_total_len((len - ETHERNET_HEADER) as u16);
            packet.fill_checksum();
        }
        _ => Ipv6Packet::new_unchecked(packet).set_payload_len((len - udp) as u16),
    }
    UdpPacket::new_unchecked(&mut frame[udp..]).set_len((len - udp) as u16);
}

#[cfg(test)]
mod tests {
    use smoltcp::phy::ChecksumCapabilities;
    use smoltcp::wire::{
        EthernetAddress, IpRepr, Ipv4Address, Ipv6Address, TcpControl, TcpRepr, TcpSeqNumber,
        UdpRepr,
    };
    use std::vec::Vec;

    use super::*;

    const IPV4: (IpAddress, IpAddress) = (
        IpAddress::Ipv4(Ipv4Address::new(192, 0, 2, 1)),
        IpAddress::Ipv4(Ipv4Address::new(192, 0, 2, 2)),
    );
    const IPV6: (IpAddress, IpAddress) = (
        IpAddress::Ipv6(Ipv6Address::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
        IpAddress::Ipv6(Ipv6Address::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2)),
    );
    /// Nobody says anything about the frame.
    const SILENT: [u8; HEADER] = [0; HEADER];

    fn frame(
        (src, dst): (IpAddress, IpAddress),
        protocol: IpProtocol,
        len: usize,
        emit: impl FnOnce(&mut [u8]),
    ) -> Vec<u8> {
        let ip = IpRepr::new(src, dst, protocol, len, 64);
        let mut octets = std::vec![0; ETHERNET_HEADER + ip.buffer_len()];
        let mut ethernet = EthernetFrame::new_unchecked(&mut octets);
        ethernet.set_dst_addr(EthernetAddress([2, 0, 0, 0, 0, 1]));
        ethernet.set_ethertype(match src {
            IpAddress::Ipv4(_) => EthernetProtocol::Ipv4,
            IpAddress::Ipv6(_) => EthernetProtocol::Ipv6,
        });
        ip.emit(ethernet.payload_mut(), &ChecksumCapabilities::default());
        emit(&mut ethernet.payload_mut()[ip.header_len()..]);
        octets
    }

    fn segment(ends: (IpAddress, IpAddress), payload: &[u8]) -> Vec<u8> {
        let repr = TcpRepr {
            src_port: 1000,
            dst_port: 7,
            control: TcpControl::Psh,
            seq_number: TcpSeqNumber(1),
            ack_number: Some(TcpSeqNumber(1)),
            window_len: 100,
            window_scale: None,
            max_seg_size: None,
            sack_permitted: false,
            sack_ranges: [None; 3],
            timestamp: None,
            payload,
        };
        frame(ends, IpProtocol::Tcp, repr.buffer_len(), |octets| {
            let mut packet = TcpPacket::new_unchecked(octets);
            repr.emit(
                &mut packet,
                &ends.0,
                &ends.1,
                &ChecksumCapabilities::default(),
            );
        })
    }

    fn datagram(ends: (IpAddress, IpAddress), payload: &[u8]) -> Vec<u8> {
        let repr = UdpRepr {
            src_port: 1000,
            dst_port: 7,
        };
        frame(
            ends,
            IpProtocol::Udp,
            UDP_HEADER + payload.len(),
            |octets| {
                let mut packet = UdpPacket::new_unchecked(octets);
                let write = |place: &mut [u8]| place.copy_from_slice(payload);
                let checksums = ChecksumCapabilities::default();
                repr.emit(
                    &mut packet,
                    &ends.0,
                    &ends.1,
                    payload.len(),
                    write,
                    &checksums,
                );
            },
        )
    }

    #[test]
    fn a_wrong_checksum_counts_where_nobody_vouches_for_it() {
        for ends in [IPV4, IPV6] {
            for mut frame in [segment(ends, b"text"), datagram(ends, b"text")] {
                assert_eq!(arrival(&SILENT, &frame), Arrival::Whole);
                *frame.last_mut().unwrap() ^= 1;
                assert_eq!(arrival(&SILENT, &frame), Arrival::Damaged);
                for flag in [NEEDS_CHECKSUM, VERIFIED] {
                    let mut header = SILENT;
                    header[0] = flag;
                    assert_eq!(arrival(&header, &frame), Arrival::Whole);
                }
            }
        }
    }

    #[test]
    fn what_is_malformed_is_left_to_the_stack() {
        let whole = segment(IPV4, b"text");
        for len in 0..whole.len() {
            assert_eq!(arrival(&SILENT, &whole[..len]), Arrival::Whole);
        }
    }

    #[test]
    fn a_segment_leaves_with_the_sum_of_its_pseudo_header_and_directions_for_the_rest() {
        for (ends, kind, at) in [(IPV4, TCP_OVER_IPV4, 34), (IPV6, TCP_OVER_IPV6, 54)] {
            let mut frame = segment(ends, &[7; 3000]);
            let mut header = [9; HEADER];
            depart(&mut header, &mut frame, NonZeroU16::new(1460));
            let field = |at: usize| u16::from_ne_bytes([header[at], header[at + 1]]);
            assert_eq!(header[..2], [NEEDS_CHECKSUM, kind]);
            assert_eq!(
                [field(2), field(4), field(6), field(8)],
                [at + 20, 1460, at, 16]
            );
            // What the kernel does: the sum from there on, with what is in the field, is the checksum.
            let sum = !checksum::data(&frame[usize::from(at)..]);
            let mut packet = TcpPacket::new_unchecked(&mut frame[usize::from(at)..]);
            packet.set_checksum(sum);
            assert!(packet.verify_checksum(&ends.0, &ends.1));
            depart(&mut header, &mut frame, None);
            assert_eq!(header[..2], [NEEDS_CHECKSUM, 0]);
        }
    }

    #[test]
    fn a_datagram_leaves_as_it_is() {
        let mut frame = datagram(IPV4, b"text");
        let before = frame.clone();
        let mut header = [9; HEADER];
        depart(&mut header, &mut frame, None);
        assert_eq!((header, frame), (SILENT, before));
    }

    #[test]
    fn datagrams_that_came_together_are_handed_over_one_by_one() {
        for ends in [IPV4, IPV6] {
            let payload: Vec<u8> = (0..=255).cycle().take(1050).collect();
            let mut frame = datagram(ends, &payload);
            let mut header = SILENT;
            header[..2].copy_from_slice(&[NEEDS_CHECKSUM, DATAGRAMS]);
            // Parts that are shorter than the headers, and longer.
            for size in [10u16, 500] {
                let mut octets = frame.clone();
                header[4..6].copy_from_slice(&size.to_ne_bytes());
                let Arrival::Train(mut train) = arrival(&header, &octets) else {
                    panic!();
                };
                for expected in payload.chunks(size.into()) {
                    let place = train.next(&mut octets).unwrap();
                    let part = &mut octets[place];
                    let transport = Transport::of(part).unwrap();
                    assert_eq!((transport.src, transport.dst), ends);
                    let mut packet = UdpPacket::new_unchecked(&mut part[transport.octets]);
                    packet.fill_checksum(&ends.0, &ends.1);
                    assert_eq!(*part, datagram(ends, expected));
                }
                assert_eq!(train.next(&mut octets), None);
            }
            header[4..6].fill(0);
            assert_eq!(arrival(&header, &frame), Arrival::Damaged);
            frame.truncate(20);
            assert_eq!(arrival(&header, &frame), Arrival::Damaged);
        }
    }
}
