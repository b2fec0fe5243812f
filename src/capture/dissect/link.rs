//! What precedes an IP header, layer by layer, tunnels included.

use super::super::LeftOut;
use super::super::octets::Octets;

/// Its link type.
pub(super) const ETHERNET: u16 = 1;

/// What the first octets of a packet, or of what is left of it, are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    Ethernet,
    /// What an EtherType announces.
    Type(u16),
    /// IEEE 802.2, for IP by SNAP (RFC 1042) or as it is.
    Llc,
    /// PPP, with or without its address and control octets (RFC 1661, 1662).
    Ppp,
    /// PPPoE (RFC 2516).
    Pppoe,
    /// A stack of MPLS labels (RFC 3032).
    Mpls,
    /// Linux cooked capture, in both versions.
    Cooked,
    Cooked2,
    /// Cisco's framing of HDLC.
    Hdlc,
    /// This many octets to skip, followed by IP.
    Skipped(usize),
    /// GRE (RFC 2784, 2890).
    Gre,
    /// VXLAN (RFC 7348) and Geneve (RFC 8926).
    Vxlan,
    Geneve,
    Ip,
}

/// A layer and its octets; `None` if there is no IP.
type Next<'p> = Result<Option<(Layer, Octets<'p>)>, LeftOut>;

impl Layer {
    /// What a packet of this link type begins with (<https://www.tcpdump.org/linktypes.html>).
    pub(super) const fn of_link_type(number: u16) -> Result<Self, LeftOut> {
        Ok(match number {
            ETHERNET => Self::Ethernet,
            // Loopback of the BSDs: an address family, whose number depends on the system.
            0 | 108 => Self::Skipped(4),
            // OpenBSD's encapsulating interface.
            109 => Self::Skipped(12),
            9 | 50 => Self::Ppp,
            51 => Self::Pppoe,
            // Raw IP: two of these are numbers that only some systems have for it.
            12 | 14 | 101 | 228 | 229 => Self::Ip,
            104 => Self::Hdlc,
            113 => Self::Cooked,
            276 => Self::Cooked2,
            number => return Err(LeftOut::LinkType(number)),
        })
    }

    /// What an IP packet of this protocol begins with.
    pub(super) fn of_protocol(protocol: u8, octets: Octets<'_>) -> Next<'_> {
        Ok(match protocol {
            // IP in IP (RFC 2003, 4213).
            4 | 41 => Some((Self::Ip, octets)),
            47 => Some((Self::Gre, octets)),
            17 => {
                let port = octets.u16(2)?;
                let inner = octets.skip(8)?;
                match port {
                    4789 | 8472 => Some((Self::Vxlan, inner)),
                    6081 => Some((Self::Geneve, inner)),
                    _ => None,
                }
            }
            _ => None,
        })
    }

    /// Takes one header off.
    pub(super) fn strip(self, octets: Octets<'_>) -> Next<'_> {
        match self {
            Self::Ip => Ok(Some((Self::Ip, octets))),
            Self::Skipped(count) => Ok(Some((Self::Ip, octets.skip(count)?))),
            Self::Type(kind) => behind_type(kind, octets),
            Self::Ethernet => typed(octets, 12, 14),
            Self::Cooked => typed(octets, 14, 16),
            Self::Cooked2 => typed(octets, 0, 20),
            Self::Hdlc => typed(octets, 2, 4),
            Self::Llc => behind_llc(octets),
            Self::Ppp => behind_ppp(octets),
            Self::Pppoe => Ok(Some((Self::Ppp, octets.skip(6)?))),
            Self::Mpls => behind_mpls(octets),
            Self::Gre => behind_gre(octets),
            Self::Vxlan => {
                let [flags] = octets.array(0)?;
                let inner = octets.skip(8)?;
                Ok((flags == 0x08).then_some((Self::Ethernet, inner)))
            }
            Self::Geneve => {
                let [first] = octets.array(0)?;
                typed(octets, 2, 8 + usize::from(first & 0x3f) * 4)
            }
        }
    }
}

/// An EtherType at `at`, in a header of `length` octets.
fn typed(octets: Octets<'_>, at: usize, length: usize) -> Next<'_> {
    let kind = octets.u16(at)?;
    Ok(Some((Layer::Type(kind), octets.skip(length)?)))
}

fn behind_type(kind: u16, octets: Octets<'_>) -> Next<'_> {
    let layer = match kind {
        0x0800 | 0x86dd => Layer::Ip,
        // VLAN tags, standard ones and those of before.
        0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => return typed(octets, 2, 4),
        0x8847 | 0x8848 => Layer::Mpls,
        0x8864 => Layer::Pppoe,
        0x6558 => Layer::Ethernet,
        // A length of what follows, or the mark of one that is too long for that.
        0..=1500 | 0x8870 => Layer::Llc,
        _ => return Ok(None),
    };
    Ok(Some((layer, octets)))
}

fn behind_llc(octets: Octets<'_>) -> Next<'_> {
    match octets.array(0)? {
        [0xaa, 0xaa, 0x03] => match octets.array(3)? {
            [0, 0, 0] | [0, 0, 0xf8] => typed(octets, 6, 8),
            _ => Ok(None),
        },
        [0x06, 0x06, 0x03] => Ok(Some((Layer::Ip, octets.skip(3)?))),
        _ => Ok(None),
    }
}

fn behind_ppp(octets: Octets<'_>) -> Next<'_> {
    let octets = match octets.array(0)? {
        [0xff, 0x03] => octets.skip(2)?,
        _ => octets,
    };
    // The protocol field may be compressed to one octet, which is odd.
    let [first] = octets.array(0)?;
    let (protocol, length) = match first & 1 {
        0 => (octets.u16(0)?, 2),
        _ => (first.into(), 1),
    };
    let inner = octets.skip(length)?;
    Ok(match protocol {
        0x0021 | 0x0057 => Some((Layer::Ip, inner)),
        0x0281 | 0x0283 => Some((Layer::Mpls, inner)),
        _ => None,
    })
}

fn behind_mpls(mut octets: Octets<'_>) -> Next<'_> {
    loop {
        let [_, _, last, _] = octets.array(0)?;
        octets = octets.skip(4)?;
        if last & 1 != 0 {
            break;
        }
    }
    // Nothing says what follows: IP tells itself by its version (RFC 4928), and a control word, before
    // Ethernet, by a zero in its place (RFC 4385).
    let [first] = octets.array(0)?;
    Ok(Some(match first >> 4 {
        4 | 6 => (Layer::Ip, octets),
        0 => (Layer::Ethernet, octets.skip(4)?),
        _ => (Layer::Ethernet, octets),
    }))
}

fn behind_gre(octets: Octets<'_>) -> Next<'_> {
    let flags = octets.u16(0)?;
    if flags & 0x4007 != 0 {
        // Routed, or another version.
        return Ok(None);
    }
    // A checksum, a key and a sequence number.
    let fields = (flags & 0xb000).count_ones() as usize;
    typed(octets, 2, 4 + fields * 4)
}
