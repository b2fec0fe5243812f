//! Neighbour solicitations and advertisements (RFC 4861 sections 4.3 and 4.4).

use smoltcp::phy::{ChecksumCapabilities, Medium};
use smoltcp::wire::{
    EthernetAddress, EthernetProtocol, HardwareAddress, Icmpv6Message, Icmpv6Packet, Icmpv6Repr,
    IpAddress, IpProtocol, Ipv6Address, Ipv6Packet, Ipv6Repr, NdiscNeighborFlags, NdiscRepr,
    RawHardwareAddress,
};

use super::{Claim, LONGEST, Message};
use crate::node::ethernet::{HEADER, Hop};
use crate::trace::Reason;

/// No router passed it on (RFC 4861 section 7.1).
const HOP_LIMIT: u8 = 255;

/// Everybody on the link.
pub(in crate::node) const ALL_NODES: Ipv6Address = Ipv6Address::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// The group of whoever has this address (RFC 4291 section 2.7.1).
pub(in crate::node) fn solicited_node(address: Ipv6Address) -> Ipv6Address {
    let [.., a, b, c] = address.octets();
    let high = 0xff00 | u16::from(a);
    Ipv6Address::new(0xff02, 0, 0, 0, 0, 1, high, u16::from_be_bytes([b, c]))
}

/// Reads a solicitation or an advertisement; `None` if the ICMPv6 message is neither.
///
/// `from` is the hardware address that the frame came from, which counts where the message names none.
/// Messages out are ours, and not verified.
///
/// # Errors
/// The reason why it goes no further.
pub(in crate::node) fn parse(
    ip: &Ipv6Repr,
    octets: &[u8],
    from: EthernetAddress,
    checksums: &ChecksumCapabilities,
) -> Result<Option<Message>, Reason> {
    let packet = Icmpv6Packet::new_checked(octets).map_err(|_| Reason::Malformed)?;
    match packet.msg_type() {
        Icmpv6Message::NeighborSolicit | Icmpv6Message::NeighborAdvert => {}
        _ => return Ok(None),
    }
    let repr = Icmpv6Repr::parse(&ip.src_addr, &ip.dst_addr, &packet, checksums)
        .map_err(|_| Reason::Malformed)?;
    let (target, hardware, question) = match repr {
        Icmpv6Repr::Ndisc(NdiscRepr::NeighborSolicit {
            target_addr,
            lladdr,
        }) => (target_addr, lladdr, true),
        Icmpv6Repr::Ndisc(NdiscRepr::NeighborAdvert {
            target_addr,
            lladdr,
            ..
        }) => (target_addr, lladdr, false),
        _ => return Ok(None),
    };
    let hardware = hardware
        .map_or(Some(from), station)
        .filter(|it| it.is_unicast());
    let (Some(hardware), HOP_LIMIT, false) = (hardware, ip.hop_limit, target.is_multicast()) else {
        return Err(Reason::Malformed);
    };
    let claim = |address: Ipv6Address| Claim {
        address: IpAddress::Ipv6(address),
        hardware,
    };
    Ok(Some(match question {
        false => Message::Answer {
            claim: claim(target),
        },
        true if ip.src_addr.is_unspecified() => Message::Probe {
            hardware,
            target: IpAddress::Ipv6(target),
        },
        true => Message::Question {
            sender: claim(ip.src_addr),
            target: IpAddress::Ipv6(target),
        },
    }))
}

fn station(address: RawHardwareAddress) -> Option<EthernetAddress> {
    match address.parse(Medium::Ethernet) {
        Ok(HardwareAddress::Ethernet(address)) => Some(address),
        _ => None,
    }
}

/// Writes a solicitation from one of our addresses, or from none: then it asks whether the address is free.
pub(super) fn write_question(
    octets: &mut [u8; LONGEST],
    hop: Hop,
    ours: Option<Ipv6Address>,
    target: Ipv6Address,
) -> usize {
    let solicit = NdiscRepr::NeighborSolicit {
        target_addr: target,
        // RFC 4861 section 4.3: never from the unspecified address.
        lladdr: ours.map(|_| hop.from.into()),
    };
    let dst = if hop.to.is_multicast() {
        solicited_node(target)
    } else {
        target
    };
    write(
        octets,
        hop,
        ours.unwrap_or(Ipv6Address::UNSPECIFIED),
        dst,
        solicit,
    )
}

/// Writes an advertisement of an address of ours, to a host that asked or to everybody.
pub(super) fn write_answer(
    octets: &mut [u8; LONGEST],
    hop: Hop,
    ours: Ipv6Address,
    to: Option<IpAddress>,
) -> usize {
    let (dst, solicited) = match to {
        Some(IpAddress::Ipv6(to)) => (to, NdiscNeighborFlags::SOLICITED),
        Some(IpAddress::Ipv4(_)) | None => (ALL_NODES, NdiscNeighborFlags::empty()),
    };
    let advert = NdiscRepr::NeighborAdvert {
        flags: solicited | NdiscNeighborFlags::OVERRIDE,
        target_addr: ours,
        lladdr: Some(hop.from.into()),
    };
    write(octets, hop, ours, dst, advert)
}

fn write(
    octets: &mut [u8; LONGEST],
    hop: Hop,
    src: Ipv6Address,
    dst: Ipv6Address,
    what: NdiscRepr<'_>,
) -> usize {
    let message = Icmpv6Repr::Ndisc(what);
    let ip = Ipv6Repr {
        src_addr: src,
        dst_addr: dst,
        next_header: IpProtocol::Icmpv6,
        payload_len: message.buffer_len(),
        hop_limit: HOP_LIMIT,
    };
    hop.write(octets, EthernetProtocol::Ipv6);
    let mut packet = Ipv6Packet::new_unchecked(&mut octets[HEADER..]);
    ip.emit(&mut packet);
    let mut icmp = Icmpv6Packet::new_unchecked(packet.payload_mut());
    message.emit(&src, &dst, &mut icmp, &ChecksumCapabilities::default());
    HEADER + ip.buffer_len() + message.buffer_len()
}
