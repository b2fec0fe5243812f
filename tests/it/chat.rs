//! The chat on a whole node, as its members see it: octets on a wire, on a virtual clock.

use crate::hall::Hall;
use crate::pair::{Pair, receive, sizes};
use smolchat::app::{App, Memory};
use smolchat::chat::Rate;
use smolchat::device::{Faults, Policy, Shares};
use smolchat::node::{Limits, RecvError, Sizes};
use smolchat::pair::Clockwork;
use smolchat::trace::{Flags, Reason};
use smoltcp::time::Duration;

const GREETING: &str = "你好么,我好哟";

#[test]
fn a_member_that_shuts_down_its_half_is_answered_and_then_closed() {
    let mut hall = Hall::default();
    let client = hall.join();
    hall.send(client, "last words");
    hall.pair.a.tcp(client).unwrap().shutdown(hall.pair.now);
    hall.run_until("the end", |hall| {
        hall.pair.a.tcp(client).unwrap().has_finished()
    });
    let heard = String::from_utf8(receive(&mut hall.pair.a, client)).unwrap();
    assert!(heard.ends_with("Delivered to 1 member."), "{heard}");
    assert_eq!(hall.screen.text, "guest-1: last words\n");
    hall.pair.a.tcp(client).unwrap().close(hall.pair.now);
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
    for port in [7, 19, 53, 123, 1023, crate::pair::PORT] {
        let mut hall = Hall::default();
        hall.pair.a.bind(port).unwrap();
        let (now, room) = (hall.pair.now, Pair::server());
        hall.pair
            .a
            .udp(port)
            .unwrap()
            .send_to(now, room, GREETING.as_bytes())
            .unwrap();
        hall.run_for(Duration::from_secs(10));
        assert_eq!(
            hall.pair
                .a
                .next_udp()
                .and_then(|mut it| it.recv_from(&mut [0; 64])),
            None,
            "{port}"
        );
        assert_eq!(hall.screen.text, "");
        let counters = hall.pair.b.journal().counters();
        assert_eq!(counters.datagrams_out, 0, "{port}");
        assert_eq!(counters.dropped(Reason::Unanswerable), 1, "{port}");
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
        hall.pair.a.tcp(slow).unwrap().recv(&mut [0; 8]),
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
    assert!(hall.pair.a.tcp(slow).and_then(|it| it.ended()).is_some());
    hall.pair.assert_all_legal();
}

#[test]
fn a_flood_is_refused_with_one_answer_that_says_how_many_messages_nobody_was_told() {
    let mut hall = Hall::default();
    let client = hall.join();
    let flood: String = (0..40).map(|n| format!("{n}\n")).collect();
    hall.send(client, &flood);
    let answers = hall.hear(client);
    assert_eq!(answers.matches("Delivered to 1 member.").count(), 20);
    let refused = "\nToo fast: nobody was told 20 messages. Wait a moment, then send them again.\n";
    assert!(answers.ends_with(refused), "{answers}");
    assert_eq!(hall.app.room().counts().too_fast, 20);
}

#[test]
fn ten_thousand_lines_at_once_from_one_that_reads_are_all_heard_and_answered() {
    let mut limits = crate::hall::config(false);
    limits.limits.rate = Rate::UNLIMITED;
    let sizes = Sizes {
        receive: 65_536,
        transmit: 65_536,
        ..sizes(8)
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
        sent += hall.pair.a.tcp(client).unwrap().send(rest).unwrap_or(0);
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
    let mut config = crate::hall::config(false);
    config.limits.rate = Rate::UNLIMITED;
    hall.app = App::new(hall.pair.now, Memory::heap(8, 8), config);
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
    assert!(hall.pair.a.tcp(first).unwrap().has_finished());
    assert_eq!(hall.console("/abort 2"), "Connection #2 is reset.\n");
    assert_eq!(
        hall.pair.a.tcp(second).and_then(|it| it.ended()),
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
        hall.pair.a.tcp(client).unwrap().close(hall.pair.now);
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
        assert!(hall.pair.a.tcp(client).unwrap().has_finished());
        let segments = hall.segments_to(client);
        let q = segments.iter().rfind(|s| s.header.len > 0).unwrap().header;
        assert_eq!((q.len, q.flags.contains(Flags::FIN)), (1, false));
        hall.pair.a.tcp(client).unwrap().close(hall.pair.now);
    }
    hall.run_for(Duration::from_secs(1));
    assert!(hall.app.is_over(hall.pair.now, &hall.pair.b));
    let late = hall.pair.a.connect(hall.pair.now, Pair::server()).unwrap();
    hall.run_for(Duration::from_secs(1));
    assert_eq!(
        hall.pair.a.tcp(late).and_then(|it| it.ended()),
        Some(smolchat::trace::Ending::Refused)
    );
}

#[test]
fn the_ninth_of_eight_waits_in_the_backlog_and_gets_in() {
    let mut sizes = sizes(8);
    let mut hall = Hall::new(sizes, 8, false);
    sizes.connections = 16;
    hall.pair.a = crate::pair::node(smolchat::device::Side::A, sizes, Default::default());
    let clients: Vec<_> = (0..8).map(|_| hall.join()).collect();
    for client in &clients {
        hall.ask(*client, "hello\n");
    }
    hall.hear(clients[0]);
    let ninth = hall.pair.a.connect(hall.pair.now, Pair::server()).unwrap();
    hall.run_for(Duration::from_secs(2));
    assert_eq!(hall.pair.b.held(), 1);
    assert_eq!(hall.app.room().len(), 9);
    assert!(hall.console("/states").contains("1 waiting for a free one"));
    assert!(hall.ask(clients[0], "q").ends_with('q'));
    hall.pair.a.tcp(clients[0]).unwrap().close(hall.pair.now);
    hall.run_for(Duration::from_secs(5));
    let answer = hall.ask(ninth, "at last");
    assert!(answer.contains("Welcome, guest-9."), "{answer}");
}

#[test]
fn a_full_room_says_so_and_closes() {
    // Room for one beside the operator.
    let mut hall = Hall::default();
    let memory = Memory {
        room: smolchat::chat::Memory::heap(2),
        ..Memory::heap(8, 0)
    };
    let config = crate::hall::config(false);
    hall.app = App::new(hall.pair.now, memory, config);
    hall.join();
    let late = hall.pair.a.connect(hall.pair.now, Pair::server()).unwrap();
    assert_eq!(
        hall.recv(late),
        "The room is full. Please come again later.\n"
    );
    hall.run_for(Duration::from_secs(1));
    assert!(hall.pair.a.tcp(late).unwrap().has_finished());
}

#[test]
fn a_screen_that_is_full_gets_the_rest_later() {
    let mut hall = Hall::new(sizes(8), 8, true);
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
        // Nobody is given up, however much of its handshake is lost.
        let limits = Limits {
            half_open: Duration::from_secs(600),
            ..Limits::default()
        };
        hall.pair = Pair::new(sizes(8), limits);
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
            hall.pair.a.tcp(client).unwrap().close(hall.pair.now);
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
    let mut hall = Hall::new(sizes(64), 8, false);
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
        pair: Pair::new(sizes(8), limits),
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
