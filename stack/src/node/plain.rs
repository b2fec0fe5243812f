//! What nearly all frames carry: a packet that is whole, without options, and in it a segment without options whose
//! control bits do not contradict each other, or a datagram. Each is read at fixed places, once, when it comes and
//! when it leaves.
//!
//! The long way ([`packet`](super::packet), [`segment`](super::segment)) is the definition: checked builds
//! hold what is read here against it.

#[cfg(feature = "ipv6")]
use smoltcp::wire::Ipv6Address;
use smoltcp::wire::{EthernetProtocol, IpAddress, IpEndpoint, IpProtocol, Ipv4Address};

use super::ethernet::{Ethernet, HEADER};
use super::packet::Packet;
use super::parts;
use crate::trace::{Flags, Header, SeqNumber};

/// Octets of a header of TCP, of UDP, of IPv4 and of IPv6 without options.
const TCP: usize = 20;
const UDP: usize = 8;
const V4: usize = 20;
#[cfg(feature = "ipv6")]
const V6: usize = 40;

/// The ones' complement sum of whatever carries its own checksum.
const RIGHT: u16 = 0xffff;

/// A packet that is whole and has no options.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plain<'p> {
    /// The sender.
    src: IpAddress,
    /// The receiver.
    dst: IpAddress,
    protocol: u8,
    /// Where the protocol is named, in octets from the start, and behind or before it the hop limit.
    named_at: u16,
    /// All of it.
    octets: &'p [u8],
    /// The addresses and all behind them.
    addressed: &'p [u8],
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

/// A plain datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Datagram {
    // A value: whoever is given one reads all of it.
    /// The sender.
    pub(super) src: IpEndpoint,
    /// The receiver.
    pub(super) dst: IpEndpoint,
    /// Octets of payload.
    pub(super) len: u16,
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
    let octets = packet.get(..usize::from(half(ip, 2)))?;
    // Version 4 and five words; no piece of a datagram.
    let plain = ip[0] == 0x45 && half(ip, 6) & 0x3fff == 0;
    plain.then_some(Plain {
        src: Ipv4Address::from_bits(word(ip, 12)).into(),
        dst: Ipv4Address::from_bits(word(ip, 16)).into(),
        protocol: ip[9],
        named_at: 9,
        octets,
        addressed: octets.get(12..)?,
        payload: octets.get(V4..)?,
    })
}

#[cfg(feature = "ipv6")]
#[inline]
fn read_v6(packet: &[u8]) -> Option<Plain<'_>> {
    let ip: &[u8; V6] = packet.first_chunk()?;
    let octets = packet.get(..V6 + usize::from(half(ip, 4)))?;
    let address = |at: usize| {
        let octets: [u8; 16] = *ip[at..].first_chunk()?;
        Some(IpAddress::from(Ipv6Address::from(octets)))
    };
    (ip[0] >> 4 == 6).then_some(Plain {
        src: address(8)?,
        dst: address(24)?,
        protocol: ip[6],
        named_at: 6,
        octets,
        addressed: octets.get(8..)?,
        payload: octets.get(V6..)?,
    })
}

/// The header of a plain segment over IPv4 that its connection sent, in a frame; `None`: it takes the long way.
#[inline]
pub(super) fn own(frame: &[u8]) -> Option<Header> {
    const SEGMENT: usize = HEADER + V4 + TCP;
    let head: &[u8; SEGMENT] = frame.first_chunk()?;
    let tcp: &[u8; TCP] = head[HEADER + V4..].first_chunk()?;
    let plain = parts::STRAIGHT_WAY && head[HEADER - 2..=HEADER] == [0x08, 0x00, 0x45];
    let header = header(tcp, (frame.len() - SEGMENT) as u16)?;
    plain.then_some(header)
}

/// The facts of a header without options, before `len` octets of payload; `None`: it is none.
#[inline]
fn header(tcp: &[u8; TCP], len: u16) -> Option<Header> {
    let flags = Flags::from_bits(tcp[13]);
    let acknowledges = flags.contains(Flags::ACK);
    let plain = tcp[12] == 0x50 && !flags.contradict();
    plain.then(|| Header {
        seq: SeqNumber::new(word(tcp, 4)),
        ack: SeqNumber::new(if acknowledges { word(tcp, 8) } else { 0 }),
        flags,
        len,
        window: half(tcp, 14),
        ..Header::default()
    })
}

impl<'p> Plain<'p> {
    /// Whether the checksum of IP is right, where there is one.
    #[inline]
    fn is_right(&self) -> bool {
        let ip = self.octets.len() - self.payload.len();
        ip > V4 || sum(&self.octets[..V4], 0) == RIGHT
    }

    /// Whether the checksum over the addresses, the protocol, the length and all behind them is right.
    #[inline]
    fn payload_is_right(&self) -> bool {
        let len = self.payload.len() as u16;
        let start = u32::from(u16::from(self.protocol).to_be()) + u32::from(len.to_be());
        sum(self.addressed, start) == RIGHT
    }

    /// The segment in it; its checksums are looked at if they are to be verified. `None`: it takes the long way, or
    /// there is none.
    #[inline]
    pub(super) fn segment(&self, verify: Verify) -> Option<Segment<'p>> {
        if self.protocol != u8::from(IpProtocol::Tcp) {
            return None;
        }
        let octets = self.payload;
        let tcp: &[u8; TCP] = octets.first_chunk()?;
        let header = header(tcp, (octets.len() - TCP) as u16)?;
        let (src, dst) = self.endpoints()?;
        self.passes(verify).then_some(Segment {
            src,
            dst,
            header,
            octets,
        })
    }

    /// The datagram in it, likewise.
    #[inline]
    pub(super) fn datagram(&self, verify: Verify) -> Option<Datagram> {
        let udp: &[u8; UDP] = self.payload.first_chunk()?;
        let len = half(udp, 4);
        // A checksum of 0 is none.
        let plain = self.protocol == u8::from(IpProtocol::Udp)
            && usize::from(len) == self.payload.len()
            && (verify == Verify::Nothing || half(udp, 6) != 0);
        let (src, dst) = self.endpoints()?;
        (plain && self.passes(verify)).then(|| Datagram {
            src,
            dst,
            len: len - UDP as u16,
        })
    }

    #[inline]
    fn passes(&self, verify: Verify) -> bool {
        match verify {
            Verify::Nothing => true,
            Verify::Header => self.is_right(),
            Verify::All => self.is_right() && self.payload_is_right(),
        }
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

    /// The same as the long way reads it.
    #[inline]
    pub(super) fn packet(&self) -> Packet<'p> {
        let hop_limit = if self.named_at == 9 { 8 } else { 7 };
        Packet {
            src: self.src,
            dst: self.dst,
            protocol: self.protocol.into(),
            payload: self.payload,
            named_at: self.named_at,
            hop_limit: self.octets[hop_limit],
            len: self.octets.len(),
            extended: false,
            fragment: false,
        }
    }
}

/// Which checksums are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verify {
    /// None: we sent it.
    Nothing,
    /// IP's: the device looked at the other one.
    Header,
    /// All.
    All,
}

impl Verify {
    /// Of a received frame, where the device looked at that of the payload or did not.
    pub(super) const fn received(verified: bool) -> Self {
        match verified {
            true => Self::Header,
            false => Self::All,
        }
    }
}

#[inline]
fn half<const N: usize>(octets: &[u8; N], at: usize) -> u16 {
    u16::from_be_bytes([octets[at], octets[at + 1]])
}

#[inline]
fn word<const N: usize>(octets: &[u8; N], at: usize) -> u32 {
    u32::from_be_bytes([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]])
}

/// The ones' complement sum of octets and `start` in the machine's own order of octets (RFC 1071 section 2 (B)).
#[inline]
fn sum(octets: &[u8], start: u32) -> u16 {
    let (words, rest) = octets.as_chunks::<4>();
    let mut sum = u64::from(start);
    for word in words {
        // 2^32 words at most: it does not overflow.
        sum += u64::from(u32::from_ne_bytes(*word));
    }
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    sum += u64::from(u32::from_ne_bytes(last));
    let sum = (sum >> 32) + (sum & 0xffff_ffff);
    let sum = (sum >> 32) + (sum & 0xffff_ffff);
    let sum = (sum as u32 >> 16) + (sum as u32 & 0xffff);
    ((sum >> 16) + (sum & 0xffff)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use smoltcp::wire::checksum;
    use std::vec::Vec;

    #[test]
    fn sums_are_those_of_smoltcp_at_each_length() {
        let mut rng = fastrand::Rng::with_seed(7);
        for len in (0..200).chain([1460, 65_535]) {
            let octets: Vec<u8> = (0..len).map(|_| rng.u8(..)).collect();
            let sum = |octets: &[u8]| sum(octets, 0);
            assert_eq!(u16::from_be(sum(&octets)), checksum::data(&octets), "{len}");
            let ones = Vec::from_iter((0..len).map(|_| 0xff));
            assert_eq!(u16::from_be(sum(&ones)), checksum::data(&ones), "{len}");
        }
    }
}
