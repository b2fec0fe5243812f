//! The outermost header of a frame. smoltcp is given, and gives, IP packets; the node alone knows what
//! Ethernet is, and which hardware address a packet goes to.

use core::net::IpAddr;

use smoltcp::wire::{EthernetAddress, EthernetFrame, EthernetProtocol, IpAddress};

/// Octets of an untagged header.
pub(super) const HEADER: usize = EthernetFrame::<&[u8]>::header_len();

/// The EtherType of an IEEE 802.1Q tag, and the octets that one adds.
const TAG: u16 = 0x8100;
const TAG_LEN: usize = 4;

/// A frame, taken apart.
pub(super) struct Ethernet<'f> {
    // A value: whoever is given one reads all of it.
    /// All of it.
    pub(super) octets: &'f [u8],
    /// Hardware address of the sender.
    pub(super) from: EthernetAddress,
    /// Hardware address of the receiver.
    pub(super) to: EthernetAddress,
    /// What the payload is.
    pub(super) protocol: EthernetProtocol,
    /// The packet in it, and what it is padded with.
    pub(super) payload: &'f [u8],
}

impl<'f> Ethernet<'f> {
    /// Takes a frame apart. A priority tag, which names no VLAN, is as good as none (IEEE 802.1Q); `None`
    /// if the frame is too short.
    pub(super) fn parse(octets: &'f [u8]) -> Option<Self> {
        let frame = EthernetFrame::new_checked(octets).ok()?;
        let (mut protocol, mut payload) = (frame.ethertype(), frame.payload());
        if u16::from(protocol) == TAG
            && let [control, vlan, high, low, ..] = *payload
            && control & 0x0f == 0
            && vlan == 0
        {
            protocol = u16::from_be_bytes([high, low]).into();
            payload = &payload[TAG_LEN..];
        }
        Some(Self {
            octets,
            from: frame.src_addr(),
            to: frame.dst_addr(),
            protocol,
            payload,
        })
    }

    /// Whether its hardware destination concerns a host with the address `mac` at all.
    pub(super) fn is_for(&self, mac: EthernetAddress) -> bool {
        self.to == mac || self.to.is_multicast()
    }
}

/// Where a packet goes from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hop {
    // A value: whoever is given one reads all of it.
    /// Our hardware address.
    pub(super) from: EthernetAddress,
    /// The one of the next host on the way.
    pub(super) to: EthernetAddress,
}

impl Hop {
    /// Of packets that do not leave.
    pub(super) const NOWHERE: Self = Self {
        from: EthernetAddress([0; 6]),
        to: EthernetAddress([0; 6]),
    };

    /// Writes the header of a frame that carries this protocol.
    pub(super) fn write(&self, frame: &mut [u8], protocol: EthernetProtocol) {
        let mut frame = EthernetFrame::new_unchecked(frame);
        frame.set_src_addr(self.from);
        frame.set_dst_addr(self.to);
        frame.set_ethertype(protocol);
    }

    /// Writes the header of a frame whose IP packet is there already.
    pub(super) fn write_around(&self, frame: &mut [u8]) {
        let protocol = match frame.get(HEADER).map(|first| first >> 4) {
            Some(6) => EthernetProtocol::Ipv6,
            _ => EthernetProtocol::Ipv4,
        };
        self.write(frame, protocol);
    }
}

/// The hardware address that a group of hosts listens to (RFC 1112 section 6.4, RFC 2464 section 7).
pub(super) fn group(address: IpAddress) -> EthernetAddress {
    match IpAddr::from(address) {
        IpAddr::V4(group) if group.is_multicast() => {
            let [_, b, c, d] = group.octets();
            EthernetAddress([0x01, 0x00, 0x5e, b & 0x7f, c, d])
        }
        IpAddr::V4(_) => EthernetAddress::BROADCAST,
        IpAddr::V6(group) => {
            let [.., a, b, c, d] = group.octets();
            EthernetAddress([0x33, 0x33, a, b, c, d])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);

    /// A frame to us with this after the two addresses.
    fn frame(rest: &[u8]) -> std::vec::Vec<u8> {
        [&US.0[..], &[2, 0, 0, 0, 0, 2], rest].concat()
    }

    #[test]
    fn a_priority_tag_is_as_good_as_none() {
        let octets = frame(&[0x81, 0x00, 0xe0, 0x00, 0x08, 0x00, 0x45]);
        let tagged = Ethernet::parse(&octets).unwrap();
        assert_eq!(tagged.protocol, EthernetProtocol::Ipv4);
        assert_eq!(tagged.payload, [0x45]);
        assert!(tagged.is_for(US));
    }

    #[test]
    fn a_frame_of_a_vlan_is_not_taken_for_one_of_ours() {
        for (control, vlan) in [(0x00, 0x01), (0x01, 0x00)] {
            let octets = frame(&[0x81, 0x00, control, vlan, 0x08, 0x00, 0x45]);
            let tagged = Ethernet::parse(&octets).unwrap();
            assert_eq!(tagged.protocol, EthernetProtocol::Unknown(TAG));
        }
    }

    #[test]
    fn short_frames_are_no_frames() {
        assert!(Ethernet::parse(&frame(&[0x08])).is_none());
        let short_tag = frame(&[0x81, 0x00, 0, 0, 8]);
        let tagged = Ethernet::parse(&short_tag).unwrap();
        assert_eq!(tagged.protocol, EthernetProtocol::Unknown(TAG));
    }

    #[test]
    fn groups_have_hardware_addresses_of_their_own() {
        assert_eq!(
            group(IpAddress::v4(224, 129, 2, 3)),
            EthernetAddress([1, 0, 0x5e, 1, 2, 3])
        );
        assert_eq!(
            group(IpAddress::v4(192, 0, 2, 255)),
            EthernetAddress::BROADCAST
        );
        #[cfg(feature = "ipv6")]
        assert_eq!(
            group(IpAddress::v6(0xff02, 0, 0, 0, 0, 1, 0xff00, 0x0102)),
            EthernetAddress([0x33, 0x33, 0xff, 0, 1, 2])
        );
    }
}
