//! `smolchat ladder --list`, the selection of connections, and the bounds of what is kept.

use crate::capture_tshark::{fields, name};
use crate::packets::*;
use crate::scene::golden;
use smolchat::capture::{Bounds, CaptureError, Drawn, Ended, LeftOut, Selection, list, selected};
use smolchat::lang::Lang;
use smolchat::trace::Style;
use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Output};

/// A connection of [`several`]: its client.
const fn from(port: u16) -> End {
    (CLIENT.0, port)
}

/// The conversation of another client.
fn conversation_of(client: End) -> impl Iterator<Item = Vec<u8>> {
    conversation()
        .into_iter()
        .enumerate()
        .map(move |(index, mut frame)| {
            let is_from_client = ![1, 4, 7, 8].contains(&index);
            let place = 14 + 20 + if is_from_client { 0 } else { 2 };
            frame[place..place + 2].copy_from_slice(&client.1.to_be_bytes());
            frame
        })
}

/// A connection for each way to end that a capture can show.
fn several() -> Vec<Vec<u8>> {
    let mut frames = conversation();
    let at = |port, seq, ack, flags, len| frame(from(port), SERVER, seq, ack, flags, len);
    let back = |port, seq, ack, flags, len| frame(SERVER, from(port), seq, ack, flags, len);
    // Sent again, a gap, a part that never comes; then a reset.
    frames.extend(conversation_of(from(1001)).take(5));
    frames.extend([
        at(1001, 101, 501, PSH | ACK, 24),
        at(1001, 225, 532, PSH | ACK, 10),
        back(1001, 532, 125, RST, 0),
    ]);
    frames.extend([at(1002, 7, 0, SYN, 0), back(1002, 0, 8, RST | ACK, 0)]);
    frames.extend([at(1003, 7, 0, SYN, 0), at(1003, 7, 0, SYN, 0)]);
    frames.extend([at(1004, 7, 0, SYN, 0), back(1004, 70, 8, SYN | ACK, 0)]);
    frames.extend(conversation_of(from(1005)).take(8));
    frames.extend(conversation_of(from(1006)).take(6));
    frames
}

fn listed(file: &[u8], lang: Lang, only: &Selection) -> (String, Result<Drawn, CaptureError>) {
    let mut out = Vec::new();
    let input = Box::new(Cursor::new(file.to_vec()));
    let (name, bounds) = (Path::new("FILE"), Bounds::default());
    let result = list(input, name, &mut out, lang, only, bounds);
    (String::from_utf8(out).unwrap(), result)
}

fn drawn(file: &[u8], only: &Selection, bounds: Bounds) -> (String, Result<Drawn, CaptureError>) {
    let mut out = Vec::new();
    let input = Box::new(Cursor::new(file.to_vec()));
    let result = selected(
        input,
        Path::new("FILE"),
        &mut out,
        &Style::PLAIN,
        only,
        bounds,
    );
    (String::from_utf8(out).unwrap(), result)
}

/// The numbers of the connections in a list.
fn numbers(list: &str) -> Vec<&str> {
    let lines = list.lines().map(str::trim_start);
    let lines = lines.filter_map(|line| line.strip_prefix('#'));
    lines.filter_map(|line| line.split(' ').next()).collect()
}

#[test]
fn every_connection_has_a_line_in_every_language() {
    let file = pcap(1, &several());
    for lang in Lang::ALL {
        let (text, result) = listed(&file, lang, &Selection::ALL);
        assert_eq!(result.unwrap().connections, 7);
        golden(&format!("capture-list.{}", lang.code()), &text);
    }
}

#[test]
fn conditions_choose_connections_for_lists_and_ladders_and_keep_their_numbers() {
    let file = pcap(1, &several());
    let host = |octet| smoltcp::wire::IpAddress::v4(192, 168, 69, octet);
    let ports = |ports: &[u16]| Selection {
        ports: ports.to_vec(),
        ..Selection::ALL
    };
    let ended = |ended: &[Ended]| Selection {
        ended: ended.to_vec(),
        ..Selection::ALL
    };
    let both = Selection {
        ports: vec![1001, 1002],
        hosts: vec![host(CLIENT.0)],
        ended: vec![Ended::Refused],
    };
    for (only, expected) in [
        (ports(&[9000]), &["1", "2", "3", "4", "5", "6", "7"][..]),
        (ports(&[1002, 1005]), &["3", "6"]),
        (ended(&[Ended::Closed]), &["1"]),
        (ended(&[Ended::Reset, Ended::Open]), &["2", "7"]),
        (both, &["3"]),
    ] {
        let (text, result) = listed(&file, Lang::En, &only);
        assert_eq!(numbers(&text), expected);
        assert_eq!(result.unwrap().connections, expected.len());
        let (text, result) = drawn(&file, &only, Bounds::default());
        let ladders = text.split("connection #").skip(1);
        let ladders: Vec<_> = ladders
            .map(|it| it.split_whitespace().next().unwrap())
            .collect();
        assert_eq!(ladders, expected);
        assert_eq!(result.unwrap().connections, expected.len());
    }
    let nobody = Selection {
        hosts: vec![host(77)],
        ..Selection::ALL
    };
    let sentence = "none of the TCP connections in FILE is selected; there are 7. smolchat ladder --list shows them";
    for (text, result) in [
        listed(&file, Lang::En, &nobody),
        drawn(&file, &nobody, Bounds::default()),
    ] {
        assert_eq!(
            (&*text, result.unwrap_err().to_string()),
            ("", sentence.into())
        );
    }
}

#[test]
fn what_is_beyond_the_bounds_is_counted_and_the_rest_is_drawn() {
    let file = pcap(1, &several());
    let whole = drawn(&file, &Selection::ALL, Bounds::default()).0;
    let (connections, segments) = (
        Bounds {
            connections: 1,
            ..Bounds::default()
        },
        Bounds {
            segments: 10,
            ..Bounds::default()
        },
    );
    for bounds in [connections, segments] {
        let (text, result) = drawn(&file, &Selection::ALL, bounds);
        let (ladders, counted) = text.split_once("packets left out").unwrap();
        assert!(whole.starts_with(ladders.split("connection #2").next().unwrap()));
        assert_eq!(
            counted,
            format!(": {} (no more are kept at once)\n", several().len() - 10)
        );
        let error = result.unwrap_err();
        assert!(matches!(error, CaptureError::TooMuch(_)), "{error}");
        assert!(error.to_string().contains("--port"));
    }
    // A list keeps no segments.
    let mut out = Vec::new();
    let none = Bounds {
        segments: 0,
        ..Bounds::default()
    };
    let input = Box::new(Cursor::new(file));
    let result = list(
        input,
        Path::new("FILE"),
        &mut out,
        Lang::En,
        &Selection::ALL,
        none,
    );
    assert!(
        result
            .unwrap()
            .left_out
            .iter()
            .all(|(why, _)| why != LeftOut::Full)
    );
}

/// What tshark has of each stream: segments, octets of both ends, sent again, gaps, and the time of the handshake.
fn by_tshark(file: &Path) -> Vec<(u64, u64, u64, u64, Option<f64>)> {
    let wanted = [
        "tcp.stream",
        "tcp.len",
        "tcp.analysis.retransmission",
        "tcp.analysis.lost_segment",
        "tcp.analysis.initial_rtt",
    ];
    let mut streams = Vec::new();
    for line in fields(file, &wanted).lines() {
        let fields = Vec::from_iter(line.split('\t'));
        let stream: usize = fields[0].parse().unwrap();
        streams.resize(streams.len().max(stream + 1), (0, 0, 0, 0, None));
        let (segments, octets, again, gaps, handshake) = &mut streams[stream];
        *segments += 1;
        *octets += fields[1].parse::<u64>().unwrap();
        *again += u64::from(!fields[2].is_empty());
        *gaps += u64::from(!fields[3].is_empty());
        *handshake = handshake.or(fields[4].parse().ok());
    }
    streams
}

/// A time as a list has it, without its space.
fn span(micros: u64) -> String {
    match micros {
        0..1000 => format!("{micros}us"),
        1000..1_000_000 => format!("{}.{}ms", micros / 1000, micros / 100 % 10),
        _ => format!("{}.{}s", micros / 1_000_000, micros / 100_000 % 10),
    }
}

/// Compares a list with what tshark has.
#[track_caller]
pub(crate) fn agrees_with_tshark(file: &Path) {
    let (text, result) = listed(&std::fs::read(file).unwrap(), Lang::En, &Selection::ALL);
    result.unwrap();
    let streams = by_tshark(file);
    let lines = text
        .lines()
        .filter(|line| line.trim_start().starts_with('#'));
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines.len(), streams.len(), "{text}");
    for (line, (segments, octets, again, gaps, handshake)) in lines.iter().zip(streams) {
        let fields = line
            .replace(" + ", "+")
            .replace(" us", "us")
            .replace(" ms", "ms")
            .replace(" s ", "s ");
        let fields = Vec::from_iter(fields.split_whitespace());
        let (sent, received) = fields[6].split_once('+').unwrap();
        let sum = sent.parse::<u64>().unwrap() + received.parse::<u64>().unwrap();
        let found = [fields[5], fields[7], fields[8]].map(|it| it.parse::<u64>().unwrap());
        assert_eq!((found, sum), ([segments, again, gaps], octets), "{line}");
        let micros = handshake.map(|seconds| (seconds * 1e6).round() as u64);
        // Ours are differences of whole microseconds.
        let near = micros.map(|micros| (micros.saturating_sub(1)..=micros + 1).map(span));
        let is_near = near.is_some_and(|mut near| near.any(|it| it == fields[4]));
        // A refusal is a handshake for tshark.
        let is_none = ["refused", "unanswered", "half-open"].contains(&fields[1]);
        assert!(
            if is_none { fields[4] == "-" } else { is_near },
            "{line} {handshake:?}"
        );
    }
}

#[test]
fn the_numbers_of_a_list_are_those_of_tshark() {
    let file = OnDisk::new("list", &pcap(1, &several()));
    agrees_with_tshark(&file.0);
}

fn program(arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_smolchat"));
    program
        .arg("ladder")
        .args(arguments)
        .env("LC_ALL", "C")
        .output()
        .unwrap()
}

#[test]
fn the_program_lists_and_selects() {
    let file = OnDisk::new("list-program", &pcap(1, &several()));
    let path = name(&file.0);
    let output = program(&[
        "--list",
        "--port",
        "1001",
        "--port",
        "1002",
        "--host",
        "192.168.69.1",
        path,
    ]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(numbers(&text), ["2", "3"]);
    assert!(
        text.ends_with("2 connections: 1 reset, 1 refused\n"),
        "{text}"
    );
    let output = program(&["--why", "--ended", "refused", path]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("#3 ") && text.contains("refuses"),
        "{text}"
    );
    for (arguments, sentence) in [
        (
            ["--ended", "badly"],
            "it is one of closed, half-closed, reset",
        ),
        (["--port", "http"], "such as 443"),
        (["--host", "example.org"], "such as 192.168.69.1"),
    ] {
        let output = program(&[&arguments[..], &[path]].concat());
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(sentence), "{said}");
    }
    let output = program(&["--list", "--ended", "given-up", path]);
    assert_eq!(output.status.code(), Some(1));
}
