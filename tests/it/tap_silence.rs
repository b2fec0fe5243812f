//! The program as a client of a server that says nothing: what it tells, and how it ends.
//!
//! Each test has a private network of its own, made by the program.
use std::time::{Duration, Instant};

use crate::program::{Program, in_private_network, need};

/// What is said where no host has the address.
const NO_HOST: &str = "nobody tells the hardware address of 192.168.69.77 (ARP), so nothing";

#[test]
fn a_server_that_no_arp_finds_is_told_of_and_q_ends_the_wait_at_once() {
    let mut client = Program::start_alone("connect 192.168.69.77:9000");
    client.expect(NO_HOST);
    client.type_line("q");
    let asked = Instant::now();
    let why = client.expect_failure();
    // A peer that has opened has three seconds to close.
    assert!(asked.elapsed() < Duration::from_secs(2));
    let wanted = format!("error: no connection to 192.168.69.77:9000 was opened: {NO_HOST}");
    assert!(why.starts_with(&wanted), "{why}");
}

#[test]
fn datagrams_that_no_arp_finds_a_way_for_are_told_of_and_are_no_success() {
    let mut client = Program::start_alone("connect 192.168.69.77:9000 --udp");
    client.type_line("hello");
    client.expect(NO_HOST);
    client.type_line("q");
    let why = client.expect_failure();
    assert!(why.starts_with(&format!("error: {NO_HOST}")), "{why}");
}

/// Runs the client on a TAP at whose other end a server is ready before it; `$0` is the program.
const READY: &str = r#"
set -e
ip link set lo up; ip tuntap add t0 mode tap; ip address add 192.0.2.1/24 dev t0; ip link set t0 up
run() { timeout 20 "$0" connect 192.0.2.1:9000 --tap t0 --address 192.0.2.2/24 --plain; }
serve() { timeout 20 nc -l 9000; }
# Until somebody listens at port 9000, which is not for long.
served() {
    timeout 10 sh -c "until grep -qsE ':2328 0+:0000 0A' /proc/net/tcp /proc/net/tcp6; do sleep 0.01; done"
}
(echo welcome | serve) & served; run < /dev/null | head -n 1; wait
serve & served; printf 'hello\nq\n' | run > /dev/null; wait; echo
# The kernel's answers go to somebody else.
ip neighbor add 192.0.2.2 lladdr 02:00:00:00:00:99 dev t0 nud permanent
(sleep 3.5; echo q) | run || echo "status $?""#;

#[test]
fn the_end_of_the_input_and_a_piped_q_wait_for_the_handshake_and_an_unanswered_syn_is_told_of() {
    need("nc");
    let output = in_private_network(READY);
    let said = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<_> = said.lines().collect();
    let silent =
        "192.0.2.1 does not answer: is it up, and does no firewall drop what comes to port 9000?";
    let waits = format!("-- {silent} Trying again; q gives up.");
    assert_eq!(
        lines,
        ["welcome", "hello", "q", &waits, "status 1"],
        "{output:?}"
    );
    let why = String::from_utf8_lossy(&output.stderr);
    let wanted = format!("error: no connection to 192.0.2.1:9000 was opened: {silent}\n");
    assert_eq!(why, wanted);
}
