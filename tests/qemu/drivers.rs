//! What the drivers of both boards must do, whatever runs on them.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};

use smoltcp::wire::Ipv4Address;

use crate::board::{BOARDS, Board, PATIENCE, PORT, Plug, Setup, Time};
use crate::cable::{Host, Socket};

const HOST: Ipv4Address = Ipv4Address::new(192, 0, 2, 1);
const BOARD: Ipv4Address = Ipv4Address::new(192, 0, 2, 2);
const FIXED: &str = "seed=5eed mac=02:00:00:00:00:02 ip=192.0.2.2/24";

/// A board on a cable of the test's own, with a member who has joined.
fn on_a_cable(board: &'static str) -> (Board, Host) {
    let socket = Socket::new();
    let setup = Setup {
        boot: FIXED,
        ..Setup::new(board, Plug::Cable(socket.address()))
    };
    let mut board = Board::start(&setup);
    let mut host = Host::new(socket.cable(), HOST);
    board.expect("listening on port 4000");
    host.connect(BOARD, PORT);
    (board, host)
}

/// The number in front of `what` on the board's own report.
fn counter(board: &mut Board, what: &str) -> u32 {
    board.type_line("/board");
    let line = board.expect(what);
    let before = line.split(what).next().unwrap();
    before
        .rsplit(' ')
        .find(|word| !word.is_empty())
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_board_gets_its_address_from_dhcp_and_answers_over_tcp_and_udp() {
    for name in BOARDS {
        let mut board = Board::start(&Setup::new(name, Plug::UserNetwork));
        board.expect(&format!("smolchat on {name}"));
        board.expect("seed: given at boot");
        board.expect("address: 10.0.2.15/24, gateway 10.0.2.2 (DHCP, server 10.0.2.2)");
        board.expect("listening on port 4000");
        let (tcp, udp) = board.forwarded();

        let mut member = TcpStream::connect(tcp).unwrap();
        member.set_read_timeout(Some(PATIENCE)).unwrap();
        for length in [1, 2, 3, 4, 5, 59, 60, 61, 512, 1459, 1460, 1461, 4000] {
            let message: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            member.write_all(&message).unwrap();
            let mut echo = vec![0; length];
            member.read_exact(&mut echo).unwrap();
            assert_eq!(echo, message);
        }

        let member = UdpSocket::bind("127.0.0.1:0").unwrap();
        member.set_read_timeout(Some(PATIENCE)).unwrap();
        member.send_to("你好".as_bytes(), udp).unwrap();
        let mut echo = [0; 64];
        let (length, _) = member.recv_from(&mut echo).unwrap();
        assert_eq!(&echo[..length], "你好".as_bytes());
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn without_a_dhcp_server_the_static_address_is_taken() {
    for name in BOARDS {
        let socket = Socket::new();
        let setup = Setup {
            boot: "seed=5eed fallback=192.0.2.2/24",
            time: Time::Jumping,
            ..Setup::new(name, Plug::Cable(socket.address()))
        };
        let mut board = Board::start(&setup);
        let mut host = Host::new(socket.cable(), HOST);
        board.expect("asking for an address");
        board.expect("address: 192.0.2.2/24, no gateway (static: no DHCP server answered)");
        board.expect("listening on port 4000");
        host.connect(BOARD, PORT);
        assert_eq!(host.echo(b"here"), b"here");
    }
}

/// A frame of `length` octets that no stack wants: its type is that of local experiments.
fn garbage(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut frame: Vec<u8> = (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    let header = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0xBB, 0x88, 0xB5];
    let front = header.len().min(length);
    frame[..front].copy_from_slice(&header[..front]);
    frame
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn frames_of_every_length_and_garbage_do_not_keep_a_member_from_chatting() {
    for name in BOARDS {
        let (mut board, mut host) = on_a_cable(name);
        let lengths: Vec<usize> = (1..=1740).collect();
        for few in lengths.chunks(5) {
            // So few fit into the receive queue of either board; the echo shows that they were taken.
            for &length in few {
                host.cable.send(&garbage(length as u32, length));
            }
            let message = format!("after {}\n", few[0]);
            assert_eq!(host.echo(message.as_bytes()), message.as_bytes(), "{name}");
        }
        // Below 14 octets is half a header, above 1,518 is too long.
        // The controller of mps2-an385 throws runts away by itself.
        assert_eq!(counter(&mut board, " oversized"), 1740 - 1518);
        let runts = counter(&mut board, " runts");
        assert_eq!(runts, if name == "lm3s6965evb" { 13 } else { 0 });
        assert_eq!(counter(&mut board, " out of step"), 0);
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_burst_beyond_the_receive_queue_loses_frames_but_not_the_queue() {
    for name in BOARDS {
        let (mut board, mut host) = on_a_cable(name);
        for burst in 0..20 {
            for number in 0..200 {
                host.cable
                    .send(&garbage(number, 60 + (number as usize * 7) % 1400));
            }
            assert_eq!(
                host.echo(b"still here"),
                b"still here",
                "{name} after burst {burst}"
            );
        }
        assert_eq!(counter(&mut board, " out of step"), 0);
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_cable_pulled_and_put_back_keeps_the_connection() {
    for name in BOARDS {
        let (mut board, mut host) = on_a_cable(name);
        assert_eq!(host.echo(b"before"), b"before");
        board.set_link(false);
        host.send(b"lost on the way, and sent again");
        assert!(
            counter(&mut board, " in, ") > 0,
            "the console works without a cable"
        );
        board.set_link(true);
        assert_eq!(host.receive(31), b"lost on the way, and sent again");
        assert_eq!(host.echo(b"after"), b"after");
    }
}
