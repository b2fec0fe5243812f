//! Members of the board: as many as fit, one more, and very many one after another.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};

use crate::board::{BOARDS, Board, PATIENCE, Plug, Setup};

/// Connections that the board has.
const CAPACITY: usize = 8;

/// A member by a socket of this host's kernel.
pub(crate) struct Member(BufReader<TcpStream>);

impl Member {
    pub(crate) fn join(room: SocketAddr) -> Self {
        let member = TcpStream::connect(room).unwrap();
        member.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(member))
    }

    pub(crate) fn send(&mut self, octets: &[u8]) {
        self.0.get_mut().write_all(octets).unwrap();
    }

    /// The next line.
    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "cut off: {line:?}");
        line.trim_end().to_owned()
    }

    /// Says a line; gives the answer to it, without the welcome and what others said before it.
    pub(crate) fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\n").as_bytes());
        loop {
            let answer = self.hear();
            let others = ["Welcome", "guest-", "udp-", "operator: "];
            if !others.iter().any(|start| answer.starts_with(start)) {
                return answer;
            }
        }
    }

    /// Closes this side, and expects the end of the stream.
    pub(crate) fn finish(&mut self) {
        self.0.get_ref().shutdown(Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"");
    }

    /// Says `q`, and expects exactly that back and the end of the stream.
    pub(crate) fn leave(mut self) {
        self.send(b"q\n");
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).unwrap();
        let good_bye = rest.lines().last();
        assert_eq!(good_bye, Some("q"), "{rest:?}");
    }
}

/// Whether it is the answer to something said: the receipt, or that it was too fast.
pub(crate) fn is_answer(line: &str) -> bool {
    line.starts_with("Delivered") || line.starts_with("Too fast")
}

/// The most stack the board has used so far.
pub(crate) fn worst_stack(board: &mut Board) -> usize {
    board.type_line("/board");
    let line = board.expect("octets at worst");
    let after = line.split("stack ").nth(1).unwrap();
    after.split(' ').next().unwrap().parse().unwrap()
}

/// Most of the stack; the rest is for what no test has found.
pub(crate) const STACK: usize = 7 * 1024 + 512;

pub(crate) fn assert_stack(board: &mut Board) {
    assert_stack_of(board, STACK);
}

/// The same for an image with another stack.
pub(crate) fn assert_stack_of(board: &mut Board, most: usize) {
    let worst = worst_stack(board);
    assert!(
        worst <= most,
        "{worst} octets of stack are more than {most}"
    );
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn the_one_shot_tutorial_gets_one_answer_to_one_send() {
    for name in BOARDS {
        let mut board = Board::start(&Setup::new(name, Plug::UserNetwork));
        board.expect("listening on port 4000");
        let (room, _) = board.forwarded();
        let mut client = TcpStream::connect(room).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.write_all("你好".as_bytes()).unwrap();
        let mut answer = [0; 1024];
        let length = client.read(&mut answer).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&answer[..length]),
            "Welcome, guest-1. /help lists the commands, q leaves. Delivered to 1 member."
        );
        drop(client);
        board.expect("guest-1: 你好");
        board.expect("closed by both sides");
        board.type_line("/states");
        board.expect("0 connections, 0 in TIME-WAIT, 1 in the room.");
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn the_chat_loop_tutorial_ends_with_exactly_q() {
    for name in BOARDS {
        let mut board = Board::start(&Setup::new(name, Plug::UserNetwork));
        board.expect("listening on port 4000");
        let (room, _) = board.forwarded();
        let mut client = TcpStream::connect(room).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut answer = [0; 1024];
        for (number, said) in ["早上好", "how are you?", "再见"].into_iter().enumerate() {
            client.write_all(said.as_bytes()).unwrap();
            let length = client.read(&mut answer).unwrap();
            let text = String::from_utf8_lossy(&answer[..length]);
            assert!(text.ends_with("Delivered to 1 member."), "{text}");
            assert_eq!(text.starts_with("Welcome"), number == 0, "{text}");
            board.expect(&format!("guest-1: {said}"));
        }
        board.type_line("the operator says this");
        let length = client.read(&mut answer).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&answer[..length]),
            "operator: the operator says this\n"
        );
        client.write_all(b"q").unwrap();
        assert_eq!(client.read(&mut answer).unwrap(), 1);
        assert_eq!(answer[0], b'q');
        assert_eq!(client.read(&mut answer).unwrap(), 0);
        board.expect("close()");
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn the_server_that_ends_says_q_to_everybody() {
    for name in BOARDS {
        let mut board = Board::start(&Setup::new(name, Plug::UserNetwork));
        board.expect("listening on port 4000");
        let (room, _) = board.forwarded();
        let mut members: Vec<Member> = (0..3).map(|_| Member::join(room)).collect();
        for member in &mut members {
            assert!(is_answer(&member.say("hello")));
        }
        board.type_line("q");
        for mut member in members {
            let mut rest = String::new();
            member.0.read_to_string(&mut rest).unwrap();
            assert_eq!(rest.lines().last(), Some("q"), "{name}: {rest:?}");
        }
        board.expect("stopped by the operator");
        assert!(board.ended().success());
    }
}

/// A member over UDP, who has returned the code it was given.
pub(crate) fn join_over_udp(room: SocketAddr) -> UdpSocket {
    let member = UdpSocket::bind("127.0.0.1:0").unwrap();
    member.set_read_timeout(Some(PATIENCE)).unwrap();
    member.connect(room).unwrap();
    // An answer is at most three times as long as what it answers.
    let asked = format!("/join{}", " ".repeat(60));
    member.send(asked.as_bytes()).unwrap();
    let answer = hear_datagram(&member);
    let code = answer
        .split("/join ")
        .nth(1)
        .and_then(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next())
        .unwrap_or_else(|| panic!("no code in {answer:?}"));
    member.send(format!("/join {code}").as_bytes()).unwrap();
    let welcome = hear_datagram(&member);
    assert!(welcome.starts_with("Welcome"), "{welcome}");
    member
}

pub(crate) fn hear_datagram(member: &UdpSocket) -> String {
    let mut datagram = [0; 2048];
    let length = member.recv(&mut datagram).unwrap();
    String::from_utf8_lossy(&datagram[..length])
        .trim_end()
        .to_owned()
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn eight_members_over_tcp_and_eight_over_udp_are_in_one_room() {
    for name in BOARDS {
        let mut board = Board::start(&Setup::new(name, Plug::UserNetwork));
        board.expect("listening on port 4000");
        let (room, room_udp) = board.forwarded();
        let mut streams: Vec<Member> = (0..CAPACITY).map(|_| Member::join(room)).collect();
        let datagrams: Vec<UdpSocket> = (0..8).map(|_| join_over_udp(room_udp)).collect();
        // The operator is the seventeenth.
        assert_eq!(streams[0].say("over TCP"), "Delivered to 16 members.");
        for member in &mut streams[1..] {
            assert_eq!(member.hear(), "guest-1: over TCP");
        }
        for member in &datagrams {
            assert!(hear_datagram(member).ends_with(": over TCP"));
        }
        board.expect("guest-1: over TCP");
        datagrams[7].send(b"over UDP").unwrap();
        assert_eq!(hear_datagram(&datagrams[7]), "Delivered to 16 members.");
        for member in &mut streams {
            assert!(member.hear().ends_with(": over UDP"));
        }
        for member in &datagrams[..7] {
            assert!(hear_datagram(member).ends_with(": over UDP"));
        }
        board.expect(": over UDP");
        // A question whose answer is long, over both.
        streams[3].send(b"/ladder\n");
        while !streams[3].hear().contains("three-way handshake") {}
        datagrams[2].send(b"/states").unwrap();
        assert!(hear_datagram(&datagrams[2]).contains("ESTABLISHED"));
        assert_stack(&mut board);
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_ninth_member_waits_in_the_backlog_and_gets_in_when_one_leaves() {
    for name in BOARDS {
        let mut board = Board::start(&Setup::new(name, Plug::UserNetwork));
        board.expect("listening on port 4000");
        let (room, _) = board.forwarded();
        let mut members: Vec<Member> = (0..CAPACITY).map(|_| Member::join(room)).collect();
        for (number, member) in members.iter_mut().enumerate() {
            assert!(is_answer(&member.say(&format!("I am number {number}"))));
        }
        let mut ninth = Member::join(room);
        ninth.send(b"is there room?\n");
        board.type_line("/states");
        board.expect("8 connections, 0 in TIME-WAIT, 1 waiting for a free one, 9 in the room.");
        members.remove(0).leave();
        assert!(ninth.hear().starts_with("Welcome, guest-9."));
        assert_eq!(ninth.hear(), "Delivered to 8 members.");
        for member in &mut members {
            while !member.hear().ends_with("is there room?") {}
            assert!(is_answer(&member.say("still here")));
        }
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn two_thousand_short_connections_leave_nothing_behind() {
    let mut board = Board::start(&Setup::new("lm3s6965evb", Plug::UserNetwork));
    board.expect("listening on port 4000");
    let (room, _) = board.forwarded();
    for number in 0..2000_u32 {
        let mut member = Member::join(room);
        assert!(is_answer(&member.say(&format!("hello {number}"))));
        // The one that closes first waits: half of the waits are the board's.
        if number % 2 == 0 {
            member.leave();
        }
    }
    board.expect("guest-2000: hello 1999");
    board.type_line("/states");
    // A record for each that was closed here, up to the room there is.
    board.expect("0 connections, 32 in TIME-WAIT, 1 in the room.");
    assert_stack(&mut board);
}
