//! Programs as people have them: the two tutorials, programs in C, terminals.

use crate::hall::Hall;
use crate::pair::receive;
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
    hall.pair.a.tcp(client).unwrap().close(hall.pair.now);
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
        let end = hall.pair.a.tcp(client).unwrap().recv(&mut [0; 8]);
        assert_eq!(end, Err(RecvError::Finished));
        // Not at once, or the client's FIN would carry the acknowledgment of ours.
        hall.run_for(Duration::from_millis(100));
        hall.pair.a.tcp(client).unwrap().close(hall.pair.now);
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
fn each_send_of_a_c_program_has_exactly_one_answer() {
    let mut hall = Hall::default();
    let client = hall.join();
    let buffer = |text: &str| format!("{text}{}", "\0".repeat(1024 - text.len()));
    for (sent, answer) in [
        ("hello\n\0".into(), "Delivered to 1 member.\n"),
        ("two\n\0".into(), "Delivered to 1 member.\n"),
        (buffer("three\n"), "Delivered to 1 member.\n"),
        (buffer("four"), "Delivered to 1 member."),
        (
            buffer(""),
            "That was empty, so nobody was told; /help lists the commands.",
        ),
        (buffer("q"), "q"),
    ] {
        let heard = hall.ask(client, &sent);
        assert!(
            heard.ends_with(answer) && heard.matches('.').count() < 4,
            "{heard}"
        );
        assert_eq!(hall.hear(client), "", "{sent:?}");
    }
}

#[test]
fn a_terminal_is_heard_by_lines_and_its_commands_by_nobody() {
    let mut hall = Hall::default();
    let client = hall.join();
    let send = |hall: &mut Hall, octets: &[u8]| {
        assert_eq!(
            hall.pair.a.tcp(client).unwrap().send(octets),
            Ok(octets.len())
        );
        hall.run_for(Duration::from_millis(200));
        receive(&mut hall.pair.a, client)
    };
    for key in b"hel" {
        assert_eq!(send(&mut hall, &[*key]), b"");
    }
    // Interrupt the process, and do the timing mark: it does, at once, and there is nothing to interrupt.
    let mark = send(&mut hall, b"\xff\xf4\xff\xfd\x06");
    assert_eq!(mark, b"\xff\xfb\x06");
    for key in b"xx\x08\x7flo" {
        assert_eq!(send(&mut hall, &[*key]), b"");
    }
    let answer = send(&mut hall, b"\r\n");
    assert!(answer.ends_with(b"Delivered to 1 member.\n"));
    assert_eq!(hall.screen.text, "guest-1: hello\n");
}
