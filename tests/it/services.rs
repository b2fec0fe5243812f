//! Echo, discard and character generator on a whole node, and what they refuse.

use crate::hall::Hall;
use crate::pair::{address, receive, sizes};
use smolchat::device::Side;
use smolchat::node::{Handle, ListenError, Sizes};
use smolchat::trace::{Reason, State};
use smoltcp::time::Duration;
use smoltcp::wire::IpEndpoint;

fn serving() -> Hall {
    let sizes = Sizes {
        ports: 8,
        ..sizes(8)
    };
    let mut hall = Hall::new(sizes, 8, false);
    hall.app.offer_services(&mut hall.pair.b, 4).unwrap();
    hall
}

fn service(port: u16) -> IpEndpoint {
    IpEndpoint::new(address(Side::B), port)
}

fn connect(hall: &mut Hall, port: u16) -> Handle {
    let client = hall.pair.a.connect(hall.pair.now, service(port)).unwrap();
    hall.run_until("the handshake", |hall| {
        hall.pair.a.status(client).unwrap().state == State::Established
    });
    client
}

/// Sends from a port and gives all answers of the next second.
fn ask(hall: &mut Hall, from: u16, port: u16, data: &[u8]) -> Vec<Vec<u8>> {
    let now = hall.pair.now;
    hall.pair
        .a
        .udp(from)
        .unwrap()
        .send_to(now, service(port), data)
        .unwrap();
    hall.run_for(Duration::from_secs(1));
    let mut buffer = [0; 2048];
    let mut answers = Vec::new();
    while let Some(received) = hall
        .pair
        .a
        .next_udp()
        .and_then(|mut it| it.recv_from(&mut buffer))
    {
        answers.push(buffer[..received.len].to_vec());
    }
    answers
}

#[test]
fn an_echo_returns_all_that_was_sent_and_then_closes() {
    let mut hall = serving();
    let client = connect(&mut hall, 7);
    let sent: Vec<u8> = (0..20_000u32).map(|number| number as u8).collect();
    let (mut queued, mut back) = (0, Vec::new());
    hall.run_until("everything came back", |hall| {
        queued += hall
            .pair
            .a
            .tcp(client)
            .unwrap()
            .send(&sent[queued..])
            .unwrap_or(0);
        back.extend(receive(&mut hall.pair.a, client));
        back.len() == sent.len()
    });
    assert_eq!(back, sent);
    hall.pair.a.tcp(client).unwrap().shutdown(hall.pair.now);
    hall.run_until("the echo closes, too", |hall| {
        hall.pair.a.tcp(client).unwrap().has_finished()
    });
    // It never was in the room.
    assert_eq!(hall.app.room().len(), 1);
}

#[test]
fn discard_takes_more_than_it_can_hold_and_says_nothing() {
    let mut hall = serving();
    let client = connect(&mut hall, 9);
    let mut sent = 0;
    hall.run_until("everything is acknowledged", |hall| {
        sent += hall
            .pair
            .a
            .tcp(client)
            .unwrap()
            .send(&[b'x'; 1000])
            .unwrap_or(0);
        sent > 50_000
    });
    hall.run_for(Duration::from_secs(1));
    assert_eq!(hall.pair.a.tcp(client).unwrap().send_queue(), 0);
    assert_eq!(hall.pair.a.tcp(client).unwrap().recv_queue(), 0);
}

#[test]
fn the_generator_speaks_first_and_goes_on_as_fast_as_it_is_read() {
    let mut hall = serving();
    let client = connect(&mut hall, 19);
    let mut text = Vec::new();
    hall.run_until("three rounds of the pattern", |hall| {
        text.extend(receive(&mut hall.pair.a, client));
        text.len() > 3 * 95 * 74
    });
    for (number, line) in text.chunks_exact(74).enumerate() {
        assert_eq!(line[0], b' ' + (number % 95) as u8);
        assert!(line.ends_with(b"\r\n"));
    }
    hall.pair.a.tcp(client).unwrap().close(hall.pair.now);
    hall.run_for(Duration::from_secs(61));
    assert_eq!(hall.pair.b.free(), hall.pair.b.capacity());
}

#[test]
fn datagrams_are_answered_with_no_more_than_they_brought() {
    let mut hall = serving();
    assert_eq!(ask(&mut hall, 5000, 7, b"hello"), [b"hello"]);
    assert_eq!(ask(&mut hall, 5000, 9, b"hello"), [b""; 0]);
    assert_eq!(ask(&mut hall, 5000, 19, b"hello"), [b" !\"#$"]);
    assert_eq!(ask(&mut hall, 5000, 19, &[0; 700])[0].len(), 512);
}

#[test]
fn a_service_does_not_answer_another_service() {
    let mut hall = serving();
    let refused = |hall: &Hall| {
        let counters = hall.pair.b.journal().counters();
        counters.dropped(Reason::Unanswerable)
    };
    let before = refused(&hall);
    for from in [7, 1023, crate::pair::PORT] {
        hall.pair.a.bind(from).unwrap();
        assert!(ask(&mut hall, from, 7, b"hello").is_empty());
    }
    assert_eq!(refused(&hall), before + 3);
}

#[test]
fn without_room_for_the_ports_the_services_say_so() {
    let mut hall = Hall::new(
        Sizes {
            ports: 1,
            ..sizes(8)
        },
        8,
        false,
    );
    let offered = hall.app.offer_services(&mut hall.pair.b, 4);
    assert_eq!(offered, Err(ListenError::Full));
}
