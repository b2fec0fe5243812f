//! The device that smoltcp sees: at most one frame in, at most one frame out, which is noted.
//!
//! smoltcp asks a `Device` for frames. The node has read the frame already, so it offers that one and
//! no other. Whatever leaves is noted after it is complete, in the same call that made it.
//!
//! There is one such device, whatever the node's own is: smoltcp's code is compiled for it alone.

#[cfg(feature = "offload")]
use core::num::NonZeroUsize;

use smoltcp::phy::{
    self, Checksum, ChecksumCapabilities, Device, DeviceCapabilities, PacketMeta, RxToken, TxToken,
};
use smoltcp::time::Instant;
use smoltcp::wire::EthernetFrame;

#[cfg(feature = "offload")]
use super::config::LONGEST_SEGMENT;
use super::frame::{Frame, TcpFrame};
use crate::trace::{Direction, Flow, Header, Neighbor};

/// A frame that left, in facts.
#[derive(Clone, Copy)]
pub(super) enum Sent {
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
    fn of(octets: &[u8]) -> Self {
        match Frame::parse(octets, Direction::Out) {
            Ok(Frame::Tcp(TcpFrame { flow, header, .. })) => Self::Tcp(flow, header),
            Ok(Frame::Udp(udp)) => Self::Udp(udp.flow, udp.len),
            Ok(Frame::Neighbor(neighbor)) => Self::Neighbor(neighbor),
            Ok(Frame::Icmp(icmp)) => Self::Icmp(icmp.kind, icmp.code),
            Ok(Frame::Other) | Err(_) => Self::Other,
        }
    }
}

/// What smoltcp is told of the medium when the interface is made; it asks then and never again. There is
/// nothing to receive here, and nowhere to send.
pub(super) struct Medium(DeviceCapabilities);

impl Medium {
    /// Ethernet with an IP MTU of `mtu` octets, received checksums already verified. With `offload` smoltcp
    /// leaves the checksums of TCP to the device, and hands it segments that are longer. Not over IPv6: it
    /// makes long ones there, too, and then drops them because IPv6 cannot be fragmented.
    #[cfg_attr(not(feature = "offload"), expect(unused_variables))]
    pub(super) fn new(mtu: usize, offload: bool) -> Self {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = phy::Medium::Ethernet;
        capabilities.max_transmission_unit = mtu + EthernetFrame::<&[u8]>::header_len();
        let mut checksum = ChecksumCapabilities::default();
        checksum.ipv4 = Checksum::Tx;
        checksum.tcp = Checksum::Tx;
        checksum.udp = Checksum::Tx;
        capabilities.checksum = checksum;
        #[cfg(feature = "offload")]
        if offload {
            capabilities.checksum.tcp = Checksum::None;
            capabilities.segmentation.tcpv4 = NonZeroUsize::new(LONGEST_SEGMENT);
        }
        Self(capabilities)
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
pub(super) struct Nowhere;

impl Exit for Nowhere {
    fn send(&mut self, len: usize, _: PacketMeta, fill: &mut dyn FnMut(&mut [u8])) {
        let mut room = [0; 128];
        fill(&mut room[..len.min(128)]);
    }
}

/// At most one received frame, and at most one way out.
pub(super) struct Hatch<'f> {
    /// The frame, until smoltcp takes it.
    frame: Option<&'f [u8]>,
    /// The way out, until it is used.
    exit: Option<&'f mut dyn Exit>,
    /// What left.
    pub(super) sent: Option<Sent>,
}

impl<'f> Hatch<'f> {
    /// Offers `frame`; an answer leaves through `exit`.
    pub(super) fn offering(frame: &'f [u8], exit: &'f mut dyn Exit) -> Self {
        Self {
            frame: Some(frame),
            exit: Some(exit),
            sent: None,
        }
    }

    /// Offers nothing; one frame may leave through `exit`.
    pub(super) fn leading_to(exit: &'f mut dyn Exit) -> Self {
        Self {
            frame: None,
            exit: Some(exit),
            sent: None,
        }
    }
}

impl Device for Hatch<'_> {
    type RxToken<'t>
        = Offered<'t>
    where
        Self: 't;
    type TxToken<'t>
        = Noted<'t>
    where
        Self: 't;

    fn receive(&mut self, now: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let frame = self.frame.take()?;
        Some((Offered(frame), self.transmit(now)?))
    }

    fn transmit(&mut self, _: Instant) -> Option<Self::TxToken<'_>> {
        Some(Noted {
            exit: self.exit.take()?,
            meta: PacketMeta::default(),
            sent: &mut self.sent,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        // smoltcp keeps those of `Medium`.
        DeviceCapabilities::default()
    }
}

/// A frame that was read already.
pub(super) struct Offered<'f>(&'f [u8]);

impl RxToken for Offered<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0)
    }
}

/// A transmit token that notes the frame once it is complete.
pub(super) struct Noted<'s> {
    exit: &'s mut dyn Exit,
    meta: PacketMeta,
    sent: &'s mut Option<Sent>,
}

impl TxToken for Noted<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let (mut fill, mut result) = (Some(f), None);
        self.exit.send(len, self.meta, &mut |octets| {
            if let Some(fill) = fill.take() {
                result = Some(fill(octets));
                *self.sent = Some(Sent::of(octets));
            }
        });
        // A hatch has an exit once, and tokens call what they are given (smoltcp's `TxToken::consume`).
        result.expect("a device fills the frame that it sends")
    }

    fn set_meta(&mut self, meta: PacketMeta) {
        self.meta = meta;
    }
}
