//! No UDP, where the feature `udp` is not: the same doors as with it, and no memory.

use core::marker::PhantomData;

use smoltcp::phy::Device;
use smoltcp::time::Instant;

use super::ethernet::Ethernet;
use super::frame::UdpFrame;
use super::node::Node;
use crate::opaque::opaque;
use crate::trace::{Reason, Verdict};

/// No memory.
pub(super) struct DatagramMemory<'a>(PhantomData<&'a ()>);

/// Nothing is bound, and nothing waits.
pub(super) struct Datagrams<'a>(PhantomData<&'a ()>);

impl<'a> Datagrams<'a> {
    pub(super) fn new(_: DatagramMemory<'a>) -> Self {
        Self(PhantomData)
    }

    /// Nobody waited for a hardware address.
    pub(super) fn learnt(&mut self) {}

    pub(super) fn deadline(&self, _: Instant) -> Option<Instant> {
        None
    }

    pub(super) fn place_of(&self, _: u16) -> Option<()> {
        None
    }
}

impl Node<'_> {
    /// Gives a datagram to the application's own sockets.
    pub(super) fn deliver(&mut self, _: &UdpFrame<'_>, ethernet: &Ethernet<'_>) -> Verdict {
        match self.give_extra(ethernet.octets) {
            true => Verdict::Passed,
            false => Verdict::Dropped(Reason::NoSuchPort),
        }
    }

    /// There are none to send.
    pub(super) fn send_datagrams<D: Device + ?Sized>(&mut self, _: &mut D) -> bool {
        false
    }
}

/// Takes no memory: there is no UDP without the feature `udp`.
pub struct Udp<'a, const PORTS: usize = 0, const PACKETS: usize = 8, const OCTETS: usize = 1024>(
    PhantomData<&'a ()>,
);

opaque!(['a, const PORTS: usize, const PACKETS: usize, const OCTETS: usize] Udp<'a, PORTS, PACKETS, OCTETS>, "Udp");

impl<'a, const PORTS: usize, const PACKETS: usize, const OCTETS: usize>
    Udp<'a, PORTS, PACKETS, OCTETS>
{
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }

    pub(super) fn memory(&'a mut self) -> DatagramMemory<'a> {
        DatagramMemory(PhantomData)
    }
}
