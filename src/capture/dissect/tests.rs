use super::*;
use std::vec::Vec;

/// A SYN from port 1 to port 2 with number 7, a window of 512, and MSS, scale, SACK and timestamps.
const SYN: [u8; 40] = [
    0, 1, 0, 2, 0, 0, 0, 7, 0, 0, 0, 0, 0xa0, 0x02, 2, 0, 0, 0, 0, 0, // header
    2, 4, 5, 0xb4, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 0, // options
];

fn ipv4_of(tcp: &[u8]) -> Vec<u8> {
    let length = u8::try_from(20 + tcp.len()).unwrap();
    let mut packet = Vec::from([
        0x45, 0, 0, length, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
    ]);
    packet.extend(tcp);
    packet
}

fn with(front: &[u8], rest: &[u8]) -> Vec<u8> {
    [front, rest].concat()
}

#[test]
fn a_syn_and_its_options_are_read() {
    let found = dissect(DataLink::RAW, &ipv4_of(&SYN)).unwrap();
    assert_eq!((found.from.port, found.to.port), (1, 2));
    assert_eq!(found.from.addr, IpAddress::v4(10, 0, 0, 1));
    assert_eq!(
        found.header,
        Header {
            seq: 7,
            ack: 0,
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
fn every_link_leads_to_the_same_segment() {
    let packet = ipv4_of(&SYN);
    let expected = dissect(DataLink::IPV4, &packet);
    assert!(expected.is_some());
    let mut cooked = [0; 16];
    cooked[14] = 8;
    for (link, front) in [
        (
            DataLink::ETHERNET,
            &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0][..],
        ),
        (
            DataLink::ETHERNET,
            &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x81, 0, 0, 5, 8, 0],
        ),
        (DataLink::LINUX_SLL, &cooked),
        (DataLink::LINUX_SLL2, &[0; 20]),
        (DataLink::NULL, &[2, 0, 0, 0]),
    ] {
        assert_eq!(dissect(link, &with(front, &packet)), expected, "{link:?}");
    }
}

#[test]
fn extension_headers_of_ipv6_are_passed_over() {
    let mut packet = Vec::from([0x60, 0, 0, 0, 0, 48, 0, 64]);
    packet.extend([0xfd; 16]);
    packet.extend([0xfe; 16]);
    packet.extend([6, 0, 1, 4, 0, 0, 0, 0]);
    packet.extend(SYN);
    let found = dissect(DataLink::RAW, &packet).unwrap();
    assert_eq!(found.header.mss, 1460);
}

#[test]
fn what_is_not_a_whole_tcp_header_is_passed_over() {
    let mut udp = ipv4_of(&SYN);
    udp[9] = 17;
    let mut later_fragment = ipv4_of(&SYN);
    later_fragment[7] = 1;
    for data in [
        &udp[..],
        &later_fragment,
        &ipv4_of(&SYN[..19]),
        &[],
        &[0x45],
    ] {
        assert_eq!(dissect(DataLink::RAW, data), None);
    }
}
