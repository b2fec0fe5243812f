//! What a frame is, said once: everything after this works on facts, not on octets.
//!
//! Parsing is smoltcp's `wire`. Checksums of received TCP, UDP and IPv4 headers are verified here and
//! nowhere else, so the interface behind the node is told not to verify again.

use smoltcp::phy::{Checksum, ChecksumCapabilities};
use smoltcp::wire::{
    EthernetAddress, EthernetProtocol, Icmpv4Packet, IpAddress, IpEndpoint, IpProtocol, Ipv4Packet,
    Ipv4Repr, TcpControl, TcpPacket, TcpRepr, UdpPacket, UdpRepr,
};
#[cfg(feature = "ipv6")]
use smoltcp::wire::{Icmpv6Packet, Ipv6Packet, Ipv6Repr};

#[cfg(feature = "ipv6")]
use super::discovery;
use super::discovery::Message;
use super::ethernet::Ethernet;
use super::segment;
use crate::trace::{Direction, Flags, Flow, Header, Options, Reason, Repair, Verdict};

/// A received or sent frame, classified.
pub(super) enum Frame<'f> {
    /// A TCP segment.
    Tcp(TcpFrame<'f>),
    /// A UDP datagram.
    Udp(UdpFrame),
    /// ARP or neighbour discovery.
    Neighbor(Message),
    /// ICMP; an error carries the start of the packet that it is about.
    Icmp(IcmpFrame<'f>),
    /// Well-formed, and nothing that this node has an opinion on.
    Other,
}

/// A TCP segment and where it came from or goes to.
#[derive(Clone, Copy)]
pub(super) struct TcpFrame<'f> {
    /// The hardware address of the other side.
    pub(super) neighbor: EthernetAddress,
    /// The endpoints, seen from this node.
    pub(super) flow: Flow,
    /// The header's facts.
    pub(super) header: Header,
    /// What was mended so that it could be read: smoltcp would refuse it as it stands.
    pub(super) mended: Option<Repair>,
    /// The whole of it, for rewriting.
    octets: &'f [u8],
}

impl<'f> TcpFrame<'f> {
    /// The segment as smoltcp writes it. It was verified when it was classified.
    pub(super) fn repr(&self) -> Option<TcpRepr<'f>> {
        let (src, dst) = (self.flow.remote.addr, self.flow.local.addr);
        segment::repr(self.octets, src, dst).map(|(repr, _)| repr)
    }

    /// What the journal says of a segment that goes on to smoltcp.
    pub(super) fn verdict(&self) -> Verdict {
        self.mended.map_or(Verdict::Passed, Verdict::Repaired)
    }
}

/// A UDP datagram's facts.
#[derive(Clone, Copy)]
pub(super) struct UdpFrame {
    /// The endpoints, seen from this node.
    pub(super) flow: Flow,
    /// Octets of payload.
    pub(super) len: u16,
}

/// An ICMP message's facts.
#[derive(Clone, Copy)]
pub(super) struct IcmpFrame<'f> {
    /// Type field.
    pub(super) kind: u8,
    /// Code field.
    pub(super) code: u8,
    /// Whether it is ICMPv6.
    pub(super) v6: bool,
    /// For an error: the IP header and at least 8 octets of the packet it is about.
    pub(super) about: &'f [u8],
}

impl<'f> Frame<'f> {
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
        match ethernet.protocol {
            EthernetProtocol::Arp => Message::parse_arp(ethernet.payload).map(Frame::Neighbor),
            EthernetProtocol::Ipv4 => parser.ipv4(ethernet.payload),
            #[cfg(feature = "ipv6")]
            EthernetProtocol::Ipv6 => parser.ipv6(ethernet.payload),
            _ => Err(Reason::UnknownProtocol),
        }
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
    fn ipv4<'f>(&self, octets: &'f [u8]) -> Result<Frame<'f>, Reason> {
        let packet = Ipv4Packet::new_checked(octets).map_err(|_| Reason::Malformed)?;
        if packet.more_frags() || packet.frag_offset() != 0 {
            return Err(Reason::Fragment);
        }
        let repr = Ipv4Repr::parse(&packet, &self.checksums()).map_err(|_| Reason::Malformed)?;
        let (src, dst) = (repr.src_addr.into(), repr.dst_addr.into());
        match repr.next_header {
            IpProtocol::Tcp => self.tcp(packet.payload(), src, dst),
            IpProtocol::Udp => self.udp(packet.payload(), src, dst),
            IpProtocol::Icmp => {
                let icmp =
                    Icmpv4Packet::new_checked(packet.payload()).map_err(|_| Reason::Malformed)?;
                Ok(Frame::Icmp(IcmpFrame {
                    kind: icmp.msg_type().into(),
                    code: icmp.msg_code(),
                    v6: false,
                    about: packet.payload().get(8..).unwrap_or(&[]),
                }))
            }
            _ => Ok(Frame::Other),
        }
    }

    #[cfg(feature = "ipv6")]
    fn ipv6<'f>(&self, octets: &'f [u8]) -> Result<Frame<'f>, Reason> {
        let packet = Ipv6Packet::new_checked(octets).map_err(|_| Reason::Malformed)?;
        let repr = Ipv6Repr::parse(&packet).map_err(|_| Reason::Malformed)?;
        let (src, dst) = (repr.src_addr.into(), repr.dst_addr.into());
        match repr.next_header {
            IpProtocol::Tcp => self.tcp(packet.payload(), src, dst),
            IpProtocol::Udp => self.udp(packet.payload(), src, dst),
            IpProtocol::Icmpv6 => {
                let icmp =
                    Icmpv6Packet::new_checked(packet.payload()).map_err(|_| Reason::Malformed)?;
                let checksums = self.checksums();
                if let Some(message) =
                    discovery::v6::parse(&repr, packet.payload(), self.from, &checksums)?
                {
                    return Ok(Frame::Neighbor(message));
                }
                Ok(Frame::Icmp(IcmpFrame {
                    kind: icmp.msg_type().into(),
                    code: icmp.msg_code(),
                    v6: true,
                    about: packet.payload().get(8..).unwrap_or(&[]),
                }))
            }
            _ => Ok(Frame::Other),
        }
    }

    fn tcp<'f>(
        &self,
        octets: &'f [u8],
        src: IpAddress,
        dst: IpAddress,
    ) -> Result<Frame<'f>, Reason> {
        let (header, mended) = segment::read(octets, src, dst, self.verified)?;
        let packet = TcpPacket::new_unchecked(octets);
        Ok(Frame::Tcp(TcpFrame {
            neighbor: self.neighbor,
            flow: self.flow(
                IpEndpoint::new(src, packet.src_port()),
                IpEndpoint::new(dst, packet.dst_port()),
            ),
            header,
            mended,
            octets,
        }))
    }

    fn udp<'f>(
        &self,
        octets: &'f [u8],
        src: IpAddress,
        dst: IpAddress,
    ) -> Result<Frame<'f>, Reason> {
        let packet = UdpPacket::new_checked(octets).map_err(|_| Reason::Malformed)?;
        let repr = UdpRepr::parse(&packet, &src, &dst, &self.checksums())
            .map_err(|_| Reason::Malformed)?;
        Ok(Frame::Udp(UdpFrame {
            flow: self.flow(
                IpEndpoint::new(src, repr.src_port),
                IpEndpoint::new(dst, repr.dst_port),
            ),
            len: packet.payload().len() as u16,
        }))
    }

    fn flow(&self, src: IpEndpoint, dst: IpEndpoint) -> Flow {
        let (local, remote) = match self.direction {
            Direction::In => (dst, src),
            Direction::Out => (src, dst),
        };
        Flow { local, remote }
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

/// The facts of a segment's header.
pub(super) fn header(repr: &TcpRepr<'_>, flags: Flags) -> Header {
    Header {
        seq: repr.seq_number.0 as u32,
        ack: repr.ack_number.map_or(0, |ack| ack.0 as u32),
        flags,
        len: repr.payload.len() as u16,
        window: repr.window_len,
        mss: repr.max_seg_size.unwrap_or(0),
        options: options(repr),
    }
}

fn options(repr: &TcpRepr<'_>) -> Options {
    let mut options = Options::default();
    if let Some(shift) = repr.window_scale {
        options = options.with_scale(shift);
    }
    if repr.sack_permitted {
        options = options.with_sack_permitted();
    }
    if repr.sack_ranges.iter().any(Option::is_some) {
        options = options.with_sack();
    }
    if repr.timestamp.is_some() {
        options = options.with_timestamps();
    }
    options
}

/// The flags that smoltcp will put on the wire for `repr`.
pub(super) fn flags(repr: &TcpRepr<'_>) -> Flags {
    let control = match repr.control {
        TcpControl::None => Flags::default(),
        TcpControl::Psh => Flags::PSH,
        TcpControl::Syn => Flags::SYN,
        TcpControl::Fin => Flags::FIN,
        TcpControl::Rst => Flags::RST,
    };
    match repr.ack_number {
        Some(_) => control.with(Flags::ACK),
        None => control,
    }
}
