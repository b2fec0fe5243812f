//! What can be seen of connections from outside, without touching them.

use smoltcp::time::Instant;
use smoltcp::wire::IpEndpoint;

use super::connection::{Connection, Handle};
use super::lists::List;
use super::node::Node;
use crate::trace::{ConnectionId, Flow, State, Timer};

/// A connection at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// How often the oldest unacknowledged segment was sent again.
    pub attempts: u8,
    /// The next timer that would end it, and when.
    pub timer: Option<(Timer, Instant)>,
    /// Whether the application let go of it.
    pub released: bool,
}

/// A port that is served, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        let connection = &self.slots.get(handle.slot())?.connection;
        (connection.id == handle.id).then(|| self.look(handle.slot()))
    }

    /// Every connection, those in TIME-WAIT without a socket included. Walks over all slots.
    pub fn statuses(&self, now: Instant) -> impl Iterator<Item = Status> + '_ {
        (0..self.places()).filter_map(move |place| self.status_in(place, now))
    }

    /// How many places there are for connections and for those in TIME-WAIT, together.
    pub fn places(&self) -> usize {
        self.slots.len() + self.graveyard.capacity()
    }

    /// The connection in a place below [`Self::places`], if there is one: for tables that are shown in
    /// pieces.
    pub fn status_in(&self, place: usize, now: Instant) -> Option<Status> {
        let Some(grave) = place.checked_sub(self.slots.len()) else {
            let connection = &self.slots[place].connection;
            let live = connection.is_live() && !connection.flags.detached;
            return live.then(|| self.look(place));
        };
        let waiting = self.graveyard.get(grave, now, &self.locals)?;
        Some(Status {
            id: waiting.connection,
            flow: waiting.flow,
            state: State::TimeWait,
            since: (waiting.deadline - self.limits.msl * 2).min(now),
            unacknowledged: 0,
            unread: 0,
            attempts: 0,
            timer: Some((Timer::TimeWait, waiting.deadline)),
            released: true,
        })
    }

    /// The ports that are served.
    pub fn serving(&self) -> impl Iterator<Item = Serving> + '_ {
        let open = self.listeners.iter().filter(|listener| listener.port != 0);
        open.map(|listener| Serving {
            port: listener.port,
            backlog: listener.backlog,
            waiting: self
                .backlog
                .waiting()
                .filter(|held| held.flow.local.port == listener.port)
                .count(),
        })
    }

    /// The handle of a live connection by its number, for an operator's console. Walks over all slots.
    pub fn handle_of(&self, id: ConnectionId) -> Option<Handle> {
        let slot = (0..self.slots.len()).find(|slot| self.slots[*slot].connection.id == id)?;
        (id != Connection::NONE).then(|| self.handle(slot))
    }

    /// Octets of receive and transmit buffer that each connection has.
    pub fn buffers_per_connection(&self) -> usize {
        let socket = self.slots[0].socket();
        socket.recv_capacity() + socket.send_capacity()
    }

    /// How many handshakes are under way.
    pub fn half_open(&self) -> usize {
        self.lists.len(List::HalfOpen)
    }

    /// How many connections are in TIME-WAIT.
    pub fn time_waiting(&self) -> usize {
        self.graveyard.alive()
    }

    /// From whom the SYNs are that wait for a free connection.
    pub fn waiting(&self) -> impl Iterator<Item = IpEndpoint> + '_ {
        self.backlog.waiting().map(|held| held.flow.remote)
    }

    /// How many SYNs wait for a free connection.
    pub fn held(&self) -> usize {
        self.backlog.len()
    }

    fn look(&self, slot: usize) -> Status {
        let connection = &self.slots[slot].connection;
        Status {
            id: connection.id,
            flow: connection.flow,
            state: connection.state,
            since: connection.since,
            unacknowledged: self.slots[slot].socket().send_queue(),
            unread: self.slots[slot].socket().recv_queue(),
            attempts: connection.numbers.attempts,
            timer: self.timer(connection),
            released: connection.flags.released,
        }
    }
}
