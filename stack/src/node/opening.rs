//! How a connection comes to be: by a SYN that was let in, by the return of a cookie, by a call of ours.
//!
//! Who is let in is not decided here. The caller of what opens has made sure that a slot is free, and that there is no
//! connection between the endpoints.

use smoltcp::time::Instant;
use smoltcp::wire::{IpAddress, IpEndpoint};

use super::admission::Next;
use super::connection::{Connection, Flags as Facts};
use super::errors::ConnectError;
use super::ethernet::Hop;
use super::host::Host;
use super::numbers::Numbers;
use super::occupancy::{Eviction, Occupancy};
use super::one_frame::{Discard, OneFrame, Sent};
use super::parts;
use super::queues::Queue;
use super::reply::bare;
use super::segment::{flags, header};
use super::slot_id::SlotId;
use super::syn_queue::PendingSyn;
use super::tcp::Tcp;
use crate::origin::Origin;
use crate::trace::{
    Call, Cause, Ending, Flags, Flow, Header, Kind, Resource, SeqNumber, State, Verdict,
};

impl Tcp<'_> {
    /// Lets in who waits, as far as there is room or a handshake gives way.
    pub(super) fn admit_the_waiting(&mut self, host: &mut Host<'_>) {
        if self.admission.backlog() == 0 {
            return;
        }
        while let Some(next) = self.admission.next(host.now, &self.table) {
            match next {
                Next::Evict(eviction) => self.give_way(host, eviction),
                // We called it ourselves meanwhile.
                Next::Admit { syn, .. } if self.find(host, &syn.flow).is_some() => {}
                Next::Admit { syn, iss } => self.admit(host, &syn, iss),
            }
        }
    }

    fn admit(&mut self, host: &mut Host<'_>, syn: &PendingSyn, iss: SeqNumber) {
        if syn.proven.is_none() {
            self.open_passive(host, syn, iss, Some(Verdict::Held));
        } else if let Some(slot) = self.open_proven(host, syn, iss) {
            self.complete(host, slot);
        }
    }

    /// When somebody who waits may be let in although nothing else happens.
    pub(super) fn admission_deadline(&self, host: &Host<'_>) -> Option<Instant> {
        if self.admission.backlog() == 0 {
            return None;
        }
        self.admission.deadline(host.now, &self.table)
    }

    /// Gives up a half-open connection for somebody who waits.
    pub(super) fn give_way(&mut self, host: &mut Host<'_>, eviction: Eviction) {
        if eviction.over_its_share {
            host.note_full(Resource::Share);
        }
        self.drop_silently(
            host,
            eviction.slot,
            State::Closed,
            Cause::Evicted,
            Ending::Evicted,
        );
    }

    /// Opens the connection of a peer that returned a cookie, up to SYN-RECEIVED.
    pub(super) fn open_proven(
        &mut self,
        host: &mut Host<'_>,
        syn: &PendingSyn,
        iss: SeqNumber,
    ) -> Option<SlotId> {
        let slot = self.open_passive(host, syn, iss, None)?;
        self.swallow_syn_ack(host, slot);
        Some(slot)
    }

    /// The SYN,ACK of a cookie left long ago: smoltcp must believe that it just did.
    fn swallow_syn_ack(&mut self, host: &mut Host<'_>, slot: SlotId) {
        let mut discard = Discard;
        let mut one_frame = OneFrame::leading_to(&mut discard, Hop::NOWHERE);
        host.link.pump(
            host.now,
            &mut one_frame,
            &mut self.table.place_mut(slot).set,
        );
        if let Some(Sent::Tcp(_, header)) = one_frame.sent {
            host.record.drawn(&mut self.table[slot], &header);
        }
        let local = self.table[slot].flow.local.addr;
        let numbers = &self.table[slot].numbers;
        let syn_ack = Header {
            seq: numbers.iss,
            ack: numbers.rcv_nxt,
            flags: Flags::SYN.with(Flags::ACK),
            window: host.link.first_window(local, self.table.window_of_a_syn()),
            ..Header::default()
        };
        let numbers = &mut self.table[slot].numbers;
        numbers.sent(&syn_ack);
        numbers.advertised(&syn_ack);
        self.reschedule(host, slot);
    }

    /// Shows the socket the acknowledgment by which its peer returned a cookie: it came, and nothing was
    /// free then.
    fn complete(&mut self, host: &mut Host<'_>, slot: SlotId) {
        let connection = &self.table[slot];
        let numbers = &connection.numbers;
        let reversed = Flow {
            local: connection.flow.remote,
            remote: connection.flow.local,
        };
        let (seq, ack) = (numbers.rcv_nxt, Some(numbers.snd_nxt));
        let segment = bare(&reversed, seq, ack, numbers.window);
        host.link
            .show(host.now, self.table.place_mut(slot), &segment);
        let header = header(&segment, flags(&segment));
        let connection = &mut self.table[slot];
        host.record.received(connection, header, Verdict::Held);
        connection.numbers.accept(&header, false);
        self.observe(host, slot, Cause::Segment);
        self.reschedule(host, slot);
    }

    /// Takes a free slot through LISTEN into SYN-RECEIVED, with `iss` for our initial sequence number.
    ///
    /// `verdict` is what the journal says of the SYN, if it crossed the wire as such. Says which slot, if it is there.
    /// The caller has made sure that there is a free slot and no connection between these endpoints.
    pub(super) fn open_passive(
        &mut self,
        host: &mut Host<'_>,
        syn: &PendingSyn,
        iss: SeqNumber,
        verdict: Option<Verdict>,
    ) -> Option<SlotId> {
        let Some(slot) = self.table.pop(Queue::Free) else {
            host.note_full(Resource::Connections);
            return None;
        };
        let facts = Facts {
            passive: true,
            ..Facts::default()
        };
        self.occupy(host, slot, &syn.flow, iss, facts);
        self.table[slot].neighbor = Some(syn.neighbor);
        self.table[slot].state = State::Listen;
        if let Some(verdict) = verdict {
            host.record.opening(self.table[slot].id, syn.syn, verdict);
        }
        // Neither the port is 0 nor the socket open: listening cannot fail.
        let _ = self
            .table
            .place_mut(slot)
            .socket_mut()
            .listen(syn.flow.local);
        host.link
            .show_syn(host.now, self.table.place_mut(slot), syn, iss);
        self.table[slot].numbers.synchronize(&syn.syn);
        self.table.push(Queue::HalfOpen, slot);
        self.observe(host, slot, Cause::Segment);
        self.reschedule(host, slot);
        (self.table[slot].state == State::SynReceived).then_some(slot)
    }

    /// Opens a connection to `remote`, from `port` or from one that is chosen.
    pub(super) fn open_active(
        &mut self,
        host: &mut Host<'_>,
        port: Option<u16>,
        remote: IpEndpoint,
    ) -> Result<SlotId, ConnectError> {
        if !parts::NEIGHBORS {
            return Err(ConnectError::NoRoute);
        }
        let local = host
            .link
            .source_for(&remote.addr)
            .filter(|_| host.link.next_hop(remote.addr).is_some())
            .ok_or(ConnectError::NoRoute)?;
        if !self.make_room(host, remote.addr) {
            host.note_full(Resource::Connections);
            return Err(ConnectError::Full);
        }
        let Some(port) = self.local_port(host, port, local, remote) else {
            host.note_full(Resource::Ports);
            return Err(ConnectError::NoPort);
        };
        let flow = Flow {
            local: IpEndpoint::new(local, port),
            remote,
        };
        let Some(slot) = self.table.pop(Queue::Free) else {
            return Err(ConnectError::Full);
        };
        let iss = self.admission.initial_number(host.now, &flow);
        let facts = Facts {
            accepted: true,
            ..Facts::default()
        };
        self.occupy(host, slot, &flow, iss, facts);
        let mut iface = host.link.opening(host.now, iss, host.link.mtu());
        // The endpoints were checked above: connecting cannot fail.
        let _ = self.table.place_mut(slot).socket_mut().connect(
            iface.context(),
            flow.remote,
            flow.local,
        );
        self.observe(host, slot, Cause::Call(Call::Connect));
        self.reschedule(host, slot);
        Ok(slot)
    }

    /// Sees to it that a connection is free for a peer that we call, if one can be.
    fn make_room(&mut self, host: &mut Host<'_>, remote: IpAddress) -> bool {
        if self.table.len(Queue::Free) > 0 {
            return true;
        }
        let newcomer = Origin::of(remote.into());
        let eviction = self.table.gives_way(host.now, newcomer, true);
        eviction
            .map(|eviction| self.give_way(host, eviction))
            .is_some()
    }

    /// The port that is wanted for a connection between these addresses, or an ephemeral one, if neither a
    /// connection nor TIME-WAIT stands in its way.
    fn local_port(
        &mut self,
        host: &mut Host<'_>,
        wanted: Option<u16>,
        local: IpAddress,
        remote: IpEndpoint,
    ) -> Option<u16> {
        let (table, locals, now) = (&self.table, host.link.locals(), host.now);
        let is_free = |port| {
            let local = IpEndpoint::new(local, port);
            table.find(now, locals, &Flow { local, remote }).is_none()
        };
        match wanted {
            Some(port) => is_free(port).then_some(port),
            None => self.ephemeral.choose(local, remote, is_free),
        }
    }

    /// Gives a slot to a new connection.
    fn occupy(
        &mut self,
        host: &mut Host<'_>,
        slot: SlotId,
        flow: &Flow,
        iss: SeqNumber,
        facts: Facts,
    ) {
        let id = self.table.occupy(
            slot,
            Connection {
                flow: *flow,
                since: host.now,
                numbers: Numbers::starting_at(iss),
                heard: host.now,
                waiting_since: host.now,
                flags: facts,
                ..Connection::none()
            },
        );
        let keep_alive = host.limits.keep_alive;
        let socket = self.table.place_mut(slot).socket_mut();
        socket.set_keep_alive(keep_alive);
        // The same algorithm, whichever it is, with nothing left of the connection before.
        socket.set_congestion_control(socket.congestion_control());
        let kind = Kind::Opened {
            connection: id,
            flow: *flow,
        };
        host.note(kind);
    }

    /// A passive handshake begins anew (RFC 9293 section 3.10.7.4): back to LISTEN.
    pub(super) fn return_to_listen(&mut self, host: &mut Host<'_>, slot: SlotId) {
        self.drop_silently(
            host,
            slot,
            State::Listen,
            Cause::Segment,
            Ending::ResetByPeer,
        );
    }
}
