//! Two boards on one wire: one is the room, the other a guest in it.

use crate::board::{BOARDS, Board, Plug, Setup};
use crate::cable::{self, Socket};

/// A room and a guest who has joined it.
fn room_and_guest(name: &'static str) -> (Board, Board) {
    let [left, right] = [Socket::new(), Socket::new()];
    let mut room = Board::start(&Setup {
        boot: "seed=5eed mac=02:00:00:00:00:02 ip=192.0.2.2/24",
        ..Setup::new(name, Plug::Cable(left.address()))
    });
    room.expect("listening on port 4000");
    let mut guest = Board::start(&Setup {
        boot: "seed=907e57 mac=02:00:00:00:00:03 ip=192.0.2.3/24 join=192.0.2.2:4000",
        ..Setup::new(name, Plug::Cable(right.address()))
    });
    cable::join(left.cable(), right.cable());
    guest.expect("connecting to 192.0.2.2:4000");
    guest.expect("ESTABLISHED");
    (room, guest)
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn one_board_chats_with_another_and_says_good_bye() {
    for name in BOARDS {
        let (mut room, mut guest) = room_and_guest(name);
        guest.type_line("你好 from the other board");
        guest.expect("Welcome, guest-1.");
        guest.expect("Delivered to 1 member.");
        room.expect("guest-1: 你好 from the other board");
        room.type_line("and back");
        room.expect("Delivered to 1 member.");
        guest.expect("operator: and back");
        // What is about the guest's own node is answered there.
        guest.type_line("/states");
        guest.expect("ESTABLISHED");
        guest.type_line("/ladder");
        guest.expect("three-way handshake");
        guest.type_line("q");
        guest.expect("stopped by the operator");
        assert!(guest.ended().success());
        room.expect("close()");
        room.type_line("/states");
        room.expect("0 connections, 1 in TIME-WAIT, 1 in the room.");
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_guest_whose_room_ends_says_so_and_tries_again() {
    for name in BOARDS {
        let (mut room, mut guest) = room_and_guest(name);
        guest.type_line("hello");
        guest.expect("Delivered to 1 member.");
        room.type_line("q");
        guest.expect("The room closed the connection.");
        guest.expect("Trying again in 10 s; q ends it.");
        room.expect("stopped by the operator");
        guest.type_line("q");
        guest.expect("stopped by the operator");
        assert!(guest.ended().success());
    }
}
