//! The device that smoltcp sees: at most one packet in, at most one packet out, which is noted.
//!
//! smoltcp asks a `Device` for packets. The node has read the frame already, so it offers the packet in it
//! and no other. Whatever leaves gets its Ethernet header here, for the hardware address that the node
//! chose, and is noted after it is complete, in the same call that made it.
//!
//! There is one such device, whatever the node's own is: smoltcp's code is compiled for it alone.

#[cfg(feature = "offload")]
use core::num::NonZeroUsize;

use smoltcp::phy::{
    self, Checksum, ChecksumCapabilities, Device, DeviceCapabilities, PacketMeta, RxToken, TxToken,
};
use smoltcp::time::Instant;

#[cfg(feature = "offload")]
use super::config::LONGEST_SEGMENT;
use super::ethernet::{Ethernet, HEADER, Hop};
use super::frame::{Frame, TcpFrame};
use super::parts;
use super::plain::{self, Verify};
use crate::trace::{Direction, Flow, Header, Neighbor};

/// A frame that left, in facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// A plain segment of the connection that was asked.
    Own(Header),
    /// A TCP segment.
    Tcp(Flow, Header),
    /// A UDP datagram and its octets of payload.
    Udp(Flow, u16),
    /// ARP or neighbour discovery.
    Neighbor(Neighbor),
    /// ICMP: type and code.
    Icmp(u8, u8),
    /// Anything else.
    Other,
}

impl Sent {
    /// What a frame of ours is.
    pub(super) fn of(octets: &[u8]) -> Self {
        let Some(ethernet) = Ethernet::parse(octets) else {
            return Self::Other;
        };
        if let Some(sent) = Self::plain(&ethernet) {
            debug_assert_eq!(sent, Self::any(&ethernet));
            return sent;
        }
        Self::any(&ethernet)
    }

    /// What a frame of the connection with this flow is, if it was asked for one.
    #[inline]
    fn of_own(octets: &[u8], flow: Option<&Flow>) -> Self {
        match flow.and_then(|_| plain::own(octets)) {
            Some(header) => {
                debug_assert_eq!(
                    flow.map(|flow| Self::Tcp(*flow, header)),
                    Some(Self::of(octets))
                );
                Self::Own(header)
            }
            None => Self::of(octets),
        }
    }

    /// What a plain packet is, read the straight way.
    #[inline]
    fn plain(ethernet: &Ethernet<'_>) -> Option<Self> {
        if !parts::ONE_PASS {
            return None;
        }
        let packet = plain::read(ethernet)?;
        if let Some(segment) = packet.segment(Verify::Nothing) {
            let flow = Flow {
                local: segment.src,
                remote: segment.dst,
            };
            return Some(Self::Tcp(flow, segment.header));
        }
        let datagram = packet.datagram(Verify::Nothing)?;
        let flow = Flow {
            local: datagram.src,
            remote: datagram.dst,
        };
        Some(Self::Udp(flow, datagram.len))
    }

    /// What a frame is, read the long way.
    fn any(ethernet: &Ethernet<'_>) -> Self {
        match Frame::of(ethernet, Direction::Out, true) {
            Ok(Frame::Tcp(TcpFrame { flow, header, .. })) => Self::Tcp(flow, header),
            Ok(Frame::Udp(udp)) => Self::Udp(udp.flow, udp.len),
            Ok(Frame::Neighbor(message)) => Self::Neighbor(message.event(Direction::Out)),
            Ok(Frame::Icmp(icmp)) => Self::Icmp(icmp.kind, icmp.code),
            Ok(Frame::Turned(_)) | Err(_) => Self::Other,
        }
    }
}

/// What smoltcp is told of the medium when the interface is made; it asks then and never again. There is
/// nothing to receive here, and nowhere to send.
pub(super) struct Medium(DeviceCapabilities);

impl Medium {
    /// IP packets of up to `mtu` octets, received checksums already verified. With `offload` smoltcp
    /// leaves the checksums of TCP to the device, and hands it segments that are longer. Not over IPv6: it
    /// makes long ones there, too, and then drops them because IPv6 cannot be fragmented. Windows are no larger
    /// than `burst` segments.
    #[cfg_attr(not(feature = "offload"), expect(unused_variables))]
    pub(super) fn new(mtu: usize, offload: bool, burst: Option<usize>) -> Self {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = phy::Medium::Ip;
        capabilities.max_transmission_unit = mtu;
        capabilities.max_burst_size = burst;
        let mut checksum = ChecksumCapabilities::default();
        checksum.ipv4 = Checksum::Tx;
        checksum.tcp = Checksum::Tx;
        checksum.udp = Checksum::Tx;
        capabilities.checksum = checksum;
        #[cfg(feature = "offload")]
        if offload {
            capabilities.checksum.tcp = Checksum::None;
            capabilities.segmentation.tcpv4 = NonZeroUsize::new(LONGEST_SEGMENT - HEADER);
        }
        Self(capabilities)
    }

    /// The same for an interface that makes and reads whole Ethernet frames.
    pub(super) fn ethernet(mtu: usize, burst: Option<usize>) -> Self {
        let mut medium = Self::new(mtu, false, burst);
        medium.0.medium = phy::Medium::Ethernet;
        medium.0.max_transmission_unit = mtu + HEADER;
        medium
    }
}

impl Device for Medium {
    type RxToken<'t> = Offered<'t>;
    type TxToken<'t> = Noted<'t>;

    fn receive(&mut self, _: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        None
    }

    fn transmit(&mut self, _: Instant) -> Option<Self::TxToken<'_>> {
        None
    }

    fn capabilities(&self) -> DeviceCapabilities {
        self.0.clone()
    }
}

/// The way out for one frame. Used once at most.
pub(super) trait Exit {
    /// Sends a frame of `len` octets, which `fill` writes.
    fn send(&mut self, len: usize, meta: PacketMeta, fill: &mut dyn FnMut(&mut [u8]));
}

/// The right to send a frame through a device.
impl<T: TxToken> Exit for Option<T> {
    fn send(&mut self, len: usize, meta: PacketMeta, fill: &mut dyn FnMut(&mut [u8])) {
        if let Some(mut token) = self.take() {
            token.set_meta(meta);
            token.consume(len, |octets| fill(octets));
        }
    }
}

/// Swallows what smoltcp wants to send: for steps whose segment left before, or must not leave.
///
/// Only for frames without payload: 14 octets of Ethernet, 40 of IP and 60 of TCP at most.
pub(super) struct Discard;

impl Exit for Discard {
    fn send(&mut self, len: usize, _: PacketMeta, fill: &mut dyn FnMut(&mut [u8])) {
        let mut room = [0; 128];
        fill(&mut room[..len.min(128)]);
    }
}

/// Swallows what smoltcp wants to send, whatever it is, in memory that holds the longest frame.
pub(super) struct Swallow<'m>(pub(super) &'m mut [u8]);

impl Exit for Swallow<'_> {
    fn send(&mut self, len: usize, _: PacketMeta, fill: &mut dyn FnMut(&mut [u8])) {
        let len = len.min(self.0.len());
        fill(&mut self.0[..len]);
    }
}

/// At most one received packet, and at most one way out.
pub(super) struct OneFrame<'f> {
    // Open to who asks afterwards what left.
    /// The packet, until smoltcp takes it.
    packet: Option<&'f [u8]>,
    /// What smoltcp keeps beside a datagram.
    meta: PacketMeta,
    /// The way out, until it is used.
    exit: Option<&'f mut dyn Exit>,
    /// Where what leaves goes. `None`: smoltcp makes whole frames.
    hop: Option<Hop>,
    /// Whose segment it is, whatever leaves.
    own: Option<&'f Flow>,
    /// What left.
    pub(super) sent: Option<Sent>,
}

impl<'f> OneFrame<'f> {
    /// Offers `packet`; an answer leaves through `exit`, to the host at `hop`.
    pub(super) fn offering(packet: &'f [u8], exit: &'f mut dyn Exit, hop: Hop) -> Self {
        Self {
            packet: Some(packet),
            meta: PacketMeta::default(),
            exit: Some(exit),
            hop: Some(hop),
            own: None,
            sent: None,
        }
    }

    /// Has smoltcp keep a number beside a datagram.
    #[cfg(feature = "udp")]
    pub(super) fn numbered(mut self, id: u32) -> Self {
        self.meta.id = id;
        self
    }

    /// Offers nothing; one packet may leave through `exit`, to the host at `hop`.
    pub(super) fn leading_to(exit: &'f mut dyn Exit, hop: Hop) -> Self {
        Self {
            packet: None,
            meta: PacketMeta::default(),
            exit: Some(exit),
            hop: Some(hop),
            own: None,
            sent: None,
        }
    }

    /// The same for the socket of one connection, which says nothing but segments of this flow.
    pub(super) fn for_own(exit: &'f mut dyn Exit, hop: Hop, flow: &'f Flow) -> Self {
        Self {
            own: Some(flow),
            ..Self::leading_to(exit, hop)
        }
    }

    /// The same for an interface that makes and reads whole frames; offers `frame`, if there is one.
    pub(super) fn whole(frame: Option<&'f [u8]>, exit: &'f mut dyn Exit) -> Self {
        Self {
            packet: frame,
            meta: PacketMeta::default(),
            exit: Some(exit),
            hop: None,
            own: None,
            sent: None,
        }
    }
}

impl Device for OneFrame<'_> {
    type RxToken<'t>
        = Offered<'t>
    where
        Self: 't;
    type TxToken<'t>
        = Noted<'t>
    where
        Self: 't;

    fn receive(&mut self, now: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let packet = self.packet.take()?;
        Some((Offered(packet, self.meta), self.transmit(now)?))
    }

    fn transmit(&mut self, _: Instant) -> Option<Self::TxToken<'_>> {
        Some(Noted {
            exit: self.exit.take()?,
            hop: self.hop,
            own: self.own,
            meta: PacketMeta::default(),
            sent: &mut self.sent,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        // smoltcp keeps those of `Medium`.
        DeviceCapabilities::default()
    }
}

/// A packet that was read already.
pub(super) struct Offered<'f>(&'f [u8], PacketMeta);

impl RxToken for Offered<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0)
    }

    fn meta(&self) -> PacketMeta {
        self.1
    }
}

/// A transmit token that notes the frame once it is complete.
pub(super) struct Noted<'s> {
    exit: &'s mut dyn Exit,
    hop: Option<Hop>,
    own: Option<&'s Flow>,
    meta: PacketMeta,
    sent: &'s mut Option<Sent>,
}

impl TxToken for Noted<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let (mut fill, mut result) = (Some(f), None);
        let start = if self.hop.is_some() { HEADER } else { 0 };
        self.exit.send(start + len, self.meta, &mut |octets| {
            if let Some(fill) = fill.take() {
                result = Some(fill(&mut octets[start..]));
                if let Some(hop) = self.hop {
                    hop.write_around(octets);
                }
                *self.sent = Some(Sent::of_own(octets, self.own));
            }
        });
        // A device has an exit once, and tokens call what they are given (smoltcp's `TxToken::consume`).
        result.expect("a device fills the frame that it sends")
    }

    fn set_meta(&mut self, meta: PacketMeta) {
        self.meta = meta;
    }
}
