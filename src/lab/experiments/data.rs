//! What is sent on a connection, and how it comes to the other end.

use std::vec::Vec;

use smoltcp::time::Duration;

use super::{Experiment, Group, THINKING, moment, plan};
use crate::device::Side;
use crate::lab::bench::Bench;
use crate::lab::claim::{
    Claim, FIN, SYN, SYN_ACK, between, has_data, is, is_bare_ack, is_datagram, until_arrival,
};
use crate::lab::plan::PORT;
use crate::lab::settings::{Knob, Settings};
use crate::lab::tape::{Answer, Fate, Outcome, Row, Run, Sent};
use crate::node::Handle;
use crate::pair::Clockwork;
use crate::trace::{Mark, State};

pub(super) const EXPERIMENTS: &[Experiment] = &[
    Experiment {
        name: "numbers",
        group: Group::Data,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.4"), (9293, "3.3.1")],
        run: numbers,
        claims: numbers_claims,
        words: |texts| &texts.data.numbers,
    },
    Experiment {
        name: "sticking",
        group: Group::Data,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "2.2"), (768, "")],
        run: sticking,
        claims: sticking_claims,
        words: |texts| &texts.data.sticking,
    },
    Experiment {
        name: "recv-blocks",
        group: Group::Data,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.10.3")],
        run: recv_blocks,
        claims: recv_blocks_claims,
        words: |texts| &texts.data.recv_blocks,
    },
    Experiment {
        name: "lost-message",
        group: Group::Data,
        knobs: &[Knob::Loss, Knob::Drop, Knob::Delay, Knob::Seed],
        rfcs: &[(6298, "5"), (9293, "3.8.1"), (768, "")],
        run: lost_message,
        claims: lost_message_claims,
        words: |texts| &texts.data.lost_message,
    },
    Experiment {
        name: "duplicate",
        group: Group::Data,
        knobs: &[Knob::Loss, Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.10.7.4"), (768, "")],
        run: duplicate,
        claims: duplicate_claims,
        words: |texts| &texts.data.duplicate,
    },
];

fn numbers(settings: &Settings) -> Outcome {
    let mut bench = Bench::new(plan(settings));
    if let Some((client, server)) = bench.meet() {
        bench.send(Side::A, client, b"hello");
        bench.run_for(moment(settings));
        bench.recv(Side::B, server);
        bench.send(Side::B, server, b"hi");
        bench.run_for(moment(settings));
        bench.recv(Side::A, client);
        bench.close(Side::A, client);
        bench.run_for(moment(settings));
        bench.close(Side::B, server);
        bench.run_for(moment(settings));
    }
    Outcome::of([bench.finish()])
}

fn numbers_claims(outcome: &Outcome) -> [Claim; 2] {
    let run = outcome.run(0);
    let first = |side: Side, fits: &dyn Fn(&Sent) -> bool| run.packet(side, fits);
    let number = |row: Option<&Row>, at: usize| row.and_then(Row::sent).map(|it| it.numbers[at]);
    let syn = first(Side::A, &|it| is(it, SYN));
    let syn_ack = first(Side::B, &|it| is(it, SYN_ACK));
    let hello = first(Side::A, &has_data);
    let fin = first(Side::A, &|it| is(it, FIN));
    let fin_ack = run.packet_after(fin, Side::B, is_bare_ack);
    // Without a loss, what one sends next is what the other one asks for next.
    let mut next = [0, 0];
    let mut in_step = true;
    for sent in run.rows.iter().filter_map(Row::sent) {
        let (own, other) = if sent.from == Side::A { (0, 1) } else { (1, 0) };
        in_step &= sent.numbers[0] == next[own];
        in_step &= is(sent, SYN) || sent.numbers[1] == next[other];
        next[own] += sent
            .packet
            .header()
            .map_or(0, |header| header.sequence_len());
    }
    [
        Claim::new()
            .row(syn)
            .row(syn_ack)
            .row(hello)
            .row(fin)
            .row(fin_ack)
            .is(number(syn_ack, 1) == Some(1))
            .is(number(fin, 0) == Some(6) && number(fin_ack, 1) == Some(7)),
        Claim::new()
            .row(hello)
            .row(run.packet_after(hello, Side::B, has_data))
            .row(run.packet(Side::B, |it| is(it, FIN)))
            .is(in_step)
            .value(next[0])
            .value(next[1]),
    ]
}

fn sticking(settings: &Settings) -> Outcome {
    let mut tcp = Bench::new(plan(settings));
    if let Some((client, server)) = tcp.meet() {
        tcp.send(Side::A, client, b"hello,");
        tcp.run_for(Duration::from_millis(1));
        tcp.send(Side::A, client, b"world");
        tcp.run_for(moment(settings));
        tcp.recv(Side::B, server);
        tcp.recv(Side::B, server);
    }
    let mut udp = Bench::new(plan(settings));
    udp.bind(Side::B, PORT);
    udp.bind(Side::A, 5000);
    for word in [b"hello,".as_slice(), b"world"] {
        udp.send_to(Side::A, 5000, PORT, word);
        udp.run_for(Duration::from_millis(1));
    }
    udp.run_for(moment(settings));
    udp.recv_from(Side::B, PORT);
    udp.recv_from(Side::B, PORT);
    Outcome::of([tcp.finish(), udp.finish()])
}

fn sticking_claims(outcome: &Outcome) -> [Claim; 2] {
    let (tcp, udp) = (outcome.run(0), outcome.run(1));
    let both = |claim: Claim, run: &Run, fits: fn(&Sent) -> bool| {
        run.packets(Side::A, fits)
            .fold(claim, |claim, row| claim.row(Some(row)))
    };
    let reads = |run: &Run, name: &str| -> Vec<(usize, Answer)> {
        let calls = run.calls(Side::B, name);
        calls
            .map(|(row, answer)| (row.number, answer.clone()))
            .collect()
    };
    let (stuck, apart) = (reads(tcp, "recv"), reads(udp, "recvfrom"));
    let said = |text: &str| Answer::Octets(text.into());
    let named = |claim: Claim, run: &Run, at: Option<&(usize, Answer)>| {
        claim.row(
            run.rows
                .iter()
                .find(|row| Some(row.number) == at.map(|it| it.0)),
        )
    };
    let first = both(Claim::new(), tcp, has_data);
    let second = both(Claim::new(), udp, is_datagram);
    let second = named(second, udp, apart.first());
    [
        named(first, tcp, stuck.first())
            .is(tcp.packets(Side::A, has_data).count() == 2)
            .is(stuck.first().is_some_and(|it| it.1 == said("hello,world"))),
        named(second, udp, apart.get(1))
            .is(apart.first().is_some_and(|it| it.1 == said("hello,")))
            .is(apart.get(1).is_some_and(|it| it.1 == said("world"))),
    ]
}

fn recv_blocks(settings: &Settings) -> Outcome {
    let mut bench = Bench::new(plan(settings));
    if let Some((client, server)) = bench.meet() {
        bench.recv(Side::B, server);
        bench.run_for(THINKING);
        bench.send(Side::A, client, b"hello");
        // The first moment at which it has something to give.
        bench.run_until(THINKING, |bench| {
            let status = bench.node(Side::B)?.status(server)?;
            (status.unread > 0).then_some(())
        });
        bench.recv(Side::B, server);
        bench.recv(Side::B, server);
        bench.run_for(moment(settings));
        bench.close(Side::A, client);
        bench.run_for(moment(settings));
        bench.recv(Side::B, server);
    }
    Outcome::of([bench.finish()])
}

fn recv_blocks_claims(outcome: &Outcome) -> [Claim; 2] {
    let run = outcome.run(0);
    let reads: Vec<_> = run.calls(Side::B, "recv").collect();
    let row = |at: usize| reads.get(at).map(|(row, _)| *row);
    let came = |at: usize| reads.get(at).map(|(_, answer)| (*answer).clone());
    let data = run.packet(Side::A, has_data);
    let fin = run.packet(Side::A, |sent| is(sent, FIN));
    [
        Claim::new()
            .row(row(0))
            .row(data)
            .row(row(1))
            .is(came(0) == Some(Answer::Nothing))
            .is(came(1) == Some(Answer::Octets(b"hello".into())))
            .is(data.and_then(|row| row.arrived) == row(1).map(|row| row.at))
            .time(between(row(0), row(1))),
        Claim::new()
            .row(row(2))
            .row(fin)
            .row(row(3))
            .is(came(2) == Some(Answer::Nothing))
            .is(came(3) == Some(Answer::End)),
    ]
}

/// What is said, one message after the other.
const MESSAGES: [&[u8]; 3] = [b"one.", b"two.", b"three."];
/// From one to the next.
const EVERY: Duration = Duration::from_millis(100);

/// The message of this number is lost so many times.
fn losing(settings: &Settings) -> impl FnMut(&Sent) -> Option<Fate> + 'static {
    let message = MESSAGES[(settings.loss - 1) as usize];
    let mut left = settings.drop;
    move |sent| {
        let hit = left > 0 && sent.packet.data().starts_with(message);
        left -= u64::from(hit);
        hit.then_some(Fate::Lost)
    }
}

/// Says all messages over TCP, and reads after each, and once at the end.
fn say_over_tcp(settings: &Settings, rule: impl FnMut(&Sent) -> Option<Fate> + 'static) -> Run {
    let mut bench = Bench::new(plan(settings));
    if let Some((client, server)) = bench.meet() {
        bench.rule(rule);
        let mut missing = MESSAGES.concat().len();
        for message in MESSAGES {
            bench.send(Side::A, client, message);
            bench.run_for(EVERY + settings.delay);
            missing -= recv_some(&mut bench, server);
        }
        while missing > 0 {
            let came = bench.run_until(Duration::from_secs(30), |bench| {
                let status = bench.node(Side::B)?.status(server)?;
                (status.unread > 0).then_some(())
            });
            if came.is_none() {
                break;
            }
            missing -= recv_some(&mut bench, server);
        }
    }
    bench.finish()
}

/// How many octets one `recv` brings.
fn recv_some(bench: &mut Bench, server: Handle) -> usize {
    match bench.recv(Side::B, server) {
        Answer::Octets(octets) => octets.len(),
        _ => 0,
    }
}

/// The same over UDP.
fn say_over_udp(settings: &Settings, rule: impl FnMut(&Sent) -> Option<Fate> + 'static) -> Run {
    let mut bench = Bench::new(plan(settings));
    bench.rule(rule);
    bench.bind(Side::B, PORT);
    bench.bind(Side::A, 5000);
    for message in MESSAGES {
        bench.send_to(Side::A, 5000, PORT, message);
        bench.run_for(EVERY + settings.delay);
        bench.recv_from(Side::B, PORT);
    }
    bench.recv_from(Side::B, PORT);
    bench.finish()
}

/// All that the server read, in its order.
fn read(run: &Run, name: &str) -> Vec<u8> {
    let calls = run.calls(Side::B, name);
    let octets = calls.filter_map(|(_, answer)| match answer {
        Answer::Octets(octets) => Some(octets.clone()),
        _ => None,
    });
    octets.flatten().collect()
}

fn lost_message(settings: &Settings) -> Outcome {
    let tcp = say_over_tcp(settings, losing(settings));
    let udp = say_over_udp(settings, losing(settings));
    let mut outcome = Outcome::of([tcp, udp]);
    outcome.runs[0].facts.push(("loss", settings.loss));
    outcome
}

fn lost_message_claims(outcome: &Outcome) -> [Claim; 2] {
    let (tcp, udp) = (outcome.run(0), outcome.run(1));
    let lost: Vec<_> = tcp.packets(Side::A, Sent::is_lost).collect();
    let number = tcp.measured("loss").unwrap_or(1);
    let message = MESSAGES[(number - 1) as usize];
    let again = tcp.packet_after(lost.last().copied(), Side::A, |sent| {
        !sent.is_lost() && sent.sent_as == Mark::Retransmission
    });
    let losses = lost
        .iter()
        .fold(Claim::new(), |claim, row| claim.row(Some(row)));
    let gone = udp.packet(Side::A, Sent::is_lost);
    let rest: Vec<u8> = MESSAGES
        .iter()
        .filter(|it| **it != message)
        .flat_map(|it| it.to_vec())
        .collect();
    [
        losses
            .row(again)
            .is(read(tcp, "recv") == MESSAGES.concat())
            .value(number)
            .time(until_arrival(lost.first().copied(), again)),
        Claim::new()
            .row(gone)
            .row(
                udp.calls(Side::B, "recvfrom")
                    .nth((number - 1) as usize)
                    .map(|(row, _)| row),
            )
            .is(read(udp, "recvfrom") == rest)
            .is(udp.packets(Side::A, is_datagram).count() == MESSAGES.len())
            .value(number),
    ]
}

fn duplicate(settings: &Settings) -> Outcome {
    let twice = || {
        let message = MESSAGES[(settings.loss - 1) as usize];
        move |sent: &Sent| {
            (sent.packet.data() == message).then_some(Fate::Twice(Duration::from_millis(30)))
        }
    };
    Outcome::of([
        say_over_tcp(settings, twice()),
        say_over_udp(settings, twice()),
    ])
}

fn duplicate_claims(outcome: &Outcome) -> [Claim; 2] {
    let (tcp, udp) = (outcome.run(0), outcome.run(1));
    let copy = tcp.packet(Side::A, |sent| sent.fate == Fate::Copy);
    let answer = tcp.packet_after(copy, Side::B, is_bare_ack);
    let other = udp.packet(Side::A, |sent| sent.fate == Fate::Copy);
    let first = udp.packet(Side::A, |sent| matches!(sent.fate, Fate::Twice(_)));
    let twice = first
        .and_then(Row::sent)
        .map(|sent| sent.packet.data().to_vec());
    let reads = udp.calls(Side::B, "recvfrom");
    let of_it: Vec<_> = reads
        .filter(|(_, answer)| matches!(answer, Answer::Octets(octets) if Some(octets) == twice.as_ref()))
        .map(|(row, _)| row)
        .collect();
    let named = of_it
        .iter()
        .fold(Claim::new().row(first).row(other), |claim, row| {
            claim.row(Some(row))
        });
    [
        Claim::new()
            .row(copy)
            .row(answer)
            .is(copy
                .and_then(Row::sent)
                .is_some_and(|sent| sent.taken_as == Mark::Duplicate))
            .is(read(tcp, "recv") == MESSAGES.concat())
            .is(tcp.reaches(Side::B, State::Closed).is_none()),
        named.is(of_it.len() == 2),
    ]
}
