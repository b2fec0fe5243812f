//! The ladder on the operator's console: live as things happen, and asked for.

use smoltcp::wire::Ipv4Address;

use crate::board::{BOARDS, Board, PORT, Plug, Setup};
use crate::cable::{Host, Socket};
use crate::members::is_answer;

const GOLDEN: &str = include_str!("../golden/board_ladder.txt");

/// The line with its time replaced, which differs from run to run. The columns stay.
fn without_time(line: &str) -> String {
    let Some(at) = line.find(" ms ") else {
        return line.to_owned();
    };
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    let start = line[..at].trim_end_matches(digits).len();
    let width = at - start;
    format!("{}{:>width$}{}", &line[..start], "t", &line[at..])
}

/// The ladder from its first line to the last one that stands in the golden text.
fn ladder(board: &mut Board) -> String {
    let mut text = board.expect("connection #1") + "\n";
    while text.lines().count() < GOLDEN.lines().count() {
        let line = board.expect("");
        // What is said stands between the lines of a live ladder.
        if line.starts_with("#1 ") {
            text += &(without_time(&line) + "\n");
        }
    }
    text
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn the_ladder_on_the_console_is_the_golden_one_live_and_asked_for() {
    for name in BOARDS {
        let socket = Socket::new();
        let setup = Setup {
            boot: "seed=5eed mac=02:00:00:00:00:02 ip=192.0.2.2/24",
            ..Setup::new(name, Plug::Cable(socket.address()))
        };
        let mut board = Board::start(&setup);
        let mut host = Host::new(socket.cable(), Ipv4Address::new(192, 0, 2, 1));
        board.expect("listening on port 4000");
        host.connect(Ipv4Address::new(192, 0, 2, 2), PORT);
        assert!(is_answer(&host.say("hello")));
        host.close();
        let live = ladder(&mut board);
        assert_eq!(live, GOLDEN, "live, {name}");
        board.type_line("/ladder 1");
        let asked = ladder(&mut board);
        assert_eq!(asked, GOLDEN, "asked for, {name}");
    }
}
