//! How connections come to be: RFC 9293 sections 3.4.1, 3.5, 3.9.1, 3.10.1, 3.10.7.1 to 3.10.7.3.

use smolchat::trace::State;
use smoltcp::wire::{EthernetAddress, IpEndpoint, Ipv4Address};

use super::finding::{
    ANY, Finding, RST, SYN, ack, among, differ, equal, expect, listens, none, only, over, silent,
    state,
};
use crate::lab::{Column, Lab, PEER, PORT, Segment, Setup, US, host, mac_of};

fn first_syn(sent: &[Segment]) -> Option<&Segment> {
    sent.iter().find(|it| it.is_syn())
}

/// Another peer's SYN.
fn syn_of_another(lab: &Lab) -> Segment {
    let src_port = 7;
    Segment {
        src_port,
        ..lab.syn()
    }
}

fn with_two_connections(column: Column, secret: u8) -> Lab {
    let setup = Setup {
        connections: 2,
        secret,
        ..Setup::default()
    };
    Lab::new(column, setup)
}

/// The sequence number of the SYN,ACK that a fresh subject gives.
fn isn(column: Column, secret: u8) -> Option<u32> {
    let setup = Setup {
        secret,
        ..Setup::default()
    };
    let mut lab = Lab::new(column, setup);
    first_syn(&lab.half_open()).map(|it| it.seq)
}

pub(crate) fn sequence_numbers_follow_a_clock(column: Column) -> Finding {
    let mut lab = Lab::server(column);
    lab.half_open();
    let first = lab.rcv;
    lab.give(&lab.reset());
    lab.wait_secs(4);
    let sent = lab.half_open();
    among("after a SYN, 4 s after another", &sent, SYN)?;
    let steps = lab.rcv.wrapping_sub(first);
    equal("steps of the sequence number in 4 s", steps, 1_000_000)
}

pub(crate) fn sequence_numbers_differ_after_each_boot(column: Column) -> Finding {
    let [one, again, other] = [1, 1, 2].map(|secret| isn(column, secret));
    equal("sequence number, the same secret again", again, one)?;
    differ("sequence number under two secrets", one, other)
}

pub(crate) fn sequence_numbers_of_two_peers_tell_nothing_of_each_other(column: Column) -> Finding {
    // The distance between the numbers of two peers is another one under another secret.
    let distance = |secret| {
        let mut lab = with_two_connections(column, secret);
        let one = lab.half_open();
        let other = lab.give(&syn_of_another(&lab));
        let seq = |sent: &[Segment]| first_syn(sent).map(|it| it.seq);
        Some(seq(&one)?.wrapping_sub(seq(&other)?))
    };
    let [one, other] = [1, 2].map(distance);
    expect(one.is_some(), "SYN,ACK for each of two", "none", "one")?;
    differ("distance of two numbers under two secrets", one, other)
}

pub(crate) fn a_simultaneous_open_completes_on_an_acknowledgment(column: Column) -> Finding {
    let (mut lab, _) = Lab::opening(column);
    let sent = lab.give(&lab.syn());
    lab.snd += 1;
    among("after a SYN", &sent, SYN.ack(lab.snd))?;
    state(&mut lab, State::SynReceived)?;
    lab.give(&lab.ack());
    state(&mut lab, State::Established)
}

pub(crate) fn a_simultaneous_open_completes_on_a_syn_ack(column: Column) -> Finding {
    let (mut lab, _) = Lab::opening(column);
    let syn = lab.syn();
    lab.give(&syn);
    state(&mut lab, State::SynReceived)?;
    let ack = Some(lab.rcv);
    lab.give(&Segment { ack, ..syn });
    state(&mut lab, State::Established)
}

pub(crate) fn a_reset_returns_a_passive_open_to_listen(column: Column) -> Finding {
    let mut lab = Lab::server(column);
    lab.half_open();
    state(&mut lab, State::SynReceived)?;
    silent("after a RST", &lab.give(&lab.reset()))?;
    state(&mut lab, State::Listen)?;
    listens(&mut lab)
}

pub(crate) fn a_reset_ends_an_active_open_in_syn_received(column: Column) -> Finding {
    let (mut lab, _) = Lab::opening(column);
    lab.half_open();
    state(&mut lab, State::SynReceived)?;
    silent("after a RST", &lab.give(&lab.reset()))?;
    state(&mut lab, State::Closed)
}

pub(crate) fn another_listener_does_not_take_a_repeated_syn(column: Column) -> Finding {
    let mut lab = with_two_connections(column, 7);
    let other = syn_of_another(&lab);
    lab.give(&other);
    let syn = lab.syn();
    lab.half_open();
    // The first one goes: whatever served it listens again.
    let seq = other.seq + 1;
    lab.give(&Segment { seq, ..other }.rst());
    lab.give(&syn);
    let mut sent = lab.give(&lab.ack().data(b"hello"));
    none("after the handshake", &sent, RST)?;
    sent.extend(lab.wait_secs(1));
    among("after data", &sent, ANY.ack(lab.snd + 5))
}

pub(crate) fn two_peers_can_be_in_a_handshake_at_once(column: Column) -> Finding {
    let mut lab = with_two_connections(column, 7);
    let other = syn_of_another(&lab);
    lab.cable.inbox.push_back(lab.syn().frame());
    lab.cable.inbox.push_back(other.frame());
    let sent = lab.work();
    let called: Vec<_> = sent
        .iter()
        .filter(|it| it.is_syn())
        .map(|it| it.dst_port)
        .collect();
    equal(
        "ports that a SYN,ACK went to",
        called,
        [lab.syn().src_port, other.src_port],
    )
}

pub(crate) fn a_handshake_beyond_the_connections_is_not_refused(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let other = syn_of_another(&lab);
    none("after one SYN too many", &lab.give(&other), RST)?;
    // There is room again, and the peer repeats its SYN.
    lab.give(&lab.reset());
    lab.let_go();
    let sent = lab.give(&other);
    among(
        "after the same SYN with room",
        &sent,
        SYN.ack(other.seq + 1),
    )
}

fn is_refused(column: Column, target: Ipv4Address) -> Finding {
    let mut lab = Lab::client(column);
    let taken = lab.connect(IpEndpoint::new(target.into(), 80)).is_some();
    equal(&format!("whether OPEN to {target} is taken"), taken, false)?;
    let sent = lab.connect(IpEndpoint::new(PEER.into(), 80));
    among("after OPEN to a peer", &sent.unwrap_or_default(), SYN)
}

pub(crate) fn opening_to_everybody_is_refused(column: Column) -> Finding {
    is_refused(column, host(255))?;
    is_refused(column, Ipv4Address::BROADCAST)?;
    is_refused(column, Ipv4Address::new(224, 0, 0, 1))
}

pub(crate) fn opening_to_ourselves_is_refused(column: Column) -> Finding {
    is_refused(column, US)
}

pub(crate) fn the_address_that_was_called_answers(column: Column) -> Finding {
    let mut lab = Lab::server(column);
    let sent = lab.half_open();
    let sources: Vec<_> = sent.iter().map(|it| (it.src, it.src_port)).collect();
    equal(
        "where the answer to a SYN comes from",
        sources,
        [(US, PORT)],
    )
}

/// A SYN that draws nothing, now and later, and takes nobody's place.
fn is_discarded(column: Column, change: impl Fn(Segment) -> Segment) -> Finding {
    let mut lab = Lab::server(column);
    let syn = change(lab.syn());
    let after = format!("after a SYN from {} to {}", syn.src, syn.dst);
    silent(&after, &lab.give(&syn))?;
    silent(&after, &lab.wait_secs(5))?;
    listens(&mut lab)
}

fn is_discarded_to(column: Column, dst: Ipv4Address, to: EthernetAddress) -> Finding {
    let to = Some(to);
    is_discarded(column, |syn| Segment { dst, to, ..syn })
}

pub(crate) fn a_syn_to_everybody_is_silently_discarded(column: Column) -> Finding {
    let multicast = EthernetAddress([1, 0, 0x5e, 0, 0, 1]);
    is_discarded_to(column, host(255), EthernetAddress::BROADCAST)?;
    is_discarded_to(column, Ipv4Address::BROADCAST, EthernetAddress::BROADCAST)?;
    is_discarded_to(column, Ipv4Address::new(224, 0, 0, 1), multicast)
}

fn is_discarded_from(column: Column, src: Ipv4Address) -> Finding {
    let from = Some(mac_of(PEER));
    is_discarded(column, |syn| Segment { src, from, ..syn })
}

pub(crate) fn a_syn_from_everybody_is_silently_discarded(column: Column) -> Finding {
    is_discarded_from(column, host(255))?;
    is_discarded_from(column, Ipv4Address::new(224, 0, 0, 1))
}

pub(crate) fn a_syn_from_our_own_address_is_silently_discarded(column: Column) -> Finding {
    is_discarded_from(column, US)
}

/// A segment to a port that nobody serves.
fn stray(segment: Segment) -> Segment {
    let dst_port = 1;
    Segment {
        dst_port,
        ..segment
    }
}

pub(crate) fn what_comes_to_no_listener_is_reset(column: Column) -> Finding {
    let mut lab = Lab::server(column);
    let sent = lab.give(&stray(lab.syn()));
    only("after a SYN", &sent, RST.seq(0).ack(lab.snd + 1))?;
    lab.rcv = 55;
    let sent = lab.give(&stray(lab.ack()));
    only("after an ACK", &sent, RST.seq(55).without_ack())
}

pub(crate) fn a_reset_to_no_listener_is_ignored(column: Column) -> Finding {
    let mut lab = Lab::server(column);
    silent("after a RST", &lab.give(&stray(lab.ack()).rst()))?;
    silent("after a RST without ACK", &lab.give(&stray(lab.reset())))?;
    // The same is answered when it is no reset.
    only("after an ACK", &lab.give(&stray(lab.ack())), RST)
}

pub(crate) fn an_acknowledgment_to_a_listener_is_reset(column: Column) -> Finding {
    let mut lab = Lab::server(column);
    lab.rcv = 55;
    let sent = lab.give(&lab.ack());
    only("after an ACK", &sent, RST.seq(55).without_ack())?;
    state(&mut lab, State::Listen)
}

pub(crate) fn a_reset_to_a_listener_is_ignored(column: Column) -> Finding {
    let mut lab = Lab::server(column);
    silent("after a RST", &lab.give(&lab.reset()))?;
    state(&mut lab, State::Listen)?;
    listens(&mut lab)
}

pub(crate) fn syn_sent_resets_a_wrong_acknowledgment(column: Column) -> Finding {
    let (mut lab, _) = Lab::opening(column);
    let wrong = lab.rcv ^ 0x1000;
    let ack = Some(wrong);
    let sent = lab.give(&Segment { ack, ..lab.syn() });
    only("after a wrong SYN,ACK", &sent, RST.seq(wrong))?;
    state(&mut lab, State::SynSent)
}

pub(crate) fn syn_sent_believes_only_a_reset_that_acknowledges_its_syn(column: Column) -> Finding {
    let (mut lab, _) = Lab::opening(column);
    silent("after a RST without ACK", &lab.give(&lab.reset()))?;
    state(&mut lab, State::SynSent)?;
    lab.give(&lab.ack().rst());
    state(&mut lab, State::Closed)
}

pub(crate) fn a_repeated_syn_is_answered_again(column: Column) -> Finding {
    let mut lab = Lab::server(column);
    let syn = lab.syn();
    let first = lab.half_open();
    only("after a SYN", &first, SYN.ack(lab.snd))?;
    let again = lab.give(&syn);
    only("after the SYN again", &again, SYN.ack(lab.snd))?;
    equal("the answer again", again, first)
}

pub(crate) fn a_wrong_acknowledgment_in_syn_received_is_reset(column: Column) -> Finding {
    let mut lab = Lab::server(column);
    lab.half_open();
    let wrong = lab.rcv.wrapping_add(9);
    let ack = Some(wrong);
    let sent = lab.give(&Segment { ack, ..lab.ack() });
    only("after a wrong ACK", &sent, RST.seq(wrong))?;
    state(&mut lab, State::SynReceived)
}

pub(crate) fn a_fin_may_come_with_the_acknowledgment_of_our_syn(column: Column) -> Finding {
    let mut lab = Lab::server(column);
    lab.half_open();
    lab.give(&lab.ack().fin());
    state(&mut lab, State::CloseWait)
}

/// The octets of the first segment, when the peer's SYN said this.
fn first_segment_has(column: Column, mss: Option<u16>, wanted: usize) -> Finding {
    let mut lab = Lab::server(column);
    let syn = Segment { mss, ..lab.syn() };
    let sent = lab.establish_by(&syn);
    let offers: Vec<_> = sent.iter().map(|it| it.mss).collect();
    equal("MSS offered", offers, [Some(1460)])?;
    let sent = lab.send(&[7; 700]);
    let sizes: Vec<_> = sent.iter().map(|it| it.data.len()).collect();
    equal("octets in each segment", sizes, [wanted, 700 - wanted])
}

pub(crate) fn the_size_of_segments_is_offered_and_obeyed(column: Column) -> Finding {
    first_segment_has(column, Some(600), 600)
}

pub(crate) fn without_an_offer_segments_have_536_octets(column: Column) -> Finding {
    first_segment_has(column, None, 536)
}

pub(crate) fn a_half_open_connection_does_not_last_for_ever(column: Column) -> Finding {
    let mut lab = Lab::server(column);
    lab.half_open();
    state(&mut lab, State::SynReceived)?;
    let sent = lab.wait_secs(600);
    among("while nobody answered", &sent, SYN)?;
    state(&mut lab, State::Listen)?;
    silent("after 600 s", &lab.wait_secs(600))
}

pub(crate) fn a_peer_that_rebooted_gets_in_again(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let next = lab.snd;
    lab.snd = 900_000;
    let sent = lab.give(&lab.syn());
    only("after a SYN on a live connection", &sent, ack(next))?;
    let seq = next;
    lab.give(&Segment { seq, ..lab.reset() });
    over(&mut lab)?;
    lab.let_go();
    listens(&mut lab)
}

pub(crate) fn data_to_a_node_that_rebooted_is_reset(column: Column) -> Finding {
    let mut lab = Lab::server(column);
    lab.rcv = 12_345;
    let sent = lab.give(&lab.ack().data(b"hello"));
    only("after data", &sent, RST.seq(12_345))
}
