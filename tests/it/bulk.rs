//! Bulk over a wire in memory: how long it takes with and without loss, and how it begins.

use smolchat::device::{Policy, Shares};
use smolchat::node::{Config, Handle, Memory, Node, Sizes};
use smolchat::pair::{Clockwork, Pair};
use smolchat::trace::{ConnectionId, Direction, Kind};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};

const PORT: u16 = 9000;
const LATENCY: Duration = Duration::from_millis(10);
/// The longest first flight: ten segments (RFC 6928).
const FIRST_FLIGHT: usize = 14_600;

/// One connection at a time, of 64 KiB each way.
fn node(number: u8) -> Node<'static> {
    let address = IpCidr::new(IpAddress::v4(192, 0, 2, number), 24);
    let mac = EthernetAddress([2, 0, 0, 0, 0, number]);
    let sizes = Sizes {
        connections: 1,
        receive: 65_535,
        transmit: 65_535,
        ..Sizes::default()
    };
    let config = Config::new(mac, address, [number; 16]);
    Node::new(config, Memory::heap(sizes), Instant::ZERO).unwrap()
}

fn pair() -> Pair {
    let mut pair = Pair::new(node(1), node(2), LATENCY, 1500);
    pair.b.listen(PORT, 1).unwrap();
    pair
}

/// Sends `all` octets from `a` to `b` on a new connection.
fn bulk(pair: &mut Pair, all: usize) -> (Handle, Duration) {
    let began = pair.now;
    let server = (IpAddress::v4(192, 0, 2, 2), PORT).into();
    let client = pair.a.connect(pair.now, server).unwrap();
    let (mut sent, mut got) = (0, 0);
    let mut buffer = vec![7; 65_535];
    let done = pair.run_until(Duration::from_secs(600), |pair| {
        while pair.b.accept().is_some() {}
        let rest = buffer.len().min(all - sent);
        sent += pair
            .a
            .tcp(client)
            .unwrap()
            .send(&buffer[..rest])
            .unwrap_or(0);
        while let Some(handle) = pair.b.next_ready() {
            while let Ok(count) = pair.b.tcp(handle).unwrap().recv(&mut buffer) {
                got += count;
            }
            if pair.b.tcp(handle).unwrap().has_finished() {
                pair.b.tcp(handle).unwrap().close(pair.now);
            }
        }
        (got == all).then_some(())
    });
    assert!(done.is_some(), "{got} of {sent}");
    (client, pair.now - began)
}

/// Octets of data that left before the first acknowledgment of any.
fn first_flight(node: &Node<'_>, id: ConnectionId) -> usize {
    let segments = node
        .journal()
        .of(id)
        .filter_map(|(_, event)| match event.kind() {
            Kind::Segment(segment) => Some(segment),
            _ => None,
        });
    segments
        .take_while(|it| it.direction == Direction::Out || it.ack <= 1)
        .map(|it| usize::from(it.header.len))
        .sum()
}

#[test]
fn the_first_flight_is_small_whoever_had_the_socket_before() {
    let mut pair = pair();
    for _ in 0..3 {
        let (client, _) = bulk(&mut pair, 400_000);
        let flight = first_flight(&pair.a, client.id());
        assert!((1..=FIRST_FLIGHT).contains(&flight), "{flight}");
        pair.a.tcp(client).unwrap().close(pair.now);
        let over = pair.run_until(Duration::from_secs(5), |pair| {
            while let Some(handle) = pair.b.next_ready() {
                pair.b.tcp(handle).unwrap().close(pair.now);
            }
            (pair.a.free() == 1 && pair.b.free() == 1).then_some(())
        });
        assert!(over.is_some());
    }
}

#[test]
fn bulk_grows_to_the_window_and_survives_loss() {
    // Per mille of frames lost, each way, and how long half a mebibyte may take.
    for (drop, limit) in [(0, 800), (1, 4_000), (10, 10_000), (30, 60_000)] {
        for seed in 0..3 {
            let shares = Shares {
                drop,
                ..Shares::default()
            };
            let policy = Policy {
                shares,
                ..Policy::NONE
            };
            let mut pair = pair().with_faults(seed, policy, 1500);
            let (_, took) = bulk(&mut pair, 512 * 1024);
            println!("{drop} in 1,000 lost: {took}");
            assert!(
                took <= Duration::from_millis(limit),
                "{drop} in 1,000: {took}"
            );
        }
    }
}
