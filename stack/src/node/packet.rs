//! An IP packet, as far as what it carries: options of IPv4 and extension headers of IPv6 are read here and
//! nowhere else.
//!
//! - Options of IPv4 are skipped (RFC 1122 section 3.2.1.8); a packet with a source route is dropped.
//! - Extension headers of IPv6 are processed as RFC 8200 section 4 says: options by their action bits, a
//!   routing header that leads no further as if it were not there, a fragment header around a whole datagram
//!   (RFC 6946) likewise. There may be [`MOST_HEADERS`] of them.
//!
//! smoltcp skips only a hop-by-hop header, and finds no socket behind it: what stood behind such headers is
//! composed anew for it.

use smoltcp::phy::ChecksumCapabilities;
#[cfg(feature = "reassembly")]
use smoltcp::wire::IpVersion;
use smoltcp::wire::{IpAddress, IpProtocol, Ipv4Packet, Ipv4Repr};
#[cfg(feature = "ipv6")]
use smoltcp::wire::{Ipv6Packet, Ipv6Repr};

use super::complaint::Complaint;
#[cfg(feature = "reassembly")]
use super::reassembly::{Fragment, Key};
use crate::trace::Reason;

/// Extension headers that one packet may have: each kind once, destination options twice, and as many again.
#[cfg(feature = "ipv6")]
const MOST_HEADERS: usize = 10;

/// Octets of a fixed IPv6 header, and of a fragment header.
#[cfg(feature = "ipv6")]
const FIXED: usize = 40;
#[cfg(feature = "ipv6")]
const FRAGMENT: usize = 8;

/// Where the fixed header says what follows it.
#[cfg(feature = "ipv6")]
const NEXT_HEADER: usize = 6;

/// What a packet carries, and between whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet<'p> {
    // A value: whoever is given one reads all of it.
    /// The sender.
    pub(super) src: IpAddress,
    /// The receiver.
    pub(super) dst: IpAddress,
    /// What reads the payload.
    pub(super) protocol: IpProtocol,
    /// What is behind all headers of IP.
    pub(super) payload: &'p [u8],
    /// Where the protocol is named, in octets from the start.
    pub(super) named_at: u16,
    /// The hop limit, or time to live.
    pub(super) hop_limit: u8,
    /// Octets of the packet.
    pub(super) len: usize,
    /// Whether extension headers stand before the payload: smoltcp does not read it as it stands.
    pub(super) extended: bool,
    /// Whether one of them says that this is a fragment, be it the only one (RFC 6946).
    pub(super) fragment: bool,
}

/// A packet that goes no further, and what its sender is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turned {
    // A value: whoever is given one reads all of it.
    /// For the journal.
    pub(super) reason: Reason,
    /// For the sender.
    pub(super) complaint: Complaint,
    /// The sender.
    pub(super) src: IpAddress,
    /// The receiver.
    pub(super) dst: IpAddress,
    /// Octets of the packet.
    pub(super) len: usize,
}

/// Why a packet goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// Nothing is said about it.
    Silently(Reason),
    /// Its sender is told.
    Turned(Turned),
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self::Silently(reason)
    }
}

impl<'p> Packet<'p> {
    /// Reads an IPv4 packet; what stands behind its end is padding of the link.
    pub(super) fn v4(octets: &'p [u8], checksums: &ChecksumCapabilities) -> Result<Self, Refused> {
        let packet = Ipv4Packet::new_checked(octets).map_err(|_| Reason::Malformed)?;
        if packet.more_frags() || packet.frag_offset() != 0 {
            return Err(Reason::Fragment.into());
        }
        let repr = Ipv4Repr::parse(&packet, checksums).map_err(|_| Reason::Malformed)?;
        read_v4_options(&octets[20..usize::from(packet.header_len())])?;
        Ok(Self {
            src: repr.src_addr.into(),
            dst: repr.dst_addr.into(),
            protocol: repr.next_header,
            payload: packet.payload(),
            named_at: 9,
            hop_limit: repr.hop_limit,
            len: usize::from(packet.total_len()),
            extended: false,
            fragment: false,
        })
    }

    /// Reads an IPv6 packet; what stands behind its end is padding of the link.
    #[cfg(feature = "ipv6")]
    pub(super) fn v6(octets: &'p [u8]) -> Result<Self, Refused> {
        let packet = Ipv6Packet::new_checked(octets).map_err(|_| Reason::Malformed)?;
        let repr = Ipv6Repr::parse(&packet).map_err(|_| Reason::Malformed)?;
        let octets = &octets[..FIXED + packet.payload().len()];
        let mut chain = Chain {
            octets,
            at: FIXED,
            named_at: NEXT_HEADER,
            next: repr.next_header,
            refused: None,
            fragment: false,
        };
        chain.follow()?;
        // A complaint about a message that is itself a complaint would be one too many.
        let error = chain.next == IpProtocol::Icmpv6
            && octets.get(chain.at).is_some_and(|kind| *kind < 128);
        let (src, dst) = (repr.src_addr.into(), repr.dst_addr.into());
        match chain.refused {
            Some(Some(complaint)) if !error => {
                return Err(Refused::Turned(Turned {
                    reason: Reason::ExtensionHeader,
                    complaint,
                    src,
                    dst,
                    len: octets.len(),
                }));
            }
            Some(_) => return Err(Reason::ExtensionHeader.into()),
            None => {}
        }
        Ok(Self {
            src,
            dst,
            protocol: chain.next,
            payload: &octets[chain.at..],
            named_at: chain.named_at as u16,
            hop_limit: repr.hop_limit,
            len: octets.len(),
            extended: chain.at > FIXED,
            fragment: chain.fragment,
        })
    }

    /// The same packet turned back, with what its sender is told.
    pub(super) fn turned(&self, reason: Reason, complaint: Complaint) -> Turned {
        Turned {
            reason,
            complaint,
            src: self.src,
            dst: self.dst,
            len: self.len,
        }
    }

    /// Its header as smoltcp writes it, without extension headers; `None` if it is IPv4.
    #[cfg(feature = "ipv6")]
    pub(super) fn repr_v6(&self) -> Option<Ipv6Repr> {
        match (self.src, self.dst) {
            (IpAddress::Ipv6(src_addr), IpAddress::Ipv6(dst_addr)) => Some(Ipv6Repr {
                src_addr,
                dst_addr,
                next_header: self.protocol,
                payload_len: self.payload.len(),
                hop_limit: self.hop_limit,
            }),
            _ => None,
        }
    }

    /// Composes the same packet without extension headers at the start of `room`; `None` if there is too
    /// little of it, or nothing to leave out.
    #[cfg(feature = "ipv6")]
    pub(super) fn write_bare<'r>(&self, room: &'r mut [u8]) -> Option<&'r [u8]> {
        let repr = self.repr_v6()?;
        let room = room.get_mut(..FIXED + self.payload.len())?;
        repr.emit(&mut Ipv6Packet::new_unchecked(&mut *room));
        room[FIXED..].copy_from_slice(self.payload);
        Some(room)
    }

    /// IPv4 has no extension headers.
    #[cfg(not(feature = "ipv6"))]
    pub(super) fn write_bare<'r>(&self, _: &'r mut [u8]) -> Option<&'r [u8]> {
        None
    }
}

/// Reads a packet that was refused as [`Reason::Fragment`]: which piece of a datagram it is.
#[cfg(feature = "reassembly")]
pub(super) fn piece(octets: &[u8]) -> Result<Fragment<'_>, Reason> {
    match IpVersion::of_packet(octets) {
        Ok(IpVersion::Ipv4) => piece_v4(octets),
        Ok(IpVersion::Ipv6) => piece_v6(octets),
        Err(_) => Err(Reason::Malformed),
    }
}

#[cfg(feature = "reassembly")]
fn piece_v4(octets: &[u8]) -> Result<Fragment<'_>, Reason> {
    let packet = Ipv4Packet::new_checked(octets).map_err(|_| Reason::Malformed)?;
    if !packet.verify_checksum() {
        return Err(Reason::Malformed);
    }
    read_v4_options(&octets[20..usize::from(packet.header_len())])?;
    Ok(Fragment {
        key: Key {
            src: packet.src_addr().into(),
            dst: packet.dst_addr().into(),
            ident: packet.ident().into(),
            protocol: Some(packet.next_header()),
        },
        offset: packet.frag_offset(),
        more: packet.more_frags(),
        protocol: packet.next_header(),
        hop_limit: packet.hop_limit(),
        octets: packet.payload(),
    })
}

#[cfg(feature = "reassembly")]
fn piece_v6(octets: &[u8]) -> Result<Fragment<'_>, Reason> {
    let packet = Ipv6Packet::new_checked(octets).map_err(|_| Reason::Malformed)?;
    let octets = &octets[..FIXED + packet.payload().len()];
    let mut chain = Chain {
        octets,
        at: FIXED,
        named_at: NEXT_HEADER,
        next: packet.next_header(),
        refused: None,
        fragment: false,
    };
    // It stops at the fragment header.
    let _ = chain.follow();
    let header = octets.get(chain.at..chain.at + FRAGMENT);
    let &[next, _, high, low, a, b, c, d] = header.ok_or(Reason::Malformed)? else {
        return Err(Reason::Malformed);
    };
    let place = u16::from_be_bytes([high, low]);
    Ok(Fragment {
        key: Key {
            src: packet.src_addr().into(),
            dst: packet.dst_addr().into(),
            ident: u32::from_be_bytes([a, b, c, d]),
            protocol: None,
        },
        offset: place & !7,
        more: place & 1 != 0,
        protocol: next.into(),
        hop_limit: packet.hop_limit(),
        octets: &octets[chain.at + FRAGMENT..],
    })
}

/// Looks through the options of IPv4 for those that forbid to take the packet.
fn read_v4_options(mut rest: &[u8]) -> Result<(), Reason> {
    const END: u8 = 0;
    const NO_OPERATION: u8 = 1;
    const LOOSE_SOURCE_ROUTE: u8 = 131;
    const STRICT_SOURCE_ROUTE: u8 = 137;
    loop {
        rest = match *rest {
            [] | [END, ..] => return Ok(()),
            [NO_OPERATION, ref behind @ ..] => behind,
            [LOOSE_SOURCE_ROUTE | STRICT_SOURCE_ROUTE, ..] => return Err(Reason::SourceRoute),
            [_, len, ..] if len >= 2 => rest.get(len.into()..).ok_or(Reason::Malformed)?,
            [_, ..] => return Err(Reason::Malformed),
        };
    }
}

/// A walk along the extension headers.
#[cfg(feature = "ipv6")]
struct Chain<'p> {
    /// The packet.
    octets: &'p [u8],
    /// Where the next header begins.
    at: usize,
    /// Where it is named.
    named_at: usize,
    /// What it is.
    next: IpProtocol,
    /// The first thing that speaks against the packet, and what is said about it.
    refused: Option<Option<Complaint>>,
    /// One of its headers says that it is a fragment, and the only one.
    fragment: bool,
}

#[cfg(feature = "ipv6")]
impl Chain<'_> {
    /// Walks to the header that is none of IP's.
    fn follow(&mut self) -> Result<(), Refused> {
        for _ in 0..MOST_HEADERS {
            match self.next {
                // It may stand at the start only (RFC 8200 section 4.1).
                IpProtocol::HopByHop if self.at > FIXED => {
                    self.refuse(Complaint::unknown_header(self.named_at));
                    return Ok(());
                }
                IpProtocol::HopByHop | IpProtocol::Ipv6Opts => {
                    let len = self.len()?;
                    self.read_options(len)?;
                    self.pass(len);
                }
                IpProtocol::Ipv6Route => {
                    let len = self.len()?;
                    // Segments left, and a kind of routing: nobody here knows any (section 4.4).
                    if self.octets[self.at + 3] > 0 {
                        self.refuse(Complaint::bad_field(self.at + 2));
                    }
                    self.pass(len);
                }
                IpProtocol::Ipv6Frag => {
                    let header = self.octets.get(self.at..self.at + FRAGMENT);
                    let header = header.ok_or(Reason::Malformed)?;
                    let in_pieces = u16::from_be_bytes([header[2], header[3]]) & !0b110 != 0;
                    if in_pieces && self.refused.is_none() {
                        return Err(Reason::Fragment.into());
                    }
                    if in_pieces {
                        return Ok(());
                    }
                    self.fragment = true;
                    self.pass(FRAGMENT);
                }
                _ => return Ok(()),
            }
        }
        Err(Reason::ExtensionHeader.into())
    }

    /// Octets of the header here.
    fn len(&self) -> Result<usize, Reason> {
        let units = self.octets.get(self.at + 1).ok_or(Reason::Malformed)?;
        let len = 8 + 8 * usize::from(*units);
        let fits = self.at + len <= self.octets.len();
        fits.then_some(len).ok_or(Reason::Malformed)
    }

    /// Goes behind the header here, of `len` octets that are there.
    fn pass(&mut self, len: usize) {
        self.named_at = self.at;
        self.next = self.octets[self.at].into();
        self.at += len;
    }

    fn refuse(&mut self, complaint: Complaint) {
        self.refused.get_or_insert(Some(complaint));
    }

    /// Reads the options of the header here. The two highest bits of the kind of one that nobody knows say
    /// what is to be done (section 4.2).
    fn read_options(&mut self, len: usize) -> Result<(), Reason> {
        let end = self.at + len;
        let mut at = self.at + 2;
        while at < end {
            let kind = self.octets[at];
            // Pad1 is the only one without a length.
            if kind == 0 {
                at += 1;
                continue;
            }
            let behind = match self.octets[at + 1..end] {
                [len, ..] if at + 2 + usize::from(len) <= end => at + 2 + usize::from(len),
                _ => return Err(Reason::Malformed),
            };
            match kind >> 6 {
                0b00 => {}
                0b01 => {
                    self.refused.get_or_insert(None);
                }
                0b10 => self.refuse(Complaint::unknown_option(at, true)),
                _ => self.refuse(Complaint::unknown_option(at, false)),
            }
            at = behind;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
