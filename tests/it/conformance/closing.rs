//! How connections end: RFC 9293 sections 3.6, 3.10.4, 3.10.5; RFC 1337, RFC 6191.

use smolchat::node::RecvError;
use smolchat::trace::{Ending, State};
use smoltcp::socket::tcp;
use smoltcp::time::Duration;

use crate::lab::{Column, Lab, Segment};

fn has_reset(sent: &[Segment]) -> bool {
    sent.iter().any(Segment::is_rst)
}

fn in_time_wait(column: Column) -> Lab {
    let mut lab = Lab::established(column);
    lab.enter_time_wait();
    lab
}

/// The peer's FIN again, in TIME-WAIT.
fn fin_again(lab: &Lab) -> Segment {
    Segment {
        seq: lab.snd - 1,
        ..lab.ack()
    }
    .fin()
}

pub(crate) fn close_in_syn_sent_says_nothing(column: Column) -> bool {
    let (mut lab, _) = Lab::opening(column);
    let sent = lab.close();
    sent.is_empty() && lab.wait_secs(5).is_empty() && lab.state() == State::Closed
}

pub(crate) fn close_in_syn_received_sends_a_fin(column: Column) -> bool {
    let mut lab = Lab::server(column);
    lab.half_open();
    lab.close();
    let mut sent = lab.give(&lab.ack());
    sent.extend(lab.wait_secs(5));
    sent.iter().any(|it| it.is_fin() && it.seq == lab.rcv)
}

pub(crate) fn close_sends_what_is_queued_and_then_a_fin(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.give(&Segment {
        window: 5,
        ..lab.ack()
    });
    lab.send(b"0123456789");
    lab.close();
    lab.rcv = lab.rcv.wrapping_add(5);
    let sent = lab.give(&lab.ack());
    sent.iter().any(|it| it.is_fin() && it.data == b"56789")
}

pub(crate) fn abort_sends_a_reset(column: Column) -> bool {
    let mut lab = Lab::established(column);
    let sent = lab.abort();
    matches!(&sent[..], [it] if it.is_rst() && it.seq == lab.rcv)
}

pub(crate) fn abort_in_syn_sent_says_nothing(column: Column) -> bool {
    let (mut lab, _) = Lab::opening(column);
    !has_reset(&lab.abort()) && lab.state() == State::Closed
}

pub(crate) fn abort_in_last_ack_says_nothing(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.enter_last_ack();
    !has_reset(&lab.abort())
}

pub(crate) fn abort_in_closing_says_nothing(column: Column) -> bool {
    let mut lab = Lab::established(column);
    lab.close();
    lab.give(&lab.ack().fin());
    !has_reset(&lab.abort())
}

pub(crate) fn abort_in_time_wait_says_nothing(column: Column) -> bool {
    let mut lab = in_time_wait(column);
    !has_reset(&lab.abort())
}

pub(crate) fn closed_and_aborted_are_told_apart(column: Column) -> bool {
    let mut closed = Lab::established(column);
    closed.give(&closed.ack().fin());
    let mut aborted = Lab::established(column);
    let reset = Segment {
        ack: None,
        ..aborted.ack()
    };
    aborted.give(&reset.rst());
    let (closed, aborted) = (closed.receive_error(), aborted.receive_error());
    match (closed, aborted) {
        (Err(Ok(closed)), Err(Ok(aborted))) => {
            closed == RecvError::Finished && aborted == RecvError::Ended(Ending::ResetByPeer)
        }
        (Err(Err(closed)), Err(Err(aborted))) => {
            closed == tcp::RecvError::Finished && aborted == tcp::RecvError::InvalidState
        }
        _ => false,
    }
}

pub(crate) fn a_reset_and_a_timeout_are_told_apart(column: Column) -> bool {
    let mut reset = Lab::established(column);
    let segment = Segment {
        ack: None,
        ..reset.ack()
    };
    reset.give(&segment.rst());
    let mut silent = Lab::established(column);
    silent.set_timeout(Duration::from_secs(30));
    silent.send(b"hello");
    silent.wait_secs(300);
    reset.receive_error() != silent.receive_error()
}

pub(crate) fn time_wait_lasts_two_msl(column: Column) -> bool {
    let mut lab = in_time_wait(column);
    lab.wait_secs(59);
    let sent = lab.give(&fin_again(&lab));
    matches!(&sent[..], [it] if it.is_ack_of(lab.snd))
}

pub(crate) fn a_fin_again_in_time_wait_is_acknowledged_each_time(column: Column) -> bool {
    let mut lab = in_time_wait(column);
    let fin = fin_again(&lab);
    (0..3).all(|_| matches!(&lab.give(&fin)[..], [it] if it.is_ack_of(fin.seq + 1)))
}

pub(crate) fn a_fin_again_starts_the_wait_anew(column: Column) -> bool {
    let mut lab = in_time_wait(column);
    let fin = fin_again(&lab);
    // Half of smoltcp's wait, and of the node's.
    let half = if lab.is_node() { 35 } else { 6 };
    lab.wait_secs(half);
    lab.give(&fin);
    lab.wait_secs(half);
    let waits = lab.state() == State::TimeWait;
    lab.wait_secs(half);
    waits && lab.state() != State::TimeWait
}

pub(crate) fn a_reset_does_not_end_time_wait(column: Column) -> bool {
    let mut lab = in_time_wait(column);
    let reset = Segment {
        ack: None,
        ..lab.ack()
    };
    lab.give(&reset.rst()).is_empty() && lab.state() == State::TimeWait
}

pub(crate) fn a_newer_syn_in_time_wait_opens_anew(column: Column) -> bool {
    let mut lab = in_time_wait(column);
    lab.let_go();
    lab.snd += 100;
    let sent = lab.give(&lab.syn());
    let beyond = |it: &Segment| (it.seq.wrapping_sub(lab.rcv) as i32) > 0;
    matches!(&sent[..], [it] if it.is_syn() && it.ack == Some(lab.snd + 1) && beyond(it))
}

pub(crate) fn an_older_syn_in_time_wait_is_challenged(column: Column) -> bool {
    let mut lab = in_time_wait(column);
    let old = Segment {
        seq: lab.snd - 500,
        ..lab.syn()
    };
    let sent = lab.give(&old);
    matches!(&sent[..], [it] if it.is_ack_of(lab.snd)) && lab.state() == State::TimeWait
}

pub(crate) fn old_data_in_time_wait_is_acknowledged(column: Column) -> bool {
    let mut lab = in_time_wait(column);
    let old = Segment {
        seq: lab.snd - 1,
        ..lab.ack()
    };
    let sent = lab.give(&old.data(b"x"));
    matches!(&sent[..], [it] if it.is_ack_of(lab.snd))
}

pub(crate) fn time_wait_keeps_no_connection_from_the_next_peer(column: Column) -> bool {
    let mut lab = in_time_wait(column);
    lab.let_go();
    let other = Segment {
        src_port: 7,
        ..lab.syn()
    };
    let sent = lab.give(&other);
    let opened = sent.iter().any(Segment::is_syn);
    // And the old one is still answered for.
    let sent = lab.give(&fin_again(&lab));
    opened && !has_reset(&sent)
}
