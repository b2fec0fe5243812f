//! Hardware addresses: whom a node believes, whom it asks, and what it says of its own.

mod moved;
mod paths;

use crate::hall::Hall;
use crate::host::{self, Host, frame};
use crate::lab::{Column, Lab, PEER, PORT, Segment, Setup, Subject, US, host, mac_of};
use crate::pair::sizes;
use smolchat::device::Side;
use smolchat::node::{Handle, Node};
use smolchat::trace::{Kind, Neighbor, Reason};
use smoltcp::time::Duration;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol, IpAddress,
    IpEndpoint, Ipv4Address,
};

const THIEF: EthernetAddress = EthernetAddress([2, 0xbb, 0, 0, 0, 1]);
const NOBODY: Ipv4Address = Ipv4Address::UNSPECIFIED;

/// An ARP packet in a frame to everybody.
fn arp(
    operation: ArpOperation,
    from: EthernetAddress,
    source: Ipv4Address,
    target: Ipv4Address,
) -> Vec<u8> {
    let mut octets = vec![0; 42];
    let mut frame = EthernetFrame::new_unchecked(&mut octets[..]);
    frame.set_src_addr(from);
    frame.set_dst_addr(EthernetAddress::BROADCAST);
    frame.set_ethertype(EthernetProtocol::Arp);
    let repr = ArpRepr::EthernetIpv4 {
        operation,
        source_hardware_addr: from,
        source_protocol_addr: source,
        target_hardware_addr: EthernetAddress([0; 6]),
        target_protocol_addr: target,
    };
    repr.emit(&mut ArpPacket::new_unchecked(frame.payload_mut()));
    octets
}

/// The frames that the node sends now, with nobody who answers questions.
fn sent(lab: &mut Lab) -> Vec<Vec<u8>> {
    let now = lab.now;
    let Lab { subject, cable, .. } = lab;
    let Subject::Node { node, .. } = subject else {
        panic!("not a node");
    };
    while !cable.inbox.is_empty() {
        node.poll_ingress(now, cable);
    }
    let _ = node.poll_egress(now, cable);
    cable.outbox.drain(..).collect()
}

/// The frames that the node sends after some time.
fn sent_after(lab: &mut Lab, millis: u64) -> Vec<Vec<u8>> {
    lab.now += Duration::from_millis(millis);
    let now = lab.now;
    if let Subject::Node { node, .. } = &mut lab.subject {
        let _ = node.poll(now, &mut lab.cable);
    }
    lab.cable.outbox.drain(..).collect()
}

/// The ARP packets among frames: operation, who speaks, and about whom.
fn arps(frames: &[Vec<u8>]) -> Vec<(ArpOperation, Ipv4Address, Ipv4Address)> {
    let read = |octets: &Vec<u8>| {
        let frame = EthernetFrame::new_checked(&octets[..]).unwrap();
        if frame.ethertype() != EthernetProtocol::Arp {
            return None;
        }
        match ArpRepr::parse(&ArpPacket::new_checked(frame.payload()).unwrap()) {
            Ok(ArpRepr::EthernetIpv4 {
                operation,
                source_protocol_addr,
                target_protocol_addr,
                ..
            }) => Some((operation, source_protocol_addr, target_protocol_addr)),
            _ => None,
        }
    };
    frames.iter().filter_map(read).collect()
}

/// Where the data segments among frames go.
fn lines(frames: &[Vec<u8>]) -> Vec<EthernetAddress> {
    let segments = frames.iter().filter_map(|frame| Segment::parse(frame));
    segments
        .filter(|it| !it.data.is_empty())
        .map(|it| it.to.unwrap())
        .collect()
}

/// Members on so many hosts, from 192.0.2.10 on; how each segment of a host's goes on.
fn members(count: u8) -> (Lab, Vec<Handle>, Vec<Segment>) {
    let setup = Setup {
        connections: usize::from(count),
        ..Setup::default()
    };
    let mut lab = Lab::new(Column::Node, setup);
    // Until its own address is announced.
    lab.wait_secs(6);
    let mut next = vec![];
    let mut handles = vec![];
    for number in 10..10 + count {
        let syn = Segment {
            src: host(number),
            ..lab.syn()
        };
        let answer = lab.give(&syn);
        let ack = Segment {
            src: host(number),
            seq: syn.seq + 1,
            ack: Some(answer[0].seq.wrapping_add(1)),
            ..Segment::default()
        };
        lab.give(&ack);
        let Subject::Node { handle, .. } = &mut lab.subject else {
            panic!("not a node");
        };
        handles.push(handle.take().expect("a member"));
        next.push(ack);
    }
    lab.answers = false;
    (lab, handles, next)
}

fn say(lab: &mut Lab, handles: &[Handle]) {
    for handle in handles {
        lab.node().tcp(*handle).unwrap().send(b"hello").unwrap();
    }
}

fn dropped(node: &Node<'_>, reason: Reason) -> u64 {
    node.journal().counters().dropped(reason)
}

fn noted(node: &Node<'_>, wanted: Neighbor) -> usize {
    let events = node.journal().iter();
    events
        .filter(|(_, event)| event.kind() == Kind::Neighbor(wanted))
        .count()
}

#[test]
fn after_any_silence_fifty_members_on_fifty_hosts_hear_a_line_at_once() {
    let (mut lab, handles, _) = members(50);
    for silence in [61, 3600, 100_000] {
        lab.now += Duration::from_secs(silence);
        say(&mut lab, &handles);
        let heard = lines(&sent(&mut lab));
        let hosts: Vec<_> = (10..60).map(|number| mac_of(host(number))).collect();
        assert_eq!(heard, hosts, "after {silence} s");
        // The answers, so that nothing is sent again.
        for number in 10..60 {
            let unheard = lab.node().tcp(handles[number - 10]).unwrap().send_queue();
            assert_eq!(unheard, 5);
        }
        acknowledge(&mut lab, &handles);
    }
}

/// Every host acknowledges what was sent to it.
fn acknowledge(lab: &mut Lab, handles: &[Handle]) {
    let now = lab.now;
    let statuses: Vec<_> = handles
        .iter()
        .map(|handle| lab.node().status(*handle).unwrap())
        .collect();
    for status in statuses {
        let last = lab
            .node()
            .journal()
            .of(status.id)
            .rev()
            .find_map(|(_, event)| match event.kind() {
                Kind::Segment(segment) if segment.header.len > 0 => Some(segment.header),
                _ => None,
            });
        let last = last.expect("a line");
        let IpAddress::Ipv4(src) = status.flow.remote.addr else {
            panic!("not IPv4");
        };
        let ack = Segment {
            src,
            seq: last.ack.get(),
            ack: Some(last.end().get()),
            ..Segment::default()
        };
        lab.cable.inbox.push_back(ack.frame());
    }
    lab.work();
    assert_eq!(lab.now, now);
}

#[test]
fn one_who_vanished_holds_up_nobody() {
    for silence in [61, 3600, 100_000] {
        let (mut lab, handles, _) = members(50);
        lab.now += Duration::from_secs(silence);
        // Ten of them do not acknowledge any more: whatever is asked for them, the others hear each line at
        // once.
        for line in 0..5 {
            say(&mut lab, &handles);
            let heard = lines(&sent(&mut lab));
            for number in 20..60 {
                let times = heard.iter().filter(|it| **it == mac_of(host(number)));
                assert_eq!(times.count(), 1, "host {number}, line {line}, {silence} s");
            }
            acknowledge(&mut lab, &handles[10..]);
            lab.wait_secs(1);
        }
    }
}

#[test]
fn nothing_that_a_stranger_says_moves_a_live_connection() {
    let (mut lab, handles, next) = members(1);
    let member = host(10);
    let forged = |segment: Segment| {
        Segment {
            from: Some(THIEF),
            ..segment
        }
        .frame()
    };
    let far = Segment {
        seq: next[0].seq.wrapping_add(1_000_000),
        ..next[0].clone()
    };
    let frames = [
        arp(ArpOperation::Reply, THIEF, member, US),
        arp(ArpOperation::Request, THIEF, member, US),
        arp(ArpOperation::Request, THIEF, member, member),
        forged(lab.syn()),
        forged(Segment {
            src: member,
            ..lab.syn()
        }),
        forged(far.clone().data(b"x")),
        forged(far.rst()),
    ];
    let before = dropped(lab.node(), Reason::Unasked);
    for frame in frames {
        lab.cable.inbox.push_back(frame);
        lab.work();
        say(&mut lab, &handles);
        assert_eq!(lines(&sent(&mut lab)), [mac_of(member)]);
        acknowledge(&mut lab, &handles);
    }
    assert_eq!(dropped(lab.node(), Reason::Unasked), before + 2);
}

#[test]
fn strangers_who_ask_evict_nobody() {
    let (mut lab, handles, _) = members(1);
    lab.node().bind(PORT).unwrap();
    let now = lab.now;
    let to = IpEndpoint::new(PEER.into(), 7);
    lab.answers = true;
    lab.node()
        .udp(PORT)
        .unwrap()
        .send_to(now, to, b"hello")
        .unwrap();
    lab.work();
    lab.answers = false;
    for number in 0..300u16 {
        let [high, low] = number.to_be_bytes();
        let stranger = Ipv4Address::new(192, 0, 2, 100 + (number % 97) as u8);
        let from = EthernetAddress([2, 0xdd, 0, 0, high, low]);
        let question = arp(ArpOperation::Request, from, stranger, US);
        lab.cable.inbox.push_back(question);
    }
    // Each is answered, and asks nothing of us.
    assert_eq!(arps(&sent(&mut lab)).len(), 300);
    say(&mut lab, &handles);
    lab.node()
        .udp(PORT)
        .unwrap()
        .send_to(now, to, b"again")
        .unwrap();
    let frames = sent(&mut lab);
    assert_eq!(lines(&frames), [mac_of(host(10))]);
    assert_eq!(arps(&frames), []);
    assert_eq!(frames.len(), 2);
}

#[test]
fn whoever_asks_whether_our_address_is_free_is_told_that_it_is_not() {
    let mut lab = Lab::server(Column::Node);
    lab.wait_secs(10);
    lab.cable
        .inbox
        .push_back(arp(ArpOperation::Request, THIEF, NOBODY, US));
    let frames = sent(&mut lab);
    // To everybody: an announcement.
    assert_eq!(arps(&frames), [(ArpOperation::Request, US, US)]);
    assert_eq!(noted(lab.node(), Neighbor::Wanted(US.into())), 1);
}

#[test]
fn a_node_probes_its_address_three_times_and_announces_it_twice() {
    let mut lab = Lab::server(Column::Node);
    lab.wait_secs(10);
    assert_eq!(noted(lab.node(), Neighbor::Probed(US.into())), 3);
    assert_eq!(noted(lab.node(), Neighbor::WeAnswered(US.into())), 2);
}

#[test]
fn somebody_else_with_our_address_is_reported_and_told_every_ten_seconds_at_most() {
    for from in [THIEF, mac_of(US)] {
        let mut lab = Lab::server(Column::Node);
        lab.wait_secs(10);
        let before = noted(lab.node(), Neighbor::WeAnswered(US.into()));
        for _ in 0..15 {
            lab.cable
                .inbox
                .push_back(arp(ArpOperation::Request, from, US, host(9)));
            lab.wait_secs(1);
        }
        let conflict = Neighbor::Conflict(US.into(), from);
        assert_eq!(noted(lab.node(), conflict), 2, "{from}");
        let told = noted(lab.node(), Neighbor::WeAnswered(US.into())) - before;
        assert_eq!(told, 2, "{from}");
    }
}

#[test]
fn the_operator_reads_who_has_our_address_too_every_ten_seconds_at_most() {
    for live in [true, false] {
        the_operator_reads_of_a_conflict(live);
    }
}

fn the_operator_reads_of_a_conflict(live: bool) {
    let mut hall = Hall::new(sizes(1), 1, live);
    hall.run_for(Duration::from_secs(10));
    assert_eq!(hall.screen.text, "");
    let claim = arp(
        ArpOperation::Request,
        THIEF,
        Ipv4Address::new(192, 0, 2, 2),
        host(9),
    );
    let line = "-- conflict: 02-bb-00-00-00-01 has our address 192.0.2.2, too: give one of the two another\n";
    for (second, lines) in (0..15).map(|second| (second, 1 + second / 10)) {
        assert!(hall.pair.wire.inject(Side::A, hall.pair.now, &claim));
        hall.run_for(Duration::from_secs(1));
        assert_eq!(hall.screen.text, line.repeat(lines), "second {second}");
    }
}

#[test]
fn whoever_never_used_arp_gets_the_first_answer() {
    let mut lab = Lab::server(Column::Node);
    lab.wait_secs(10);
    lab.answers = false;
    let stranger = host(99);
    lab.cable
        .inbox
        .push_back(crate::lab::echo_request(stranger));
    let frames = sent(&mut lab);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0][..6], mac_of(stranger).0);
    assert_eq!(arps(&frames), []);
    // A datagram waits until its receiver is found.
    let now = lab.now;
    lab.node().bind(PORT).unwrap();
    let to = IpEndpoint::new(stranger.into(), 7);
    lab.node()
        .udp(PORT)
        .unwrap()
        .send_to(now, to, b"hello")
        .unwrap();
    let frames = sent(&mut lab);
    assert_eq!(arps(&frames), [(ArpOperation::Request, US, stranger)]);
    assert_eq!(frames.len(), 1);
    lab.cable
        .inbox
        .push_back(arp(ArpOperation::Reply, mac_of(stranger), stranger, US));
    let frames = sent(&mut lab);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0][..6], mac_of(stranger).0);
}

#[test]
fn a_frame_with_a_priority_tag_is_like_one_without() {
    let mut lab = Lab::server(Column::Node);
    let mut octets = lab.syn().frame();
    octets.splice(12..12, [0x81, 0x00, 0x60, 0x00]);
    lab.cable.inbox.push_back(octets);
    let answer = lab.work();
    assert!(answer.iter().any(Segment::is_syn), "{answer:?}");
}

/// A neighbour solicitation from `::` for fd00::1, to the group of whoever has that address.
#[rustfmt::skip]
const IS_IT_FREE: [u8; 64] = [
    0x60, 0, 0, 0, 0, 24, 58, 255,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 1,
    135, 0, 0x7d, 0xa5, 0, 0, 0, 0,
    0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
];

/// The advertisement in answer, to all nodes: not solicited, for nobody can be told; to override what they
/// know; with the hardware address.
#[rustfmt::skip]
const IT_IS_NOT: [u8; 86] = [
    0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x86, 0xdd,
    0x60, 0, 0, 0, 0, 32, 58, 255,
    0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
    0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
    136, 0, 0x5a, 0x9b, 0x20, 0, 0, 0,
    0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
    2, 1, 2, 0, 0, 0, 0, 1,
];

#[test]
fn whoever_asks_whether_our_ipv6_address_is_free_is_told_among_all_nodes_that_it_is_not() {
    let group = EthernetAddress([0x33, 0x33, 0xff, 0, 0, 1]);
    let mut host = Host::new();
    host.cable.inbox.push_back(frame(group, &IS_IT_FREE));
    assert_eq!(host.work(), [IT_IS_NOT]);
    let ours = host::v6(1);
    assert_eq!(noted(&host.node, Neighbor::Wanted(ours)), 1);
    // In a fragment, be it the only one, nobody asks (RFC 6980).
    let fragment = host::extended(&IS_IT_FREE, &[(44, &host::ATOMIC)]);
    host.cable.inbox.push_back(frame(group, &fragment));
    assert_eq!(host.work(), [[0; 0]; 0]);
    assert_eq!(dropped(&host.node, Reason::Malformed), 1);
    // An address that is not ours is anybody's.
    let mut other = IS_IT_FREE;
    // The sum stays the same: one more here, one less there.
    (other[49], other[63]) = (1, 0);
    host.cable.inbox.push_back(frame(group, &other));
    assert_eq!(host.work(), [[0; 0]; 0]);
    assert_eq!(dropped(&host.node, Reason::NotForUs), 1);
}
