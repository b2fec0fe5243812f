//! How connections come to be: RFC 9293 sections 3.4.1, 3.5, 3.9.1, 3.10.1, 3.10.7.1 to 3.10.7.3.

use smolchat::trace::State;
use smoltcp::time::Duration;
use smoltcp::wire::{EthernetAddress, IpEndpoint, Ipv4Address};

use crate::lab::{Column, Lab, PEER, PORT, Segment, Setup, US, host, mac_of};

fn none_is(sent: &[Segment], what: impl Fn(&Segment) -> bool) -> bool {
    !sent.iter().any(what)
}

fn first_syn(sent: &[Segment]) -> Option<&Segment> {
    sent.iter().find(|it| it.is_syn())
}

/// The sequence number of the SYN,ACK that a fresh subject gives.
fn isn(column: Column, secret: u8) -> u32 {
    let setup = Setup {
        secret,
        ..Setup::default()
    };
    let mut lab = Lab::new(column, setup);
    lab.half_open();
    lab.rcv
}

pub(crate) fn sequence_numbers_follow_a_clock(column: Column) -> bool {
    let mut lab = Lab::server(column);
    lab.half_open();
    let first = lab.rcv;
    let reset = Segment {
        ack: None,
        ..lab.ack()
    };
    lab.give(&reset.rst());
    lab.wait_secs(4);
    lab.half_open();
    lab.rcv.wrapping_sub(first) == 1_000_000
}

pub(crate) fn sequence_numbers_differ_after_each_boot(column: Column) -> bool {
    isn(column, 1) != isn(column, 2)
}

pub(crate) fn sequence_numbers_of_two_peers_tell_nothing_of_each_other(column: Column) -> bool {
    // The distance between the numbers of two peers is another one under another secret.
    let distance = |secret| {
        let setup = Setup {
            connections: 2,
            secret,
            ..Setup::default()
        };
        let mut lab = Lab::new(column, setup);
        let one = lab.give(&lab.syn());
        let other = lab.give(&Segment {
            src_port: 7,
            ..lab.syn()
        });
        one[0].seq.wrapping_sub(other[0].seq)
    };
    distance(1) != distance(2)
}

pub(crate) fn a_simultaneous_open_completes_on_an_acknowledgment(column: Column) -> bool {
    let (mut lab, _) = Lab::opening(column);
    let syn = Segment {
        src_port: 40_000,
        ..lab.syn()
    };
    let sent = lab.give(&syn);
    lab.snd += 1;
    let answered = first_syn(&sent).is_some_and(|it| it.ack == Some(lab.snd));
    lab.give(&lab.ack());
    answered && lab.state() == State::Established
}

pub(crate) fn a_simultaneous_open_completes_on_a_syn_ack(column: Column) -> bool {
    let (mut lab, _) = Lab::opening(column);
    let syn = lab.syn();
    lab.give(&syn);
    let ack = Some(lab.rcv);
    lab.give(&Segment { ack, ..syn });
    lab.state() == State::Established
}

pub(crate) fn a_reset_returns_a_passive_open_to_listen(column: Column) -> bool {
    let mut lab = Lab::server(column);
    lab.half_open();
    let reset = Segment {
        ack: None,
        ..lab.ack()
    };
    lab.give(&reset.rst());
    lab.state() == State::Listen && first_syn(&lab.give(&lab.syn())).is_some()
}

pub(crate) fn a_reset_ends_an_active_open_in_syn_received(column: Column) -> bool {
    let (mut lab, _) = Lab::opening(column);
    lab.give(&lab.syn());
    lab.snd += 1;
    let reset = Segment {
        ack: None,
        ..lab.ack()
    };
    lab.give(&reset.rst());
    lab.state() == State::Closed
}

pub(crate) fn another_listener_does_not_take_a_repeated_syn(column: Column) -> bool {
    let setup = Setup {
        connections: 2,
        ..Setup::default()
    };
    let mut lab = Lab::new(column, setup);
    let other = Segment {
        src_port: 7,
        ..lab.syn()
    };
    lab.give(&other);
    let syn = lab.syn();
    lab.half_open();
    // The first one goes: whatever served it listens again.
    lab.give(
        &Segment {
            seq: other.seq + 1,
            ..other
        }
        .rst(),
    );
    lab.give(&syn);
    let sent = lab.give(&lab.ack());
    none_is(&sent, Segment::is_rst)
}

pub(crate) fn two_peers_can_be_in_a_handshake_at_once(column: Column) -> bool {
    let setup = Setup {
        connections: 2,
        ..Setup::default()
    };
    let mut lab = Lab::new(column, setup);
    let other = Segment {
        src_port: 7,
        ..lab.syn()
    };
    lab.cable.inbox.push_back(lab.syn().frame());
    lab.cable.inbox.push_back(other.frame());
    lab.work().iter().filter(|it| it.is_syn()).count() == 2
}

pub(crate) fn a_handshake_beyond_the_connections_is_not_refused(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let other = Segment {
        src_port: 7,
        ..lab.syn()
    };
    none_is(&lab.give(&other), Segment::is_rst)
}

pub(crate) fn opening_to_everybody_is_refused(column: Column) -> bool {
    let targets = [
        host(255),
        Ipv4Address::BROADCAST,
        Ipv4Address::new(224, 0, 0, 1),
    ];
    targets.into_iter().all(|target| {
        let setup = Setup {
            listens: false,
            ..Setup::default()
        };
        let mut lab = Lab::new(column, setup);
        lab.connect(IpEndpoint::new(target.into(), 80)).is_none()
    })
}

pub(crate) fn opening_to_ourselves_is_refused(column: Column) -> bool {
    let setup = Setup {
        listens: false,
        ..Setup::default()
    };
    let mut lab = Lab::new(column, setup);
    lab.connect(IpEndpoint::new(US.into(), 80)).is_none()
}

pub(crate) fn the_address_that_was_called_answers(column: Column) -> bool {
    let mut lab = Lab::server(column);
    let sent = lab.half_open();
    sent.iter().all(|it| it.src == US && it.src_port == PORT)
}

fn is_discarded(column: Column, dst: Ipv4Address, to: EthernetAddress) -> bool {
    let mut lab = Lab::server(column);
    let syn = Segment {
        dst,
        to: Some(to),
        ..lab.syn()
    };
    let silent = lab.give(&syn).is_empty() && lab.wait_secs(5).is_empty();
    silent && first_syn(&lab.give(&lab.syn())).is_some()
}

pub(crate) fn a_syn_to_everybody_is_silently_discarded(column: Column) -> bool {
    let multicast = EthernetAddress([1, 0, 0x5e, 0, 0, 1]);
    is_discarded(column, host(255), EthernetAddress::BROADCAST)
        && is_discarded(column, Ipv4Address::BROADCAST, EthernetAddress::BROADCAST)
        && is_discarded(column, Ipv4Address::new(224, 0, 0, 1), multicast)
}

fn is_ignored_from(column: Column, src: Ipv4Address) -> bool {
    let mut lab = Lab::server(column);
    let syn = Segment {
        src,
        from: Some(mac_of(PEER)),
        ..lab.syn()
    };
    let silent = lab.give(&syn).is_empty() && lab.wait_secs(5).is_empty();
    silent && first_syn(&lab.give(&lab.syn())).is_some()
}

pub(crate) fn a_syn_from_everybody_is_silently_discarded(column: Column) -> bool {
    is_ignored_from(column, host(255)) && is_ignored_from(column, Ipv4Address::new(224, 0, 0, 1))
}

pub(crate) fn a_syn_from_our_own_address_is_silently_discarded(column: Column) -> bool {
    is_ignored_from(column, US)
}

pub(crate) fn what_comes_to_no_listener_is_reset(column: Column) -> bool {
    let mut lab = Lab::server(column);
    let stray = Segment {
        dst_port: 1,
        ..lab.syn()
    };
    let sent = lab.give(&stray);
    let first = matches!(&sent[..], [it] if it.is_rst() && it.seq == 0 && it.ack == Some(1001));
    let stray = Segment {
        dst_port: 1,
        ack: Some(55),
        ..lab.ack()
    };
    let sent = lab.give(&stray);
    first && matches!(&sent[..], [it] if it.is_rst() && it.seq == 55 && it.ack.is_none())
}

pub(crate) fn a_reset_to_no_listener_is_ignored(column: Column) -> bool {
    let mut lab = Lab::server(column);
    let stray = Segment {
        dst_port: 1,
        ..lab.ack()
    };
    lab.give(&stray.rst()).is_empty()
}

pub(crate) fn an_acknowledgment_to_a_listener_is_reset(column: Column) -> bool {
    let mut lab = Lab::server(column);
    let ack = Segment {
        ack: Some(55),
        ..lab.ack()
    };
    let sent = lab.give(&ack);
    matches!(&sent[..], [it] if it.is_rst() && it.seq == 55) && lab.state() == State::Listen
}

pub(crate) fn a_reset_to_a_listener_is_ignored(column: Column) -> bool {
    let mut lab = Lab::server(column);
    let reset = Segment {
        ack: None,
        ..lab.ack()
    };
    lab.give(&reset.rst()).is_empty() && lab.state() == State::Listen
}

pub(crate) fn syn_sent_resets_a_wrong_acknowledgment(column: Column) -> bool {
    let (mut lab, _) = Lab::opening(column);
    let wrong = Segment {
        ack: Some(lab.rcv ^ 0x1000),
        ..lab.syn()
    };
    let sent = lab.give(&wrong);
    matches!(&sent[..], [it] if it.is_rst() && it.seq == lab.rcv ^ 0x1000)
        && lab.state() == State::SynSent
}

pub(crate) fn syn_sent_believes_only_a_reset_that_acknowledges_its_syn(column: Column) -> bool {
    let (mut lab, _) = Lab::opening(column);
    let bare = Segment {
        ack: None,
        ..lab.ack()
    };
    let silent = lab.give(&bare.rst()).is_empty() && lab.state() == State::SynSent;
    lab.give(&lab.ack().rst());
    silent && lab.state() == State::Closed
}

pub(crate) fn a_repeated_syn_is_answered_again(column: Column) -> bool {
    let mut lab = Lab::server(column);
    let syn = lab.syn();
    let first = lab.half_open();
    let again = lab.give(&syn);
    match (first_syn(&first), first_syn(&again)) {
        (Some(first), Some(again)) => first == again,
        _ => false,
    }
}

pub(crate) fn a_wrong_acknowledgment_in_syn_received_is_reset(column: Column) -> bool {
    let mut lab = Lab::server(column);
    lab.half_open();
    let wrong = Segment {
        ack: Some(lab.rcv.wrapping_add(9)),
        ..lab.ack()
    };
    let sent = lab.give(&wrong);
    matches!(&sent[..], [it] if it.is_rst()) && lab.state() == State::SynReceived
}

pub(crate) fn a_fin_may_come_with_the_acknowledgment_of_our_syn(column: Column) -> bool {
    let mut lab = Lab::server(column);
    lab.half_open();
    lab.give(&lab.ack().fin());
    lab.state() == State::CloseWait
}

pub(crate) fn the_size_of_segments_is_offered_and_obeyed(column: Column) -> bool {
    let mut lab = Lab::server(column);
    let syn = Segment {
        mss: Some(600),
        ..lab.syn()
    };
    let sent = lab.give(&syn);
    let offered = first_syn(&sent).is_some_and(|it| it.mss == Some(1460));
    lab.snd += 1;
    lab.rcv = sent[0].seq.wrapping_add(1);
    lab.give(&lab.ack());
    offered && lab.send(&[7; 700])[0].data.len() == 600
}

pub(crate) fn without_an_offer_segments_have_536_octets(column: Column) -> bool {
    let mut lab = Lab::server(column);
    let syn = Segment {
        mss: None,
        ..lab.syn()
    };
    let sent = lab.give(&syn);
    lab.snd += 1;
    lab.rcv = sent[0].seq.wrapping_add(1);
    lab.give(&lab.ack());
    lab.send(&[7; 700])[0].data.len() == 536
}

pub(crate) fn a_half_open_connection_does_not_last_for_ever(column: Column) -> bool {
    let mut lab = Lab::server(column);
    lab.half_open();
    lab.wait(Duration::from_secs(600));
    lab.state() == State::Listen
}

pub(crate) fn a_peer_that_rebooted_gets_in_again(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.snd = 900_000;
    let syn = lab.syn();
    let sent = lab.give(&syn);
    let Some(ack) = sent.first().and_then(|it| it.ack) else {
        return false;
    };
    let reset = Segment {
        seq: ack,
        ack: None,
        ..lab.ack()
    };
    lab.give(&reset.rst());
    lab.state() != State::Established
}

pub(crate) fn data_to_a_node_that_rebooted_is_reset(column: Column) -> bool {
    let mut lab = Lab::server(column);
    lab.rcv = 12_345;
    let sent = lab.give(&lab.ack().data(b"hello"));
    matches!(&sent[..], [it] if it.is_rst() && it.seq == 12_345)
}
