//! The memory of UDP as one value with a fixed size, a block of a node's [`Storage`](super::Storage).

use heapless::Vec;
use smoltcp::iface::SocketStorage;
use smoltcp::socket::udp;

use super::datagrams::{DatagramMemory, Pending};
use super::full::full;
use super::udp_port::Port;
use crate::opaque::opaque;

/// `PORTS` that may be bound, each with `PACKETS` datagrams of together `OCTETS` that may wait to be taken, and one
/// queue of as much to be sent. The longest datagram has `OCTETS`.
pub struct Udp<'a, const PORTS: usize = 0, const PACKETS: usize = 8, const OCTETS: usize = 1024> {
    sockets: Vec<SocketStorage<'a>, PORTS>,
    packets: [Vec<udp::PacketMetadata, PACKETS>; PORTS],
    received: [[u8; OCTETS]; PORTS],
    ports: Vec<Port<'a>, PORTS>,
    waiting: Vec<Pending, PACKETS>,
    payload: [u8; OCTETS],
    sender: Vec<SocketStorage<'a>, 1>,
    sender_packet: Vec<udp::PacketMetadata, 1>,
    sender_payload: [u8; OCTETS],
}

opaque!(['a, const PORTS: usize, const PACKETS: usize, const OCTETS: usize] Udp<'a, PORTS, PACKETS, OCTETS>, "Udp");

impl<'a, const PORTS: usize, const PACKETS: usize, const OCTETS: usize>
    Udp<'a, PORTS, PACKETS, OCTETS>
{
    /// Memory that holds nothing.
    pub(super) const fn new() -> Self {
        Self {
            sockets: Vec::new(),
            packets: [const { Vec::new() }; PORTS],
            received: [[0; OCTETS]; PORTS],
            ports: Vec::new(),
            waiting: Vec::new(),
            payload: [0; OCTETS],
            sender: Vec::new(),
            sender_packet: Vec::new(),
            sender_payload: [0; OCTETS],
        }
    }

    /// The memory in parts.
    pub(super) fn memory(&'a mut self) -> DatagramMemory<'a> {
        let sockets = full(&mut self.sockets, || SocketStorage::EMPTY).iter_mut();
        for ((socket, packets), payload) in sockets.zip(&mut self.packets).zip(&mut self.received) {
            let packets = full(packets, || udp::PacketMetadata::EMPTY);
            let socket = core::slice::from_mut(socket);
            let _ = self
                .ports
                .push(Port::new(socket, packets, &mut payload[..]));
        }
        DatagramMemory {
            ports: self.ports.as_mut_slice().into(),
            waiting: full(&mut self.waiting, || Pending::EMPTY).into(),
            payload: (&mut self.payload[..]).into(),
            sender: full(&mut self.sender, || SocketStorage::EMPTY).into(),
            sender_packet: full(&mut self.sender_packet, || udp::PacketMetadata::EMPTY).into(),
            sender_payload: (&mut self.sender_payload[..]).into(),
        }
    }
}
