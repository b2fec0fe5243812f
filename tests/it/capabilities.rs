//! A device that takes less than others: what its driver says is heeded.

use crate::host::{Host, PORT, ping, tcp, v4, v6};
use crate::lab::{Cable, Column, Lab, PEER, Segment, Setup};
use smolchat::node::SendToError;
use smolchat::trace::Reason;
use smoltcp::time::Duration;
use smoltcp::wire::{IpAddress, IpEndpoint, TcpControl, TcpPacket};

/// Octets of the longest frame that the device takes, and of its header.
const LONGEST: usize = 1_314;
const ETHERNET: usize = 14;

/// A node whose device fails the test when it is handed a longer frame.
fn narrow(burst: Option<usize>) -> Host {
    Host::on(Cable {
        longest: LONGEST,
        burst,
        ..Cable::default()
    })
}

/// Octets of an IP header of this family.
fn header(family: usize) -> usize {
    [20, 40][family]
}

/// The TCP segment in a frame.
fn segment(family: usize, frame: &[u8]) -> TcpPacket<&[u8]> {
    TcpPacket::new_checked(&frame[ETHERNET + header(family)..]).expect("a segment")
}

/// The peer's SYN, and what it was offered: its number, segment size and window.
fn offered(host: &mut Host, family: usize) -> (u32, u16, u16) {
    let sent = host.give(&tcp(family, TcpControl::Syn, 1000, None, b""));
    let answer = segment(family, &sent[0]);
    let options = answer.options();
    assert_eq!(options[..2], [2, 4], "the segment size comes first");
    let size = u16::from_be_bytes([options[2], options[3]]);
    (answer.seq_number().0 as u32, size, answer.window_len())
}

#[test]
fn segments_are_no_longer_than_the_device_takes_both_ways() {
    for family in [0, 1] {
        let mut host = narrow(None);
        let room = LONGEST - ETHERNET - header(family) - 20;
        let (number, size, _) = offered(&mut host, family);
        assert_eq!(usize::from(size), room);
        // The peer names no segment size, or one that only its own device takes.
        let ack = Some(number.wrapping_add(1));
        host.give(&tcp(family, TcpControl::None, 1001, ack, b""));
        let (handle, _) = host.connection().expect("a connection");
        host.node
            .tcp(handle)
            .unwrap()
            .send(&[7; 4000])
            .expect("room");
        let sent = host.work();
        assert!(!sent.is_empty());
        assert!(sent.iter().all(|frame| frame.len() <= LONGEST));
    }
}

#[test]
fn what_a_peer_takes_is_cut_to_what_the_device_takes() {
    let setup = Setup {
        listens: false,
        ..Setup::default()
    };
    let mut lab = Lab::new(Column::Node, setup);
    lab.cable.longest = LONGEST;
    let syn = lab.connect(IpEndpoint::new(PEER.into(), 7)).expect("a SYN");
    assert_eq!(syn[0].mss, Some(1_260));
    let answer = Segment {
        src_port: 7,
        mss: Some(1_460),
        window: 60_000,
        ..lab.ack()
    };
    lab.give(&answer.syn());
    let sent = lab.send(&[7; 4000]);
    let longest = sent.iter().map(|it| it.data.len()).max();
    assert_eq!(longest, Some(1_260));
}

#[test]
fn datagrams_and_echoes_that_the_device_has_no_room_for_never_reach_it() {
    for (us, them) in [(v4(1), v4(2)), (v6(1), v6(2))] {
        let mut host = narrow(None);
        let headers = if matches!(us, IpAddress::Ipv4(_)) {
            28
        } else {
            48
        };
        let room = LONGEST - ETHERNET - headers;
        let remote = IpEndpoint::new(them, 40_000);
        let now = host.now;
        let refused = host
            .node
            .udp(PORT)
            .unwrap()
            .send_to(now, remote, &vec![7; room + 1]);
        assert_eq!(refused, Err(SendToError::TooLong));
        assert!(host.give(&ping(them, us, room + 1)).is_empty());
        assert_eq!(host.counters().dropped(Reason::TooLong), 1);
        let echo = host.give(&ping(them, us, room));
        assert_eq!(echo.iter().map(Vec::len).max(), Some(LONGEST));
        assert!(
            !host
                .node
                .send_frame(now, &mut host.cable, &[0; LONGEST + 1])
        );
    }
}

#[test]
fn a_device_that_holds_few_frames_is_sent_no_larger_window() {
    for family in [0, 1] {
        for (burst, window) in [(None, 16_384), (Some(2), 2), (Some(0), 1)] {
            let mut host = narrow(burst);
            let room = LONGEST - ETHERNET - header(family) - 20;
            let (number, _, first) = offered(&mut host, family);
            let limit = if burst.is_some() {
                window * room
            } else {
                window
            };
            assert!(usize::from(first) <= limit && usize::from(first) > limit - 40);
            let ack = Some(number.wrapping_add(1));
            let sent = host.give(&tcp(family, TcpControl::None, 1001, ack, b"hello"));
            assert!(sent.is_empty(), "an acknowledgment waits");
            host.now += Duration::from_secs(1);
            let sent = host.work();
            let later = segment(family, &sent[0]).window_len();
            assert!(usize::from(later) <= limit, "{later}");
        }
    }
}
