//! What time does: RFC 9293 sections 3.8.1 to 3.8.6, 3.10.8.

use smolchat::trace::{Kind, State};
use smoltcp::time::{Duration, Instant};

use crate::lab::{Column, Lab, Segment, Setup};

pub(crate) fn retransmissions_back_off(column: Column) -> bool {
    let (mut lab, _) = Lab::opening(column);
    let mut times = vec![lab.now];
    while times.len() < 6 {
        let sent = lab.wait(Duration::from_millis(100));
        times.extend(sent.iter().filter(|it| it.is_syn()).map(|_| lab.now));
        if lab.now > Instant::from_secs(300) {
            return false;
        }
    }
    let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.windows(2).all(|pair| pair[1] >= pair[0] * 3 / 2)
}

pub(crate) fn a_syn_is_tried_for_three_minutes_and_given_up(column: Column) -> bool {
    let (mut lab, _) = Lab::opening(column);
    lab.wait_secs(179);
    let tried = lab.state() == State::SynSent;
    lab.wait_secs(120);
    tried && lab.state() == State::Closed
}

pub(crate) fn data_is_tried_for_a_hundred_seconds_and_given_up(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.send(b"hello");
    lab.wait_secs(99);
    let tried = lab.state() == State::Established;
    lab.wait_secs(200);
    tried && lab.state() != State::Established
}

pub(crate) fn the_application_sets_how_long_data_is_tried(column: Column) -> bool {
    let mut setup = Setup::default();
    setup.limits.r2 = Duration::from_secs(30);
    let mut lab = Lab::established_with(column, setup);
    lab.set_timeout(Duration::from_secs(30));
    lab.send(b"hello");
    lab.wait_secs(29);
    let tried = lab.state() == State::Established;
    lab.wait_secs(60);
    tried && lab.state() != State::Established
}

pub(crate) fn a_limit_for_silence_spares_who_has_nothing_to_say(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.set_timeout(Duration::from_secs(100));
    lab.wait_secs(3 * 3600);
    lab.state() == State::Established
}

pub(crate) fn a_slow_peer_is_reported(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.send(b"hello");
    lab.wait_secs(30);
    lab.is_node()
        && lab
            .node()
            .journal()
            .iter()
            .any(|(_, event)| matches!(event.kind(), Kind::SlowPeer { attempts: 3, .. }))
}

pub(crate) fn a_first_flight_is_small(column: Column) -> bool {
    let setup = Setup {
        transmit: 65_000,
        ..Setup::default()
    };
    let mut lab = Lab::established_with(column, setup);
    lab.give(&Segment {
        window: 65_000,
        ..lab.ack()
    });
    let sent = lab.send(&[7; 60_000]);
    // Ten segments at most (RFC 6928).
    sent.iter().map(|it| it.data.len()).sum::<usize>() <= 14_600
}

fn with_closed_window(column: Column) -> Lab {
    let mut lab = Lab::established(column);
    lab.send(b"01234");
    lab.rcv = lab.rcv.wrapping_add(5);
    lab.give(&Segment {
        window: 0,
        ..lab.ack()
    });
    lab
}

pub(crate) fn a_lost_fin_is_sent_again_whatever_is_repeated(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.close();
    for _ in 0..4 {
        lab.give(&lab.ack());
    }
    lab.wait_secs(5).iter().any(Segment::is_fin)
}

pub(crate) fn a_closed_window_is_probed(column: Column) -> bool {
    let mut lab = with_closed_window(column);
    lab.send(b"hello");
    let sent = lab.wait_secs(10);
    sent.iter()
        .any(|it| it.data.len() == 1 && it.seq == lab.rcv)
}

pub(crate) fn the_first_probe_waits_for_a_timeout(column: Column) -> bool {
    let mut lab = with_closed_window(column);
    lab.send(b"hello").is_empty()
}

pub(crate) fn probes_go_on_for_as_long_as_they_are_answered(column: Column) -> bool {
    let mut lab = with_closed_window(column);
    lab.send(b"hello");
    let mut gaps = Vec::new();
    let mut last = lab.now;
    while lab.now < Instant::from_secs(3600) {
        let sent = lab.wait_secs(1);
        if sent.iter().any(|it| it.data.len() == 1) {
            gaps.push(lab.now - last);
            last = lab.now;
            let closed = Segment {
                window: 0,
                ..lab.ack()
            };
            lab.give(&closed);
        }
    }
    let open = lab.state() == State::Established;
    // The reader goes on: what waited arrives, and nobody gave up.
    let before = lab.now;
    lab.give(&lab.ack());
    let mut arrived = Vec::<u8>::new();
    while arrived.len() < 5 && lab.now < before + Duration::from_secs(60) {
        for segment in lab.wait_secs(1) {
            let new = lab.rcv.wrapping_sub(segment.seq) as usize;
            if let Some(data) = segment.data.get(new..) {
                arrived.extend(data);
                lab.rcv = lab.rcv.wrapping_add(data.len() as u32);
            }
        }
        lab.give(&lab.ack());
    }
    let went_on = arrived == b"hello" && lab.state() == State::Established;
    open && went_on && gaps.len() > 10 && gaps.last() > gaps.first()
}

pub(crate) fn an_idle_connection_is_not_probed(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.wait_secs(3 * 3600).is_empty() && lab.state() == State::Established
}

pub(crate) fn the_wait_for_the_peers_end_is_bounded_once_nobody_reads(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.close();
    lab.let_go();
    lab.rcv = lab.rcv.wrapping_add(1);
    lab.give(&lab.ack());
    let before = lab.state() == State::FinWait2;
    lab.wait_secs(3600);
    before && lab.state() != State::FinWait2
}

pub(crate) fn a_segment_waits_for_the_hardware_address(column: Column) -> bool {
    let mut lab = Lab::established(column);
    // Longer than a hardware address is remembered.
    lab.wait_secs(120);
    lab.answers = false;
    let mut sent = lab.send(b"hello");
    sent.extend(lab.wait_secs(3));
    lab.answers = true;
    sent.extend(lab.wait_secs(3));
    sent.iter().any(|it| it.data == b"hello")
}

pub(crate) fn an_idle_peer_is_probed_only_if_asked_for(column: Column) -> bool {
    let mut setup = Setup::default();
    setup.limits.keep_alive = Some(Duration::from_secs(10));
    let mut lab = Lab::established_with(column, setup);
    lab.set_keep_alive(Duration::from_secs(10));
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
    probes > 300 && lab.state() == State::Established
}

pub(crate) fn a_probe_of_an_idle_peer_carries_nothing(column: Column) -> bool {
    let mut setup = Setup::default();
    setup.limits.keep_alive = Some(Duration::from_secs(10));
    let mut lab = Lab::established_with(column, setup);
    lab.set_keep_alive(Duration::from_secs(10));
    let sent = lab.wait_secs(30);
    !sent.is_empty() && sent.iter().all(|it| it.data.is_empty())
}
