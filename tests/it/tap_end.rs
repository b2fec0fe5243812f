//! How the program ends, on a real TAP: whoever ends it, and however, each member is told, its connection
//! is closed, and the capture is complete.
//!
//! Each test has a private network of its own, made by the program.
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::program::{PATIENCE, Place, Program, fins, in_private_network};
use rustix::process::Signal;

/// Eight members, who close as soon as they are told to.
const MEMBERS: &str = r#"
import select, socket
members = [socket.create_connection(("192.168.69.1", 9000)) for _ in range(8)]
for member in members:
    member.send(b"/who\n")
    heard = b""
    while b"here:" not in heard: heard += member.recv(1024)
print("in", flush=True)
ends, heard = 0, {member: b"" for member in members}
while members:
    for member in select.select(members, [], [])[0]:
        octets = member.recv(1024)
        heard[member] += octets
        if not octets:
            members.remove(member)
            ends += heard[member] == b"q"
            member.close()
print(ends)"#;

/// Lets the members in.
fn members(server: &Program) -> Child {
    let mut members = server
        .command("timeout", &["20", "python3", "-c", MEMBERS])
        .stdout(Stdio::piped())
        .spawn()
        .expect("nsenter is there");
    let mut line = String::new();
    let mut said = BufReader::new(members.stdout.as_mut().expect("piped"));
    said.read_line(&mut line).expect("it speaks");
    assert_eq!(line, "in\n");
    members
}

/// How many of the members were told to go by exactly `q`.
fn told(members: Child) -> String {
    let output = members.wait_with_output().expect("it was started");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn members_who_all_close_at_once_end_the_program_at_once() {
    let capture = Place::new("at-once");
    let server = Program::start(&format!("serve --plain --pcap {}", capture.0.display()));
    let members = members(&server);
    let asked = Instant::now();
    server.signal(Signal::TERM);
    server.expect_end();
    // A shutdown has three seconds for those who do not answer.
    assert!(asked.elapsed() < Duration::from_secs(2));
    assert_eq!(told(members), "8\n");
    assert_eq!(fins(&capture.0), 16);
}

#[test]
fn a_hangup_ends_the_program_as_a_request_to_end_does_and_is_no_impatience() {
    let capture = Place::new("hangup");
    let server = Program::start(&format!("serve --plain --pcap {}", capture.0.display()));
    let members = members(&server);
    for _ in 0..3 {
        server.signal(Signal::HUP);
    }
    server.expect_end();
    assert_eq!(told(members), "8\n");
    assert_eq!(fins(&capture.0), 16);
}

#[test]
fn a_hangup_that_whoever_started_the_program_has_it_ignore_stays_ignored() {
    let mut server = Program::start_without_hangup("serve --plain");
    server.signal(Signal::HUP);
    server.expect("q ends");
    server.type_line("/who");
    server.expect("1 here: operator (you).");
    server.type_line("q");
    server.expect_end();
}

#[test]
fn a_console_that_nobody_reads_any_more_is_a_hangup() {
    let capture = Place::new("unread");
    let mut server = Program::start(&format!("serve --plain --pcap {}", capture.0.display()));
    let members = members(&server);
    server.stop_listening();
    // The first of these is still read: by whom it is not known that he goes.
    let end = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = server.child.try_wait().expect("it was started") {
            break status;
        }
        assert!(Instant::now() < end, "it goes on");
        let console = server.console.as_mut().expect("not closed");
        // Once it has ended it reads no more.
        let _ = console.write_all(b"/help\n");
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(status.success(), "{status}");
    assert_eq!(told(members), "8\n");
    assert_eq!(fins(&capture.0), 16);
}

#[test]
fn a_console_that_cannot_be_written_is_no_success() {
    let script = r#"printf 'q\n' | timeout 20 "$0" serve > /dev/full; echo "status $?""#;
    let output = in_private_network(script);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "status 1\n");
    let at_once = "smolchat: from here on nothing can be written to standard output: \
        No space left on device (os error 28). The network goes on.\n";
    let why = "error: what was said could not be written to standard output: No space left on device (os error 28)\n";
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, format!("{at_once}{why}"));
}

#[test]
fn a_tap_that_is_removed_ends_the_program_which_says_so() {
    let mut server = Program::start("serve --plain");
    let removed = server.command("ip", &["link", "delete", "tap0"]).status();
    assert!(removed.expect("nsenter is there").success());
    let mut said = String::new();
    let stderr = server.child.stderr.as_mut().expect("piped");
    stderr.read_to_string(&mut said).expect("UTF-8");
    let end = server.child.wait().expect("it was started");
    assert_eq!(end.code(), Some(1));
    let why =
        "error: the TAP tap0 was removed while it was in use; start again, and it is made anew\n";
    assert_eq!(why, said);
}

#[test]
fn an_interrupted_ladder_draws_what_came_and_tells_of_a_cut_packet() {
    let capture = Place::new("interrupted");
    let server = Program::start(&format!("serve --plain --pcap {}", capture.0.display()));
    let members = members(&server);
    server.signal(Signal::TERM);
    server.expect_end();
    assert_eq!(told(members), "8\n");
    let octets = std::fs::read(&capture.0).expect("it is there");
    let mut ladder = Command::new(env!("CARGO_BIN_EXE_smolchat"))
        .args(["ladder", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built for this test");
    // The pipe stays open: only the signal ends the reading.
    let mut pipe = ladder.stdin.take().expect("piped");
    pipe.write_all(&octets[..octets.len() - 7])
        .expect("it reads");
    // The signal comes when all of it was read.
    let deadline = Instant::now() + PATIENCE;
    while rustix::io::ioctl_fionread(&pipe).expect("a pipe") > 0 {
        assert!(Instant::now() < deadline, "it does not read");
        std::thread::yield_now();
    }
    let pid = rustix::process::Pid::from_child(&ladder);
    rustix::process::kill_process(pid, Signal::INT).expect("it runs");
    let output = ladder.wait_with_output().expect("it was started");
    drop(pipe);
    assert!(output.status.success(), "{output:?}");
    let drawn = String::from_utf8_lossy(&output.stdout);
    assert_eq!(drawn.matches("connection #").count(), 8, "{drawn}");
    let told = String::from_utf8_lossy(&output.stderr);
    let cut = "-- standard input is cut in the middle of packet ";
    assert!(told.starts_with(cut), "{told}");
}

/// Runs the program on a terminal of its own, which goes away once the program is ready and `$MEMBER` is
/// in; says how the program ended.
const TERMINAL: &str = r#"
import os, pty, re, signal, subprocess, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)
program, capture, how, member = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    os.execv(program, [program, "serve", "--private", "--pcap", capture])
heard = ""
while "q ends" not in heard: heard += os.read(terminal, 4096).decode(errors="replace")
enter = re.search(r"(nsenter .*) nc ", heard)[1].split()
guest = subprocess.Popen(enter + ["timeout", "20", "python3", "-c", member], stdout=subprocess.PIPE)
guest.stdout.readline()
if how == "closed": os.close(terminal)
else: os.write(terminal, b"\x04")
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if how == "closed" else "", end="")
print(guest.communicate()[0].decode(), end="")"#;

#[test]
fn a_terminal_that_is_closed_or_ended_by_its_user_ends_the_program() {
    for (how, said) in [("closed", "08\n"), ("ended", "8\n")] {
        let capture = Place::new(how);
        let output = Command::new("timeout")
            .args(["20", "python3", "-c", TERMINAL])
            .arg(env!("CARGO_BIN_EXE_smolchat"))
            .arg(&capture.0)
            .args([how, MEMBERS])
            .output()
            .expect("timeout is there");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), said, "{how}");
        assert_eq!(fins(&capture.0), 16, "{how}");
    }
}
