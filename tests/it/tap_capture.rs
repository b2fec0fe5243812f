//! What `--pcap` writes while the program runs, on a real TAP: whoever reads along sees what has crossed,
//! and a sudden end loses nothing of it.
//!
//! Each test has a private network of its own, made by the program.
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::program::{PATIENCE, Place, Program, fins, in_private_network, need};
use rustix::process::Signal;

/// One exchange, and both ends closed.
const EXCHANGE: &str = r#"
import socket
s = socket.create_connection(("192.168.69.1", 9000))
s.send(b"q"); print(s.recv(1024), s.recv(1024)); s.close()"#;

/// The last change of state of that exchange, as a comment says it.
const LAST_CHANGE: &[u8] = b"-> TIME-WAIT";

fn exchange(server: &Program) {
    assert_eq!(server.python(EXCHANGE), "b'q' b''\n");
}

fn contains(octets: &[u8], text: &[u8]) -> bool {
    octets.windows(text.len()).any(|window| window == text)
}

#[test]
fn a_file_has_what_crossed_before_the_program_was_killed() {
    let file = Place::new("killed");
    let mut server = Program::start(&format!("serve --plain --pcap {}", file.0.display()));
    exchange(&server);
    // The client has the whole end; that the node has slept since is a matter of microseconds.
    let end = Instant::now() + PATIENCE;
    while !contains(&std::fs::read(&file.0).expect("it is there"), LAST_CHANGE) {
        assert!(Instant::now() < end, "never written");
        std::thread::yield_now();
    }
    server.signal(Signal::KILL);
    server.child.wait().expect("it was started");
    assert_eq!(fins(&file.0), 2);
}

#[test]
fn the_reader_of_a_fifo_reads_along_and_nobody_waits_for_it() {
    let fifo = Place::new("fifo");
    let made = Command::new("mkfifo").arg(&fifo.0).status();
    assert!(made.expect("coreutils").success());
    let mut server = Program::start(&format!("serve --plain --pcap {}", fifo.0.display()));
    exchange(&server);
    let mut cat = Command::new("timeout")
        .args(["20", "cat"])
        .arg(&fifo.0)
        .stdout(Stdio::piped())
        .spawn()
        .expect("coreutils");
    let mut reader = cat.stdout.take().expect("piped");
    let mut octets = Vec::new();
    while !contains(&octets, LAST_CHANGE) {
        let mut chunk = [0; 4096];
        let count = reader.read(&mut chunk).expect("it is open");
        assert!(count > 0, "ended early");
        octets.extend_from_slice(&chunk[..count]);
    }
    server.type_line("q");
    server.expect_end();
    reader.read_to_end(&mut octets).expect("it ends");
    assert!(cat.wait().expect("it was started").success());
    let whole = Place::new("fifo-read");
    std::fs::write(&whole.0, octets).expect("there is room");
    assert_eq!(fins(&whole.0), 2);
}

#[test]
fn a_reader_that_goes_ends_the_capture_and_not_the_chat() {
    let fifo = Place::new("fifo-left");
    let made = Command::new("mkfifo").arg(&fifo.0).status();
    assert!(made.expect("coreutils").success());
    let mut server = Program::start(&format!("serve --plain --pcap {}", fifo.0.display()));
    let head = Command::new("timeout")
        .args(["20", "head", "-c", "1"])
        .arg(&fifo.0)
        .status();
    assert!(head.expect("coreutils").success());
    exchange(&server);
    server.expect("Broken pipe (os error 32); the chat goes on.");
    exchange(&server);
    server.type_line("q");
    server.expect_end();
}

#[test]
fn a_capture_on_standard_output_leaves_standard_error_to_the_console() {
    need("tshark");
    let mut server = Program::start_with_capture("serve --plain --pcap -");
    let capture = server.child.stdout.take().expect("piped");
    let tshark = Command::new("tshark")
        .args(["-l", "-Y", "tcp.flags.fin == 1", "-i", "-"])
        .stdin(Stdio::from(capture))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("tshark is installed");
    server.expect("q ends");
    exchange(&server);
    server.type_line("q");
    server.expect_end();
    let read = tshark.wait_with_output().expect("it was started");
    assert_eq!(String::from_utf8_lossy(&read.stdout).lines().count(), 2);
}

/// Runs the server with a capture in a file system that is soon full; `$0` is the program.
const FULL: &str = r#"
ip link set lo up; mount -t tmpfs -o size=64k none /mnt
coproc SERVER { timeout 20 "$0" serve --plain --pcap /mnt/file 2>&1; echo "status $?"; }
# Of our own: the shell closes its own when the server ends, also before all is read.
exec {said}<&"${SERVER[0]}" {console}>&"${SERVER[1]}"
read -ru "$said" line
timeout 10 python3 -c '
import socket
s = socket.create_connection(("192.168.69.1", 9000))
s.send(b"x" * 1000); s.recv(1024)
for _ in range(100): s.send(b"y" * 1000); s.recv(1024)'
while read -ru "$said" line; do
    echo "$line"
    case "$line" in *"goes on."*) echo q >&"$console";; esac
done"#;

#[test]
fn a_capture_that_fails_is_told_of_when_it_does_and_is_no_success() {
    need("python3");
    let output = in_private_network(FULL);
    let said = String::from_utf8_lossy(&output.stdout);
    let why = "cannot write the capture /mnt/file: No space left on device (os error 28)";
    let told = format!("-- {why}; the chat goes on.\n");
    assert!(said.contains(&told), "{output:?}");
    let end = format!("error: {why}\nstatus 1\n");
    assert!(said.ends_with(&end), "{output:?}");
}
