//! What a frame is, said once: everything after this works on facts, not on octets.
//!
//! Parsing is smoltcp's `wire`. Checksums of received TCP, UDP and IPv4 headers are verified here and
//! nowhere else, so the interface behind the node is told not to verify again.

use smoltcp::phy::{Checksum, ChecksumCapabilities};
use smoltcp::wire::{
    EthernetAddress, EthernetProtocol, Icmpv4Message, Icmpv4Packet, IpEndpoint, IpProtocol,
    TcpPacket, TcpRepr, UdpPacket, UdpRepr,
};
#[cfg(feature = "ipv6")]
use smoltcp::wire::{Icmpv6Message, Icmpv6Packet, IpAddress};

use super::complaint::Complaint;
#[cfg(feature = "ipv6")]
use super::discovery;
use super::discovery::Message;
use super::ethernet::Ethernet;
use super::packet::{Packet, Refused, Turned};
use super::parts;
use super::plain::{self, Plain, Verify};
use super::segment;
use crate::trace::{Direction, Flow, Header, Reason, Repair, Verdict};

/// A received or sent frame, classified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame<'f> {
    /// A TCP segment.
    Tcp(TcpFrame<'f>),
    /// A UDP datagram.
    Udp(UdpFrame<'f>),
    /// ARP or neighbour discovery.
    Neighbor(Message),
    /// ICMP; an error carries the start of the packet that it is about.
    Icmp(IcmpFrame<'f>),
    /// A packet that goes no further, and of which its sender is told.
    Turned(Turned),
}

/// A TCP segment and where it came from or goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TcpFrame<'f> {
    // A value: whoever is given one reads all of it.
    /// The hardware address of the other side.
    pub(super) neighbor: EthernetAddress,
    /// The endpoints, seen from this node.
    pub(super) flow: Flow,
    /// The header's facts.
    pub(super) header: Header,
    /// What was mended so that it could be read: smoltcp would refuse it as it stands.
    pub(super) mended: Option<Repair>,
    /// Whether extension headers stand before it: smoltcp would not find its socket.
    pub(super) extended: bool,
    /// The whole of it, for rewriting.
    octets: &'f [u8],
}

impl<'f> TcpFrame<'f> {
    /// Reads a plain segment in a received frame, as [`Frame::of`] would; `None`: it is something else.
    #[inline]
    pub(super) fn plain(
        ethernet: &Ethernet<'f>,
        packet: &Plain<'f>,
        verify: Verify,
    ) -> Option<Self> {
        let segment = packet.segment(verify)?;
        Some(Self {
            neighbor: ethernet.from,
            flow: Flow {
                local: segment.dst,
                remote: segment.src,
            },
            header: segment.header,
            mended: None,
            extended: false,
            octets: segment.octets,
        })
    }

    /// The segment as smoltcp writes it. It was verified when it was classified.
    pub(super) fn repr(&self) -> Option<TcpRepr<'f>> {
        let (src, dst) = (self.flow.remote.addr, self.flow.local.addr);
        segment::repr(self.octets, src, dst).map(|(repr, _)| repr)
    }

    /// Whether smoltcp can be given the packet as it came.
    #[inline]
    pub(super) fn is_as_it_came(&self) -> bool {
        self.mended.is_none() && !self.extended
    }

    /// One of which nothing else is known.
    #[cfg(test)]
    pub(super) fn without_octets(flow: Flow, header: Header) -> Self {
        Self {
            neighbor: EthernetAddress([2; 6]),
            flow,
            header,
            mended: None,
            extended: false,
            octets: &[],
        }
    }

    /// What the journal says of a segment that goes on to smoltcp.
    pub(super) fn verdict(&self) -> Verdict {
        self.mended.map_or(Verdict::Passed, Verdict::Repaired)
    }
}

/// A UDP datagram's facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UdpFrame<'f> {
    // A value: whoever is given one reads all of it.
    /// The endpoints, seen from this node.
    pub(super) flow: Flow,
    /// Octets of payload.
    pub(super) len: u16,
    /// The packet that carries it.
    pub(super) packet: Packet<'f>,
}

/// An ICMP message's facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IcmpFrame<'f> {
    // A value: whoever is given one reads all of it.
    /// Type field.
    pub(super) kind: u8,
    /// Code field.
    pub(super) code: u8,
    /// The packet that carries it.
    pub(super) packet: Packet<'f>,
}

impl<'f> IcmpFrame<'f> {
    /// The caller has made sure that there is a header.
    fn of(packet: Packet<'f>) -> Self {
        Self {
            kind: packet.payload[0],
            code: packet.payload[1],
            packet,
        }
    }

    /// For an error: the IP header and at least 8 octets of the packet it is about.
    pub(super) fn about(&self) -> &'f [u8] {
        self.packet.payload.get(8..).unwrap_or(&[])
    }

    /// Whether it is a request for an echo.
    pub(super) fn asks_for_echo(&self) -> bool {
        match self.packet.protocol {
            IpProtocol::Icmp => self.kind == u8::from(Icmpv4Message::EchoRequest),
            #[cfg(feature = "ipv6")]
            IpProtocol::Icmpv6 => self.kind == u8::from(Icmpv6Message::EchoRequest),
            _ => false,
        }
    }
}

impl<'f> UdpFrame<'f> {
    /// Reads a plain datagram in a received frame, as [`Frame::of`] would; `None`: it is something else.
    #[inline]
    fn plain(packet: &Plain<'f>, verify: Verify) -> Option<Self> {
        let datagram = packet.datagram(verify)?;
        Some(Self {
            flow: Flow {
                local: datagram.dst,
                remote: datagram.src,
            },
            len: datagram.len,
            packet: packet.packet(),
        })
    }
}

impl<'f> Frame<'f> {
    /// Classifies a received frame that is plain, as [`Frame::of`] would; `None`: it takes the long way.
    #[inline]
    pub(super) fn plain(ethernet: &Ethernet<'f>, verified: bool) -> Option<Self> {
        let packet = plain::read(ethernet)?;
        let verify = Verify::received(verified);
        let frame = match TcpFrame::plain(ethernet, &packet, verify) {
            Some(segment) => Self::Tcp(segment),
            None if parts::ONE_PASS && parts::READS_UDP => {
                Self::Udp(UdpFrame::plain(&packet, verify)?)
            }
            None => return None,
        };
        debug_assert_eq!(Self::of(ethernet, Direction::In, verified), Ok(frame));
        Some(frame)
    }

    /// Classifies a frame that crossed the wire in `direction`. `verified`: the checksums of TCP and UDP are
    /// known to be right.
    ///
    /// # Errors
    /// The reason why a received frame goes no further.
    pub(super) fn of(
        ethernet: &Ethernet<'f>,
        direction: Direction,
        verified: bool,
    ) -> Result<Self, Reason> {
        let neighbor = match direction {
            Direction::In => ethernet.from,
            Direction::Out => ethernet.to,
        };
        let parser = Parser {
            neighbor,
            #[cfg(feature = "ipv6")]
            from: ethernet.from,
            direction,
            verified,
        };
        parser.any(ethernet)
    }
}

/// What is known of a frame before its network layer is read.
struct Parser {
    neighbor: EthernetAddress,
    #[cfg(feature = "ipv6")]
    from: EthernetAddress,
    direction: Direction,
    /// Whether the checksums of TCP and UDP are known to be right.
    verified: bool,
}

impl Parser {
    fn any<'f>(&self, ethernet: &Ethernet<'f>) -> Result<Frame<'f>, Reason> {
        let frame = match ethernet.protocol {
            EthernetProtocol::Arp => Ok(Frame::Neighbor(Message::parse_arp(ethernet.payload)?)),
            EthernetProtocol::Ipv4 => self.ipv4(ethernet.payload),
            #[cfg(feature = "ipv6")]
            EthernetProtocol::Ipv6 => self.ipv6(ethernet.payload),
            _ => Err(Reason::UnknownProtocol.into()),
        };
        match frame {
            Ok(frame) => Ok(frame),
            Err(Refused::Turned(turned)) => Ok(Frame::Turned(turned)),
            Err(Refused::Silently(reason)) => Err(reason),
        }
    }

    fn ipv4<'f>(&self, octets: &'f [u8]) -> Result<Frame<'f>, Refused> {
        let packet = Packet::v4(octets, &self.checksums())?;
        match packet.protocol {
            IpProtocol::Icmp if parts::ICMP => {
                let icmp =
                    Icmpv4Packet::new_checked(packet.payload).map_err(|_| Reason::Malformed)?;
                if self.direction == Direction::In && !icmp.verify_checksum() {
                    return Err(Reason::Malformed.into());
                }
                Ok(Frame::Icmp(IcmpFrame::of(packet)))
            }
            _ => self.transport(packet),
        }
    }

    #[cfg(feature = "ipv6")]
    fn ipv6<'f>(&self, octets: &'f [u8]) -> Result<Frame<'f>, Refused> {
        let packet = Packet::v6(octets)?;
        match packet.protocol {
            IpProtocol::Icmpv6 => {
                let icmp =
                    Icmpv6Packet::new_checked(packet.payload).map_err(|_| Reason::Malformed)?;
                let repr = packet.repr_v6().ok_or(Reason::Malformed)?;
                let right = icmp.verify_checksum(&repr.src_addr, &repr.dst_addr);
                if self.direction == Direction::In && !right {
                    return Err(Reason::Malformed.into());
                }
                let message =
                    discovery::v6::parse(&repr, packet.payload, self.from, &self.checksums())?;
                if let Some(message) = message {
                    // What neighbours say is in no fragment (RFC 6980 section 5).
                    let whole = (!packet.fragment).then_some(Frame::Neighbor(message));
                    return Ok(whole.ok_or(Reason::Malformed)?);
                }
                Ok(Frame::Icmp(IcmpFrame::of(packet)))
            }
            _ => self.transport(packet),
        }
    }

    fn transport<'f>(&self, packet: Packet<'f>) -> Result<Frame<'f>, Refused> {
        match packet.protocol {
            IpProtocol::Tcp => Ok(self.tcp(&packet)?),
            IpProtocol::Udp if parts::READS_UDP => Ok(self.udp(packet)?),
            // Said to be nothing (RFC 8200 section 4.7).
            IpProtocol::Ipv6NoNxt => Err(Reason::UnknownProtocol.into()),
            _ => {
                let complaint = Complaint::unknown_header(packet.named_at.into());
                let turned = packet.turned(Reason::UnknownProtocol, complaint);
                Err(Refused::Turned(turned))
            }
        }
    }

    fn tcp<'f>(&self, packet: &Packet<'f>) -> Result<Frame<'f>, Reason> {
        let (src, dst, octets) = (packet.src, packet.dst, packet.payload);
        let (header, mended) = segment::read(octets, src, dst, self.verified)?;
        let tcp = TcpPacket::new_unchecked(octets);
        Ok(Frame::Tcp(TcpFrame {
            neighbor: self.neighbor,
            flow: self.flow(
                IpEndpoint::new(src, tcp.src_port()),
                IpEndpoint::new(dst, tcp.dst_port()),
            ),
            header,
            mended,
            extended: packet.extended,
            octets,
        }))
    }

    fn udp<'f>(&self, packet: Packet<'f>) -> Result<Frame<'f>, Reason> {
        let (src, dst) = (packet.src, packet.dst);
        let udp = UdpPacket::new_checked(packet.payload).map_err(|_| Reason::Malformed)?;
        // IPv6 has no datagrams without a checksum (RFC 8200 section 8.1), whatever smoltcp takes for one.
        #[cfg(feature = "ipv6")]
        if self.verifies() && udp.checksum() == 0 && matches!(src, IpAddress::Ipv6(_)) {
            return Err(Reason::Malformed);
        }
        let repr =
            UdpRepr::parse(&udp, &src, &dst, &self.checksums()).map_err(|_| Reason::Malformed)?;
        Ok(Frame::Udp(UdpFrame {
            flow: self.flow(
                IpEndpoint::new(src, repr.src_port),
                IpEndpoint::new(dst, repr.dst_port),
            ),
            len: udp.payload().len() as u16,
            packet,
        }))
    }

    fn flow(&self, src: IpEndpoint, dst: IpEndpoint) -> Flow {
        let (local, remote) = match self.direction {
            Direction::In => (dst, src),
            Direction::Out => (src, dst),
        };
        Flow { local, remote }
    }

    /// Whether checksums of TCP and UDP are looked at.
    #[cfg(feature = "ipv6")]
    fn verifies(&self) -> bool {
        self.direction == Direction::In && !self.verified
    }

    /// What is received is verified; what this node sent itself is not, and what the device verified is
    /// not again.
    fn checksums(&self) -> ChecksumCapabilities {
        let mut checksums = match self.direction {
            Direction::In => ChecksumCapabilities::default(),
            Direction::Out => ChecksumCapabilities::ignored(),
        };
        if self.verified {
            checksums.tcp = Checksum::None;
            checksums.udp = Checksum::None;
        }
        checksums
    }
}
