//! The node: what it consists of.

use smoltcp::iface::SocketSet;
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpCidr};

use super::admission::Admission;
use super::answers::Strangers;
use super::claims::Claims;
use super::config::{Config, Limits};
use super::datagrams::Datagrams;
use super::host::Host;
use super::kept::Kept;
use super::link::Link;
use super::memory::Memory;
use super::neighbors::Neighbors;
use super::ports::Ephemeral;
use super::queues::Queue;
#[cfg(feature = "reassembly")]
use super::reassembly::Reassembly;
use super::record::Record;
use super::table::{Table, TableMemory};
use super::tcp::Tcp;
use crate::opaque::opaque;
#[cfg(feature = "journal")]
use crate::trace::Journal;
use managed::ManagedSlice;

/// A host on an Ethernet: TCP and UDP sockets over smoltcp, in memory supplied by the caller.
///
/// # The run loop
///
/// ```text
/// loop {
///     node.poll_ingress(now, &mut device);       // frames in, timers
///     application(now, &mut node);               // next_ready, accept, recv, send, close, ...
///     let deadline = node.poll_egress(now, &mut device);   // segments out
///     sleep until the device is readable or the deadline is reached
/// }
/// ```
///
/// - `now` never goes back. Calling too early or too often changes nothing.
/// - Each call does a bounded amount of work. [`Ingress::More`](super::Ingress::More), or a deadline that has already
///   passed, means that there is more to do: do not sleep.
/// - Nothing here blocks, allocates, reads a clock, or panics on anything a peer sends.
/// - Everything that happens is recorded in the journal, with the feature of that name.
/// - The device's `capabilities` apply: no frame is longer than its `max_transmission_unit`, which includes the
///   Ethernet header and must be at least 590 octets (1,294 with IPv6), and no window is larger than its
///   `max_burst_size`.
///
/// The loop as a program, for any device and any way to sleep:
///
/// ```
/// use smolhost::node::{Ingress, Node};
/// use smolhost::smoltcp::phy::Device;
/// use smolhost::smoltcp::time::{Duration, Instant};
///
/// /// Does what can be done now, and returns how long to sleep if no frame arrives: `None` is until one does.
/// fn turn<D: Device>(now: Instant, node: &mut Node<'_>, device: &mut D) -> Option<Duration> {
///     let ingress = node.poll_ingress(now, device);
///     while let Some(_handle) = node.accept() {
///         // A connection that was accepted is ready, too: it is served below.
///     }
///     while let Some(handle) = node.next_ready() {
///         let Some(mut socket) = node.tcp(handle) else { continue };
///         let _ = socket.send(b"hello\n");
///         socket.close(now);
///     }
///     let deadline = node.poll_egress(now, device);
///     match ingress {
///         Ingress::More => Some(Duration::ZERO),
///         Ingress::Drained => deadline.map(|at| at.max(now) - now),
///     }
/// }
/// ```
pub struct Node<'a> {
    // Open to the calls of this module, each of which hands several parts on.
    pub(super) host: Host<'a>,
    pub(super) tcp: Tcp<'a>,
    pub(super) datagrams: Datagrams<'a>,
    /// Sockets of the application's own, which read and write whole frames: DHCP needs one.
    pub(super) extra: SocketSet<'a>,
    #[cfg(feature = "reassembly")]
    pub(super) reassembly: Reassembly<'a>,
}

opaque!([] Node<'_>, "Node");

impl<'a> Node<'a> {
    /// Puts the parts together.
    ///
    /// Not inlined: its stack is free again when addresses are given.
    #[inline(never)]
    pub(super) fn assemble(config: &Config, memory: Memory<'a>, now: Instant) -> Self {
        let table = TableMemory {
            slots: memory.slots,
            links: memory.links,
            deadlines: memory.deadlines,
            flows: memory.flows,
            time_waits: memory.time_waits,
        };
        Self {
            host: Host {
                now,
                link: Link::new(now, config, u64::from_le_bytes(first_half(&config.secret))),
                neighbors: Neighbors::new(memory.neighbors, &config.secret),
                claims: Claims::default(),
                announces: config.announces,
                limits: config.limits,
                record: Record::new(Kept::new(memory.journal), now),
                strangers: Strangers::new(memory.strangers, config.secret),
                scratch: memory.scratch,
            },
            tcp: Tcp {
                table: Table::new(table, config.secret),
                admission: Admission::new(memory.listeners, memory.syn_queue, config.secret),
                ephemeral: Ephemeral::new(config.secret),
                retired: false,
            },
            datagrams: Datagrams::new(memory.datagrams),
            extra: SocketSet::new(memory.extra),
            #[cfg(feature = "reassembly")]
            reassembly: Reassembly::new(memory.assemblies),
        }
    }

    /// Everything that happened, as far back as the journal reaches.
    #[cfg(feature = "journal")]
    pub fn journal(&self) -> &Journal<'a> {
        self.host.record.journal()
    }

    /// Sockets of the application's own on the same interface, such as DHCP.
    #[cfg(feature = "own-sockets")]
    pub fn extra_mut(&mut self) -> &mut SocketSet<'a> {
        &mut self.extra
    }

    /// This node's addresses.
    pub fn addresses(&self) -> &[IpCidr] {
        self.host.link.networks()
    }

    /// This node's hardware address.
    pub fn mac(&self) -> EthernetAddress {
        self.host.link.mac()
    }

    /// The times and bounds in force.
    pub fn limits(&self) -> &Limits {
        &self.host.limits
    }

    /// Lends the memory in which frames are composed, as long as the longest of them: between two rounds of the
    /// loop it is idle, and an application reads messages into it. Within `work` there is none to lend.
    pub fn with_scratch<T>(&mut self, work: impl FnOnce(&mut Self, &mut [u8]) -> T) -> T {
        let nothing = ManagedSlice::Borrowed(&mut []);
        let mut scratch = core::mem::replace(&mut self.host.scratch, nothing);
        let result = work(self, &mut scratch);
        self.host.scratch = scratch;
        result
    }

    /// How many connections can be open at once.
    pub fn capacity(&self) -> usize {
        self.tcp.table.capacity()
    }

    /// How many slots are free.
    pub fn free(&self) -> usize {
        self.tcp.table.len(Queue::Free)
    }
}

fn first_half(secret: &[u8; 16]) -> [u8; 8] {
    core::array::from_fn(|index| secret[index])
}
