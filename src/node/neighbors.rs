//! Hardware addresses: learnt from whoever opens a connection, instead of asked for.
//!
//! smoltcp learns from ARP and neighbour discovery only, and asks at most once a second for all
//! addresses together. In a flood of SYNs from forged addresses that one question would be spent on
//! nobody. But a SYN says where its answer goes: the node puts that into the neighbour cache itself, as
//! an answer that nobody had to give.

use smoltcp::time::Instant;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol, IpAddress,
    IpCidr,
};

use super::hatch::{Hatch, Nowhere};
use super::lists::List;
use super::node::Node;

/// Octets of a frame that carries ARP or a neighbour advertisement: 14 + 40 + 32 at most.
const FRAME: usize = 86;

impl Node<'_> {
    /// Puts the hardware address of a neighbour on one of our networks into smoltcp's cache.
    pub(super) fn learn_neighbor(
        &mut self,
        now: Instant,
        address: IpAddress,
        hardware: EthernetAddress,
    ) {
        let on_link = |cidr: &&IpCidr| cidr.contains_addr(&address);
        let Some(ours) = self.networks.iter().find(on_link).map(IpCidr::address) else {
            // Behind a gateway: its hardware address is asked for as usual.
            return;
        };
        let mut octets = [0; FRAME];
        let len = self.advertise(&mut octets, address, hardware, ours);
        let mut nowhere = Nowhere;
        let mut hatch = Hatch::offering(&octets[..len], &mut nowhere);
        let mut nobody = Self::no_sockets();
        self.iface.poll_ingress_single(now, &mut hatch, &mut nobody);
    }

    /// Composes the answer that `address` would give; says how long it is.
    fn advertise(
        &self,
        octets: &mut [u8; FRAME],
        address: IpAddress,
        hardware: EthernetAddress,
        ours: IpAddress,
    ) -> usize {
        let mut frame = EthernetFrame::new_unchecked(&mut octets[..]);
        frame.set_src_addr(hardware);
        frame.set_dst_addr(self.mac);
        match (address, ours) {
            (IpAddress::Ipv4(address), IpAddress::Ipv4(ours)) => {
                frame.set_ethertype(EthernetProtocol::Arp);
                let repr = ArpRepr::EthernetIpv4 {
                    operation: ArpOperation::Reply,
                    source_hardware_addr: hardware,
                    source_protocol_addr: address,
                    target_hardware_addr: self.mac,
                    target_protocol_addr: ours,
                };
                repr.emit(&mut ArpPacket::new_unchecked(frame.payload_mut()));
                EthernetFrame::<&[u8]>::buffer_len(repr.buffer_len())
            }
            #[cfg(feature = "ipv6")]
            (IpAddress::Ipv6(address), IpAddress::Ipv6(ours)) => {
                advertise_v6(&mut frame, address, hardware, ours)
            }
            #[cfg(feature = "ipv6")]
            _ => 0,
        }
    }

    /// A neighbour answered: whoever waits for one may try again.
    pub(super) fn retry_the_unresolved(&mut self) {
        self.datagrams.news = true;
        while let Some(slot) = self.lists.pop(List::Unresolved) {
            self.lists.push(List::Egress, slot);
        }
    }
}

#[cfg(feature = "ipv6")]
fn advertise_v6(
    frame: &mut EthernetFrame<&mut [u8]>,
    address: smoltcp::wire::Ipv6Address,
    hardware: EthernetAddress,
    ours: smoltcp::wire::Ipv6Address,
) -> usize {
    use smoltcp::phy::ChecksumCapabilities;
    use smoltcp::wire::{
        Icmpv6Packet, Icmpv6Repr, IpProtocol, Ipv6Packet, Ipv6Repr, NdiscNeighborFlags, NdiscRepr,
    };
    frame.set_ethertype(EthernetProtocol::Ipv6);
    let advert = Icmpv6Repr::Ndisc(NdiscRepr::NeighborAdvert {
        flags: NdiscNeighborFlags::SOLICITED | NdiscNeighborFlags::OVERRIDE,
        target_addr: address,
        lladdr: Some(hardware.into()),
    });
    let ip = Ipv6Repr {
        src_addr: address,
        dst_addr: ours,
        next_header: IpProtocol::Icmpv6,
        payload_len: advert.buffer_len(),
        hop_limit: 255,
    };
    let len = EthernetFrame::<&[u8]>::buffer_len(ip.buffer_len() + advert.buffer_len());
    let mut packet = Ipv6Packet::new_unchecked(frame.payload_mut());
    ip.emit(&mut packet);
    let mut icmp = Icmpv6Packet::new_unchecked(packet.payload_mut());
    advert.emit(&address, &ours, &mut icmp, &ChecksumCapabilities::default());
    len
}
