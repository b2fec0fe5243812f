//! What goes wrong, by accident and on purpose.

use std::vec::Vec;

use smoltcp::time::Duration;

use super::{Experiment, Group, gave, last_call, moment, plan};
use crate::device::Side;
use crate::lab::bench::Bench;
use crate::lab::claim::{
    Claim, FIN, between, has_data, is, is_bare_ack, is_datagram, is_reset, until_arrival,
};
use crate::lab::plan::PORT;
use crate::lab::settings::{Knob, Settings};
use crate::lab::tape::{Answer, Event, Fate, Outcome, Run, Sent, What};
use crate::pair::Clockwork;
use crate::trace::{Mark, State, Timer};

pub(super) const EXPERIMENTS: &[Experiment] = &[
    Experiment {
        name: "cable-pulled",
        group: Group::Trouble,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.8.3"), (1122, "4.2.3.5")],
        run: cable_pulled,
        claims: cable_pulled_claims,
        words: |texts| &texts.trouble.cable_pulled,
    },
    Experiment {
        name: "power-lost",
        group: Group::Trouble,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.5.1"), (9293, "3.10.4")],
        run: power_lost,
        claims: power_lost_claims,
        words: |texts| &texts.trouble.power_lost,
    },
    Experiment {
        name: "keep-alive",
        group: Group::Trouble,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.8.4")],
        run: keep_alive,
        claims: keep_alive_claims,
        words: |texts| &texts.trouble.keep_alive,
    },
    Experiment {
        name: "lossy-path",
        group: Group::Trouble,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(6298, "5"), (768, "")],
        run: lossy_path,
        claims: lossy_path_claims,
        words: |texts| &texts.trouble.lossy_path,
    },
];

const HOUR: Duration = Duration::from_secs(3600);

fn cable_pulled(settings: &Settings) -> Outcome {
    let mut silent = Bench::new(plan(settings));
    if let Some((client, server)) = silent.meet() {
        silent.plug(false);
        silent.run_for(HOUR);
        silent.plug(true);
        silent.send(Side::A, client, b"still there?");
        silent.run_for(moment(settings));
        silent.recv(Side::B, server);
    }
    let mut short = Bench::new(plan(settings));
    if let Some((client, server)) = short.meet() {
        short.plug(false);
        short.send(Side::A, client, b"hello");
        short.run_for(Duration::from_secs(5));
        short.plug(true);
        short.run_for(Duration::from_secs(5));
        short.recv(Side::B, server);
    }
    let mut for_ever = Bench::new(plan(settings));
    if let Some((client, _)) = for_ever.meet() {
        for_ever.plug(false);
        for_ever.send(Side::A, client, b"hello");
        for_ever.outlast(Side::A, client, HOUR);
        for_ever.recv(Side::A, client);
    }
    Outcome::of([silent.finish(), short.finish(), for_ever.finish()])
}

fn cable_pulled_claims(outcome: &Outcome) -> [Claim; 2] {
    let (silent, short, for_ever) = (outcome.run(0), outcome.run(1), outcome.run(2));
    let event = |run: &Run, wanted: Event| {
        run.find(|what| matches!(what, What::Event(event) if *event == wanted))
            .cloned()
    };
    let (pulled, plugged) = (
        event(silent, Event::CablePulled),
        event(silent, Event::CablePlugged),
    );
    let crossed = silent.rows.iter().filter(|row| {
        row.sent().is_some()
            && Some(row.at) > pulled.as_ref().map(|it| it.at)
            && Some(row.at) < plugged.as_ref().map(|it| it.at)
    });
    let again = short.packet_after(
        event(short, Event::CablePlugged).as_ref(),
        Side::A,
        has_data,
    );
    let attempts = for_ever.packets(Side::A, Sent::is_lost).count();
    let over = for_ever.find(|what| matches!(what, What::Timer(Side::A, Timer::Retransmission)));
    let told = last_call(for_ever, Side::A, "recv");
    let error = for_ever
        .calls(Side::A, "recv")
        .last()
        .map(|(_, answer)| answer.clone());
    [
        Claim::new()
            .row(pulled.as_ref())
            .row(plugged.as_ref())
            .row(last_call(silent, Side::B, "recv"))
            .is(crossed.count() == 0)
            .is(gave(silent, Side::B, "still there?"))
            .time(between(pulled.as_ref(), plugged.as_ref())),
        Claim::new()
            .row(again)
            .row(last_call(short, Side::B, "recv"))
            .row(over)
            .row(told)
            .is(gave(short, Side::B, "hello"))
            .is(error == Some(Answer::Error("ETIMEDOUT")))
            .value(attempts)
            .time(between(for_ever.packet(Side::A, Sent::is_lost), over)),
    ]
}

fn power_lost(settings: &Settings) -> Outcome {
    let mut killed = Bench::new(plan(settings));
    if let Some((client, server)) = killed.meet() {
        killed.kill(Side::B, server);
        killed.run_for(moment(settings));
        killed.recv(Side::A, client);
    }
    let mut cut = Bench::new(plan(settings));
    if let Some((client, _)) = cut.meet() {
        cut.cut_power(Side::B);
        cut.run_for(HOUR);
        cut.recv(Side::A, client);
        cut.start(Side::B);
        cut.serve();
        cut.send(Side::A, client, b"hello");
        cut.run_for(Duration::from_secs(5));
        cut.recv(Side::A, client);
    }
    Outcome::of([killed.finish(), cut.finish()])
}

fn power_lost_claims(outcome: &Outcome) -> [Claim; 2] {
    let (killed, cut) = (outcome.run(0), outcome.run(1));
    let is_killed = |what: &What| matches!(what, What::Event(Event::Killed(_)));
    let fin = killed.packet(Side::B, |sent| is(sent, FIN));
    let end = killed.calls(Side::A, "recv").next();
    let reads: Vec<_> = cut.calls(Side::A, "recv").collect();
    let came = |at: usize| reads.get(at).map(|(_, answer)| (*answer).clone());
    let lost = cut.find(|what| matches!(what, What::Event(Event::PowerLost(_))));
    let reset = cut.packet(Side::B, is_reset);
    [
        Claim::new()
            .row(killed.find(is_killed))
            .row(fin)
            .row(end.map(|(row, _)| row))
            .is(end.is_some_and(|(_, answer)| *answer == Answer::End))
            .time(until_arrival(killed.find(is_killed), fin)),
        Claim::new()
            .row(lost)
            .row(reads.first().map(|(row, _)| *row))
            .row(reset)
            .row(reads.get(1).map(|(row, _)| *row))
            .is(came(0) == Some(Answer::Nothing))
            .is(came(1) == Some(Answer::Error("ECONNRESET")))
            .time(between(lost, reads.first().map(|(row, _)| *row))),
    ]
}

/// How long a peer is silent before it is probed, and how long it may leave probes unanswered.
const IDLE: Duration = Duration::from_secs(60);
const GIVES_UP: Duration = Duration::from_secs(180);

fn keep_alive(settings: &Settings) -> Outcome {
    let with = |lives: bool| {
        let mut plan = plan(settings);
        plan.limits.keep_alive = Some(IDLE);
        plan.limits.keep_alive_timeout = GIVES_UP;
        let mut bench = Bench::new(plan);
        if let Some((client, server)) = bench.meet() {
            if !lives {
                bench.cut_power(Side::A);
            }
            bench.run_for(IDLE * 3);
            if !lives {
                bench.outlast(Side::B, server, HOUR);
            }
            bench.recv(Side::B, server);
            let _ = client;
        }
        bench.finish()
    };
    Outcome::of([with(true), with(false)])
}

fn keep_alive_claims(outcome: &Outcome) -> [Claim; 2] {
    let (lives, gone) = (outcome.run(0), outcome.run(1));
    let is_probe = |sent: &Sent| sent.sent_as == Mark::KeepAlive;
    let probe = lives.packet(Side::B, is_probe);
    let answer = lives.packet_after(probe, Side::A, is_bare_ack);
    let read = |run: &Run| {
        run.calls(Side::B, "recv")
            .last()
            .map(|(row, it)| (row.clone(), it.clone()))
    };
    let over = gone.find(|what| matches!(what, What::Timer(Side::B, Timer::KeepAlive)));
    let established = lives.reaches(Side::B, State::Established);
    let lost = gone.find(|what| matches!(what, What::Event(Event::PowerLost(_))));
    [
        Claim::new()
            .row(probe)
            .row(answer)
            .row(read(lives).map(|it| it.0).as_ref())
            .is(read(lives).is_some_and(|it| it.1 == Answer::Nothing))
            .is(lives.reaches(Side::B, State::Closed).is_none())
            .time(
                established
                    .and_then(|row| row.arrived)
                    .zip(probe)
                    .map(|(at, row)| row.at - at),
            ),
        Claim::new()
            .row(gone.packet(Side::B, is_probe))
            .row(over)
            .row(read(gone).map(|it| it.0).as_ref())
            .is(read(gone).is_some_and(|it| it.1 == Answer::Error("ETIMEDOUT")))
            .value(gone.packets(Side::B, is_probe).count())
            .time(between(lost, over)),
    ]
}

/// How many messages cross the bad path, and how many of a hundred packets it loses.
const MESSAGES: u8 = 6;
const LOSES: u32 = 30;

/// Loses packets by chance, the same with the same seed.
fn by_chance(seed: u64) -> impl FnMut(&Sent) -> Option<Fate> + 'static {
    let mut chance = fastrand::Rng::with_seed(seed);
    move |_| (chance.u32(..100) < LOSES).then_some(Fate::Lost)
}

fn message(number: u8) -> [u8; 2] {
    [b'0' + number, b'.']
}

fn lossy_path(settings: &Settings) -> Outcome {
    let mut tcp = Bench::new(plan(settings));
    // The handshake is let through: what is measured are the messages.
    if let Some((client, server)) = tcp.meet() {
        tcp.rule(by_chance(settings.seed));
        for number in 0..MESSAGES {
            tcp.send(Side::A, client, &message(number));
            tcp.run_for(Duration::from_millis(200));
        }
        let mut missing = usize::from(MESSAGES) * 2;
        while missing > 0 {
            let unread = tcp.run_until(HOUR, |bench| {
                let unread = bench.node(Side::B)?.status(server)?.unread;
                (unread > 0).then_some(unread)
            });
            let Some(unread) = unread else {
                break;
            };
            tcp.recv(Side::B, server);
            missing -= unread;
        }
    }
    let mut udp = Bench::new(plan(settings));
    udp.rule(by_chance(settings.seed));
    udp.bind(Side::B, PORT);
    udp.bind(Side::A, 5000);
    for number in 0..MESSAGES {
        udp.send_to(Side::A, 5000, PORT, &message(number));
        udp.run_for(Duration::from_millis(200));
        udp.recv_from(Side::B, PORT);
    }
    Outcome::of([tcp.finish(), udp.finish()])
}

fn lossy_path_claims(outcome: &Outcome) -> [Claim; 2] {
    let (tcp, udp) = (outcome.run(0), outcome.run(1));
    let said: Vec<u8> = (0..MESSAGES).flat_map(message).collect();
    let octets = |run: &Run, name: &str| -> Vec<Vec<u8>> {
        let calls = run.calls(Side::B, name);
        let octets = calls.filter_map(|(_, answer)| match answer {
            Answer::Octets(octets) => Some(octets.clone()),
            _ => None,
        });
        octets.collect()
    };
    let both = |run: &Run, fits: fn(&Sent) -> bool| {
        run.packets(Side::A, fits).count() + run.packets(Side::B, fits).count()
    };
    let lost = udp.packets(Side::A, |sent| is_datagram(sent) && sent.is_lost());
    let lost: Vec<_> = lost.collect();
    let arrived = octets(udp, "recvfrom").len();
    let first = tcp.calls(Side::A, "send").next().map(|(row, _)| row);
    let last = last_call(tcp, Side::B, "recv");
    let losses = lost
        .iter()
        .fold(Claim::new(), |claim, row| claim.row(Some(row)));
    let said_first = tcp.packet(Side::A, has_data);
    [
        Claim::new()
            .row(said_first)
            .row(last)
            .is(octets(tcp, "recv").concat() == said)
            .value(MESSAGES)
            .value(both(tcp, Sent::is_lost))
            .value(both(tcp, |_| true))
            .time(between(first, last)),
        losses
            .row(last_call(udp, Side::B, "recvfrom"))
            .is(arrived + lost.len() == usize::from(MESSAGES))
            .value(arrived)
            .value(MESSAGES),
    ]
}
