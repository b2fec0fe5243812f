//! The chat on a whole node, as its members see it: octets on a wire, on a virtual clock.

mod hall;
mod pair;

use hall::Hall;
use pair::receive;
use smolchat::app::{App, Memory};
use smolchat::chat::Rate;
use smolchat::device::{Faults, Policy, Shares};
use smolchat::node::{Limits, RecvError, Sizes};
use smolchat::pair::Clockwork;
use smolchat::trace::{Flags, Reason, State};
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
        assert_eq!(hall.pair.a.send(client, octets), Ok(octets.len()));
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

#[test]
fn three_members_over_tcp_and_udp_hear_each_other_once() {
    let mut hall = Hall::default();
    let (alice, bob) = (hall.join(), hall.join());
    assert!(
        hall.ask(alice, "/nick alice\n")
            .ends_with("You are now alice.\n")
    );
    assert!(hall.hear(bob).contains("-- guest-1 is now alice.\n"));
    let reply = hall.ask_datagram("hello over udp");
    assert!(reply.len() <= 14, "{reply}");
    let code = reply.rsplit(' ').next().unwrap().to_string();
    assert!(
        hall.ask_datagram(&format!("/join {code}"))
            .starts_with("Welcome, guest-3.")
    );
    let heard = hall.hear(alice);
    assert!(
        heard.starts_with("udp-") && heard.ends_with(": hello over udp\n"),
        "{heard}"
    );
    assert_eq!(hall.ask(alice, "hi\n"), "Delivered to 3 members.\n");
    assert!(hall.hear(bob).ends_with("alice: hi\n"));
    assert_eq!(hall.recv_datagram(), "alice: hi\n");
    assert_eq!(hall.ask_datagram("from afar"), "Delivered to 3 members.");
    assert_eq!(hall.hear(bob), "guest-3: from afar\n");
    assert_eq!(hall.ask_datagram("/states").lines().count(), 3);
    assert!(
        hall.ask_datagram("/ladder")
            .starts_with("A datagram belongs to no connection")
    );
    assert_eq!(hall.ask_datagram("q"), "q");
    assert_eq!(hall.app.room().len(), 3);
}

#[test]
fn an_answer_to_a_stranger_is_never_larger_than_its_datagram() {
    let mut hall = Hall::default();
    for text in [
        "a",
        "hi",
        "/who",
        "/join",
        "hello there",
        "q",
        &"x".repeat(1400),
    ] {
        hall.send_datagram(text);
        hall.run_for(Duration::from_millis(300));
        let mut octets = 0;
        while let Some(reply) = hall.take_datagram() {
            octets += reply.len();
        }
        assert!(octets <= text.len(), "{text}: {octets}");
    }
}

#[test]
fn a_datagram_forged_from_a_service_or_from_another_room_draws_no_answer() {
    for port in [7, 19, 53, 123, 1023, pair::PORT] {
        let mut hall = Hall::default();
        hall.pair.a.bind(port).unwrap();
        let (now, room) = (hall.pair.now, pair::Pair::server());
        hall.pair
            .a
            .send_to(now, port, room, GREETING.as_bytes())
            .unwrap();
        hall.run_for(Duration::from_secs(10));
        assert_eq!(hall.pair.a.recv_from(&mut [0; 64]), None, "{port}");
        assert_eq!(hall.screen.text, "");
        let counters = hall.pair.b.journal().counters();
        assert_eq!(counters.datagrams_out, 0, "{port}");
        assert_eq!(counters.dropped(Reason::QueueFull), 1, "{port}");
    }
}

#[test]
fn a_slow_reader_is_told_why_and_disconnected_and_the_room_goes_on() {
    let mut hall = Hall::default();
    let (slow, other) = (hall.join(), hall.join());
    let line = "x".repeat(1000) + "\n";
    for round in 0..20 {
        let answer = hall.ask(other, &line);
        assert!(answer.contains("Delivered to"), "{round}: {answer}");
        hall.run_for(Duration::from_millis(300));
    }
    assert_eq!(hall.app.room().counts().slow, 1);
    assert_eq!(hall.app.room().len(), 2);
    // It reads at last: whole lines, and the reason.
    let mut heard = String::new();
    for _ in 0..20 {
        heard += &String::from_utf8(receive(&mut hall.pair.a, slow)).unwrap();
        hall.run_for(Duration::from_millis(500));
    }
    assert!(
        heard.ends_with("nothing after this line reaches you.\n"),
        "{}",
        heard.len()
    );
    assert_eq!(
        hall.pair.a.recv(slow, &mut [0; 8]),
        Err(RecvError::Finished)
    );
}

#[test]
fn a_reader_that_never_reads_is_reset_and_its_slot_comes_back() {
    let mut hall = Hall::default();
    let (slow, other) = (hall.join(), hall.join());
    let line = "x".repeat(1000) + "\n";
    for _ in 0..20 {
        hall.ask(other, &line);
        hall.run_for(Duration::from_millis(300));
    }
    hall.run_for(Duration::from_secs(15));
    assert_eq!(hall.pair.b.free(), hall.pair.b.capacity() - 1);
    assert!(hall.pair.a.ended(slow).is_some());
    hall.pair.assert_all_legal();
}

#[test]
fn a_flood_is_refused_with_an_answer_for_each_message() {
    let mut hall = Hall::default();
    let client = hall.join();
    let flood: String = (0..40).map(|n| format!("{n}\n")).collect();
    hall.send(client, &flood);
    let answers = hall.hear(client);
    let count = |what| answers.matches(what).count();
    assert_eq!(
        count("Delivered to 1 member.") + count("Too fast"),
        40,
        "{answers}"
    );
    assert!(count("Too fast") >= 19);
}

#[test]
fn ten_thousand_lines_at_once_from_one_that_reads_are_all_heard_and_answered() {
    let mut limits = hall::config(false);
    limits.limits.rate = Rate::UNLIMITED;
    let sizes = Sizes {
        receive: 65_536,
        transmit: 65_536,
        ..pair::sizes(8)
    };
    let mut hall = Hall::new(sizes, 8, false);
    hall.app = App::new(hall.pair.now, Memory::heap(8, 8), limits);
    let (client, other) = (hall.join(), hall.join());
    let said: String = (0..10_000)
        .map(|number| match number % 3 {
            0 => "/who\n".to_string(),
            1 => format!("line {number}\n"),
            _ => "/help\n".to_string(),
        })
        .collect();
    let (mut sent, mut answers, mut heard) = (0, Vec::new(), Vec::new());
    hall.run_until("every answer", |hall| {
        let rest = &said.as_bytes()[sent..];
        sent += hall.pair.a.send(client, rest).unwrap_or(0);
        answers.extend(receive(&mut hall.pair.a, client));
        heard.extend(receive(&mut hall.pair.a, other));
        answers.iter().filter(|octet| **octet == b'\n').count() == 10_001
    });
    let answers = String::from_utf8(answers).unwrap();
    let count = |what| answers.lines().filter(|line| line.contains(what)).count();
    assert_eq!(count("3 here: guest-1 (you)"), 3_334);
    assert_eq!(count("Delivered to 2 members."), 3_333);
    assert_eq!(count("/who lists the members"), 3_333);
    let lines = heard.iter().filter(|octet| **octet == b'\n').count();
    assert_eq!(lines, 3_333);
    assert_eq!(hall.app.room().counts().slow, 0);
}

#[test]
fn one_that_asks_and_does_not_read_is_not_read_and_goes_on_when_it_reads() {
    let mut hall = Hall::default();
    let client = hall.join();
    let said = "/help\n".repeat(600);
    hall.send(client, &said);
    hall.run_for(Duration::from_secs(3600));
    assert_eq!(hall.app.room().counts().slow, 0);
    assert_eq!(hall.app.room().len(), 2);
    let mut answers = Vec::new();
    hall.run_until("every answer", |hall| {
        answers.extend(receive(&mut hall.pair.a, client));
        answers.iter().filter(|octet| **octet == b'\n').count() == 601
    });
}

#[test]
fn an_overlong_line_is_refused_and_the_next_one_is_heard() {
    let mut hall = Hall::default();
    let client = hall.join();
    let refused = hall.ask(client, &("x".repeat(3000) + "\n"));
    assert!(
        refused.contains("too long: at most 1024 octets"),
        "{refused}"
    );
    assert_eq!(hall.ask(client, "short\n"), "Delivered to 1 member.\n");
    assert_eq!(hall.screen.text, "guest-1: short\n");
}

#[test]
fn a_ladder_is_a_member_s_own_and_nothing_of_it_is_lost() {
    let mut hall = Hall::default();
    let client = hall.join();
    for _ in 0..15 {
        hall.ask(client, "a line of text\n");
    }
    hall.send(client, "/ladder\nafter\n");
    let answer = hall.hear(client);
    let (ladder, rest) = answer.rsplit_once("Delivered").unwrap();
    assert_eq!(rest, " to 1 member.\n");
    assert!(ladder.contains("three-way handshake"), "{ladder}");
    assert_eq!(ladder.matches("PSH,ACK").count(), 15 * 2 + 1, "{ladder}");
    assert!(ladder.len() > 4096, "larger than the transmit buffer");
}

#[test]
fn an_answer_to_an_unterminated_question_has_no_line_end() {
    let mut hall = Hall::default();
    let client = hall.join();
    hall.send(client, "/states");
    let answer = hall.hear(client);
    assert!(answer.ends_with("2 in the room."), "{answer}");
    assert_eq!(answer.lines().count(), 2);
}

#[test]
fn the_operator_closes_resets_and_kicks() {
    let mut hall = Hall::default();
    let clients = [hall.join(), hall.join(), hall.join()];
    let [first, second, third] = clients;
    assert_eq!(hall.console("/close 1"), "Connection #1 is closing.\n");
    assert!(hall.pair.a.has_finished(first));
    assert_eq!(hall.console("/abort 2"), "Connection #2 is reset.\n");
    assert_eq!(
        hall.pair.a.ended(second),
        Some(smolchat::trace::Ending::ResetByPeer)
    );
    assert_eq!(hall.console("/kick guest-3"), "guest-3 is removed.\n");
    assert!(hall.hear(third).starts_with("The operator has removed you"));
    assert!(
        hall.console("/close 9")
            .starts_with("There is no open connection #9")
    );
    assert!(
        hall.console("/states")
            .contains("0 in TIME-WAIT, 1 in the room.")
    );
    assert!(hall.console("/ladder 2").contains("RST"));
    for client in clients {
        hall.pair.a.close(hall.pair.now, client);
    }
    hall.run_for(Duration::from_secs(61));
    hall.pair.assert_nothing_is_left();
    hall.pair.assert_all_legal();
}

#[test]
fn at_the_end_each_member_receives_exactly_q_and_nobody_new_gets_in() {
    let mut hall = Hall::default();
    let clients = [hall.join(), hall.join()];
    assert!(
        hall.ask(clients[0], "hi")
            .ends_with("Delivered to 2 members.")
    );
    assert_eq!(hall.hear(clients[1]), "guest-1: hi\n");
    hall.console("q");
    for client in clients {
        assert_eq!(hall.hear(client), "q");
        assert!(hall.pair.a.has_finished(client));
        let segments = hall.segments_to(client);
        let q = segments.iter().rfind(|s| s.header.len > 0).unwrap().header;
        assert_eq!((q.len, q.flags.contains(Flags::FIN)), (1, false));
        hall.pair.a.close(hall.pair.now, client);
    }
    hall.run_for(Duration::from_secs(1));
    assert!(hall.app.is_over(hall.pair.now, &hall.pair.b));
    let late = hall
        .pair
        .a
        .connect(hall.pair.now, pair::Pair::server())
        .unwrap();
    hall.run_for(Duration::from_secs(1));
    assert_eq!(
        hall.pair.a.ended(late),
        Some(smolchat::trace::Ending::Refused)
    );
}

#[test]
fn the_ninth_of_eight_waits_in_the_backlog_and_gets_in() {
    let mut sizes = pair::sizes(8);
    let mut hall = Hall::new(sizes, 8, false);
    sizes.connections = 16;
    hall.pair.a = pair::node(smolchat::device::Side::A, sizes, Default::default());
    let clients: Vec<_> = (0..8).map(|_| hall.join()).collect();
    let ninth = hall
        .pair
        .a
        .connect(hall.pair.now, pair::Pair::server())
        .unwrap();
    hall.run_for(Duration::from_secs(2));
    assert_eq!(hall.pair.b.held(), 1);
    assert_eq!(hall.app.room().len(), 9);
    assert!(hall.console("/states").contains("1 waiting for a free one"));
    assert!(hall.ask(clients[0], "q").ends_with('q'));
    hall.pair.a.close(hall.pair.now, clients[0]);
    hall.run_for(Duration::from_secs(5));
    assert!(hall.ask(ninth, "at last").contains("Welcome, guest-9."));
}

#[test]
fn a_full_room_says_so_and_closes() {
    // Room for one beside the operator.
    let mut hall = Hall::default();
    let memory = Memory {
        room: smolchat::chat::Memory::heap(2),
        ..Memory::heap(8, 0)
    };
    let config = hall::config(false);
    hall.app = App::new(hall.pair.now, memory, config);
    hall.join();
    let late = hall
        .pair
        .a
        .connect(hall.pair.now, pair::Pair::server())
        .unwrap();
    assert_eq!(
        hall.recv(late),
        "The room is full. Please come again later.\n"
    );
    hall.run_for(Duration::from_secs(1));
    assert!(hall.pair.a.has_finished(late));
}

#[test]
fn a_browser_gets_the_page_and_is_no_member() {
    let mut hall = Hall::default();
    let member = hall.join();
    let browser = hall.join();
    hall.send(browser, "GET / HTTP/1.1\r\nHost: 192.0.2.2:9000\r\n\r\n");
    let page = hall.hear(browser);
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    assert!(page.contains("<li>guest-1, TCP, connection #1\n"), "{page}");
    assert!(page.ends_with("</html>\n"), "{page}");
    assert!(hall.pair.a.has_finished(browser));
    assert_eq!(hall.app.room().len(), 2);
    assert_eq!(hall.hear(member), "");
    // Who has spoken before is no browser.
    hall.ask(member, "hi\n");
    assert_eq!(
        hall.ask(member, "GET / HTTP/1.1\n"),
        "Delivered to 1 member.\n"
    );
}

/// What a peer hears that sends this in pieces, and what the room saw of it.
fn heard_by_a_stranger(pieces: &[&[u8]], pause: Duration) -> (Vec<u8>, String, bool) {
    let mut hall = Hall::default();
    let member = hall.join();
    let stranger = hall.join();
    let mut heard = Vec::new();
    for piece in pieces {
        // Once it is told that nobody listens, it may be that nothing more can be sent.
        let _ = hall.pair.a.send(stranger, piece);
        hall.run_for(pause);
        heard.extend(receive(&mut hall.pair.a, stranger));
    }
    for _ in 0..100 {
        hall.run_for(Duration::from_millis(50));
        heard.extend(receive(&mut hall.pair.a, stranger));
    }
    let closed = hall.pair.a.has_finished(stranger);
    let seen = hall.hear(member) + &hall.screen.text;
    (heard, seen, closed)
}

#[test]
fn nothing_of_a_request_becomes_a_line_however_it_is_cut() {
    let long = format!("GET /{} HTTP/1.1\r\nCookie: a=b\r\n\r\n", "x".repeat(3000));
    for (request, status) in [
        (
            "POST / HTTP/1.1\r\nContent-Type: text/plain\r\nCookie: a=b\r\n\r\nbody\nmore\n",
            "405",
        ),
        (long.as_str(), "414"),
        (
            "GET /none HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "404",
        ),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0", "505"),
        ("BREW /pot HTTP/1.1\r\nCookie: a=b\r\n\r\n", "501"),
        ("GET / HTP/1.1\r\nCookie: a=b\r\n\r\n", "400"),
        ("\r\nGET /x y HTTP/1.1\r\nCookie: a=b\r\n\r\n", "400"),
    ] {
        let octets = request.as_bytes();
        for cut in [2, 3, 5, 9, 14, octets.len()] {
            let pieces = [&octets[..cut], &octets[cut..]];
            let (heard, seen, closed) = heard_by_a_stranger(&pieces, Duration::from_millis(1500));
            let heard = String::from_utf8(heard).unwrap();
            assert!(
                heard.contains(&format!("HTTP/1.1 {status} ")),
                "{request:?} at {cut}: {heard}"
            );
            assert!(heard.contains("Connection: close\r\n"), "{heard}");
            // The beginning of a method that nobody knows is a word like any.
            let said = seen
                .replace("guest-2: BR\n", "")
                .replace("guest-2: BRE\n", "");
            assert_eq!(said, "", "{request:?} at {cut}");
            assert!(closed, "{request:?} at {cut}");
        }
    }
}

#[test]
fn nothing_of_a_request_that_comes_octet_by_octet_becomes_a_line() {
    let request = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    for pause in [1, 60, 400] {
        let pieces: Vec<&[u8]> = request.chunks(1).collect();
        let (heard, seen, _) = heard_by_a_stranger(&pieces, Duration::from_millis(pause));
        assert!(heard.starts_with(b"HTTP/1.1 404 "), "{pause}");
        assert_eq!(seen, "", "{pause}");
    }
}

#[test]
fn a_method_that_was_said_for_silence_may_still_become_a_request() {
    let pieces = [b"GE".as_slice(), b"T / HTTP/1.1\r\nCookie: a=b\r\n\r\n"];
    let (heard, seen, _) = heard_by_a_stranger(&pieces, Duration::from_secs(5));
    assert!(String::from_utf8(heard).unwrap().contains("HTTP/1.1 501 "));
    assert!(!seen.contains("Cookie") && !seen.contains("HTTP"), "{seen}");
}

#[test]
fn a_request_that_does_not_end_is_told_so() {
    let (heard, seen, closed) = heard_by_a_stranger(&[b"GET /index"], Duration::from_secs(11));
    assert!(heard.starts_with(b"HTTP/1.1 408 "));
    assert_eq!((seen.as_str(), closed), ("", true));
}

#[test]
fn who_speaks_tls_gets_an_alert_and_who_speaks_ssh_or_smb_is_let_go() {
    let alert = [21, 3, 1, 0, 2, 2, 70].as_slice();
    for (hello, expected) in [
        (b"\x16\x03\x01\x02\x00\x01\x00\n\n\n".as_slice(), alert),
        (b"\x80\x2e\x01\x03\x01\x00\x15\n\n", alert),
        (b"SSH-2.0-OpenSSH_9.6\r\n", b""),
        (b"\0\0\0\x85\xffSMBr\0\0\0\0\n\n", b""),
    ] {
        for pieces in [&[hello][..], &[&hello[..1], &hello[1..]]] {
            if hello[0] == 0 && pieces.len() > 1 {
                continue;
            }
            let (heard, seen, closed) = heard_by_a_stranger(pieces, Duration::from_millis(200));
            assert_eq!(heard, expected, "{hello:x?}");
            assert_eq!((seen.as_str(), closed), ("", true), "{hello:x?}");
        }
    }
}

#[test]
fn who_says_something_that_begins_with_a_method_is_a_member() {
    for text in ["GET a life\n", "POST it\n", "LOCK the door"] {
        let mut hall = Hall::default();
        let member = hall.join();
        let answer = hall.ask(member, text);
        assert!(answer.contains("Delivered to 1 member."), "{answer}");
        assert_eq!(
            hall.screen.text.trim_end(),
            format!("guest-1: {}", text.trim_end())
        );
    }
}

#[test]
fn a_head_has_no_body_whatever_its_status() {
    for (request, status) in [
        ("HEAD / HTTP/1.1\r\n\r\n", "200"),
        ("HEAD /none HTTP/1.1\r\n\r\n", "404"),
        ("HEAD / HTTP/2.0\r\n\r\n", "505"),
        ("HEAD /\r\n\r\n", "400"),
    ] {
        let (heard, ..) = heard_by_a_stranger(&[request.as_bytes()], Duration::from_millis(100));
        let heard = String::from_utf8(heard).unwrap();
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard}");
        assert!(heard.ends_with("\r\n\r\n"), "{heard}");
    }
}

#[test]
fn a_screen_that_is_full_gets_the_rest_later() {
    let mut hall = Hall::new(pair::sizes(8), 8, true);
    hall.screen.room = Some(0);
    let client = hall.join();
    hall.ask(client, "hi\n");
    assert_eq!(hall.screen.text, "");
    hall.screen.room = Some(1_000_000);
    hall.run_for(Duration::from_secs(1));
    assert!(
        hall.screen.text.contains("three-way handshake"),
        "{}",
        hall.screen.text
    );
    assert!(hall.screen.text.contains("#1"));
}

#[test]
fn a_wire_that_loses_repeats_and_reorders_changes_nothing_of_what_is_said() {
    let mut lost = 0;
    for seed in 0..40 {
        let mut hall = Hall::default();
        let shares = Shares {
            drop: 100,
            duplicate: 100,
            reorder: 100,
            corrupt: 20,
            delay: 100,
        };
        let policy = Policy {
            shares,
            ..Policy::NONE
        };
        hall.faults = Faults::heap(seed, policy, policy, 1514, 64);
        let (alice, bob) = (hall.join(), hall.join());
        let mut said = String::new();
        for number in 0..12 {
            let text = format!("第 {number} 句\n");
            let answer = hall.ask(alice, &text);
            let right = answer.ends_with("Delivered to 2 members.\n");
            assert!(right, "seed {seed}, {number}: {answer}");
            said += &format!("guest-1: {text}");
        }
        assert_eq!(hall.ask(alice, "q"), "q", "seed {seed}");
        hall.run_for(Duration::from_secs(30));
        assert_eq!(
            receive(&mut hall.pair.a, bob),
            said.as_bytes(),
            "seed {seed}"
        );
        let q = hall.segments_to(alice);
        let q = q.iter().rfind(|segment| segment.header.len > 0).unwrap();
        assert_eq!(q.header.len, 1, "seed {seed}");
        for client in [alice, bob] {
            hall.pair.a.close(hall.pair.now, client);
        }
        hall.run_for(Duration::from_secs(300));
        assert_eq!(hall.app.room().len(), 1, "seed {seed}");
        lost += hall.faults.sent().dropped + hall.faults.received().dropped;
        hall.pair.assert_nothing_is_left();
        hall.pair.assert_all_legal();
    }
    assert!(lost > 100, "{lost} frames were lost in all");
}

#[test]
fn members_that_say_nothing_cost_nothing() {
    let mut hall = Hall::new(pair::sizes(64), 8, false);
    for _ in 0..64 {
        hall.join();
    }
    // Until both nodes have announced their addresses.
    hall.run_for(Duration::from_secs(6));
    assert_eq!(hall.app.deadline(), None);
    let next = hall.step();
    assert_eq!(next, None, "nobody has anything to do");
}

#[test]
fn a_silent_member_whose_machine_vanished_is_gone_after_three_probes_and_one_that_is_there_stays() {
    let limits = Limits {
        keep_alive: Some(Duration::from_secs(30)),
        keep_alive_timeout: Duration::from_secs(90),
        ..Limits::default()
    };
    let mut hall = Hall {
        pair: pair::Pair::new(pair::sizes(8), limits),
        ..Hall::default()
    };
    hall.join();
    hall.run_for(Duration::from_secs(3600));
    assert_eq!(hall.app.room().len(), 2);
    let shares = Shares {
        drop: 1000,
        ..Shares::default()
    };
    let cut = Policy {
        shares,
        ..Policy::NONE
    };
    hall.faults = Faults::heap(1, cut, cut, 1514, 64);
    hall.run_for(Duration::from_secs(121));
    assert_eq!(hall.app.room().len(), 1);
}
