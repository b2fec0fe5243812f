//! What the drivers of both boards must do, whatever runs on them.

use std::net::UdpSocket;

use crate::board::{BOARDS, Board, PATIENCE, Plug, Setup};
use crate::cable::on_a_cable;
use crate::floods::garbage;
use crate::members::{Member, is_answer};

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_board_gets_its_address_from_dhcp_and_answers_over_tcp_and_udp() {
    for name in BOARDS {
        let setup = Setup {
            boot: "seed=5eed live=off",
            ..Setup::new(name, Plug::UserNetwork)
        };
        let mut board = Board::start(&setup);
        board.expect(&format!("smolchat on {name}"));
        board.expect("seed: given at boot");
        board.expect("address: 10.0.2.15/24, gateway 10.0.2.2 (DHCP, server 10.0.2.2)");
        board.expect("listening on port 4000");
        let (tcp, udp) = board.forwarded();

        let mut member = Member::join(tcp);
        for length in [1, 2, 3, 4, 5, 59, 60, 61, 512, 1023, 1024] {
            let message = "x".repeat(length);
            assert!(
                member.say(&message).ends_with("Delivered to 1 member."),
                "{name}, {length} octets"
            );
            board.expect(&format!(": {message}"));
        }
        let too_long = member.say(&"x".repeat(1025));
        assert!(too_long.contains("1024"), "{too_long}");

        let member = UdpSocket::bind("127.0.0.1:0").unwrap();
        member.set_read_timeout(Some(PATIENCE)).unwrap();
        member
            .send_to("你好, 世界, 你好, 世界".as_bytes(), udp)
            .unwrap();
        let mut answer = [0; 256];
        let (length, _) = member.recv_from(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]);
        assert!(answer.contains("/join "), "{answer}");
        board.expect(": 你好, 世界");
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn frames_of_every_length_and_garbage_do_not_keep_a_member_from_chatting() {
    for name in BOARDS {
        let (mut board, mut host) = on_a_cable(name);
        let lengths: Vec<usize> = (1..=1740).collect();
        for few in lengths.chunks(5) {
            // So few fit into the receive queue of either board; the answer shows that they were taken.
            for &length in few {
                host.cable.send(&garbage(length as u32, length));
            }
            assert!(is_answer(&host.say("still here")), "{name} after {few:?}");
        }
        // Below 14 octets is half a header, above 1,518 is too long.
        // The controller of mps2-an385 throws runts away by itself.
        assert_eq!(board.counter(" oversized"), 1740 - 1518);
        let runts = board.counter(" runts");
        assert_eq!(runts, if name == "lm3s6965evb" { 13 } else { 0 });
        assert_eq!(board.counter(" out of step"), 0);
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_cable_pulled_and_put_back_keeps_the_connection() {
    for name in BOARDS {
        let (mut board, mut host) = on_a_cable(name);
        assert!(is_answer(&host.say("before")));
        board.set_link(false);
        host.send(b"lost on the way, and sent again\n");
        assert!(
            board.counter(" in, ") > 0,
            "the console works without a cable"
        );
        board.set_link(true);
        assert!(is_answer(&host.answer()));
        board.expect("lost on the way, and sent again");
        assert!(is_answer(&host.say("after")));
    }
}
