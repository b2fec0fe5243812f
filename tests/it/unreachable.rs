//! ICMP errors about datagrams that the node sent.

use crate::host::{Host, PORT, THEM, US, ip, udp};
use smolchat::trace::{Flow, Kind, Reason};
use smoltcp::wire::{Icmpv4Packet, Icmpv6Packet, IpAddress, IpEndpoint};

/// The port of the node that said something.
const OURS: u16 = 40_000;

/// What the other host says of a datagram from port 40000 to its port 9000: destination unreachable.
fn error(family: usize, code: u8, quoted: &[u8]) -> Vec<u8> {
    let (src, dst) = (THEM[family], US[family]);
    let (protocol, kind) = [(1, 3), (58, 1)][family];
    let mut octets = vec![kind, code, 0, 0, 0, 0, 0, 0];
    octets.extend(quoted);
    match (src, dst) {
        (IpAddress::Ipv6(src), IpAddress::Ipv6(dst)) => {
            Icmpv6Packet::new_unchecked(&mut octets).fill_checksum(&src, &dst);
        }
        _ => Icmpv4Packet::new_unchecked(&mut octets).fill_checksum(),
    }
    ip(src, dst, protocol, &octets)
}

/// What the journal says of an error about this packet of ours.
fn told(family: usize, code: u8, quoted: &[u8]) -> Vec<Kind> {
    let mut host = Host::new();
    host.node.bind(OURS).unwrap();
    let before = host.node.journal().next();
    assert_eq!(host.give(&error(family, code, quoted)).len(), 0);
    let (_, events) = host.node.journal().since(before);
    let kinds = events.map(|(_, event)| event.kind());
    kinds
        .filter(|kind| !matches!(kind, Kind::Icmp { .. }))
        .collect()
}

#[test]
fn the_application_is_told_which_datagram_did_not_arrive_and_whether_nobody_listens() {
    let nobody_listens = [3, 4];
    for family in [0, 1] {
        let quoted = udp(US[family], THEM[family], PORT, b"anybody?");
        let flow = Flow {
            local: IpEndpoint::new(US[family], OURS),
            remote: IpEndpoint::new(THEM[family], PORT),
        };
        for code in 0..6 {
            let undelivered = Kind::Undelivered {
                flow,
                nobody_listens: code == nobody_listens[family],
            };
            assert_eq!(told(family, code, &quoted), [undelivered]);
        }
    }
}

#[test]
fn what_is_not_about_a_datagram_that_the_node_can_have_sent_tells_nothing() {
    let unrelated = [Kind::Dropped(Reason::IcmpUnrelated)];
    for family in [0, 1] {
        let code = [3, 4][family];
        let mut from_elsewhere = udp(US[family], THEM[family], PORT, b"anybody?");
        let transport = [20, 40][family];
        from_elsewhere[transport + 1] ^= 1;
        assert_eq!(told(family, code, &from_elsewhere), unrelated);
        let of_another = udp(THEM[family], THEM[family], PORT, b"anybody?");
        assert_eq!(told(family, code, &of_another), unrelated);
        // Eight octets behind the header are what every error quotes.
        let whole = udp(US[family], THEM[family], PORT, b"anybody?");
        assert_eq!(told(family, code, &whole[..transport + 8]).len(), 1);
        for len in 0..transport + 8 {
            assert_eq!(told(family, code, &whole[..len]), [], "{len} octets");
        }
    }
}
