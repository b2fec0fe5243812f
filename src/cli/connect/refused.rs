//! ICMP that says nobody listens where datagrams of this client went.
//!
//! The node's journal tells of an ICMP message, and not of what it is about; so the frames are looked at as
//! they come. Only what quotes a datagram from this port to that server counts.

use smoltcp::wire::{
    EthernetFrame, EthernetProtocol, Icmpv4DstUnreachable, Icmpv4Message, Icmpv4Packet,
    Icmpv6DstUnreachable, Icmpv6Message, Icmpv6Packet, IpAddress, IpEndpoint, IpProtocol,
    Ipv4Packet, Ipv6Packet,
};

/// Whether a frame says that a datagram from port `local` found no listener at `remote`.
pub(super) fn says_port_unreachable(frame: &[u8], local: u16, remote: IpEndpoint) -> bool {
    let quoted = quoted(frame);
    quoted.is_some_and(|(to, ports)| {
        let [s0, s1, d0, d1] = ports;
        to == remote.addr
            && u16::from_be_bytes([s0, s1]) == local
            && u16::from_be_bytes([d0, d1]) == remote.port
    })
}

/// The destination and the ports of the datagram that a port unreachable is about.
fn quoted(frame: &[u8]) -> Option<(IpAddress, [u8; 4])> {
    let frame = EthernetFrame::new_checked(frame).ok()?;
    let (to, protocol, data) = match frame.ethertype() {
        EthernetProtocol::Ipv4 => quoted_in_v4(frame.payload())?,
        EthernetProtocol::Ipv6 => quoted_in_v6(frame.payload())?,
        EthernetProtocol::Arp | EthernetProtocol::Unknown(_) => return None,
    };
    (protocol == IpProtocol::Udp).then_some((to, data.get(..4)?.try_into().ok()?))
}

fn quoted_in_v4(packet: &[u8]) -> Option<(IpAddress, IpProtocol, &[u8])> {
    let packet = Ipv4Packet::new_checked(packet).ok()?;
    if packet.next_header() != IpProtocol::Icmp {
        return None;
    }
    let icmp = Icmpv4Packet::new_checked(packet.payload()).ok()?;
    let says = icmp.msg_type() == Icmpv4Message::DstUnreachable
        && icmp.msg_code() == Icmpv4DstUnreachable::PortUnreachable.into();
    if !says || !icmp.verify_checksum() || icmp.data().len() < 20 {
        return None;
    }
    // A long datagram is not quoted to its end.
    let quoted = Ipv4Packet::new_unchecked(icmp.data());
    let data = icmp.data().get(usize::from(quoted.header_len())..)?;
    Some((quoted.dst_addr().into(), quoted.next_header(), data))
}

fn quoted_in_v6(packet: &[u8]) -> Option<(IpAddress, IpProtocol, &[u8])> {
    let packet = Ipv6Packet::new_checked(packet).ok()?;
    if packet.next_header() != IpProtocol::Icmpv6 {
        return None;
    }
    let icmp = Icmpv6Packet::new_checked(packet.payload()).ok()?;
    let says = icmp.msg_type() == Icmpv6Message::DstUnreachable
        && icmp.msg_code() == Icmpv6DstUnreachable::PortUnreachable.into();
    let (from, to) = (packet.src_addr(), packet.dst_addr());
    if !says || !icmp.verify_checksum(&from, &to) || icmp.payload().len() < 40 {
        return None;
    }
    let quoted = Ipv6Packet::new_unchecked(icmp.payload());
    let data = icmp.payload().get(quoted.header_len()..)?;
    Some((quoted.dst_addr().into(), quoted.next_header(), data))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REMOTE: IpEndpoint = IpEndpoint::new(IpAddress::v4(192, 0, 2, 1), 9000);

    /// What a host answers to a datagram from port 50000 to its port 9000.
    fn answer(code: u8) -> Vec<u8> {
        let mut frame = vec![0; 14 + 20 + 8 + 20 + 8];
        frame[12] = 8;
        for (at, protocol, len, from, to) in [(14, 1, 56, 1, 2), (42, 17, 900, 2, 1)] {
            let mut packet = Ipv4Packet::new_unchecked(&mut frame[at..]);
            packet.set_version(4);
            packet.set_header_len(20);
            packet.set_total_len(len);
            packet.set_next_header(IpProtocol::from(protocol));
            packet.set_src_addr([192, 0, 2, from].into());
            packet.set_dst_addr([192, 0, 2, to].into());
        }
        frame[62..66].copy_from_slice(&[0xc3, 0x50, 0x23, 0x28]);
        let mut icmp = Icmpv4Packet::new_unchecked(&mut frame[34..]);
        icmp.set_msg_type(Icmpv4Message::DstUnreachable);
        icmp.set_msg_code(code);
        icmp.fill_checksum();
        frame
    }

    #[test]
    fn only_a_port_unreachable_about_a_datagram_of_this_client_counts() {
        let frame = answer(3);
        assert!(says_port_unreachable(&frame, 50_000, REMOTE));
        assert!(!says_port_unreachable(&frame, 50_001, REMOTE));
        let other = IpEndpoint::new(REMOTE.addr, 9001);
        assert!(!says_port_unreachable(&frame, 50_000, other));
        assert!(!says_port_unreachable(&answer(1), 50_000, REMOTE));
        for len in 0..frame.len() - 4 {
            assert!(!says_port_unreachable(&frame[..len], 50_000, REMOTE));
        }
        for place in [35, 37, 61] {
            let mut broken = frame.clone();
            broken[place] ^= 1;
            assert!(!says_port_unreachable(&broken, 50_000, REMOTE), "{place}");
        }
    }
}
