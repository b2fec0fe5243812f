//! The node among its neighbours: which hardware address a packet goes to, questions about those, and
//! answers about ours.
//!
//! What answers a frame goes to where that frame came from. A live connection sends to where its own
//! acceptable segments come from, and to nowhere else. Only what has neither asks
//! ([`Neighbors`](super::neighbors::Neighbors)).

use core::net::IpAddr;

use smoltcp::phy::{Device, PacketMeta};
use smoltcp::wire::{EthernetAddress, IpAddress};

use super::claims::Say;
#[cfg(feature = "ipv6")]
use super::discovery::v6;
use super::discovery::{Claim, LONGEST, Message};
use super::ethernet::{Hop, group};
use super::host::Host;
use super::neighbors::{Answer, Question};
use super::one_frame::Exit;
use super::parts;
use crate::trace::{Direction, Kind, Neighbor, Reason};

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

impl Host<'_> {
    /// The hop that packets for an address take, if it is known; a question leaves if it is not.
    pub(super) fn resolve(&mut self, address: IpAddress) -> Option<Hop> {
        if !parts::NEIGHBORS {
            return None;
        }
        if !address.is_unicast() || self.link.is_broadcast(address) {
            return Some(self.link.hop(group(address)));
        }
        let neighbor = self.link.next_hop(address)?;
        let to = self.neighbors.resolve(self.now, neighbor)?;
        Some(self.link.hop(to))
    }

    /// Takes in who has an address; says whether that was asked for.
    pub(super) fn hear_claim(&mut self, claim: Claim) -> bool {
        if !parts::NEIGHBORS {
            return false;
        }
        let answer = self
            .neighbors
            .answered(self.now, claim.address, claim.hardware);
        match answer {
            Answer::Taken => true,
            Answer::Unasked => {
                self.neighbors.doubt(claim.address, claim.hardware);
                false
            }
        }
    }

    /// Whoever says that one of our addresses is its own.
    pub(super) fn conflict(&self, message: &Message) -> Option<Claim> {
        if !parts::CLAIMS {
            return None;
        }
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
    pub(super) fn defend(&mut self, claim: Claim, exit: &mut dyn Exit) {
        if !self.claims.conflict(self.now, claim.address) {
            return self.note(Kind::Dropped(Reason::FromOurselves));
        }
        let conflict = Neighbor::Conflict(claim.address, claim.hardware);
        self.note(Kind::Neighbor(conflict));
        self.announce(claim.address, exit);
    }

    /// Tells everybody that an address is ours.
    pub(super) fn announce(&mut self, address: IpAddress, exit: &mut dyn Exit) {
        let letter = Letter::to_all(self.ours(address));
        self.send_letter(&letter, exit);
    }

    pub(super) fn answer_neighbor(
        &mut self,
        address: IpAddress,
        asker: Claim,
        exit: &mut dyn Exit,
    ) {
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
        if !parts::NEIGHBORS && !parts::CLAIMS {
            return false;
        }
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
}
