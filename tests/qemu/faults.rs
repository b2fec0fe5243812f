//! The last words: what the board says when it cannot go on, and the status it ends with.

use std::process::Command;

use crate::board::{BOARDS, Board, Plug, Setup};

/// The image with the commands that fail on purpose.
fn drill(name: &'static str) -> Setup {
    Setup {
        drill: true,
        ..Setup::new(name, Plug::UserNetwork)
    }
}

fn last_words(name: &'static str, command: &str, words: &str) -> (Board, String) {
    let mut board = Board::start(&drill(name));
    board.expect("listening on port 4000");
    board.type_line(command);
    let line = board.expect(words);
    (board, line)
}

/// The functions, files and lines of an address that the board said.
fn decode(setup: &Setup, address: &str) -> String {
    let said = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/where"))
        .arg(setup.image())
        .arg(address)
        .output()
        .expect("scripts/where starts");
    assert!(said.status.success(), "{said:?}");
    String::from_utf8(said.stdout).unwrap()
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_panic_says_where_and_ends_with_a_failure() {
    for name in BOARDS {
        let (mut board, line) = last_words(name, "/panic", "stopped: panic at 0x0");
        let address = line.split([' ', ',']).find(|word| word.starts_with("0x"));
        let decoded = decode(&drill(name), address.unwrap());
        assert!(
            decoded.contains("obey at firmware/src/main.rs:"),
            "{line}: {decoded}"
        );
        assert_eq!(board.ended().code(), Some(1));
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_stack_overflow_faults_instead_of_overwriting_memory() {
    for name in BOARDS {
        let (mut board, _) = last_words(
            name,
            "/overflow",
            "stopped: stack overflow: all of 8192 octets used",
        );
        assert_eq!(board.ended().code(), Some(1));
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_fault_says_where_and_ends_with_a_failure() {
    for name in BOARDS {
        let (mut board, line) = last_words(name, "/fault", "stopped: fault at 0x0000");
        assert!(line.contains("address 0x1fffff00"), "{line}");
        assert_eq!(board.ended().code(), Some(1));
    }
}
