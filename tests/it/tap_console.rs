//! The console of `smolchat connect`: what is typed there is done here, sent, or told why not.
//!
//! Each test has a private network of its own, made by the program.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::program::{Program, need};

/// A server that says when the client is there, and what it heard once that has closed.
const HEAR: &str = r#"
import socket
s = socket.create_server(("", 9000)); c, _ = s.accept()
print("here", flush=True)
heard = b""
while True:
    octets = c.recv(1024)
    if not octets: break
    heard += octets
print(heard)"#;

#[test]
fn a_command_with_the_number_of_a_connection_is_done_here_and_never_sent() {
    need("python3");
    let mut client = Program::start("connect 192.168.69.100:9000 --plain");
    let mut server = client
        .command("timeout", &["20", "python3", "-c", HEAR])
        .stdout(Stdio::piped())
        .spawn()
        .expect("nsenter is there");
    let mut said = BufReader::new(server.stdout.take().expect("piped")).lines();
    let mut next = || said.next().map(|line| line.expect("UTF-8"));
    assert_eq!(next().as_deref(), Some("here"));
    client.type_line("/states");
    client.expect("ESTABLISHED");
    // Until the server was up, attempts were refused and numbered.
    let line = client.printed.lines().last().expect("that line");
    let number = line.split_whitespace().next().expect("a number").to_owned();
    client.type_line("/who");
    client.type_line("/help server");
    client.type_line(&format!("/ladder {number}"));
    client.expect(&format!("connection {number}"));
    client.expect("three-way handshake");
    client.type_line("/ladder 999");
    client.expect("Nothing is recorded of connection #999.");
    for line in ["/close 999", "/abort 999"] {
        client.type_line(line);
        client.expect("-- there is no open connection #999; /states lists them.");
    }
    client.type_line("/close it");
    client.expect("-- write /close [N], N a number; not sent.");
    client.type_line("/kick ann");
    client.expect("-- /kick is for the operator of a room, at the console of serve; not sent.");
    client.type_line("/help");
    client.expect("/ladder [N] draws it, /why [N] says how it stands, /close [N] closes this side, /abort [N] resets");
    client.type_line(&format!("/close {number}"));
    client.expect_end();
    assert_eq!(next().as_deref(), Some("b'/who\\n/help\\n'"));
    assert_eq!(next(), None);
    assert!(server.wait().expect("it was started").success());
}

#[test]
fn over_udp_what_needs_a_connection_is_told_of_and_not_sent() {
    let mut client = Program::start("connect 192.168.69.100:9000 --udp --plain");
    let told =
        "-- UDP has no connection and no states: there is nothing to show or to close. Not sent.";
    for line in ["/ladder 3", "/states", "/close 1", "/abort x"] {
        client.type_line(line);
        client.expect(told);
    }
    client.console = None;
    let printed = client.expect_end();
    assert!(!printed.contains("unreachable"), "{printed}");
}

#[test]
fn a_datagram_that_finds_no_listener_is_told_of_and_is_no_success() {
    for address in ["192.168.69.100:9000", "[fd00:69::100]:9000"] {
        let stack = "--address 192.168.69.1/24 --address fd00:69::1/64";
        let mut client = Program::start(&format!("connect {address} --udp {stack}"));
        let (host, _) = address.rsplit_once(':').expect("a port");
        let host = host.trim_matches(['[', ']']);
        let why = format!(
            "nobody listened at UDP port 9000 of {host} (ICMP: port unreachable), so what was said did not \
             arrive: start a server there first"
        );
        client.type_line("hello");
        client.expect(&format!("-- {why}."));
        client.type_line("q");
        assert_eq!(client.expect_failure(), format!("error: {why}\n"));
    }
}

#[test]
fn a_connection_that_is_closed_before_the_server_answers_is_not_closed_by_both_sides() {
    let mut client = Program::start_alone("connect 192.168.69.77:9000");
    client.expect("connect()");
    client.type_line("/close 1");
    let asked = Instant::now();
    client.expect("given up");
    client.expect("closed before it was open");
    assert!(!client.printed.contains("both sides"), "{}", client.printed);
    let why = client.expect_failure();
    assert!(asked.elapsed() < Duration::from_secs(2));
    let wanted = "error: no connection to 192.168.69.77:9000 was opened: it was closed before\n";
    assert_eq!(why, wanted);
}
