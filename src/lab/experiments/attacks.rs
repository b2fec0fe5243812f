//! What third parties do on purpose.

use std::vec::Vec;

use smoltcp::time::Duration;
use smoltcp::wire::{Ipv4Address, TcpControl};

use super::{Experiment, Group, gave, last_call, moment, plan};
use crate::device::Side;
use crate::lab::bench::Bench;
use crate::lab::claim::{Claim, between, is_bare_ack, until_arrival};
use crate::lab::packet::{Forged, Packet};
use crate::lab::plan::{PORT, address, mac};
use crate::lab::settings::{Knob, Settings};
use crate::lab::tape::{Answer, Fate, Outcome, Row, Run, What};
use crate::pair::Clockwork;
use crate::trace::{self, Ending, Flags, Reason, State, Verdict};

pub(super) const EXPERIMENTS: &[Experiment] = &[
    Experiment {
        name: "syn-flood",
        group: Group::Trouble,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(4987, "3.6"), (4987, "2.2")],
        run: syn_flood,
        claims: syn_flood_claims,
        words: |texts| &texts.trouble.syn_flood,
    },
    Experiment {
        name: "blind-reset",
        group: Group::Trouble,
        knobs: &[Knob::Delay, Knob::Seed],
        rfcs: &[(5961, "3.2"), (9293, "3.5.3")],
        run: blind_reset,
        claims: blind_reset_claims,
        words: |texts| &texts.trouble.blind_reset,
    },
];
/// Places at the server, and forged SYNs of the flood: more than it can take for a crowd of honest clients.
const PLACES: usize = 1;
const FLOOD: u16 = 10;

/// A SYN from an address where nobody is.
fn from_nowhere(number: u16) -> Forged {
    Forged {
        macs: [mac(Side::A), mac(Side::B)],
        addresses: [
            Ipv4Address::new(192, 0, 2, 100 + number as u8),
            address(Side::B),
        ],
        ports: [7000 + number, PORT],
        control: TcpControl::Syn,
        seq: u32::from(number) * 1000,
        ack: None,
    }
}

fn syn_flood(settings: &Settings) -> Outcome {
    let under = |forged: u16| {
        let mut plan = plan(settings);
        (plan.connections, plan.backlog) = (PLACES, PLACES);
        let mut bench = Bench::new(plan);
        bench.listen(Side::B, PORT, PLACES as u16);
        for number in 0..forged {
            bench.forge(Side::A, &from_nowhere(number).frame());
        }
        bench.run_for(moment(settings));
        if let Some(client) = bench.connect(Side::A) {
            bench.run_until(Duration::from_secs(60), |bench| {
                (bench.state(Side::A, client) == State::Established).then_some(())
            });
            bench.run_until(Duration::from_secs(60), |bench| {
                bench.node(Side::B)?.acceptable().next()
            });
            bench.accept();
        }
        bench.finish()
    };
    Outcome::of([under(2 * PLACES as u16), under(FLOOD)])
}

fn syn_flood_claims(outcome: &Outcome) -> [Claim; 2] {
    let (few, many) = (outcome.run(0), outcome.run(1));
    let syn = |run: &Run| {
        run.calls(Side::A, "connect")
            .next()
            .map(|(row, _)| row.clone())
    };
    let open = |run: &Run| run.reaches(Side::A, State::Established).cloned();
    let held = few.packets(Side::A, |sent| {
        sent.fate == Fate::Forged && sent.verdict == Verdict::Held
    });
    let dropped = few.packet(Side::A, |sent| {
        sent.verdict == Verdict::Dropped(Reason::BacklogFull) && sent.fate != Fate::Forged
    });
    let cookie = many.packets(Side::B, |sent| {
        sent.made == Verdict::Gate(trace::Answer::SynCookie)
    });
    let cookie = cookie.last();
    [
        Claim::new()
            .row(dropped)
            .row(open(few).as_ref())
            .is(held.count() > 0)
            .value(2 * PLACES)
            .time(until_arrival(syn(few).as_ref(), open(few).as_ref())),
        Claim::new()
            .row(cookie)
            .row(open(many).as_ref())
            .row(last_call(many, Side::B, "accept"))
            .is(many
                .calls(Side::B, "accept")
                .all(|(_, answer)| *answer == Answer::Done))
            .is(!many.rows.iter().any(|row| {
                row.flow == open(many).and_then(|row| row.flow)
                    && row.states_at(Side::B).contains(&State::SynReceived)
            }))
            .value(FLOOD)
            .time(until_arrival(syn(many).as_ref(), open(many).as_ref()))
            .time(between(
                syn(many).as_ref(),
                last_call(many, Side::B, "accept"),
            ))
            .is(cookie.and_then(|row| row.flow) == open(many).and_then(|row| row.flow)),
    ]
}

/// A reset in the client's name, so far beyond what comes next.
fn reset_at(bench: &Bench, offset: u32) -> Option<Vec<u8>> {
    let last = bench.frame(Side::A, |packet| {
        packet
            .header()
            .is_some_and(|header| header.flags.contains(Flags::ACK))
    })?;
    let packet = Packet::parse(&last)?;
    Some(
        Forged {
            macs: [mac(Side::A), mac(Side::B)],
            addresses: [address(Side::A), address(Side::B)],
            ports: packet.ports()?,
            control: TcpControl::Rst,
            seq: packet.header()?.end().get().wrapping_add(offset),
            ack: None,
        }
        .frame(),
    )
}

fn blind_reset(settings: &Settings) -> Outcome {
    let with = |offset: u32| {
        let mut bench = Bench::new(plan(settings));
        if let Some((client, server)) = bench.meet() {
            if let Some(reset) = reset_at(&bench, offset) {
                bench.forge(Side::A, &reset);
            }
            bench.run_for(moment(settings));
            bench.send(Side::A, client, b"hello");
            bench.run_for(moment(settings));
            bench.recv(Side::B, server);
        }
        bench.finish()
    };
    Outcome::of([with(100), with(0)])
}

fn blind_reset_claims(outcome: &Outcome) -> [Claim; 2] {
    let (near, exact) = (outcome.run(0), outcome.run(1));
    let forged = |run: &Run| {
        run.packet(Side::A, |sent| sent.fate == Fate::Forged)
            .cloned()
    };
    let challenge = near.packet_after(forged(near).as_ref(), Side::B, is_bare_ack);
    let over = exact.find(|what| matches!(what, What::Over(Side::B, Ending::ResetByPeer)));
    [
        Claim::new()
            .row(forged(near).as_ref())
            .row(challenge)
            .row(last_call(near, Side::B, "recv"))
            .is(gave(near, Side::B, "hello"))
            .is(challenge
                .and_then(Row::sent)
                .is_some_and(|sent| sent.made == Verdict::Gate(trace::Answer::ChallengeAck))),
        Claim::new()
            .row(forged(exact).as_ref())
            .row(over)
            .row(last_call(exact, Side::B, "recv"))
            .is(forged(exact).is_some_and(|row| row.states_at(Side::B) == [State::Closed])),
    ]
}
