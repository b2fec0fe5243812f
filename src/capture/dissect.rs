//! A captured packet taken apart down to the facts of its TCP header.

use crate::trace::{Flags, Header, Options};
use pcap_file::DataLink;
use smoltcp::wire::{
    EthernetFrame, EthernetProtocol, IpAddress, IpEndpoint, IpProtocol, Ipv4Packet, TcpOption,
    TcpPacket,
};
#[cfg(feature = "ipv6")]
use smoltcp::wire::{Ipv6ExtHeader, Ipv6Packet};

/// A segment between two endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dissected {
    pub(super) from: IpEndpoint,
    pub(super) to: IpEndpoint,
    pub(super) header: Header,
}

const VLAN_TAGS: [u16; 2] = [0x8100, 0x88a8];

/// The TCP segment in a packet, if there is one whose header is whole.
pub(super) fn dissect(link: DataLink, data: &[u8]) -> Option<Dissected> {
    match link {
        DataLink::ETHERNET => ethernet(data),
        DataLink::RAW | DataLink::IPV4 | DataLink::IPV6 => ip(data),
        // Linux cooked: the packet type, the address and the protocol come first.
        DataLink::LINUX_SLL => ip(data.get(16..)?),
        DataLink::LINUX_SLL2 => ip(data.get(20..)?),
        // Loopback of the BSDs: four octets of address family.
        DataLink::NULL | DataLink::LOOP => ip(data.get(4..)?),
        _ => None,
    }
}

fn ethernet(data: &[u8]) -> Option<Dissected> {
    let frame = EthernetFrame::new_checked(data).ok()?;
    let mut protocol = u16::from(frame.ethertype());
    let mut payload = frame.payload();
    while VLAN_TAGS.contains(&protocol) {
        protocol = u16::from_be_bytes(payload.get(2..4)?.try_into().ok()?);
        payload = payload.get(4..)?;
    }
    match EthernetProtocol::from(protocol) {
        EthernetProtocol::Ipv4 | EthernetProtocol::Ipv6 => ip(payload),
        _ => None,
    }
}

fn ip(data: &[u8]) -> Option<Dissected> {
    match data.first()? >> 4 {
        4 => ipv4(data),
        #[cfg(feature = "ipv6")]
        6 => ipv6(data),
        _ => None,
    }
}

fn ipv4(data: &[u8]) -> Option<Dissected> {
    let packet = Ipv4Packet::new_checked(data).ok()?;
    if packet.next_header() != IpProtocol::Tcp || packet.frag_offset() != 0 {
        return None;
    }
    tcp(
        packet.src_addr().into(),
        packet.dst_addr().into(),
        packet.payload(),
    )
}

#[cfg(feature = "ipv6")]
fn ipv6(data: &[u8]) -> Option<Dissected> {
    let packet = Ipv6Packet::new_checked(data).ok()?;
    let mut protocol = packet.next_header();
    let mut payload = packet.payload();
    while matches!(
        protocol,
        IpProtocol::HopByHop | IpProtocol::Ipv6Route | IpProtocol::Ipv6Opts
    ) {
        let header = Ipv6ExtHeader::new_checked(payload).ok()?;
        protocol = header.next_header();
        payload = payload.get(usize::from(header.header_len()) * 8 + 8..)?;
    }
    if protocol != IpProtocol::Tcp {
        return None;
    }
    tcp(packet.src_addr().into(), packet.dst_addr().into(), payload)
}

fn tcp(from: IpAddress, to: IpAddress, data: &[u8]) -> Option<Dissected> {
    let packet = TcpPacket::new_checked(data).ok()?;
    let mut flags = Flags::default();
    for (set, flag) in [
        (packet.fin(), Flags::FIN),
        (packet.syn(), Flags::SYN),
        (packet.rst(), Flags::RST),
        (packet.psh(), Flags::PSH),
        (packet.ack(), Flags::ACK),
        (packet.urg(), Flags::URG),
    ] {
        if set {
            flags = flags.with(flag);
        }
    }
    let mut header = Header {
        seq: packet.seq_number().0 as u32,
        ack: packet.ack_number().0 as u32,
        flags,
        len: u16::try_from(packet.payload().len()).ok()?,
        window: packet.window_len(),
        mss: 0,
        options: Options::default(),
    };
    options(packet.options(), &mut header);
    Some(Dissected {
        from: IpEndpoint::new(from, packet.src_port()),
        to: IpEndpoint::new(to, packet.dst_port()),
        header,
    })
}

fn options(mut data: &[u8], header: &mut Header) {
    while !data.is_empty() {
        let Ok((rest, option)) = TcpOption::parse(data) else {
            return;
        };
        match option {
            TcpOption::EndOfList => return,
            TcpOption::NoOperation | TcpOption::Unknown { .. } => {}
            TcpOption::MaxSegmentSize(size) => header.mss = size,
            TcpOption::WindowScale(shift) => header.options = header.options.with_scale(shift),
            TcpOption::SackPermitted => header.options = header.options.with_sack_permitted(),
            TcpOption::SackRange(_) => header.options = header.options.with_sack(),
            TcpOption::TimeStamp { .. } => header.options = header.options.with_timestamps(),
        }
        data = rest;
    }
}

#[cfg(test)]
mod tests;
