//! What can be observed about connections from outside, without affecting them.

use smoltcp::time::Instant;
use smoltcp::wire::IpEndpoint;

use super::connection::{Connection, Handle};
use super::node::Node;
use super::queues::Queue;
use super::slot_id::SlotId;
use super::time_wait::TimeWaitId;
use crate::trace::{ConnectionId, Flow, State, Timer};

/// A snapshot of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Status {
    /// Its number in the journal.
    pub id: ConnectionId,
    /// Its endpoints.
    pub flow: Flow,
    /// Its state.
    pub state: State,
    /// Since when it has been in this state; in TIME-WAIT unknown, and the same as now.
    pub since: Instant,
    /// Octets queued or sent that the peer has not acknowledged.
    pub unacknowledged: usize,
    /// Octets received that the application has not read.
    pub unread: usize,
    /// How often the oldest unacknowledged segment was retransmitted, or a silent peer probed, without an answer.
    pub attempts: u8,
    /// The next timer that would end the connection, and when it expires.
    pub timer: Option<(Timer, Instant)>,
    /// Whether the application has closed or aborted it.
    pub orphaned: bool,
}

/// A snapshot of a TCP port that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Serving {
    /// The port.
    pub port: u16,
    /// SYNs that may wait for a free connection.
    pub backlog: u16,
    /// SYNs that wait for one now.
    pub waiting: usize,
}

impl Node<'_> {
    /// The status of one connection, unless the application has closed it and it is over. Only [`Self::statuses`] finds
    /// a connection in TIME-WAIT.
    pub fn status(&self, handle: Handle) -> Option<Status> {
        self.tcp.table.slot_of(handle).map(|slot| self.look(slot))
    }

    /// Every connection, including those in TIME-WAIT without a socket. Walks over all slots.
    pub fn statuses(&self, now: Instant) -> impl Iterator<Item = Status> + '_ {
        (0..self.places()).filter_map(move |place| self.status_in(place, now))
    }

    /// How many places there are for connections and for TIME-WAIT entries together.
    pub fn places(&self) -> usize {
        self.tcp.table.capacity() + self.tcp.table.time_waits().capacity()
    }

    /// The connection in a place below [`Self::places`], if there is one: for tables that are shown page by page.
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

    /// The TCP ports that are served.
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

    /// The local ports of the connections that wait for [`accept`](Self::accept), oldest first.
    pub fn acceptable(&self) -> impl Iterator<Item = u16> + '_ {
        let waiting = self.tcp.table.queued(Queue::Accept);
        waiting.map(|slot| self.tcp.table[slot].flow.local.port)
    }

    /// The handle of a live connection, from its number: for an operator's console. Walks over all slots.
    pub fn handle_of(&self, id: ConnectionId) -> Option<Handle> {
        let slot = self
            .tcp
            .table
            .slots()
            .find(|slot| self.tcp.table[*slot].id == id)?;
        (id != Connection::NONE).then(|| self.tcp.table.handle(slot))
    }

    /// Octets of receive and transmit buffer per connection.
    pub fn buffers_per_connection(&self) -> usize {
        self.tcp.table.buffers()
    }

    /// How many handshakes are in progress.
    pub fn half_open(&self) -> usize {
        self.tcp.table.len(Queue::HalfOpen)
    }

    /// How many connections are in TIME-WAIT.
    pub fn time_waiting(&self) -> usize {
        self.tcp.table.time_waits().alive()
    }

    /// The senders of the SYNs that wait for a free connection.
    pub fn waiting(&self) -> impl Iterator<Item = IpEndpoint> + '_ {
        self.tcp.admission.waiting().map(|flow| flow.remote)
    }

    /// How many of the waiting peers have proved that they are at their address. Any other SYN may be forged.
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
