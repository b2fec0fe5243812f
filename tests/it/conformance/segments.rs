//! What a segment does to a connection: RFC 9293 sections 3.7, 3.8, 3.10.7.4; RFC 5961.

use smolchat::trace::State;
use smoltcp::time::Duration;
use smoltcp::wire::Icmpv4DstUnreachable;

use crate::lab::{Column, Lab, Segment, Setup, icmp_unreachable};

/// Exactly one segment, an acknowledgment of what the peer sent so far.
fn is_acknowledged(lab: &Lab, sent: &[Segment]) -> bool {
    matches!(sent, [it] if it.is_ack_of(lab.snd))
}

fn reset_at(lab: &Lab, seq: u32) -> Segment {
    Segment {
        seq,
        ack: None,
        ..lab.ack()
    }
    .rst()
}

pub(crate) fn a_repeated_segment_is_acknowledged(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let data = lab.ack().data(b"hello");
    lab.give(&data);
    lab.snd += 5;
    lab.wait_secs(1);
    let sent = lab.give(&data);
    is_acknowledged(&lab, &sent) && lab.received() == b"hello"
}

pub(crate) fn a_segment_beyond_the_window_is_acknowledged(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let seq = lab.snd.wrapping_add(70_000);
    let beyond = Segment { seq, ..lab.ack() }.data(b"hello");
    let sent = lab.give(&beyond);
    is_acknowledged(&lab, &sent) && lab.received().is_empty()
}

pub(crate) fn a_reset_at_the_next_number_ends_the_connection(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let silent = lab.give(&reset_at(&lab, lab.snd)).is_empty();
    silent && lab.state() != State::Established
}

pub(crate) fn a_reset_elsewhere_in_the_window_is_challenged(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let sent = lab.give(&reset_at(&lab, lab.snd + 100));
    is_acknowledged(&lab, &sent) && lab.state() == State::Established
}

pub(crate) fn a_reset_beyond_the_window_is_dropped(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let silent = lab.give(&reset_at(&lab, lab.snd + 70_000)).is_empty();
    silent && lab.state() == State::Established
}

pub(crate) fn a_reset_counts_at_a_closed_window(column: Column) -> bool {
    let mut lab = Lab::established(column);
    for _ in 0..4 {
        lab.give(&lab.ack().data(&[7; 1024]));
        lab.snd += 1024;
    }
    lab.wait_secs(1);
    lab.give(&reset_at(&lab, lab.snd));
    lab.state() != State::Established
}

pub(crate) fn a_syn_on_a_live_connection_is_challenged(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let snd = lab.snd;
    lab.snd = 900_000;
    let sent = lab.give(&lab.syn());
    lab.snd = snd;
    is_acknowledged(&lab, &sent) && lab.state() == State::Established
}

pub(crate) fn an_acknowledgment_of_what_was_never_sent_is_answered(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let ack = Some(lab.rcv.wrapping_add(1));
    let sent = lab.give(&Segment { ack, ..lab.ack() });
    is_acknowledged(&lab, &sent) && lab.state() == State::Established
}

pub(crate) fn what_was_queued_and_not_sent_cannot_be_acknowledged(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.give(&Segment {
        window: 5,
        ..lab.ack()
    });
    lab.send(b"0123456789");
    // Half of it left, and all of it is acknowledged.
    let ack = Some(lab.rcv.wrapping_add(10));
    lab.give(&Segment { ack, ..lab.ack() });
    lab.rcv = lab.rcv.wrapping_add(5);
    let mut sent = lab.give(&lab.ack());
    sent.extend(lab.wait_secs(10));
    sent.iter().any(|it| it.data == b"56789")
}

pub(crate) fn data_with_an_old_acknowledgment_is_taken(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.send(b"0123456789");
    let old = lab.ack().data(b"hello");
    lab.rcv = lab.rcv.wrapping_add(10);
    lab.give(&lab.ack());
    lab.give(&old);
    lab.received() == b"hello"
}

pub(crate) fn an_older_window_does_not_count(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let first = lab.ack().data(b"01234");
    let second = Segment {
        seq: lab.snd + 5,
        ..lab.ack()
    };
    lab.give(&second.data(b"56789"));
    lab.give(&Segment { window: 0, ..first });
    lab.snd += 10;
    let sent = lab.send(b"hello");
    sent.iter().any(|it| it.data == b"hello")
}

pub(crate) fn a_segment_without_an_acknowledgment_is_dropped(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let bare = Segment {
        ack: None,
        ..lab.ack()
    };
    lab.give(&bare.data(b"hello")).is_empty() && lab.received().is_empty()
}

pub(crate) fn more_than_the_window_does_no_harm(column: Column) -> bool {
    let setup = Setup {
        receive: 100_000,
        ..Setup::default()
    };
    let mut lab = Lab::new(column, setup);
    let syn = Segment {
        scale: Some(7),
        ..lab.syn()
    };
    let sent = lab.give(&syn);
    lab.snd += 1;
    lab.rcv = sent[0].seq.wrapping_add(1);
    for _ in 0..100 {
        lab.cable
            .inbox
            .push_back(lab.ack().data(&[7; 1400]).frame());
        lab.snd += 1400;
    }
    lab.work();
    lab.state() == State::Established && !lab.received().is_empty()
}

pub(crate) fn data_out_of_order_is_kept(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let seq = lab.snd + 5;
    lab.give(&Segment { seq, ..lab.ack() }.data(b"56789"));
    lab.give(&lab.ack().data(b"01234"));
    lab.received() == b"0123456789"
}

pub(crate) fn the_window_is_never_taken_back(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let mut edge = 0;
    for _ in 0..4 {
        let mut sent = lab.give(&lab.ack().data(&[7; 1000]));
        sent.extend(lab.wait_secs(1));
        lab.snd += 1000;
        for it in &sent {
            let now = it.ack.unwrap().wrapping_add(u32::from(it.window));
            if now < edge {
                return false;
            }
            edge = now;
        }
    }
    true
}

pub(crate) fn a_peer_that_takes_its_window_back_is_borne(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.send(&[7; 2000]);
    lab.give(&Segment {
        window: 10,
        ..lab.ack()
    });
    lab.wait_secs(5);
    lab.rcv = lab.rcv.wrapping_add(2000);
    lab.give(&lab.ack());
    let sent = lab.send(b"hello");
    lab.state() == State::Established && sent.iter().any(|it| it.data == b"hello")
}

pub(crate) fn a_window_that_opens_by_an_octet_is_not_told(column: Column) -> bool {
    let mut lab = Lab::established(column);
    for _ in 0..4 {
        lab.give(&lab.ack().data(&[7; 1024]));
        lab.snd += 1024;
    }
    lab.wait_secs(1);
    // The application takes one octet.
    lab.take_one();
    let sent = lab.wait_secs(1);
    sent.iter().all(|it| it.window == 0)
}

pub(crate) fn an_acknowledgment_is_late_by_less_than_half_a_second(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let mut sent = lab.give(&lab.ack().data(b"hello"));
    lab.snd += 5;
    sent.extend(lab.wait(Duration::from_millis(499)));
    is_acknowledged(&lab, &sent)
}

pub(crate) fn every_second_full_segment_is_acknowledged_at_once(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let mut sent = lab.give(&lab.ack().data(&[7; 1460]));
    lab.snd += 1460;
    sent.extend(lab.give(&lab.ack().data(&[7; 1460])));
    lab.snd += 1460;
    sent.last().is_some_and(|it| it.is_ack_of(lab.snd))
}

pub(crate) fn a_fin_moves_each_state_on(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.give(&lab.ack().fin());
    let passive = lab.state() == State::CloseWait;

    let mut lab = Lab::established(column);
    lab.close();
    lab.give(&lab.ack().fin());
    let at_once = lab.state() == State::Closing;
    lab.snd += 1;
    lab.rcv = lab.rcv.wrapping_add(1);
    lab.give(&lab.ack());
    let at_once = at_once && lab.state() == State::TimeWait;

    let mut lab = Lab::established(column);
    lab.close();
    lab.rcv = lab.rcv.wrapping_add(1);
    lab.give(&lab.ack());
    let half = lab.state() == State::FinWait2;
    lab.give(&lab.ack().fin());
    passive && at_once && half && lab.state() == State::TimeWait
}

pub(crate) fn a_fin_with_data_is_taken_whole(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.close();
    let mut sent = lab.give(&lab.ack().data(b"hello").fin());
    sent.extend(lab.wait(Duration::from_millis(499)));
    lab.snd += 6;
    sent.iter().any(|it| it.ack == Some(lab.snd)) && lab.received() == b"hello"
}

pub(crate) fn a_fin_behind_data_that_came_before_counts(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let first = lab.ack().data(b"01234");
    let seq = lab.snd + 5;
    let last = Segment { seq, ..lab.ack() }.data(b"56789").fin();
    // Out of order, then in order, then again as a peer repeats what was not acknowledged.
    lab.give(&last);
    lab.give(&first);
    lab.give(&last);
    lab.state() == State::CloseWait && lab.received() == b"0123456789"
}

pub(crate) fn a_fin_behind_data_that_does_not_fit_is_not_taken(column: Column) -> bool {
    let mut lab = Lab::established(column);
    for _ in 0..3 {
        lab.give(&lab.ack().data(&[7; 1200]));
        lab.snd += 1200;
    }
    lab.wait_secs(1);
    // 496 octets of room.
    lab.give(&lab.ack().data(&[7; 600]).fin());
    lab.state() == State::Established
}

pub(crate) fn last_ack_ends_with_the_acknowledgment_of_our_fin(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.enter_last_ack();
    let before = lab.state() == State::LastAck;
    lab.rcv = lab.rcv.wrapping_add(1);
    lab.give(&lab.ack());
    before && matches!(lab.state(), State::Closed | State::Listen)
}

pub(crate) fn data_is_acknowledged_after_our_close(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.close();
    let mut sent = lab.give(&lab.ack().data(b"hello"));
    lab.snd += 5;
    sent.extend(lab.wait(Duration::from_millis(499)));
    sent.iter().any(|it| it.ack == Some(lab.snd))
}

pub(crate) fn urgent_data_is_delivered_in_line(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let urgent = Segment {
        urgent: true,
        ..lab.ack().data(b"!")
    };
    lab.give(&urgent);
    lab.received() == b"!"
}

fn hears(column: Column, reason: Icmpv4DstUnreachable) -> Lab {
    let (mut lab, sent) = Lab::opening(column);
    lab.cable
        .inbox
        .push_back(icmp_unreachable(reason, &sent[0]));
    lab.work();
    lab
}

pub(crate) fn a_soft_icmp_error_ends_nothing(column: Column) -> bool {
    let mut opening = hears(column, Icmpv4DstUnreachable::NetUnreachable);
    let mut lab = Lab::established(column);
    let sent = lab.send(b"hello");
    let reason = Icmpv4DstUnreachable::HostUnreachable;
    lab.cable
        .inbox
        .push_back(icmp_unreachable(reason, &sent[0]));
    lab.work();
    opening.state() == State::SynSent && lab.state() == State::Established
}

pub(crate) fn a_hard_icmp_error_ends_an_opening(column: Column) -> bool {
    let mut lab = hears(column, Icmpv4DstUnreachable::PortUnreachable);
    lab.state() == State::Closed
}

pub(crate) fn a_hard_icmp_error_ends_an_open_connection(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let sent = lab.send(b"hello");
    let reason = Icmpv4DstUnreachable::PortUnreachable;
    lab.cable
        .inbox
        .push_back(icmp_unreachable(reason, &sent[0]));
    lab.work();
    lab.state() != State::Established
}

pub(crate) fn an_icmp_error_is_told(column: Column) -> bool {
    use smolchat::trace::Kind;
    let mut lab = hears(column, Icmpv4DstUnreachable::NetUnreachable);
    lab.is_node()
        && lab.node().journal().iter().any(|(_, event)| {
            matches!(
                event.kind(),
                Kind::Icmp {
                    kind: 3,
                    code: 0,
                    ..
                }
            )
        })
}

pub(crate) fn a_window_is_unsigned(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.give(&Segment {
        window: 60_000,
        ..lab.ack()
    });
    delivered(&mut lab, &[7; 4096], 60_000) == 4096
}

/// Sends, and acknowledges as it comes, because the first flight is small; says how much came.
fn delivered(lab: &mut Lab, data: &[u8], window: u16) -> usize {
    let mut sent = lab.send(data);
    let mut arrived = 0;
    while !sent.is_empty() {
        let octets = sent.iter().map(|it| it.data.len()).sum::<usize>();
        arrived += octets;
        lab.rcv = lab.rcv.wrapping_add(octets as u32);
        sent = lab.give(&Segment {
            window,
            ..lab.ack()
        });
    }
    arrived
}

pub(crate) fn a_line_does_not_wait_for_an_acknowledgment(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.send(b"one");
    lab.send(b"two").iter().any(|it| it.data == b"two")
}

pub(crate) fn a_little_room_draws_no_small_segment(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let all = delivered(&mut lab, &[7; 4096], 4096) == 4096;
    lab.give(&Segment {
        window: 0,
        ..lab.ack()
    });
    lab.send(&[7; 4096]);
    let sent = lab.give(&Segment {
        window: 10,
        ..lab.ack()
    });
    all && sent.iter().all(|it| it.data.is_empty())
}
