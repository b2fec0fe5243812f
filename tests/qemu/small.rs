//! The small image: the room over TCP and UDP, and nothing that a small part could do without.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::board::{BOARDS, Board, PATIENCE, Plug, Setup};
use crate::members::{Member, assert_stack, hear_datagram, join_over_udp};

fn small(board: &'static str, boot: &'static str) -> Board {
    Board::start(&Setup {
        small: true,
        boot,
        ..Setup::new(board, Plug::UserNetwork)
    })
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn people_talk_over_tcp_and_udp_and_see_the_connections() {
    for name in BOARDS {
        let mut board = small(name, "seed=5eed");
        board.expect("no ladders are drawn live: they are not in this image");
        board.expect(
            "address: 10.0.2.15/24, gateway 10.0.2.2 (static: there is no DHCP in this image)",
        );
        board.expect("listening on port 4000");
        let (room, room_udp) = board.forwarded();
        let mut stream = Member::join(room);
        let datagrams = join_over_udp(room_udp);
        // The operator is the third.
        assert_eq!(stream.say("over TCP"), "Delivered to 2 members.");
        assert_eq!(hear_datagram(&datagrams), "guest-1: over TCP");
        board.expect("guest-1: over TCP");
        datagrams.send(b"over UDP").unwrap();
        assert_eq!(hear_datagram(&datagrams), "Delivered to 2 members.");
        assert!(stream.hear().ends_with(": over UDP"));
        board.expect(": over UDP");
        let row = stream.say("/states");
        assert!(
            row.contains("ESTABLISHED") && row.contains("guest-1"),
            "{row}"
        );
        assert_eq!(
            stream.hear(),
            "1 connection, 0 in TIME-WAIT, 3 in the room."
        );
        datagrams.send(b"/states").unwrap();
        assert!(hear_datagram(&datagrams).contains("ESTABLISHED"));
        assert_stack(&mut board);
        board.expect("node: 1 connections open, 0 in TIME-WAIT");
        stream.leave();
        board.type_line("/states");
        board.expect("0 connections, 1 in TIME-WAIT, 2 in the room.");
        board.type_line("q");
        board.expect("stopped by the operator");
        assert!(board.ended().success());
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn what_is_not_in_the_image_is_said() {
    for name in BOARDS {
        let mut board = small(name, "seed=5eed live=off join=10.0.2.2:4000");
        board.expect("boot option join: being a guest is not in this image, so this is a room");
        board.expect("listening on port 4000");
        assert!(!board.has_shown("ladders"));
        let (room, _) = board.forwarded();
        let mut stream = Member::join(room);
        let help = stream.say("/help");
        assert!(
            help.contains("/states") && !help.contains("ladder"),
            "{help}"
        );
        let unknown = "There is no command /ladder; /help lists them.";
        assert_eq!(stream.say("/ladder"), unknown);
        board.type_line("/ladder 1");
        board.expect(unknown);
        assert!(request(room).contains("This is a chat without a page. Join with nc."));
        // Nobody waits for a place: who finds none is not heard, and everybody else is.
        let mut others: Vec<Member> = (0..7).map(|_| Member::join(room)).collect();
        for member in &mut others {
            assert!(member.say("hello").starts_with("Delivered"));
        }
        others.remove(0).leave();
    }
}

/// What a browser is answered, up to the end of the stream.
fn request(room: SocketAddr) -> String {
    let mut browser = TcpStream::connect(room).unwrap();
    browser.set_read_timeout(Some(PATIENCE)).unwrap();
    browser
        .write_all(b"GET / HTTP/1.1\r\nHost: board\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    browser.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    answer
}
