//! Datagrams that come in pieces.

use crate::host::{Host, PORT, THEM, US, extended, ip, message, ping, segment, tcp, udp, v4, v6};
use crate::program::Program;
use smolchat::node::{Config, Memory, Node, Sizes};
use smolchat::trace::{Reason, Resource};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpCidr, Ipv4Packet, TcpControl};

/// Octets of payload in each piece.
const PIECE: usize = 1480;

/// The pieces of a packet.
fn cut(packet: &[u8], ident: u16) -> Vec<Vec<u8>> {
    if packet[0] >> 4 == 6 {
        return cut_v6(packet, ident);
    }
    let chunks: Vec<_> = packet[20..].chunks(PIECE).collect();
    let piece = |(index, chunk): (usize, &&[u8])| {
        let mut octets = [&packet[..20], *chunk].concat();
        let mut header = Ipv4Packet::new_unchecked(&mut octets[..]);
        header.set_total_len(20 + chunk.len() as u16);
        header.set_ident(ident);
        header.set_dont_frag(false);
        header.set_more_frags(index + 1 < chunks.len());
        header.set_frag_offset((index * PIECE) as u16);
        header.fill_checksum();
        octets
    };
    chunks.iter().enumerate().map(piece).collect()
}

fn cut_v6(packet: &[u8], ident: u16) -> Vec<Vec<u8>> {
    let chunks: Vec<_> = packet[40..].chunks(PIECE).collect();
    let piece = |(index, chunk): (usize, &&[u8])| {
        let more = u16::from(index + 1 < chunks.len());
        let [high, low] = ((index * PIECE) as u16 | more).to_be_bytes();
        let [a, b] = ident.to_be_bytes();
        let alone = [&packet[..40], *chunk].concat();
        extended(&alone, &[(44, &[0, high, low, 0, 0, a, b])])
    };
    chunks.iter().enumerate().map(piece).collect()
}

/// Gives all packets; what the node sent.
fn give<'p>(host: &mut Host, packets: impl IntoIterator<Item = &'p Vec<u8>>) -> Vec<Vec<u8>> {
    let packets = packets.into_iter();
    packets.flat_map(|packet| host.give(packet)).collect()
}

/// What came to the port, as the application takes it.
fn received(host: &mut Host) -> Option<Vec<u8>> {
    let mut room = vec![0; 65_535];
    let received = host
        .node
        .next_udp()
        .and_then(|mut it| it.recv_from(&mut room))?;
    room.truncate(received.len);
    Some(room)
}

fn text(len: usize) -> Vec<u8> {
    (0..len).map(|at| b'a' + (at % 26) as u8).collect()
}

#[test]
fn a_datagram_arrives_in_whatever_order_its_pieces_do() {
    for family in [0, 1] {
        let data = text(3000);
        let pieces = cut(&udp(THEM[family], US[family], PORT, &data), 7);
        assert_eq!(pieces.len(), 3);
        for order in [&[0, 1, 2][..], &[2, 1, 0], &[0, 2, 2, 0, 1], &[1, 0, 2]] {
            let mut host = Host::new();
            let order = order.iter().map(|index| &pieces[*index]);
            assert!(give(&mut host, order).is_empty());
            assert_eq!(received(&mut host), Some(data.clone()));
        }
    }
}

#[test]
fn the_longest_datagram_arrives() {
    for family in [0, 1] {
        let data = text(65_507);
        let mut host = Host::new();
        give(
            &mut host,
            &cut(&udp(THEM[family], US[family], PORT, &data), 7),
        );
        assert_eq!(received(&mut host), Some(data));
    }
}

#[test]
fn a_segment_in_pieces_reaches_its_connection() {
    for family in [0, 1] {
        let mut host = Host::new();
        let syn = tcp(family, TcpControl::Syn, 1000, None, &[]);
        let (_, iss, _) = segment(&host.give(&syn));
        let next = Some(iss.wrapping_add(1));
        let data = text(2800);
        let whole = tcp(family, TcpControl::Psh, 1001, next, &data);
        assert!(give(&mut host, &cut(&whole, 7)).is_empty());
        host.now += Duration::from_millis(10);
        let (bits, _, ack) = segment(&host.work());
        assert_eq!((bits, ack), (0x10, 1001 + 2800));
        let handle = host.node.accept().expect("a connection");
        let mut room = vec![0; 4096];
        assert_eq!(host.node.tcp(handle).unwrap().recv(&mut room), Ok(2800));
        assert_eq!(&room[..2800], data);
    }
}

#[test]
fn pieces_behind_extension_headers_come_together_too() {
    let data = text(3000);
    let datagram = udp(THEM[1], US[1], PORT, &data);
    let inner = extended(&datagram, &[(60, &crate::host::PADDED)]);
    let pieces = cut(&inner, 7);
    let behind = pieces
        .iter()
        .map(|piece| extended(piece, &[(0, &crate::host::PADDED)]));
    let pieces: Vec<_> = behind.collect();
    let mut host = Host::new();
    give(&mut host, &pieces);
    assert_eq!(received(&mut host), Some(data));
}

#[test]
fn a_closed_port_is_told_of_a_whole_datagram_and_never_of_a_piece() {
    let mut host = Host::new();
    let pieces = cut(&udp(THEM[0], US[0], 7, &text(3000)), 7);
    assert!(give(&mut host, &pieces[1..]).is_empty());
    assert_eq!(message(&host.give(&pieces[0])), (3, 3, 0));
    // Of one that is answered with as many octets, the answer would be in pieces: this node makes none.
    let pieces = cut(&ping(THEM[0], US[0], 3000), 8);
    assert!(give(&mut host, &pieces).is_empty());
    assert_eq!(host.counters().dropped(Reason::TooLong), 1);
}

#[test]
fn what_is_lost_is_counted_when_its_time_is_over() {
    let mut host = Host::new();
    let pieces = cut(&udp(THEM[0], US[0], PORT, &text(3000)), 7);
    give(&mut host, &pieces[..2]);
    let deadline = host.node.poll_egress(host.now, &mut host.cable);
    assert_eq!(deadline, Some(host.now + Duration::from_secs(30)));
    host.now += Duration::from_secs(30);
    host.work();
    assert_eq!(host.counters().dropped(Reason::FragmentTimeout), 1);
    // What comes then is the first of another one.
    give(&mut host, &pieces[2..]);
    assert_eq!(received(&mut host), None);
}

#[test]
fn pieces_never_mix() {
    let mut host = Host::new();
    let pieces = cut(&udp(THEM[0], US[0], PORT, &text(3000)), 7);
    let forged = cut(&udp(THEM[0], US[0], PORT, &[b'!'; 3000]), 7);
    let order = [&pieces[0], &forged[1], &forged[0], &pieces[1], &pieces[2]];
    give(&mut host, order);
    assert_eq!(received(&mut host), None);
    assert_eq!(host.counters().dropped(Reason::FragmentOverlap), 3);
}

#[test]
fn a_flood_of_pieces_from_one_sender_costs_another_nothing() {
    let mut host = Host::new();
    let data = text(3000);
    let pieces = cut(&udp(THEM[0], US[0], PORT, &data), 7);
    give(&mut host, &pieces[..1]);
    for ident in 0..1000 {
        let flood = cut(&udp(v4(3), US[0], PORT, &data), ident);
        give(&mut host, &flood[..1]);
    }
    give(&mut host, &pieces[1..]);
    assert_eq!(received(&mut host), Some(data));
    assert_eq!(host.counters().full(Resource::Fragments), 998);
}

#[test]
fn pieces_for_others_of_ourselves_or_from_many_take_no_place() {
    let mut host = Host::new();
    for (src, dst, reason) in [
        (THEM[0], v4(9), Reason::NotForUs),
        (THEM[0], v4(255), Reason::NotForUs),
        (US[0], US[0], Reason::FromOurselves),
        (v4(255), US[0], Reason::NotUnicast),
        (v6(9), v6(8), Reason::NotForUs),
    ] {
        let before = host.counters().dropped(reason);
        give(&mut host, &cut(&udp(src, dst, PORT, &text(3000)), 7));
        assert_eq!(host.counters().dropped(reason) - before, 3);
    }
    let forged = ip(THEM[0], US[0], 17, &[0; 1480]);
    let mut piece = cut(&forged, 7).remove(0);
    piece[6] = 0x20;
    assert!(host.give(&piece).is_empty());
    assert_eq!(host.counters().dropped(Reason::Malformed), 1);
}

#[test]
fn a_node_without_places_says_of_each_piece_that_it_goes_no_further() {
    let config = Config::new(
        EthernetAddress([2, 0, 0, 0, 0, 1]),
        IpCidr::new(US[0], 24),
        [7; 16],
    );
    let sizes = Sizes {
        assemblies: 0,
        ..Sizes::default()
    };
    let mut node = Node::new(config, Memory::heap(sizes), Instant::ZERO).unwrap();
    let mut cable = crate::lab::Cable::default();
    let pieces = cut(&udp(THEM[0], US[0], PORT, &text(3000)), 7);
    for piece in &pieces {
        let frame = crate::host::frame(crate::host::MAC, piece);
        cable.inbox.push_back(frame);
    }
    let _ = node.poll(Instant::ZERO, &mut cable);
    assert_eq!(node.journal().counters().dropped(Reason::Fragment), 3);
}

#[test]
fn a_datagram_that_the_kernel_cut_reaches_the_room() {
    let mut server =
        Program::start("serve --plain --address 192.168.69.1/24 --address fd00:69::1/64");
    server.expect("q ends");
    let said = server.python(
        r#"
import socket
for family, address in [(socket.AF_INET, "192.168.69.1"), (socket.AF_INET6, "fd00:69::1")]:
    u = socket.socket(family, socket.SOCK_DGRAM); u.settimeout(10)
    u.connect((address, 9000))
    u.send(b"x" * 3000); print(u.recv(4096).decode())"#,
    );
    let answer = "That was too long: at most 1024 octets. Nobody was told; send it in parts.\n";
    assert_eq!(said, answer.repeat(2));
    server.type_line("q");
    server.expect_end();
}
