//! A captured packet, dissected down to the fields of its TCP header.
//!
//! Its headers are removed one by one, tunnels included. Checksums are not verified: a network card fills them in
//! later.
//!
//! Crates that dissect packets, such as `etherparse`, know Ethernet, VLAN tags, one kind of cooked capture and IP, but not
//! PPP, HDLC, SNAP, MPLS, PPPoE, GRE, VXLAN and Geneve, and do not tell what a snapshot length cut off from what never was.
//! With one of them most of this would still be needed; the fields of IP and TCP are read by smoltcp's own code.

mod ip;
mod link;
mod tcp;

use super::LeftOut;
use super::octets::Octets;
use crate::explain::Words;
use crate::trace::Header;
use link::Layer;
use smoltcp::wire::IpEndpoint;

use ip::TCP;
pub(super) use ip::{Packet, Piece};
pub(super) use tcp::segment;

/// A segment between two endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dissected {
    // A value: whoever is given one reads all of it.
    pub(super) from: IpEndpoint,
    pub(super) to: IpEndpoint,
    /// Its length is the largest that there is if that is not large enough.
    pub(super) header: Header,
    /// Octets of payload.
    pub(super) len: usize,
    /// The window field; a snapshot length may have cut it off.
    pub(super) window: Option<u16>,
    /// How the payload begins.
    pub(super) words: Words,
}

/// What a packet holds.
#[derive(Debug)]
pub(super) enum Content<'p> {
    /// A TCP segment.
    Segment(Dissected),
    /// A fragment of a packet that contains one.
    Fragment(Packet<'p>, Piece),
    /// Not TCP.
    Other,
}

/// What is in the packet.
pub(super) fn dissect(link: u16, packet: Octets<'_>) -> Result<Content<'_>, LeftOut> {
    let mut layer = Layer::of_link_type(link)?;
    let mut octets = packet;
    loop {
        let next = if layer == Layer::Ip {
            let packet = Packet::parse(octets)?;
            match (packet.protocol, packet.fragment) {
                (TCP, Some(piece)) => return Ok(Content::Fragment(packet, piece)),
                (_, Some(_)) => return Ok(Content::Other),
                (TCP, None) => {
                    return segment(packet.from, packet.to, packet.payload).map(Content::Segment);
                }
                (protocol, None) => Layer::of_protocol(protocol, packet.payload)?,
            }
        } else {
            layer.strip(octets)?
        };
        let Some(inner) = next else {
            return Ok(Content::Other);
        };
        (layer, octets) = inner;
    }
}

/// The segment in a whole Ethernet frame, if there is one.
pub(super) fn of_ethernet(frame: &[u8]) -> Option<Dissected> {
    match dissect(link::ETHERNET, Octets::new(frame, frame.len())) {
        Ok(Content::Segment(segment)) => Some(segment),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
