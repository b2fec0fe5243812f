//! The program on a real TAP, with the kernel's sockets at the other end: Python, nc, socat, curl.
//!
//! Each test has a private network of its own, made by the program. Where that is not allowed, or a
//! client is not installed, the test fails and says what is missing.
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::program::{Program, need};

#[test]
fn both_tutorials_in_python_get_one_reply_for_each_send_and_q_for_q() {
    let mut server = Program::start("serve");
    server.expect("q ends");
    let once = server.python(
        r#"
import socket
s = socket.create_connection(("192.168.69.1", 9000))
s.send("你好么,我好哟".encode()); print(s.recv(1024).decode()); s.close()"#,
    );
    assert_eq!(
        once,
        "Welcome, guest-1. /help lists the commands, q leaves. Delivered to 1 member.\n"
    );
    let chat = server.python(
        r#"
import socket
s = socket.create_connection(("192.168.69.1", 9000))
for text in ["你", "好么", "a" * 1000, "q"]:
    s.send(text.encode()); print(s.recv(1024).decode())
print(s.recv(1024)); s.close()"#,
    );
    let lines: Vec<_> = chat.lines().collect();
    assert!(lines[0].starts_with("Welcome, guest-2."), "{chat}");
    assert_eq!(lines[1..3], ["Delivered to 1 member."; 2]);
    assert_eq!(lines[3..], ["q", "b''"]);
    for (typed, answer) in [
        ("/why", "Write it as /why N"),
        ("/why x", "Write it as /why N"),
        ("/ladder x", "Write it as /ladder N"),
        ("/why 99", "Nothing is recorded of connection #99."),
        ("/why 1", "Both FINs were acknowledged"),
    ] {
        server.type_line(typed);
        server.expect(answer);
    }
    server.type_line("q");
    let printed = server.expect_end();
    assert!(printed.contains("guest-1: 你好么,我好哟"), "{printed}");
    assert!(printed.contains("TIME-WAIT"), "{printed}");
    assert!(!printed.contains("ILLEGAL"), "{printed}");
}

#[test]
fn half_closing_clients_are_answered_and_the_browser_gets_its_page() {
    let mut server = Program::start("serve --plain");
    server.expect("q ends");
    let nc = server.client("nc", &["-N", "192.168.69.1", "9000"], "hi\n/who\n");
    let said = String::from_utf8(nc.stdout).expect("UTF-8");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(
        lines[1..],
        ["Delivered to 1 member.", "2 here: guest-1 (you), operator."]
    );
    let socat = server.client("socat", &["-", "TCP:192.168.69.1:9000"], "/ladder\n");
    let said = String::from_utf8(socat.stdout).expect("UTF-8");
    for word in ["three-way handshake", "SYN-RECEIVED", "ESTABLISHED"] {
        assert!(said.contains(word), "{said}");
    }
    assert!(!said.contains('\x1b'), "no colours for members");
    let curl = server.client("curl", &["-si", "http://192.168.69.1:9000/"], "");
    let page = String::from_utf8(curl.stdout).expect("UTF-8");
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    assert!(
        page.contains("nc 192.168.69.1 9000") && page.contains("ESTABLISHED"),
        "{page}"
    );
    assert!(page.ends_with("</html>\n"), "{page}");
    server.type_line("q");
    server.expect_end();
}

#[test]
fn other_protocols_are_turned_away_and_a_terminal_is_heard_by_lines() {
    let mut server = Program::start("serve --plain");
    server.expect("q ends");
    let curl = server.client("curl", &["-sI", "http://192.168.69.1:9000/none"], "");
    let head = String::from_utf8(curl.stdout).expect("UTF-8");
    assert!(
        curl.status.success() && head.starts_with("HTTP/1.1 404 "),
        "{head}"
    );
    let form = "http://192.168.69.1:9000/";
    let curl = server.client("curl", &["-si", "-d", "secret\nform", form], "");
    let answer = String::from_utf8(curl.stdout).expect("UTF-8");
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    let said = server.python(
        r#"
import socket, ssl, time
def connect(): return socket.create_connection(("192.168.69.1", 9000), timeout=10)
def rest(s):
    heard = b""
    while part := s.recv(4096): heard += part
    return heard
try: ssl._create_unverified_context().wrap_socket(connect())
except ssl.SSLError as error: print(error.reason)
for cut in 2, 5, 9:
    request = b"POST / HTTP/1.1\r\nCookie: secret\r\n\r\nsecret\n"
    s = connect(); s.sendall(request[:cut]); time.sleep(1.5); s.sendall(request[cut:])
    print(rest(s).split(b"\r\n")[0].decode())
s = connect()
for key in b"hel;\x08lo":
    s.send(bytes([key])); time.sleep(0.1)
s.send(b"\xff\xf4\xff\xfd\x06"); print(s.recv(100))
s.send(b" there\r\n"); print(s.recv(1000).decode().split("q leaves.")[1].strip())
s = connect()
for text in b"one\n\0", b"two\n\0", b"three".ljust(1024, b"\0"), b"\0" * 64, b"q".ljust(1024, b"\0"):
    s.send(text); print(s.recv(1000).decode().split("q leaves.")[-1].split(" to ")[0].split(",")[0].strip())"#,
    );
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines[0], "TLSV1_ALERT_PROTOCOL_VERSION");
    assert_eq!(lines[1..4], ["HTTP/1.1 405 Method Not Allowed"; 3]);
    assert_eq!(lines[4], r"b'\xff\xfb\x06'");
    assert_eq!(lines[5], "Delivered to 1 member.");
    // The terminal's machine may still be closing.
    assert_eq!(lines[6..9], ["Delivered"; 3]);
    assert_eq!(lines[9..], ["That was empty", "q"]);
    server.type_line("q");
    let printed = server.expect_end();
    assert!(printed.contains(": hello there"), "{printed}");
    for hidden in ["secret", "Cookie", "HTTP", "\u{fffd}"] {
        assert!(!printed.contains(hidden), "{hidden}: {printed}");
    }
}

#[test]
fn the_operator_ends_the_server_and_each_member_receives_exactly_q() {
    let mut server = Program::start("serve");
    server.expect("q ends");
    let script = r#"
import socket
s = socket.create_connection(("192.168.69.1", 9000))
s.send(b"here\n"); s.recv(1024)
print("in", flush=True)
print(s.recv(1024), s.recv(1024))"#;
    let mut member = server
        .command("timeout", &["20", "python3", "-c", script])
        .stdout(Stdio::piped())
        .spawn()
        .expect("nsenter is there");
    server.expect("guest-1: here");
    server.type_line("/states");
    server.expect("ESTABLISHED  ");
    let mut said = BufReader::new(member.stdout.take().expect("piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("it speaks");
    assert_eq!(line, "in\n");
    server.signal(rustix::process::Signal::TERM);
    let printed = server.expect_end();
    line.clear();
    said.read_line(&mut line).expect("it speaks");
    assert_eq!(line, "b'q' b''\n");
    member.wait().expect("it was started");
    assert!(printed.contains("FIN-WAIT-1"), "{printed}");
}

#[test]
fn a_member_over_udp_joins_with_its_code_and_hears_the_others() {
    let mut server = Program::start("serve --plain");
    server.expect("q ends");
    let said = server.python(
        r#"
import socket
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.settimeout(10)
u.connect(("192.168.69.1", 9000))
u.send(b"hello over udp"); reply = u.recv(2048).decode(); print(len(reply) <= 14)
u.send(("/join " + reply.split()[-1]).encode()); print(u.recv(2048).decode().split(".")[0])
t = socket.create_connection(("192.168.69.1", 9000))
t.send("你好".encode()); print(t.recv(1024).decode().split(". ")[-1])
print(u.recv(2048).decode(), end="")
u.send(b"q"); print(u.recv(2048).decode())"#,
    );
    assert_eq!(
        said,
        "True\nWelcome, guest-1\nDelivered to 2 members.\nguest-2: 你好\nq\n"
    );
    server.type_line("q");
    server.expect_end();
}

#[test]
fn the_client_waits_for_a_server_chats_and_closes() {
    let mut client = Program::start("connect 192.168.69.100:9000");
    let script = r#"
import socket
s = socket.create_server(("", 9000)); c, who = s.accept()
while (text := c.recv(1024)) != b"q":
    print(text, flush=True); c.send(b"got " + text)
c.send(b"q"); print(c.recv(1024)); c.close()"#;
    let server = client
        .command("timeout", &["20", "python3", "-c", script])
        .stdout(Stdio::piped())
        .spawn()
        .expect("nsenter is there");
    client.expect("ESTABLISHED");
    client.type_line("one 你好");
    client.expect("<- got one 你好");
    client.type_line("/states");
    client.expect("192.168.69.100:9000");
    client.type_line("q");
    let printed = client.expect_end();
    assert!(printed.contains("<- q"), "{printed}");
    assert!(printed.contains("TIME-WAIT"), "{printed}");
    let output = server.wait_with_output().expect("it was started");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(said.lines().last(), Some("b''"), "{said}");
}

#[test]
fn a_piped_client_sends_all_hears_all_and_ends_with_the_stream() {
    need("socat");
    let mut client = Program::start("connect 192.168.69.100:9000 --plain");
    let server = client
        .command("timeout", &["20", "socat", "TCP-LISTEN:9000", "EXEC:cat"])
        .spawn();
    let mut server = server.expect("nsenter is there");
    client.type_line("to be echoed");
    client.console = None;
    let printed = client.expect_end();
    assert!(
        printed.lines().any(|line| line == "to be echoed"),
        "{printed}"
    );
    server.wait().expect("it was started");
}

/// A command that the program printed, run in its network.
fn run_printed(program: &Program, command: &str, input: &str) -> String {
    let line = program.printed.lines().find(|line| line.contains(command));
    let line = line.unwrap_or_else(|| panic!("{command}\n{}", program.printed));
    let mut child = Command::new("sh")
        .args(["-c", &format!("exec timeout 20 {}", line.trim())])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("there is a shell");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it was started");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn at_a_link_local_address_the_commands_that_are_printed_carry_its_zone() {
    for program in ["nc", "curl"] {
        need(program);
    }
    let mut server = Program::start("serve --plain --address fe80::1/64");
    server.expect("q ends");
    let said = run_printed(&server, "nc fe80::1%tap0 9000", "hi\nq\n");
    assert!(said.contains("Delivered to 1 member."), "{said}");
    let page = run_printed(&server, "curl 'http://[fe80::1%25tap0]:9000/'", "");
    assert!(page.ends_with("</html>\n"), "{page}");
    let script = server.printed.lines().filter_map(|line| {
        let line = line.trim_start();
        (line.starts_with("import ") || line.starts_with("s.send")).then_some(line)
    });
    let script = script.collect::<Vec<_>>().join("\n");
    assert!(server.python(&script).contains("Delivered to 1 member."));
    server.type_line("q");
    server.expect_end();
}

#[test]
fn a_client_connects_to_an_address_with_its_zone() {
    let mut client = Program::start("connect [fe80::100%tap0]:9000 --address fe80::1/64 --plain");
    client.type_line("hello");
    client.console = None;
    let said = run_printed(&client, "nc -l fe80::100%tap0 9000", "");
    assert_eq!(said, "hello\n");
    client.expect_end();
}

#[test]
fn a_member_that_says_nothing_is_probed_as_often_as_is_asked_for() {
    let mut server = Program::start("serve --keep-alive 1s");
    server.expect("q ends");
    let script = r#"
import socket
s = socket.create_connection(("192.168.69.1", 9000)); s.recv(1024)"#;
    let mut member = server
        .command("timeout", &["20", "python3", "-c", script])
        .spawn()
        .expect("nsenter is there");
    for _ in 0..4 {
        server.expect("[keep-alive]");
    }
    server.type_line("q");
    let printed = server.expect_end();
    member.wait().expect("it was started");
    let probes = printed.lines().filter(|line| line.contains("[keep-alive]"));
    let millis = probes.map(|line| {
        let time = line.split_whitespace().nth(1);
        time.and_then(|it| it.parse().ok()).expect(line)
    });
    // The last one may come while the program is told to end.
    let millis: Vec<f64> = millis.take(4).collect();
    for pair in [0.0].iter().chain(&millis).collect::<Vec<_>>().windows(2) {
        let apart = pair[1] - pair[0];
        assert!((1000.0..2000.0).contains(&apart), "{apart} ms\n{printed}");
    }
    // The member's kernel answered each.
    assert!(!printed.contains("no acknowledgment"), "{printed}");
}

#[test]
fn a_live_ladder_shows_what_was_sent_last_though_nothing_else_happens() {
    let mut server = Program::start("serve");
    server.expect("q ends");
    server.python(
        r#"
import socket
s = socket.create_connection(("192.168.69.1", 9000))
s.send(b"q"); print(s.recv(1024), s.recv(1024)); s.close()"#,
    );
    let closed = Instant::now();
    server.expect("2 MSL: 60.0 s");
    assert!(closed.elapsed() < Duration::from_millis(500));
    server.type_line("q");
    server.expect_end();
}
