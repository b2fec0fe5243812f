//! Which ports a connection may have, and who has them already.

use std::vec::Vec;

use smoltcp::time::Duration;

use super::{Experiment, Group, moment, plan};
use crate::device::Side;
use crate::lab::bench::Bench;
use crate::lab::claim::{Claim, SYN, between, is, until_arrival};
use crate::lab::plan::PORT;
use crate::lab::settings::{Knob, Settings};
use crate::lab::tape::{Answer, Outcome, Row, What};
use crate::pair::Clockwork;
use crate::trace::{Ending, State};

pub(super) const EXPERIMENTS: &[Experiment] = &[
    Experiment {
        name: "simultaneous-open",
        group: Group::Opening,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.5")],
        run: simultaneous_open,
        claims: simultaneous_open_claims,
        words: |texts| &texts.opening.simultaneous_open,
    },
    Experiment {
        name: "port-in-use",
        group: Group::Opening,
        knobs: &[Knob::Msl, Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.10.1"), (9293, "3.6.1")],
        run: port_in_use,
        claims: port_in_use_claims,
        words: |texts| &texts.opening.port_in_use,
    },
    Experiment {
        name: "tcp-and-udp-port",
        group: Group::Opening,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "2.2"), (768, "")],
        run: tcp_and_udp_port,
        claims: tcp_and_udp_port_claims,
        words: |texts| &texts.opening.tcp_and_udp_port,
    },
];
fn simultaneous_open(settings: &Settings) -> Outcome {
    let mut bench = Bench::new(plan(settings));
    // Neither listens: each connects from the port that the other one connects to.
    bench.connect_from(Side::A, 5000, PORT);
    bench.connect_from(Side::B, PORT, 5000);
    bench.run_for(moment(settings));
    Outcome::of([bench.finish()])
}

fn simultaneous_open_claims(outcome: &Outcome) -> [Claim; 2] {
    let run = outcome.run(0);
    let [a, b] = [Side::A, Side::B].map(|side| run.packet(side, |sent| is(sent, SYN)));
    let path = [State::SynSent, State::SynReceived, State::Established];
    let crossed = between(a, b).is_some_and(|it| it < outcome_delay(a));
    let listened = run.find(|what| matches!(what, What::Call { call: "listen", .. }));
    [
        Claim::new()
            .row(a)
            .row(b)
            .is(crossed)
            .is(run.path(Side::A) == path && run.path(Side::B) == path),
        Claim::new()
            .row(run.reaches(Side::A, State::Established))
            .row(run.reaches(Side::B, State::Established))
            .is(listened.is_none())
            .value(run.packets(Side::A, |_| true).count() + run.packets(Side::B, |_| true).count()),
    ]
}

/// How long a packet was on its way.
fn outcome_delay(row: Option<&Row>) -> Duration {
    until_arrival(row, row).unwrap_or(Duration::ZERO)
}

fn port_in_use(settings: &Settings) -> Outcome {
    let mut bench = Bench::new(plan(settings));
    bench.serve();
    bench.serve();
    if let Some(client) = bench.connect_from(Side::A, 5000, PORT) {
        bench.run_for(moment(settings));
        let server = bench.accept();
        bench.close(Side::A, client);
        bench.run_for(moment(settings));
        if let Some(server) = server {
            bench.close(Side::B, server);
        }
        bench.run_for(moment(settings));
        bench.connect_from(Side::A, 5000, PORT);
        bench.run_for(settings.msl * 2);
        bench.connect_from(Side::A, 5000, PORT);
        bench.run_for(moment(settings));
    }
    Outcome::of([bench.finish()])
}

fn port_in_use_claims(outcome: &Outcome) -> [Claim; 2] {
    let run = outcome.run(0);
    let mut listens = run.calls(Side::B, "listen");
    let (first, second) = (listens.next(), listens.next());
    let connects: Vec<_> = run.calls(Side::A, "connect").collect();
    let answer = |at: usize| connects.get(at).map(|(_, answer)| (*answer).clone());
    let row = |at: usize| connects.get(at).map(|(row, _)| *row);
    let waits = run.find(|what| matches!(what, What::Waits(Side::A, _)));
    let lasts = waits.and_then(|row| match row.what {
        What::Waits(_, lasts) => Some(lasts),
        _ => None,
    });
    [
        Claim::new()
            .row(first.map(|(row, _)| row))
            .row(second.map(|(row, _)| row))
            .is(second.is_some_and(|(_, it)| *it == Answer::Error("EADDRINUSE"))),
        Claim::new()
            .row(waits)
            .row(row(1))
            .row(row(2))
            .time(lasts)
            .is(answer(1) == Some(Answer::Error("EADDRNOTAVAIL")))
            .is(answer(2) == Some(Answer::Done))
            .is(run
                .reaches_last(Side::A, State::Established)
                .is_some_and(|it| row(2).is_some_and(|row| row.number < it.number))),
    ]
}

fn tcp_and_udp_port(settings: &Settings) -> Outcome {
    let mut bench = Bench::new(plan(settings));
    bench.serve();
    bench.bind(Side::B, PORT);
    bench.bind(Side::A, 5000);
    if let Some(client) = bench.connect_from(Side::A, 5000, PORT) {
        bench.run_for(moment(settings));
        bench.send(Side::A, client, b"over TCP");
        bench.send_to(Side::A, 5000, PORT, b"over UDP");
        bench.run_for(moment(settings));
        if let Some(server) = bench.accept() {
            bench.recv(Side::B, server);
        }
        bench.recv_from(Side::B, PORT);
    }
    Outcome::of([bench.finish()])
}

fn tcp_and_udp_port_claims(outcome: &Outcome) -> [Claim; 2] {
    let run = outcome.run(0);
    let listen = run.calls(Side::B, "listen").next();
    let bind = run.calls(Side::B, "bind").next();
    let [tcp, udp] = ["recv", "recvfrom"].map(|name| run.calls(Side::B, name).next());
    let said = |call: Option<(&Row, &Answer)>, text: &str| {
        call.is_some_and(|(_, answer)| *answer == Answer::Octets(text.into()))
    };
    let done =
        |call: Option<(&Row, &Answer)>| call.is_some_and(|(_, answer)| *answer == Answer::Done);
    [
        Claim::new()
            .row(listen.map(|(row, _)| row))
            .row(bind.map(|(row, _)| row))
            .is(done(listen) && done(bind))
            .value(PORT),
        Claim::new()
            .row(tcp.map(|(row, _)| row))
            .row(udp.map(|(row, _)| row))
            .is(said(tcp, "over TCP") && said(udp, "over UDP"))
            .is(!run.rows.iter().any(|row| {
                matches!(
                    row.what,
                    What::Over(_, Ending::ResetByPeer | Ending::Refused)
                )
            })),
    ]
}
