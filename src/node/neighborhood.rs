//! The node among its neighbours: which hardware address a packet goes to, questions about those, and
//! answers about ours.
//!
//! What answers a frame goes to where that frame came from. A live connection sends to where its own
//! acceptable segments come from, and to nowhere else. Only what has neither asks
//! ([`Neighbors`](super::neighbors::Neighbors)).

use core::net::IpAddr;

use smoltcp::phy::{Device, PacketMeta};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpAddress};

use super::claims::Say;
#[cfg(feature = "ipv6")]
use super::discovery::v6;
use super::discovery::{Claim, LONGEST, Message};
use super::ethernet::{Ethernet, HEADER, Hop, group};
use super::neighbors::{Answer, Question};
use super::node::Node;
use super::one_frame::{Exit, Sent};
use super::queues::Queue;
use super::slot_id::SlotId;
use crate::trace::{Direction, Kind, Neighbor, Reason};

/// After a peer was silent for so long its hardware address is asked for when there is something to send:
/// it may have moved.
const SILENCE: Duration = Duration::from_secs(30);

/// A message for a neighbour, and where it goes.
struct Letter {
    message: Message,
    to: EthernetAddress,
    /// The address of the receiver, if it is one host.
    address: Option<IpAddress>,
}

impl Letter {
    fn to_all(message: Message) -> Self {
        let to = match message {
            Message::Question { target, .. } | Message::Probe { target, .. } => listeners(target),
            Message::Answer { claim } => everybody(claim.address),
        };
        Self {
            message,
            to,
            address: None,
        }
    }
}

/// The group that a host with this address listens to.
fn listeners(address: IpAddress) -> EthernetAddress {
    match IpAddr::from(address) {
        #[cfg(feature = "ipv6")]
        IpAddr::V6(address) => group(IpAddress::Ipv6(v6::solicited_node(address))),
        _ => EthernetAddress::BROADCAST,
    }
}

/// The group that all hosts with an address of this family listen to.
fn everybody(family: IpAddress) -> EthernetAddress {
    match IpAddr::from(family) {
        #[cfg(feature = "ipv6")]
        IpAddr::V6(_) => group(IpAddress::Ipv6(v6::ALL_NODES)),
        _ => EthernetAddress::BROADCAST,
    }
}

impl Node<'_> {
    /// Sends a frame that the application composed itself, such as a router solicitation, and notes it like
    /// every other; `false` if the device has no room for it, now or at all.
    pub fn send_frame<D: Device + ?Sized>(
        &mut self,
        now: Instant,
        device: &mut D,
        frame: &[u8],
    ) -> bool {
        self.tick(now);
        self.link.heed(self.now, device);
        let mut exit = device.transmit(now);
        if exit.is_none() || frame.len() > self.link.mtu() + HEADER {
            return false;
        }
        exit.send(frame.len(), PacketMeta::default(), &mut |octets| {
            octets.copy_from_slice(frame);
        });
        self.record.sent_elsewhere(Sent::of(frame));
        true
    }

    /// The hop that packets for an address take, if it is known; a question leaves if it is not.
    pub(super) fn resolve(&mut self, address: IpAddress) -> Option<Hop> {
        if !address.is_unicast() || self.link.is_broadcast(address) {
            return Some(self.link.hop(group(address)));
        }
        let neighbor = self.link.next_hop(address)?;
        let to = self.neighbors.resolve(self.now, neighbor)?;
        Some(self.link.hop(to))
    }

    /// The hop that segments of a connection take, if it is known; a question leaves if it is not.
    pub(super) fn hop_of(&mut self, slot: SlotId) -> Option<Hop> {
        let connection = &self.table[slot];
        let remote = connection.flow.remote.addr;
        let Some(known) = connection.neighbor else {
            return self.resolve(remote);
        };
        let in_doubt = connection.numbers.attempts > 0
            || connection.flags.moved
            || self.now >= connection.heard + SILENCE;
        if !in_doubt {
            return Some(self.link.hop(known));
        }
        self.doubt_peer(slot);
        let known = self.table[slot].neighbor.unwrap_or(known);
        Some(self.link.hop(known))
    }

    /// A peer does not answer, or has moved: asks where it is, and takes what was answered since it was last
    /// heard.
    pub(super) fn doubt_peer(&mut self, slot: SlotId) {
        let connection = &self.table[slot];
        let (remote, heard) = (connection.flow.remote.addr, connection.heard);
        let (Some(last), Some(neighbor)) = (connection.neighbor, self.link.next_hop(remote)) else {
            return;
        };
        let moved = self.neighbors.recheck(self.now, neighbor, last, heard);
        if moved.is_some() {
            let connection = &mut self.table[slot];
            connection.neighbor = moved;
            connection.flags.moved = false;
        }
    }

    /// A segment of a connection came from this hardware address, is acceptable, and may have `acknowledged`
    /// something. Until what was sent was acknowledged from there, the last one says where the peer is. After
    /// that it does not: whoever saw the numbers can send one.
    ///
    /// Not inlined: it would take the stack of whoever calls.
    #[inline(never)]
    pub(super) fn heard_from(
        &mut self,
        slot: SlotId,
        hardware: EthernetAddress,
        acknowledged: bool,
    ) {
        let connection = &self.table[slot];
        let moved = match connection.neighbor {
            Some(last) if last == hardware => false,
            // Without anybody to ask, who sends last is believed.
            Some(last) if connection.flags.reached => self
                .link
                .next_hop(connection.flow.remote.addr)
                .is_none_or(|neighbor| {
                    self.neighbors.has_moved(self.now, neighbor, last, hardware)
                }),
            Some(_) | None => true,
        };
        let connection = &mut self.table[slot];
        if moved {
            connection.neighbor = Some(hardware);
            connection.flags.reached = false;
        }
        let elsewhere = connection.neighbor != Some(hardware);
        connection.flags.moved = elsewhere;
        connection.flags.reached |= acknowledged && !elsewhere;
    }

    /// A neighbour says something.
    pub(super) fn receive_neighbor(
        &mut self,
        message: Message,
        ethernet: &Ethernet<'_>,
        exit: &mut dyn Exit,
    ) {
        if let Some(claim) = self.conflict(&message) {
            return self.defend(claim, exit);
        }
        match message {
            Message::Question { target, .. } | Message::Probe { target, .. }
                if !self.link.locals().contains(&target) =>
            {
                self.note(Kind::Dropped(Reason::NotForUs));
            }
            Message::Question { sender, target } => {
                self.note(Kind::Neighbor(message.event(Direction::In)));
                self.answer_neighbor(target, sender, exit);
                self.hear_claim(sender);
            }
            Message::Probe { target, .. } => {
                self.note(Kind::Neighbor(message.event(Direction::In)));
                self.announce(target, exit);
            }
            Message::Answer { claim } => {
                let asked = self.hear_claim(claim);
                // The application's own sockets ask by themselves.
                let may_be_theirs = self.has_extra();
                if asked || may_be_theirs {
                    self.note(Kind::Neighbor(message.event(Direction::In)));
                } else {
                    self.note(Kind::Dropped(Reason::Unasked));
                }
                if may_be_theirs {
                    self.give_extra(ethernet.octets);
                }
            }
        }
    }

    /// Takes in who has an address; says whether that was asked for.
    fn hear_claim(&mut self, claim: Claim) -> bool {
        let answer = self
            .neighbors
            .answered(self.now, claim.address, claim.hardware);
        match answer {
            Answer::Taken => {
                self.retry_the_unresolved();
                true
            }
            Answer::Unasked => {
                self.neighbors.doubt(claim.address, claim.hardware);
                false
            }
        }
    }

    /// Whoever says that one of our addresses is its own.
    fn conflict(&self, message: &Message) -> Option<Claim> {
        let claim = match *message {
            // Whoever asks whether an address is free is answered. With our own hardware address it is
            // nobody who could know that answer from its own.
            Message::Probe { hardware, target } if hardware == self.link.mac() => Claim {
                address: target,
                hardware,
            },
            _ => message.claim()?,
        };
        // On some media we hear ourselves.
        let echo = claim.hardware == self.link.mac() && self.claims.spoke_at(self.now);
        (self.link.locals().contains(&claim.address) && !claim.address.is_unspecified() && !echo)
            .then_some(claim)
    }

    /// RFC 5227 section 2.4 b: says so, and tells everybody whose the address is, but not all the time.
    fn defend(&mut self, claim: Claim, exit: &mut dyn Exit) {
        if !self.claims.conflict(self.now, claim.address) {
            return self.note(Kind::Dropped(Reason::FromOurselves));
        }
        let conflict = Neighbor::Conflict(claim.address, claim.hardware);
        self.note(Kind::Neighbor(conflict));
        self.announce(claim.address, exit);
    }

    /// Tells everybody that an address is ours.
    fn announce(&mut self, address: IpAddress, exit: &mut dyn Exit) {
        let letter = Letter::to_all(self.ours(address));
        self.send_letter(&letter, exit);
    }

    fn answer_neighbor(&mut self, address: IpAddress, asker: Claim, exit: &mut dyn Exit) {
        let letter = Letter {
            message: self.ours(address),
            to: asker.hardware,
            address: Some(asker.address),
        };
        self.send_letter(&letter, exit);
    }

    /// That an address is ours.
    fn ours(&self, address: IpAddress) -> Message {
        Message::Answer {
            claim: Claim {
                address,
                hardware: self.link.mac(),
            },
        }
    }

    /// Sends what is to be asked or told; `true` if the device had no room.
    pub(super) fn send_discovery<D: Device + ?Sized>(&mut self, device: &mut D) -> bool {
        self.neighbors.widen(self.now);
        while self.neighbors.asks() || self.claims.is_due(self.now) {
            let mut exit = device.transmit(self.now);
            if exit.is_none() {
                return true;
            }
            let letter = match self.claims.due(self.now) {
                Some(Say::Probe(target)) => Some(Letter::to_all(Message::Probe {
                    hardware: self.link.mac(),
                    target,
                })),
                Some(Say::Announce(address)) => Some(Letter::to_all(self.ours(address))),
                None => self.neighbors.question().and_then(|it| self.question(it)),
            };
            if let Some(letter) = letter {
                self.send_letter(&letter, &mut exit);
            }
        }
        false
    }

    /// A question as it leaves; `None` if we have no address to ask from.
    fn question(&self, question: Question) -> Option<Letter> {
        let target = question.address;
        let ours = self.link.source_for(&target)?;
        let message = Message::Question {
            sender: Claim {
                address: ours,
                hardware: self.link.mac(),
            },
            target,
        };
        Some(match question.to {
            Some(to) => Letter {
                message,
                to,
                address: Some(target),
            },
            None => Letter::to_all(message),
        })
    }

    fn send_letter(&mut self, letter: &Letter, exit: &mut dyn Exit) {
        let Letter {
            message,
            to,
            address,
        } = *letter;
        let mut octets = [0; LONGEST];
        let len = message.write(&mut octets, self.link.hop(to), address);
        let octets = &octets[..len];
        exit.send(len, PacketMeta::default(), &mut |frame| {
            frame.copy_from_slice(octets);
        });
        if to.is_multicast() {
            self.claims.spoke(self.now);
        }
        self.note(Kind::Neighbor(message.event(Direction::Out)));
    }

    /// A neighbour answered: whoever waits for one may try again.
    fn retry_the_unresolved(&mut self) {
        self.datagrams.learnt();
        while let Some(slot) = self.table.pop(Queue::Unresolved) {
            self.table.push(Queue::Egress, slot);
        }
    }
}
