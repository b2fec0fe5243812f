//! The program on a TAP with segmentation offload: what goes through it is what came, however long the
//! segments, and what is short is not changed by it.
//!
//! Each test has a private network of its own, made by the program. Where that is not allowed, or a
//! client is not installed, the test fails and says what is missing.

use std::path::Path;
use std::process::Command;

use crate::program::{Program, need};

const SERVE: &str = "serve --services --plain --offload \
    --address 192.168.69.1/24 --address fd00:69::1/64";

/// What the scripts share: a transfer there and back that is compared, and the mean length of the frames
/// that crossed the TAP, which no transfer without offload can lift over 1,514 octets.
const LIBRARY: &str = r#"
import random, socket, struct, threading
def frames():
    for line in open("/proc/self/net/dev"):
        if line.strip().startswith("tap0:"):
            fields = [int(field) for field in line.split(":")[1].split()]
            return fields[0], fields[1], fields[8], fields[9]
def means(before, after):
    of_node, by_node, of_host, by_host = (b - a for a, b in zip(before, after))
    return of_node / by_node, of_host / by_host
def there_and_back(address, count):
    octets = random.Random(1).randbytes(count)
    stream = socket.create_connection((address, 7))
    def send():
        stream.sendall(octets)
        stream.shutdown(socket.SHUT_WR)
    sender = threading.Thread(target=send)
    sender.start()
    got = b"".join(iter(lambda: stream.recv(1 << 16), b""))
    sender.join()
    global resent
    # tcpi_total_retrans of struct tcp_info.
    resent = struct.unpack_from("I", stream.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 100)[0]
    stream.close()
    return got == octets
"#;

fn script(program: &Program, script: &str) -> String {
    program.python(&format!("{LIBRARY}{script}"))
}

#[test]
fn long_transfers_are_the_same_at_the_other_end_over_both_families() {
    let mut server = Program::start(SERVE);
    server.expect("q ends");
    // Over IPv6 smoltcp sends no long segments.
    for (address, directions) in [("192.168.69.1", ":"), ("fd00:69::1", "1:")] {
        let said = script(
            &server,
            &format!(
                r#"
before = frames()
print(there_and_back("{address}", 5_000_000))
print(min(means(before, frames())[{directions}]) > 1514)"#
            ),
        );
        assert_eq!(said, "True\nTrue\n", "{address}");
    }
    let said = script(
        &server,
        r#"
stream = socket.create_connection(("fd00:69::1", 19))
pattern = b"".join(bytes(32 + (line + i) % 95 for i in range(72)) + b"\r\n" for line in range(95))
got = b""
while len(got) < 3_000_000:
    got += stream.recv(1 << 16)
print(got == (pattern * (len(got) // len(pattern) + 1))[:len(got)])
stream.close()"#,
    );
    assert_eq!(said, "True\n");
    server.type_line("q");
    server.expect_end();
}

#[test]
fn short_messages_and_datagrams_are_as_without_offload() {
    let mut server = Program::start(SERVE);
    server.expect("q ends");
    let said = script(
        &server,
        r#"
s = socket.create_connection(("192.168.69.1", 9000))
s.send("你好么,我好哟".encode()); print(s.recv(1024).decode())
s.send(b"q"); print(s.recv(1024)); s.close()
for family, address in ((socket.AF_INET, "192.168.69.1"), (socket.AF_INET6, "fd00:69::1")):
    s = socket.socket(family, socket.SOCK_DGRAM); s.settimeout(10)
    s.connect((address, 7))
    s.send(b"one"); print(s.recv(2000))
    # One call, four datagrams: UDP_SEGMENT cuts after so many octets.
    s.setsockopt(17, 103, 400)
    message = bytes(range(256)) * 5
    s.send(message)
    parts = [s.recv(2000) for _ in range(4)]
    print([len(part) for part in parts], b"".join(parts) == message)
    s.close()"#,
    );
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(
        lines[0],
        "Welcome, guest-1. /help lists the commands, q leaves. Delivered to 1 member."
    );
    assert_eq!(lines[1], "b'q'");
    for family in lines[2..].chunks(2) {
        assert_eq!(family, ["b'one'", "[400, 400, 400, 80] True"]);
    }
    assert_eq!(lines.len(), 6);
    server.type_line("q");
    server.expect_end();
}

#[test]
fn a_capture_shows_the_long_segments_and_nothing_that_is_wrong_with_them() {
    need("tshark");
    let file = std::env::temp_dir().join(format!("smolchat-offload-{}.pcapng", std::process::id()));
    let arguments = format!("{SERVE} --pcap {}", file.display());
    let mut server = Program::start(&arguments);
    server.expect("q ends");
    let said = script(
        &server,
        r#"print(there_and_back("192.168.69.1", 300_000), resent)"#,
    );
    let resent = said.strip_prefix("True ").expect(&said);
    let resent: usize = resent.trim_end().parse().unwrap();
    server.type_line("q");
    server.expect_end();
    for (from, to) in [
        ("192.168.69.1", "192.168.69.100"),
        ("192.168.69.100", "192.168.69.1"),
    ] {
        let long = tshark(
            &file,
            &format!("ip.src=={from} && ip.dst=={to} && tcp.len>1460"),
        );
        assert!(!long.is_empty(), "from {from}");
    }
    let wrong = "_ws.malformed || ip.checksum_bad.expert || tcp.analysis.lost_segment \
        || tcp.analysis.ack_lost_segment";
    assert_eq!(tshark(&file, wrong), "");
    // The kernel says how often it sent something again; the node had no reason to.
    let again = |from| {
        tshark(
            &file,
            &format!("tcp.analysis.retransmission && ip.src=={from}"),
        )
    };
    assert_eq!(again("192.168.69.1"), "");
    let by_kernel = again("192.168.69.100");
    assert!(by_kernel.lines().count() <= resent, "{resent}: {by_kernel}");
    std::fs::remove_file(&file).expect("it was written");
}

fn tshark(file: &Path, filter: &str) -> String {
    let output = Command::new("tshark")
        .args(["-o", "ip.check_checksum:TRUE", "-Y", filter, "-r"])
        .arg(file)
        .output()
        .expect("tshark is installed");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}
