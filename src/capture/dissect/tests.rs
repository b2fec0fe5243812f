use super::*;
use crate::trace::{Flags, Options};
use smoltcp::wire::IpAddress;
use std::vec::Vec;

/// A SYN from port 1 to port 2 with number 7, a window of 512, and MSS, scale, SACK and timestamps.
const SYN: [u8; 40] = [
    0, 1, 0, 2, 0, 0, 0, 7, 0, 0, 0, 0, 0xa0, 0x02, 2, 0, 0, 0, 0, 0, // header
    2, 4, 5, 0xb4, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 0, // options
];
const RAW: u16 = 101;

fn ipv4_of(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(20 + payload.len()).unwrap();
    let mut packet = Vec::from([
        0x45, 0, 0, length, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
    ]);
    packet.extend(payload);
    packet
}

fn ipv6_of(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    let mut packet = Vec::from([0x60, 0, 0, 0, 0, length, protocol, 64]);
    packet.extend([0xfd; 16]);
    packet.extend([0xfe; 16]);
    packet.extend(payload);
    packet
}

fn with(front: &[u8], rest: &[u8]) -> Vec<u8> {
    [front, rest].concat()
}

fn ethernet(kind: [u8; 2], payload: &[u8]) -> Vec<u8> {
    [&[0; 12][..], &kind, payload].concat()
}

fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let [high, low] = port.to_be_bytes();
    with(&[0xc0, 0, high, low, 0, 0, 0, 0], payload)
}

fn whole(data: &[u8]) -> Octets<'_> {
    Octets::new(data, data.len())
}

#[track_caller]
fn found(link: u16, data: &[u8]) -> Dissected {
    match dissect(link, whole(data)) {
        Ok(Content::Segment(segment)) => segment,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_syn_and_its_options_are_read() {
    let found = found(RAW, &ipv4_of(6, &SYN));
    assert_eq!((found.from.port, found.to.port), (1, 2));
    assert_eq!(found.from.addr, IpAddress::v4(10, 0, 0, 1));
    assert_eq!((found.len, found.window), (0, Some(512)));
    assert_eq!(
        found.header,
        Header {
            seq: 7.into(),
            ack: 0.into(),
            flags: Flags::SYN,
            len: 0,
            window: 512,
            mss: 1460,
            options: Options::default()
                .with_scale(7)
                .with_sack_permitted()
                .with_timestamps(),
        }
    );
}

#[test]
fn every_link_type_leads_to_the_same_segment() {
    let packet = ipv4_of(6, &SYN);
    let expected = found(RAW, &packet);
    let mut cooked = [0; 16];
    cooked[14] = 8;
    let mut cooked2 = [0; 20];
    cooked2[0] = 8;
    let pppoe = [0x11, 0, 0, 1, 0, 82, 0, 0x21];
    for (link, front) in [
        (0, &[2, 0, 0, 0][..]),
        (108, &[0, 0, 0, 2]),
        (109, &[0; 12]),
        (1, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0]),
        (9, &[0, 0x21]),
        (9, &[0x21]),
        (50, &[0xff, 0x03, 0, 0x21]),
        (51, &pppoe),
        (12, &[]),
        (14, &[]),
        (228, &[]),
        (104, &[0x0f, 0, 8, 0]),
        (113, &cooked),
        (276, &cooked2),
    ] {
        assert_eq!(found(link, &with(front, &packet)), expected, "{link}");
    }
}

#[test]
fn every_layer_and_tunnel_leads_to_the_same_segment() {
    let packet = ipv4_of(6, &SYN);
    let expected = found(RAW, &packet);
    let frame = ethernet([8, 0], &packet);
    let behind = |kind, front: &[u8]| ethernet(kind, &with(front, &packet));
    let in_ip = |protocol, front: &[u8], rest: &[u8]| {
        ethernet([8, 0], &ipv4_of(protocol, &with(front, rest)))
    };
    let vxlan = with(&[8, 0, 0, 0, 0, 0, 1, 0], &frame);
    let geneve = with(&[1, 0, 0x65, 0x58, 0, 0, 1, 0, 1, 2, 3, 4], &frame);
    for (name, data) in [
        ("VLAN", behind([0x81, 0], &[0, 5, 8, 0])),
        ("QinQ", behind([0x88, 0xa8], &[0, 5, 0x81, 0, 0, 6, 8, 0])),
        ("old QinQ", behind([0x91, 0], &[0, 5, 0x81, 0, 0, 6, 8, 0])),
        ("SNAP", behind([0, 88], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0])),
        (
            "VLAN, SNAP",
            behind([0x81, 0], &[0, 5, 0, 88, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]),
        ),
        ("LLC", behind([0, 83], &[6, 6, 3])),
        (
            "PPPoE",
            behind([0x88, 0x64], &[0x11, 0, 0, 1, 0, 82, 0, 0x21]),
        ),
        ("MPLS", behind([0x88, 0x47], &[0, 1, 0, 64, 0, 2, 1, 64])),
        (
            "Ethernet over MPLS",
            ethernet([0x88, 0x47], &with(&[0, 1, 1, 64, 0, 0, 0, 0], &frame)),
        ),
        ("IP in IP", in_ip(4, &[], &packet)),
        ("GRE", in_ip(47, &[0, 0, 8, 0], &packet)),
        ("GRE, key", in_ip(47, &[0x20, 0, 8, 0, 0, 0, 0, 1], &packet)),
        ("Ethernet in GRE", in_ip(47, &[0, 0, 0x65, 0x58], &frame)),
        (
            "authenticated",
            in_ip(51, &[6, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], &SYN),
        ),
        ("VXLAN", in_ip(17, &[], &udp(4789, &vxlan))),
        ("Geneve", in_ip(17, &[], &udp(6081, &geneve))),
    ] {
        assert_eq!(found(1, &data), expected, "{name}");
    }
}

#[test]
fn extension_headers_of_ipv6_are_passed_over() {
    let atomic = [6, 0, 0, 0, 0, 0, 0, 9];
    let packet = ipv6_of(0, &with(&[44, 0, 1, 4, 0, 0, 0, 0], &with(&atomic, &SYN)));
    assert_eq!(found(229, &packet).header.mss, 1460);
    let tunnel = ipv4_of(41, &ipv6_of(6, &SYN));
    assert_eq!(found(228, &tunnel).header.mss, 1460);
}

#[test]
fn a_length_of_0_is_the_rest_of_the_packet() {
    let mut packet = with(&ipv4_of(6, &SYN), &[1; 3000]);
    packet[2..4].fill(0);
    assert_eq!(found(RAW, &packet).len, 3000);
    let mut packet = with(&ipv6_of(6, &SYN), &[1; 100_000]);
    packet[4..6].fill(0);
    let found = found(RAW, &packet);
    assert_eq!((found.len, found.header.len), (100_000, u16::MAX));
}

#[test]
fn more_than_64_kib_are_drawn_in_pieces() {
    let mut segment = found(RAW, &ipv4_of(6, &SYN));
    segment.header.flags = Flags::SYN.with(Flags::FIN).with(Flags::ACK);
    segment.header.len = u16::MAX;
    segment.len = 140_000;
    let pieces = Vec::from_iter(segment.pieces().map(|piece| {
        assert_eq!(piece.len, usize::from(piece.header.len));
        (piece.header.seq.get(), piece.header.flags, piece.header.len)
    }));
    let first = Flags::SYN.with(Flags::ACK);
    let last = Flags::FIN.with(Flags::ACK);
    assert_eq!(
        pieces,
        [
            (7, first, 65_535),
            (7 + 65_536, Flags::ACK, 65_535),
            (7 + 131_071, last, 8_930)
        ]
    );
}

#[test]
fn what_was_cut_off_is_unknown() {
    let packet = ipv4_of(6, &SYN);
    let cut = |kept| dissect(RAW, Octets::new(&packet[..kept], packet.len()));
    for kept in 0..34 {
        assert_eq!(cut(kept).unwrap_err(), LeftOut::Cut, "{kept}");
    }
    for kept in 34..packet.len() {
        let Ok(Content::Segment(segment)) = cut(kept) else {
            panic!("{kept}");
        };
        let window = (kept >= 36).then_some(512);
        assert_eq!((segment.window, segment.len), (window, 0));
        assert_ne!(segment.header.window, 0);
        assert_eq!(segment.header.mss > 0, kept >= 44, "{kept}");
    }
}

#[test]
fn what_is_no_tcp_is_passed_over() {
    let dns = ipv4_of(17, &udp(53, &[0; 20]));
    let arp = ethernet([8, 6], &[0; 28]);
    let spanning_tree = ethernet([0, 38], &[0x42, 0x42, 3, 0, 0]);
    let mut fragment_of_udp = dns.clone();
    fragment_of_udp[6] = 0x20;
    for (link, data) in [
        (RAW, &dns),
        (1, &arp),
        (1, &spanning_tree),
        (RAW, &fragment_of_udp),
    ] {
        let content = dissect(link, whole(data));
        assert!(matches!(content, Ok(Content::Other)), "{content:?}");
    }
}

#[test]
fn what_contradicts_itself_is_malformed_and_an_unknown_link_is_named() {
    let mut short_header = ipv4_of(6, &SYN);
    short_header[0] = 0x44;
    let mut short_packet = ipv4_of(6, &SYN);
    short_packet[3] = 10;
    let mut no_tcp_header = ipv4_of(6, &SYN);
    no_tcp_header[32] = 0x40;
    let mut long_tcp_header = ipv4_of(6, &SYN);
    long_tcp_header[32] = 0xf0;
    for data in [
        &short_header[..],
        &short_packet,
        &no_tcp_header,
        &long_tcp_header,
        &ipv4_of(6, &SYN[..13]),
        &[],
        &[0x45],
        &[0x95; 60],
    ] {
        assert_eq!(dissect(RAW, whole(data)).unwrap_err(), LeftOut::Malformed);
    }
    let unknown = dissect(147, whole(&SYN)).unwrap_err();
    assert_eq!(unknown, LeftOut::LinkType(147));
}
