//! More clients than connections: whoever finds no room waits, nobody is reset, and no stranger keeps
//! others waiting.

use crate::lab::{Segment, host, mac_of};
use crate::pair::{PORT, Pair, sizes};
use smolchat::device::{Side, Wire};
use smolchat::node::{Handle, Limits, RecvError, Sizes};
use smolchat::pair::Clockwork;
use smolchat::trace::{Answer, Ending, Kind, Reason, Resource, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, Ipv4Address};

/// `clients` can be open on the one side, `slots` on the other, where `backlog` may wait.
fn crowd(clients: usize, slots: usize, backlog: u16, latency: Duration) -> Pair {
    let memory = |connections| Sizes {
        time_waits: 4096,
        backlog: 128,
        events: 1 << 16,
        ..sizes(connections)
    };
    let mut pair = Pair::new(memory(clients), Limits::default());
    pair.b = crate::pair::node(Side::B, memory(slots), Limits::default());
    pair.b.listen(PORT, backlog).unwrap();
    pair.wire = Wire::heap(latency, 1500, 4096);
    pair
}

fn connect(pair: &mut Pair) -> Handle {
    pair.a.connect(pair.now, Pair::server()).unwrap()
}

/// No client saw a reset, and nobody gave way on the other side.
fn assert_nobody_was_reset(pair: &Pair) {
    let ends = |event: &smolchat::trace::Event| match event.kind() {
        Kind::Ended { ending, .. } => Some(ending),
        _ => None,
    };
    for (_, event) in pair.a.journal().iter().chain(pair.b.journal().iter()) {
        let Some(ending) = ends(event) else { continue };
        assert_eq!(ending, Ending::Closed, "{event:?}");
    }
    let resets =
        |node: &smolchat::node::Node<'_>| node.journal().counters().answered(Answer::Reset);
    assert_eq!((resets(&pair.a), resets(&pair.b)), (0, 0));
    assert_eq!(
        pair.a.journal().overwritten() + pair.b.journal().overwritten(),
        0
    );
    pair.assert_all_legal();
}

#[test]
fn whoever_finds_no_connection_free_waits_and_gets_in_when_one_is() {
    let latencies = [0, 80, 20_000].map(Duration::from_micros);
    let crowds = [
        (9, 8, 128),
        (16, 8, 128),
        (128, 100, 128),
        (3, 1, 2),
        (20, 8, 12),
    ];
    for (clients, slots, backlog) in crowds {
        for latency in latencies {
            let mut pair = crowd(clients, slots, backlog, latency);
            let all: Vec<_> = (0..clients).map(|_| connect(&mut pair)).collect();
            let mut served = Vec::new();
            let accept = |pair: &mut Pair, served: &mut Vec<_>| {
                served.extend(core::iter::from_fn(|| pair.b.accept()));
            };
            pair.run_until(|pair| {
                accept(pair, &mut served);
                served.len() == slots
            });
            pair.run_for(Duration::from_secs(2));
            let of = |pair: &Pair, state| {
                let is = |handle: &&Handle| pair.a.status(**handle).unwrap().state == state;
                all.iter().filter(is).count()
            };
            assert_eq!(of(&pair, State::Established), slots);
            assert_eq!(of(&pair, State::SynSent), clients - slots);
            assert_eq!(pair.b.held(), clients - slots);
            // One leaves, one gets in, at once.
            for number in 0..clients - slots {
                let remote = pair.b.status(served[number]).unwrap().flow.remote;
                let its = |it: &&Handle| {
                    pair.a
                        .status(**it)
                        .is_some_and(|it| it.flow.local == remote)
                };
                let client = *all.iter().find(its).unwrap();
                pair.b.tcp(served[number]).unwrap().close(pair.now);
                pair.a.tcp(client).unwrap().close(pair.now);
                let since = pair.now;
                pair.run_until(|pair| {
                    accept(pair, &mut served);
                    served.len() > slots + number
                });
                let took = pair.now - since;
                assert!(
                    took <= latency * 6 + Duration::from_millis(50),
                    "{clients} {slots} {latency} {number}: {took}"
                );
            }
            assert_eq!(pair.b.journal().counters().answered(Answer::SynCookie), 0);
            assert_nobody_was_reset(&pair);
        }
    }
}

/// A server of one answer for each request, after which it closes; `silent` clients ask for nothing and
/// wait to be greeted. Runs `requests`, `at_once` of them at any time; says how long it took.
fn requests(pair: &mut Pair, requests: usize, at_once: usize, silent: bool) -> Duration {
    let started = pair.now;
    let (mut begun, mut done) = (0, 0);
    pair.run_until(|pair| {
        while let Some(handle) = pair.b.accept() {
            if silent {
                pair.b.tcp(handle).unwrap().send(b"hello").unwrap();
                pair.b.tcp(handle).unwrap().shutdown(pair.now);
            }
        }
        while let Some(handle) = pair.b.next_ready() {
            match pair.b.tcp(handle).unwrap().recv(&mut [0; 64]) {
                Ok(_) => {
                    pair.b.tcp(handle).unwrap().send(b"hello").unwrap();
                    pair.b.tcp(handle).unwrap().close(pair.now);
                }
                Err(RecvError::WouldBlock) => {}
                Err(_) => pair.b.tcp(handle).unwrap().close(pair.now),
            }
        }
        while let Some(handle) = pair.a.next_ready() {
            let mut buffer = [0; 64];
            match pair.a.tcp(handle).unwrap().recv(&mut buffer) {
                Ok(count) => assert_eq!(buffer[..count], *b"hello"),
                Err(RecvError::WouldBlock) => {
                    if !silent {
                        pair.a.tcp(handle).unwrap().send(b"GET /").unwrap();
                    }
                }
                Err(error) => {
                    assert_eq!(error, RecvError::Finished);
                    pair.a.tcp(handle).unwrap().close(pair.now);
                    done += 1;
                }
            }
        }
        while begun < requests && begun - done < at_once && pair.a.free() > 0 {
            connect(pair);
            begun += 1;
        }
        done == requests
    });
    pair.now - started
}

#[test]
fn bursts_beyond_connections_and_backlog_are_served_and_nobody_is_reset() {
    let latency = Duration::from_micros(80);
    for (at_once, slots, backlog) in [(150, 100, 128), (150, 100, 64), (150, 100, 16), (40, 8, 4)] {
        for silent in [false, true] {
            let mut pair = crowd(2 * at_once, slots, backlog, latency);
            let took = requests(&mut pair, 1000, at_once, silent);
            println!("{at_once} at once, {slots} and {backlog}: {took}");
            assert!(took < Duration::from_secs(60), "{took}");
            assert_nobody_was_reset(&pair);
        }
    }
}

/// A SYN of somebody else's than the peer.
fn forged(src: Ipv4Address, port: u16) -> Vec<u8> {
    Segment {
        src,
        dst: Ipv4Address::new(192, 0, 2, 2),
        src_port: port,
        dst_port: PORT,
        seq: u32::from(port) << 16,
        from: Some(mac_of(src)),
        to: Some(EthernetAddress([2, 0, 0, 0, 0, 2])),
        ..Segment::default()
    }
    .syn()
    .frame()
}

/// How long a client waits for its connection while `stranger` decides what comes besides, in each
/// millisecond.
fn waits(pair: &mut Pair, mut stranger: impl FnMut(Instant) -> Vec<Vec<u8>>) -> Duration {
    let since = pair.now;
    let client = connect(pair);
    let mut server = None;
    while pair.a.status(client).unwrap().state != State::Established || server.is_none() {
        for frame in stranger(pair.now) {
            pair.wire.inject(Side::A, pair.now, &frame);
        }
        pair.step();
        server = server.or_else(|| pair.b.accept());
        pair.now += Duration::from_millis(1);
        assert!(pair.now - since < Duration::from_secs(30), "kept out");
    }
    let took = pair.now - since;
    let server = server.unwrap();
    pair.a.tcp(client).unwrap().close(pair.now);
    pair.b.tcp(server).unwrap().close(pair.now);
    took
}

#[test]
fn a_stranger_with_ten_thousand_handshakes_keeps_nobody_out() {
    let mut pair = crowd(16, 64, 64, Duration::from_millis(1));
    let mut port = 0;
    let mut stranger = |_| {
        port += 10;
        (port - 10..port)
            .map(|port| forged(host(66), 1024 + port % 10_000))
            .collect()
    };
    for round in 0..10 {
        let took = waits(&mut pair, &mut stranger);
        assert!(took < Duration::from_millis(1100), "{round}: {took}");
    }
    let counters = pair.b.journal().counters();
    assert!(counters.full(Resource::Share) > 0);
}

/// The rounds come at every phase of a second, so that no allowance of each second's is left to them.
#[test]
fn syns_forged_in_its_own_name_keep_no_client_out() {
    let mut pair = crowd(16, 64, 16, Duration::from_millis(1));
    let mut port = 0_u32;
    // 2,000 a second.
    let mut forger = |_: Instant| -> Vec<_> {
        port += 2;
        let ports = port - 2..port;
        ports
            .map(|port| {
                forged(
                    Ipv4Address::new(192, 0, 2, 1),
                    1024 + (port % 30_000) as u16,
                )
            })
            .collect()
    };
    for round in 0..10 {
        for _ in 0..3100 {
            for frame in forger(pair.now) {
                pair.wire.inject(Side::A, pair.now, &frame);
            }
            pair.step();
            pair.now += Duration::from_millis(1);
        }
        let took = waits(&mut pair, &mut forger);
        // The first 300 SYNs may have been a crowd's.
        let bound = if round == 0 { 1100 } else { 100 };
        assert!(took < Duration::from_millis(bound), "{round}: {took}");
    }
    let counters = pair.b.journal().counters();
    assert!(counters.answered(Answer::SynCookie) > 1000);
    assert_eq!(counters.dropped(Reason::RateLimited), 0);
}

#[test]
fn a_few_silent_handshakes_from_anywhere_keep_nobody_out() {
    let mut pair = crowd(16, 8, 8, Duration::from_millis(1));
    let mut number = 0;
    // Ten a second, each from another address.
    let mut strangers = |now: Instant| -> Vec<Vec<u8>> {
        number += 1;
        let src = Ipv4Address::new(198, 51, (number >> 8) as u8, number as u8);
        let comes = now.total_millis() % 100 == 0;
        comes.then(|| forged(src, 1024)).into_iter().collect()
    };
    for _ in 0..20_000 {
        for frame in strangers(pair.now) {
            pair.wire.inject(Side::A, pair.now, &frame);
        }
        pair.step();
        pair.now += Duration::from_millis(1);
    }
    for round in 0..4 {
        let took = waits(&mut pair, &mut strangers);
        assert!(took < Duration::from_millis(100), "{round}: {took}");
    }
}

#[test]
fn a_young_handshake_does_not_give_way() {
    let mut pair = crowd(8, 1, 2, Duration::from_millis(400));
    // A handshake of 800 ms, with others at the door who would be quicker.
    let slow = connect(&mut pair);
    pair.run_until(|pair| pair.b.half_open() == 1);
    for number in 0..20 {
        let src = host(100 + number);
        pair.wire.inject(Side::A, pair.now, &forged(src, 1024));
    }
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.a.status(slow).unwrap().state, State::Established);
    assert!(pair.b.accept().is_some());
    assert_nobody_was_reset(&pair);
}
