//! Instructions in memory, which do not depend on the machine's speed: [`STEPS`] steps of each case.
//!
//! `scripts/bench --check-instructions` compares them with those in `benches/accepted.toml`.

#![allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    reason = "the harness is made by macros"
)]

mod support;

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group, main};

use support::cases::{Bench, Chat, chat, node, plain};
use support::hosts::{NodeHost, PlainHost};

/// Steps of which one figure is the sum.
const STEPS: usize = 100;
/// Events that the journal keeps.
const EVENTS: usize = 4096;

type OnNode = Bench<NodeHost>;
type OnPlain = Bench<PlainHost>;

fn node_beside(idle: usize) -> OnNode {
    node(idle, EVENTS)
}

fn with_reset(bench: OnNode) -> (OnNode, Vec<u8>) {
    let frame = bench.stray_reset();
    (bench, frame)
}

fn with_strangers_reset(bench: OnNode) -> (OnNode, Vec<u8>) {
    let frame = bench.strangers_reset();
    (bench, frame)
}

fn with_datagram<H>(bench: Bench<H>) -> (Bench<H>, Vec<u8>) {
    let frame = bench.peer.datagram();
    (bench, frame)
}

#[library_benchmark]
#[bench::without_journal(node(0, 0))]
#[bench::alone(node_beside(0))]
#[bench::beside_1000(node_beside(1_000))]
#[bench::beside_4000(node_beside(4_000))]
fn tcp_echo(mut bench: OnNode) -> OnNode {
    (0..STEPS).for_each(|_| bench.echo());
    black_box(bench)
}

#[library_benchmark]
#[bench::alone(plain(0))]
fn tcp_echo_of_plain_smoltcp(mut bench: OnPlain) -> OnPlain {
    (0..STEPS).for_each(|_| bench.echo());
    black_box(bench)
}

#[library_benchmark]
#[bench::alone(with_datagram(node_beside(0)))]
fn udp_echo((mut bench, frame): (OnNode, Vec<u8>)) -> OnNode {
    (0..STEPS).for_each(|_| bench.echo_datagram(&frame));
    black_box(bench)
}

#[library_benchmark]
#[bench::alone(with_datagram(plain(0)))]
fn udp_echo_of_plain_smoltcp((mut bench, frame): (OnPlain, Vec<u8>)) -> OnPlain {
    (0..STEPS).for_each(|_| bench.echo_datagram(&frame));
    black_box(bench)
}

#[library_benchmark]
#[bench::alone(node_beside(0))]
#[bench::beside_4000(node_beside(4_000))]
fn nothing_to_do(mut bench: OnNode) -> OnNode {
    (0..STEPS).for_each(|_| bench.idle());
    black_box(bench)
}

#[library_benchmark]
#[bench::alone(with_reset(node_beside(0)))]
fn found_judged_dropped((mut bench, frame): (OnNode, Vec<u8>)) -> OnNode {
    (0..STEPS).for_each(|_| bench.ignored(&frame));
    black_box(bench)
}

#[library_benchmark]
#[bench::beside_4000(with_strangers_reset(node_beside(4_000)))]
fn not_found_dropped((mut bench, frame): (OnNode, Vec<u8>)) -> OnNode {
    (0..STEPS).for_each(|_| bench.ignored(&frame));
    black_box(bench)
}

#[library_benchmark]
#[bench::alone(node_beside(0))]
#[bench::beside_4000(node_beside(4_000))]
fn connect_message_close(mut bench: OnNode) -> OnNode {
    (0..STEPS).for_each(|_| bench.visit());
    black_box(bench)
}

#[library_benchmark]
#[bench::alone(plain(0))]
fn connect_message_close_of_plain_smoltcp(mut bench: OnPlain) -> OnPlain {
    (0..STEPS).for_each(|_| bench.visit());
    black_box(bench)
}

#[library_benchmark]
#[bench::members_1(chat(1))]
#[bench::members_10(chat(10))]
#[bench::members_50(chat(50))]
#[bench::members_200(chat(200))]
fn line_to_all(mut chat: Chat) -> Chat {
    (0..STEPS).for_each(|_| chat.line());
    black_box(chat)
}

library_benchmark_group!(
    name = instructions,
    benchmarks = [
        tcp_echo,
        tcp_echo_of_plain_smoltcp,
        udp_echo,
        udp_echo_of_plain_smoltcp,
        nothing_to_do,
        found_judged_dropped,
        not_found_dropped,
        connect_message_close,
        connect_message_close_of_plain_smoltcp,
        line_to_all
    ]
);
main!(library_benchmark_groups = instructions);
