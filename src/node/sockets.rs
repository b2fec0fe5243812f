//! The calls, with the names people know. None of them blocks.

use smoltcp::time::Instant;
use smoltcp::wire::{IpEndpoint, IpListenEndpoint};

use super::config::is_spoken;
use super::connection::Handle;
use super::errors::{ConnectError, ListenError, SendError, SendToError};
use super::node::Node;
use super::queues::Queue;
use super::slot_id::SlotId;
use crate::trace::{Call, Cause, Direction, Ending, Flow, Reason, Resource, State, Verdict};

/// A datagram that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// This node's address and port that it was sent to.
    pub local: IpEndpoint,
    /// Who sent it.
    pub remote: IpEndpoint,
    /// Octets of payload written to the caller's buffer; what did not fit is gone.
    pub len: usize,
}

impl<'a> Node<'a> {
    /// Passive OPEN: serves a TCP port. Up to `backlog` SYNs wait while no connection is free for them,
    /// and nobody who waits, or is in a handshake, is reset. Beyond them a SYN meets silence, unless
    /// [`Limits::refuse`](super::config::Limits::refuse) is set, and its peer sends it again.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub fn listen(&mut self, port: u16, backlog: u16) -> Result<(), ListenError> {
        self.admission.listen(port, backlog)
    }

    /// Serves a TCP port no longer. Connections that are open stay open; SYNs that waited are forgotten.
    pub fn unlisten(&mut self, port: u16) {
        self.admission.unlisten(port);
    }

    /// The next connection whose handshake is over, oldest first.
    pub fn accept(&mut self) -> Option<Handle> {
        let slot = self.table.pop(Queue::Accept)?;
        self.table[slot].flags.accepted = true;
        // It may have brought data, or its end, before anybody looked.
        self.table.push(Queue::Ready, slot);
        Some(self.table.handle(slot))
    }

    /// Active OPEN: starts a handshake with `remote`. The connection becomes ready when it is over,
    /// either way.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect(&mut self, now: Instant, remote: IpEndpoint) -> Result<Handle, ConnectError> {
        self.tick(now);
        self.check_remote(remote)?;
        let slot = self.open_active(None, remote)?;
        Ok(self.table.handle(slot))
    }

    /// Active OPEN from a local port of the caller's choice, as two hosts need that open at the same
    /// time (RFC 9293 section 3.5, figure 7).
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect_from(
        &mut self,
        now: Instant,
        port: u16,
        remote: IpEndpoint,
    ) -> Result<Handle, ConnectError> {
        self.tick(now);
        self.check_remote(remote)?;
        if port == 0 {
            return Err(ConnectError::NoPort);
        }
        let slot = self.open_active(Some(port), remote)?;
        Ok(self.table.handle(slot))
    }

    fn check_remote(&self, remote: IpEndpoint) -> Result<(), ConnectError> {
        // RFC 9293 section 3.9.1.1, MUST-46.
        if remote.port == 0
            || !is_spoken(remote.addr)
            || !remote.addr.is_unicast()
            || self.link.is_broadcast(remote.addr)
        {
            return Err(ConnectError::NotAHost);
        }
        if self.link.locals().contains(&remote.addr) {
            return Err(ConnectError::Ourselves);
        }
        Ok(())
    }

    /// SEND: queues octets, as many as there is room for; says how many.
    ///
    /// # Errors
    /// See [`SendError`]. Nothing was queued then.
    pub fn send(&mut self, handle: Handle, data: &[u8]) -> Result<usize, SendError> {
        let slot = self.sending_slot(handle)?;
        let count = self
            .table
            .place_mut(slot)
            .socket_mut()
            .send_slice(data)
            .unwrap_or(0);
        if count < data.len() {
            self.table[slot].flags.wants_room = true;
        }
        if count == 0 && !data.is_empty() {
            return Err(SendError::WouldBlock);
        }
        self.table.push(Queue::Egress, slot);
        Ok(count)
    }

    /// SEND without a copy: `compose` writes into the transmit buffer itself, all of what it is given,
    /// which is the part of the room that lies in one piece. There may be another: call again until it
    /// would block. Says how many octets were queued.
    ///
    /// # Errors
    /// See [`SendError`]. Nothing was queued then, and `compose` not called.
    pub fn send_composed(
        &mut self,
        handle: Handle,
        compose: impl FnOnce(&mut [u8]),
    ) -> Result<usize, SendError> {
        let slot = self.sending_slot(handle)?;
        let socket = self.table.place_mut(slot).socket_mut();
        if !socket.can_send() {
            self.table[slot].flags.wants_room = true;
            return Err(SendError::WouldBlock);
        }
        let sent = socket.send(|room| {
            compose(room);
            (room.len(), room.len())
        });
        self.table.push(Queue::Egress, slot);
        Ok(sent.unwrap_or(0))
    }

    /// The slot of a connection that may send.
    fn sending_slot(&mut self, handle: Handle) -> Result<SlotId, SendError> {
        let slot = self.slot_of(handle).ok_or(SendError::Stale)?;
        let connection = &mut self.table[slot];
        if let Some(ending) = connection.ending {
            return Err(SendError::Ended(ending));
        }
        match connection.state {
            State::SynSent | State::SynReceived => {
                connection.flags.wants_room = true;
                Err(SendError::WouldBlock)
            }
            State::CloseWait if connection.flags.close_deferred => Err(SendError::Closed),
            State::Established | State::CloseWait => Ok(slot),
            State::FinWait1
            | State::FinWait2
            | State::Closing
            | State::LastAck
            | State::TimeWait
            | State::Closed
            | State::Listen => Err(SendError::Closed),
        }
    }

    /// Octets that [`Self::send`] would take now.
    pub fn send_room(&self, handle: Handle) -> usize {
        self.slot_of(handle).map_or(0, |slot| {
            let socket = self.table.place(slot).socket();
            if socket.may_send() {
                socket.send_capacity() - socket.send_queue()
            } else {
                0
            }
        })
    }

    /// Octets queued or sent that the peer has not acknowledged.
    pub fn unacknowledged(&self, handle: Handle) -> usize {
        self.slot_of(handle)
            .map_or(0, |slot| self.table.place(slot).socket().send_queue())
    }

    /// Octets queued that have not been sent once: there was no window for them, or no turn yet.
    pub fn unsent(&self, handle: Handle) -> usize {
        self.slot_of(handle).map_or(0, |slot| {
            let numbers = &self.table[slot].numbers;
            let under_way = numbers.snd_nxt.wrapping_sub(numbers.snd_una) as usize;
            self.unacknowledged(handle).saturating_sub(under_way)
        })
    }

    /// Whether the peer takes nothing more for now: its window is closed (RFC 9293 section 3.8.6.1).
    pub fn is_window_closed(&self, handle: Handle) -> bool {
        self.slot_of(handle)
            .is_some_and(|slot| self.table[slot].numbers.closed)
    }

    /// Makes the connection ready once more when the peer acknowledges something.
    pub fn watch_acknowledgments(&mut self, handle: Handle) {
        if let Some(slot) = self.slot_of(handle) {
            self.table[slot].flags.wants_room = true;
        }
    }

    /// Whether the peer's FIN was received, or the connection is over: nothing more will come.
    pub fn has_finished(&self, handle: Handle) -> bool {
        self.slot_of(handle).is_none_or(|slot| {
            let connection = &self.table[slot];
            connection.ending.is_some() || connection.fin_received()
        })
    }

    /// Why the connection is over, if it is.
    pub fn ended(&self, handle: Handle) -> Option<Ending> {
        self.table[self.slot_of(handle)?].ending
    }

    /// CLOSE of the sending half: a FIN follows what is queued. Receiving goes on.
    pub fn shutdown(&mut self, now: Instant, handle: Handle) {
        self.tick(now);
        if let Some(slot) = self.slot_of(handle) {
            self.close_slot(slot);
        }
    }

    /// Lets go of a connection: a FIN follows what is queued, what still comes is discarded, and the
    /// slot comes back by itself when the teardown is over.
    pub fn close(&mut self, now: Instant, handle: Handle) {
        self.tick(now);
        let Some(slot) = self.slot_of(handle) else {
            return;
        };
        self.let_go(slot);
        if self.table[slot].flags.unlinked {
            return self.table.free(slot);
        }
        self.discard_received(slot);
        self.close_slot(slot);
    }

    /// ABORT: ends a connection at once and lets go of it. The peer gets a reset in the states in which
    /// RFC 9293 section 3.10.5 says so.
    ///
    /// Unlike other calls it also reaches a connection that was let go and is still in its teardown.
    pub fn abort(&mut self, now: Instant, handle: Handle) {
        self.end_at_once(now, handle, Cause::Call(Call::Abort));
    }

    /// The same as [`abort`](Self::abort), told as what it is: others wait for the connection.
    pub fn evict(&mut self, now: Instant, handle: Handle) {
        self.end_at_once(now, handle, Cause::Evicted);
    }

    fn end_at_once(&mut self, now: Instant, handle: Handle, cause: Cause) {
        self.tick(now);
        let Some(slot) = self.table.slot_of(handle) else {
            return;
        };
        self.let_go(slot);
        let connection = &self.table[slot];
        if connection.flags.unlinked {
            return self.table.free(slot);
        }
        match connection.state {
            State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait => {
                self.table.place_mut(slot).socket_mut().abort();
                self.observe(slot, cause);
                self.reschedule(slot);
            }
            // The peer knows of no connection yet, or has nothing left to lose.
            State::SynSent
            | State::Closing
            | State::LastAck
            | State::TimeWait
            | State::Closed
            | State::Listen => {
                let ending = connection.ending_by(connection.state, cause);
                self.drop_silently(slot, State::Closed, cause, ending);
            }
        }
    }

    /// Binds a UDP port.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub fn bind(&mut self, port: u16) -> Result<(), ListenError> {
        if port == 0 {
            return Err(ListenError::PortZero);
        }
        if self.datagrams.port(port).is_some() {
            return Err(ListenError::InUse);
        }
        let place = self.datagrams.port_mut(0).ok_or(ListenError::Full)?;
        // The port is not 0 and the socket not bound: it cannot fail.
        let _ = place.socket_mut().bind(port);
        Ok(())
    }

    /// Whether a UDP port is bound.
    pub fn is_bound(&self, port: u16) -> bool {
        port != 0 && self.datagrams.port(port).is_some()
    }

    /// Sends a datagram from a bound port; the address is chosen if `from` names none. What answers the
    /// datagram that was taken last goes back to where that came from, as long as no neighbour says otherwise.
    ///
    /// # Errors
    /// See [`SendToError`].
    pub fn send_to(
        &mut self,
        now: Instant,
        from: impl Into<IpListenEndpoint>,
        to: IpEndpoint,
        data: &[u8],
    ) -> Result<(), SendToError> {
        self.tick(now);
        let from = from.into();
        if to.port == 0 || !is_spoken(to.addr) || to.addr.is_unspecified() {
            return Err(SendToError::NotAHost);
        }
        if self.datagrams.port(from.port).is_none() || from.port == 0 {
            return Err(SendToError::NotBound);
        }
        if data.len()
            > self
                .datagrams
                .longest()
                .min(self.link.longest_datagram(to.addr))
        {
            return Err(SendToError::TooLong);
        }
        if self.datagrams.push(now, from, to, data) {
            return Ok(());
        }
        self.note_full(Resource::Datagrams);
        Err(SendToError::WouldBlock)
    }

    /// Takes a datagram from any bound port.
    pub fn recv_from(&mut self, buffer: &mut [u8]) -> Option<Received> {
        let (number, len, meta) = self.datagrams.take(buffer)?;
        let local = meta.local_address.unwrap_or(meta.endpoint.addr);
        Some(Received {
            local: IpEndpoint::new(local, number),
            remote: meta.endpoint,
            len,
        })
    }

    /// Notes that the application refused a datagram, so that no loss is silent.
    pub fn refuse_datagram(&mut self, now: Instant, received: &Received, reason: Reason) {
        self.tick(now);
        let flow = Flow {
            local: received.local,
            remote: received.remote,
        };
        let (len, verdict) = (received.len as u16, Verdict::Dropped(reason));
        self.record.datagram(Direction::In, flow, len, verdict);
    }

    /// CLOSE, as RFC 9293 section 3.10.4 has it for each state.
    fn close_slot(&mut self, slot: SlotId) {
        let cause = Cause::Call(Call::Close);
        let state = self.table[slot].state;
        match state {
            // The connection is deleted; nothing is sent.
            State::SynSent | State::Listen => {
                self.drop_silently(slot, State::Closed, cause, Ending::Closed);
            }
            // A FIN before the peer's acknowledgment would carry the number of our SYN: it waits.
            State::SynReceived => self.table[slot].flags.close_deferred = true,
            State::CloseWait if !self.may_enter_last_ack(slot) => {
                self.table[slot].flags.close_deferred = true;
            }
            State::Established | State::CloseWait => {
                self.table.place_mut(slot).socket_mut().close();
                self.observe(slot, cause);
                self.reschedule(slot);
            }
            // Closed before. FIN-WAIT-2 is bounded from now on if nobody reads any more.
            State::FinWait2 => self.reschedule(slot),
            State::FinWait1 | State::Closing | State::LastAck | State::TimeWait | State::Closed => {
            }
        }
    }

    fn let_go(&mut self, slot: SlotId) {
        self.table[slot].flags.orphaned = true;
        self.table.remove(Queue::Ready, slot);
        self.table.remove(Queue::Accept, slot);
    }

    /// The slot of a handle, unless the connection was let go.
    pub(super) fn slot_of(&self, handle: Handle) -> Option<SlotId> {
        self.table
            .slot_of(handle)
            .filter(|slot| !self.table[*slot].flags.orphaned)
    }
}
