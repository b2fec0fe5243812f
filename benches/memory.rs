//! Times in memory: no kernel, no TAP, a virtual clock. `cargo bench --bench memory`.

mod support;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

use support::cases::{chat, node, plain};

/// Idle connections beside the one that is used.
const IDLE: [usize; 4] = [0, 1_000, 4_000, 10_000];
/// Events that the journal keeps.
const EVENTS: usize = 4096;

fn echo(c: &mut Criterion) {
    let mut group = c.benchmark_group("tcp echo");
    let mut bench = plain(0);
    group.bench_function("plain smoltcp", |b| b.iter(|| bench.echo()));
    for events in [0, EVENTS] {
        let mut bench = node(0, events);
        let id = BenchmarkId::new("node, journal of", events);
        group.bench_function(id, |b| b.iter(|| bench.echo()));
    }
    group.finish();

    let mut group = c.benchmark_group("udp echo");
    let mut bench = plain(0);
    let frame = bench.peer.datagram();
    group.bench_function("plain smoltcp", |b| b.iter(|| bench.echo_datagram(&frame)));
    let mut bench = node(0, EVENTS);
    group.bench_function("node", |b| b.iter(|| bench.echo_datagram(&frame)));
    group.finish();
}

fn flat(c: &mut Criterion) {
    let mut group = c.benchmark_group("tcp echo beside idle connections");
    for idle in [0, 1_000] {
        let mut bench = plain(idle);
        let id = BenchmarkId::new("plain smoltcp", idle);
        group.bench_function(id, |b| b.iter(|| bench.echo()));
    }
    for idle in IDLE {
        let mut bench = node(idle, EVENTS);
        group.bench_function(BenchmarkId::new("node", idle), |b| b.iter(|| bench.echo()));
    }
    group.finish();

    let mut group = c.benchmark_group("nothing to do beside idle connections");
    for idle in IDLE {
        let mut bench = node(idle, EVENTS);
        group.bench_function(BenchmarkId::new("node", idle), |b| b.iter(|| bench.idle()));
    }
    group.finish();
}

fn gate(c: &mut Criterion) {
    let mut group = c.benchmark_group("gate");
    for idle in [0, 10_000] {
        let mut bench = node(idle, EVENTS);
        let frame = bench.stray_reset();
        let id = BenchmarkId::new("found, judged, dropped, beside", idle);
        group.bench_function(id, |b| b.iter(|| bench.ignored(&frame)));
        let frame = bench.strangers_reset();
        let id = BenchmarkId::new("not found, dropped, beside", idle);
        group.bench_function(id, |b| b.iter(|| bench.ignored(&frame)));
    }
    group.finish();
}

fn visit(c: &mut Criterion) {
    let mut group = c.benchmark_group("connect, message, close");
    let mut bench = plain(0);
    group.bench_function("plain smoltcp", |b| b.iter(|| bench.visit()));
    for idle in [0, 10_000] {
        let mut bench = node(idle, EVENTS);
        let id = BenchmarkId::new("node beside", idle);
        group.bench_function(id, |b| b.iter(|| bench.visit()));
    }
    group.finish();
}

fn fan_out(c: &mut Criterion) {
    let mut group = c.benchmark_group("one line to all");
    for members in [1, 10, 50, 200] {
        let mut chat = chat(members);
        let id = BenchmarkId::new("room", members);
        group.bench_function(id, |b| b.iter(|| chat.line()));
    }
    group.finish();
}

criterion_group!(benches, echo, flat, gate, visit, fan_out);
criterion_main!(benches);
