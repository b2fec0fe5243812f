//! The last words: what the board says when it cannot go on, and the status it ends with.

use crate::board::{BOARDS, Board, Plug, Setup};

fn last_words(name: &'static str, command: &str, words: &str) -> (Board, String) {
    let mut board = Board::start(&Setup {
        drill: true,
        ..Setup::new(name, Plug::UserNetwork)
    });
    board.expect("listening on port 4000");
    board.type_line(command);
    let line = board.expect(words);
    (board, line)
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_panic_says_where_and_ends_with_a_failure() {
    for name in BOARDS {
        let (mut board, line) = last_words(name, "/panic", "stopped: panicked at ");
        assert!(line.contains("src/main.rs:"), "{line}");
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
