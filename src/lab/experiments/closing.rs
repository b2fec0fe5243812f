//! How connections end, and what is left of them.

use std::vec::Vec;

use smoltcp::time::Duration;

use super::{Experiment, Group, moment, plan};
use crate::device::Side;
use crate::lab::bench::Bench;
use crate::lab::claim::{Claim, FIN, between, has_data, is, is_reset};
use crate::lab::settings::{Knob, Settings};
use crate::lab::tape::{Answer, Fate, Outcome, Row, Run, What};
use crate::pair::Clockwork;
use crate::trace::State;

pub(super) const EXPERIMENTS: &[Experiment] = &[
    Experiment {
        name: "four-or-three",
        group: Group::Closing,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.6")],
        run: four_or_three,
        claims: four_or_three_claims,
        words: |texts| &texts.closing.four_or_three,
    },
    Experiment {
        name: "who-closes-first",
        group: Group::Closing,
        knobs: &[Knob::Msl, Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.6"), (9293, "3.6.1")],
        run: who_closes_first,
        claims: who_closes_first_claims,
        words: |texts| &texts.closing.who_closes_first,
    },
    Experiment {
        name: "fin-out-of-order",
        group: Group::Closing,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.10.7.4")],
        run: fin_out_of_order,
        claims: fin_out_of_order_claims,
        words: |texts| &texts.closing.fin_out_of_order,
    },
    Experiment {
        name: "half-close",
        group: Group::Closing,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.6")],
        run: half_close,
        claims: half_close_claims,
        words: |texts| &texts.closing.half_close,
    },
    Experiment {
        name: "simultaneous-close",
        group: Group::Closing,
        knobs: &[Knob::Msl, Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.6")],
        run: simultaneous_close,
        claims: simultaneous_close_claims,
        words: |texts| &texts.closing.simultaneous_close,
    },
    Experiment {
        name: "linger-0",
        group: Group::Closing,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.10.5"), (9293, "3.10.4")],
        run: linger_0,
        claims: linger_0_claims,
        words: |texts| &texts.closing.linger_0,
    },
];

fn four_or_three(settings: &Settings) -> Outcome {
    let later = || {
        let mut bench = Bench::new(plan(settings));
        if let Some((client, server)) = bench.meet() {
            bench.close(Side::A, client);
            bench.run_for(moment(settings));
            bench.close(Side::B, server);
            bench.run_for(moment(settings));
        }
        bench.finish()
    };
    let at_once = || {
        let mut bench = Bench::new(plan(settings));
        if let Some((client, server)) = bench.meet() {
            // Its program closes as soon as it sees the end: before its acknowledgment has left.
            bench.reflex(move |bench| {
                if bench.state(Side::B, server) == State::CloseWait {
                    bench.close(Side::B, server);
                }
            });
            bench.close(Side::A, client);
            bench.run_for(moment(settings));
        }
        bench.finish()
    };
    Outcome::of([later(), at_once()])
}

/// The packets of a teardown: from the first FIN.
fn teardown(run: &Run) -> impl Iterator<Item = &Row> {
    let first = run
        .rows
        .iter()
        .find(|row| row.sent().is_some_and(|sent| is(sent, FIN)));
    let from = first.map_or(usize::MAX, |row| row.number);
    run.rows
        .iter()
        .filter(move |row| row.number >= from && row.sent().is_some())
}

fn four_or_three_claims(outcome: &Outcome) -> [Claim; 2] {
    let proofs = |run: &Run| teardown(run).fold(Claim::new(), |claim, row| claim.row(Some(row)));
    let (four, three) = (outcome.run(0), outcome.run(1));
    let merged = three.packet(Side::B, |sent| is(sent, FIN));
    let closed = |run: &Run| run.reaches(Side::B, State::Closed).is_some();
    [
        proofs(four)
            .is(teardown(four).count() == 4 && closed(four))
            .is(four.reaches(Side::B, State::CloseWait).is_some()),
        proofs(three)
            .is(teardown(three).count() == 3 && closed(three))
            .is(merged
                .and_then(Row::sent)
                .is_some_and(|sent| sent.numbers[1] == 2)),
    ]
}

fn who_closes_first(settings: &Settings) -> Outcome {
    let first = |first: Side| {
        let mut bench = Bench::new(plan(settings));
        if let Some((client, server)) = bench.meet() {
            let of = |side| if side == Side::A { client } else { server };
            bench.close(first, of(first));
            bench.run_for(moment(settings));
            bench.close(first.other(), of(first.other()));
            bench.run_for(moment(settings));
            let waiting = bench.node(first).map_or(0, |node| node.time_waiting());
            bench.fact("waiting", waiting as u64);
            bench.run_for(settings.msl * 2);
        }
        bench.finish()
    };
    Outcome::of([first(Side::A), first(Side::B)])
}

fn who_closes_first_claims(outcome: &Outcome) -> [Claim; 2] {
    let claim = |run: &Run, first: Side| {
        let waits = run.reaches(first, State::TimeWait);
        let over = run.reaches(first, State::Closed);
        let other = run.reaches(first.other(), State::Closed);
        Claim::new()
            .row(waits)
            .row(over)
            .row(other)
            .is(run.reaches(first.other(), State::TimeWait).is_none())
            .is(run.measured("waiting") == Some(1))
            .time(between(
                run.find(|what| matches!(what, What::Waits(..))),
                over,
            ))
    };
    [
        claim(outcome.run(0), Side::A),
        claim(outcome.run(1), Side::B),
    ]
}

fn fin_out_of_order(settings: &Settings) -> Outcome {
    let mut bench = Bench::new(plan(settings));
    if let Some((client, server)) = bench.meet() {
        bench.rule(|sent| has_data(sent).then_some(Fate::Late(BEHIND)));
        bench.send(Side::A, client, b"hello");
        bench.run_for(Duration::from_millis(1));
        bench.close(Side::A, client);
        bench.run_for(settings.delay + Duration::from_millis(5));
        bench.recv(Side::B, server);
        bench.run_for(moment(settings) + Duration::from_secs(2));
        bench.recv(Side::B, server);
        bench.recv(Side::B, server);
    }
    Outcome::of([bench.finish()])
}

/// How far behind the FIN the data comes.
const BEHIND: Duration = Duration::from_millis(40);

fn fin_out_of_order_claims(outcome: &Outcome) -> [Claim; 2] {
    let run = outcome.run(0);
    let fin = run.packet(Side::A, |sent| is(sent, FIN));
    let waits = run.reaches(Side::B, State::CloseWait);
    let data = run.packet(Side::A, has_data);
    let reads: Vec<_> = run.calls(Side::B, "recv").collect();
    let came = |at: usize| reads.get(at).map(|(_, answer)| (*answer).clone());
    let first = fin.and_then(|fin| fin.arrived);
    [
        Claim::new()
            .row(fin)
            .row(reads.first().map(|(row, _)| *row))
            .is(fin.is_some_and(|row| row.states_at(Side::B).is_empty()))
            .is(first < data.and_then(|row| row.arrived))
            .is(came(0) == Some(Answer::Nothing)),
        Claim::new()
            .row(data)
            .row(waits)
            .row(reads.get(1).map(|(row, _)| *row))
            .row(reads.get(2).map(|(row, _)| *row))
            .is(came(1) == Some(Answer::Octets(b"hello".into())))
            .is(came(2) == Some(Answer::End))
            .is(waits.and_then(|row| row.arrived) >= data.and_then(|row| row.arrived))
            .time(gap(data, waits)),
    ]
}

/// From the arrival of one packet to that of another.
fn gap(earlier: Option<&Row>, later: Option<&Row>) -> Option<Duration> {
    let (earlier, later) = (earlier?.arrived?, later?.arrived?);
    (later >= earlier).then(|| later - earlier)
}

fn half_close(settings: &Settings) -> Outcome {
    let mut bench = Bench::new(plan(settings));
    if let Some((client, server)) = bench.meet() {
        bench.send(Side::A, client, b"question");
        bench.shutdown(Side::A, client);
        bench.run_for(moment(settings));
        bench.recv(Side::B, server);
        bench.recv(Side::B, server);
        bench.send(Side::B, server, b"a long answer");
        bench.run_for(moment(settings));
        bench.recv(Side::A, client);
        bench.send(Side::A, client, b"one more");
        bench.close(Side::B, server);
        bench.run_for(moment(settings));
        bench.recv(Side::A, client);
    }
    Outcome::of([bench.finish()])
}

fn half_close_claims(outcome: &Outcome) -> [Claim; 2] {
    let run = outcome.run(0);
    let half = run.reaches(Side::A, State::FinWait2);
    let data = run.packet(Side::B, has_data);
    let reads: Vec<_> = run.calls(Side::A, "recv").collect();
    let sends: Vec<_> = run.calls(Side::A, "send").collect();
    let end = run.calls(Side::B, "recv").nth(1);
    [
        Claim::new()
            .row(half)
            .row(end.map(|(row, _)| row))
            .row(data)
            .row(reads.first().map(|(row, _)| *row))
            .is(end.is_some_and(|(_, answer)| *answer == Answer::End))
            .is(half.is_some_and(|half| data.is_some_and(|data| half.number < data.number)))
            .is(reads
                .first()
                .is_some_and(|(_, it)| **it == Answer::Octets(b"a long answer".into()))),
        Claim::new()
            .row(sends.get(1).map(|(row, _)| *row))
            .is(sends
                .get(1)
                .is_some_and(|(_, it)| **it == Answer::Error("EPIPE")))
            .row(run.packet(Side::B, |sent| is(sent, FIN)))
            .row(run.reaches(Side::A, State::TimeWait)),
    ]
}

fn simultaneous_close(settings: &Settings) -> Outcome {
    let mut bench = Bench::new(plan(settings));
    if let Some((client, server)) = bench.meet() {
        bench.close(Side::A, client);
        bench.close(Side::B, server);
        bench.run_for(moment(settings));
        for side in [Side::A, Side::B] {
            let waiting = bench.node(side).map_or(0, |node| node.time_waiting());
            bench.fact(if side == Side::A { "a" } else { "b" }, waiting as u64);
        }
        bench.run_for(settings.msl * 2);
    }
    Outcome::of([bench.finish()])
}

fn simultaneous_close_claims(outcome: &Outcome) -> [Claim; 2] {
    let run = outcome.run(0);
    let [a, b] = [Side::A, Side::B].map(|side| run.packet(side, |sent| is(sent, FIN)));
    let path = [
        State::FinWait1,
        State::Closing,
        State::TimeWait,
        State::Closed,
    ];
    let ends_so = |side: Side| run.path(side).ends_with(&path);
    let [over_a, over_b] = [Side::A, Side::B].map(|side| run.reaches_last(side, State::Closed));
    [
        Claim::new()
            .row(a)
            .row(b)
            .is(a.map(|row| row.at) == b.map(|row| row.at))
            .is([a, b]
                .iter()
                .flatten()
                .all(|row| row.states.iter().any(|states| states == &[State::Closing]))),
        Claim::new()
            .row(run.reaches(Side::A, State::TimeWait))
            .row(run.reaches(Side::B, State::TimeWait))
            .row(over_a)
            .row(over_b)
            .is(ends_so(Side::A) && ends_so(Side::B))
            .is(run.measured("a") == Some(1) && run.measured("b") == Some(1))
            .time(between(
                run.find(|what| matches!(what, What::Waits(..))),
                over_a,
            )),
    ]
}

/// More than the server's buffer takes at once.
const MUCH: usize = 6000;

fn linger_0(settings: &Settings) -> Outcome {
    let with = |lingers: bool| {
        let mut bench = Bench::new(plan(settings));
        if let Some((client, server)) = bench.meet() {
            bench.send(Side::A, client, &[b'x'; MUCH]);
            bench.run_for(moment(settings));
            match lingers {
                true => bench.close(Side::A, client),
                false => bench.abort(Side::A, client),
            }
            bench.run_for(moment(settings));
            let mut got = 0;
            while let Answer::Octets(octets) = bench.recv_at_most(Side::B, server, 4096) {
                got += octets.len();
                bench.run_for(moment(settings));
            }
            bench.fact("got", got as u64);
        }
        bench.finish()
    };
    Outcome::of([with(true), with(false)])
}

fn linger_0_claims(outcome: &Outcome) -> [Claim; 2] {
    let (usual, zero) = (outcome.run(0), outcome.run(1));
    let last = |run: &Run| {
        run.calls(Side::B, "recv")
            .last()
            .map(|(row, it)| (row.clone(), it.clone()))
    };
    let got = |run: &Run| run.measured("got").unwrap_or(0);
    let (usual_end, zero_end) = (last(usual), last(zero));
    [
        Claim::new()
            .row(usual.calls(Side::A, "close").next().map(|(row, _)| row))
            .row(usual.packet(Side::A, |sent| is(sent, FIN)))
            .row(usual_end.as_ref().map(|(row, _)| row))
            .is(usual_end.is_some_and(|(_, answer)| answer == Answer::End))
            .is(got(usual) == MUCH as u64)
            .value(got(usual)),
        Claim::new()
            .row(zero.packet(Side::A, is_reset))
            .row(zero_end.as_ref().map(|(row, _)| row))
            .is(zero_end.is_some_and(|(_, answer)| answer == Answer::Error("ECONNRESET")))
            .is(got(zero) < MUCH as u64)
            .is(zero.reaches(Side::A, State::TimeWait).is_none())
            .value(MUCH as u64 - got(zero))
            .value(MUCH),
    ]
}
