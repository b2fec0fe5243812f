//! The node: its parts, its construction, its run loop.

use smoltcp::iface::SocketSet;
use smoltcp::phy::{Device, RxToken};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpCidr};

use super::admission::Admission;
use super::answers::Strangers;
use super::claims::Claims;
use super::config::{Config, ConfigError, Limits};
use super::datagrams::Datagrams;
use super::host::Host;
use super::link::Link;
use super::neighbors::Neighbors;
use super::ports::Ephemeral;
use super::queues::Queue;
#[cfg(feature = "reassembly")]
use super::reassembly::Reassembly;
use super::record::Record;
use super::storage::Memory;
use super::table::{Table, TableMemory};
use super::tcp::Tcp;
use crate::opaque::opaque;
use crate::trace::Journal;
use managed::ManagedSlice;

/// A host on an Ethernet: TCP and UDP sockets over smoltcp, in memory that the caller gave.
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
/// - `now` never goes back. Calls that come too early or too often change nothing.
/// - Each call does a bounded amount of work; [`Ingress::More`] or a deadline that has passed says that
///   there is more to do.
/// - Nothing here blocks, allocates, reads a clock, or panics on what a peer sends.
/// - Whatever happens is in the [`journal`](Self::journal).
/// - The device's `capabilities` count: no frame is longer than its `max_transmission_unit`, which counts the
///   Ethernet header and is 590 at least (with IPv6 1,294), and no window larger than its `max_burst_size`.
pub struct Node<'a> {
    pub(super) host: Host<'a>,
    pub(super) tcp: Tcp<'a>,
    pub(super) datagrams: Datagrams<'a>,
    /// Sockets of the application's own, which read and write whole frames: DHCP needs one.
    pub(super) extra: SocketSet<'a>,
    #[cfg(feature = "reassembly")]
    pub(super) reassembly: Reassembly<'a>,
}

opaque!([] Node<'_>, "Node");

/// What a round of ingress left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingress {
    /// The device had no more frames.
    Drained,
    /// The budget ran out first: call again soon.
    More,
}

/// Octets of the longest frame that carries no data: Ethernet, IPv6, TCP with all its options.
const BARE_SEGMENT: usize = 14 + 40 + 60;

impl<'a> Node<'a> {
    /// A node without listeners, ports or connections.
    ///
    /// # Errors
    /// What is wrong with the configuration or with the sizes of the memory.
    pub fn new(config: Config, memory: Memory<'a>, now: Instant) -> Result<Self, ConfigError> {
        config.check()?;
        memory.check(config.longest_frame())?;
        let mut node = Self::assemble(&config, memory, now);
        node.set_addresses(now, &config.addresses, &config.gateways)?;
        Ok(node)
    }

    /// Puts the parts together.
    ///
    /// Not inlined: its stack is free again when addresses are given.
    #[inline(never)]
    fn assemble(config: &Config, memory: Memory<'a>, now: Instant) -> Self {
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
                record: Record::new(Journal::new(memory.journal)),
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

    /// Takes in frames, and runs timers that are due.
    ///
    /// Call it when the device is readable, when a deadline is reached, and again while it says
    /// [`Ingress::More`].
    pub fn poll_ingress<D: Device + ?Sized>(&mut self, now: Instant, device: &mut D) -> Ingress {
        self.host.tick(now);
        self.host.link.heed(self.host.now, device);
        self.tcp.run_timers(&mut self.host);
        #[cfg(feature = "reassembly")]
        self.give_up_pieces();
        let mut data = 0;
        for _ in 0..self.host.limits.ingress_budget {
            let Some((frame, answer)) = device.receive(now) else {
                return Ingress::Drained;
            };
            frame.consume(|octets| {
                data += octets.len().saturating_sub(BARE_SEGMENT);
                self.receive(octets, &mut Some(answer));
            });
            if data >= self.host.limits.ingress_octets {
                break;
            }
        }
        Ingress::More
    }

    /// Sends what there is to send, and says when to call again at the latest.
    ///
    /// Call it after the application had its turn. `None`: not before a frame or a call comes.
    #[must_use = "the node has timers: call again at this instant"]
    pub fn poll_egress<D: Device + ?Sized>(
        &mut self,
        now: Instant,
        device: &mut D,
    ) -> Option<Instant> {
        self.host.tick(now);
        self.host.link.heed(self.host.now, device);
        self.tcp.retired = false;
        self.tcp.admit_the_waiting(&mut self.host);
        let blocked = self.tcp.send_segments(&mut self.host, device)
            || self.send_extra(device)
            || self.send_datagrams(device)
            || self.host.send_discovery(device);
        // A last acknowledgment that leaves may end a connection: the application wants to know.
        if self.tcp.retired {
            return Some(now);
        }
        self.next_deadline(blocked)
    }

    /// When to call [`Self::poll_ingress`] again at the latest: what [`Self::poll_egress`] said, and what calls
    /// since then changed about it. `None`: not before a frame or a call comes.
    pub fn deadline(&mut self) -> Option<Instant> {
        self.next_deadline(false)
    }

    /// Both halves of the loop, for when no application stands between them.
    #[must_use = "the node has timers: call again at this instant"]
    pub fn poll<D: Device + ?Sized>(&mut self, now: Instant, device: &mut D) -> Option<Instant> {
        let ingress = self.poll_ingress(now, device);
        let deadline = self.poll_egress(now, device);
        match ingress {
            Ingress::More => Some(now),
            Ingress::Drained => deadline,
        }
    }

    /// Everything that happened, as far as it is remembered.
    pub fn journal(&self) -> &Journal<'a> {
        self.host.record.journal()
    }

    /// Sockets of the application's own on the same interface, such as DHCP.
    pub fn extra_mut(&mut self) -> &mut SocketSet<'a> {
        &mut self.extra
    }

    /// Our addresses.
    pub fn addresses(&self) -> &[IpCidr] {
        self.host.link.networks()
    }

    /// Our hardware address.
    pub fn mac(&self) -> EthernetAddress {
        self.host.link.mac()
    }

    /// Times and bounds.
    pub fn limits(&self) -> &Limits {
        &self.host.limits
    }

    /// Lends the memory in which frames are composed, at least 1,028 octets: between two rounds of the
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

    /// How many slots carry no connection.
    pub fn free(&self) -> usize {
        self.tcp.table.len(Queue::Free)
    }
}

fn first_half(secret: &[u8; 16]) -> [u8; 8] {
    core::array::from_fn(|index| secret[index])
}
