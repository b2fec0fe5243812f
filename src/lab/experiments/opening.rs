//! How connections begin, and what can be in the way.

use std::vec::Vec;

use smoltcp::time::Duration;
use smoltcp::wire::TcpControl;

use super::{Experiment, Group, moment, plan};
use crate::device::Side;
use crate::lab::bench::Bench;
use crate::lab::claim::{
    Claim, SYN, SYN_ACK, between, has_data, is, is_bare_ack, is_datagram, is_reset, until_arrival,
};
use crate::lab::packet::{Forged, Packet};
use crate::lab::plan::{PORT, address, mac};
use crate::lab::settings::{Knob, Settings};
use crate::lab::tape::{Answer, Fate, Outcome};
use crate::pair::Clockwork;
use crate::trace::{Reason, State, Verdict};

pub(super) const EXPERIMENTS: &[Experiment] = &[
    Experiment {
        name: "without-accept",
        group: Group::Opening,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.5"), (9293, "3.10.1")],
        run: without_accept,
        claims: without_accept_claims,
        words: |texts| &texts.opening.without_accept,
    },
    Experiment {
        name: "without-listen",
        group: Group::Opening,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.10.7.1"), (1122, "3.2.2.1")],
        run: without_listen,
        claims: without_listen_claims,
        words: |texts| &texts.opening.without_listen,
    },
    Experiment {
        name: "three-not-two",
        group: Group::Opening,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.5")],
        run: three_not_two,
        claims: three_not_two_claims,
        words: |texts| &texts.opening.three_not_two,
    },
    Experiment {
        name: "lost-syn",
        group: Group::Opening,
        knobs: &[Knob::Drop, Knob::Delay, Knob::Seed],
        rfcs: &[(6298, "5"), (9293, "3.8.3")],
        run: lost_syn,
        claims: lost_syn_claims,
        words: |texts| &texts.opening.lost_syn,
    },
    Experiment {
        name: "queues-full",
        group: Group::Opening,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.10.1"), (4987, "2.2")],
        run: queues_full,
        claims: queues_full_claims,
        words: |texts| &texts.opening.queues_full,
    },
    Experiment {
        name: "isns-differ",
        group: Group::Opening,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.4.1"), (6528, "3")],
        run: isns_differ,
        claims: isns_differ_claims,
        words: |texts| &texts.opening.isns_differ,
    },
];

fn without_accept(settings: &Settings) -> Outcome {
    let mut bench = Bench::new(plan(settings));
    bench.serve();
    if let Some(client) = bench.connect(Side::A) {
        bench.run_for(moment(settings));
        bench.send(Side::A, client, b"hello");
        bench.run_for(moment(settings));
        if let Some(server) = bench.accept() {
            bench.recv(Side::B, server);
        }
    }
    Outcome::of([bench.finish()])
}

fn without_accept_claims(outcome: &Outcome) -> [Claim; 2] {
    let run = outcome.run(0);
    let [at_client, at_server] = [Side::A, Side::B].map(|it| run.reaches(it, State::Established));
    let accept = run.calls(Side::B, "accept").next();
    let data = run.packet(Side::A, has_data);
    let answer = run.packet_after(data, Side::B, is_bare_ack);
    let read = run.calls(Side::B, "recv").next();
    let accepted = accept.map_or(0, |(row, _)| row.number);
    [
        Claim::new()
            .row(at_client)
            .row(at_server)
            .is(at_server.is_some_and(|row| row.number < accepted))
            .row(accept.map(|(row, _)| row)),
        Claim::new()
            .row(data)
            .row(answer)
            .is(answer.is_some_and(|row| row.number < accepted))
            .row(read.map(|(row, _)| row))
            .is(read.is_some_and(|(_, read)| *read == Answer::Octets(b"hello".into())))
            .value(5),
    ]
}

fn without_listen(settings: &Settings) -> Outcome {
    let mut tcp = Bench::new(plan(settings));
    if let Some(client) = tcp.connect(Side::A) {
        tcp.run_for(moment(settings));
        tcp.recv(Side::A, client);
    }
    let mut udp = Bench::new(plan(settings));
    udp.bind(Side::A, 5000);
    udp.send_to(Side::A, 5000, PORT, b"hello");
    udp.run_for(moment(settings));
    Outcome::of([tcp.finish(), udp.finish()])
}

fn without_listen_claims(outcome: &Outcome) -> [Claim; 2] {
    let (tcp, udp) = (outcome.run(0), outcome.run(1));
    let reset = tcp.packet(Side::B, is_reset);
    let refused = tcp.calls(Side::A, "recv").next();
    let datagram = udp.packet(Side::A, is_datagram);
    let told = udp.packet(Side::B, |sent| sent.packet == Packet::Icmp(3, 3));
    [
        Claim::new()
            .row(tcp.packet(Side::A, |sent| is(sent, SYN)))
            .row(reset)
            .is(reset.is_some_and(|row| row.states_at(Side::A) == [State::Closed]))
            .row(refused.map(|(row, _)| row))
            .is(refused.is_some_and(|(_, it)| *it == Answer::Error("ECONNREFUSED")))
            .time(until_arrival(
                tcp.packet(Side::A, |sent| is(sent, SYN)),
                reset,
            )),
        Claim::new().row(datagram).row(told),
    ]
}

fn three_not_two(settings: &Settings) -> Outcome {
    let mut bench = Bench::new(plan(settings));
    bench.serve();
    // The client asks, and its program ends before an answer comes: of all that, only the SYN is still there.
    bench.rule(|sent| is(sent, SYN).then_some(Fate::Late(LATE)));
    if let Some(client) = bench.connect(Side::A) {
        bench.run_for(Duration::from_millis(1));
        bench.close(Side::A, client);
        bench.run_for(LATE + moment(settings));
        bench.accept();
    }
    Outcome::of([bench.finish()])
}

/// How late the SYN is that nobody waits for any more.
const LATE: Duration = Duration::from_millis(400);

fn three_not_two_claims(outcome: &Outcome) -> [Claim; 2] {
    let run = outcome.run(0);
    let syn = run.packet(Side::A, |sent| is(sent, SYN));
    let answer = run.packet(Side::B, |sent| is(sent, SYN_ACK));
    let reset = run.packet(Side::A, is_reset);
    let accept = run.calls(Side::B, "accept").next();
    [
        Claim::new()
            .row(syn)
            .row(answer)
            .is(syn.is_some_and(|row| row.states_at(Side::B) == [State::SynReceived]))
            .is(run.reaches(Side::B, State::Established).is_none()),
        Claim::new()
            .row(reset)
            .is(reset.is_some_and(|row| !row.states_at(Side::B).is_empty()))
            .row(accept.map(|(row, _)| row))
            .is(accept.is_some_and(|(_, answer)| *answer == Answer::Nothing)),
    ]
}

fn lost_syn(settings: &Settings) -> Outcome {
    let mut bench = Bench::new(plan(settings));
    bench.serve();
    let mut left = settings.drop;
    bench.rule(move |sent| {
        let hit = left > 0 && is(sent, SYN);
        left -= u64::from(hit);
        hit.then_some(Fate::Lost)
    });
    if let Some(client) = bench.connect(Side::A) {
        bench.run_until(Duration::from_secs(100), |bench| {
            (bench.state(Side::A, client) == State::Established).then_some(())
        });
        bench.run_for(moment(settings));
    }
    Outcome::of([bench.finish()])
}

fn lost_syn_claims(outcome: &Outcome) -> [Claim; 2] {
    let run = outcome.run(0);
    let syns: Vec<_> = run.packets(Side::A, |sent| is(sent, SYN)).collect();
    let gaps = syns.windows(2).map(|pair| pair[1].at - pair[0].at);
    let gaps: Vec<_> = gaps.collect();
    let doubled = gaps.windows(2).all(|pair| pair[1] == pair[0] * 2);
    let same = syns
        .iter()
        .filter_map(|row| row.sent())
        .all(|it| it.numbers[0] == 0);
    let established = run.reaches(Side::A, State::Established);
    let all = syns
        .iter()
        .fold(Claim::new(), |claim, row| claim.row(Some(row)));
    [
        all.is(same)
            .is(doubled && gaps.len() > 1)
            .time(gaps.first().copied()),
        Claim::new()
            .row(established)
            .time(until_arrival(syns.first().copied(), established))
            .value(syns.len() - 1)
            .is(syns.len() > 1),
    ]
}

fn queues_full(settings: &Settings) -> Outcome {
    let mut plan = plan(settings);
    (plan.connections, plan.backlog) = (2, 1);
    let mut bench = Bench::new(plan);
    bench.listen(Side::B, PORT, 1);
    bench.fact("connections", plan.connections);
    // The server knows two connections at once, and its program does not accept.
    let clients: Vec<_> = (0..2).map_while(|_| bench.connect(Side::A)).collect();
    bench.run_for(moment(settings));
    // The client's node has no more memory than the server's, so the others come from somewhere else.
    for port in [6001, 6002] {
        bench.forge(Side::A, &stranger(port, TcpControl::Syn, 1000).frame());
        bench.run_for(settings.delay);
    }
    bench.run_for(moment(settings));
    if let Some(first) = clients.first() {
        let accepted = bench.accept();
        bench.close(Side::A, *first);
        bench.run_for(moment(settings));
        if let Some(server) = accepted {
            bench.close(Side::B, server);
        }
        bench.run_for(moment(settings));
    }
    Outcome::of([bench.finish()])
}

/// A segment to the server's port that the client's node did not make.
fn stranger(port: u16, control: TcpControl, seq: u32) -> Forged {
    Forged {
        macs: [mac(Side::A), mac(Side::B)],
        addresses: [address(Side::A), address(Side::B)],
        ports: [port, PORT],
        control,
        seq,
        ack: None,
    }
}

fn queues_full_claims(outcome: &Outcome) -> [Claim; 2] {
    let run = outcome.run(0);
    let fates = |wanted: fn(Verdict) -> bool| {
        run.packet(Side::A, move |sent| is(sent, SYN) && wanted(sent.verdict))
    };
    let held = fates(|verdict| verdict == Verdict::Held);
    let dropped = fates(|verdict| verdict == Verdict::Dropped(Reason::BacklogFull));
    let established = run
        .rows
        .iter()
        .filter(|row| row.states_at(Side::B).contains(&State::Established));
    let established: Vec<_> = established.collect();
    let accept = run.calls(Side::B, "accept").next();
    let held_flow = held.and_then(|row| row.flow);
    let let_in = run.packet(Side::B, |sent| is(sent, SYN_ACK));
    let let_in = let_in.and_then(|_| {
        run.packets(Side::B, |sent| is(sent, SYN_ACK))
            .find(|row| row.flow == held_flow)
    });
    let filled = established
        .iter()
        .fold(Claim::new(), |claim, row| claim.row(Some(row)));
    [
        filled
            .is(established.len() == 2)
            .is(accept.is_some_and(|(row, _)| established.iter().all(|it| it.number < row.number)))
            .row(held)
            .row(dropped),
        Claim::new()
            .row(accept.map(|(row, _)| row))
            .row(let_in)
            .is(let_in.is_some_and(|row| accept.is_some_and(|(it, _)| it.number < row.number))),
    ]
}

fn isns_differ(settings: &Settings) -> Outcome {
    let mut bench = Bench::new(plan(settings));
    bench.serve();
    for round in ["first", "second", "again"] {
        // The third one is between the same ports as the second, a second later.
        let port = if round == "first" { 5001 } else { 5002 };
        if let Some(client) = bench.connect_from(Side::A, port, PORT) {
            bench.run_for(moment(settings));
            let syn = bench.frame(Side::A, |packet| {
                packet
                    .header()
                    .is_some_and(|it| it.flags.contains(crate::trace::Flags::SYN))
            });
            let packet = syn.and_then(|syn| Packet::parse(&syn));
            if let Some(header) = packet.as_ref().and_then(Packet::header) {
                bench.fact(round, header.seq.get());
            }
            bench.abort(Side::A, client);
            bench.run_for(PAUSE - moment(settings));
        }
    }
    Outcome::of([bench.finish()])
}

/// From one opening to the next.
const PAUSE: Duration = Duration::from_secs(1);
/// How far the clock of RFC 6528 goes in that time: one number every four microseconds.
const TICKS: u64 = 250_000;

fn isns_differ_claims(outcome: &Outcome) -> [Claim; 2] {
    let run = outcome.run(0);
    let [first, second, again] =
        ["first", "second", "again"].map(|it| run.measured(it).unwrap_or(0));
    let mut syns = run.packets(Side::A, |sent| is(sent, SYN));
    let rows = [syns.next(), syns.next(), syns.next()];
    let grown = (again as u32).wrapping_sub(second as u32);
    let others = (second as u32).wrapping_sub(first as u32);
    [
        Claim::new()
            .row(rows[0])
            .row(rows[1])
            .value(first)
            .value(second)
            .is(first != second && u64::from(others) != TICKS),
        Claim::new()
            .row(rows[1])
            .row(rows[2])
            .value(grown)
            .time(between(rows[1], rows[2]))
            .is(u64::from(grown) == TICKS)
            .is(between(rows[1], rows[2]) == Some(PAUSE)),
    ]
}
