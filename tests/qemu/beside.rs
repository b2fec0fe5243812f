//! The board beside the Linux node: two hosts on the bridge of a network namespace, in one room.
//!
//! Needs root, for the namespace, its bridge and the TAPs.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::board::{BOARDS, Board, Lines, PATIENCE, Plug, Setup};

/// A namespace with a bridge and the board's TAP on it. Dropping it removes all of that.
struct Namespace(String);

impl Namespace {
    fn new(board: &str) -> Self {
        let namespace = Self(format!("smolchat-{}-{board}", std::process::id()));
        ip(&["netns", "add", &namespace.0]);
        namespace.ip(&["link", "set", "lo", "up"]);
        namespace.ip(&["link", "add", "bridge", "type", "bridge"]);
        namespace.ip(&["link", "set", "bridge", "up"]);
        namespace.ip(&["tuntap", "add", "board", "mode", "tap"]);
        namespace.plug_in("board");
        namespace
    }

    fn ip(&self, arguments: &[&str]) {
        ip(&[&["-n", &self.0], arguments].concat());
    }

    fn plug_in(&self, tap: &str) {
        self.ip(&["link", "set", tap, "master", "bridge"]);
        self.ip(&["link", "set", tap, "up"]);
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}

fn ip(arguments: &[&str]) {
    let status = Command::new("ip").args(arguments).status().unwrap();
    assert!(status.success(), "ip {arguments:?}: this test needs root");
}

/// `smolchat` on its TAP `node` in a namespace.
struct Linux {
    process: Child,
    lines: Lines,
}

impl Linux {
    fn start(namespace: &Namespace, arguments: &[&str]) -> Self {
        namespace.ip(&["tuntap", "add", "node", "mode", "tap"]);
        namespace.plug_in("node");
        let mut process = Command::new("ip")
            .args(["netns", "exec", &namespace.0])
            .arg(env!("CARGO_BIN_EXE_smolchat"))
            .args(arguments)
            .args(["--tap", "node", "--address", "192.0.2.7/24"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Lines::of(process.stdout.take().unwrap());
        Self { process, lines }
    }

    fn type_line(&mut self, line: &str) {
        let keyboard = self.process.stdin.as_mut().unwrap();
        keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Waits for the program to end by itself.
    fn ended(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.success();
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Linux {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn board(name: &'static str, namespace: &Namespace, boot: &'static str) -> Board {
    Board::start(&Setup {
        boot,
        ..Setup::new(name, Plug::Namespace(namespace.0.clone()))
    })
}

#[test]
#[ignore = "needs QEMU and root: scripts/test-firmware"]
fn the_board_is_a_guest_of_the_linux_node() {
    for name in BOARDS {
        let namespace = Namespace::new(name);
        let mut linux = Linux::start(&namespace, &["serve", "--port", "4000"]);
        linux.lines.expect("nc ");
        let boot = "seed=5eed mac=02:00:00:00:00:02 ip=192.0.2.2/24 join=192.0.2.7:4000";
        let mut board = board(name, &namespace, boot);
        board.expect("ESTABLISHED");
        board.type_line("from the board");
        board.expect("Delivered to 1 member.");
        linux.lines.expect("guest-1: from the board");
        linux.type_line("from Linux");
        board.expect("operator: from Linux");
        board.type_line("q");
        board.expect("stopped by the operator");
        linux.type_line("q");
        assert!(linux.ended());
    }
}

#[test]
#[ignore = "needs QEMU and root: scripts/test-firmware"]
fn the_linux_node_is_a_guest_of_the_board() {
    for name in BOARDS {
        let namespace = Namespace::new(&format!("{name}-2"));
        let boot = "seed=5eed mac=02:00:00:00:00:02 ip=192.0.2.2/24";
        let mut board = board(name, &namespace, boot);
        board.expect("listening on port 4000");
        let mut linux = Linux::start(&namespace, &["connect", "192.0.2.2:4000"]);
        board.expect("ESTABLISHED");
        linux.type_line("from Linux");
        board.expect("guest-1: from Linux");
        board.type_line("from the board");
        linux.lines.expect("operator: from the board");
        linux.type_line("q");
        assert!(linux.ended());
        board.expect("close()");
    }
}
