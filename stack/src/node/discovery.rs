//! What neighbours say about hardware addresses: ARP (RFC 826, RFC 5227) and neighbour discovery
//! (RFC 4861, RFC 4862), as one vocabulary.

use core::net::IpAddr;

use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetProtocol, IpAddress, Ipv4Address,
};

use super::ethernet::{HEADER, Hop};
use crate::trace::{Direction, Neighbor, Reason};

#[cfg(feature = "ipv6")]
pub(super) mod v6;

/// Octets of the longest frame that [`Message::write`] makes: 14, 40 and 32 octets.
pub(super) const LONGEST: usize = 86;

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    /// Who has `target`? Asked by `sender`.
    Question {
        /// Who asks.
        sender: Claim,
        /// The address in question.
        target: IpAddress,
    },
    /// Is `target` free? Asked by somebody who wants it, and has no address to ask from (RFC 5227 section
    /// 2.1.1, RFC 4862 section 5.4.2).
    Probe {
        /// Who wants it; an IPv6 one does not say.
        hardware: EthernetAddress,
        /// The address that it wants.
        target: IpAddress,
    },
    /// `claim.address` is at `claim.hardware`: in answer to a question, or to tell everybody.
    Answer {
        /// What is said.
        claim: Claim,
    },
}

/// An address and its hardware address, as somebody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    // A value: whoever is given one reads all of it.
    pub(super) address: IpAddress,
    pub(super) hardware: EthernetAddress,
}

impl Message {
    /// Whoever says that it has an address.
    pub(super) fn claim(&self) -> Option<Claim> {
        match *self {
            Self::Question { sender: claim, .. } | Self::Answer { claim } => Some(claim),
            Self::Probe { .. } => None,
        }
    }

    /// What the journal says of it.
    pub(super) fn event(&self, direction: Direction) -> Neighbor {
        match (*self, direction) {
            (Self::Question { target, .. }, Direction::In) => Neighbor::AskedForUs(target),
            (Self::Question { target, .. }, Direction::Out) => Neighbor::Asked(target),
            (Self::Probe { target, .. }, Direction::In) => Neighbor::Wanted(target),
            (Self::Probe { target, .. }, Direction::Out) => Neighbor::Probed(target),
            (Self::Answer { claim }, Direction::In) => Neighbor::Answered(claim.address),
            (Self::Answer { claim }, Direction::Out) => Neighbor::WeAnswered(claim.address),
        }
    }

    /// Reads an ARP packet.
    ///
    /// # Errors
    /// The reason why it goes no further.
    pub(super) fn parse_arp(octets: &[u8]) -> Result<Self, Reason> {
        let packet = ArpPacket::new_checked(octets).map_err(|_| Reason::Malformed)?;
        let Ok(ArpRepr::EthernetIpv4 {
            operation,
            source_hardware_addr: hardware,
            source_protocol_addr: source,
            target_protocol_addr: target,
            ..
        }) = ArpRepr::parse(&packet)
        else {
            return Err(Reason::Malformed);
        };
        if !hardware.is_unicast() {
            return Err(Reason::NotUnicast);
        }
        let sender = Claim {
            address: source.into(),
            hardware,
        };
        let target = target.into();
        match operation {
            ArpOperation::Request if source.is_unspecified() => {
                Ok(Self::Probe { hardware, target })
            }
            ArpOperation::Request if target == sender.address => {
                // An announcement (RFC 5227 section 3).
                Ok(Self::Answer { claim: sender })
            }
            ArpOperation::Request => Ok(Self::Question { sender, target }),
            ArpOperation::Reply => Ok(Self::Answer { claim: sender }),
            ArpOperation::Unknown(_) => Err(Reason::UnknownProtocol),
        }
    }

    /// Writes the frame that says this to a host, or to a group or everybody by their hardware address; says
    /// how long it is. `to` is the address of that host, if it is one.
    pub(super) fn write(
        &self,
        octets: &mut [u8; LONGEST],
        hop: Hop,
        to: Option<IpAddress>,
    ) -> usize {
        let (request, reply) = (ArpOperation::Request, ArpOperation::Reply);
        match *self {
            Self::Question { sender, target } => match (sender.address.into(), target.into()) {
                (IpAddr::V4(ours), IpAddr::V4(target)) => {
                    write_arp(octets, hop, request, (sender.hardware, ours), target)
                }
                #[cfg(feature = "ipv6")]
                (IpAddr::V6(ours), IpAddr::V6(target)) => {
                    v6::write_question(octets, hop, Some(ours), target)
                }
                _ => 0,
            },
            Self::Probe { hardware, target } => match target.into() {
                IpAddr::V4(target) => {
                    let nobody = (hardware, Ipv4Address::UNSPECIFIED);
                    write_arp(octets, hop, request, nobody, target)
                }
                #[cfg(feature = "ipv6")]
                IpAddr::V6(target) => v6::write_question(octets, hop, None, target),
                #[cfg(not(feature = "ipv6"))]
                IpAddr::V6(_) => 0,
            },
            Self::Answer { claim } => match (claim.address.into(), to.map(IpAddr::from)) {
                (IpAddr::V4(ours), Some(IpAddr::V4(to))) => {
                    write_arp(octets, hop, reply, (claim.hardware, ours), to)
                }
                // To everybody it is an announcement, which is a request in form.
                (IpAddr::V4(ours), _) => {
                    write_arp(octets, hop, request, (claim.hardware, ours), ours)
                }
                #[cfg(feature = "ipv6")]
                (IpAddr::V6(ours), _) => v6::write_answer(octets, hop, ours, to),
                #[cfg(not(feature = "ipv6"))]
                (IpAddr::V6(_), _) => 0,
            },
        }
    }
}

/// Writes an ARP packet; a request goes to whoever has `target`, so it names no hardware address.
fn write_arp(
    octets: &mut [u8; LONGEST],
    hop: Hop,
    operation: ArpOperation,
    source: (EthernetAddress, Ipv4Address),
    target: Ipv4Address,
) -> usize {
    let (source_hardware_addr, source_protocol_addr) = source;
    let target_hardware_addr = match operation {
        ArpOperation::Reply => hop.to,
        ArpOperation::Request | ArpOperation::Unknown(_) => EthernetAddress([0; 6]),
    };
    let repr = ArpRepr::EthernetIpv4 {
        operation,
        source_hardware_addr,
        source_protocol_addr,
        target_hardware_addr,
        target_protocol_addr: target,
    };
    hop.write(octets, EthernetProtocol::Arp);
    repr.emit(&mut ArpPacket::new_unchecked(&mut octets[HEADER..]));
    HEADER + repr.buffer_len()
}

#[cfg(test)]
mod tests;
