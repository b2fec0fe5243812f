//! The calls, with the names people know. None of them blocks.

use smoltcp::time::Instant;
use smoltcp::wire::{IpEndpoint, IpListenEndpoint};

use super::connection::Handle;
use super::errors::{ConnectError, ListenError, SendError, SendToError};
use super::node::Node;
use super::queues::Queue;
use super::slot_id::SlotId;
use crate::trace::{Call, Cause, Direction, Ending, Flow, Reason, Verdict};

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
        self.tcp.admission.listen(port, backlog)
    }

    /// Serves a TCP port no longer. Connections that are open stay open; SYNs that waited are forgotten.
    pub fn unlisten(&mut self, port: u16) {
        self.tcp.admission.unlisten(port);
    }

    /// The next connection whose handshake is over, oldest first.
    pub fn accept(&mut self) -> Option<Handle> {
        let slot = self.tcp.table.pop(Queue::Accept)?;
        self.tcp.table[slot].flags.accepted = true;
        // It may have brought data, or its end, before anybody looked.
        self.tcp.table.push(Queue::Ready, slot);
        Some(self.tcp.table.handle(slot))
    }

    /// Active OPEN: starts a handshake with `remote`. The connection becomes ready when it is over,
    /// either way.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect(&mut self, now: Instant, remote: IpEndpoint) -> Result<Handle, ConnectError> {
        self.host.tick(now);
        self.host.check_remote(remote)?;
        let slot = self.tcp.open_active(&mut self.host, None, remote)?;
        Ok(self.tcp.table.handle(slot))
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
        self.host.tick(now);
        self.host.check_remote(remote)?;
        if port == 0 {
            return Err(ConnectError::NoPort);
        }
        let slot = self.tcp.open_active(&mut self.host, Some(port), remote)?;
        Ok(self.tcp.table.handle(slot))
    }

    /// SEND: queues octets, as many as there is room for; says how many.
    ///
    /// # Errors
    /// See [`SendError`]. Nothing was queued then.
    pub fn send(&mut self, handle: Handle, data: &[u8]) -> Result<usize, SendError> {
        self.tcp.send(handle, data)
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
        self.tcp.send_composed(handle, compose)
    }

    /// Octets that [`Self::send`] would take now.
    pub fn send_room(&self, handle: Handle) -> usize {
        self.slot_of(handle).map_or(0, |slot| {
            let socket = self.tcp.table.place(slot).socket();
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
            .map_or(0, |slot| self.tcp.table.place(slot).socket().send_queue())
    }

    /// Octets queued that have not been sent once: there was no window for them, or no turn yet.
    pub fn unsent(&self, handle: Handle) -> usize {
        self.slot_of(handle).map_or(0, |slot| {
            let numbers = &self.tcp.table[slot].numbers;
            let under_way = numbers.snd_nxt.wrapping_sub(numbers.snd_una) as usize;
            self.unacknowledged(handle).saturating_sub(under_way)
        })
    }

    /// Whether the peer takes nothing more for now: its window is closed (RFC 9293 section 3.8.6.1).
    pub fn is_window_closed(&self, handle: Handle) -> bool {
        self.slot_of(handle)
            .is_some_and(|slot| self.tcp.table[slot].numbers.closed)
    }

    /// Makes the connection ready once more when the peer acknowledges something.
    pub fn watch_acknowledgments(&mut self, handle: Handle) {
        if let Some(slot) = self.slot_of(handle) {
            self.tcp.table[slot].flags.wants_room = true;
        }
    }

    /// Whether the peer's FIN was received, or the connection is over: nothing more will come.
    pub fn has_finished(&self, handle: Handle) -> bool {
        self.slot_of(handle).is_none_or(|slot| {
            let connection = &self.tcp.table[slot];
            connection.ending.is_some() || connection.fin_received()
        })
    }

    /// Why the connection is over, if it is.
    pub fn ended(&self, handle: Handle) -> Option<Ending> {
        self.tcp.table[self.slot_of(handle)?].ending
    }

    /// CLOSE of the sending half: a FIN follows what is queued. Receiving goes on.
    pub fn shutdown(&mut self, now: Instant, handle: Handle) {
        self.host.tick(now);
        if let Some(slot) = self.slot_of(handle) {
            self.tcp.close_slot(&mut self.host, slot);
        }
    }

    /// Lets go of a connection: a FIN follows what is queued, what still comes is discarded, and the
    /// slot comes back by itself when the teardown is over.
    pub fn close(&mut self, now: Instant, handle: Handle) {
        self.host.tick(now);
        let Some(slot) = self.slot_of(handle) else {
            return;
        };
        self.tcp.let_go(slot);
        if self.tcp.table[slot].flags.unlinked {
            return self.tcp.table.free(slot);
        }
        self.tcp.discard_received(slot);
        self.tcp.close_slot(&mut self.host, slot);
    }

    /// ABORT: ends a connection at once and lets go of it. The peer gets a reset in the states in which
    /// RFC 9293 section 3.10.5 says so.
    ///
    /// Unlike other calls it also reaches a connection that was let go and is still in its teardown.
    pub fn abort(&mut self, now: Instant, handle: Handle) {
        self.host.tick(now);
        self.tcp
            .end_at_once(&mut self.host, handle, Cause::Call(Call::Abort));
    }

    /// The same as [`abort`](Self::abort), told as what it is: others wait for the connection.
    pub fn evict(&mut self, now: Instant, handle: Handle) {
        self.host.tick(now);
        self.tcp.end_at_once(&mut self.host, handle, Cause::Evicted);
    }

    /// Binds a UDP port.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub fn bind(&mut self, port: u16) -> Result<(), ListenError> {
        self.datagrams.bind(port)
    }

    /// Whether a UDP port is bound.
    pub fn is_bound(&self, port: u16) -> bool {
        self.datagrams.is_bound(port)
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
        self.host.tick(now);
        self.datagrams.send(&mut self.host, from.into(), to, data)
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
        self.host.tick(now);
        let flow = Flow {
            local: received.local,
            remote: received.remote,
        };
        let (len, verdict) = (received.len as u16, Verdict::Dropped(reason));
        self.host.record.datagram(Direction::In, flow, len, verdict);
    }

    /// The slot of a handle, unless the connection was let go.
    pub(super) fn slot_of(&self, handle: Handle) -> Option<SlotId> {
        self.tcp.slot_of(handle)
    }
}
