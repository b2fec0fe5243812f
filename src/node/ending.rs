//! How a connection ends: TIME-WAIT without a socket, the last word, the way back to a free slot.

use core::net::IpAddr;

use smoltcp::time::Instant;
use smoltcp::wire::{Icmpv4Message, Ipv4Packet};
use smoltcp::wire::{IpAddress, IpCidr, IpProtocol};

use super::config::{ConfigError, is_host};
use super::connection::Connection;
use super::flow::Found;
use super::frame::IcmpFrame;
use super::lists::List;
use super::node::Node;
use super::numbers::{at_most, before};
use super::time_wait::Waiting;
use crate::trace::{Cause, ConnectionId, Ending, Flow, Kind, Reason, Resource, State, Transition};

impl Node<'_> {
    /// Finds what lives between these endpoints.
    pub(super) fn find(&self, hash: u32, flow: &Flow) -> Option<Found> {
        self.flows.find(hash, |found| match found {
            Found::Connection(slot) => self.slots[slot].connection.flow == *flow,
            Found::Tombstone(place) => self
                .graveyard
                .get(place, self.now, &self.locals)
                .is_some_and(|waiting| waiting.flow == *flow),
        })
    }

    /// The connection is in TIME-WAIT and has said everything: from here on a tombstone speaks for it.
    pub(super) fn bury(&mut self, slot: usize) {
        let connection = self.slots[slot].connection;
        let lasts = self.limits.msl * 2;
        let waiting = Waiting {
            connection: connection.id,
            flow: connection.flow,
            iss: connection.numbers.iss,
            snd_nxt: connection.numbers.snd_nxt,
            irs: connection.numbers.irs,
            rcv_nxt: connection.numbers.rcv_nxt,
            deadline: self.now + lasts,
        };
        self.detach(slot);
        self.lay(&waiting, connection.hash);
        self.note(Kind::TimeWaiting {
            connection: connection.id,
            lasts: lasts.into(),
        });
        self.slots[slot].connection.ending = Some(Ending::Closed);
        self.retire(slot);
    }

    /// Waits 2 MSL anew, because the peer's FIN came again.
    pub(super) fn bury_again(&mut self, place: usize, waiting: &Waiting) {
        let hash = self.flows.hash(&waiting.flow);
        self.flows.remove(hash, Found::Tombstone(place));
        self.graveyard.clear(place);
        let lasts = self.limits.msl * 2;
        let again = Waiting {
            deadline: self.now + lasts,
            ..*waiting
        };
        self.lay(&again, hash);
        let kind = Kind::TimeWaiting {
            connection: waiting.connection,
            lasts: lasts.into(),
        };
        self.note(kind);
    }

    fn lay(&mut self, waiting: &Waiting, hash: u32) {
        if self.graveyard.is_full() {
            self.note_full(Resource::Tombstones);
            if let Some(oldest) = self.graveyard.oldest() {
                match self.graveyard.get(oldest, self.now, &self.locals) {
                    Some(forgotten) => self.end_wait(oldest, &forgotten, Cause::Evicted),
                    None => self.graveyard.clear(oldest),
                }
            }
        }
        if let Some(place) = self.graveyard.bury(waiting, &self.locals) {
            self.flows.insert(hash, Found::Tombstone(place));
        }
    }

    /// TIME-WAIT is over.
    pub(super) fn end_wait(&mut self, place: usize, waiting: &Waiting, cause: Cause) {
        let hash = self.flows.hash(&waiting.flow);
        self.flows.remove(hash, Found::Tombstone(place));
        self.graveyard.clear(place);
        self.note_transition(Transition {
            connection: waiting.connection,
            from: State::TimeWait,
            to: State::Closed,
            cause,
        });
        self.note_ended(waiting.connection, Ending::Closed);
    }

    /// The connection is CLOSED and has said its last word.
    pub(super) fn finish(&mut self, slot: usize) {
        self.detach(slot);
        let connection = &mut self.slots[slot].connection;
        let ending = *connection.ending.get_or_insert(Ending::Closed);
        let id = connection.id;
        self.note_ended(id, ending);
        self.retire(slot);
    }

    /// Ends a connection without a word to the peer.
    pub(super) fn drop_silently(&mut self, slot: usize, to: State, cause: Cause, ending: Ending) {
        let from = self.slots[slot].connection.state;
        if from != to {
            self.transition(slot, from, to, cause);
        }
        let connection = &mut self.slots[slot].connection;
        connection.ending.get_or_insert(ending);
        self.finish(slot);
    }

    fn note_ended(&mut self, connection: ConnectionId, ending: Ending) {
        self.note(Kind::Ended { connection, ending });
    }

    /// Takes a connection off the wire; the application may still read what came.
    fn detach(&mut self, slot: usize) {
        let connection = &mut self.slots[slot].connection;
        connection.flags.detached = true;
        let hash = connection.hash;
        self.flows.remove(hash, Found::Connection(slot));
        self.deadlines.remove(slot);
        self.lists.remove(List::Egress, slot);
        self.lists.remove(List::Unresolved, slot);
    }

    /// A detached connection goes back to the free ones, at once or when the application has let go.
    fn retire(&mut self, slot: usize) {
        let facts = self.slots[slot].connection.flags;
        let half_open = self.lists.contains(List::HalfOpen, slot);
        let untouched = facts.passive && !facts.accepted;
        // Nobody can know of a connection that never left the handshake. One that waits for `accept`
        // is still handed out if it brought data; a socket would do the same.
        let unread = self.slots[slot].socket().recv_queue() > 0;
        if facts.released || half_open || untouched && !unread {
            self.free_slot(slot);
        } else {
            self.lists.push(List::Ready, slot);
            self.retired = true;
        }
    }

    /// Empties a slot and gives it back.
    pub(super) fn free_slot(&mut self, slot: usize) {
        self.slots[slot].silence();
        self.slots[slot].connection = Connection::none();
        self.lists.remove(List::Ready, slot);
        self.lists.push(List::Free, slot);
    }

    /// What comes for an application that closed is taken and forgotten, so that the window stays open
    /// for the peer's FIN.
    pub(super) fn discard_received(&mut self, slot: usize) {
        let mut taken = 0;
        let socket = self.slots[slot].socket_mut();
        while let Ok(count @ 1..) = socket.recv(|octets| (octets.len(), octets.len())) {
            taken += count as u32;
        }
        let numbers = &mut self.slots[slot].connection.numbers;
        numbers.taken = numbers.taken.wrapping_add(taken);
    }

    /// Gives the node other addresses; connections that used one that is gone end with
    /// [`Ending::AddressLost`].
    ///
    /// # Errors
    /// More addresses or gateways than smoltcp was built for, or one that no host can have. Then the
    /// old ones stay.
    pub fn set_addresses(
        &mut self,
        now: Instant,
        networks: &[IpCidr],
        gateways: &[IpAddress],
    ) -> Result<(), ConfigError> {
        self.now = now;
        if let Some(cidr) = networks.iter().find(|cidr| !is_host(cidr.address())) {
            return Err(ConfigError::AddressNotUnicast(cidr.address()));
        }
        if let Some(gateway) = gateways.iter().find(|gateway| !gateway.is_unicast()) {
            return Err(ConfigError::AddressNotUnicast(*gateway));
        }
        let mut fits = networks.len() <= self.networks.capacity();
        self.iface.update_ip_addrs(|addresses| {
            fits &= networks.len() <= addresses.capacity();
            if fits {
                addresses.clear();
                for cidr in networks {
                    let _ = addresses.push(*cidr);
                }
            }
        });
        if !fits {
            return Err(ConfigError::TooManyAddresses);
        }
        self.extra.iface.update_ip_addrs(|addresses| {
            addresses.clear();
            for cidr in networks {
                // As many fit as fitted above.
                let _ = addresses.push(*cidr);
            }
        });
        self.networks.clear();
        self.locals.clear();
        for cidr in networks {
            // The capacity was compared above.
            let _ = self.networks.push(*cidr);
            let _ = self.locals.push(cidr.address());
        }
        self.set_gateways(gateways)?;
        if self.announces {
            self.claims.claim(now, &self.locals);
        }
        for slot in 0..self.slots.len() {
            let connection = &self.slots[slot].connection;
            let lost = connection.is_live()
                && !connection.flags.detached
                && !self.locals.contains(&connection.flow.local.addr);
            if lost {
                let (cause, ending) = (Cause::AddressLost, Ending::AddressLost);
                self.drop_silently(slot, State::Closed, cause, ending);
            }
        }
        Ok(())
    }

    fn set_gateways(&mut self, gateways: &[IpAddress]) -> Result<(), ConfigError> {
        self.gateways.clear();
        let routes = self.extra.iface.routes_mut();
        routes.remove_default_ipv4_route();
        #[cfg(feature = "ipv6")]
        routes.remove_default_ipv6_route();
        for gateway in gateways {
            let added = match IpAddr::from(*gateway) {
                IpAddr::V4(v4) => routes.add_default_ipv4_route(v4).is_ok(),
                #[cfg(feature = "ipv6")]
                IpAddr::V6(v6) => routes.add_default_ipv6_route(v6).is_ok(),
                #[cfg(not(feature = "ipv6"))]
                IpAddr::V6(_) => false,
            };
            if !added || self.gateways.push(*gateway).is_err() {
                return Err(ConfigError::TooManyAddresses);
            }
        }
        Ok(())
    }

    /// RFC 9293 section 3.9.2.2: an unreachable that is about a live connection, with a sequence number
    /// that is in flight (RFC 5927), is soft unless the connection is still opening.
    pub(super) fn hear_icmp(&mut self, frame: &IcmpFrame<'_>) {
        let Some(error) = Unreachable::parse(frame) else {
            return;
        };
        let hash = self.flows.hash(&error.flow);
        let Some(Found::Connection(slot)) = self.find(hash, &error.flow) else {
            return self.note(Kind::Dropped(Reason::IcmpUnrelated));
        };
        let numbers = &self.slots[slot].connection.numbers;
        let in_flight = at_most(numbers.snd_una, error.seq) && before(error.seq, numbers.snd_nxt);
        if !in_flight {
            return self.note(Kind::Dropped(Reason::IcmpUnrelated));
        }
        // Hard errors end a connection that is not yet there; established ones survive them, as the
        // counter-measures of RFC 5927 section 6.3.1 ask, and end by R2 if nothing comes through.
        let opening = match self.slots[slot].connection.state {
            State::SynSent | State::SynReceived => true,
            State::Closed
            | State::Listen
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => false,
        };
        if error.hard && opening {
            let (cause, ending) = (Cause::Unreachable, Ending::Unreachable);
            self.drop_silently(slot, State::Closed, cause, ending);
        }
    }
}

/// A destination unreachable about a TCP segment of ours.
struct Unreachable {
    flow: Flow,
    seq: u32,
    hard: bool,
}

impl Unreachable {
    fn parse(frame: &IcmpFrame<'_>) -> Option<Self> {
        if frame.packet.protocol != IpProtocol::Icmp {
            return Self::parse_v6(frame);
        }
        let about = frame.about();
        if frame.kind != u8::from(Icmpv4Message::DstUnreachable) {
            return None;
        }
        let packet = Ipv4Packet::new_unchecked(about);
        if about.len() < 20 || packet.next_header() != IpProtocol::Tcp {
            return None;
        }
        let start = usize::from(packet.header_len());
        Self::about(
            packet.src_addr().into(),
            packet.dst_addr().into(),
            about.get(start..)?,
            // RFC 1122 section 4.2.3.9: protocol, port, and fragmentation needed are hard.
            matches!(frame.code, 2..=4),
        )
    }

    #[cfg(feature = "ipv6")]
    fn parse_v6(frame: &IcmpFrame<'_>) -> Option<Self> {
        use smoltcp::wire::{Icmpv6Message, Ipv6Packet};
        let about = frame.about();
        if frame.kind != u8::from(Icmpv6Message::DstUnreachable) || about.len() < 40 {
            return None;
        }
        let packet = Ipv6Packet::new_unchecked(about);
        if packet.next_header() != IpProtocol::Tcp {
            return None;
        }
        Self::about(
            packet.src_addr().into(),
            packet.dst_addr().into(),
            about.get(40..)?,
            // Administratively prohibited, and port unreachable.
            matches!(frame.code, 1 | 4),
        )
    }

    #[cfg(not(feature = "ipv6"))]
    fn parse_v6(_: &IcmpFrame<'_>) -> Option<Self> {
        None
    }

    /// Eight octets of a TCP header are all that an error must carry: ports and sequence number.
    fn about(src: IpAddress, dst: IpAddress, tcp: &[u8], hard: bool) -> Option<Self> {
        let octets: [u8; 8] = tcp.get(..8)?.try_into().ok()?;
        let [s0, s1, d0, d1, n0, n1, n2, n3] = octets;
        Some(Self {
            flow: Flow {
                local: (src, u16::from_be_bytes([s0, s1])).into(),
                remote: (dst, u16::from_be_bytes([d0, d1])).into(),
            },
            seq: u32::from_be_bytes([n0, n1, n2, n3]),
            hard,
        })
    }
}
