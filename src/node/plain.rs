//! The straight way: a segment that only carries data or acknowledges it, without options in any header, as
//! nearly all are. It is read at fixed places, once, when it comes and when it leaves.
//!
//! The long way ([`packet`](super::packet), [`segment`](super::segment)) is the definition: checked builds
//! hold each segment that is read here against it.

#[cfg(feature = "ipv6")]
use smoltcp::wire::Ipv6Address;
use smoltcp::wire::{IpAddress, IpEndpoint, IpProtocol, Ipv4Address, Ipv4Packet, TcpPacket};

use crate::trace::{Flags, Header};

/// Octets of a header of TCP, of IPv4 and of IPv6 without options.
const TCP: usize = 20;
const V4: usize = 20;
#[cfg(feature = "ipv6")]
const V6: usize = 40;

/// What must be verified; what this node sent itself is not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verify {
    /// The checksum of the IPv4 header.
    pub(super) ip: bool,
    /// The checksum of TCP.
    pub(super) tcp: bool,
}

/// A plain segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plain<'p> {
    /// The sender.
    pub(super) src: IpEndpoint,
    /// The receiver.
    pub(super) dst: IpEndpoint,
    /// The header's facts.
    pub(super) header: Header,
    /// The whole segment.
    pub(super) octets: &'p [u8],
}

/// Reads an IPv4 packet; `None`: it takes the long way.
#[inline]
pub(super) fn read_v4(packet: &[u8], verify: Verify) -> Option<Plain<'_>> {
    let ip: &[u8; V4] = packet.first_chunk()?;
    let len = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
    // Version 4 and five words; no piece of a datagram.
    let plain = ip[0] == 0x45 && ip[6] & 0x3F == 0 && ip[7] == 0;
    if !plain || ip[9] != u8::from(IpProtocol::Tcp) {
        return None;
    }
    let src = Ipv4Address::new(ip[12], ip[13], ip[14], ip[15]);
    let dst = Ipv4Address::new(ip[16], ip[17], ip[18], ip[19]);
    let plain = read(packet.get(V4..len)?, src.into(), dst.into(), verify.tcp)?;
    (!verify.ip || Ipv4Packet::new_unchecked(packet).verify_checksum()).then_some(plain)
}

/// Reads an IPv6 packet; `None`: it takes the long way.
#[cfg(feature = "ipv6")]
#[inline]
pub(super) fn read_v6(packet: &[u8], verify: Verify) -> Option<Plain<'_>> {
    let ip: &[u8; V6] = packet.first_chunk()?;
    let len = usize::from(u16::from_be_bytes([ip[4], ip[5]]));
    if ip[0] >> 4 != 6 || ip[6] != u8::from(IpProtocol::Tcp) {
        return None;
    }
    let address = |at: usize| {
        let octets: [u8; 16] = *ip[at..].first_chunk()?;
        Some(IpAddress::from(Ipv6Address::from(octets)))
    };
    read(
        packet.get(V6..V6 + len)?,
        address(8)?,
        address(24)?,
        verify.tcp,
    )
}

#[inline]
fn read(octets: &[u8], src: IpAddress, dst: IpAddress, verify: bool) -> Option<Plain<'_>> {
    let tcp: &[u8; TCP] = octets.first_chunk()?;
    let flags = Flags::from_bits(tcp[13]);
    let plain = tcp[12] == 0x50 && (flags == Flags::ACK || flags == Flags::ACK.with(Flags::PSH));
    if !plain || verify && !TcpPacket::new_unchecked(octets).verify_checksum(&src, &dst) {
        return None;
    }
    let word = |at: usize| u16::from_be_bytes([tcp[at], tcp[at + 1]]);
    let number = |at: usize| u32::from_be_bytes([tcp[at], tcp[at + 1], tcp[at + 2], tcp[at + 3]]);
    let (src_port, dst_port) = (word(0), word(2));
    if src_port == 0 || dst_port == 0 {
        return None;
    }
    Some(Plain {
        src: IpEndpoint::new(src, src_port),
        dst: IpEndpoint::new(dst, dst_port),
        header: Header {
            seq: number(4),
            ack: number(8),
            flags,
            len: (octets.len() - TCP) as u16,
            window: word(14),
            ..Header::default()
        },
        octets,
    })
}
