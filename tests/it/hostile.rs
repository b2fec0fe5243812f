//! A peer that sends anything: no frame may make a node panic, leak a connection, or act outside the RFC.
//!
//! Frames of a real conversation are changed in every field of their TCP and IP headers, given right
//! checksums again, and mixed with the conversation and with noise. `SMOLCHAT_HOSTILE_SEED=n` runs one seed.

use crate::pair::{PORT, Pair, config, receive, sizes};
use fastrand::Rng;
use smolchat::device::Side;
use smolchat::node::{Limits, Memory, Node, Sizes};
use smolchat::pair::Clockwork;
use smolchat::trace::Kind;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{
    EthernetFrame, EthernetProtocol, IpProtocol, Ipv4Packet, TcpPacket, UdpPacket,
};

/// Rounds of a run.
const ROUNDS: usize = 3_000;

/// Numbers at which comparisons of sequence numbers and lengths change their mind.
const EDGES: [u32; 10] = [
    0,
    1,
    2,
    536,
    1460,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_0000,
    0xffff_fffe,
    0xffff_ffff,
];

fn nudge(rng: &mut Rng, number: u32) -> u32 {
    match rng.u8(..4) {
        0 => number.wrapping_add(rng.choice(EDGES).unwrap()),
        1 => number.wrapping_sub(rng.choice(EDGES).unwrap()),
        2 => number.wrapping_add(rng.u32(..70_000)),
        _ => rng.u32(..),
    }
}

/// Changes one thing in a TCP segment and makes its checksums right again.
fn mutate(rng: &mut Rng, frame: &mut [u8]) {
    if frame.len() < 54 || rng.u8(..16) == 0 {
        // Anything at all, with whatever checksum comes of it.
        for _ in 0..rng.usize(1..4) {
            let place = rng.usize(..frame.len().max(1));
            if let Some(octet) = frame.get_mut(place) {
                *octet = rng.u8(..);
            }
        }
        return;
    }
    let mut ethernet = EthernetFrame::new_unchecked(frame);
    if ethernet.ethertype() != EthernetProtocol::Ipv4 {
        return;
    }
    // What was changed before may be beyond changing again.
    let Ok(mut ip) = Ipv4Packet::new_checked(ethernet.payload_mut()) else {
        return;
    };
    let (src, dst) = (ip.src_addr().into(), ip.dst_addr().into());
    match ip.next_header() {
        IpProtocol::Tcp => {
            let Ok(mut tcp) = TcpPacket::new_checked(ip.payload_mut()) else {
                return;
            };
            match rng.u8(..9) {
                0 => tcp.set_seq_number(smoltcp::wire::TcpSeqNumber(nudge(
                    rng,
                    tcp.seq_number().0 as u32,
                ) as i32)),
                1 => tcp.set_ack_number(smoltcp::wire::TcpSeqNumber(nudge(
                    rng,
                    tcp.ack_number().0 as u32,
                ) as i32)),
                2 => tcp.set_syn(!tcp.syn()),
                3 => tcp.set_fin(!tcp.fin()),
                4 => tcp.set_rst(!tcp.rst()),
                5 => tcp.set_ack(!tcp.ack()),
                6 => tcp.set_window_len(rng.u16(..)),
                7 => {
                    let options = usize::from(tcp.header_len()).saturating_sub(20);
                    if options > 0 {
                        let place = 20 + rng.usize(..options);
                        if let Some(octet) = tcp.into_inner().get_mut(place) {
                            *octet = rng.u8(..);
                        }
                        tcp = TcpPacket::new_unchecked(ip.payload_mut());
                    }
                }
                _ => tcp.set_src_port(PORT.wrapping_add(rng.u16(..3))),
            }
            tcp.fill_checksum(&src, &dst);
        }
        IpProtocol::Udp => {
            let Ok(mut udp) = UdpPacket::new_checked(ip.payload_mut()) else {
                return;
            };
            udp.set_src_port(rng.u16(..));
            udp.fill_checksum(&src, &dst);
        }
        _ => {}
    }
    ip.fill_checksum();
}

/// Shows frames that are on their way to a node again, changed.
fn harass(rng: &mut Rng, pair: &mut Pair, from: Side) {
    let frames: Vec<Vec<u8>> = pair
        .wire
        .queue(from)
        .frames()
        .map(|frame| frame.octets.to_vec())
        .collect();
    for mut frame in frames.into_iter().take(4) {
        mutate(rng, &mut frame);
        pair.wire.inject(from, pair.now, &frame);
    }
    if rng.u8(..8) == 0 {
        let noise: Vec<u8> = (0..rng.usize(..200)).map(|_| rng.u8(..)).collect();
        pair.wire.inject(from, pair.now, &noise);
    }
}

fn large_windows() -> Sizes {
    Sizes {
        receive: 300_000,
        transmit: 300_000,
        ..sizes(4)
    }
}

fn run(seed: u64, sizes: Sizes) {
    let mut rng = Rng::with_seed(seed);
    let mut pair = Pair::new(sizes, Limits::default());
    pair.b.bind(PORT).unwrap();
    let mut clients = Vec::new();
    let mut servers = Vec::new();
    for _ in 0..ROUNDS {
        match rng.u8(..10) {
            0 | 1 => clients.extend(pair.a.connect(pair.now, Pair::server())),
            2..=4 => {
                if let Some(client) = rng.choice(&clients) {
                    let _ = pair
                        .a
                        .tcp(*client)
                        .unwrap()
                        .send(&vec![b'x'; rng.usize(..6000)]);
                }
            }
            5 => {
                if let Some(server) = rng.choice(&servers) {
                    let _ = pair
                        .b
                        .tcp(*server)
                        .unwrap()
                        .send(&vec![b'y'; rng.usize(..6000)]);
                }
            }
            6 if !clients.is_empty() => {
                let client = clients.swap_remove(rng.usize(..clients.len()));
                pair.a.tcp(client).unwrap().close(pair.now);
            }
            7 if !servers.is_empty() => {
                let server = servers.swap_remove(rng.usize(..servers.len()));
                if rng.bool() {
                    pair.b.tcp(server).unwrap().close(pair.now);
                } else {
                    pair.b.abort(pair.now, server);
                }
            }
            _ => {}
        }
        servers.extend(pair.b.accept());
        for handle in &clients {
            receive(&mut pair.a, *handle);
        }
        for handle in &servers {
            receive(&mut pair.b, *handle);
        }
        let next = pair.step();
        for side in [Side::A, Side::B] {
            harass(&mut rng, &mut pair, side);
        }
        let limit = pair.now + Duration::from_millis(rng.u64(1..400));
        pair.now = next.map_or(limit, |next| next.min(limit)).max(pair.now);
    }
    // Everybody lets go; in the end every slot must have come back.
    for handle in clients {
        pair.a.abort(pair.now, handle);
    }
    for handle in servers {
        pair.b.tcp(handle).unwrap().close(pair.now);
    }
    while let Some(handle) = pair.b.accept() {
        pair.b.abort(pair.now, handle);
    }
    pair.run_for(Duration::from_secs(400));
    while let Some(handle) = pair.b.accept() {
        pair.b.tcp(handle).unwrap().close(pair.now);
    }
    pair.run_for(Duration::from_secs(400));
    for node in [&pair.a, &pair.b] {
        let left: Vec<_> = node.statuses(pair.now).collect();
        assert!(
            left.is_empty(),
            "seed {seed}: {left:#?}\n{}",
            crate::pair::ladder(node, left[0].id, pair.now)
        );
        assert_eq!(node.free(), node.capacity(), "seed {seed}");
        assert_eq!(node.time_waiting(), 0, "seed {seed}");
        for (_, event) in node.journal().iter() {
            assert!(
                !matches!(event.kind(), Kind::Illegal(_)),
                "seed {seed}: {event:?}"
            );
        }
    }
}

fn seeds() -> std::ops::Range<u64> {
    match std::env::var("SMOLCHAT_HOSTILE_SEED") {
        Ok(seed) => {
            let seed = seed.parse().expect("a number");
            seed..seed + 1
        }
        Err(_) => 1..17,
    }
}

#[test]
fn changed_segments_neither_panic_nor_leak() {
    for seed in seeds() {
        run(seed, sizes(4));
    }
}

#[test]
fn changed_segments_do_no_harm_behind_windows_larger_than_64_kib() {
    for seed in seeds() {
        run(seed, large_windows());
    }
}

#[test]
fn noise_of_any_length_is_counted_and_forgotten() {
    let mut rng = Rng::with_seed(1);
    let mut node: Node<'_> = Node::new(
        config(Side::B, Limits::default()),
        Memory::heap(sizes(2)),
        Instant::ZERO,
    )
    .unwrap();
    let mut wire = smolchat::device::Wire::heap(Duration::ZERO, 1500, 4);
    node.listen(PORT, 1).unwrap();
    let mut frames = 0;
    for length in 0..1514 {
        for _ in 0..4 {
            let noise: Vec<u8> = (0..length).map(|_| rng.u8(..)).collect();
            frames += u64::from(wire.inject(Side::A, Instant::ZERO, &noise));
            let _ = node.poll(Instant::ZERO, &mut wire.end_b());
        }
    }
    assert_eq!(frames, 4 * 1514);
    assert_eq!(node.journal().counters().dropped_in_all(), frames);
}
