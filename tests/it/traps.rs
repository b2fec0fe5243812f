//! What users of smoltcp trip over, one test for each: on a node it does not happen.

use crate::lab::{Column, Lab, PEER, PORT, Segment, Setup};
use smolchat::node::{ConfigError, ConnectError, Limits, Node};
use smolchat::trace::{Direction, Ending, Kind, Reason, State, Verdict};
use smoltcp::time::Duration;
use smoltcp::wire::{EthernetFrame, EthernetProtocol, IpEndpoint, Ipv4Address, Ipv4Packet};

/// A host that does not answer.
const NOBODY: Ipv4Address = Ipv4Address::new(192, 0, 2, 77);

fn two_connections() -> Setup {
    Setup {
        connections: 2,
        ..Setup::default()
    }
}

/// What happened, as (from, to) of every change of state.
fn changes(node: &Node<'_>) -> Vec<(State, State)> {
    let changes = node.journal().iter();
    changes
        .filter_map(|(_, event)| match event.kind() {
            Kind::Transition(change) => Some((change.from, change.to)),
            _ => None,
        })
        .collect()
}

#[test]
fn two_connections_never_have_the_same_endpoints() {
    let mut lab = Lab::new(Column::Node, two_connections());
    let (now, to) = (lab.now, IpEndpoint::new(PEER.into(), 7));
    assert!(lab.node().connect_from(now, 50_000, to).is_ok());
    assert_eq!(
        lab.node().connect_from(now, 50_000, to),
        Err(ConnectError::NoPort)
    );
    // To somebody else the port is free.
    let other = IpEndpoint::new(PEER.into(), 8);
    assert!(lab.node().connect_from(now, 50_000, other).is_ok());
}

#[test]
fn a_reset_leaves_even_if_its_connection_is_wanted_by_the_next_at_once() {
    let mut lab = Lab::established(Column::Node);
    let (now, handle) = (lab.now, lab.handle());
    let (snd, rcv) = (lab.snd, lab.rcv);
    let next = Segment {
        src_port: 40_001,
        ..lab.syn()
    };
    // There is one connection. Neither call lets the node send anything between them.
    lab.node().abort(now, handle);
    let sent = lab.give(&next);
    let reset = sent.iter().find(|it| it.is_rst()).expect("a reset");
    assert_eq!(
        (reset.dst_port, reset.seq, reset.ack),
        (40_000, rcv, Some(snd))
    );
    let answer = sent.iter().find(|it| it.is_syn()).expect("an answer");
    assert_eq!(answer.dst_port, 40_001);
}

#[test]
fn a_reset_leaves_even_if_its_connection_is_aborted_twice_and_evicted() {
    let mut lab = Lab::established(Column::Node);
    let (now, handle, rcv) = (lab.now, lab.handle(), lab.rcv);
    lab.node().tcp(handle).unwrap().abort(now);
    lab.node().abort(now, handle);
    lab.node().evict(now, handle);
    let sent = lab.work();
    assert!(sent.len() == 1 && sent[0].is_rst(), "{sent:?}");
    assert_eq!((sent[0].seq, lab.node().free()), (rcv, 1));
    let mut causes = lab
        .node()
        .journal()
        .iter()
        .filter_map(|(_, event)| match event.kind() {
            Kind::Ended { ending, .. } => Some(ending),
            _ => None,
        });
    assert_eq!(
        (causes.next(), causes.next()),
        (Some(Ending::Aborted), None)
    );
}

#[test]
fn both_changes_of_state_are_seen_if_both_segments_came_together() {
    let mut lab = Lab::server(Column::Node);
    lab.half_open();
    lab.cable.inbox.push_back(lab.ack().frame());
    lab.cable.inbox.push_back(lab.ack().fin().frame());
    lab.work();
    assert_eq!(
        changes(lab.node()),
        [
            (State::Listen, State::SynReceived),
            (State::SynReceived, State::Established),
            (State::Established, State::CloseWait),
        ]
    );
}

#[test]
fn segments_to_a_connection_that_was_reset_draw_a_reset() {
    let mut lab = Lab::established(Column::Node);
    let (now, handle) = (lab.now, lab.handle());
    lab.node().abort(now, handle);
    lab.work();
    let sent = lab.give(&lab.ack().data(b"are you there?"));
    assert!(sent.len() == 1 && sent[0].is_rst(), "{sent:?}");
    assert_eq!(sent[0].seq, lab.rcv);
}

#[test]
fn connections_with_much_to_send_take_turns() {
    let mut lab = Lab::established_with(Column::Node, two_connections());
    let first = lab.handle();
    let other = Segment {
        src_port: 40_001,
        window: 8_000,
        ..lab.syn()
    };
    let sent = lab.give(&other);
    let ack = Segment {
        seq: other.seq.wrapping_add(1),
        ack: Some(sent[0].seq.wrapping_add(1)),
        ..other.clone()
    };
    lab.give(&Segment {
        control: smoltcp::wire::TcpControl::None,
        mss: None,
        ..ack
    });
    let now = lab.now;
    let second = lab.node().statuses(now).map(|it| it.id).max().unwrap();
    let second = lab.node().handle_of(second).unwrap();
    for handle in [first, second] {
        // As much as a first flight may be.
        assert_eq!(
            lab.node().tcp(handle).unwrap().send(&[b'x'; 2048]),
            Ok(2048)
        );
    }
    let turns: Vec<_> = lab.work().iter().map(|it| it.dst_port).collect();
    assert_eq!(turns, [40_000, 40_001, 40_000, 40_001]);
}

/// The destination of each datagram in `frames`, ARP left out.
fn receivers(frames: impl IntoIterator<Item = Vec<u8>>) -> Vec<Ipv4Address> {
    let of = |octets: Vec<u8>| {
        let frame = EthernetFrame::new_checked(&octets[..]).unwrap();
        (frame.ethertype() == EthernetProtocol::Ipv4)
            .then(|| Ipv4Packet::new_checked(frame.payload()).unwrap().dst_addr())
    };
    frames.into_iter().filter_map(of).collect()
}

#[test]
fn a_datagram_to_nobody_holds_up_no_other_and_is_given_up() {
    let limits = Limits {
        resolution: Duration::from_secs(3),
        ..Limits::default()
    };
    let mut lab = Lab::new(
        Column::Node,
        Setup {
            limits,
            ..Setup::default()
        },
    );
    let now = lab.now;
    lab.node().bind(PORT).unwrap();
    let to = IpEndpoint::new(PEER.into(), 7);
    lab.node()
        .udp(PORT)
        .unwrap()
        .send_to(now, to, b"hello")
        .unwrap();
    lab.work();
    lab.answers = false;
    for to in [NOBODY, PEER] {
        let to = IpEndpoint::new(to.into(), 7);
        lab.node()
            .udp(PORT)
            .unwrap()
            .send_to(now, to, b"hello")
            .unwrap();
    }
    let Lab { subject, cable, .. } = &mut lab;
    let crate::lab::Subject::Node { node, .. } = subject else {
        panic!("not a node");
    };
    let _ = node.poll_egress(now, cable);
    assert_eq!(receivers(cable.outbox.drain(..)), [PEER]);

    lab.wait_secs(5);
    let given_up = lab.node().journal().iter().any(|(_, event)| {
        matches!(event.kind(), Kind::Datagram(it)
            if it.direction == Direction::Out
                && it.flow.remote.addr == NOBODY.into()
                && it.verdict == Verdict::Dropped(Reason::Unresolved))
    });
    assert!(given_up);
}

#[test]
fn nothing_beyond_the_window_that_was_advertised_is_taken_even_exactly_at_its_edge() {
    // With a buffer that needs window scaling smoltcp takes the window of its SYN,ACK for a larger one.
    const BUFFER: usize = 128 * 1024;
    let setup = Setup {
        receive: BUFFER,
        ..Setup::default()
    };
    let mut lab = Lab::new(Column::Node, setup);
    let syn = Segment {
        scale: Some(7),
        ..lab.syn()
    };
    let sent = lab.give(&syn);
    let window = u32::from(sent[0].window);
    lab.snd += 1;
    lab.rcv = sent[0].seq.wrapping_add(1);
    // The handshake's last segment is left out: every segment below carries its acknowledgment.
    for old_ack in [0, 1] {
        let beyond = Segment {
            seq: lab.snd.wrapping_add(window),
            ack: Some(lab.rcv.wrapping_sub(old_ack)),
            ..lab.ack()
        };
        lab.give(&beyond.data(&[b'x'; 1460]));
    }
    let mut taken = 0;
    while taken < BUFFER + 4 * 1460 {
        let next = lab.ack().data(&[b'y'; 1460]);
        lab.give(&next);
        lab.snd = lab.snd.wrapping_add(1460);
        taken += 1460;
    }
    assert_eq!(lab.received(), vec![b'y'; BUFFER]);
}

#[test]
fn a_window_overrun_does_not_panic_and_is_cut_off() {
    let setup = Setup {
        receive: 100_000,
        ..Setup::default()
    };
    let mut lab = Lab::new(Column::Node, setup);
    let syn = Segment {
        scale: Some(7),
        ..lab.syn()
    };
    let sent = lab.give(&syn);
    lab.snd += 1;
    lab.rcv = sent[0].seq.wrapping_add(1);
    // 65,535 octets were offered. A peer that shifts that sends more than there is room for.
    lab.give(&lab.ack());
    for _ in 0..100 {
        lab.cable
            .inbox
            .push_back(lab.ack().data(&[7; 1400]).frame());
        lab.snd += 1400;
    }
    lab.work();
    let received = lab.received().len();
    assert!((65_000..=100_000).contains(&received), "{received}");
}

#[test]
fn nothing_answers_a_syn_that_has_not_left() {
    let mut lab = Lab::new(Column::Node, Setup::default());
    lab.answers = false;
    let (now, to) = (lab.now, IpEndpoint::new(NOBODY.into(), 7));
    let handle = lab.node().connect_from(now, 50_000, to).unwrap();
    assert!(lab.work().is_empty());
    let id = handle.id();
    let iss = 0;
    let from = |seq| Segment {
        src: NOBODY,
        src_port: 7,
        dst_port: 50_000,
        seq,
        ..Segment::default()
    };
    for seq in [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff] {
        lab.give(&from(seq).syn());
        lab.give(
            &Segment {
                ack: Some(iss),
                ..from(seq)
            }
            .syn(),
        );
        lab.give(&Segment {
            ack: Some(iss),
            ..from(seq)
        });
        lab.give(&from(seq).rst());
        lab.wait_secs(1);
    }
    let states = lab.node().status(handle).map(|it| (it.id, it.state));
    assert_eq!(states, Some((id, State::SynSent)));
    let dropped = lab
        .node()
        .journal()
        .counters()
        .dropped(Reason::BeforeOurSyn);
    assert_eq!(dropped, 20);
}

#[test]
fn a_window_that_closed_over_what_was_under_way_may_stay_closed_and_opens_again() {
    let mut lab = Lab::established(Column::Node);
    lab.send(&[7; 1000]);
    let closed = |lab: &Lab| Segment {
        window: 0,
        ..lab.ack()
    };
    // Half of it arrived; then its reader paused.
    lab.rcv = lab.rcv.wrapping_add(500);
    lab.give(&closed(&lab));
    let opens = lab.now + Duration::from_secs(400);
    while lab.now < opens {
        if !lab.wait(Duration::from_secs(1)).is_empty() {
            lab.give(&closed(&lab));
        }
    }
    assert_eq!(lab.state(), State::Established);
    lab.give(&lab.ack());
    let sent = lab.wait(Duration::from_secs(90));
    assert!(
        sent.iter()
            .any(|it| it.seq == lab.rcv && it.data.len() == 500),
        "{sent:?}"
    );
    lab.rcv = lab.rcv.wrapping_add(500);
    lab.give(&lab.ack());
    assert_eq!(lab.state(), State::Established);
}

#[test]
fn a_peer_that_falls_silent_after_it_opened_its_window_is_given_up() {
    let mut lab = Lab::established(Column::Node);
    lab.send(b"01234");
    lab.rcv = lab.rcv.wrapping_add(5);
    lab.give(&Segment {
        window: 0,
        ..lab.ack()
    });
    lab.send(b"56789");
    for _ in 0..200 {
        if !lab.wait(Duration::from_secs(1)).is_empty() {
            lab.give(&Segment {
                window: 0,
                ..lab.ack()
            });
        }
    }
    lab.give(&lab.ack());
    lab.wait(Duration::from_secs(99));
    assert_eq!(lab.state(), State::Established);
    lab.wait(Duration::from_secs(2));
    assert_ne!(lab.state(), State::Established);
}

#[test]
fn half_the_number_space_away_nothing_is_taken_for_old_and_new_at_once() {
    let setup = Setup {
        receive: 64,
        ..Setup::default()
    };
    for distance in [
        0x4000_0001,
        0x7fff_ffff,
        0x8000_0000,
        0x8000_0001,
        0xbfff_fffe,
    ] {
        let mut lab = Lab::established_with(Column::Node, setup);
        lab.give(&lab.ack().data(&[b'x'; 64]));
        // A FIN behind a full window: until it is acknowledged smoltcp expects a number beyond the edge of
        // its window, and what comes with it may lie behind the one and before the other.
        let fin = Segment {
            seq: lab.snd.wrapping_add(64),
            ..lab.ack()
        };
        lab.snd = fin.seq.wrapping_add(1);
        let far = Segment {
            seq: lab.snd.wrapping_add(distance),
            ..lab.ack()
        };
        for segment in [fin.fin(), far.clone().data(&[b'y'; 100]), far] {
            lab.cable.inbox.push_back(segment.frame());
        }
        let sent = lab.work();
        assert!(sent.iter().all(|it| it.is_ack_of(lab.snd)), "{sent:?}");
        assert_eq!(lab.state(), State::CloseWait);
        assert_eq!(lab.received(), [b'x'; 64]);
    }
}

#[test]
fn the_reset_that_a_wrong_answer_to_our_syn_draws_moves_none_of_our_numbers() {
    let (mut lab, sent) = Lab::opening(Column::Node);
    let iss = sent[0].seq;
    let wrong = Segment {
        ack: Some(iss.wrapping_add(0x4000_0000)),
        ..lab.syn()
    };
    let reset = lab.give(&wrong);
    assert!(reset.len() == 1 && reset[0].is_rst(), "{reset:?}");
    lab.give(&Segment {
        ack: Some(iss.wrapping_add(1)),
        ..lab.syn()
    });
    assert_eq!(lab.state(), State::Established);
    // The challenge that a SYN draws stands at SND.NXT.
    let challenge = lab.give(&lab.syn());
    assert_eq!(challenge[0].seq, iss.wrapping_add(1));
    // Nothing is under way, so nobody is missed.
    lab.wait_secs(200);
    assert_eq!(lab.state(), State::Established);
}

#[test]
fn a_gateway_is_a_host() {
    let mut lab = Lab::new(Column::Node, Setup::default());
    let now = lab.now;
    let networks = lab.node().addresses().to_vec();
    for gateway in [
        Ipv4Address::UNSPECIFIED,
        Ipv4Address::BROADCAST,
        Ipv4Address::new(224, 0, 0, 1),
    ] {
        let refused = lab.node().set_addresses(now, &[], &[gateway.into()]);
        assert_eq!(refused, Err(ConfigError::AddressNotUnicast(gateway.into())));
        assert_eq!(lab.node().addresses(), networks);
    }
}

#[test]
fn a_window_that_stays_closed_when_nothing_is_left_to_send_is_not_probed_without_end() {
    let mut lab = Lab::established(Column::Node);
    let closed = Segment {
        window: 0,
        ..lab.ack()
    };
    lab.give(&closed);
    // The octet and the FIN behind it leave as a probe of the window.
    let handle = lab.handle();
    lab.node().tcp(handle).unwrap().send(b"x").unwrap();
    let now = lab.now;
    lab.node().tcp(handle).unwrap().shutdown(now);
    let mut sent = lab.work();
    sent.extend(lab.wait_secs(1));
    let fin = sent.iter().find(|it| it.is_fin()).expect("a FIN");
    assert_eq!((fin.seq, &fin.data[..]), (lab.rcv, &b"x"[..]));
    lab.rcv = lab.rcv.wrapping_add(2);
    let acknowledged = Segment {
        ack: Some(lab.rcv),
        ..closed
    };
    lab.give(&acknowledged);
    assert_eq!(lab.state(), State::FinWait2);
    assert!(lab.wait_secs(30).is_empty());
}

#[test]
fn a_reset_that_answers_a_false_acknowledgment_takes_no_number() {
    let mut lab = Lab::server(Column::Node);
    lab.half_open();
    let never_sent = lab.rcv.wrapping_add(1_000_000);
    let sent = lab.give(&Segment {
        ack: Some(never_sent),
        ..lab.ack()
    });
    assert!(sent.len() == 1 && sent[0].is_rst() && sent[0].seq == never_sent);
    lab.give(&lab.ack());
    assert_eq!(lab.state(), State::Established);
    // Nothing is under way: silence is no reason to give up.
    lab.wait_secs(1000);
    assert_eq!(lab.state(), State::Established);
    let syn = lab.syn();
    let challenge = lab.give(&syn);
    assert_eq!(challenge.len(), 1);
    assert_eq!(challenge[0].seq, lab.rcv);
}
