//! What TIME-WAIT is for: the last acknowledgment, old segments, the next connection.

use smoltcp::time::Duration;
use smoltcp::wire::TcpControl;

use super::{Experiment, Group, moment, plan};
use crate::device::Side;
use crate::lab::bench::Bench;
use crate::lab::claim::{Claim, FIN, SYN, SYN_ACK, is, is_bare_ack, is_reset};
use crate::lab::packet::{Forged, Packet};
use crate::lab::plan::{PORT, address, mac};
use crate::lab::settings::{Knob, Settings};
use crate::lab::tape::{Answer, Fate, Outcome, Row, Run, What};
use crate::node::Handle;
use crate::pair::Clockwork;
use crate::trace::{Ending, Flags, Mark, Reason, State, Verdict};

pub(super) const EXPERIMENTS: &[Experiment] = &[
    Experiment {
        name: "two-msl",
        group: Group::Closing,
        knobs: &[Knob::Msl, Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.6.1"), (9293, "3.10.7.4")],
        run: two_msl,
        claims: two_msl_claims,
        words: |texts| &texts.closing.two_msl,
    },
    Experiment {
        name: "old-segment",
        group: Group::Closing,
        knobs: &[Knob::Msl, Knob::Seed],
        rfcs: &[(9293, "3.4.3"), (1337, "")],
        run: old_segment,
        claims: old_segment_claims,
        words: |texts| &texts.closing.old_segment,
    },
    Experiment {
        name: "syn-meets-time-wait",
        group: Group::Closing,
        knobs: &[Knob::Msl, Knob::Delay, Knob::Seed],
        rfcs: &[(9293, "3.6.1"), (6191, "2")],
        run: syn_meets_time_wait,
        claims: syn_meets_time_wait_claims,
        words: |texts| &texts.closing.syn_meets_time_wait,
    },
];
/// So short that nothing is waited for.
const NO_MSL: Duration = Duration::from_millis(1);

fn two_msl(settings: &Settings) -> Outcome {
    let with = |msl: Duration| {
        let mut bench = Bench::new(plan(&Settings { msl, ..*settings }));
        if let Some((client, server)) = bench.meet() {
            bench.close(Side::A, client);
            bench.run_for(moment(settings));
            let mut left = 1;
            bench.rule(move |sent| {
                let hit = left > 0 && sent.from == Side::A && is_bare_ack(sent);
                left -= i32::from(hit);
                hit.then_some(Fate::Lost)
            });
            bench.close(Side::B, server);
            bench.run_for(Duration::from_secs(2));
            bench.run_for(settings.msl * 2);
        }
        bench.finish()
    };
    Outcome::of([with(settings.msl), with(NO_MSL)])
}

fn two_msl_claims(outcome: &Outcome) -> [Claim; 2] {
    let again = |run: &Run| run.packets(Side::B, |sent| is(sent, FIN)).nth(1).cloned();
    let ending = |run: &Run| {
        let over = run.find(|what| matches!(what, What::Over(Side::B, _)));
        over.and_then(|row| match row.what {
            What::Over(_, ending) => Some((row.clone(), ending)),
            _ => None,
        })
    };
    let (with, without) = (outcome.run(0), outcome.run(1));
    let (fin, end) = (again(with), ending(with));
    let answer = with.packet_after(fin.as_ref(), Side::A, is_bare_ack);
    let (fin_without, end_without) = (again(without), ending(without));
    let reset = without.packet_after(fin_without.as_ref(), Side::A, is_reset);
    [
        Claim::new()
            .row(with.packet(Side::A, |sent| sent.fate == Fate::Lost))
            .row(fin.as_ref())
            .row(answer)
            .row(end.as_ref().map(|(row, _)| row))
            .is(end.is_some_and(|(_, ending)| ending == Ending::Closed))
            .is(with
                .rows
                .iter()
                .filter(|row| matches!(row.what, What::Waits(..)))
                .count()
                == 2),
        Claim::new()
            .row(fin_without.as_ref())
            .row(reset)
            .row(end_without.as_ref().map(|(row, _)| row))
            .is(end_without.is_some_and(|(_, ending)| ending == Ending::ResetByPeer)),
    ]
}

/// What the client says on the old connection, and on the new one: as long, so that they fit the same hole.
const OLD: &[u8] = b"old!";
const NEW: &[u8] = b"new!";
/// From one connection to the next, and the octets that the clock of initial numbers counts in that time.
const SPAN: Duration = Duration::from_millis(16);
const TICKS: usize = 4000;

fn old_segment(settings: &Settings) -> Outcome {
    let with = |msl: Duration| {
        let delay = Duration::from_millis(1);
        let mut plan = plan(&Settings {
            msl,
            delay,
            ..*settings
        });
        plan.receive = 8192;
        let mut bench = Bench::new(plan);
        bench.serve();
        // A second copy of what is said last is still on its way when the next connection is there.
        bench.rule(|sent| (sent.packet.data() == OLD).then_some(Fate::Twice(SPAN)));
        old_connection(&mut bench);
        bench.run_for(SPAN - bench.passed());
        let client = bench.connect_from(Side::A, 5000, PORT);
        bench.run_for(Duration::from_millis(12));
        if let Some(server) = bench.accept() {
            if let Some(client) = client {
                bench.send(Side::A, client, NEW);
            }
            bench.run_for(Duration::from_millis(20));
            bench.recv(Side::B, server);
        }
        bench.finish()
    };
    Outcome::of([with(settings.msl), with(NO_MSL)])
}

/// The first connection: as many octets as the clock counts until the next one, then the word, then the end.
fn old_connection(bench: &mut Bench) {
    let step = Duration::from_millis(3);
    let Some(client) = bench.connect_from(Side::A, 5000, PORT) else {
        return;
    };
    bench.run_for(Duration::from_millis(2));
    bench.send(Side::A, client, &[b'.'; TICKS]);
    bench.run_for(step);
    bench.send(Side::A, client, OLD);
    bench.run_for(Duration::from_millis(1));
    bench.close(Side::A, client);
    bench.run_for(step);
    if let Some(server) = bench.accept() {
        bench.recv_at_most(Side::B, server, 8192);
        bench.close(Side::B, server);
    }
    bench.run_for(step);
}

fn old_segment_claims(outcome: &Outcome) -> [Claim; 2] {
    let (with, without) = (outcome.run(0), outcome.run(1));
    let refused = with.calls(Side::A, "connect").nth(1);
    let is_copy = |sent: &crate::lab::tape::Sent| sent.fate == Fate::Copy;
    let copy = with.packet(Side::A, is_copy);
    let intruder = without.packet(Side::A, is_copy);
    let read = without.calls(Side::B, "recv").nth(1);
    let new = without.packet(Side::A, |sent| sent.packet.data() == NEW);
    let place = |row: Option<&Row>| row.and_then(Row::sent).map(|sent| sent.numbers[0]);
    [
        Claim::new()
            .row(refused.map(|(row, _)| row))
            .row(copy)
            .is(refused.is_some_and(|(_, it)| *it == Answer::Error("EADDRNOTAVAIL")))
            .row(with.packet_after(copy, Side::B, is_reset)),
        Claim::new()
            .row(intruder)
            .row(new)
            .row(read.map(|(row, _)| row))
            .is(place(intruder) == Some(1) && place(new) == Some(1))
            .is(read.is_some_and(|(_, it)| *it == Answer::Octets(OLD.into())))
            .is(new
                .and_then(Row::sent)
                .is_some_and(|it| it.taken_as == Mark::Duplicate)),
    ]
}

/// Opens from one port, and lets the server close first: it is in TIME-WAIT.
fn server_waits(bench: &mut Bench, settings: &Settings) -> Option<Handle> {
    bench.serve();
    let client = bench.connect_from(Side::A, 5000, PORT)?;
    bench.run_for(moment(settings));
    let server = bench.accept()?;
    bench.close(Side::B, server);
    bench.run_for(moment(settings));
    bench.close(Side::A, client);
    bench.run_for(moment(settings));
    Some(client)
}

fn syn_meets_time_wait(settings: &Settings) -> Outcome {
    let mut new = Bench::new(plan(settings));
    server_waits(&mut new, settings);
    new.connect_from(Side::A, 5000, PORT);
    new.run_for(moment(settings));
    let mut old = Bench::new(plan(settings));
    server_waits(&mut old, settings);
    let syn = old.frame(Side::A, |packet| {
        packet
            .header()
            .is_some_and(|header| header.flags.contains(Flags::SYN))
    });
    let number = syn.and_then(|syn| Packet::parse(&syn)?.header().map(|it| it.seq.get()));
    let forged = Forged {
        macs: [mac(Side::A), mac(Side::B)],
        addresses: [address(Side::A), address(Side::B)],
        ports: [5000, PORT],
        control: TcpControl::Syn,
        // As old as the connection itself.
        seq: number.unwrap_or(0),
        ack: None,
    };
    old.replay(Side::A, &forged.frame());
    old.run_for(moment(settings));
    Outcome::of([new.finish(), old.finish()])
}

fn syn_meets_time_wait_claims(outcome: &Outcome) -> [Claim; 2] {
    let (new, old) = (outcome.run(0), outcome.run(1));
    let waits = new.reaches(Side::B, State::TimeWait);
    let syn = new.packet_after(waits, Side::A, |sent| is(sent, SYN));
    let answer = new.packet_after(syn, Side::B, |sent| is(sent, SYN_ACK));
    let again = new.reaches_last(Side::B, State::Established);
    let copy = old.packet(Side::A, |sent| sent.fate == Fate::Copy);
    let challenge = old.packet_after(copy, Side::B, is_bare_ack);
    let reset = old.packet_after(challenge, Side::A, is_reset);
    let ignored = reset.and_then(Row::sent).map(|sent| sent.verdict);
    [
        Claim::new()
            .row(waits)
            .row(syn)
            .row(answer)
            .row(again)
            .is(again.is_some_and(|row| syn.is_some_and(|syn| syn.number < row.number))),
        Claim::new()
            .row(copy)
            .row(challenge)
            .row(reset)
            .is(ignored == Some(Verdict::Dropped(Reason::ResetInTimeWait)))
            .is(old.path(Side::B).last() == Some(&State::TimeWait)),
    ]
}
