//! What a connection owes its peer before it is in TIME-WAIT, and there.

use crate::hall::Hall;
use crate::lab::{Column, Lab, Segment};
use smolchat::trace::State;
use smoltcp::time::Duration;

#[test]
fn a_fin_behind_data_that_waits_for_its_acknowledgment_is_acknowledged_before_time_wait() {
    for together in [true, false] {
        let mut lab = Lab::established(Column::Node);
        lab.close();
        lab.rcv = lab.rcv.wrapping_add(1);
        let ack = lab.ack();
        lab.give(&ack);
        assert_eq!(lab.state(), State::FinWait2);
        let mut sent = Vec::new();
        let data = lab.ack().data(b"x");
        if together {
            sent.extend(lab.give(&data.fin()));
        } else {
            sent.extend(lab.give(&data));
            lab.snd = lab.snd.wrapping_add(1);
            let fin = lab.ack().fin();
            sent.extend(lab.give(&fin));
            lab.snd = lab.snd.wrapping_sub(1);
        }
        sent.extend(lab.wait(Duration::from_millis(20)));
        assert_eq!(lab.state(), State::TimeWait);
        let acknowledged = lab.snd.wrapping_add(2);
        assert!(sent.iter().any(|it| it.is_ack_of(acknowledged)), "{sent:?}");
    }
}

#[test]
fn a_new_syn_where_nobody_listens_ends_no_time_wait_and_is_challenged() {
    let (mut lab, syn) = Lab::opening(Column::Node);
    lab.rcv = syn[0].seq.wrapping_add(1);
    let accepted = lab.ack().syn();
    lab.give(&accepted);
    lab.snd = lab.snd.wrapping_add(1);
    lab.enter_time_wait();
    assert_eq!(lab.state(), State::TimeWait);
    let anew = Segment {
        ack: None,
        seq: lab.snd.wrapping_add(1000),
        ..lab.ack()
    };
    let sent = lab.give(&anew.syn());
    assert_eq!(sent.len(), 1);
    assert!(
        sent[0].is_ack_of(lab.snd) && sent[0].seq == lab.rcv,
        "{sent:?}"
    );
    assert_eq!(lab.state(), State::TimeWait);
}

#[test]
fn what_is_closed_and_waits_2_msl_is_said_to_be_and_is_no_unknown_connection() {
    let mut hall = Hall::default();
    let client = hall.join();
    hall.console("/close 1");
    hall.pair.a.tcp(client).unwrap().close(hall.pair.now);
    hall.run_for(Duration::from_secs(1));
    for order in ["/close 1", "/abort 1"] {
        assert_eq!(
            hall.console(order),
            "Connection #1 is closed already and waits 2 MSL.\n"
        );
    }
    hall.run_for(Duration::from_secs(61));
    let said = hall.console("/close 1");
    assert!(said.starts_with("There is no open connection #1"), "{said}");
}
