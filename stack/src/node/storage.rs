//! Every octet that a node owns, and how to size it.
//!
//! Nothing in a node allocates. On a small target all memory is one [`Storage`], a `static` whose sizes
//! are types; with feature `std` it is [`Memory::heap`], whose sizes are chosen at start.

use heapless::Vec;
use managed::ManagedSlice;
use smoltcp::iface::SocketStorage;
use smoltcp::socket::udp;

use super::answers::Stranger;
use super::config::{ConfigError, Needs};
use super::connection::Slot;
use super::datagrams::{DatagramMemory, Pending};
use super::flow::Entry;
use super::listeners::Listener;
use super::neighbors::Neighbor;
use super::queues::QueueLinks;
#[cfg(feature = "reassembly")]
use super::reassembly::Assembly;
use super::slot_id::SlotId;
use super::syn_queue::SynQueueEntry;
use super::time_wait::TimeWaitEntry;
use super::udp_port::Port;
use crate::deadlines::Place;
use crate::opaque::opaque;
use crate::trace::Event;

/// The memory of a node, in parts. [`Storage`] and [`Memory::heap`] make fitting ones.
pub struct Memory<'a> {
    /// One for each connection that can be open at once; at most 65,535.
    pub slots: ManagedSlice<'a, Slot<'a>>,
    /// As many as there are slots.
    pub links: ManagedSlice<'a, QueueLinks>,
    /// As many as there are slots.
    pub deadlines: ManagedSlice<'a, Place>,
    /// A power of two, larger than slots and TIME-WAIT entries together; twice as large keeps searches short.
    pub flows: ManagedSlice<'a, Entry>,
    /// One for each connection in TIME-WAIT: connections closed by us per second, times 2 MSL. At least 1.
    pub time_waits: ManagedSlice<'a, TimeWaitEntry>,
    /// One for each SYN that may wait for a free connection.
    pub syn_queue: ManagedSlice<'a, SynQueueEntry>,
    /// One for each stranger whose answers are counted at the same time; at least 1. Beyond them, who was
    /// counted before begins anew.
    pub strangers: ManagedSlice<'a, Stranger>,
    /// One for each TCP port that is served.
    pub listeners: ManagedSlice<'a, Listener>,
    /// One for each neighbour whose hardware address is remembered: hosts that datagrams are sent to, and
    /// gateways. A multiple of four. Connections need none.
    pub neighbors: ManagedSlice<'a, Neighbor>,
    /// UDP.
    pub datagrams: DatagramMemory<'a>,
    /// Sockets of the application's own, such as DHCP.
    pub extra: ManagedSlice<'a, SocketStorage<'a>>,
    /// One for each datagram that may come together from its pieces at the same time. Without any, pieces go
    /// no further. One sender has two at most.
    #[cfg(feature = "reassembly")]
    pub assemblies: ManagedSlice<'a, Assembly<'a>>,
    /// Events that are remembered; a short connection makes about twenty.
    pub journal: ManagedSlice<'a, Option<Event>>,
    /// For composing frames: MTU and 14 octets, or 65,549 where the device cuts segments or pieces of datagrams
    /// come together. Lent to the
    /// application between two rounds, for messages: at least 1,028.
    pub scratch: ManagedSlice<'a, u8>,
}

opaque!([] Memory<'_>, "Memory");

/// How much of everything, for [`Memory::heap`].
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Connections open at once; 1 to 60,000.
    pub connections: usize,
    /// Octets of each connection's receive buffer.
    pub receive: usize,
    /// Octets of each connection's transmit buffer.
    pub transmit: usize,
    /// Connections in TIME-WAIT; at least 1.
    pub time_waits: usize,
    /// SYNs that may wait for a free connection.
    pub backlog: usize,
    /// Strangers whose answers are counted at the same time; at least 1.
    pub strangers: usize,
    /// TCP ports served.
    pub listeners: usize,
    /// Hardware addresses remembered: a multiple of four.
    pub neighbors: usize,
    /// UDP ports bound.
    pub ports: usize,
    /// Octets of UDP payload that may wait, each way.
    pub datagrams: usize,
    /// Sockets of the application's own.
    pub extra: usize,
    /// Datagrams that may come together from their pieces at the same time, each in 64 KiB.
    #[cfg(feature = "reassembly")]
    pub assemblies: usize,
    /// Events remembered.
    pub events: usize,
    /// IP MTU in octets; 65,535 where the device cuts segments.
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

impl Memory<'_> {
    /// Whether the parts fit one another, and frames of this length.
    ///
    /// Not inlined: it would take the stack of whoever makes a node.
    #[inline(never)]
    pub(super) fn check(&self, longest_frame: usize) -> Result<(), ConfigError> {
        let slots = self.slots.len();
        let found = slots + self.time_waits.len();
        let parts = [
            ("slots", slots, Needs::AtLeast(1)),
            ("slots", slots, Needs::AtMost(SlotId::MOST)),
            ("links", self.links.len(), Needs::Exactly(slots)),
            ("deadlines", self.deadlines.len(), Needs::Exactly(slots)),
            ("time_waits", self.time_waits.len(), Needs::AtLeast(1)),
            ("flows", self.flows.len(), Needs::PowerOfTwoAbove(found)),
            ("strangers", self.strangers.len(), Needs::AtLeast(1)),
            ("scratch", self.scratch.len(), Needs::AtLeast(longest_frame)),
        ];
        for (part, has, needs) in parts {
            if !needs.are_met_by(has) {
                return Err(ConfigError::Memory { part, has, needs });
            }
        }
        Ok(())
    }
}

#[cfg(feature = "std")]
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

    /// Octets of all buffers of connections, for [`Memory::heap_beside`].
    pub const fn buffers(&self) -> usize {
        self.connections * (self.receive + self.transmit)
    }
}

#[cfg(feature = "std")]
impl<'a> Memory<'a> {
    /// Memory from the heap, all of it taken now.
    pub fn heap(sizes: Sizes) -> Self {
        use std::vec;

        let slot = |_| {
            Slot::new(
                vec![SocketStorage::EMPTY],
                vec![0; sizes.receive],
                vec![0; sizes.transmit],
            )
        };
        Self::around((0..sizes.connections).map(slot).collect(), sizes)
    }

    /// The same with the buffers of connections in `buffers`, as many octets as [`Sizes::buffers`] says.
    ///
    /// Nothing is written there before a connection has data. Zeros that came from the system in one
    /// piece are only lent until they are written: connections that are idle, or never come, then cost a
    /// page or none.
    pub fn heap_beside(sizes: Sizes, buffers: &'a mut [u8]) -> Self {
        use std::vec;

        let slot = |both: &'a mut [u8]| {
            let (receive, transmit) = both.split_at_mut(sizes.receive);
            Slot::new(vec![SocketStorage::EMPTY], receive, transmit)
        };
        let both = (sizes.receive + sizes.transmit).max(1);
        Self::around(buffers.chunks_exact_mut(both).map(slot).collect(), sizes)
    }

    fn around(slots: std::vec::Vec<Slot<'a>>, sizes: Sizes) -> Self {
        use std::vec;
        use std::vec::Vec;

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

/// The memory of a node as one value with a fixed size, for a `static`.
///
/// Every octet of [`Self::new`] is zero, so that the `static` costs no flash: what must not be zero is
/// written by [`Self::memory`].
///
/// `CONNECTIONS` connections of `RX` and `TX` octets of buffer, `TIME_WAITS` and `BACKLOG` as the names
/// say, `FLOWS` entries of the flow table (a power of two larger than connections and TIME-WAIT entries
/// together), `EVENTS` in the journal, `DATAGRAMS` octets of UDP payload each way, `FRAME` octets for
/// the longest frame (MTU and 14).
pub struct Storage<
    'a,
    const CONNECTIONS: usize,
    const RX: usize,
    const TX: usize,
    const TIME_WAITS: usize,
    const BACKLOG: usize,
    const FLOWS: usize,
    const EVENTS: usize,
    const DATAGRAMS: usize,
    const FRAME: usize,
> {
    sockets: Vec<SocketStorage<'a>, CONNECTIONS>,
    receive: [[u8; RX]; CONNECTIONS],
    transmit: [[u8; TX]; CONNECTIONS],
    slots: Vec<Slot<'a>, CONNECTIONS>,
    links: Vec<QueueLinks, CONNECTIONS>,
    deadlines: Vec<Place, CONNECTIONS>,
    flows: Vec<Entry, FLOWS>,
    time_waits: Vec<TimeWaitEntry, TIME_WAITS>,
    syn_queue: Vec<SynQueueEntry, BACKLOG>,
    strangers: Vec<Stranger, STRANGERS>,
    listeners: Vec<Listener, LISTENERS>,
    neighbors: Vec<Neighbor, NEIGHBORS>,
    port_sockets: Vec<SocketStorage<'a>, PORTS>,
    port_packets: [Vec<udp::PacketMetadata, PACKETS>; PORTS],
    port_payload: [[u8; DATAGRAMS]; PORTS],
    ports: Vec<Port<'a>, PORTS>,
    waiting: Vec<Pending, PACKETS>,
    payload: [u8; DATAGRAMS],
    sender: Vec<SocketStorage<'a>, 1>,
    sender_packet: Vec<udp::PacketMetadata, 1>,
    sender_payload: [u8; DATAGRAMS],
    extra: Vec<SocketStorage<'a>, 1>,
    journal: Vec<Option<Event>, EVENTS>,
    scratch: [u8; FRAME],
}

opaque!(['a, const CONNECTIONS: usize, const RX: usize, const TX: usize, const TIME_WAITS: usize, const BACKLOG: usize, const FLOWS: usize, const EVENTS: usize, const DATAGRAMS: usize, const FRAME: usize] Storage<'a, CONNECTIONS, RX, TX, TIME_WAITS, BACKLOG, FLOWS, EVENTS, DATAGRAMS, FRAME>, "Storage");

/// Strangers whose answers a [`Storage`] counts at the same time.
const STRANGERS: usize = 16;
/// TCP ports that a [`Storage`] can serve.
const LISTENERS: usize = 2;
/// Hardware addresses that a [`Storage`] remembers.
const NEIGHBORS: usize = 8;
/// UDP ports that a [`Storage`] can bind.
const PORTS: usize = 1;
/// Datagrams that may wait in a [`Storage`], each way.
const PACKETS: usize = 10;

impl<
    'a,
    const CONNECTIONS: usize,
    const RX: usize,
    const TX: usize,
    const TIME_WAITS: usize,
    const BACKLOG: usize,
    const FLOWS: usize,
    const EVENTS: usize,
    const DATAGRAMS: usize,
    const FRAME: usize,
> Storage<'a, CONNECTIONS, RX, TX, TIME_WAITS, BACKLOG, FLOWS, EVENTS, DATAGRAMS, FRAME>
{
    /// Memory that holds nothing. Sizes that do not fit each other do not compile.
    pub const fn new() -> Self {
        const {
            assert!(CONNECTIONS > 0 && CONNECTIONS < 65_535);
            assert!(TIME_WAITS > 0);
            assert!(FLOWS.is_power_of_two() && FLOWS > CONNECTIONS + TIME_WAITS);
            assert!(FRAME >= 1028);
        }
        Self {
            sockets: Vec::new(),
            receive: [[0; RX]; CONNECTIONS],
            transmit: [[0; TX]; CONNECTIONS],
            slots: Vec::new(),
            links: Vec::new(),
            deadlines: Vec::new(),
            flows: Vec::new(),
            time_waits: Vec::new(),
            syn_queue: Vec::new(),
            strangers: Vec::new(),
            listeners: Vec::new(),
            neighbors: Vec::new(),
            port_sockets: Vec::new(),
            port_packets: [const { Vec::new() }; PORTS],
            port_payload: [[0; DATAGRAMS]; PORTS],
            ports: Vec::new(),
            waiting: Vec::new(),
            payload: [0; DATAGRAMS],
            sender: Vec::new(),
            sender_packet: Vec::new(),
            sender_payload: [0; DATAGRAMS],
            extra: Vec::new(),
            journal: Vec::new(),
            scratch: [0; FRAME],
        }
    }

    /// The memory in parts, for as long as it lives: a node is built once.
    pub fn memory(&'a mut self) -> Memory<'a> {
        let sockets = full(&mut self.sockets, || SocketStorage::EMPTY);
        let buffers = self.receive.iter_mut().zip(self.transmit.iter_mut());
        for (place, (receive, transmit)) in sockets.iter_mut().zip(buffers) {
            let storage = core::slice::from_mut(place);
            // There are as many places in the vector as sockets.
            let _ = self
                .slots
                .push(Slot::new(storage, &mut receive[..], &mut transmit[..]));
        }
        let sockets = full(&mut self.port_sockets, || SocketStorage::EMPTY);
        let buffers = self
            .port_packets
            .iter_mut()
            .zip(self.port_payload.iter_mut());
        for (place, (packets, payload)) in sockets.iter_mut().zip(buffers) {
            let storage = core::slice::from_mut(place);
            let packets = full(packets, || udp::PacketMetadata::EMPTY);
            let _ = self
                .ports
                .push(Port::new(storage, packets, &mut payload[..]));
        }
        Memory {
            slots: self.slots.as_mut_slice().into(),
            links: full(&mut self.links, || QueueLinks::EMPTY).into(),
            deadlines: full(&mut self.deadlines, || Place::EMPTY).into(),
            flows: full(&mut self.flows, || Entry::EMPTY).into(),
            time_waits: full(&mut self.time_waits, || TimeWaitEntry::EMPTY).into(),
            syn_queue: full(&mut self.syn_queue, || SynQueueEntry::EMPTY).into(),
            strangers: full(&mut self.strangers, || Stranger::EMPTY).into(),
            listeners: full(&mut self.listeners, || Listener::EMPTY).into(),
            neighbors: full(&mut self.neighbors, || Neighbor::EMPTY).into(),
            datagrams: DatagramMemory {
                ports: self.ports.as_mut_slice().into(),
                waiting: full(&mut self.waiting, || Pending::EMPTY).into(),
                payload: (&mut self.payload[..]).into(),
                sender: full(&mut self.sender, || SocketStorage::EMPTY).into(),
                sender_packet: full(&mut self.sender_packet, || udp::PacketMetadata::EMPTY).into(),
                sender_payload: (&mut self.sender_payload[..]).into(),
            },
            extra: full(&mut self.extra, || SocketStorage::EMPTY).into(),
            #[cfg(feature = "reassembly")]
            assemblies: (&mut [][..]).into(),
            journal: full(&mut self.journal, || None).into(),
            scratch: (&mut self.scratch[..]).into(),
        }
    }
}

/// Fills a vector to its capacity.
fn full<T, const N: usize>(vector: &mut Vec<T, N>, empty: fn() -> T) -> &mut [T] {
    while vector.push(empty()).is_ok() {}
    vector.as_mut_slice()
}

impl<
    const CONNECTIONS: usize,
    const RX: usize,
    const TX: usize,
    const TIME_WAITS: usize,
    const BACKLOG: usize,
    const FLOWS: usize,
    const EVENTS: usize,
    const DATAGRAMS: usize,
    const FRAME: usize,
> Default
    for Storage<'_, CONNECTIONS, RX, TX, TIME_WAITS, BACKLOG, FLOWS, EVENTS, DATAGRAMS, FRAME>
{
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_runs_in_a_static_storage() {
        use crate::node::{Config, Node};
        use smoltcp::time::Instant;
        use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};

        type Small = Storage<'static, 2, 600, 600, 4, 2, 16, 8, 1024, 1514>;
        // Leaked, because a storage that lends itself out for as long as it lives must live for ever.
        let storage = std::boxed::Box::leak(std::boxed::Box::new(Small::new()));
        let address = IpCidr::new(IpAddress::v4(192, 0, 2, 1), 24);
        let config = Config::new(EthernetAddress([2, 0, 0, 0, 0, 1]), address, [7; 16]);
        let mut node = Node::new(config, storage.memory(), Instant::ZERO).unwrap();
        assert_eq!(node.capacity(), 2);
        assert_eq!(node.listen(7, 1), Ok(()));
        assert_eq!(node.bind(7), Ok(()));
        assert_eq!(node.journal().capacity(), 8);
    }
}
