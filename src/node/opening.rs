//! How a connection comes to be: SYNs, those that wait, those that leave no trace, and our own.

use smoltcp::iface::Interface;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpAddress, IpEndpoint, TcpControl};

use super::backlog::{Held, Kept, Listener};
use super::connection::{Connection, Flags as Facts};
use super::errors::ConnectError;
use super::ethernet::Hop;
use super::flow::Found;
use super::frame::TcpFrame;
use super::hatch::{Exit, Hatch, Medium, Nowhere, Sent};
use super::isn::opening_config;
use super::lists::List;
use super::node::Node;
use super::numbers::{Numbers, before};
use super::reply::{Route, bare};
use super::time_wait::Waiting;
use crate::trace::{
    Answer, Call, Cause, ConnectionId, Direction, Ending, Flags, Flow, Header, Kind, Mark, Reason,
    Resource, Segment, State, Verdict,
};

/// A cookie is good for at most two periods of about a minute each.
const COOKIE_LIFE: Duration = Duration::from_secs(135);

/// A new connection must begin so far beyond the old one's numbers (RFC 9293 section 3.10.7.4).
const BEYOND_THE_OLD: u32 = 128_000;

/// What a handshake starts from.
#[derive(Clone, Copy)]
struct Opening {
    flow: Flow,
    neighbor: EthernetAddress,
    /// The peer's SYN.
    syn: Header,
    /// Our initial sequence number.
    iss: u32,
    /// What the journal says of the SYN; `None` if it never crossed the wire as such.
    verdict: Option<Verdict>,
}

/// What an acknowledgment out of nowhere came to.
enum ByCookie {
    /// It completes a handshake, in this slot.
    Opened(usize),
    /// It would, if a connection were free.
    NoRoom,
    /// It has the time of a cookie in it and no more: it may be of a later segment.
    Incomplete,
    /// It has nothing to do with a cookie.
    NoCookie,
}

impl Node<'_> {
    /// A segment between endpoints that have no connection.
    pub(super) fn receive_unknown(
        &mut self,
        now: Instant,
        frame: &TcpFrame<'_>,
        octets: &[u8],
        exit: &mut dyn Exit,
    ) {
        let Some(listener) = self.listener(frame.flow.local.port) else {
            return self.refuse(now, frame, exit);
        };
        let flags = frame.header.flags;
        if flags.contains(Flags::RST) {
            // It may take back a SYN that still waits.
            self.backlog.cancel(&frame.flow);
            self.note_stray(now, frame, Verdict::Dropped(Reason::StrayReset));
        } else if flags.contains(Flags::ACK) {
            if flags.contains(Flags::SYN) {
                return self.refuse(now, frame, exit);
            }
            match self.open_by_cookie(now, frame) {
                ByCookie::Opened(slot) => self.receive_for(now, slot, frame, octets, exit),
                // Full of real connections. The peer will send again, with the same acknowledgment.
                ByCookie::NoRoom => {
                    self.note_full(now, Resource::Connections);
                    self.note_stray(now, frame, Verdict::Dropped(Reason::BacklogFull));
                }
                // A reset would end a connection whose first data is still to come (again).
                ByCookie::Incomplete => {
                    self.note_stray(now, frame, Verdict::Dropped(Reason::CookieIncomplete));
                }
                ByCookie::NoCookie => self.refuse(now, frame, exit),
            }
        } else if flags.contains(Flags::SYN) {
            self.receive_syn(now, listener, frame, exit);
        } else {
            self.note_stray(now, frame, Verdict::Dropped(Reason::NoAck));
        }
    }

    fn receive_syn(
        &mut self,
        now: Instant,
        listener: Listener,
        frame: &TcpFrame<'_>,
        exit: &mut dyn Exit,
    ) {
        let half_open = self.lists.len(List::HalfOpen);
        let free = self.lists.len(List::Free);
        if free > 0 && half_open < self.half_open_limit() && self.backlog.len() == 0 {
            let iss = self.isn.next(now, &frame.flow);
            self.open_passive(now, opening(frame, iss));
            return;
        }
        if half_open > 0 {
            // Some of those may never complete. This one costs nothing until it does.
            return self.answer_with_cookie(now, frame, exit);
        }
        let held = Held {
            flow: frame.flow,
            neighbor: frame.neighbor,
            syn: frame.header,
            heard: now,
        };
        match self.backlog.keep(held, listener.backlog) {
            Kept::New | Kept::Again => self.note_stray(now, frame, Verdict::Held),
            Kept::Full if self.limits.refuse => self.refuse(now, frame, exit),
            Kept::Full => {
                self.note_full(now, Resource::Backlog);
                self.note_stray(now, frame, Verdict::Dropped(Reason::BacklogFull));
            }
        }
    }

    /// How many handshakes may be under way before cookies are used: three quarters of all slots.
    fn half_open_limit(&self) -> usize {
        let slots = self.slots.len();
        slots - slots / 4
    }

    /// Answers a SYN without keeping anything of it (RFC 4987 section 3.6).
    fn answer_with_cookie(&mut self, now: Instant, frame: &TcpFrame<'_>, exit: &mut dyn Exit) {
        self.cookies_until = now + COOKIE_LIFE;
        let header = &frame.header;
        let mss = if header.mss == 0 { 536 } else { header.mss };
        let iss = self.isn.cookie(now, &frame.flow, header.seq, mss);
        let window = self.slots[0].socket().recv_capacity().min(65_535) as u16;
        let mut segment = bare(&frame.flow, iss, Some(header.seq.wrapping_add(1)), window);
        segment.control = TcpControl::Syn;
        segment.max_seg_size = Some(self.mss(frame.flow.local.addr));
        self.note_stray(now, frame, Verdict::Answered(Answer::SynCookie));
        self.answer_stray(now, frame, &segment, Answer::SynCookie, exit);
    }

    /// Opens the connection whose handshake this acknowledgment completes, if it returns a cookie.
    fn open_by_cookie(&mut self, now: Instant, frame: &TcpFrame<'_>) -> ByCookie {
        if now > self.cookies_until {
            return ByCookie::NoCookie;
        }
        let irs = frame.header.seq.wrapping_sub(1);
        let iss = frame.header.ack.wrapping_sub(1);
        let Some(cookie) = self.isn.open_cookie(now, &frame.flow, irs, iss) else {
            return if self.isn.may_be_cookie(now, frame.header.ack) {
                ByCookie::Incomplete
            } else {
                ByCookie::NoCookie
            };
        };
        if self.lists.len(List::Free) == 0 && !self.evict_oldest_half_open(now) {
            return ByCookie::NoRoom;
        }
        let syn = Header {
            seq: irs,
            flags: Flags::SYN,
            window: frame.header.window,
            mss: cookie.mss,
            ..Header::default()
        };
        let opening = Opening {
            flow: frame.flow,
            neighbor: frame.neighbor,
            syn,
            iss,
            verdict: None,
        };
        let Some(slot) = self.open_passive(now, opening) else {
            return ByCookie::NoRoom;
        };
        self.swallow_syn_ack(now, slot);
        ByCookie::Opened(slot)
    }

    /// Whether a segment to a half-open connection acknowledges the cookie that answered an earlier SYN
    /// of the same peer. That one arrived first, so it counts.
    pub(super) fn returns_a_cookie(&self, now: Instant, slot: usize, frame: &TcpFrame<'_>) -> bool {
        let numbers = &self.slots[slot].connection.numbers;
        let header = &frame.header;
        let iss = header.ack.wrapping_sub(1);
        now <= self.cookies_until
            && header.flags.contains(Flags::ACK)
            && !header.flags.contains(Flags::RST)
            && !header.flags.contains(Flags::SYN)
            && iss != numbers.iss
            && self
                .isn
                .open_cookie(now, &frame.flow, numbers.irs, iss)
                .is_some()
    }

    /// The SYN,ACK of a cookie left long ago: smoltcp must believe that it just did.
    fn swallow_syn_ack(&mut self, now: Instant, slot: usize) {
        let mut nowhere = Nowhere;
        let mut hatch = Hatch::leading_to(&mut nowhere, Hop::NOWHERE);
        self.iface
            .poll_egress(now, &mut hatch, &mut self.slots[slot].set);
        if let Some(Sent::Tcp(_, header)) = hatch.sent {
            self.check_number(now, slot, &header);
        }
        let numbers = &self.slots[slot].connection.numbers;
        let syn_ack = Header {
            seq: numbers.iss,
            ack: numbers.rcv_nxt,
            flags: Flags::SYN.with(Flags::ACK),
            window: self.slots[slot].socket().recv_capacity().min(65_535) as u16,
            ..Header::default()
        };
        let numbers = &mut self.slots[slot].connection.numbers;
        numbers.sent(&syn_ack);
        numbers.advertised(&syn_ack);
        self.settle(now, slot);
    }

    /// A SYN beyond the numbers of a connection in TIME-WAIT: the old one is over.
    pub(super) fn reopen(
        &mut self,
        now: Instant,
        place: usize,
        waiting: &Waiting,
        frame: &TcpFrame<'_>,
        exit: &mut dyn Exit,
    ) {
        let Some(listener) = self.listener(frame.flow.local.port) else {
            return self.refuse(now, frame, exit);
        };
        self.end_wait(now, place, waiting, Cause::Segment);
        if self.lists.len(List::Free) == 0 {
            return self.receive_syn(now, listener, frame, exit);
        }
        let mut iss = self.isn.next(now, &frame.flow);
        if !before(waiting.snd_nxt, iss) {
            iss = waiting.snd_nxt.wrapping_add(BEYOND_THE_OLD);
        }
        self.open_passive(now, opening(frame, iss));
    }

    /// Lets in SYNs that waited, as far as slots are free.
    pub(super) fn admit_the_waiting(&mut self, now: Instant) {
        while self.lists.len(List::Free) > 0 {
            let Some(held) = self.backlog.next(now) else {
                return;
            };
            let opening = Opening {
                flow: held.flow,
                neighbor: held.neighbor,
                syn: held.syn,
                iss: self.isn.next(now, &held.flow),
                verdict: Some(Verdict::Held),
            };
            self.open_passive(now, opening);
        }
    }

    /// Takes a free slot through LISTEN into SYN-RECEIVED.
    ///
    /// Says which slot, if it is there. The caller has made sure that there is a free slot and no
    /// connection between these endpoints.
    fn open_passive(&mut self, now: Instant, opening: Opening) -> Option<usize> {
        let Some(slot) = self.lists.pop(List::Free) else {
            self.note_full(now, Resource::Connections);
            return None;
        };
        let facts = Facts {
            passive: true,
            ..Facts::default()
        };
        self.occupy(now, slot, &opening.flow, opening.iss, facts);
        self.slots[slot].connection.neighbor = Some(opening.neighbor);
        self.slots[slot].connection.state = State::Listen;
        if let Some(verdict) = opening.verdict {
            self.note_opening(now, slot, &opening.syn, verdict);
        }
        // Neither the port is 0 nor the socket open: listening cannot fail.
        let _ = self.slots[slot].socket_mut().listen(opening.flow.local);
        self.hand_over_syn(now, slot, &opening);
        self.slots[slot]
            .connection
            .numbers
            .synchronize(&opening.syn);
        self.lists.push(List::HalfOpen, slot);
        self.observe(now, slot, Cause::Segment);
        self.settle(now, slot);
        (self.slots[slot].connection.state == State::SynReceived).then_some(slot)
    }

    /// Lets the socket see the SYN on an interface that draws our sequence number.
    fn hand_over_syn(&mut self, now: Instant, slot: usize, opening: &Opening) {
        let (flow, syn) = (&opening.flow, &opening.syn);
        let reversed = Flow {
            local: flow.remote,
            remote: flow.local,
        };
        let mut segment = bare(&reversed, syn.seq, None, syn.window);
        segment.control = TcpControl::Syn;
        segment.max_seg_size = (syn.mss != 0).then_some(syn.mss);
        segment.window_scale = syn.options.scale();
        segment.sack_permitted = syn.options.sack_permitted();
        let route = Route::into(flow);
        let mut packet = [0; 128];
        let packet = &mut packet[..route.packet_len(&segment)];
        route.write(packet, &segment);
        let mut iface = self.opening_interface(now, opening.iss);
        let mut nowhere = Nowhere;
        let mut hatch = Hatch::offering(packet, &mut nowhere, Hop::NOWHERE);
        iface.poll_ingress_single(now, &mut hatch, &mut self.slots[slot].set);
    }

    /// An interface like ours whose next sequence number is `iss`.
    fn opening_interface(&self, now: Instant, iss: u32) -> Interface {
        let config = opening_config(iss);
        let mut iface = Interface::new(config, &mut Medium::new(self.mtu, self.offload), now);
        iface.update_ip_addrs(|addresses| {
            for cidr in &self.networks {
                // As many fit as fitted before.
                let _ = addresses.push(*cidr);
            }
        });
        iface
    }

    /// Opens a connection to `remote`, from `port` or from one that is chosen.
    pub(super) fn open_active(
        &mut self,
        now: Instant,
        port: Option<u16>,
        remote: IpEndpoint,
    ) -> Result<usize, ConnectError> {
        let local = self
            .iface
            .get_source_address(&remote.addr)
            .filter(|_| self.next_hop(remote.addr).is_some())
            .ok_or(ConnectError::NoRoute)?;
        if self.lists.len(List::Free) == 0 && !self.evict_oldest_half_open(now) {
            self.note_full(now, Resource::Connections);
            return Err(ConnectError::Full);
        }
        let port = match port {
            Some(port) => self.is_free(now, local, port, remote).then_some(port),
            None => self.choose_port(now, local, remote),
        };
        let Some(port) = port else {
            self.note_full(now, Resource::Ports);
            return Err(ConnectError::NoPort);
        };
        let flow = Flow {
            local: IpEndpoint::new(local, port),
            remote,
        };
        let Some(slot) = self.lists.pop(List::Free) else {
            return Err(ConnectError::Full);
        };
        let iss = self.isn.next(now, &flow);
        let facts = Facts {
            accepted: true,
            ..Facts::default()
        };
        self.occupy(now, slot, &flow, iss, facts);
        let mut iface = self.opening_interface(now, iss);
        // The endpoints were checked above: connecting cannot fail.
        let _ = self.slots[slot]
            .socket_mut()
            .connect(iface.context(), flow.remote, flow.local);
        self.observe(now, slot, Cause::Call(Call::Connect));
        self.settle(now, slot);
        Ok(slot)
    }

    /// An ephemeral port for a connection between these addresses, if one is left.
    fn choose_port(&mut self, now: Instant, local: IpAddress, remote: IpEndpoint) -> Option<u16> {
        // Moved out for the while: the choice looks at everything else.
        let mut ephemeral = self.ephemeral.clone();
        let port = ephemeral.choose(local, remote, |port| self.is_free(now, local, port, remote));
        self.ephemeral = ephemeral;
        port
    }

    /// Whether neither a connection nor TIME-WAIT stands between these endpoints.
    fn is_free(&self, now: Instant, local: IpAddress, port: u16, remote: IpEndpoint) -> bool {
        let flow = Flow {
            local: IpEndpoint::new(local, port),
            remote,
        };
        self.find(now, self.flows.hash(&flow), &flow).is_none()
    }

    /// Gives a slot to a new connection.
    fn occupy(&mut self, now: Instant, slot: usize, flow: &Flow, iss: u32, facts: Facts) {
        let id = ConnectionId(self.next_id);
        // Number 0 means none.
        self.next_id = self.next_id.checked_add(1).unwrap_or(1);
        let hash = self.flows.hash(flow);
        self.slots[slot].connection = Connection {
            id,
            flow: *flow,
            hash,
            since: now,
            numbers: Numbers::starting_at(iss),
            heard: now,
            waiting_since: now,
            flags: facts,
            ..Connection::none()
        };
        self.flows.insert(hash, Found::Connection(slot));
        let keep_alive = self.limits.keep_alive;
        self.slots[slot].socket_mut().set_keep_alive(keep_alive);
        let kind = Kind::Opened {
            connection: id,
            flow: *flow,
        };
        self.note(now, kind);
    }

    fn note_opening(&mut self, now: Instant, slot: usize, syn: &Header, verdict: Verdict) {
        let segment = Segment {
            connection: self.slots[slot].connection.id,
            direction: Direction::In,
            header: *syn,
            seq: 0,
            ack: 0,
            mark: Mark::None,
            verdict,
        };
        self.note(now, Kind::Segment(segment));
    }

    /// Makes room by giving up the handshake that has been under way for longest.
    fn evict_oldest_half_open(&mut self, now: Instant) -> bool {
        let Some(slot) = self.lists.front(List::HalfOpen) else {
            return false;
        };
        self.drop_silently(now, slot, State::Closed, Cause::Evicted, Ending::Evicted);
        true
    }

    /// A passive handshake begins anew (RFC 9293 section 3.10.7.4): back to LISTEN.
    pub(super) fn return_to_listen(&mut self, now: Instant, slot: usize) {
        self.drop_silently(
            now,
            slot,
            State::Listen,
            Cause::Segment,
            Ending::ResetByPeer,
        );
    }

    pub(super) fn listener(&self, port: u16) -> Option<Listener> {
        self.listeners
            .iter()
            .find(|listener| listener.port == port)
            .copied()
    }
}

fn opening(frame: &TcpFrame<'_>, iss: u32) -> Opening {
    Opening {
        flow: frame.flow,
        neighbor: frame.neighbor,
        syn: frame.header,
        iss,
        verdict: Some(frame.verdict()),
    }
}
