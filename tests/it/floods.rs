//! Crowds and forgers at the door: everything is bounded, counted, and honest clients get in.

use crate::lab::{Column, Lab, PORT, Segment, Setup, US, host, icmp_unreachable, mac_of};
use crate::pair::{Pair, address, sizes};
use smolchat::device::{Side, Wire};
use smolchat::node::{Config, Limits, Memory, Node, RecvError, Sizes};
use smolchat::trace::{Answer, Ending, Kind, Reason, Resource, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, Icmpv4DstUnreachable, IpCidr, Ipv4Address};

/// A forged SYN: its number decides where it seems to come from.
pub(crate) fn forged(number: u32, on_link: bool) -> Vec<u8> {
    let src = if on_link {
        host(20 + (number % 200) as u8)
    } else {
        Ipv4Address::new(198, 51, (number >> 8) as u8, number as u8)
    };
    Segment {
        src,
        dst: Ipv4Address::new(192, 0, 2, 2),
        src_port: 1024 + (number % 60_000) as u16,
        dst_port: PORT,
        seq: number.wrapping_mul(2_654_435_761),
        from: Some(EthernetAddress([2, 1, 0, 0, 0, 1])),
        to: Some(EthernetAddress([2, 0, 0, 0, 0, 2])),
        ..Segment::default()
    }
    .syn()
    .frame()
}

/// What `b` serves: a line is answered, the end of data is answered with the end.
fn serve(pair: &mut Pair) {
    while pair.b.accept().is_some() {}
    while let Some(handle) = pair.b.next_ready() {
        let mut buffer = [0; 64];
        loop {
            match pair.b.tcp(handle).unwrap().recv(&mut buffer) {
                Ok(count) => {
                    pair.b.tcp(handle).unwrap().send(&buffer[..count]).unwrap();
                }
                Err(RecvError::WouldBlock) => break,
                Err(RecvError::Finished | RecvError::Ended(_)) => {
                    pair.b.tcp(handle).unwrap().close(pair.now);
                    break;
                }
            }
        }
    }
}

/// One step of virtual time with both applications; says when the next is due.
fn step(pair: &mut Pair) -> Option<Instant> {
    let b = {
        pair.b.poll_ingress(pair.now, &mut pair.wire.end_b());
        serve(pair);
        pair.b.poll_egress(pair.now, &mut pair.wire.end_b())
    };
    let a = pair.a.poll(pair.now, &mut pair.wire.end_a());
    [a, b, pair.wire.next_arrival()].into_iter().flatten().min()
}

/// Sends `count` forged SYNs, 100 a millisecond, while honest clients come one after another. Returns
/// how many were served, and the longest time from `connect` to the end.
fn flood(on_link: bool, count: u32) -> (Pair, usize, Duration) {
    let mut pair = Pair::new(sizes(8), Limits::default());
    pair.wire = Wire::heap(Duration::from_millis(1), 1500, 1024);
    let (mut sent, mut served, mut longest) = (0, 0, Duration::ZERO);
    while sent < count {
        let client = pair.a.connect(pair.now, Pair::server()).unwrap();
        let since = pair.now;
        let (mut said, mut heard) = (false, false);
        loop {
            for _ in 0..100 {
                if sent < count && pair.wire.inject(Side::A, pair.now, &forged(sent, on_link)) {
                    sent += 1;
                }
            }
            step(&mut pair);
            if !said {
                said = pair.a.tcp(client).unwrap().send(b"hello").is_ok();
            }
            if said && !heard && pair.a.tcp(client).unwrap().recv_queue() == 5 {
                heard = true;
                pair.a.tcp(client).unwrap().close(pair.now);
            }
            if heard || pair.now - since > Duration::from_secs(30) {
                break;
            }
            pair.now += Duration::from_millis(1);
        }
        assert!(
            heard,
            "after {sent} forged SYNs: {:?}",
            pair.a.status(client)
        );
        served += 1;
        longest = longest.max(pair.now - since);
    }
    (pair, served, longest)
}

/// Every honest client was served within the first retry of its SYN; everything is accounted for.
fn check_flood(on_link: bool) {
    let (mut pair, served, longest) = flood(on_link, 100_000);
    println!("{served} honest clients, the slowest in {longest}");
    assert!(served >= 25, "{served}");
    assert!(longest <= Duration::from_millis(1100), "{longest}");
    // The last of them are still under way.
    let end = pair.now + Duration::from_secs(120);
    while let Some(next) = step(&mut pair).filter(|next| *next <= end) {
        pair.now = pair.now.max(next);
    }
    let counters = pair.b.journal().counters();
    let cookies = counters.answered(Answer::SynCookie);
    println!("{cookies} cookies");
    let owed = counters.answered(Answer::Ack);
    let told = cookies + counters.opened + counters.held + counters.dropped_in_all() + owed;
    assert!(told >= 100_000 + served as u64, "{told}");
    for reason in Reason::ALL {
        if counters.dropped(reason) > 0 {
            println!("{} dropped: {reason}", counters.dropped(reason));
        }
    }
    assert_eq!(pair.b.free(), 8);
    assert_eq!((pair.b.half_open(), pair.b.held()), (0, 0));
    pair.assert_all_legal();
}

#[test]
fn a_flood_from_neighbours_that_do_not_exist_keeps_nobody_out() {
    check_flood(true);
}

#[test]
fn a_flood_from_far_away_keeps_nobody_out() {
    check_flood(false);
}

/// A client side with several addresses, because each has 16,384 ephemeral ports only.
fn crowd_of_clients(limits: Limits) -> Pair {
    let mut pair = Pair::new(sizes(8), limits);
    let big = Sizes {
        time_waits: 16_384,
        ..sizes(8)
    };
    let mac = EthernetAddress([2, 0, 0, 0, 0, 1]);
    let config = Config::new(mac, IpCidr::new(address(Side::A), 24), [1; 16]);
    pair.a = Node::new(config, Memory::heap(big), Instant::ZERO).unwrap();
    pair.wire = Wire::heap(Duration::from_millis(1), 1500, 64);
    pair
}

/// 10,000 connections one after another; `server_first` says who closes first and waits.
fn many(server_first: bool) -> Pair {
    let mut pair = crowd_of_clients(Limits::default());
    let started = pair.now;
    for number in 0..10_000 {
        let client = pair.a.connect(pair.now, Pair::server()).unwrap();
        let mut server = None;
        pair.run_until(|pair| {
            server = server.or_else(|| pair.b.accept());
            server.is_some()
        });
        let server = server.unwrap();
        if server_first {
            pair.b.tcp(server).unwrap().close(pair.now);
            pair.run_until(|pair| {
                pair.a.tcp(client).unwrap().recv(&mut [0; 8]) == Err(RecvError::Finished)
            });
            pair.a.tcp(client).unwrap().close(pair.now);
        } else {
            pair.a.tcp(client).unwrap().close(pair.now);
            pair.run_until(|pair| {
                pair.b.tcp(server).unwrap().recv(&mut [0; 8]) == Err(RecvError::Finished)
            });
            pair.b.tcp(server).unwrap().close(pair.now);
        }
        assert!(pair.now - started <= Duration::from_secs(60), "{number}");
    }
    println!("10,000 connections in {}", pair.now - started);
    let full = pair.b.journal().counters().full(Resource::Connections);
    assert_eq!(full, 0);
    pair.assert_all_legal();
    pair
}

#[test]
fn ten_thousand_connections_pass_through_eight_slots_in_a_minute() {
    let pair = many(false);
    assert!(pair.a.time_waiting() > 9_000);
}

#[test]
fn a_server_that_closes_first_forgets_the_oldest_wait_and_counts_it() {
    let pair = many(true);
    // It has 64 TIME-WAIT entries, and remembers the newest connections.
    assert_eq!(pair.b.time_waiting(), 64);
    let forgotten = pair.b.journal().counters().full(Resource::TimeWaits);
    assert!(forgotten > 9_000, "{forgotten}");
}

#[test]
fn the_ninth_client_waits_at_the_door_and_gets_in() {
    let mut pair = Pair::new(sizes(16), Limits::default());
    pair.b = crate::pair::node(Side::B, sizes(8), Limits::default());
    pair.b.listen(crate::pair::PORT, 4).unwrap();
    let mut servers = Vec::new();
    let connect = |pair: &mut Pair| pair.a.connect(pair.now, Pair::server()).unwrap();
    for _ in 0..8 {
        connect(&mut pair);
        pair.run_until(|pair| match pair.b.accept() {
            Some(handle) => {
                servers.push(handle);
                true
            }
            None => false,
        });
    }
    let ninth = connect(&mut pair);
    pair.run_for(Duration::from_millis(500));
    assert_eq!(pair.b.held(), 1);
    assert_eq!(pair.a.status(ninth).unwrap().state, State::SynSent);
    pair.b.abort(pair.now, servers[0]);
    pair.run_for(Duration::from_millis(100));
    assert_eq!(pair.a.status(ninth).unwrap().state, State::Established);
    assert_eq!(pair.b.held(), 0);
}

#[test]
fn beyond_the_backlog_a_syn_is_dropped_and_counted_or_refused_if_told_so() {
    for refuse in [false, true] {
        let limits = Limits {
            refuse,
            ..Limits::default()
        };
        let setup = Setup {
            backlog: 1,
            limits,
            ..Setup::default()
        };
        let mut lab = Lab::established_with(Column::Node, setup);
        let syn = |port| Segment {
            src_port: port,
            ..lab.syn()
        };
        let (second, third) = (syn(2), syn(3));
        assert!(lab.give(&second).is_empty());
        let sent = lab.give(&third);
        assert_eq!(sent.iter().any(Segment::is_rst), refuse);
        assert_eq!(lab.node().held(), 1);
        let dropped = lab.node().journal().counters().dropped(Reason::BacklogFull);
        assert_eq!(dropped, u64::from(!refuse));
        // Whoever takes its SYN back waits no longer.
        lab.give(&Segment {
            ack: None,
            ..second.clone().rst()
        });
        assert_eq!(lab.node().held(), 0);
    }
}

/// A node whose only connection is taken by a handshake that never ends, and where nobody can wait.
fn crowded() -> Lab {
    let setup = Setup {
        backlog: 0,
        ..Setup::default()
    };
    let mut lab = Lab::new(Column::Node, setup);
    lab.give(&Segment {
        src: host(99),
        src_port: 1,
        ..lab.syn()
    });
    assert_eq!(lab.node().half_open(), 1);
    // Old enough to give way to who is proven to be there.
    lab.wait(Duration::from_secs(5));
    lab
}

#[test]
fn a_cookie_carries_a_whole_connection() {
    let mut lab = crowded();
    let syn = Segment {
        mss: Some(1024),
        scale: Some(7),
        sack: true,
        ..lab.syn()
    };
    let sent = lab.give(&syn);
    let [syn_ack] = &sent[..] else {
        panic!("{sent:?}");
    };
    // What a cookie cannot remember is not agreed on.
    assert!(syn_ack.is_syn() && syn_ack.ack == Some(1001));
    assert_eq!((syn_ack.scale, syn_ack.sack), (None, false));
    lab.snd = 1001;
    lab.rcv = syn_ack.seq.wrapping_add(1);
    lab.give(&lab.ack());
    assert_eq!(lab.state(), State::Established);
    // Data both ways, in segments no longer than the peer's SYN allowed.
    let sent = lab.send(&[7; 2000]);
    assert_eq!(
        sent.iter().map(|it| it.data.len()).collect::<Vec<_>>(),
        [1024, 976]
    );
    lab.rcv = lab.rcv.wrapping_add(2000);
    lab.give(&lab.ack().data(b"hello"));
    lab.snd += 5;
    assert_eq!(lab.received(), b"hello");
    lab.enter_last_ack();
    lab.rcv = lab.rcv.wrapping_add(1);
    lab.give(&lab.ack());
    assert_eq!(lab.state(), State::Listen);
    let (now, handle) = (lab.now, lab.handle());
    lab.node().tcp(handle).unwrap().close(now);
    assert_eq!(lab.node().free(), 1);
}

#[test]
fn the_first_data_may_come_instead_of_the_acknowledgment_of_a_cookie() {
    let mut lab = crowded();
    lab.half_open();
    lab.give(&lab.ack().data(b"hello"));
    assert_eq!(lab.state(), State::Established);
    assert_eq!(lab.received(), b"hello");
    // The acknowledgment was late.
    let sent = lab.give(&lab.ack());
    assert!(!sent.iter().any(Segment::is_rst), "{sent:?}");
    assert_eq!(lab.state(), State::Established);
}

#[test]
fn a_cookie_counts_although_the_syn_came_again_to_a_free_place() {
    let mut lab = crowded();
    let syn = lab.syn();
    let cookie = lab.half_open();
    assert!(cookie[0].is_syn());
    let away = Segment {
        src: host(99),
        src_port: 1,
        seq: syn.seq + 1,
        ..syn.clone()
    };
    lab.give(&away.rst());
    let sent = lab.give(&syn);
    assert!(sent[0].is_syn() && sent[0].seq != cookie[0].seq);
    assert_eq!(lab.node().half_open(), 1);
    // The peer heard the cookie first.
    let later = Segment {
        seq: lab.snd + 5,
        ..lab.ack()
    };
    assert!(lab.give(&later.data(b"56789")).is_empty());
    lab.give(&lab.ack().data(b"01234"));
    assert_eq!(lab.state(), State::Established);
    assert_eq!(lab.received(), b"01234");
}

#[test]
fn a_guessed_cookie_opens_nothing() {
    let mut lab = crowded();
    lab.half_open();
    for guess in 0..10_000u32 {
        let ack = Some(lab.rcv ^ (guess + 1));
        lab.give(&Segment { ack, ..lab.ack() });
    }
    assert_eq!(lab.node().half_open(), 1);
    assert_eq!(lab.state(), State::SynReceived);
}

#[test]
fn a_syn_from_our_own_address_is_dropped() {
    let mut lab = Lab::server(Column::Node);
    let land = Segment {
        src: US,
        src_port: PORT,
        from: Some(mac_of(host(66))),
        ..lab.syn()
    };
    assert!(lab.give(&land).is_empty());
    let counters = lab.node().journal().counters();
    assert_eq!(counters.dropped(Reason::FromOurselves), 1);
}

#[test]
fn resets_that_guess_end_nothing_and_draw_few_answers() {
    let mut lab = Lab::established(Column::Node);
    let mut answers = 0;
    for guess in 0..100_000u32 {
        let seq = guess.wrapping_mul(43_000);
        if seq == lab.snd {
            continue;
        }
        let guess = Segment {
            seq,
            ack: None,
            ..lab.ack()
        };
        answers += lab.give(&guess.rst()).len();
    }
    assert_eq!(lab.state(), State::Established);
    assert!(answers <= 200, "{answers}");
}

#[test]
fn a_soft_error_is_survived_and_a_hard_one_ends_an_opening() {
    for (reason, state) in [
        (Icmpv4DstUnreachable::HostUnreachable, State::SynSent),
        (Icmpv4DstUnreachable::PortUnreachable, State::Closed),
    ] {
        let (mut lab, sent) = Lab::opening(Column::Node);
        lab.cable
            .inbox
            .push_back(icmp_unreachable(reason, &sent[0]));
        lab.work();
        assert_eq!(lab.state(), state);
        // A stranger's word about numbers that were never in flight is not believed.
        let (mut lab, mut sent) = Lab::opening(Column::Node);
        sent[0].seq ^= 1;
        lab.cable
            .inbox
            .push_back(icmp_unreachable(reason, &sent[0]));
        lab.work();
        assert_eq!(lab.state(), State::SynSent);
        let counters = lab.node().journal().counters();
        assert_eq!(counters.dropped(Reason::IcmpUnrelated), 1);
    }
}

#[test]
fn a_peer_that_rebooted_comes_back_on_the_same_port() {
    let mut lab = Lab::established(Column::Node);
    lab.snd = 77_000;
    let syn = lab.syn();
    let sent = lab.give(&syn);
    let [challenge] = &sent[..] else {
        panic!("{sent:?}");
    };
    // It knows nothing of this connection, and says so with the number it is asked for.
    let reset = Segment {
        seq: challenge.ack.unwrap(),
        ack: None,
        ..lab.ack()
    };
    assert!(lab.give(&reset.rst()).is_empty());
    let handle = lab.handle();
    let now = lab.now;
    lab.node().tcp(handle).unwrap().close(now);
    let sent = lab.give(&syn);
    assert!(sent.iter().any(Segment::is_syn), "{sent:?}");
    assert_eq!(lab.state(), State::SynReceived);
    let ended = lab.node().journal().iter().any(|(_, event)| {
        matches!(
            event.kind(),
            Kind::Ended {
                ending: Ending::ResetByPeer,
                ..
            }
        )
    });
    assert!(ended);
}

#[test]
fn old_acknowledgments_in_any_number_change_nothing() {
    let mut lab = Lab::established(Column::Node);
    lab.send(b"0123456789");
    lab.rcv = lab.rcv.wrapping_add(10);
    lab.give(&lab.ack());
    for _ in 0..1000 {
        let old = Segment {
            ack: Some(lab.rcv.wrapping_sub(10)),
            ..lab.ack()
        };
        assert!(lab.give(&old).is_empty());
    }
    let sent = lab.send(b"x");
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].seq, lab.rcv);
}
