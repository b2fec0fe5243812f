//! Every octet that a node owns. Nothing in a node allocates.

use managed::ManagedSlice;
use smoltcp::iface::SocketStorage;

use super::answers::Stranger;
use super::config::{ConfigError, Needs};
use super::connection::Slot;
use super::datagrams::DatagramMemory;
use super::flow::Entry;
use super::listeners::Listener;
use super::neighbors::Neighbor;
use super::queues::QueueLinks;
#[cfg(feature = "reassembly")]
use super::reassembly::Assembly;
use super::slot_id::SlotId;
use super::syn_queue::SynQueueEntry;
use super::time_wait::TimeWaitEntry;
use crate::deadlines::Place;
use crate::opaque::opaque;
use crate::trace::Event;

/// The memory of a node, in parts that fit each other: made by [`Storage::memory`](super::Storage::memory) or, with an
/// operating system, by `Memory::heap`.
pub struct Memory<'a> {
    // Open to who lays it out and to who takes it apart: `storage`, `sizes`, `node`.
    /// One for each connection that can be open at once; at most 65,535.
    pub(super) slots: ManagedSlice<'a, Slot<'a>>,
    /// As many as there are slots.
    pub(super) links: ManagedSlice<'a, QueueLinks>,
    /// As many as there are slots.
    pub(super) deadlines: ManagedSlice<'a, Place>,
    /// A power of two, larger than slots and TIME-WAIT entries together; twice as large keeps searches short.
    pub(super) flows: ManagedSlice<'a, Entry>,
    /// One for each connection in TIME-WAIT: connections closed by us per second, times 2 MSL. At least 1.
    pub(super) time_waits: ManagedSlice<'a, TimeWaitEntry>,
    /// One for each SYN that may wait for a free connection.
    pub(super) syn_queue: ManagedSlice<'a, SynQueueEntry>,
    /// One for each stranger whose answers are counted at the same time; at least 1. Beyond them, who was
    /// counted before begins anew.
    pub(super) strangers: ManagedSlice<'a, Stranger>,
    /// One for each TCP port that is served.
    pub(super) listeners: ManagedSlice<'a, Listener>,
    /// One for each neighbour whose hardware address is remembered: hosts that datagrams are sent to, and
    /// gateways. A multiple of four. Connections need none.
    pub(super) neighbors: ManagedSlice<'a, Neighbor>,
    /// UDP.
    pub(super) datagrams: DatagramMemory<'a>,
    /// Sockets of the application's own, such as DHCP.
    pub(super) extra: ManagedSlice<'a, SocketStorage<'a>>,
    /// One for each datagram that may come together from its pieces at the same time. Without any, pieces go
    /// no further. One sender has two at most.
    #[cfg(feature = "reassembly")]
    pub(super) assemblies: ManagedSlice<'a, Assembly<'a>>,
    /// Events that are remembered; a short connection makes about twenty.
    pub(super) journal: ManagedSlice<'a, Option<Event>>,
    /// For composing frames: MTU and 14 octets, or 65,549 where the device cuts segments or pieces of datagrams
    /// come together. Lent to the
    /// application between two rounds, for messages.
    pub(super) scratch: ManagedSlice<'a, u8>,
}

opaque!([] Memory<'_>, "Memory");

impl Memory<'_> {
    /// Whether the parts fit one another, and frames of this length.
    ///
    /// Not inlined: it would take the stack of whoever makes a node.
    #[inline(never)]
    pub(super) fn check(&self, longest_frame: usize) -> Result<(), ConfigError> {
        let slots = self.slots.len();
        let found = slots + self.time_waits.len();
        let parts = [
            ("connections", slots, Needs::AtLeast(1)),
            ("connections", slots, Needs::AtMost(SlotId::MOST)),
            // Fewer, or more, if `heap_beside` was given other buffers than its sizes say.
            ("connections", slots, Needs::Exactly(self.links.len())),
            ("connections", slots, Needs::Exactly(self.deadlines.len())),
            ("time_waits", self.time_waits.len(), Needs::AtLeast(1)),
            ("flows", self.flows.len(), Needs::PowerOfTwoAbove(found)),
            ("strangers", self.strangers.len(), Needs::AtLeast(1)),
            ("frame", self.scratch.len(), Needs::AtLeast(longest_frame)),
        ];
        for (part, has, needs) in parts {
            if !needs.are_met_by(has) {
                return Err(ConfigError::Memory { part, has, needs });
            }
        }
        Ok(())
    }
}
