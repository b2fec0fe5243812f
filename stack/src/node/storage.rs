//! A node's memory as one value of fixed size, for a `static`: blocks whose sizes are part of their type.
//!
//! ```
//! use smolhost::node::storage::{Host, Journal, Storage, Tcp, TimeWaits, Udp};
//!
//! /// Four connections with a kilobyte each way at two ports, one port of UDP, a long memory.
//! type Memory = Storage<Tcp<'static, 4, 1024, 1024>, TimeWaits<16, 64>, Udp<'static, 1>, Journal<256>, Host<'static>>;
//!
//! // A web server and no more: nothing that is not named takes anything.
//! type Small = Storage<Tcp<'static, 2, 600, 600, 1, 2>, TimeWaits<4, 16>>;
//! assert!(size_of::<Small>() < size_of::<Memory>() / 2);
//! ```
//!
//! Every octet of [`Storage::new`] is zero, so the `static` costs no flash: [`Storage::memory`] writes what must not be
//! zero. Sizes that do not fit each other do not compile, and the compiler says which. The memory has to exist for as
//! long as the program does: nothing shorter than `'static` can be lent out. Without `unsafe`, `ConstStaticCell` of the
//! crate `static_cell` lends out a `static` once; with an allocator, `Box::leak` does:
//!
//! ```
//! use smolhost::node::storage::{Journal, Storage, Tcp, TimeWaits, Udp};
//! use smolhost::node::{Config, Node};
//! use smolhost::smoltcp::time::Instant;
//! use smolhost::smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};
//!
//! type Memory = Storage<Tcp<'static, 4, 1024, 1024>, TimeWaits, Udp<'static, 1>, Journal<256>>;
//!
//! // On a board: static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new()); and MEMORY.take()
//! let memory: &'static mut Memory = Box::leak(Box::new(Memory::new()));
//! let config = Config::new(
//!     EthernetAddress([2, 0, 0, 0, 0, 1]),
//!     IpCidr::new(IpAddress::v4(192, 0, 2, 1), 24),
//!     [0; 16], // sixteen octets that nobody can guess
//! );
//! let mut node = Node::new(config, memory.memory(), Instant::ZERO)?;
//! node.listen(7, 4)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use heapless::Vec;
use smoltcp::iface::SocketStorage;

use super::answers::Stranger;
use super::connection::Slot;
use super::flow::Entry;
use super::full::full;
use super::listeners::Listener;
use super::memory::Memory;
use super::neighbors::Neighbor;
use super::queues::QueueLinks;
use super::syn_queue::SynQueueEntry;
use super::time_wait::TimeWaitEntry;
pub use super::udp_storage::Udp;
use crate::deadlines::Place;
use crate::opaque::opaque;
use crate::trace::Event;

/// The blocks of TCP: `CONNECTIONS` that can be open at once, each with a receive buffer of `RX` octets and a transmit
/// buffer of `TX`; `PORTS` that can be served; `BACKLOG` SYNs that may wait for a free connection, at all ports
/// together.
///
/// A buffer of one segment (the MTU less 40 octets) is enough to keep one peer going; throughput is at most one buffer
/// per round trip.
pub struct Tcp<
    'a,
    const CONNECTIONS: usize,
    const RX: usize,
    const TX: usize,
    const PORTS: usize = 2,
    const BACKLOG: usize = 4,
> {
    sockets: Vec<SocketStorage<'a>, CONNECTIONS>,
    receive: [[u8; RX]; CONNECTIONS],
    transmit: [[u8; TX]; CONNECTIONS],
    slots: Vec<Slot<'a>, CONNECTIONS>,
    links: Vec<QueueLinks, CONNECTIONS>,
    deadlines: Vec<Place, CONNECTIONS>,
    listeners: Vec<Listener, PORTS>,
    syn_queue: Vec<SynQueueEntry, BACKLOG>,
}

opaque!(['a, const CONNECTIONS: usize, const RX: usize, const TX: usize, const PORTS: usize, const BACKLOG: usize] Tcp<'a, CONNECTIONS, RX, TX, PORTS, BACKLOG>, "Tcp");

/// `ENTRIES` connections in TIME-WAIT: enough for those that this side closes within 2 MSL, or the oldest end early and
/// are counted. `FLOWS` is the size of the table in which connections and entries are found by their endpoints: a power
/// of two, more than both together; twice as many keep searches short.
pub struct TimeWaits<const ENTRIES: usize = 16, const FLOWS: usize = 64> {
    entries: Vec<TimeWaitEntry, ENTRIES>,
    flows: Vec<Entry, FLOWS>,
}

opaque!([const ENTRIES: usize, const FLOWS: usize] TimeWaits<ENTRIES, FLOWS>, "TimeWaits");

/// `EVENTS` that are remembered; a short connection makes about twenty. With none, the default, events are still
/// counted, but there is nothing to draw a ladder from.
pub struct Journal<const EVENTS: usize = 0> {
    events: Vec<Option<Event>, EVENTS>,
}

opaque!([const EVENTS: usize] Journal<EVENTS>, "Journal");

/// What a node has once: the longest `FRAME` in octets (MTU plus 14, at least 590, with IPv6 1,294); `NEIGHBORS` whose hardware
/// addresses are remembered (a multiple of four); `STRANGERS` whose answers are counted separately (at least 1);
/// `SOCKETS` of the application's own, such as DHCP.
pub struct Host<
    'a,
    const FRAME: usize = 1514,
    const NEIGHBORS: usize = 8,
    const STRANGERS: usize = 16,
    const SOCKETS: usize = 1,
> {
    neighbors: Vec<Neighbor, NEIGHBORS>,
    strangers: Vec<Stranger, STRANGERS>,
    extra: Vec<SocketStorage<'a>, SOCKETS>,
    scratch: [u8; FRAME],
}

opaque!(['a, const FRAME: usize, const NEIGHBORS: usize, const STRANGERS: usize, const SOCKETS: usize] Host<'a, FRAME, NEIGHBORS, STRANGERS, SOCKETS>, "Host");

/// All memory of a node: TCP's and the rest, by default without UDP and without a journal.
#[derive(Debug)]
pub struct Storage<T, W = TimeWaits, U = Udp<'static>, J = Journal, H = Host<'static>> {
    tcp: T,
    time_waits: W,
    udp: U,
    journal: J,
    host: H,
}

impl<
    'a,
    const CONNECTIONS: usize,
    const RX: usize,
    const TX: usize,
    const LISTENERS: usize,
    const BACKLOG: usize,
    const TIME_WAITS: usize,
    const FLOWS: usize,
    const PORTS: usize,
    const PACKETS: usize,
    const OCTETS: usize,
    const EVENTS: usize,
    const FRAME: usize,
    const NEIGHBORS: usize,
    const STRANGERS: usize,
    const SOCKETS: usize,
>
    Storage<
        Tcp<'a, CONNECTIONS, RX, TX, LISTENERS, BACKLOG>,
        TimeWaits<TIME_WAITS, FLOWS>,
        Udp<'a, PORTS, PACKETS, OCTETS>,
        Journal<EVENTS>,
        Host<'a, FRAME, NEIGHBORS, STRANGERS, SOCKETS>,
    >
{
    /// Empty memory. Sizes that do not fit each other do not compile.
    #[expect(
        clippy::new_without_default,
        reason = "it is made once, for a static, where no default can be called"
    )]
    pub const fn new() -> Self {
        const {
            assert!(CONNECTIONS > 0, "Tcp: at least one connection");
            assert!(CONNECTIONS < 65_535, "Tcp: fewer than 65,535 connections");
            assert!(TIME_WAITS > 0, "TimeWaits: at least one entry");
            assert!(
                FLOWS.is_power_of_two(),
                "TimeWaits: FLOWS is a power of two"
            );
            assert!(
                FLOWS > CONNECTIONS + TIME_WAITS,
                "TimeWaits: FLOWS is more than connections and entries together"
            );
            assert!(
                NEIGHBORS.is_multiple_of(4),
                "Host: NEIGHBORS is a multiple of four"
            );
            assert!(STRANGERS > 0, "Host: at least one stranger");
            assert!(FRAME >= 590, "Host: a frame of 590 octets or more");
        }
        Self {
            tcp: Tcp {
                sockets: Vec::new(),
                receive: [[0; RX]; CONNECTIONS],
                transmit: [[0; TX]; CONNECTIONS],
                slots: Vec::new(),
                links: Vec::new(),
                deadlines: Vec::new(),
                listeners: Vec::new(),
                syn_queue: Vec::new(),
            },
            time_waits: TimeWaits {
                entries: Vec::new(),
                flows: Vec::new(),
            },
            udp: Udp::new(),
            journal: Journal { events: Vec::new() },
            host: Host {
                neighbors: Vec::new(),
                strangers: Vec::new(),
                extra: Vec::new(),
                scratch: [0; FRAME],
            },
        }
    }

    /// The memory in parts, borrowed for as long as it exists: one memory builds one node, and in practice is
    /// `'static`.
    pub fn memory(&'a mut self) -> Memory<'a> {
        let (tcp, time_waits, host) = (&mut self.tcp, &mut self.time_waits, &mut self.host);
        Memory {
            slots: slots(
                &mut tcp.sockets,
                &mut tcp.receive,
                &mut tcp.transmit,
                &mut tcp.slots,
            )
            .into(),
            links: full(&mut tcp.links, || QueueLinks::EMPTY).into(),
            deadlines: full(&mut tcp.deadlines, || Place::EMPTY).into(),
            listeners: full(&mut tcp.listeners, || Listener::EMPTY).into(),
            syn_queue: full(&mut tcp.syn_queue, || SynQueueEntry::EMPTY).into(),
            flows: full(&mut time_waits.flows, || Entry::EMPTY).into(),
            time_waits: full(&mut time_waits.entries, || TimeWaitEntry::EMPTY).into(),
            neighbors: full(&mut host.neighbors, || Neighbor::EMPTY).into(),
            strangers: full(&mut host.strangers, || Stranger::EMPTY).into(),
            datagrams: self.udp.memory(),
            extra: full(&mut host.extra, || SocketStorage::EMPTY).into(),
            #[cfg(feature = "reassembly")]
            assemblies: (&mut [][..]).into(),
            journal: full(&mut self.journal.events, || None).into(),
            scratch: (&mut host.scratch[..]).into(),
        }
    }
}

/// A slot for each connection, with a socket and two buffers.
fn slots<'a, const CONNECTIONS: usize, const RX: usize, const TX: usize>(
    sockets: &'a mut Vec<SocketStorage<'a>, CONNECTIONS>,
    receive: &'a mut [[u8; RX]; CONNECTIONS],
    transmit: &'a mut [[u8; TX]; CONNECTIONS],
    slots: &'a mut Vec<Slot<'a>, CONNECTIONS>,
) -> &'a mut [Slot<'a>] {
    let sockets = full(sockets, || SocketStorage::EMPTY);
    for ((socket, receive), transmit) in sockets.iter_mut().zip(receive).zip(transmit) {
        let socket = core::slice::from_mut(socket);
        // There are as many places in the vector as sockets.
        let _ = slots.push(Slot::new(socket, &mut receive[..], &mut transmit[..]));
    }
    slots.as_mut_slice()
}

#[cfg(test)]
mod tests {
    use std::boxed::Box;

    use smoltcp::time::Instant;
    use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};

    use super::*;
    use crate::node::{Config, ListenError, Node};

    fn node(memory: Memory<'static>) -> Node<'static> {
        let address = IpCidr::new(IpAddress::v4(192, 0, 2, 1), 24);
        let config = Config::new(EthernetAddress([2, 0, 0, 0, 0, 1]), address, [7; 16]);
        Node::new(config, memory, Instant::ZERO).unwrap()
    }

    #[test]
    fn a_node_has_what_its_blocks_say() {
        type Small =
            Storage<Tcp<'static, 2, 600, 600>, TimeWaits<4, 16>, Udp<'static, 1>, Journal<8>>;
        // Leaked, because a storage that lends itself out for as long as it lives must live for ever.
        let mut node = node(Box::leak(Box::new(Small::new())).memory());
        assert_eq!(node.capacity(), 2);
        assert_eq!(node.journal().capacity(), 8);
        assert_eq!(
            [7, 9, 13].map(|port| node.listen(port, 1)),
            [Ok(()), Ok(()), Err(ListenError::Full)]
        );
        assert_eq!(
            [7, 9].map(|port| node.bind(port)),
            [Ok(()), Err(ListenError::Full)]
        );
    }

    #[test]
    fn without_a_block_for_udp_there_is_no_port_and_nothing_is_sent() {
        type Least = Storage<Tcp<'static, 1, 64, 64, 1, 0>, TimeWaits<1, 4>>;
        let mut node = node(Box::leak(Box::new(Least::new())).memory());
        assert_eq!(node.bind(7), Err(ListenError::Full));
        assert!(node.udp(7).is_none());
        assert_eq!(node.listen(7, 1), Ok(()));
        assert_eq!(node.journal().capacity(), 0);
    }
}
