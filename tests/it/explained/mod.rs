//! What is said below the rows of a ladder, against the texts in `tests/golden/explained`.
//!
//! `SMOLCHAT_ACCEPT=1 cargo test --test it explained::` writes the texts anew; read them before you keep them: a sentence
//! that is not true of its row is a fault.

mod play;

use crate::accepted::compare;
use crate::pair::sizes;
use play::Play;
use smolchat::device::{Fault, Policy, Side};
use smolchat::lang::Lang;
use smolchat::node::Sizes;
use smoltcp::time::Duration;
use unicode_width::UnicodeWidthStr;

/// Compares the ladder of one side in every language.
#[track_caller]
fn check(name: &str, play: &Play, side: Side) {
    for lang in Lang::ALL {
        let text = play.ladder(side, lang);
        for line in text.lines() {
            assert!(line.width() <= 100, "too wide: {line}");
        }
        compare(
            &format!("tests/golden/explained/{name}.{}.txt", lang.code()),
            &text,
        );
    }
}

const fn script(script: &'static [(u64, Fault)]) -> Policy<'static> {
    Policy {
        script,
        delay: Duration::from_millis(5000),
        ..Policy::NONE
    }
}

#[test]
fn a_handshake_and_its_three_messages() {
    let mut play = Play::calm();
    play.connect();
    check("handshake-client", &play, Side::A);
    check("handshake-server", &play, Side::B);
}

#[test]
fn data_both_ways_with_an_ack_that_waits_and_one_that_rides() {
    let mut play = Play::calm();
    let both = play.connect();
    play.a_says(both, "你好么,我好哟");
    play.b_says(both, "hello\r\n");
    play.pass(100);
    play.b_says(both, "anybody there?");
    play.pass(100);
    check("data", &play, Side::B);
}

#[test]
fn a_teardown_in_four_segments() {
    let mut play = Play::calm();
    let [client, server] = play.connect();
    play.b.tcp(server).unwrap().close(play.now);
    play.pass(100);
    play.a.tcp(client).unwrap().close(play.now);
    play.pass(30_000);
    check("four", &play, Side::B);
    check("four-other", &play, Side::A);
}

#[test]
fn a_teardown_in_three_segments() {
    let mut play = Play::calm();
    let [client, server] = play.connect();
    play.a.tcp(client).unwrap().close(play.now);
    play.until(|play| {
        let mut socket = play.b.tcp(server).unwrap();
        let ended = !socket.may_recv();
        if ended {
            socket.close(play.now);
        }
        ended
    });
    play.pass(30_000);
    check("three", &play, Side::A);
}

#[test]
fn both_close_at_once() {
    let mut play = Play::calm();
    let [client, server] = play.connect();
    play.a.tcp(client).unwrap().close(play.now);
    play.b.tcp(server).unwrap().close(play.now);
    play.pass(30_000);
    check("both-close", &play, Side::A);
}

#[test]
fn a_reset_with_something_under_way() {
    let mut play = Play::calm();
    let both = play.connect();
    play.a_says(both, "good-bye without a word");
    play.a.tcp(both[0]).unwrap().send(b"and this?").unwrap();
    play.b.tcp(both[1]).unwrap().send(b"who knows").unwrap();
    play.let_out_and_abort(both[0]);
    check("reset-here", &play, Side::A);
    check("reset-there", &play, Side::B);
}

#[test]
fn a_connection_that_is_refused() {
    let mut play = Play::calm();
    let now = play.now;
    play.a.connect(now, Play::elsewhere()).unwrap();
    play.pass(100);
    check("refused", &play, Side::A);
}

#[test]
fn data_that_is_lost_and_an_ack_that_is_lost() {
    // ARP, SYN, ACK, data.
    let mut play = Play::new(
        script(&[(4, Fault::Drop)]),
        script(&[(4, Fault::Drop)]),
        sizes(4),
    );
    let both = play.connect();
    play.a_says(both, "is this lost?");
    play.pass(2_000);
    play.a_says(both, "and the answer to this?");
    play.pass(3_000);
    check("lost", &play, Side::A);
    check("lost-other", &play, Side::B);
}

#[test]
fn a_lost_segment_that_later_ones_ask_for() {
    let mut play = Play::new(script(&[(4, Fault::Drop)]), Policy::NONE, sizes(4));
    let both = play.connect();
    for word in ["one ", "two ", "three ", "four ", "five "] {
        play.a.tcp(both[0]).unwrap().send(word.as_bytes()).unwrap();
        play.pass(2);
    }
    play.pass(3_000);
    check("fast", &play, Side::A);
    check("fast-other", &play, Side::B);
}

#[test]
fn a_syn_that_is_lost_and_a_fin_that_is_lost() {
    let mut play = Play::new(
        script(&[(2, Fault::Drop), (5, Fault::Drop)]),
        Policy::NONE,
        sizes(4),
    );
    let both = play.connect();
    play.a.tcp(both[0]).unwrap().close(play.now);
    play.pass(5_000);
    check("lost-syn-and-fin", &play, Side::A);
}

#[test]
fn a_window_that_closes_is_probed_and_opens() {
    let small = Sizes {
        receive: 64,
        ..sizes(4)
    };
    let mut play = Play::new(Policy::NONE, Policy::NONE, small);
    let [client, server] = play.connect();
    play.a.tcp(client).unwrap().send(&[b'x'; 100]).unwrap();
    play.pass(8_000);
    let mut buffer = [0; 64];
    play.b.tcp(server).unwrap().recv(&mut buffer).unwrap();
    play.pass(3_000);
    check("window", &play, Side::A);
    check("window-other", &play, Side::B);
}

#[test]
fn time_wait_with_an_old_segment_and_a_last_ack_that_is_lost() {
    // The first data is late, and comes when all is over; the ACK of the second FIN is lost.
    let mut play = Play::new(
        script(&[(4, Fault::Delay)]),
        script(&[(7, Fault::Drop)]),
        sizes(4),
    );
    let both = play.connect();
    play.a_says(both, "late");
    play.b.tcp(both[1]).unwrap().close(play.now);
    play.pass(100);
    play.a.tcp(both[0]).unwrap().close(play.now);
    play.pass(40_000);
    check("time-wait", &play, Side::B);
}
