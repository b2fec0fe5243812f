//! What makes a sender wait: windows, Nagle, delayed acknowledgments.

use std::vec::Vec;

use smoltcp::time::Duration;

use super::{Experiment, Group, THINKING, moment, plan};
use crate::device::Side;
use crate::lab::bench::Bench;
use crate::lab::claim::{Claim, between, has_data, is_bare_ack};
use crate::lab::settings::{Knob, Settings};
use crate::lab::tape::{Answer, Outcome, Row, Run, Sent};
use crate::pair::Clockwork;
use crate::trace::Mark;

pub(super) const EXPERIMENTS: &[Experiment] = &[
    Experiment {
        name: "zero-window",
        group: Group::Data,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.8.6.1")],
        run: zero_window,
        claims: zero_window_claims,
        words: |texts| &texts.data.zero_window,
    },
    Experiment {
        name: "silly-window",
        group: Group::Data,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.8.6.2.2"), (813, "")],
        run: silly_window,
        claims: silly_window_claims,
        words: |texts| &texts.data.silly_window,
    },
    Experiment {
        name: "nagle",
        group: Group::Data,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.7.4"), (9293, "3.8.6.3")],
        run: nagle,
        claims: nagle_claims,
        words: |texts| &texts.data.nagle,
    },
];
/// The receive buffer of the server that reads slowly, and how much the client has for it.
const SMALL: usize = 1024;
const MUCH: usize = 2000;

fn zero_window(settings: &Settings) -> Outcome {
    let mut plan = plan(settings);
    plan.receive = SMALL;
    let mut bench = Bench::new(plan);
    bench.show_windows();
    if let Some((client, server)) = bench.meet() {
        bench.send(Side::A, client, &[b'x'; MUCH]);
        bench.run_for(Duration::from_secs(8));
        bench.recv_at_most(Side::B, server, SMALL);
        bench.run_for(moment(settings));
        bench.recv_at_most(Side::B, server, SMALL);
        bench.run_for(moment(settings));
    }
    Outcome::of([bench.finish()])
}

/// The window that a packet offers.
fn window(sent: &Sent) -> Option<u16> {
    sent.packet.header().map(|header| header.window)
}

fn zero_window_claims(outcome: &Outcome) -> [Claim; 2] {
    let run = outcome.run(0);
    let closed = run.packet(Side::B, |sent| window(sent) == Some(0));
    let probes: Vec<_> = run
        .packets(Side::A, |sent| sent.sent_as == Mark::WindowProbe)
        .collect();
    let reads: Vec<_> = run.calls(Side::B, "recv").collect();
    let opened = run.packet_after(reads.first().map(|it| it.0), Side::B, |sent| {
        window(sent) > Some(0)
    });
    let rest = run.packet_after(opened, Side::A, has_data);
    let total: usize = reads
        .iter()
        .map(|(_, answer)| match answer {
            Answer::Octets(octets) => octets.len(),
            _ => 0,
        })
        .sum();
    let probed = probes
        .iter()
        .fold(Claim::new().row(closed), |claim, row| claim.row(Some(row)));
    let gaps: Vec<_> = probes
        .windows(2)
        .map(|pair| pair[1].at - pair[0].at)
        .collect();
    [
        probed
            .is(probes.len() > 1)
            .is(gaps.windows(2).all(|pair| pair[1] >= pair[0]))
            .value(SMALL)
            .value(probes.len())
            .is(reads.first().is_some_and(
                |(_, it)| matches!(it, Answer::Octets(octets) if octets.len() == SMALL),
            )),
        Claim::new()
            .row(reads.first().map(|it| it.0))
            .row(opened)
            .row(rest)
            .is(total == MUCH)
            .value(total),
    ]
}

fn silly_window(settings: &Settings) -> Outcome {
    let mut plan = plan(settings);
    plan.receive = SMALL;
    let mut bench = Bench::new(plan);
    bench.show_windows();
    if let Some((client, server)) = bench.meet() {
        bench.send(Side::A, client, &[b'x'; MUCH]);
        bench.run_for(moment(settings));
        for portion in [1, 1, 1, 253, 256] {
            bench.recv_at_most(Side::B, server, portion);
            bench.run_for(Duration::from_millis(20));
        }
        bench.run_for(moment(settings));
    }
    Outcome::of([bench.finish()])
}

fn silly_window_claims(outcome: &Outcome) -> [Claim; 2] {
    let run = outcome.run(0);
    let reads: Vec<_> = run.calls(Side::B, "recv").map(|(row, _)| row).collect();
    let sent = |from: Option<&&Row>, to: Option<&&Row>| {
        let after = from.map_or(usize::MAX, |row| row.number);
        let before = to.map_or(usize::MAX, |row| row.number);
        let data = run.packets(Side::A, has_data);
        data.filter(|row| row.number > after && row.number < before)
            .collect::<Vec<_>>()
    };
    let small = sent(reads.first(), reads.get(3));
    let after = sent(reads.last(), None);
    let offered = |row: Option<&Row>| row.and_then(Row::sent).and_then(window);
    let closed = run.packet(Side::B, |sent| window(sent) == Some(0));
    let opened = run.packet_after(closed, Side::B, |sent| window(sent) > Some(0));
    [
        reads
            .iter()
            .take(3)
            .fold(Claim::new(), |claim, row| claim.row(Some(row)))
            .row(closed)
            .is(small.is_empty())
            .value(3),
        Claim::new()
            .row(opened)
            .row(after.first().copied())
            .is(offered(opened).is_some_and(|window| usize::from(window) * 2 >= SMALL))
            .value(offered(opened).unwrap_or(0))
            .value(
                after
                    .first()
                    .and_then(|row| row.sent())
                    .map_or(0, |sent| sent.packet.data().len()),
            ),
    ]
}

fn nagle(settings: &Settings) -> Outcome {
    let with = |waits: bool| {
        let mut bench = Bench::new(plan(settings));
        if let Some((client, server)) = bench.meet() {
            bench.send(Side::A, client, b"head,");
            if waits {
                // Nagle's rule, in the script: nothing small leaves before all is acknowledged.
                bench.run_until(THINKING, |bench| {
                    let status = bench.node(Side::A)?.status(client)?;
                    (status.unacknowledged == 0).then_some(())
                });
            }
            if !waits {
                bench.run_for(Duration::from_millis(1));
            }
            bench.send(Side::A, client, b"body");
            bench.run_until(THINKING, |bench| {
                let status = bench.node(Side::B)?.status(server)?;
                (status.unread == 9).then_some(())
            });
            bench.recv(Side::B, server);
            bench.run_for(moment(settings));
        }
        bench.finish()
    };
    Outcome::of([with(false), with(true)])
}

fn nagle_claims(outcome: &Outcome) -> [Claim; 2] {
    let (without, with) = (outcome.run(0), outcome.run(1));
    let took = |run: &Run| {
        let first = run
            .calls(Side::A, "send")
            .next()
            .map(|(row, _)| row.clone());
        let read = run
            .calls(Side::B, "recv")
            .next()
            .map(|(row, _)| row.clone());
        between(first.as_ref(), read.as_ref())
    };
    let data = |run: &Run, at: usize| run.packets(Side::A, has_data).nth(at).cloned();
    let (head, body) = (data(with, 0), data(with, 1));
    let ack = with.packet_after(head.as_ref(), Side::B, is_bare_ack);
    let held = head.as_ref().and_then(|row| row.arrived);
    let waited = ack.zip(held).map(|(ack, arrived)| ack.at - arrived);
    let read = |run: &Run| {
        run.calls(Side::B, "recv")
            .next()
            .map(|(row, _)| row.clone())
    };
    [
        Claim::new()
            .row(data(without, 0).as_ref())
            .row(read(without).as_ref())
            .row(data(without, 1).as_ref())
            .is(data(without, 1).is_some_and(|body| {
                let ack = without.packet(Side::B, is_bare_ack);
                ack.is_some_and(|ack| body.number < ack.number)
            }))
            .time(took(without)),
        Claim::new()
            .row(head.as_ref())
            .row(ack)
            .row(body.as_ref())
            .row(read(with).as_ref())
            .time(took(with))
            .time(waited)
            .is(took(with) > took(without))
            .is(body.is_some_and(|row| ack.is_some_and(|ack| ack.number < row.number))),
    ]
}
