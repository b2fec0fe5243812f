//! What time does: RFC 9293 sections 3.8.1 to 3.8.6, 3.10.8.

use smolchat::trace::{Kind, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpEndpoint;

use super::finding::{
    FIN, Finding, SYN, Wanted, alive, among, data, equal, expect, over, silent, state,
};
use crate::lab::{Column, Lab, Segment, Setup, host};

pub(crate) fn retransmissions_back_off(column: Column) -> Finding {
    let (mut lab, _) = Lab::opening(column);
    let mut times = vec![lab.now];
    while times.len() < 6 && lab.now <= Instant::from_secs(300) {
        let sent = lab.wait(Duration::from_millis(100));
        times.extend(sent.iter().filter(|it| it.is_syn()).map(|_| lab.now));
    }
    equal("SYNs within 300 s, at most", times.len(), 6)?;
    let gaps: Vec<_> = times
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).total_millis())
        .collect();
    let grow = gaps.windows(2).all(|pair| pair[1] >= pair[0] * 3 / 2);
    expect(
        grow,
        "milliseconds between SYNs",
        format_args!("{gaps:?}"),
        "each half more than the one before",
    )
}

/// Something is sent again and again, and given up between two moments.
fn tried_and_given_up(lab: &mut Lab, what: Wanted<'_>, at_least: u64, then: u64) -> Finding {
    let before = lab.state();
    let sent = lab.wait_secs(at_least);
    among(&format!("again in {at_least} s"), &sent, what)?;
    state(lab, before)?;
    lab.wait_secs(then);
    over(lab)
}

pub(crate) fn a_syn_is_tried_for_three_minutes_and_given_up(column: Column) -> Finding {
    let (mut lab, _) = Lab::opening(column);
    tried_and_given_up(&mut lab, SYN, 179, 120)
}

pub(crate) fn data_is_tried_for_a_hundred_seconds_and_given_up(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    lab.send(b"hello");
    tried_and_given_up(&mut lab, data(b"hello"), 99, 200)
}

pub(crate) fn the_application_sets_how_long_data_is_tried(column: Column) -> Finding {
    let mut setup = Setup::default();
    setup.limits.r2 = Duration::from_secs(30);
    let mut lab = Lab::established_with(column, setup);
    lab.set_timeout(Duration::from_secs(30));
    lab.send(b"hello");
    tried_and_given_up(&mut lab, data(b"hello"), 29, 60)
}

pub(crate) fn a_limit_for_silence_spares_who_has_nothing_to_say(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    lab.set_timeout(Duration::from_secs(100));
    lab.wait_secs(3 * 3600);
    state(&mut lab, State::Established)?;
    alive(&mut lab)
}

pub(crate) fn a_slow_peer_is_reported(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    lab.send(b"hello");
    lab.wait_secs(30);
    let told = lab.told(|kind| matches!(kind, Kind::SlowPeer { attempts: 3, .. }));
    equal("slow peers told", told, 1)
}

pub(crate) fn a_first_flight_is_small(column: Column) -> Finding {
    let setup = Setup {
        transmit: 65_000,
        ..Setup::default()
    };
    let mut lab = Lab::established_with(column, setup);
    let window = 65_000;
    lab.give(&Segment {
        window,
        ..lab.ack()
    });
    let octets = |sent: &[Segment]| sent.iter().map(|it| it.data.len()).sum::<usize>();
    let first = octets(&lab.send(&[7; 60_000]));
    // Ten segments at most (RFC 6928).
    let small = (1..=14_600).contains(&first);
    expect(small, "octets at once", first, "1 to 14,600")?;
    // What arrived lets more leave: it was no window that held it back.
    lab.rcv = lab.rcv.wrapping_add(first as u32);
    let second = octets(&lab.give(&Segment {
        window,
        ..lab.ack()
    }));
    expect(
        second > first,
        "octets after their ACK",
        second,
        format_args!("more than {first}"),
    )
}

/// The peer made by hand took five octets, and takes no more.
fn with_closed_window(column: Column) -> Lab {
    let mut lab = Lab::established(column);
    lab.send(b"01234");
    lab.rcv = lab.rcv.wrapping_add(5);
    lab.give(&closed(&lab));
    lab
}

/// The peer's word that it takes no more.
fn closed(lab: &Lab) -> Segment {
    let window = 0;
    Segment {
        window,
        ..lab.ack()
    }
}

pub(crate) fn a_lost_fin_is_sent_again_whatever_is_repeated(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    lab.close();
    for _ in 0..4 {
        lab.give(&lab.ack());
    }
    among("in 5 s after CLOSE", &lab.wait_secs(5), FIN.seq(lab.rcv))
}

pub(crate) fn a_closed_window_is_probed(column: Column) -> Finding {
    let mut lab = with_closed_window(column);
    lab.send(b"hello");
    among(
        "in 10 s at a closed window",
        &lab.wait_secs(10),
        data(b"h").seq(lab.rcv),
    )
}

pub(crate) fn the_first_probe_waits_for_a_timeout(column: Column) -> Finding {
    let mut lab = with_closed_window(column);
    silent("at SEND, the window closed", &lab.send(b"hello"))?;
    among(
        "in 10 s at a closed window",
        &lab.wait_secs(10),
        data(b"h").seq(lab.rcv),
    )
}

/// The peer takes what comes and acknowledges it, for a minute at most; what it took.
fn takes_all(lab: &mut Lab, wanted: usize) -> Vec<u8> {
    let end = lab.now + Duration::from_secs(60);
    let mut arrived = Vec::new();
    lab.give(&lab.ack());
    while arrived.len() < wanted && lab.now < end {
        for segment in lab.wait_secs(1) {
            let new = lab.rcv.wrapping_sub(segment.seq) as usize;
            if let Some(data) = segment.data.get(new..) {
                arrived.extend(data);
                lab.rcv = lab.rcv.wrapping_add(data.len() as u32);
            }
        }
        lab.give(&lab.ack());
    }
    arrived
}

pub(crate) fn probes_go_on_for_as_long_as_they_are_answered(column: Column) -> Finding {
    let mut lab = with_closed_window(column);
    lab.send(b"hello");
    let mut gaps = Vec::new();
    let mut last = lab.now;
    while lab.now < Instant::from_secs(3600) {
        let sent = lab.wait_secs(1);
        if sent.iter().any(|it| it.data.len() == 1) {
            gaps.push((lab.now - last).secs());
            last = lab.now;
            lab.give(&closed(&lab));
        }
    }
    let grow = gaps.len() > 10 && gaps.last() > gaps.first();
    expect(
        grow,
        "seconds between probes in an hour",
        format_args!("{gaps:?}"),
        "more than 10, and growing",
    )?;
    state(&mut lab, State::Established)?;
    // The reader goes on: what waited arrives, and nobody gave up.
    equal("arrived with room", takes_all(&mut lab, 5), b"hello")?;
    state(&mut lab, State::Established)
}

pub(crate) fn an_idle_connection_is_not_probed(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    silent("in three idle hours", &lab.wait_secs(3 * 3600))?;
    state(&mut lab, State::Established)?;
    alive(&mut lab)
}

pub(crate) fn the_wait_for_the_peers_end_is_bounded_once_nobody_reads(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    lab.close();
    lab.let_go();
    lab.rcv = lab.rcv.wrapping_add(1);
    lab.give(&lab.ack());
    state(&mut lab, State::FinWait2)?;
    lab.wait_secs(3600);
    over(&mut lab)
}

pub(crate) fn a_segment_waits_for_the_hardware_address(column: Column) -> Finding {
    let mut lab = Lab::client(column);
    lab.answers = false;
    // Nobody heard of this one before.
    let stranger = IpEndpoint::new(host(9).into(), 80);
    silent(
        "without its hardware address",
        &lab.connect(stranger).unwrap(),
    )?;
    silent("without its hardware address", &lab.wait_secs(3))?;
    lab.answers = true;
    among("with its hardware address", &lab.wait_secs(3), SYN)
}

/// A connection on which nothing is said, and an idle peer is probed each 10 s.
fn kept_alive(column: Column) -> Lab {
    let mut setup = Setup::default();
    setup.limits.keep_alive = Some(Duration::from_secs(10));
    let mut lab = Lab::established_with(column, setup);
    lab.set_keep_alive(Duration::from_secs(10));
    lab
}

pub(crate) fn an_idle_peer_is_probed_only_if_asked_for(column: Column) -> Finding {
    let mut lab = kept_alive(column);
    // It may say something at once, and is asked again and again for an hour.
    let mut probes = lab.work().len();
    while lab.now < Instant::from_secs(3600) {
        let sent = lab.wait_secs(1);
        probes += sent.len();
        // One probe goes unanswered.
        if !sent.is_empty() && probes != 3 {
            lab.give(&lab.ack());
        }
    }
    expect(probes > 300, "probes in an hour", probes, "more than 300")?;
    state(&mut lab, State::Established)
}

pub(crate) fn a_probe_of_an_idle_peer_carries_nothing(column: Column) -> Finding {
    let mut lab = kept_alive(column);
    let sent = lab.wait_secs(30);
    let octets: Vec<_> = sent.iter().map(|it| it.data.len()).collect();
    let fact = !octets.is_empty() && octets.iter().all(|it| *it == 0);
    expect(
        fact,
        "octets in each probe",
        format_args!("{octets:?}"),
        "none, in at least one",
    )
}
