//! The operator's console.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::{env, fs, process};

use smoltcp::wire::Ipv4Address;

use crate::board::{BOARDS, Board, PATIENCE, PORT, Plug, Setup, Time};
use crate::cable::{Host, Socket};
use crate::members::is_answer;

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_seed_can_be_typed_and_without_one_the_board_says_it_is_not_secure() {
    for name in BOARDS {
        let mut typed = Board::start(&Setup {
            boot: "port=4001",
            ..Setup::new(name, Plug::UserNetwork)
        });
        typed.expect("no seed: type boot options now");
        typed.type_line("seed=0123456789abcdef colour=red");
        typed.expect("boot option not understood: colour=red");
        typed.expect("seed: given at boot");
        typed.expect("listening on port 4001");

        let setup = Setup {
            boot: "ip=192.0.2.2/24",
            time: Time::Jumping,
            ..Setup::new(name, Plug::UserNetwork)
        };
        let mut silent = Board::start(&setup);
        silent.expect("no seed: type boot options now");
        silent.expect("NOT SECURE");
        silent.expect("address: 192.0.2.2/24, no gateway (as told at boot)");
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_boot_line_that_is_too_long_is_said_to_be_and_no_part_of_it_counts() {
    // The name of the program and a space stand before it, and a zero behind: 320 octets, and 321.
    let line = |octets: usize| {
        let port = "port=4001 ";
        let line = format!(
            "{port}{}",
            "x".repeat(octets - "smolchat ".len() - port.len() - 1)
        );
        &*Box::leak(line.into_boxed_str())
    };
    for name in BOARDS {
        for (boot, taken) in [(line(320), true), (line(321), false), (line(5_000), false)] {
            let setup = Setup {
                boot,
                ..Setup::new(name, Plug::UserNetwork)
            };
            let mut board = Board::start(&setup);
            board.expect(match taken {
                true => "boot option not understood: xxx",
                false => "boot options from outside: NONE taken, the line has more than 320 octets",
            });
            board.expect("no seed: type boot options now");
            board.type_line("seed=0123456789abcdef");
            board.expect(&format!(
                "listening on port {}",
                if taken { 4001 } else { PORT }
            ));
        }
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn the_operator_stops_the_board_and_its_status_says_success() {
    for name in BOARDS {
        let mut board = Board::start(&Setup::new(name, Plug::UserNetwork));
        board.expect("listening on port 4000");
        board.type_line("q");
        board.expect("stopped by the operator");
        assert!(board.ended().success());
    }
}

/// Only mps2-an385: the model of the other board's UART takes every octet at once and makes the
/// processor wait, so QEMU itself would stand still.
#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_console_that_nobody_reads_does_not_hold_up_the_network() {
    let path = env::temp_dir().join(format!("smolchat-console-{}", process::id()));
    let reader = UnixListener::bind(&path).unwrap();
    let socket = Socket::new();
    let setup = Setup {
        boot: "seed=5eed ip=192.0.2.2/24",
        console: Some(path.clone()),
        ..Setup::new("mps2-an385", Plug::Cable(socket.address()))
    };
    let _board = Board::start(&setup);
    let (console, _) = reader.accept().unwrap();
    fs::remove_file(path).unwrap();
    console.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut typing = console.try_clone().unwrap();
    let mut shown = BufReader::new(console);
    let mut line = String::new();
    while !line.contains("listening on port 4000") {
        line.clear();
        shown.read_line(&mut line).unwrap();
    }
    let mut host = Host::new(socket.cable(), Ipv4Address::new(192, 0, 2, 1));
    host.connect(Ipv4Address::new(192, 0, 2, 2), PORT);
    // Far more is asked for than the ring, the UART and the socket between hold, and none of it is read.
    for round in 0..400 {
        typing.write_all(&b"/board\r".repeat(5)).unwrap();
        assert!(is_answer(&host.say("still here")), "round {round}");
    }
    while !line.contains("octets not shown]") {
        line.clear();
        assert_ne!(
            shown.read_line(&mut line).unwrap(),
            0,
            "nothing was lost: the console was never stalled"
        );
    }
}
