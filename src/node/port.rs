//! The devices that smoltcp sees: one frame in, and a way out that remembers what left.
//!
//! smoltcp asks a `Device` for frames. The node has read the frame already, so it offers that one and
//! no other. Whatever leaves is noted after it is complete, in the same call that made it.

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

/// What smoltcp may assume of the medium: Ethernet, with an IP MTU of `mtu` octets, received checksums
/// already verified.
pub(super) fn capabilities(mtu: usize) -> DeviceCapabilities {
    let mut capabilities = DeviceCapabilities::default();
    capabilities.medium = phy::Medium::Ethernet;
    capabilities.max_transmission_unit = mtu + EthernetFrame::<&[u8]>::header_len();
    let mut checksum = ChecksumCapabilities::default();
    checksum.ipv4 = Checksum::Tx;
    checksum.tcp = Checksum::Tx;
    checksum.udp = Checksum::Tx;
    capabilities.checksum = checksum;
    capabilities
}

/// What smoltcp is told of the medium when the interface is made; it asks then and never again. There is
/// nothing to receive here, and nowhere to send.
pub(super) struct Medium(DeviceCapabilities);

impl Medium {
    /// Ethernet with an IP MTU of `mtu` octets. With `offload` smoltcp leaves the checksums of TCP to the
    /// device, and hands it segments that are longer. Not over IPv6: it makes long ones there, too, and
    /// then drops them because IPv6 cannot be fragmented.
    #[cfg_attr(not(feature = "offload"), expect(unused_mut, unused_variables))]
    pub(super) fn new(mtu: usize, offload: bool) -> Self {
        let mut capabilities = capabilities(mtu);
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
    type TxToken<'t> = Swallowed<'t>;

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

/// One received frame, and the right to send one frame in answer.
pub(super) struct Inlet<'f, T> {
    /// IP MTU in octets.
    pub(super) mtu: usize,
    /// The frame, until smoltcp takes it.
    pub(super) frame: Option<&'f [u8]>,
    /// The right to send, until it is used.
    pub(super) answer: Option<T>,
    /// What was sent with it.
    pub(super) sent: Option<Sent>,
}

impl<'f, T: TxToken> Inlet<'f, T> {
    /// Offers `frame`; an answer leaves through `answer`.
    pub(super) fn new(mtu: usize, frame: &'f [u8], answer: T) -> Self {
        Self {
            mtu,
            frame: Some(frame),
            answer: Some(answer),
            sent: None,
        }
    }
}

impl<T: TxToken> Device for Inlet<'_, T> {
    type RxToken<'t>
        = Offered<'t>
    where
        Self: 't;
    type TxToken<'t>
        = Noted<'t, T>
    where
        Self: 't;

    fn receive(&mut self, _: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let inner = self.answer.take()?;
        let note = Noted {
            inner,
            sent: &mut self.sent,
        };
        let frame = self.frame.take()?;
        Some((Offered(frame), note))
    }

    fn transmit(&mut self, _: Instant) -> Option<Self::TxToken<'_>> {
        Some(Noted {
            inner: self.answer.take()?,
            sent: &mut self.sent,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        capabilities(self.mtu)
    }
}

/// The way out through a device.
pub(super) struct Outlet<'d, D: ?Sized> {
    /// IP MTU in octets.
    pub(super) mtu: usize,
    /// The device.
    pub(super) device: &'d mut D,
    /// What left.
    pub(super) sent: Option<Sent>,
    /// Whether the device had no room when asked.
    pub(super) full: bool,
}

impl<'d, D: Device + ?Sized> Outlet<'d, D> {
    /// A way out through `device`.
    pub(super) fn new(mtu: usize, device: &'d mut D) -> Self {
        Self {
            mtu,
            device,
            sent: None,
            full: false,
        }
    }
}

impl<D: Device + ?Sized> Device for Outlet<'_, D> {
    type RxToken<'t>
        = Offered<'t>
    where
        Self: 't;
    type TxToken<'t>
        = Noted<'t, D::TxToken<'t>>
    where
        Self: 't;

    fn receive(&mut self, _: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        None
    }

    fn transmit(&mut self, now: Instant) -> Option<Self::TxToken<'_>> {
        let inner = self.device.transmit(now);
        self.full = inner.is_none();
        Some(Noted {
            inner: inner?,
            sent: &mut self.sent,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        capabilities(self.mtu)
    }
}

/// Swallows what smoltcp wants to send: for steps whose segment left before, or must not leave.
///
/// Only for segments without payload: there is room for the headers alone.
pub(super) struct Sink {
    /// IP MTU in octets.
    pub(super) mtu: usize,
    /// Where a swallowed frame is composed: 14 octets of Ethernet, 40 of IP, 60 of TCP at most.
    pub(super) room: [u8; 128],
}

impl Sink {
    /// A sink for an interface with this MTU.
    pub(super) const fn new(mtu: usize) -> Self {
        Self {
            mtu,
            room: [0; 128],
        }
    }
}

impl Device for Sink {
    type RxToken<'t> = Offered<'t>;
    type TxToken<'t> = Swallowed<'t>;

    fn receive(&mut self, _: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        None
    }

    fn transmit(&mut self, _: Instant) -> Option<Self::TxToken<'_>> {
        Some(Swallowed(&mut self.room))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        capabilities(self.mtu)
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
pub(super) struct Noted<'s, T> {
    inner: T,
    sent: &'s mut Option<Sent>,
}

impl<T: TxToken> TxToken for Noted<'_, T> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let sent = self.sent;
        self.inner.consume(len, |octets| {
            let result = f(octets);
            *sent = Some(Sent::of(octets));
            result
        })
    }

    fn set_meta(&mut self, meta: PacketMeta) {
        self.inner.set_meta(meta);
    }
}

/// A transmit token that leads nowhere.
pub(super) struct Swallowed<'t>(pub(super) &'t mut [u8]);

impl TxToken for Swallowed<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let len = len.min(self.0.len());
        f(&mut self.0[..len])
    }
}
