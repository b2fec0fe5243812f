//! How connections end: RFC 9293 sections 3.6, 3.10.4, 3.10.5; RFC 1337, RFC 6191.

use smolchat::node::RecvError;
use smolchat::trace::{Ending, State, Timer};
use smoltcp::socket::tcp;
use smoltcp::time::Duration;

use super::finding::{
    ANY, FIN, Finding, RST, SYN, ack, among, equal, expect, only, over, silent, state,
};
use crate::lab::{Column, Lab, Segment};

fn in_time_wait(column: Column) -> Lab {
    let mut lab = Lab::established(column);
    lab.enter_time_wait();
    assert_eq!(lab.state(), State::TimeWait, "the scene is set");
    lab
}

/// The peer's FIN again, in TIME-WAIT.
fn fin_again(lab: &Lab) -> Segment {
    let seq = lab.snd - 1;
    Segment { seq, ..lab.ack() }.fin()
}

pub(crate) fn close_in_syn_sent_says_nothing(column: Column) -> Finding {
    let (mut lab, _) = Lab::opening(column);
    silent("at CLOSE", &lab.close())?;
    silent("after CLOSE", &lab.wait_secs(5))?;
    state(&mut lab, State::Closed)
}

pub(crate) fn close_in_syn_received_sends_a_fin(column: Column) -> Finding {
    let mut lab = Lab::server(column);
    lab.half_open();
    state(&mut lab, State::SynReceived)?;
    let mut sent = lab.close();
    sent.extend(lab.give(&lab.ack()));
    sent.extend(lab.wait_secs(5));
    among("after CLOSE and the ACK", &sent, FIN.seq(lab.rcv))
}

pub(crate) fn close_sends_what_is_queued_and_then_a_fin(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    let window = 5;
    lab.give(&Segment {
        window,
        ..lab.ack()
    });
    lab.send(b"0123456789");
    lab.close();
    lab.rcv = lab.rcv.wrapping_add(5);
    let sent = lab.give(&lab.ack());
    among(
        "after CLOSE, with room",
        &sent,
        FIN.seq(lab.rcv).data(b"56789"),
    )
}

pub(crate) fn abort_sends_a_reset(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    only("at ABORT", &lab.abort(), RST.seq(lab.rcv))?;
    over(&mut lab)
}

/// ABORT where nobody is to hear of it.
fn abort_says_nothing(lab: &mut Lab, before: State) -> Finding {
    state(lab, before)?;
    silent("at ABORT", &lab.abort())?;
    silent("after ABORT", &lab.wait_secs(5))
}

pub(crate) fn abort_in_syn_sent_says_nothing(column: Column) -> Finding {
    let (mut lab, _) = Lab::opening(column);
    abort_says_nothing(&mut lab, State::SynSent)?;
    over(&mut lab)
}

pub(crate) fn abort_in_last_ack_says_nothing(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    lab.enter_last_ack();
    abort_says_nothing(&mut lab, State::LastAck)?;
    over(&mut lab)
}

pub(crate) fn abort_in_closing_says_nothing(column: Column) -> Finding {
    let mut lab = Lab::established(column);
    lab.close();
    lab.give(&lab.ack().fin());
    abort_says_nothing(&mut lab, State::Closing)?;
    over(&mut lab)
}

pub(crate) fn abort_in_time_wait_says_nothing(column: Column) -> Finding {
    abort_says_nothing(&mut in_time_wait(column), State::TimeWait)
}

/// What RECEIVE says in the end, each subject in its own words.
fn ended(lab: &mut Lab, node: RecvError, alone: tcp::RecvError) -> Finding {
    let wanted = if lab.is_node() { Ok(node) } else { Err(alone) };
    equal("RECEIVE in the end", lab.receive_error(), Err(wanted))
}

pub(crate) fn closed_and_aborted_are_told_apart(column: Column) -> Finding {
    let mut closed = Lab::established(column);
    closed.give(&closed.ack().fin());
    ended(&mut closed, RecvError::Finished, tcp::RecvError::Finished)?;
    let mut aborted = Lab::established(column);
    aborted.give(&aborted.reset());
    let by_peer = RecvError::Ended(Ending::ResetByPeer);
    ended(&mut aborted, by_peer, tcp::RecvError::InvalidState)
}

pub(crate) fn a_reset_and_a_timeout_are_told_apart(column: Column) -> Finding {
    let mut reset = Lab::established(column);
    reset.give(&reset.reset());
    let mut silent = Lab::established(column);
    silent.set_timeout(Duration::from_secs(30));
    silent.send(b"hello");
    silent.wait_secs(300);
    let seen = [&mut reset, &mut silent].map(Lab::receive_error);
    let [reset, silent] =
        [Ending::ResetByPeer, Ending::TimedOut(Timer::Retransmission)].map(RecvError::Ended);
    equal(
        "RECEIVE after a RST, after silence",
        seen,
        [Err(Ok(reset)), Err(Ok(silent))],
    )
}

pub(crate) fn time_wait_lasts_two_msl(column: Column) -> Finding {
    let mut lab = in_time_wait(column);
    lab.wait_secs(59);
    let sent = lab.give(&fin_again(&lab));
    only("after the FIN again, 59 s later", &sent, ack(lab.snd))?;
    lab.wait_secs(59);
    state(&mut lab, State::TimeWait)?;
    lab.wait_secs(2);
    over(&mut lab)
}

pub(crate) fn a_fin_again_in_time_wait_is_acknowledged_each_time(column: Column) -> Finding {
    let mut lab = in_time_wait(column);
    let fin = fin_again(&lab);
    // As a peer repeats it that hears nothing (RFC 6298: after a second, and then twice as long).
    [1, 2, 4].into_iter().try_for_each(|gap| {
        lab.wait_secs(gap);
        let after = format!("after the FIN again, {gap} s later");
        only(&after, &lab.give(&fin), ack(lab.snd))
    })
}

pub(crate) fn a_fin_again_starts_the_wait_anew(column: Column) -> Finding {
    let mut lab = in_time_wait(column);
    let fin = fin_again(&lab);
    // Half of smoltcp's wait, and of the node's.
    let half = if lab.is_node() { 35 } else { 6 };
    lab.wait_secs(half);
    lab.give(&fin);
    lab.wait_secs(half);
    state(&mut lab, State::TimeWait)?;
    lab.wait_secs(half);
    over(&mut lab)
}

pub(crate) fn a_reset_does_not_end_time_wait(column: Column) -> Finding {
    let mut lab = in_time_wait(column);
    silent("after a RST", &lab.give(&lab.reset()))?;
    state(&mut lab, State::TimeWait)
}

pub(crate) fn a_newer_syn_in_time_wait_opens_anew(column: Column) -> Finding {
    let mut lab = in_time_wait(column);
    lab.let_go();
    lab.snd += 100;
    let sent = lab.give(&lab.syn());
    only("after a newer SYN", &sent, SYN.ack(lab.snd + 1))?;
    let beyond = sent[0].seq.wrapping_sub(lab.rcv) as i32;
    expect(
        beyond > 0,
        "octets beyond the old numbers",
        beyond,
        "more than 0",
    )
}

pub(crate) fn an_older_syn_in_time_wait_is_challenged(column: Column) -> Finding {
    let mut lab = in_time_wait(column);
    let seq = lab.snd - 500;
    let sent = lab.give(&Segment { seq, ..lab.syn() });
    only("after an older SYN", &sent, ack(lab.snd))?;
    state(&mut lab, State::TimeWait)
}

pub(crate) fn old_data_in_time_wait_is_acknowledged(column: Column) -> Finding {
    let mut lab = in_time_wait(column);
    let seq = lab.snd - 1;
    let sent = lab.give(&Segment { seq, ..lab.ack() }.data(b"x"));
    only("after old data", &sent, ack(lab.snd))
}

pub(crate) fn time_wait_keeps_no_connection_from_the_next_peer(column: Column) -> Finding {
    let mut lab = in_time_wait(column);
    lab.let_go();
    let src_port = 7;
    let sent = lab.give(&Segment {
        src_port,
        ..lab.syn()
    });
    among("after the SYN of another", &sent, SYN.ack(lab.snd + 1))?;
    // And the old one is still answered for.
    let sent = lab.give(&fin_again(&lab));
    among("after the FIN again", &sent, ANY.ack(lab.snd))
}
