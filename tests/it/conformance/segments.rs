//! What a segment does to a connection: RFC 9293 sections 3.7, 3.8, 3.10.7.4; RFC 5961.

use smolchat::trace::{Kind, State};
use smoltcp::time::Duration;
use smoltcp::wire::Icmpv4DstUnreachable;

use super::finding::{
    ANY, Finding, ack, alive, among, data, equal, expect, only, over, receives, silent, state,
};
use crate::lab::{Column, Lab, Segment, Setup, icmp_unreachable};

fn reset_at(lab: &Lab, seq: u32) -> Segment {
    Segment { seq, ..lab.reset() }
}

/// The window as the peer says it from now on.
fn with_window(lab: &Lab, window: u16) -> Segment {
    Segment {
        window,
        ..lab.ack()
    }
}

pub(crate) fn a_repeated_segment_is_acknowledged(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let data = lab.ack().data(b"hello");
    lab.give(&data);
    lab.snd += 5;
    lab.wait_secs(1);
    only("after the data again", &lab.give(&data), ack(lab.snd))?;
    receives(&mut lab, b"hello")
}

pub(crate) fn a_segment_beyond_the_window_is_acknowledged(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let seq = lab.snd.wrapping_add(70_000);
    let beyond = Segment { seq, ..lab.ack() }.data(b"hello");
    only(
        "after data beyond the window",
        &lab.give(&beyond),
        ack(lab.snd),
    )?;
    receives(&mut lab, b"")
}

pub(crate) fn a_reset_at_the_next_number_ends_the_connection(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    silent("after a RST", &lab.give(&lab.reset()))?;
    over(&mut lab)
}

pub(crate) fn a_reset_elsewhere_in_the_window_is_challenged(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let sent = lab.give(&reset_at(&lab, lab.snd + 100));
    only("after a RST in the window", &sent, ack(lab.snd))?;
    state(&mut lab, State::Established)
}

pub(crate) fn a_reset_beyond_the_window_is_dropped(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let sent = lab.give(&reset_at(&lab, lab.snd + 70_000));
    silent("after a RST beyond the window", &sent)?;
    state(&mut lab, State::Established)?;
    alive(&mut lab)
}

/// Fills all of a receive buffer of 4096 octets: the window is closed.
fn with_full_buffer(column: Column) -> Lab {
    let mut lab = Lab::established(column);
    let mut sent = Vec::new();
    for _ in 0..4 {
        sent.extend(lab.give(&lab.ack().data(&[7; 1024])));
        lab.snd += 1024;
    }
    sent.extend(lab.wait_secs(1));
    let last = sent.last().map(|it| (it.ack, it.window));
    assert_eq!(last, Some((Some(lab.snd), 0)), "the scene is set");
    lab
}

pub(crate) fn a_reset_counts_at_a_closed_window(column: Column) -> Finding {
    let mut lab = with_full_buffer(column);
    silent("after a RST", &lab.give(&lab.reset()))?;
    over(&mut lab)
}

pub(crate) fn a_syn_on_a_live_connection_is_challenged(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let seq = 900_000;
    let sent = lab.give(&Segment { seq, ..lab.syn() });
    only("after a SYN", &sent, ack(lab.snd))?;
    state(&mut lab, State::Established)
}

pub(crate) fn an_acknowledgment_of_what_was_never_sent_is_answered(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let never_sent = Some(lab.rcv.wrapping_add(1));
    let sent = lab.give(&Segment {
        ack: never_sent,
        ..lab.ack()
    });
    only("after an ACK beyond SND.NXT", &sent, ack(lab.snd))?;
    state(&mut lab, State::Established)
}

pub(crate) fn what_was_queued_and_not_sent_cannot_be_acknowledged(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    lab.give(&with_window(&lab, 5));
    lab.send(b"0123456789");
    // Half of it left, and all of it is acknowledged.
    let all = Some(lab.rcv.wrapping_add(10));
    lab.give(&Segment {
        ack: all,
        ..lab.ack()
    });
    lab.rcv = lab.rcv.wrapping_add(5);
    let mut sent = lab.give(&lab.ack());
    sent.extend(lab.wait_secs(10));
    among("after the right ACK", &sent, data(b"56789"))
}

pub(crate) fn data_with_an_old_acknowledgment_is_taken(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    lab.send(b"0123456789");
    let old = lab.ack().data(b"hello");
    lab.rcv = lab.rcv.wrapping_add(10);
    lab.give(&lab.ack());
    lab.give(&old);
    receives(&mut lab, b"hello")
}

pub(crate) fn an_older_window_does_not_count(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let first = with_window(&lab, 0).data(b"01234");
    let seq = lab.snd + 5;
    lab.give(&Segment { seq, ..lab.ack() }.data(b"56789"));
    lab.give(&first);
    lab.snd += 10;
    among("at SEND", &lab.send(b"hello"), data(b"hello"))?;
    receives(&mut lab, b"0123456789")
}

pub(crate) fn a_segment_without_an_acknowledgment_is_dropped(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let bare = Segment {
        ack: None,
        ..lab.ack()
    };
    silent("after data without ACK", &lab.give(&bare.data(b"hello")))?;
    receives(&mut lab, b"")?;
    alive(&mut lab)
}

/// No octet is acknowledged beyond the right edge that was told before; `told` is the SYN,ACK.
fn keeps_within(told: &Segment, sent: &[Segment]) -> Finding {
    let mut edge = told.ack.unwrap() + u32::from(told.window);
    for it in sent {
        let acked = it.ack.unwrap();
        expect(
            acked <= edge,
            "acknowledged",
            acked,
            format_args!("at most {edge}, as was told"),
        )?;
        edge = edge.max(acked + (u32::from(it.window) << told.scale.unwrap_or(0)));
    }
    Ok(())
}

pub(crate) fn more_than_the_window_does_no_harm(column: Column) -> Finding {
    let setup = Setup {
        receive: 100_000,
        ..Setup::default()
    };
    let mut lab = Lab::new(column, setup);
    let scale = Some(7);
    let told = lab.establish_by(&Segment { scale, ..lab.syn() });
    let first = lab.snd;
    // No two parts of it are alike.
    let all: Vec<_> = (0..140_000).map(|it: u32| (it % 251) as u8).collect();
    for part in all.chunks(1400) {
        lab.cable.inbox.push_back(lab.ack().data(part).frame());
        lab.snd += 1400;
    }
    let mut sent = lab.work();
    sent.extend(lab.wait_secs(1));
    state(&mut lab, State::Established)?;
    keeps_within(&told[0], &sent)?;
    let acked = sent.last().and_then(|it| it.ack).unwrap_or(first);
    receives(&mut lab, &all[..acked.wrapping_sub(first) as usize])?;
    expect(
        acked > first,
        "acknowledged",
        acked,
        format_args!("more than {first}"),
    )
}

pub(crate) fn data_out_of_order_is_kept(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let seq = lab.snd + 5;
    lab.give(&Segment { seq, ..lab.ack() }.data(b"56789"));
    lab.give(&lab.ack().data(b"01234"));
    receives(&mut lab, b"0123456789")
}

pub(crate) fn the_window_is_never_taken_back(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let mut edges = Vec::new();
    for _ in 0..4 {
        let mut sent = lab.give(&lab.ack().data(&[7; 1000]));
        sent.extend(lab.wait_secs(1));
        lab.snd += 1000;
        among("after data", &sent, ANY.ack(lab.snd))?;
        edges.extend(sent.iter().map(|it| it.ack.unwrap() + u32::from(it.window)));
    }
    expect(
        edges.is_sorted(),
        "right edges",
        format_args!("{edges:?}"),
        "none before another",
    )
}

pub(crate) fn a_peer_that_takes_its_window_back_is_borne(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    lab.send(&[7; 2000]);
    lab.give(&with_window(&lab, 10));
    lab.wait_secs(5);
    lab.rcv = lab.rcv.wrapping_add(2000);
    lab.give(&lab.ack());
    among("at SEND", &lab.send(b"hello"), data(b"hello"))?;
    state(&mut lab, State::Established)
}

pub(crate) fn a_window_that_opens_by_an_octet_is_not_told(column: Column) -> Finding {
    let mut lab = with_full_buffer(column);
    lab.take_one();
    let sent = lab.wait_secs(1);
    let told: Vec<_> = sent
        .iter()
        .map(|it| it.window)
        .filter(|it| *it > 0)
        .collect();
    equal("windows told with room for an octet", told, [0_u16; 0])?;
    lab.received();
    let told = lab.wait_secs(1).last().map(|it| it.window);
    equal("window told with room for all", told, Some(4096))
}

pub(crate) fn an_acknowledgment_is_late_by_less_than_half_a_second(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let mut sent = lab.give(&lab.ack().data(b"hello"));
    lab.snd += 5;
    sent.extend(lab.wait(Duration::from_millis(499)));
    only("within 499 ms after data", &sent, ack(lab.snd))
}

pub(crate) fn every_second_full_segment_is_acknowledged_at_once(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let mut sent = lab.give(&lab.ack().data(&[7; 1460]));
    lab.snd += 1460;
    sent.extend(lab.give(&lab.ack().data(&[7; 1460])));
    lab.snd += 1460;
    among("after two full segments", &sent, ack(lab.snd))
}

pub(crate) fn a_fin_moves_each_state_on(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    lab.give(&lab.ack().fin());
    state(&mut lab, State::CloseWait)?;

    let mut lab = Lab::established(column);
    lab.close();
    state(&mut lab, State::FinWait1)?;
    lab.give(&lab.ack().fin());
    state(&mut lab, State::Closing)?;
    lab.snd += 1;
    lab.rcv = lab.rcv.wrapping_add(1);
    lab.give(&lab.ack());
    state(&mut lab, State::TimeWait)?;

    let mut lab = Lab::established(column);
    lab.close();
    lab.rcv = lab.rcv.wrapping_add(1);
    lab.give(&lab.ack());
    state(&mut lab, State::FinWait2)?;
    lab.give(&lab.ack().fin());
    state(&mut lab, State::TimeWait)
}

pub(crate) fn a_fin_with_data_is_taken_whole(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    lab.close();
    let mut sent = lab.give(&lab.ack().data(b"hello").fin());
    sent.extend(lab.wait(Duration::from_millis(499)));
    lab.snd += 6;
    among("after data and FIN", &sent, ANY.ack(lab.snd))?;
    receives(&mut lab, b"hello")
}

pub(crate) fn a_fin_behind_data_that_came_before_counts(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let first = lab.ack().data(b"01234");
    let seq = lab.snd + 5;
    let last = Segment { seq, ..lab.ack() }.data(b"56789").fin();
    // Out of order, then in order, then again as a peer repeats what was not acknowledged.
    lab.give(&last);
    lab.give(&first);
    lab.give(&last);
    state(&mut lab, State::CloseWait)?;
    receives(&mut lab, b"0123456789")
}

pub(crate) fn a_fin_behind_data_that_does_not_fit_is_not_taken(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    for _ in 0..3 {
        lab.give(&lab.ack().data(&[7; 1200]));
        lab.snd += 1200;
    }
    lab.wait_secs(1);
    // 496 octets of room.
    let last = lab.ack().data(&[7; 600]).fin();
    lab.give(&last);
    state(&mut lab, State::Established)?;
    let before = lab.received().len();
    lab.wait_secs(1);
    lab.give(&last);
    state(&mut lab, State::CloseWait)?;
    equal(
        "octets received in all",
        before + lab.received().len(),
        4200,
    )
}

pub(crate) fn last_ack_ends_with_the_acknowledgment_of_our_fin(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    lab.enter_last_ack();
    lab.rcv = lab.rcv.wrapping_add(1);
    lab.give(&lab.ack());
    over(&mut lab)
}

pub(crate) fn data_is_acknowledged_after_our_close(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    lab.close();
    let mut sent = lab.give(&lab.ack().data(b"hello"));
    lab.snd += 5;
    sent.extend(lab.wait(Duration::from_millis(499)));
    among("within 499 ms after data", &sent, ANY.ack(lab.snd))
}

pub(crate) fn urgent_data_is_delivered_in_line(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let urgent = true;
    lab.give(
        &Segment {
            urgent,
            ..lab.ack()
        }
        .data(b"!"),
    );
    receives(&mut lab, b"!")
}

/// A router's word about the first of these segments reaches the subject.
fn hears(lab: &mut Lab, reason: Icmpv4DstUnreachable, about: &[Segment]) -> Finding {
    let frame = icmp_unreachable(reason, &about[0]);
    lab.cable.inbox.push_back(frame);
    silent("after an ICMP error", &lab.work())
}

pub(crate) fn a_soft_icmp_error_ends_nothing(column: Column) -> Finding {
    let (mut lab, sent) = Lab::opening(column);
    hears(&mut lab, Icmpv4DstUnreachable::NetUnreachable, &sent)?;
    state(&mut lab, State::SynSent)?;
    let ack = Some(lab.rcv);
    lab.give(&Segment { ack, ..lab.syn() });
    state(&mut lab, State::Established)?;

    let mut lab = Lab::established(column);
    let sent = lab.send(b"hello");
    hears(&mut lab, Icmpv4DstUnreachable::HostUnreachable, &sent)?;
    state(&mut lab, State::Established)?;
    alive(&mut lab)
}

pub(crate) fn a_hard_icmp_error_ends_an_opening(column: Column) -> Finding {
    let (mut lab, sent) = Lab::opening(column);
    hears(&mut lab, Icmpv4DstUnreachable::PortUnreachable, &sent)?;
    state(&mut lab, State::Closed)
}

pub(crate) fn a_hard_icmp_error_ends_an_open_connection(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let sent = lab.send(b"hello");
    hears(&mut lab, Icmpv4DstUnreachable::PortUnreachable, &sent)?;
    over(&mut lab)
}

pub(crate) fn an_icmp_error_is_told(column: Column) -> Finding {
    let (mut lab, sent) = Lab::opening(column);
    hears(&mut lab, Icmpv4DstUnreachable::NetUnreachable, &sent)?;
    let told = lab.told(|kind| {
        matches!(
            kind,
            Kind::Icmp {
                kind: 3,
                code: 0,
                ..
            }
        )
    });
    equal("ICMP errors told", told, 1)
}

/// Sends, and acknowledges as it comes, because the first flight is small; says how much came.
fn delivered(lab: &mut Lab, data: &[u8], window: u16) -> usize {
    let mut sent = lab.send(data);
    let mut arrived = 0;
    while !sent.is_empty() {
        let octets = sent.iter().map(|it| it.data.len()).sum::<usize>();
        arrived += octets;
        lab.rcv = lab.rcv.wrapping_add(octets as u32);
        sent = lab.give(&with_window(lab, window));
    }
    arrived
}

pub(crate) fn a_window_is_unsigned(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    lab.give(&with_window(&lab, 60_000));
    equal("octets sent", delivered(&mut lab, &[7; 4096], 60_000), 4096)
}

pub(crate) fn a_line_does_not_wait_for_an_acknowledgment(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    among("at SEND", &lab.send(b"one"), data(b"one"))?;
    among("at SEND, unacknowledged", &lab.send(b"two"), data(b"two"))
}

pub(crate) fn a_little_room_draws_no_small_segment(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    equal("octets sent", delivered(&mut lab, &[7; 4096], 4096), 4096)?;
    lab.give(&with_window(&lab, 0));
    lab.send(&[7; 4096]);
    let sent = lab.give(&with_window(&lab, 10));
    let octets = sent.iter().map(|it| it.data.len()).sum::<usize>();
    equal("octets sent with room for 10", octets, 0)
}
