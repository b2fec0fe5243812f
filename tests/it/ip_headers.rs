//! What stands between Ethernet and the transport: options, extension headers, protocols that nobody
//! speaks; and what is said about it over ICMP, to whom, and how often.

use crate::host::{
    ATOMIC, Host, PADDED, PORT, THEM, US, extended, frame, ip, message, ping, segment, tcp, udp,
    v4, v6,
};
use smolchat::trace::Reason;
use smoltcp::time::Duration;
use smoltcp::wire::{EthernetAddress, IpAddress, TcpControl};

/// A whole conversation, each packet changed on its way.
fn converse(family: usize, change: impl Fn(Vec<u8>) -> Vec<u8>) {
    let mut host = Host::new();
    let syn = change(tcp(family, TcpControl::Syn, 1000, None, &[]));
    let (bits, iss, ack) = segment(&host.give(&syn));
    assert_eq!((bits, ack), (0x12, 1001));
    let next = Some(iss.wrapping_add(1));
    let hello = change(tcp(family, TcpControl::Psh, 1001, next, b"hello"));
    host.give(&hello);
    let handle = host.node.accept().expect("a connection");
    let mut room = [0; 16];
    assert_eq!(host.node.tcp(handle).unwrap().recv(&mut room), Ok(5));
    assert_eq!(host.node.tcp(handle).unwrap().send(b"hi"), Ok(2));
    let (_, seq, ack) = segment(&host.work());
    assert_eq!((Some(seq), ack), (next, 1006));
    // A reset that counts, in the form of the rest.
    let reset = change(tcp(family, TcpControl::Rst, 1006, None, &[]));
    assert_eq!(host.give(&reset), Vec::<Vec<u8>>::new());
    assert_eq!(host.connection(), None);
}

#[test]
fn a_conversation_behind_extension_headers_is_like_any_other() {
    converse(1, |packet| packet);
    converse(1, |packet| extended(&packet, &[(0, &PADDED)]));
    converse(1, |packet| extended(&packet, &[(60, &PADDED)]));
    converse(1, |packet| extended(&packet, &[(44, &ATOMIC)]));
    converse(1, |packet| {
        let routed = [0, 0, 0, 0, 0, 0, 0];
        let skipped = [0, 0x1e, 4, 1, 2, 3, 4];
        let headers: [(u8, &[u8]); 4] =
            [(0, &PADDED), (60, &skipped), (43, &routed), (60, &PADDED)];
        extended(&packet, &headers)
    });
}

#[test]
fn a_conversation_with_ipv4_options_is_like_any_other() {
    converse(0, |packet| {
        // Router alert, and a record of the route.
        let options = [148, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0];
        with_options(&packet, &options)
    });
}

/// Puts options into an IPv4 packet.
fn with_options(packet: &[u8], options: &[u8]) -> Vec<u8> {
    let mut octets = [&packet[..20], options, &packet[20..]].concat();
    octets[0] = 0x45 + options.len() as u8 / 4;
    octets[3] += options.len() as u8;
    smoltcp::wire::Ipv4Packet::new_unchecked(&mut octets[..]).fill_checksum();
    octets
}

#[test]
fn a_source_route_is_not_followed() {
    let mut host = Host::new();
    let syn = tcp(0, TcpControl::Syn, 1000, None, &[]);
    for kind in [131, 137] {
        let routed = with_options(&syn, &[kind, 7, 8, 192, 0, 2, 1, 0]);
        assert!(host.give(&routed).is_empty());
    }
    assert_eq!(host.counters().dropped(Reason::SourceRoute), 2);
}

#[test]
fn a_reset_for_nobody_behind_headers_stands_in_the_journal() {
    let mut host = Host::new();
    let ack = tcp(1, TcpControl::None, 1000, Some(77), &[]);
    let (bits, seq, _) = segment(&host.give(&extended(&ack, &[(0, &PADDED)])));
    assert_eq!((bits, seq), (0x04, 77));
}

#[test]
fn datagrams_and_echoes_behind_headers_arrive() {
    let mut host = Host::new();
    let headers: [(u8, &[u8]); 2] = [(0, &PADDED), (60, &PADDED)];
    let datagram = udp(THEM[1], US[1], PORT, b"hello");
    assert!(host.give(&extended(&datagram, &headers)).is_empty());
    let mut room = [0; 16];
    let received = host
        .node
        .next_udp()
        .and_then(|mut it| it.recv_from(&mut room))
        .expect("a datagram");
    assert_eq!(&room[..received.len], b"hello");
    let sent = host.give(&extended(&ping(THEM[1], US[1], 8), &headers));
    assert_eq!(message(&sent), (129, 0, 0x0001_0001));
    // Nobody is at this port: the whole packet is quoted, headers included.
    let closed = extended(&udp(THEM[1], US[1], 7, b"hello"), &headers);
    let sent = host.give(&closed);
    assert_eq!(message(&sent), (1, 4, 0));
    assert_eq!(sent[0][14 + 48..], closed);
}

#[test]
fn options_that_nobody_knows_are_answered_as_their_action_bits_say() {
    let syn = tcp(1, TcpControl::Syn, 1000, None, &[]);
    let group = IpAddress::v6(0xff02, 0, 0, 0, 0, 0, 0, 1);
    let to_all = udp(THEM[1], group, PORT, b"hello");
    let option = |kind: u8| [0, kind, 4, 0, 0, 0, 0];
    for (kind, answered, of_groups) in [
        (0x5e, false, false),
        (0x9e, true, true),
        (0xde, true, false),
    ] {
        let mut host = Host::new();
        for header in [0, 60] {
            let sent = host.give(&extended(&syn, &[(header, &option(kind))]));
            assert_eq!(!sent.is_empty(), answered, "{kind:#x}");
            if answered {
                assert_eq!(message(&sent), (4, 2, 42));
            }
        }
        let sent = host.give(&extended(&to_all, &[(60, &option(kind))]));
        assert_eq!(!sent.is_empty(), of_groups, "{kind:#x}");
        assert_eq!(host.counters().dropped(Reason::ExtensionHeader), 3);
    }
}

#[test]
fn routes_with_segments_left_and_headers_out_of_place_are_parameter_problems() {
    let mut host = Host::new();
    let syn = tcp(1, TcpControl::Syn, 1000, None, &[]);
    let routed = [0, 0, 1, 0, 0, 0, 0];
    let sent = host.give(&extended(&syn, &[(43, &routed)]));
    assert_eq!(message(&sent), (4, 0, 42));
    let sent = host.give(&extended(&syn, &[(60, &PADDED), (0, &PADDED)]));
    assert_eq!(message(&sent), (4, 1, 40));
    let esp = ip(THEM[1], US[1], 50, &[0; 20]);
    assert_eq!(message(&host.give(&esp)), (4, 1, 6));
    let nothing = ip(THEM[1], US[1], 59, &[]);
    assert!(host.give(&nothing).is_empty());
    let gre = ip(THEM[0], US[0], 47, &[0; 20]);
    assert_eq!(message(&host.give(&gre)), (3, 2, 0));
}

#[test]
fn nothing_is_said_about_what_was_for_many_or_came_from_nobody_or_is_a_complaint() {
    let mut host = Host::new();
    for dst in [
        v4(255),
        IpAddress::v4(255, 255, 255, 255),
        IpAddress::v4(224, 0, 0, 1),
    ] {
        assert!(
            host.give(&udp(THEM[0], dst, 7, b"hello")).is_empty(),
            "{dst}"
        );
        assert!(host.give(&ping(THEM[0], dst, 8)).is_empty(), "{dst}");
        assert!(host.give(&ip(THEM[0], dst, 47, &[0; 8])).is_empty());
    }
    let all_nodes = IpAddress::v6(0xff02, 0, 0, 0, 0, 0, 0, 1);
    assert!(host.give(&udp(THEM[1], all_nodes, 7, b"hello")).is_empty());
    assert!(host.give(&ping(THEM[1], all_nodes, 8)).is_empty());
    for src in [
        US[0],
        v4(255),
        IpAddress::v4(0, 0, 0, 0),
        IpAddress::v4(127, 0, 0, 1),
        IpAddress::v4(224, 0, 0, 1),
        IpAddress::v4(240, 0, 0, 1),
    ] {
        assert!(host.give(&udp(src, US[0], 7, b"hello")).is_empty(), "{src}");
        assert!(host.give(&ping(src, US[0], 8)).is_empty(), "{src}");
    }
    // To everybody on the link, whatever IP says.
    for packet in [udp(THEM[0], US[0], 7, b"hello"), ping(THEM[0], US[0], 8)] {
        let to_all = frame(EthernetAddress::BROADCAST, &packet);
        host.cable.inbox.push_back(to_all);
        assert!(host.work().is_empty());
    }
    // An error with an option that is to be answered, and one about nothing.
    let error = ip(THEM[1], US[1], 58, &[1, 4, 0, 0, 0, 0, 0, 0, 0x60]);
    let header = [0, 0xde, 4, 0, 0, 0, 0];
    assert!(host.give(&extended(&error, &[(60, &header)])).is_empty());
    let error = ip(THEM[0], US[0], 1, &[3, 3, 0xfc, 0xfc, 0, 0, 0, 0, 0x45]);
    assert!(host.give(&error).is_empty());
}

#[test]
fn a_wrong_sum_makes_a_message_nothing() {
    let mut host = Host::new();
    for mut packet in [ping(THEM[0], US[0], 8), ping(THEM[1], US[1], 8)] {
        *packet.last_mut().unwrap() ^= 1;
        assert!(host.give(&packet).is_empty());
    }
    assert_eq!(host.counters().dropped(Reason::Malformed), 2);
}

#[test]
fn a_datagram_without_a_checksum_is_one_over_ipv4_and_none_over_ipv6() {
    let mut host = Host::new();
    for (us, them, taken) in [(US[0], THEM[0], true), (US[1], THEM[1], false)] {
        let mut datagram = udp(them, us, PORT, b"hello");
        let at = datagram.len() - b"hello".len() - 2;
        datagram[at..at + 2].fill(0);
        assert!(host.give(&datagram).is_empty());
        let mut room = [0; 16];
        let mut socket = host.node.udp(PORT).unwrap();
        assert_eq!(socket.recv_from(&mut room).is_some(), taken);
    }
    assert_eq!(host.counters().dropped(Reason::Malformed), 1);
}

#[test]
fn floods_draw_no_more_messages_than_are_allowed_and_each_refusal_is_counted() {
    let flood = |packet: &dyn Fn(u16) -> Vec<u8>| {
        let mut host = Host::new();
        let per_second = host.node.limits().icmp_per_second;
        let mut sent = 0;
        for number in 0..4_000 {
            sent += host.give(&packet(number)).len();
        }
        let limited = host.counters().dropped(Reason::RateLimited);
        assert!(sent <= usize::from(per_second), "{sent}");
        assert!(sent > 0 && sent + limited as usize == 4_000, "{sent}");
    };
    let stranger = |number: u16| {
        let [high, low] = number.to_be_bytes();
        IpAddress::v4(198, 51, 100 + high, low.max(1))
    };
    flood(&|number| udp(stranger(number), US[0], 7, b"x"));
    flood(&|number| ping(stranger(number), US[0], 8));
    flood(&|number| ip(stranger(number), US[0], 47, &[0; 8]));
    let network = |number| IpAddress::v6(0xfd00, 0, 0, number + 1, 0, 0, 0, 1);
    flood(&|number| udp(network(number), US[1], 7, b"x"));
}

#[test]
fn what_one_stranger_uses_up_no_other_misses() {
    for (family, other) in [(0, v4(3)), (1, IpAddress::v6(0xfd00, 0, 0, 1, 0, 0, 0, 1))] {
        let mut host = Host::new();
        let per_second = usize::from(host.node.limits().strangers_per_second);
        let mut sent = 0;
        for number in 0..200 {
            // Over IPv6 from as many addresses as the network has.
            let src = [THEM[0], v6(number + 2)][family];
            sent += host.give(&udp(src, US[family], 7, b"x")).len();
        }
        assert_eq!(sent, per_second);
        assert_eq!(host.give(&udp(other, US[family], 7, b"x")).len(), 1);
        assert_eq!(host.give(&ping(other, US[family], 8)).len(), 1);
        host.now += Duration::from_secs(1);
        assert_eq!(host.give(&ping(THEM[family], US[family], 8)).len(), 1);
    }
}

#[test]
fn what_nobody_on_a_link_can_have_sent_is_dropped() {
    let mut host = Host::new();
    let loopback = [
        IpAddress::v4(127, 0, 0, 1),
        IpAddress::v6(0, 0, 0, 0, 0, 0, 0, 1),
    ];
    let reserved = IpAddress::v4(240, 0, 0, 1);
    for (from, to, reason) in [
        (US[0], US[0], Reason::FromOurselves),
        (US[1], US[1], Reason::FromOurselves),
        (loopback[0], US[0], Reason::NotUnicast),
        (loopback[1], US[1], Reason::NotUnicast),
        (reserved, US[0], Reason::NotUnicast),
    ] {
        let before = host.counters().dropped(reason);
        assert!(host.give(&udp(from, to, PORT, b"hello")).is_empty());
        assert!(
            host.node
                .next_udp()
                .and_then(|mut it| it.recv_from(&mut [0; 16]))
                .is_none(),
            "{from}"
        );
        assert_eq!(host.counters().dropped(reason), before + 1, "{from}");
    }
}

#[test]
fn a_syn_to_all_on_the_link_opens_nothing() {
    let mut host = Host::new();
    let syn = tcp(0, TcpControl::Syn, 1000, None, &[]);
    let to_all = frame(EthernetAddress::BROADCAST, &syn);
    host.cable.inbox.push_back(to_all);
    assert!(host.work().is_empty());
    assert_eq!(host.counters().dropped(Reason::NotUnicast), 1);
    assert_eq!(host.give(&syn).len(), 1);
}
