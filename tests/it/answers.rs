//! Long answers that many want at once, and readers that do not read.

use crate::hall::Hall;
use crate::pair::{receive, sizes};
use smolchat::node::{Handle, Sizes};
use smoltcp::time::Duration;

/// Members that ask, one more than there are places for answers.
const MANY: usize = 65;

const CUT: &str = "-- The rest is not sent: you did not read on, and others wait. Ask again.\n";

/// A room whose every shared place for a long answer is taken by one that does not read.
fn with_all_places_taken() -> (Hall, Vec<Handle>) {
    let sizes = Sizes {
        receive: 2048,
        transmit: 2048,
        ..sizes(MANY + 8)
    };
    let mut hall = Hall::new(sizes, 8, false);
    hall.add_a_second_network();
    let members: Vec<_> = (0..MANY).map(|_| hall.join()).collect();
    for member in &members[1..] {
        hall.send(*member, "/states\n");
    }
    hall.run_for(Duration::from_secs(1));
    for member in &members[1..] {
        assert_eq!(hall.pair.a.tcp(*member).unwrap().recv_queue(), 2048);
    }
    (hall, members)
}

#[test]
fn the_operator_has_a_place_of_its_own() {
    let (mut hall, _) = with_all_places_taken();
    let table = hall.console("/states");
    assert!(table.lines().count() > MANY, "{table}");
    assert!(hall.console("/ladder 3").contains("three-way handshake"));
}

#[test]
fn one_that_reads_waits_no_longer_than_those_that_do_not_are_given() {
    let (mut hall, members) = with_all_places_taken();
    let asked = hall.pair.now;
    hall.send(members[0], "/states\n");
    hall.run_for(Duration::from_millis(100));
    let refusal = receive(&mut hall.pair.a, members[0]);
    assert!(refusal.starts_with(b"Too many tables and ladders"));
    hall.run_for(Duration::from_secs(1));
    hall.send(members[0], "/states\n");
    let mut table = String::new();
    hall.run_until("the table", |hall| {
        table += &String::from_utf8(receive(&mut hall.pair.a, members[0])).unwrap();
        table.contains("in the room.\n")
    });
    assert!(hall.pair.now - asked < Duration::from_secs(3));
    assert_eq!(table.lines().count(), MANY + 1);
    // One made room. It is told, and asks again.
    let mut told = 0;
    for member in &members[1..] {
        let heard = hall.hear(*member);
        if heard.ends_with(CUT) {
            told += 1;
            assert!(hall.ask(*member, "/who\n").contains(" here: "));
        } else {
            assert!(heard.ends_with("in the room.\n"), "{heard}");
        }
    }
    assert_eq!(told, 1);
    assert!(hall.console("/states").contains("1 answer cut short"));
}

#[test]
fn one_from_elsewhere_waits_for_nobody() {
    let (mut hall, _) = with_all_places_taken();
    let guest = hall.join_at(Hall::from_elsewhere());
    hall.send(guest, "/states\n");
    let asked = hall.pair.now;
    let mut table = Vec::new();
    hall.run_until("the table", |hall| {
        table.extend(receive(&mut hall.pair.a, guest));
        table.ends_with(b"in the room.\n")
    });
    assert!(hall.pair.now - asked < Duration::from_secs(1));
}

#[test]
fn a_browser_that_finds_no_place_is_told_when_to_come_again() {
    let (mut hall, _) = with_all_places_taken();
    let browser = hall.join();
    hall.send(browser, "GET / HTTP/1.1\r\n\r\n");
    hall.run_until("the response", |hall| {
        hall.pair.a.tcp(browser).unwrap().has_finished()
    });
    let response = String::from_utf8(receive(&mut hall.pair.a, browser)).unwrap();
    assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
    assert!(response.contains("\r\nRetry-After: 5\r\n"), "{response}");
    hall.run_for(Duration::from_secs(2));
    let browser = hall.join();
    let page = hall.ask(browser, "GET / HTTP/1.1\r\n\r\n");
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
}

#[test]
fn a_browser_that_does_not_read_is_let_go() {
    let sizes = Sizes {
        receive: 2048,
        transmit: 2048,
        ..sizes(40)
    };
    let mut hall = Hall::new(sizes, 8, false);
    for _ in 0..32 {
        hall.join();
    }
    let browser = hall.join();
    hall.send(browser, "GET / HTTP/1.1\r\n\r\n");
    hall.run_for(Duration::from_secs(30));
    assert_eq!(hall.pair.b.free(), 40 - 32);
    assert!(hall.pair.a.tcp(browser).and_then(|it| it.ended()).is_some());
}
