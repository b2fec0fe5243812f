//! What Wireshark's own programs capture of the kernel's connections is read as they read it.

use crate::capture_list::agrees_with_tshark;
use crate::capture_tshark::{by_ladder, by_tshark, name, run};
use crate::packets::OnDisk;
use crate::program::{in_private_network, need};
use std::path::Path;

/// Captures connections of every kind on the loopback, in every format; `$1` is a folder.
const CAPTURE: &str = r#"
ip link set lo up; cd /mnt; mount -t tmpfs none /mnt; cd /mnt
capture() { # FILE OPTION...
    local file=$1; shift
    coproc DUMPCAP { exec timeout 60 dumpcap -q "$@" -w "$file" 2>&1; }
    # It prints the name of the file when it captures already.
    while read -ru "${DUMPCAP[0]}" line; do case "$line" in File:*) break;; esac; done
    python3 -c '
import socket, struct
def server(family, host):
    s = socket.socket(family); s.bind((host, 0)); s.listen(); return s
for family, host in [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]:
    s = server(family, host)
    for size in [1, 300000]:
        c = socket.create_connection(s.getsockname()[:2]); a, _ = s.accept()
        import threading
        t = threading.Thread(target=lambda: c.sendall(b"x" * size)); t.start()
        left = size
        while left: left -= len(a.recv(65536))
        t.join(); a.sendall(b"thanks"); c.recv(10); c.close(); a.recv(1); a.close()
    c = socket.create_connection(s.getsockname()[:2]); a, _ = s.accept()
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); c.close()
    port = s.getsockname()[1]; a.close(); s.close()
    try: socket.create_connection((host, port))
    except ConnectionRefusedError: pass
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
import sys
while b"end-of-this" not in open(sys.argv[1], "rb").read(): u.sendto(b"end-of-this", ("127.0.0.1", 9))
' "$file"
    kill -INT "$DUMPCAP_PID"; wait "$DUMPCAP_PID" || true
}
capture a.pcap -P -i lo
capture b.pcapng -i lo
capture c.pcapng -i any
capture d.pcapng -i lo -s 96
tar -c ./*.pcap*
"#;

/// Every segment as tshark reads it, stream by stream, but for refusals.
fn expected(file: &Path) -> Vec<(usize, String)> {
    let mut segments = by_tshark(file);
    segments.sort_by_key(|(stream, _)| *stream);
    // A reset that refuses has the number 0 (RFC 9293 section 3.10.7.1), and that is drawn. For tshark it is the one after
    // a SYN that was never sent.
    for index in 1..segments.len() {
        let [before, after] = &mut segments[index - 1..=index] else {
            continue;
        };
        if before.1.starts_with("SYN seq=0") && after.1 == "RST,ACK seq=1 ack=1" {
            after.1 = "RST,ACK seq=0 ack=1".into();
        }
    }
    segments
}

/// Compares a capture with what tshark reads in it, in ladders and as a list; says how many connections there are.
#[track_caller]
fn agrees(file: &Path) -> usize {
    let expected = expected(file);
    let found = by_ladder(&std::fs::read(file).unwrap());
    for (number, (found, expected)) in (1..).zip(found.iter().zip(&expected)) {
        assert_eq!(found, expected, "segment {number}");
    }
    assert_eq!(found.len(), expected.len());
    agrees_with_tshark(file);
    expected.last().map_or(0, |(stream, _)| stream + 1)
}

/// The files in an archive.
fn unpacked(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut rest = archive;
    let mut files = Vec::new();
    while rest.len() > 512 && rest[0] != 0 {
        let text = |range: std::ops::Range<usize>| {
            let text = String::from_utf8_lossy(&rest[range]).into_owned();
            text.trim_matches(['\0', ' ']).to_owned()
        };
        let length = usize::from_str_radix(&text(124..136), 8).unwrap();
        files.push((text(0..100), rest[512..512 + length].to_vec()));
        rest = &rest[512 + length.next_multiple_of(512)..];
    }
    files
}

#[test]
fn captures_of_dumpcap_are_read_as_by_tshark() {
    for program in ["dumpcap", "tshark", "mergecap", "python3", "tar"] {
        need(program);
    }
    let output = in_private_network(CAPTURE);
    let files = unpacked(&output.stdout);
    assert_eq!(
        files.len(),
        4,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut kept = Vec::new();
    for (file, octets) in files {
        let on_disk = OnDisk::new("live", &octets);
        assert_eq!(agrees(&on_disk.0), 8, "{file}");
        kept.push(on_disk);
    }
    let merged = OnDisk::new("live-merged", b"");
    run(
        "mergecap",
        &["-w", name(&merged.0), name(&kept[0].0), name(&kept[1].0)],
    );
    assert_eq!(agrees(&merged.0), 16);
}
