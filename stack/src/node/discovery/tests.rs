use super::*;
use crate::node::ethernet::Ethernet;
use std::vec::Vec;

const US: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);
const THEM: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 2]);

fn written(message: &Message, to: EthernetAddress, address: Option<IpAddress>) -> Vec<u8> {
    let mut octets = [0; LONGEST];
    let hop = Hop { from: US, to };
    let len = message.write(&mut octets, hop, address);
    octets[..len].to_vec()
}

fn read_back(octets: &[u8]) -> Message {
    let frame = Ethernet::parse(octets).unwrap();
    match frame.protocol {
        EthernetProtocol::Arp => Message::parse_arp(frame.payload).unwrap(),
        #[cfg(feature = "ipv6")]
        EthernetProtocol::Ipv6 => {
            use smoltcp::phy::ChecksumCapabilities;
            use smoltcp::wire::{Ipv6Packet, Ipv6Repr};
            let packet = Ipv6Packet::new_checked(frame.payload).unwrap();
            let ip = Ipv6Repr::parse(&packet).unwrap();
            let checksums = ChecksumCapabilities::default();
            v6::parse(&ip, packet.payload(), frame.from, &checksums)
                .unwrap()
                .unwrap()
        }
        protocol => panic!("{protocol}"),
    }
}

fn addresses() -> Vec<(IpAddress, IpAddress)> {
    [
        (IpAddress::v4(192, 0, 2, 1), IpAddress::v4(192, 0, 2, 2)),
        #[cfg(feature = "ipv6")]
        (
            IpAddress::v6(0xfe80, 0, 0, 0, 0, 0, 0, 1),
            IpAddress::v6(0xfe80, 0, 0, 0, 0, 0, 0, 2),
        ),
    ]
    .into()
}

#[test]
fn what_is_said_is_heard() {
    for (ours, theirs) in addresses() {
        let sender = Claim {
            address: ours,
            hardware: US,
        };
        let question = Message::Question {
            sender,
            target: theirs,
        };
        let probe = Message::Probe {
            hardware: US,
            target: ours,
        };
        let answer = Message::Answer { claim: sender };
        let everybody = crate::node::ethernet::group(match IpAddr::from(ours) {
            #[cfg(feature = "ipv6")]
            IpAddr::V6(ours) => IpAddress::Ipv6(v6::solicited_node(ours)),
            _ => IpAddress::v4(255, 255, 255, 255),
        });
        for (message, to, address) in [
            (question, everybody, None),
            (question, THEM, None),
            (probe, everybody, None),
            (answer, THEM, Some(theirs)),
            (answer, everybody, None),
        ] {
            let octets = written(&message, to, address);
            assert_eq!(read_back(&octets), message);
            assert_eq!(Ethernet::parse(&octets).unwrap().to, to);
        }
    }
}

#[test]
fn a_group_has_no_address_of_its_own() {
    let sender = Claim {
        address: IpAddress::v4(192, 0, 2, 1),
        hardware: EthernetAddress::BROADCAST,
    };
    let octets = written(&Message::Answer { claim: sender }, THEM, None);
    let frame = Ethernet::parse(&octets).unwrap();
    assert_eq!(Message::parse_arp(frame.payload), Err(Reason::NotUnicast));
}

#[cfg(feature = "ipv6")]
#[test]
fn a_solicitation_that_a_router_passed_on_is_none() {
    let (ours, theirs) = addresses()[1];
    let question = Message::Question {
        sender: Claim {
            address: ours,
            hardware: US,
        },
        target: theirs,
    };
    let mut octets = written(&question, THEM, None);
    octets[HEADER + 7] = 254;
    let packet = smoltcp::wire::Ipv6Packet::new_checked(&octets[HEADER..]).unwrap();
    let ip = smoltcp::wire::Ipv6Repr::parse(&packet).unwrap();
    let checksums = smoltcp::phy::ChecksumCapabilities::ignored();
    let read = v6::parse(&ip, packet.payload(), US, &checksums);
    assert_eq!(read, Err(Reason::Malformed));
}
