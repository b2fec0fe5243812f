//! A node's memory from the heap, allocated once at the start, in sizes chosen at run time.

use std::vec;
use std::vec::Vec;

use smoltcp::iface::SocketStorage;
use smoltcp::socket::udp;

use super::answers::Stranger;
use super::connection::Slot;
use super::datagrams::{DatagramMemory, Pending};
use super::flow::Entry;
use super::listeners::Listener;
use super::memory::Memory;
use super::neighbors::Neighbor;
use super::queues::QueueLinks;
#[cfg(feature = "reassembly")]
use super::reassembly::Assembly;
use super::syn_queue::SynQueueEntry;
use super::time_wait::TimeWaitEntry;
use super::udp_port::Port;
use crate::deadlines::Place;

/// The sizes of a node's memory, for [`Memory::heap`].
///
/// More fields may be added: name those that you change, then `..Sizes::default()`.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Connections open at once; 1 to 65,534. By default 64.
    pub connections: usize,
    /// Octets of each connection's receive buffer. By default 16 KiB.
    pub receive: usize,
    /// Octets of each connection's transmit buffer. By default 16 KiB.
    pub transmit: usize,
    /// Connections in TIME-WAIT; at least 1. By default 1,024.
    pub time_waits: usize,
    /// SYNs that may wait for a free connection, at all ports together. By default 64.
    pub backlog: usize,
    /// Strangers whose answers are counted at the same time; at least 1. By default 1,024.
    pub strangers: usize,
    /// TCP ports that can be served. By default 4.
    pub listeners: usize,
    /// Hardware addresses remembered; a multiple of four. By default 256.
    pub neighbors: usize,
    /// UDP ports that can be bound. By default 4.
    pub ports: usize,
    /// Octets of UDP payload that may wait, at each port to be received and at the node to be sent. By default 64 KiB.
    pub datagrams: usize,
    /// Sockets of the application's own, such as DHCP. By default 0.
    pub extra: usize,
    /// Datagrams that can be reassembled at the same time, each in 64 KiB. By default 16.
    #[cfg(feature = "reassembly")]
    pub assemblies: usize,
    /// Events that the journal remembers; a short connection makes about twenty. By default 4,096.
    pub events: usize,
    /// IP MTU in octets; 65,535 where the device cuts segments. By default 1,500.
    pub mtu: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            connections: 64,
            receive: 16 * 1024,
            transmit: 16 * 1024,
            time_waits: 1024,
            backlog: 64,
            strangers: 1024,
            listeners: 4,
            neighbors: 256,
            ports: 4,
            datagrams: 64 * 1024,
            extra: 0,
            #[cfg(feature = "reassembly")]
            assemblies: 16,
            events: 4096,
            mtu: 1500,
        }
    }
}

impl Sizes {
    /// Entries of the flow table: a power of two, at least twice what must fit.
    const fn flows(&self) -> usize {
        (2 * (self.connections + self.time_waits)).next_power_of_two()
    }

    /// Octets of the longest frame, or of the longest datagram that comes together from pieces.
    fn scratch(&self) -> usize {
        let frame = self.mtu.max(1500) + 14;
        #[cfg(feature = "reassembly")]
        if self.assemblies > 0 {
            return frame.max(Assembly::ROOM);
        }
        frame
    }

    /// Octets of the buffers of all connections, for [`Memory::heap_beside`].
    pub const fn buffers(&self) -> usize {
        self.connections * (self.receive + self.transmit)
    }
}

impl<'a> Memory<'a> {
    /// Memory from the heap, all of it allocated now.
    pub fn heap(sizes: Sizes) -> Self {
        let slot = |_| {
            Slot::new(
                vec![SocketStorage::EMPTY],
                vec![0; sizes.receive],
                vec![0; sizes.transmit],
            )
        };
        Self::around((0..sizes.connections).map(slot).collect(), sizes)
    }

    /// Like [`heap`](Self::heap), with the buffers of the connections in `buffers`, whose length is [`Sizes::buffers`].
    /// With room for fewer or more connections, [`Node::new`](super::Node::new) fails.
    ///
    /// Nothing is written there before a connection has data. Zeroed memory that the system hands out in one piece
    /// takes no pages until it is written: connections that are idle, or never come, then cost a page or none.
    pub fn heap_beside(sizes: Sizes, buffers: &'a mut [u8]) -> Self {
        let slot = |both: &'a mut [u8]| {
            let (receive, transmit) = both.split_at_mut(sizes.receive);
            Slot::new(vec![SocketStorage::EMPTY], receive, transmit)
        };
        let both = (sizes.receive + sizes.transmit).max(1);
        Self::around(buffers.chunks_exact_mut(both).map(slot).collect(), sizes)
    }

    fn around(slots: Vec<Slot<'a>>, sizes: Sizes) -> Self {
        let packets = (sizes.datagrams / 64).max(4);
        let port = |_| {
            Port::new(
                vec![SocketStorage::EMPTY],
                vec![udp::PacketMetadata::EMPTY; packets],
                vec![0; sizes.datagrams],
            )
        };
        Self {
            slots: slots.into(),
            links: vec![QueueLinks::EMPTY; sizes.connections].into(),
            deadlines: vec![Place::EMPTY; sizes.connections].into(),
            flows: vec![Entry::EMPTY; sizes.flows()].into(),
            time_waits: vec![TimeWaitEntry::EMPTY; sizes.time_waits].into(),
            syn_queue: vec![SynQueueEntry::EMPTY; sizes.backlog].into(),
            strangers: vec![Stranger::EMPTY; sizes.strangers].into(),
            listeners: vec![Listener::EMPTY; sizes.listeners].into(),
            neighbors: vec![Neighbor::EMPTY; sizes.neighbors].into(),
            datagrams: DatagramMemory {
                ports: (0..sizes.ports).map(port).collect::<Vec<_>>().into(),
                waiting: vec![Pending::EMPTY; packets + 1].into(),
                payload: vec![0; sizes.datagrams].into(),
                sender: vec![SocketStorage::EMPTY].into(),
                sender_packet: vec![udp::PacketMetadata::EMPTY].into(),
                sender_payload: vec![0; sizes.mtu].into(),
            },
            extra: (0..sizes.extra)
                .map(|_| SocketStorage::EMPTY)
                .collect::<Vec<_>>()
                .into(),
            #[cfg(feature = "reassembly")]
            assemblies: (0..sizes.assemblies)
                .map(|_| Assembly::new(vec![0; Assembly::ROOM]))
                .collect::<Vec<_>>()
                .into(),
            journal: vec![None; sizes.events].into(),
            scratch: vec![0; sizes.scratch()].into(),
        }
    }
}
