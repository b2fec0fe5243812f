//! The chat on a whole node, as its members see it: octets on a wire, on a virtual clock.

mod hall;
mod pair;

use hall::Hall;
use pair::receive;
use smolchat::node::RecvError;
use smolchat::trace::{Flags, State};
use smoltcp::time::Duration;

const GREETING: &str = "你好么,我好哟";

#[test]
fn one_exchange_of_the_first_tutorial() {
    let mut hall = Hall::default();
    let client = hall.join();
    let answer = hall.ask(client, GREETING);
    assert_eq!(
        answer,
        "Welcome, guest-1. /help lists the commands, q leaves. Delivered to 1 member."
    );
    assert_eq!(hall.screen.text, "guest-1: 你好么,我好哟\n");
    hall.pair.a.close(hall.pair.now, client);
    hall.run_for(Duration::from_secs(61));
    assert_eq!(hall.app.room().len(), 1);
    assert!(hall.server_states(client).ends_with(&[
        State::CloseWait,
        State::LastAck,
        State::Closed
    ]));
    hall.pair.assert_nothing_is_left();
    hall.pair.assert_all_legal();
}

#[test]
fn the_loop_of_the_second_tutorial_never_gets_out_of_step_and_ends_at_q() {
    let mut hall = Hall::default();
    for round in 1..=2 {
        let client = hall.join();
        let first = hall.ask(client, GREETING);
        assert!(first.starts_with(&format!("Welcome, guest-{round}.")));
        for text in ["a", "你", "wie geht es dir"] {
            assert_eq!(hall.ask(client, text), "Delivered to 1 member.");
        }
        assert_eq!(hall.ask(client, "q"), "q");
        assert_eq!(hall.recv(client), "");
        let end = hall.pair.a.recv(client, &mut [0; 8]);
        assert_eq!(end, Err(RecvError::Finished));
        // Not at once, or the client's FIN would carry the acknowledgment of ours.
        hall.run_for(Duration::from_millis(100));
        hall.pair.a.close(hall.pair.now, client);
        hall.run_for(Duration::from_secs(1));

        let segments = hall.segments_to(client);
        let data: Vec<_> = segments.iter().filter(|s| s.header.len > 0).collect();
        assert_eq!(data.len(), 5, "one segment for each answer");
        let last = data[4].header;
        assert_eq!((last.len, last.flags.contains(Flags::FIN)), (1, false));
        assert!(hall.server_states(client).ends_with(&[
            State::Established,
            State::FinWait1,
            State::FinWait2,
            State::TimeWait
        ]));
    }
    hall.run_for(Duration::from_secs(61));
    hall.pair.assert_nothing_is_left();
    hall.pair.assert_all_legal();
}

#[test]
fn a_member_that_shuts_down_its_half_is_answered_and_then_closed() {
    let mut hall = Hall::default();
    let client = hall.join();
    hall.send(client, "last words");
    hall.pair.a.shutdown(hall.pair.now, client);
    hall.run_until("the end", |hall| hall.pair.a.has_finished(client));
    let heard = String::from_utf8(receive(&mut hall.pair.a, client)).unwrap();
    assert!(heard.ends_with("Delivered to 1 member."), "{heard}");
    assert_eq!(hall.screen.text, "guest-1: last words\n");
    hall.pair.a.close(hall.pair.now, client);
    hall.run_for(Duration::from_secs(61));
    hall.pair.assert_nothing_is_left();
}
