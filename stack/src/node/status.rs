//! What can be seen of connections from outside, without touching them.

use smoltcp::time::Instant;
use smoltcp::wire::IpEndpoint;

use super::connection::{Connection, Handle};
use super::node::Node;
use super::queues::Queue;
use super::slot_id::SlotId;
use super::time_wait::TimeWaitId;
use crate::trace::{ConnectionId, Flow, State, Timer};

/// A connection at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Status {
    /// Its number.
    pub id: ConnectionId,
    /// Its endpoints.
    pub flow: Flow,
    /// Its state.
    pub state: State,
    /// Since when; for TIME-WAIT, unknown and the same as now.
    pub since: Instant,
    /// Octets queued or sent that the peer has not acknowledged.
    pub unacknowledged: usize,
    /// Octets received that the application has not taken.
    pub unread: usize,
    /// How often the oldest unacknowledged segment was sent again, or a silent peer probed, without an answer.
    pub attempts: u8,
    /// The next timer that would end it, and when.
    pub timer: Option<(Timer, Instant)>,
    /// Whether the application let go of it.
    pub orphaned: bool,
}

/// A port that is served, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Serving {
    /// The port.
    pub port: u16,
    /// SYNs that may wait.
    pub backlog: u16,
    /// SYNs that wait.
    pub waiting: usize,
}

impl Node<'_> {
    /// One connection, unless it was let go and is over. TIME-WAIT is found by [`Self::statuses`] only.
    pub fn status(&self, handle: Handle) -> Option<Status> {
        self.tcp.table.slot_of(handle).map(|slot| self.look(slot))
    }

    /// Every connection, those in TIME-WAIT without a socket included. Walks over all slots.
    pub fn statuses(&self, now: Instant) -> impl Iterator<Item = Status> + '_ {
        (0..self.places()).filter_map(move |place| self.status_in(place, now))
    }

    /// How many places there are for connections and for those in TIME-WAIT, together.
    pub fn places(&self) -> usize {
        self.tcp.table.capacity() + self.tcp.table.time_waits().capacity()
    }

    /// The connection in a place below [`Self::places`], if there is one: for tables that are shown in
    /// pieces.
    pub fn status_in(&self, place: usize, now: Instant) -> Option<Status> {
        let Some(entry) = place.checked_sub(self.tcp.table.capacity()) else {
            let slot = self.tcp.table.slot(place)?;
            let connection = &self.tcp.table[slot];
            let live = connection.is_live() && !connection.flags.unlinked;
            return live.then(|| self.look(slot));
        };
        let waits = self.tcp.table.time_waits();
        let waiting = waits.get(TimeWaitId::new(entry), now, self.host.link.locals())?;
        Some(Status {
            id: waiting.connection,
            flow: waiting.flow,
            state: State::TimeWait,
            since: (waiting.deadline - self.host.limits.msl * 2).min(now),
            unacknowledged: 0,
            unread: 0,
            attempts: 0,
            timer: Some((Timer::TimeWait, waiting.deadline)),
            orphaned: true,
        })
    }

    /// The ports that are served.
    pub fn serving(&self) -> impl Iterator<Item = Serving> + '_ {
        self.tcp.admission.listeners().map(|listener| {
            let waiting = self.tcp.admission.waiting();
            Serving {
                port: listener.port,
                backlog: listener.backlog,
                waiting: waiting
                    .filter(|flow| flow.local.port == listener.port)
                    .count(),
            }
        })
    }

    /// Whether a TCP port is served.
    pub fn serves(&self, port: u16) -> bool {
        self.tcp.admission.listener(port).is_some()
    }

    /// The ports to which those came who wait for [`accept`](Self::accept), oldest first.
    pub fn acceptable(&self) -> impl Iterator<Item = u16> + '_ {
        let waiting = self.tcp.table.queued(Queue::Accept);
        waiting.map(|slot| self.tcp.table[slot].flow.local.port)
    }

    /// The handle of a live connection by its number, for an operator's console. Walks over all slots.
    pub fn handle_of(&self, id: ConnectionId) -> Option<Handle> {
        let slot = self
            .tcp
            .table
            .slots()
            .find(|slot| self.tcp.table[*slot].id == id)?;
        (id != Connection::NONE).then(|| self.tcp.table.handle(slot))
    }

    /// Octets of receive and transmit buffer that each connection has.
    pub fn buffers_per_connection(&self) -> usize {
        self.tcp.table.buffers()
    }

    /// How many handshakes are under way.
    pub fn half_open(&self) -> usize {
        self.tcp.table.len(Queue::HalfOpen)
    }

    /// How many connections are in TIME-WAIT.
    pub fn time_waiting(&self) -> usize {
        self.tcp.table.time_waits().alive()
    }

    /// From whom the SYNs are that wait for a free connection.
    pub fn waiting(&self) -> impl Iterator<Item = IpEndpoint> + '_ {
        self.tcp.admission.waiting().map(|flow| flow.remote)
    }

    /// How many of those that wait have shown that they are there. Any other SYN may be forged.
    pub fn held_proven(&self) -> usize {
        self.tcp.admission.proven()
    }

    /// How many SYNs wait for a free connection.
    pub fn held(&self) -> usize {
        self.tcp.admission.backlog()
    }

    fn look(&self, slot: SlotId) -> Status {
        let connection = &self.tcp.table[slot];
        Status {
            id: connection.id,
            flow: connection.flow,
            state: connection.state,
            since: connection.since,
            unacknowledged: self.tcp.table.place(slot).socket().send_queue(),
            unread: self.tcp.table.place(slot).socket().recv_queue(),
            attempts: connection.numbers.attempts,
            timer: connection.timer(&self.host.limits),
            orphaned: connection.flags.orphaned,
        }
    }
}
