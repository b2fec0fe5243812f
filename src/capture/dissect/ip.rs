//! The headers of IP packets, and the extension headers that follow them.

use super::super::LeftOut;
use super::super::octets::Octets;
use smoltcp::wire::{IpAddress, IpProtocol, Ipv4Packet, Ipv6Packet};

/// The protocol that a ladder is drawn of.
pub(in super::super) const TCP: u8 = 6;

/// Where a fragment belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Piece {
    /// The identification of the whole packet.
    pub(in super::super) id: u32,
    /// Octets of the whole before this.
    pub(in super::super) offset: u16,
    /// Others follow.
    pub(in super::super) more: bool,
}

/// An IP packet without its headers.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Packet<'p> {
    pub(in super::super) from: IpAddress,
    pub(in super::super) to: IpAddress,
    /// The protocol of the payload, extension headers passed over.
    pub(in super::super) protocol: u8,
    pub(in super::super) payload: Octets<'p>,
    /// Where the payload belongs, if it is not a whole one.
    pub(in super::super) fragment: Option<Piece>,
}

impl<'p> Packet<'p> {
    pub(super) fn parse(octets: Octets<'p>) -> Result<Self, LeftOut> {
        let [first] = octets.array(0)?;
        match first >> 4 {
            4 => Self::v4(octets)?.past_extensions(),
            6 => Self::v6(octets)?.past_extensions(),
            _ => Err(LeftOut::Malformed),
        }
    }

    fn v4(octets: Octets<'p>) -> Result<Self, LeftOut> {
        let header = octets.array::<20>(0)?;
        let header = Ipv4Packet::new_unchecked(&header[..]);
        let length = usize::from(header.header_len());
        let total = usize::from(header.total_len());
        // With segmentation offload the length is filled in after the capture.
        let total = if total == 0 { octets.len() } else { total };
        if length < 20 || total < length {
            return Err(LeftOut::Malformed);
        }
        let piece = Piece {
            id: header.ident().into(),
            offset: header.frag_offset(),
            more: header.more_frags(),
        };
        Ok(Self {
            from: header.src_addr().into(),
            to: header.dst_addr().into(),
            protocol: header.next_header().into(),
            payload: octets.first(total).skip(length)?,
            fragment: (piece.more || piece.offset > 0).then_some(piece),
        })
    }

    fn v6(octets: Octets<'p>) -> Result<Self, LeftOut> {
        let header = octets.array::<40>(0)?;
        let header = Ipv6Packet::new_unchecked(&header[..]);
        let payload = octets.skip(40)?;
        Ok(Self {
            from: header.src_addr().into(),
            to: header.dst_addr().into(),
            protocol: header.next_header().into(),
            payload: match header.payload_len() {
                // A jumbogram (RFC 2675), or filled in after the capture.
                0 => payload,
                length => payload.first(length.into()),
            },
            fragment: None,
        })
    }

    /// Takes extension headers off (RFC 8200 section 4), and the authentication header of IPv4 too.
    fn past_extensions(mut self) -> Result<Self, LeftOut> {
        while self.fragment.is_none() {
            let length = match IpProtocol::from(self.protocol) {
                IpProtocol::HopByHop
                | IpProtocol::Ipv6Route
                | IpProtocol::Ipv6Opts
                // Mobility, host identity, Shim6.
                | IpProtocol::Unknown(135 | 139 | 140) => {
                    let [_, length] = self.payload.array(0)?;
                    usize::from(length) * 8 + 8
                }
                IpProtocol::IpSecAh => {
                    let [_, length] = self.payload.array(0)?;
                    usize::from(length) * 4 + 8
                }
                IpProtocol::Ipv6Frag => {
                    let word = self.payload.u16(2)?;
                    let piece = Piece {
                        id: u32::from_be_bytes(self.payload.array(4)?),
                        offset: word & 0xfff8,
                        more: word & 1 != 0,
                    };
                    self.fragment = (piece.more || piece.offset > 0).then_some(piece);
                    8
                }
                _ => break,
            };
            let [next] = self.payload.array(0)?;
            self.protocol = next;
            self.payload = self.payload.skip(length)?;
        }
        Ok(self)
    }
}
