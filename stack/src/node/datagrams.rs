//! UDP: ports that receive, and one queue of datagrams to send.
//!
//! smoltcp sends the datagrams of a socket strictly in turn, so one receiver whose hardware address
//! cannot be found holds up all others. Here a datagram that cannot leave goes to the end of the queue
//! until it is answered for or its time is over. What goes back on the path of another one does not wait. Those that wait take no more than half of the queue for longer than a turn, whoever makes them.

use core::net::IpAddr;
use core::ops::Index;

use managed::ManagedSlice;
use smoltcp::iface::{SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::udp;
use smoltcp::storage::{PacketBuffer, PacketMetadata};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpAddress, IpEndpoint, IpListenEndpoint};

use super::config::is_spoken;
use super::errors::{ListenError, SendToError};
use super::ethernet::Hop;
use super::host::Host;
use super::link::Link;
use super::neighbors::ASK_AGAIN;
use super::one_frame::{Exit, OneFrame, Sent};
use super::received::Received;
use super::udp_port::Port;
use crate::trace::{Datagram, Direction, Flow, Kind, Reason, Resource, Verdict};

/// The header of a datagram that waits to be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    from: IpListenEndpoint,
    to: IpEndpoint,
    /// Where the datagram came from that it answers.
    back: Option<EthernetAddress>,
    since: Instant,
    not_before: Instant,
}

/// A place for the header of a datagram that waits.
pub(super) type Pending = PacketMetadata<Waiting>;

/// The memory for UDP.
pub(super) struct DatagramMemory<'a> {
    /// One for each port that is bound.
    pub ports: ManagedSlice<'a, Port<'a>>,
    /// One for each datagram that may wait to be sent, and one more: the place where the ring of payloads begins
    /// anew is marked.
    pub waiting: ManagedSlice<'a, Pending>,
    /// Their payloads, together.
    pub payload: ManagedSlice<'a, u8>,
    /// One.
    pub sender: ManagedSlice<'a, SocketStorage<'a>>,
    /// One.
    pub sender_packet: ManagedSlice<'a, udp::PacketMetadata>,
    /// The longest datagram that can be sent.
    pub sender_payload: ManagedSlice<'a, u8>,
}

/// UDP of a node.
pub(super) struct Datagrams<'a> {
    ports: ManagedSlice<'a, Port<'a>>,
    queue: PacketBuffer<'a, Waiting>,
    queued: usize,
    /// Octets of payload in it.
    octets: usize,
    /// The place of the port that is looked at first.
    turn: usize,
    /// Something may wait at a port: one was given a datagram since none was found to wait.
    unread: bool,
    sender: SocketSet<'a>,
    socket: SocketHandle,
    /// How many at the front are to be tried: all, after one came, a hardware address was learnt, or the first
    /// of those that wait may try again. Otherwise none is looked at, however often the node is polled.
    untried: usize,
    /// When the first datagram that waits for a hardware address may try again.
    retry: Option<Instant>,
}

/// The place of a bound port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PortId(usize);

impl<'a> Index<PortId> for Datagrams<'a> {
    type Output = Port<'a>;

    fn index(&self, port: PortId) -> &Port<'a> {
        &self.ports[port.0]
    }
}

/// What one attempt to send came to.
pub(super) enum Attempt {
    /// The queue is empty, or everything in it must wait.
    Idle,
    /// The datagram left.
    Left(Sent),
    /// The datagram was given up.
    GaveUp(Datagram),
    /// It must wait and went to the end of the queue.
    Later,
}

impl<'a> Datagrams<'a> {
    pub(super) fn new(memory: DatagramMemory<'a>) -> Self {
        let nothing = udp::PacketBuffer::new(&mut [][..], &mut [][..]);
        let outgoing = udp::PacketBuffer::new(memory.sender_packet, memory.sender_payload);
        let mut sender = SocketSet::new(memory.sender);
        let socket = sender.add(udp::Socket::new(nothing, outgoing));
        Self {
            ports: memory.ports,
            queue: PacketBuffer::new(memory.waiting, memory.payload),
            queued: 0,
            octets: 0,
            turn: 0,
            unread: false,
            sender,
            socket,
            untried: 0,
            retry: None,
        }
    }

    fn port_mut(&mut self, number: u16) -> Option<&mut Port<'a>> {
        self.ports.iter_mut().find(|port| port.number() == number)
    }

    /// The port of this number, if it is bound, for a datagram that came.
    pub(super) fn receiving(&mut self, number: u16) -> Option<&mut Port<'a>> {
        self.unread = true;
        self.port_mut(number)
    }

    /// The port of this number, if it is bound.
    pub(super) fn port(&self, number: u16) -> Option<&Port<'a>> {
        self.ports.iter().find(|port| port.number() == number)
    }

    /// See [`Node::bind`](super::Node::bind).
    pub(super) fn bind(&mut self, port: u16) -> Result<(), ListenError> {
        if port == 0 {
            return Err(ListenError::PortZero);
        }
        if self.port(port).is_some() {
            return Err(ListenError::InUse);
        }
        let place = self.port_mut(0).ok_or(ListenError::Full)?;
        // The port is not 0 and the socket not bound: it cannot fail.
        let _ = place.socket_mut().bind(port);
        Ok(())
    }

    /// Where a port is, if it is bound.
    pub(super) fn place_of(&self, port: u16) -> Option<PortId> {
        let place = self.ports.iter().position(|it| it.number() == port)?;
        (port != 0).then_some(PortId(place))
    }

    /// The next port at which a datagram waits, each in turn.
    pub(super) fn next_ready(&mut self) -> Option<PortId> {
        if !self.unread {
            return None;
        }
        let waits = |ports: &[Port<'_>]| ports.iter().position(|port| port.socket().can_recv());
        let (first, later) = self.ports.split_at(self.turn);
        let later = waits(later).map(|place| self.turn + place);
        let place = later.or_else(|| waits(first));
        self.unread = place.is_some();
        self.turn = place.map_or(0, |place| place + 1);
        place.map(PortId)
    }

    /// Frees the place of a port.
    pub(super) fn unbind(&mut self, port: PortId) {
        self.ports[port.0].socket_mut().close();
    }

    /// See [`UdpSocket::send_to`](super::UdpSocket::send_to); what goes back goes to where it came from.
    pub(super) fn send(
        &mut self,
        host: &mut Host<'_>,
        from: IpListenEndpoint,
        to: IpEndpoint,
        back: Option<EthernetAddress>,
        data: &[u8],
    ) -> Result<(), SendToError> {
        if to.port == 0 || !is_spoken(to.addr) || to.addr.is_unspecified() {
            return Err(SendToError::NotAHost);
        }
        let longest = self.longest().min(host.link.longest_datagram(to.addr));
        if data.len() > longest {
            return Err(SendToError::TooLong);
        }
        if back.is_none() && to.addr.is_unicast() && host.link.next_hop(to.addr).is_none() {
            let datagram = lost(&from, to, data.len(), Reason::NoRoute);
            host.note(Kind::Datagram(datagram));
            return Err(SendToError::NoRoute);
        }
        let waiting = Waiting {
            from,
            to,
            back,
            since: host.now,
            not_before: host.now,
        };
        if self.push(waiting, data) {
            return Ok(());
        }
        host.note_full(Resource::Datagrams);
        Err(SendToError::WouldBlock)
    }

    /// The longest payload that can be sent.
    pub(super) fn longest(&self) -> usize {
        self.sender
            .get::<udp::Socket<'_>>(self.socket)
            .payload_send_capacity()
            .min(self.queue.payload_capacity())
    }

    /// Queues a datagram; `false` if there is no room.
    fn push(&mut self, waiting: Waiting, data: &[u8]) -> bool {
        // One that must wait goes to the end of the ring, where there is always a mark left for its beginning.
        if self.queued + 1 >= self.queue.packet_capacity() {
            return false;
        }
        let Ok(place) = self.queue.enqueue(data.len(), waiting) else {
            return false;
        };
        place.copy_from_slice(data);
        self.queued += 1;
        self.octets += data.len();
        self.try_all();
        true
    }

    /// How many wait to be sent.
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    /// When to come back, if nothing else happens.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        match (self.queued, self.untried) {
            (0, _) => None,
            (_, 0) => self.retry,
            _ => Some(now),
        }
    }

    /// A hardware address was learnt: somebody may have waited for it.
    pub(super) fn learnt(&mut self) {
        self.try_all();
    }

    fn try_all(&mut self) {
        self.untried = self.queued;
        self.retry = None;
    }

    /// How many are to be tried now.
    pub(super) fn due(&mut self, now: Instant) -> usize {
        if self.retry.is_some_and(|retry| retry <= now) {
            self.try_all();
        }
        self.untried
    }

    /// Whether those that wait leave less than half of the queue to all others.
    pub(super) fn is_half_full(&self) -> bool {
        self.queued > self.queue.packet_capacity() / 2
            || self.octets > self.queue.payload_capacity() / 2
    }

    /// Whom the first datagram of the queue is for, and where it goes if it is an answer.
    pub(super) fn receiver(&mut self) -> Option<(IpAddress, Option<EthernetAddress>)> {
        let (waiting, _) = self.queue.peek().ok()?;
        Some((waiting.to.addr, waiting.back))
    }

    /// How long the next datagram at a port is, and who sent it.
    pub(super) fn next_from(&mut self, port: PortId) -> Option<(usize, IpEndpoint)> {
        let (octets, meta) = self.ports[port.0].socket_mut().peek().ok()?;
        Some((octets.len(), meta.endpoint))
    }

    /// Takes a datagram from a port.
    pub(super) fn take(&mut self, port: PortId, buffer: &mut [u8]) -> Option<Received> {
        let port = &mut self.ports[port.0];
        let number = port.number();
        let (octets, meta) = port.socket_mut().recv().ok()?;
        let (sent, len) = (octets.len(), octets.len().min(buffer.len()));
        buffer[..len].copy_from_slice(&octets[..len]);
        let hardware = port.sender(meta.meta.id);
        let local = meta.local_address.unwrap_or(meta.endpoint.addr);
        Some(Received {
            local: IpEndpoint::new(local, number),
            remote: meta.endpoint,
            len,
            sent,
            hardware,
        })
    }

    /// Tries to send the first datagram of the queue, by way of `hop` if that is known.
    ///
    /// `scratch` holds a payload while it moves to the end; `patience` bounds how long one may wait.
    pub(super) fn attempt(
        &mut self,
        now: Instant,
        link: &mut Link,
        hop: Option<Hop>,
        exit: &mut dyn Exit,
        scratch: &mut [u8],
        patience: Duration,
    ) -> Attempt {
        let must_yield = hop.is_none() && self.is_half_full();
        let Ok((waiting, payload)) = self.queue.peek() else {
            return Attempt::Idle;
        };
        let waiting = *waiting;
        let tried = waiting.not_before > waiting.since;
        if tried && (must_yield || waiting.since + patience <= now) {
            return self.give_up(waiting);
        }
        let Some(hop) = hop else {
            let not_before = waiting.not_before.max(now + ASK_AGAIN);
            let later = Waiting {
                not_before,
                ..waiting
            };
            return self.rotate(later, scratch);
        };
        let socket = self.sender.get_mut::<udp::Socket<'_>>(self.socket);
        if socket.endpoint().port != waiting.from.port {
            socket.close();
            // The port is not 0 and the socket not open: it cannot fail.
            let _ = socket.bind(waiting.from.port);
        }
        let mut meta = udp::UdpMetadata::from(waiting.to);
        meta.local_address = waiting.from.addr;
        if socket.send_slice(payload, meta).is_err() {
            return self.give_up(waiting);
        }
        let mut one_frame = OneFrame::leading_to(exit, hop);
        link.pump(now, &mut one_frame, &mut self.sender);
        match one_frame.sent {
            Some(sent) => {
                self.dequeue();
                Attempt::Left(sent)
            }
            None => self.give_up(waiting),
        }
    }

    fn rotate(&mut self, waiting: Waiting, scratch: &mut [u8]) -> Attempt {
        self.untried = self.untried.saturating_sub(1);
        let retry = self.retry.unwrap_or(waiting.not_before);
        self.retry = Some(retry.min(waiting.not_before));
        let Ok((_, payload)) = self.queue.dequeue() else {
            return Attempt::Idle;
        };
        let len = payload.len().min(scratch.len());
        scratch[..len].copy_from_slice(&payload[..len]);
        match self.queue.enqueue(len, waiting) {
            Ok(place) => {
                place.copy_from_slice(&scratch[..len]);
                Attempt::Later
            }
            // What was taken out fits in again, since `push` leaves a mark for the ring's beginning.
            Err(_) => {
                debug_assert!(false, "a datagram that waited has no place");
                self.queued -= 1;
                self.octets -= len;
                Attempt::GaveUp(lost(&waiting.from, waiting.to, len, Reason::QueueFull))
            }
        }
    }

    /// Takes the first one out; says how long it was.
    fn dequeue(&mut self) -> usize {
        self.queued -= 1;
        self.untried = self.untried.saturating_sub(1);
        let len = self.queue.dequeue().map_or(0, |(_, payload)| payload.len());
        self.octets -= len;
        len
    }

    fn give_up(&mut self, waiting: Waiting) -> Attempt {
        let len = self.dequeue();
        Attempt::GaveUp(lost(&waiting.from, waiting.to, len, Reason::Unresolved))
    }
}

fn lost(from: &IpListenEndpoint, to: IpEndpoint, len: usize, reason: Reason) -> Datagram {
    let local = from.addr.unwrap_or(unspecified_like(to));
    Datagram {
        direction: Direction::Out,
        flow: Flow {
            local: IpEndpoint::new(local, from.port),
            remote: to,
        },
        len: len as u16,
        verdict: Verdict::Dropped(reason),
    }
}

fn unspecified_like(endpoint: IpEndpoint) -> IpAddress {
    match IpAddr::from(endpoint.addr) {
        #[cfg(feature = "ipv6")]
        IpAddr::V6(_) => IpAddress::v6(0, 0, 0, 0, 0, 0, 0, 0),
        _ => IpAddress::v4(0, 0, 0, 0),
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::node::{Memory, Sizes};
    use std::collections::VecDeque;
    use std::vec;

    fn at_once(to: IpEndpoint) -> Waiting {
        Waiting {
            from: IpListenEndpoint::from(9000),
            to,
            back: None,
            since: Instant::ZERO,
            not_before: Instant::ZERO,
        }
    }

    #[test]
    fn whatever_waits_goes_to_the_end_as_often_as_it_must_and_is_not_lost() {
        let to = IpEndpoint::new(IpAddress::v4(192, 0, 2, 9), 9);
        for seed in 0..200 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let memory = DatagramMemory {
                waiting: vec![Pending::EMPTY; rng.usize(2..8)].into(),
                payload: vec![0; rng.usize(64..300)].into(),
                ..Memory::heap(Sizes::default()).datagrams
            };
            let mut datagrams = Datagrams::new(memory);
            let mut wait = VecDeque::new();
            for number in 0..500u16 {
                let text = vec![number as u8; rng.usize(0..=64)];
                if datagrams.push(at_once(to), &text) {
                    wait.push_back(text);
                }
                for _ in 0..rng.usize(0..4) {
                    let Ok((waiting, _)) = datagrams.queue.peek() else {
                        break;
                    };
                    let waiting = *waiting;
                    assert!(matches!(
                        datagrams.rotate(waiting, &mut [0; 64]),
                        Attempt::Later
                    ));
                    wait.rotate_left(1);
                }
                if rng.u8(..) < 100
                    && let Some(first) = wait.pop_front()
                {
                    assert_eq!(datagrams.queue.peek().unwrap().1, first);
                    datagrams.dequeue();
                }
            }
        }
    }

    #[test]
    fn what_waits_for_a_hardware_address_is_looked_at_when_something_has_happened() {
        let mut datagrams = Datagrams::new(Memory::heap(Sizes::default()).datagrams);
        let to = IpEndpoint::new(IpAddress::v4(192, 0, 2, 9), 9);
        let again = Instant::ZERO + ASK_AGAIN;
        for number in 1..=3 {
            assert!(datagrams.push(at_once(to), b"text"));
            assert_eq!(datagrams.due(Instant::ZERO), number);
        }
        let wait = |datagrams: &mut Datagrams<'_>, now| {
            for _ in 0..datagrams.due(now) {
                let (waiting, _) = datagrams.queue.peek().unwrap();
                let not_before = now + ASK_AGAIN;
                let later = Waiting {
                    not_before,
                    ..*waiting
                };
                datagrams.rotate(later, &mut [0; 64]);
            }
            (datagrams.due(now), datagrams.deadline(now))
        };
        assert_eq!(wait(&mut datagrams, Instant::ZERO), (0, Some(again)));
        assert_eq!(datagrams.due(again - Duration::from_micros(1)), 0);
        assert_eq!(datagrams.due(again), 3);
        assert_eq!(wait(&mut datagrams, again), (0, Some(again + ASK_AGAIN)));
        datagrams.learnt();
        assert_eq!(datagrams.deadline(again), Some(again));
        assert_eq!(datagrams.due(again), 3);
    }
}
