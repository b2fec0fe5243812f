//! A node's own capture agrees with its journal about every segment.

use crate::pair::{Pair, receive};
use smolchat::capture::{PcapNg, Tee, ladder_file};
use smolchat::node::Handle;
use smolchat::trace::{Kind, State, Style};
use smoltcp::time::{Duration, Instant};
use std::path::PathBuf;
use std::process::Command;
use std::time::UNIX_EPOCH;

/// Runs a pair for a while with all that crosses the device of `a` captured.
fn run(pair: &mut Pair, capture: &mut PcapNg<&mut Vec<u8>>, duration: Duration) {
    let end = pair.now + duration;
    loop {
        let now = pair.now;
        let mut wire = pair.wire.end_a();
        let mut device = Tee::new(&mut wire, |at, direction, frame: &[u8]| {
            capture.frame(at, direction, frame).unwrap();
        });
        let a = pair.a.poll(now, &mut device);
        capture.annotate(pair.a.journal()).unwrap();
        let b = pair.b.poll(now, &mut pair.wire.end_b());
        let next = [a, b, pair.wire.next_arrival()].into_iter().flatten().min();
        match next {
            Some(next) if next <= end => pair.now = now.max(next),
            _ => break,
        }
    }
    pair.now = end;
}

/// A conversation from the handshake to the end of TIME-WAIT, and its capture.
fn conversation() -> (Pair, Handle, Vec<u8>) {
    let mut pair = Pair::default();
    let mut file = Vec::new();
    let mut capture = PcapNg::new(&mut file, UNIX_EPOCH).unwrap();
    let client: Handle = pair.a.connect(Instant::ZERO, Pair::server()).unwrap();
    let step = Duration::from_millis(100);
    run(&mut pair, &mut capture, step);
    let server = pair.b.accept().unwrap();
    pair.a.tcp(client).unwrap().send("你好".as_bytes()).unwrap();
    run(&mut pair, &mut capture, step);
    assert_eq!(receive(&mut pair.b, server), "你好".as_bytes());
    pair.a.tcp(client).unwrap().close(pair.now);
    run(&mut pair, &mut capture, step);
    pair.b.tcp(server).unwrap().close(pair.now);
    run(&mut pair, &mut capture, Duration::from_secs(61));
    capture.finish().unwrap();
    (pair, client, file)
}

/// The capture as a file, for as long as this lives.
struct OnDisk(PathBuf);

impl OnDisk {
    fn new(name: &str, octets: &[u8]) -> Self {
        let name = format!("smolchat-{name}-{}.pcapng", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, octets).unwrap();
        Self(path)
    }
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        // Whether it is still there does not matter any more.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn tshark_and_the_journal_agree_about_every_segment() {
    let (pair, _, file) = conversation();
    let file = OnDisk::new("tshark", &file);
    let mut tshark = Command::new("tshark");
    tshark
        .arg("-r")
        .arg(&file.0)
        .args(["-Y", "tcp", "-T", "fields"]);
    for field in ["seq", "ack", "len", "window_size_value", "flags"] {
        tshark.args(["-e", &format!("tcp.{field}")]);
    }
    let output = tshark.output().expect("tshark; scripts/test installs it");
    assert!(output.status.success(), "{output:?}");
    let read = String::from_utf8(output.stdout).unwrap();
    let read: Vec<&str> = read.lines().collect();
    let written: Vec<String> = pair
        .a
        .journal()
        .iter()
        .filter_map(|(_, event)| match event.kind() {
            Kind::Segment(segment) => Some(segment),
            _ => None,
        })
        .map(|segment| {
            let header = segment.header;
            format!(
                "{}\t{}\t{}\t{}\t0x{:04x}",
                segment.seq,
                segment.ack,
                header.len,
                header.window,
                header.flags.bits()
            )
        })
        .collect();
    assert_eq!(written, read);
}

#[test]
fn every_segment_of_the_journal_is_in_the_capture() {
    let (pair, client, file) = conversation();
    let on_disk = OnDisk::new("node", &file);
    let mut drawn = Vec::new();
    let result = ladder_file(&on_disk.0, &mut drawn, &Style::PLAIN);
    assert_eq!(result.unwrap().connections, 1);
    let drawn = String::from_utf8(drawn).unwrap();

    // The arrows of the ladder drawn from the packets are those drawn from the journal.
    let from_journal = crate::pair::ladder(&pair.a, client.id(), pair.now);
    assert_eq!(arrows(&drawn), arrows(&from_journal));
    let segments = pair
        .a
        .journal()
        .iter()
        .filter(|(_, event)| matches!(event.kind(), Kind::Segment(_)));
    assert_eq!(arrows(&drawn).len(), segments.count());

    // Each change of state is a comment, in order.
    let text = String::from_utf8_lossy(&file);
    let changes = [
        (State::Closed, State::SynSent),
        (State::SynSent, State::Established),
        (State::Established, State::FinWait1),
        (State::FinWait1, State::FinWait2),
        (State::FinWait2, State::TimeWait),
        (State::TimeWait, State::Closed),
    ];
    let places =
        changes.map(|(from, to)| text.find(&format!("{from} -> {to}")).expect("a comment"));
    assert!(places.is_sorted());
}

/// What stands between the life lines on lines with an arrow.
fn arrows(ladder: &str) -> Vec<&str> {
    ladder
        .lines()
        .filter(|line| line.contains(['▶', '◀']))
        .map(|line| line.split('│').nth(1).unwrap())
        .collect()
}

#[test]
fn the_ladder_of_a_nodes_own_capture_is_that_of_its_journal_to_the_end_of_2_msl() {
    let (pair, client, file) = conversation();
    let on_disk = OnDisk::new("noted", &file);
    let mut drawn = Vec::new();
    ladder_file(&on_disk.0, &mut drawn, &Style::PLAIN).unwrap();
    let drawn = String::from_utf8(drawn).unwrap();
    let from_journal = crate::pair::ladder(&pair.a, client.id(), pair.now);
    assert_eq!(rows(&drawn), rows(&from_journal));
    assert!(drawn.contains("FIN-WAIT-1 │ close()"), "{drawn}");
    assert!(drawn.contains("CLOSED │ 2 MSL over"), "{drawn}");
    assert!(drawn.contains(" closed by both sides "), "{drawn}");
    assert!(!drawn.contains("the capture ends"), "{drawn}");
}

/// All lines below the names, without their times. The call that opens is as
/// old as the first packet there: what was before that, a question about the neighbour, is not known.
fn rows(ladder: &str) -> Vec<String> {
    let rows = ladder.trim_end().lines().skip(3);
    rows.map(|line| line.chars().skip(13).collect()).collect()
}
