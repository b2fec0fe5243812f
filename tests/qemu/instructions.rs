//! What the board's work costs in instructions, which are the same on every machine.
//!
//! The figures are printed (`scripts/test-firmware instructions --nocapture`), and none may grow by
//! more than a quarter beyond what it was when it was written down here.

use smoltcp::wire::Ipv4Address;

use crate::board::{Board, PORT, Plug, Setup, Time};
use crate::cable::{Host, Socket};

/// The processor's clock has a cycle of 20 ns; QEMU was told that an instruction takes 16 ns.
const NANOSECONDS_PER_CYCLE: u64 = 20;
const NANOSECONDS_PER_INSTRUCTION: u64 = 16;

/// Instructions in the run loop and rounds of it, since the last time this was asked.
fn work(board: &mut Board) -> (u64, u64) {
    board.type_line("/board");
    let line = board.expect("work: ");
    let numbers: Vec<u64> = line
        .split([' ', ','])
        .filter_map(|word| word.parse().ok())
        .collect();
    let [cycles, rounds, _most] = numbers[..] else {
        panic!("{line}")
    };
    (
        cycles * NANOSECONDS_PER_CYCLE / NANOSECONDS_PER_INSTRUCTION,
        rounds,
    )
}

/// Prints a figure, and holds it against what it was.
fn hold(what: &str, instructions: u64, before: u64) {
    println!("{what}: {instructions} instructions");
    assert!(instructions > 0, "{what}: nothing was counted");
    assert!(
        instructions <= before + before / 4,
        "{what}: {instructions} instructions, {before} before"
    );
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn the_work_of_the_run_loop_has_not_grown() {
    let socket = Socket::new();
    let setup = Setup {
        boot: "seed=5eed mac=02:00:00:00:00:02 ip=192.0.2.2/24",
        time: Time::Instructions,
        ..Setup::new("lm3s6965evb", Plug::Cable(socket.address()))
    };
    let mut board = Board::start(&setup);
    let mut host = Host::new(socket.cable(), Ipv4Address::new(192, 0, 2, 1));
    board.expect("listening on port 4000");

    // What is typed wakes the board for a round in which there is nothing to do.
    work(&mut board);
    for _ in 0..20 {
        board.type_line("idle");
        board.expect("not understood: idle");
    }
    let (idle, rounds) = work(&mut board);
    hold("an idle poll", idle / rounds, 660);

    host.connect(Ipv4Address::new(192, 0, 2, 2), PORT);
    host.echo(b"warm up\n");
    work(&mut board);
    const LINES: u64 = 50;
    for _ in 0..LINES {
        host.echo(b"a chat line of forty octets, the LF too\n");
    }
    let (lines, _) = work(&mut board);
    hold("one line received and answered", lines / LINES, 13_550);

    let mut connections = 0;
    let mut work_of_all = 0;
    while connections < 20 {
        host.close();
        board.expect("closed by both sides");
        work(&mut board);
        host.connect(Ipv4Address::new(192, 0, 2, 2), PORT);
        host.close();
        board.expect("closed by both sides");
        work_of_all += work(&mut board).0;
        host.connect(Ipv4Address::new(192, 0, 2, 2), PORT);
        connections += 1;
    }
    hold(
        "a handshake and a teardown",
        work_of_all / connections,
        81_200,
    );
}
