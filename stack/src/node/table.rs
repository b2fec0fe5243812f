//! The connections: a slot for each, found by its endpoints, in queues and by deadlines; and those in
//! TIME-WAIT, which have no slot.
//!
//! A connection comes and goes by way of here, so that flows, queues and deadlines always speak of the same
//! ones. What its segments mean is not looked at. The caller asks only for slots that it got from here.

use core::ops::{Index, IndexMut};

use managed::ManagedSlice;
use smoltcp::time::Instant;
use smoltcp::wire::IpAddress;

use super::connection::{Connection, Handle, Slot};
use super::flow::{Entry, FlowTable, Found, same};
use super::occupancy::Occupancy;
use super::queues::{Queue, QueueLinks, Queues};
use super::slot_id::SlotId;
use super::time_wait::{TimeWait, TimeWaitEntry, TimeWaitId, TimeWaitTable};
use crate::deadlines::{Deadlines, Place};
use crate::origin::Origin;
use crate::trace::{ConnectionId, Flow};

/// The memory of a table, in parts; see [`Memory`](super::memory::Memory) for what fits.
pub(super) struct TableMemory<'a> {
    // Open to the node, which lays it out.
    /// One for each connection that can be open at once, up to [`SlotId::MOST`].
    pub(super) slots: ManagedSlice<'a, Slot<'a>>,
    /// As many as there are slots.
    pub(super) links: ManagedSlice<'a, QueueLinks>,
    /// As many as there are slots.
    pub(super) deadlines: ManagedSlice<'a, Place>,
    /// A power of two, larger than slots and TIME-WAIT entries together; twice as large keeps searches short.
    pub(super) flows: ManagedSlice<'a, Entry>,
    /// One for each connection in TIME-WAIT: connections closed by us per second, times 2 MSL. At least 1.
    pub(super) time_waits: ManagedSlice<'a, TimeWaitEntry>,
}

/// All connections of a node.
pub(super) struct Table<'a> {
    slots: ManagedSlice<'a, Slot<'a>>,
    flows: FlowTable<'a>,
    queues: Queues<'a>,
    deadlines: Deadlines<'a>,
    time_waits: TimeWaitTable<'a>,
    /// The number of the next connection; 0 means none.
    next_id: u32,
}

impl Index<SlotId> for Table<'_> {
    type Output = Connection;

    fn index(&self, slot: SlotId) -> &Connection {
        &self.slots[slot.number()].connection
    }
}

impl IndexMut<SlotId> for Table<'_> {
    fn index_mut(&mut self, slot: SlotId) -> &mut Connection {
        &mut self.slots[slot.number()].connection
    }
}

/// Slots.
impl<'a> Table<'a> {
    /// All slots free. The parts of the memory fit one another; `key` is secret, and keeps others
    /// from aiming at one place of the flow table.
    pub(super) fn new(memory: TableMemory<'a>, key: [u8; 16]) -> Self {
        let mut queues = Queues::new(memory.links);
        for slot in 0..memory.slots.len() {
            queues.push(Queue::Free, slot);
        }
        Self {
            slots: memory.slots,
            flows: FlowTable::new(memory.flows, key),
            queues,
            deadlines: Deadlines::new(memory.deadlines),
            time_waits: TimeWaitTable::new(memory.time_waits),
            next_id: 1,
        }
    }

    /// How many slots there are.
    pub(super) fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// All slots.
    pub(super) fn slots(&self) -> impl Iterator<Item = SlotId> + use<> {
        (0..self.slots.len()).map(SlotId::new)
    }

    /// The slot with this number, if there are so many.
    pub(super) fn slot(&self, number: usize) -> Option<SlotId> {
        (number < self.slots.len()).then_some(SlotId::new(number))
    }

    /// The slot of a handle, if its connection still has it, let go or not.
    pub(super) fn slot_of(&self, handle: Handle) -> Option<SlotId> {
        let slot = self.slot(handle.slot())?;
        (self[slot].id == handle.id).then_some(slot)
    }

    pub(super) fn handle(&self, slot: SlotId) -> Handle {
        Handle {
            slot,
            id: self[slot].id,
        }
    }

    /// The place of a connection with its socket.
    pub(super) fn place(&self, slot: SlotId) -> &Slot<'a> {
        &self.slots[slot.number()]
    }

    /// The same, to be worked on.
    pub(super) fn place_mut(&mut self, slot: SlotId) -> &mut Slot<'a> {
        &mut self.slots[slot.number()]
    }

    /// The window field of a SYN,ACK from any slot: all have the same buffers.
    pub(super) fn window_of_a_syn(&self) -> u16 {
        let socket = self.slots[0].socket();
        socket.recv_capacity().min(65_535) as u16
    }

    /// Octets of receive and transmit buffer that each connection has.
    pub(super) fn buffers(&self) -> usize {
        let socket = self.slots[0].socket();
        socket.recv_capacity() + socket.send_capacity()
    }

    /// Gives a free slot to a connection that nothing stands in the way of, and a number to the connection.
    pub(super) fn occupy(&mut self, slot: SlotId, connection: Connection) -> ConnectionId {
        let id = ConnectionId(self.next_id);
        self.next_id = self.next_id.checked_add(1).unwrap_or(1);
        let hash = self.flows.hash(&connection.flow);
        self[slot] = Connection {
            id,
            hash,
            ..connection
        };
        self.flows.insert(hash, Found::Connection(slot));
        id
    }

    /// Takes a connection off the wire: its segments no longer reach it, and no time does.
    pub(super) fn unlink(&mut self, slot: SlotId) {
        let connection = &mut self[slot];
        connection.flags.unlinked = true;
        let hash = connection.hash;
        self.flows.remove(hash, Found::Connection(slot));
        self.deadlines.remove(slot.number());
        self.remove(Queue::Egress, slot);
        self.remove(Queue::Unresolved, slot);
    }

    /// Empties a slot whose connection is unlinked, and gives it back.
    pub(super) fn free(&mut self, slot: SlotId) {
        let place = self.place_mut(slot);
        place.silence();
        place.connection = Connection::none();
        self.remove(Queue::Ready, slot);
        self.push(Queue::Free, slot);
    }
}

/// Queues and deadlines.
impl Table<'_> {
    /// See [`Queues::push`].
    pub(super) fn push(&mut self, queue: Queue, slot: SlotId) {
        self.queues.push(queue, slot.number());
    }

    /// See [`Queues::pop`].
    pub(super) fn pop(&mut self, queue: Queue) -> Option<SlotId> {
        self.queues.pop(queue).map(SlotId::new)
    }

    /// See [`Queues::remove`].
    pub(super) fn remove(&mut self, queue: Queue, slot: SlotId) {
        self.queues.remove(queue, slot.number());
    }

    /// See [`Queues::contains`].
    pub(super) fn contains(&self, queue: Queue, slot: SlotId) -> bool {
        self.queues.contains(queue, slot.number())
    }

    /// See [`Queues::len`].
    pub(super) fn len(&self, queue: Queue) -> usize {
        self.queues.len(queue)
    }

    /// See [`Queues::front`].
    pub(super) fn front(&self, queue: Queue) -> Option<SlotId> {
        self.queues.front(queue).map(SlotId::new)
    }

    /// See [`Queues::iter`].
    pub(super) fn queued(&self, queue: Queue) -> impl Iterator<Item = SlotId> + Clone {
        self.queues.iter(queue).map(SlotId::new)
    }

    /// Has a slot come up at `at` or before.
    pub(super) fn wake_by(&mut self, slot: SlotId, at: Instant) {
        self.deadlines.not_after(slot.number(), at);
    }

    /// When a slot is to come up.
    #[cfg(debug_assertions)]
    pub(super) fn deadline_of(&self, slot: SlotId) -> Option<Instant> {
        self.deadlines.of(slot.number())
    }

    /// Takes out a slot that is to come up by now.
    pub(super) fn due(&mut self, now: Instant) -> Option<SlotId> {
        self.deadlines.pop_due(now).map(SlotId::new)
    }

    /// When the next slot is to come up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.earliest()
    }
}

/// TIME-WAIT, and what is found by its endpoints.
impl<'a> Table<'a> {
    /// What lives between these endpoints. `locals` are our addresses.
    pub(super) fn find(&self, now: Instant, locals: &[IpAddress], flow: &Flow) -> Option<Found> {
        self.flows.find(self.flows.hash(flow), |found| match found {
            Found::Connection(slot) => same(&self[slot].flow, flow),
            Found::TimeWait(id) => self
                .time_waits
                .get(id, now, locals)
                .is_some_and(|wait| wait.flow == *flow),
        })
    }

    /// Those in TIME-WAIT, to be looked at.
    pub(super) fn time_waits(&self) -> &TimeWaitTable<'a> {
        &self.time_waits
    }

    /// Whether one in TIME-WAIT may give one more answer in this second.
    pub(super) fn may_answer(&mut self, id: TimeWaitId, now: Instant, per_second: u16) -> bool {
        self.time_waits.may_answer(id, now, per_second)
    }

    /// Keeps a connection in TIME-WAIT; nothing happens where there is no place.
    pub(super) fn keep_time_wait(&mut self, wait: &TimeWait, locals: &[IpAddress]) {
        if let Some(id) = self.time_waits.insert(wait, locals) {
            let hash = self.flows.hash(&wait.flow);
            self.flows.insert(hash, Found::TimeWait(id));
        }
    }

    /// Forgets one in TIME-WAIT, which is between these endpoints.
    pub(super) fn forget_time_wait(&mut self, id: TimeWaitId, flow: &Flow) {
        let hash = self.flows.hash(flow);
        self.flows.remove(hash, Found::TimeWait(id));
        self.time_waits.clear(id);
    }

    /// Our addresses are others; those that are named in TIME-WAIT are still among them.
    pub(super) fn readdress(&mut self, before: &[IpAddress], after: &[IpAddress]) {
        self.time_waits.readdress(before, after);
    }
}

impl Occupancy for Table<'_> {
    fn capacity(&self) -> usize {
        self.slots.len()
    }

    fn free(&self) -> usize {
        self.len(Queue::Free)
    }

    fn half_open(&self) -> usize {
        self.len(Queue::HalfOpen)
    }

    fn handshakes(&self) -> impl Iterator<Item = SlotId> + Clone {
        self.queued(Queue::HalfOpen)
    }

    fn origin(&self, slot: SlotId) -> Origin {
        Origin::of(self[slot].flow.remote.addr.into())
    }

    fn since(&self, slot: SlotId) -> Instant {
        self[slot].since
    }
}
