//! A node's own capture agrees with its journal about every segment.

#![cfg(feature = "linux")]

mod pair;

use pair::{Pair, receive};
use smolchat::capture::{PcapNg, Tee, ladder_file};
use smolchat::node::Handle;
use smolchat::trace::{Kind, State, Style};
use smoltcp::time::{Duration, Instant};
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

#[test]
fn every_segment_of_the_journal_is_in_the_capture() {
    let mut pair = Pair::default();
    let mut file = Vec::new();
    let mut capture = PcapNg::new(&mut file, UNIX_EPOCH).unwrap();
    let client: Handle = pair.a.connect(Instant::ZERO, Pair::server()).unwrap();
    let step = Duration::from_millis(100);
    run(&mut pair, &mut capture, step);
    let server = pair.b.accept().unwrap();
    pair.a.send(client, "你好".as_bytes()).unwrap();
    run(&mut pair, &mut capture, step);
    assert_eq!(receive(&mut pair.b, server), "你好".as_bytes());
    pair.a.close(pair.now, client);
    run(&mut pair, &mut capture, step);
    pair.b.close(pair.now, server);
    run(&mut pair, &mut capture, Duration::from_secs(61));
    capture.finish().unwrap();

    let path = std::env::temp_dir().join(format!("smolchat-node-{}.pcapng", std::process::id()));
    std::fs::write(&path, &file).unwrap();
    let mut drawn = Vec::new();
    let result = ladder_file(&path, &mut drawn, &Style::PLAIN);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(result.unwrap().connections, 1);
    let drawn = String::from_utf8(drawn).unwrap();

    // The arrows of the ladder drawn from the packets are those drawn from the journal.
    let from_journal = pair::ladder(&pair.a, client.id(), pair.now);
    assert_eq!(arrows(&drawn), arrows(&from_journal));
    let segments = pair
        .a
        .journal()
        .iter()
        .filter(|(_, event)| matches!(event.kind, Kind::Segment(_)));
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
