//! What the board's work costs in instructions, which are the same on every machine.
//!
//! The figures are printed, and written to the file that `SMOLCHAT_FIGURES` names: one line each, the
//! number, a tab, and of what. None may grow by more than a quarter beyond what it was when it was
//! written down here. Live ladders are off: the operator is told them between frames, and they cost as
//! much as is told.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::SocketAddr;

use crate::board::{Board, Plug, Setup, Time};
use crate::members::{Member, is_answer};

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

/// What they were when they were written down.
const IDLE: u64 = 1_650;
const LINE_TO_ONE: u64 = 37_400;
const LINE_TO_SEVEN: u64 = 102_400;
const HANDSHAKE_AND_TEARDOWN: u64 = 50_200;

/// Prints a figure, and appends it to the file of figures.
fn publish(what: &str, instructions: u64) {
    println!("{instructions}\tinstructions: {what}");
    if let Some(path) = std::env::var_os("SMOLCHAT_FIGURES") {
        let mut options = OpenOptions::new();
        let mut file = options.create(true).append(true).open(path).unwrap();
        writeln!(file, "{instructions}\tinstructions: {what}").unwrap();
    }
}

/// Lines that may be said at once, also by who comes from where somebody has just said as many and left.
const LINES: u64 = 8;

/// What one line costs that this many others hear, the console not counted.
fn line(board: &mut Board, room: SocketAddr, others: usize) -> u64 {
    let mut speaker = Member::join(room);
    let mut listeners: Vec<Member> = (0..others).map(|_| Member::join(room)).collect();
    for member in &mut listeners {
        assert!(is_answer(&member.say("here")));
    }
    assert!(is_answer(&speaker.say("warm up")));
    work(board);
    for _ in 0..LINES {
        let receipt = speaker.say("a chat line of forty octets, the LF too");
        assert_eq!(receipt, format!("Delivered to {} members.", others + 1));
    }
    let (instructions, _) = work(board);
    speaker.leave();
    for member in listeners {
        member.leave();
    }
    instructions / LINES
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn the_work_of_the_run_loop_has_not_grown() {
    let setup = Setup {
        boot: "seed=5eed live=off",
        time: Time::Instructions,
        ..Setup::new("lm3s6965evb", Plug::UserNetwork)
    };
    let mut board = Board::start(&setup);
    board.expect("listening on port 4000");
    let (room, _) = board.forwarded();

    // What is typed wakes the board for a round in which there is nothing to do.
    work(&mut board);
    for _ in 0..20 {
        board.type_line("/idle");
        board.expect("no command /idle");
    }
    let (idle, rounds) = work(&mut board);
    let idle = idle / rounds;
    let one = line(&mut board, room, 1);
    let seven = line(&mut board, room, 7);

    const CONNECTIONS: u64 = 20;
    work(&mut board);
    for _ in 0..CONNECTIONS {
        // Nothing is said: the peer closes, then the board.
        Member::join(room).finish();
    }
    let (all, _) = work(&mut board);
    let figures = [
        ("an idle poll", idle, IDLE),
        ("a line received, for one member", one, LINE_TO_ONE),
        ("a line received, for seven members", seven, LINE_TO_SEVEN),
        (
            "a handshake and a teardown",
            all / CONNECTIONS,
            HANDSHAKE_AND_TEARDOWN,
        ),
    ];
    for (what, instructions, _) in figures {
        publish(what, instructions);
    }
    for (what, instructions, before) in figures {
        assert!(instructions > 0, "{what}: nothing was counted");
        assert!(
            instructions <= before + before / 4,
            "{what}: {instructions} instructions, {before} before"
        );
    }
}
