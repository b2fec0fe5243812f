//! The straight way: a segment without options in any header, whose control bits do not contradict each other,
//! as nearly all are; and a datagram of our own. Each is read at fixed places, once, when it comes and when it
//! leaves.
//!
//! The long way ([`packet`](super::packet), [`segment`](super::segment)) is the definition: checked builds
//! hold each segment that is read here against it.

#[cfg(feature = "ipv6")]
use smoltcp::wire::Ipv6Address;
use smoltcp::wire::{EthernetProtocol, IpAddress, IpEndpoint, IpProtocol, Ipv4Address, TcpPacket};

use super::ethernet::Ethernet;
use super::parts;
use crate::trace::{Flags, Header, SeqNumber};

/// Octets of a header of TCP, of UDP, of IPv4 and of IPv6 without options.
const TCP: usize = 20;
const UDP: usize = 8;
const V4: usize = 20;
#[cfg(feature = "ipv6")]
const V6: usize = 40;

/// A packet that is whole and has no options.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plain<'p> {
    /// The sender.
    src: IpAddress,
    /// The receiver.
    dst: IpAddress,
    protocol: u8,
    payload: &'p [u8],
}

/// A plain segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment<'p> {
    // A value: whoever is given one reads all of it.
    /// The sender.
    pub(super) src: IpEndpoint,
    /// The receiver.
    pub(super) dst: IpEndpoint,
    /// The header's facts.
    pub(super) header: Header,
    /// All of it.
    pub(super) octets: &'p [u8],
}

/// Reads the packet in a frame, and verifies nothing of it; `None`: it takes the long way.
#[inline]
pub(super) fn read<'p>(ethernet: &Ethernet<'p>) -> Option<Plain<'p>> {
    if !parts::STRAIGHT_WAY {
        return None;
    }
    match ethernet.protocol {
        EthernetProtocol::Ipv4 => read_v4(ethernet.payload),
        #[cfg(feature = "ipv6")]
        EthernetProtocol::Ipv6 => read_v6(ethernet.payload),
        _ => None,
    }
}

#[inline]
fn read_v4(packet: &[u8]) -> Option<Plain<'_>> {
    let ip: &[u8; V4] = packet.first_chunk()?;
    let len = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
    // Version 4 and five words; no piece of a datagram.
    let plain = ip[0] == 0x45 && ip[6] & 0x3F == 0 && ip[7] == 0;
    plain.then_some(Plain {
        src: Ipv4Address::new(ip[12], ip[13], ip[14], ip[15]).into(),
        dst: Ipv4Address::new(ip[16], ip[17], ip[18], ip[19]).into(),
        protocol: ip[9],
        payload: packet.get(V4..len)?,
    })
}

#[cfg(feature = "ipv6")]
#[inline]
fn read_v6(packet: &[u8]) -> Option<Plain<'_>> {
    let ip: &[u8; V6] = packet.first_chunk()?;
    let len = usize::from(u16::from_be_bytes([ip[4], ip[5]]));
    let address = |at: usize| {
        let octets: [u8; 16] = *ip[at..].first_chunk()?;
        Some(IpAddress::from(Ipv6Address::from(octets)))
    };
    (ip[0] >> 4 == 6).then_some(Plain {
        src: address(8)?,
        dst: address(24)?,
        protocol: ip[6],
        payload: packet.get(V6..V6 + len)?,
    })
}

impl<'p> Plain<'p> {
    /// The segment in it, whose checksum is looked at if that is to be verified; `None`: it takes the long way,
    /// or there is none.
    #[inline]
    pub(super) fn segment(&self, verify: bool) -> Option<Segment<'p>> {
        if self.protocol != u8::from(IpProtocol::Tcp) {
            return None;
        }
        let octets = self.payload;
        let tcp: &[u8; TCP] = octets.first_chunk()?;
        let flags = Flags::from_bits(tcp[13]);
        let right = || TcpPacket::new_unchecked(octets).verify_checksum(&self.src, &self.dst);
        if tcp[12] != 0x50 || flags.contradict() || verify && !right() {
            return None;
        }
        let number = |at: usize| {
            SeqNumber::new(u32::from_be_bytes([
                tcp[at],
                tcp[at + 1],
                tcp[at + 2],
                tcp[at + 3],
            ]))
        };
        let (src, dst) = self.endpoints()?;
        Some(Segment {
            src,
            dst,
            header: Header {
                seq: number(4),
                ack: if flags.contains(Flags::ACK) {
                    number(8)
                } else {
                    SeqNumber::default()
                },
                flags,
                len: (octets.len() - TCP) as u16,
                window: u16::from_be_bytes([tcp[14], tcp[15]]),
                ..Header::default()
            },
            octets,
        })
    }

    /// Between which endpoints the datagram in it goes, and its octets of payload; `None`: it takes the long
    /// way, or there is none. Nothing is verified.
    #[inline]
    pub(super) fn datagram(&self) -> Option<(IpEndpoint, IpEndpoint, u16)> {
        let len = self.payload.len().checked_sub(UDP)?;
        if self.protocol != u8::from(IpProtocol::Udp) {
            return None;
        }
        let (src, dst) = self.endpoints()?;
        Some((src, dst, len as u16))
    }

    /// The two ports with which both protocols begin; `None` if one is 0.
    #[inline]
    fn endpoints(&self) -> Option<(IpEndpoint, IpEndpoint)> {
        let [s0, s1, d0, d1] = *self.payload.first_chunk()?;
        let (src, dst) = (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
        (src != 0 && dst != 0).then_some((
            IpEndpoint::new(self.src, src),
            IpEndpoint::new(self.dst, dst),
        ))
    }
}
