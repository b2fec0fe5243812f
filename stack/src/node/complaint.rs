//! ICMP errors: what the sender of a packet is told about it (RFC 792, RFC 4443).
//!
//! Composing only. Whether anything is said, and how often, is decided where packets are received.

use core::net::IpAddr;

use smoltcp::wire::{Icmpv4Packet, IpAddress, IpProtocol, IpRepr};
#[cfg(feature = "ipv6")]
use smoltcp::wire::{Icmpv6Packet, Ipv6Address};

/// Octets of the header of an error message.
const HEADER: usize = 8;

/// Octets of the longest error message, IP header counted (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4 c).
const LONGEST_V4: usize = 576;
#[cfg(feature = "ipv6")]
const LONGEST_V6: usize = 1280;

/// The hop limit of a message.
const HOP_LIMIT: u8 = 64;

/// What is wrong with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Complaint {
    // A value: whoever is given one reads all of it.
    /// Type and code of ICMP.
    v4: [u8; 2],
    /// Type and code of ICMPv6.
    #[cfg(feature = "ipv6")]
    v6: [u8; 2],
    /// The octet of the packet that is to blame; ICMPv6 says it with a parameter problem.
    #[cfg(feature = "ipv6")]
    pointer: u32,
    /// Whether it is said about packets to groups of hosts, too.
    pub(super) about_groups: bool,
}

impl Complaint {
    /// Nobody is at this port.
    pub(super) const PORT: Self = Self {
        v4: [3, 3],
        #[cfg(feature = "ipv6")]
        v6: [1, 4],
        #[cfg(feature = "ipv6")]
        pointer: 0,
        about_groups: false,
    };

    /// Nobody speaks this protocol, which is named at that octet.
    #[cfg_attr(not(feature = "ipv6"), expect(unused_variables))]
    pub(super) const fn unknown_header(at: usize) -> Self {
        Self {
            v4: [3, 2],
            #[cfg(feature = "ipv6")]
            v6: [4, 1],
            #[cfg(feature = "ipv6")]
            pointer: at as u32,
            about_groups: false,
        }
    }

    /// What that octet asks for is not done here.
    #[cfg(feature = "ipv6")]
    pub(super) const fn bad_field(at: usize) -> Self {
        Self {
            v6: [4, 0],
            ..Self::unknown_header(at)
        }
    }

    /// Nobody knows the option at that octet.
    #[cfg(feature = "ipv6")]
    pub(super) const fn unknown_option(at: usize, about_groups: bool) -> Self {
        Self {
            v6: [4, 2],
            about_groups,
            ..Self::unknown_header(at)
        }
    }

    /// Type and code for a receiver of this family.
    pub(super) fn kind(&self, family: IpAddress) -> (u8, u8) {
        let [kind, code] = match IpAddr::from(family) {
            IpAddr::V4(_) => self.v4,
            #[cfg(feature = "ipv6")]
            IpAddr::V6(_) => self.v6,
            #[cfg(not(feature = "ipv6"))]
            IpAddr::V6(_) => self.v4,
        };
        (kind, code)
    }

    /// The header of the packet that says it about `packet`, from `src` to `dst`.
    pub(super) fn ip(src: IpAddress, dst: IpAddress, packet: &[u8]) -> IpRepr {
        let (protocol, header, longest) = match IpAddr::from(dst) {
            #[cfg(feature = "ipv6")]
            IpAddr::V6(_) => (IpProtocol::Icmpv6, 40, LONGEST_V6),
            _ => (IpProtocol::Icmp, 20, LONGEST_V4),
        };
        let len = HEADER + packet.len().min(longest - header - HEADER);
        IpRepr::new(src, dst, protocol, len, HOP_LIMIT)
    }

    /// Writes that packet; `octets` is as long as its header says.
    pub(super) fn write(&self, octets: &mut [u8], ip: &IpRepr, packet: &[u8]) {
        ip.emit(&mut *octets, &smoltcp::phy::ChecksumCapabilities::default());
        let message = &mut octets[ip.header_len()..];
        let (kind, code) = self.kind(ip.dst_addr());
        message[..HEADER].copy_from_slice(&[kind, code, 0, 0, 0, 0, 0, 0]);
        let quoted = message.len() - HEADER;
        message[HEADER..].copy_from_slice(&packet[..quoted]);
        match (ip.src_addr(), ip.dst_addr()) {
            #[cfg(feature = "ipv6")]
            (IpAddress::Ipv6(src), IpAddress::Ipv6(dst)) => self.finish_v6(message, &src, &dst),
            _ => Icmpv4Packet::new_unchecked(message).fill_checksum(),
        }
    }

    #[cfg(feature = "ipv6")]
    fn finish_v6(&self, message: &mut [u8], src: &Ipv6Address, dst: &Ipv6Address) {
        message[4..HEADER].copy_from_slice(&self.pointer.to_be_bytes());
        Icmpv6Packet::new_unchecked(message).fill_checksum(src, dst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smoltcp::wire::Ipv4Packet;
    use std::vec;

    #[test]
    fn a_message_quotes_as_much_as_fits() {
        let (src, dst) = (IpAddress::v4(192, 0, 2, 1), IpAddress::v4(192, 0, 2, 2));
        for (len, whole) in [(28, 56), (548, 576), (1500, 576)] {
            let packet = vec![7; len];
            let ip = Complaint::ip(src, dst, &packet);
            let mut octets = vec![0; ip.buffer_len()];
            Complaint::PORT.write(&mut octets, &ip, &packet);
            assert_eq!(octets.len(), whole);
            let header = Ipv4Packet::new_checked(&octets[..]).unwrap();
            let message = Icmpv4Packet::new_checked(header.payload()).unwrap();
            assert!(header.verify_checksum() && message.verify_checksum());
            assert_eq!(octets[20..22], [3, 3]);
            assert!(octets[28..].iter().all(|octet| *octet == 7));
        }
    }

    #[cfg(feature = "ipv6")]
    #[test]
    fn a_parameter_problem_points_at_the_octet() {
        let address = |low| IpAddress::v6(0xfd00, 0, 0, 0, 0, 0, 0, low);
        let packet = [7; 48];
        let ip = Complaint::ip(address(1), address(2), &packet);
        let mut octets = vec![0; ip.buffer_len()];
        Complaint::unknown_option(42, true).write(&mut octets, &ip, &packet);
        assert_eq!(octets[40..42], [4, 2]);
        assert_eq!(octets[44..48], [0, 0, 0, 42]);
        let message = Icmpv6Packet::new_checked(&octets[40..]).unwrap();
        let (IpAddress::Ipv6(src), IpAddress::Ipv6(dst)) = (address(1), address(2)) else {
            panic!();
        };
        assert!(message.verify_checksum(&src, &dst));
    }
}
