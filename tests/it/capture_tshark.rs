//! What is drawn of a capture is what Wireshark's programs read in it and write as it.

use crate::packets::*;
use smolchat::trace::Flags;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a program of Wireshark's says.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; scripts/test installs tshark"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {output:?}"
    );
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// These fields of every segment as tshark reads it: a line each, with tabs between.
pub(crate) fn fields(file: &Path, fields: &[&str]) -> String {
    let mut arguments = vec!["-r", name(file), "-Y", "tcp", "-T", "fields"];
    for field in fields {
        arguments.extend(["-e", field]);
    }
    run("tshark", &arguments)
}

/// Every segment as tshark reads it: its stream, and what a ladder writes on its arrow.
pub(crate) fn by_tshark(file: &Path) -> Vec<(usize, String)> {
    let wanted = [
        "tcp.stream",
        "tcp.flags",
        "tcp.seq",
        "tcp.ack",
        "tcp.len",
        "tcp.options.mss_val",
        "tcp.window_size_value",
        "tcp.analysis.retransmission",
        "tcp.analysis.lost_segment",
        "tcp.analysis.keep_alive",
        "tcp.analysis.zero_window_probe",
    ];
    let read = fields(file, &wanted);
    let lines = read.lines().map(|line| {
        let fields = Vec::from_iter(line.split('\t'));
        let bits = fields[1].trim_start_matches("0x");
        let flags = Flags::from_bits(u16::from_str_radix(bits, 16).unwrap() as u8);
        let mut text = format!("{flags} seq={}", fields[2]);
        if flags.contains(Flags::ACK) {
            text += &format!(" ack={}", fields[3]);
        }
        if fields[4] != "0" {
            text += &format!(" len={}", fields[4]);
        }
        if !fields[5].is_empty() {
            text += &format!(" mss={}", fields[5]);
        }
        if fields[6] == "0" && !flags.contains(Flags::RST) {
            text += " win=0";
        }
        let marks = [
            "retransmission",
            "out of order",
            "keep-alive",
            "window probe",
        ];
        for (mark, _) in marks
            .iter()
            .zip(&fields[7..])
            .filter(|(_, set)| !set.is_empty())
        {
            text += &format!(" [{mark}]");
        }
        (fields[0].parse().unwrap(), text)
    });
    lines.collect()
}

/// Every segment as it is drawn: its connection, counted from 0, and what stands on its arrow.
pub(crate) fn by_ladder(file: &[u8]) -> Vec<(usize, String)> {
    let (text, result) = draw(file);
    result.unwrap();
    let ladders = text.split("connection #").skip(1).enumerate();
    let arrows = ladders.flat_map(|(stream, ladder)| {
        let lanes = ladder.lines().filter_map(|line| line.split('│').nth(1));
        let mut labels = Vec::<(usize, String)>::new();
        for lane in lanes {
            let label = lane.trim_matches(['─', '▶', '◀', ' ']);
            if lane.contains(['▶', '◀']) {
                labels.push((stream, label.to_string()));
            } else if let Some((_, arrow)) = labels.last_mut().filter(|_| !label.is_empty()) {
                // A mark for which the arrow had no room.
                arrow.push_str(&format!(" {label}"));
            }
        }
        labels
    });
    arrows.collect()
}

/// tshark's segments in the order of a ladder's: one stream after the other.
#[track_caller]
fn agree(frames: &[Vec<u8>]) {
    agree_about(1, frames);
}

#[track_caller]
fn agree_about(link: u32, frames: &[Vec<u8>]) {
    let file = pcap(link, frames);
    let on_disk = OnDisk::new("agree", &file);
    let mut expected = by_tshark(&on_disk.0);
    expected.sort_by_key(|(stream, _)| *stream);
    assert_eq!(by_ladder(&file), expected);
    assert_eq!(expected.len(), frames.len(), "tshark sees every segment");
}

fn client(seq: u32, ack: u32, flags: u8, payload: usize) -> Vec<u8> {
    frame(CLIENT, SERVER, seq, ack, flags, payload)
}

fn server(seq: u32, ack: u32, flags: u8, payload: usize) -> Vec<u8> {
    frame(SERVER, CLIENT, seq, ack, flags, payload)
}

#[test]
fn numbers_and_control_bits_are_those_of_tshark() {
    agree(&conversation());
    let mut frames = conversation();
    // Echo and reduction of explicit congestion notification.
    frames[0][14 + 20 + 13] |= 0xc0;
    frames[1][14 + 20 + 13] |= 0x40;
    agree(&frames);
    // From the middle on.
    agree(&frames[4..]);
    // The answer stands before the SYN.
    frames.swap(0, 1);
    agree(&frames);
}

/// The conversation with something else before each IP packet.
fn behind(front: &[u8]) -> Vec<Vec<u8>> {
    let packets = conversation().into_iter();
    packets
        .map(|frame| [front, &frame[14..]].concat())
        .collect()
}

#[test]
fn every_link_is_read_as_by_tshark() {
    let cooked = |kind: &[u8]| [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0], kind].concat();
    let cooked2 = |kind: [u8; 2]| [&kind[..], &[0, 0, 0, 0, 0, 1, 0, 1, 0, 6], &[2; 8]].concat();
    let ethernet = |rest: &[u8]| [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], rest].concat();
    for (link, front) in [
        (0, vec![2, 0, 0, 0]),
        (108, vec![0, 0, 0, 2]),
        (9, vec![0xff, 3, 0, 0x21]),
        (9, vec![0, 0x21]),
        (50, vec![0xff, 3, 0, 0x21]),
        (51, vec![0x11, 0, 0, 1, 0, 90, 0, 0x21]),
        (12, vec![]),
        (14, vec![]),
        (101, vec![]),
        (228, vec![]),
        (104, vec![0x0f, 0, 8, 0]),
        (113, cooked(&[8, 0])),
        (113, cooked(&[0x81, 0, 0, 5, 8, 0])),
        (113, cooked(&[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0])),
        (276, cooked2([8, 0])),
        (276, [cooked2([0x81, 0]), vec![0, 5, 8, 0]].concat()),
        (1, ethernet(&[0x81, 0, 0, 5, 8, 0])),
        (1, ethernet(&[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0])),
        (1, ethernet(&[0x91, 0, 0, 5, 0x81, 0, 0, 6, 8, 0])),
        (1, ethernet(&[0x88, 0x47, 0, 1, 0, 64, 0, 2, 1, 64])),
        (1, ethernet(&[0x88, 0x64, 0x11, 0, 0, 1, 0, 90, 0, 0x21])),
        (1, ethernet(&[0, 100, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0])),
        (
            1,
            ethernet(&[0x81, 0, 0, 5, 0, 100, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0]),
        ),
        (1, ethernet(&[0x88, 0x70, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0])),
    ] {
        agree_about(link, &behind(&front));
    }
}

#[test]
fn every_tunnel_is_read_as_by_tshark() {
    let outer = [(200, 0), (201, 0)];
    let ip = |front: &[u8], frame: &[u8]| [front, &frame[14..]].concat();
    let udp = |port: u16, header: &[u8], frame: &[u8]| {
        let length = u16::try_from(8 + header.len() + frame.len()).unwrap();
        let ports = [0xc000, port, length, 0].map(u16::to_be_bytes);
        [ports.as_flattened(), header, frame].concat()
    };
    type Wrap<'w> = &'w dyn Fn(&[u8]) -> (u8, Vec<u8>);
    let tunnels: [Wrap<'_>; 8] = [
        &|frame| (4, ip(&[], frame)),
        &|frame| (47, ip(&[0, 0, 8, 0], frame)),
        &|frame| (47, ip(&[0x30, 0, 8, 0, 0, 0, 0, 9, 0, 0, 0, 1], frame)),
        &|frame| (47, [&[0, 0, 0x65, 0x58], frame].concat()),
        &|frame| (17, udp(4789, &[8, 0, 0, 0, 0, 0, 7, 0], frame)),
        &|frame| (17, udp(6081, &[0, 0, 0x65, 0x58, 0, 0, 7, 0], frame)),
        &|frame| {
            (
                17,
                udp(6081, &[1, 0, 0x65, 0x58, 0, 0, 7, 0, 0, 1, 0, 0], frame),
            )
        },
        &|frame| (51, ip(&[4, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], frame)),
    ];
    for wrap in tunnels {
        let wrapped = conversation().into_iter().map(|frame| {
            let (protocol, payload) = wrap(&frame);
            ethernet(&ipv4(outer[0], outer[1], protocol, &payload))
        });
        agree(&Vec::from_iter(wrapped));
    }
}

#[test]
fn lengths_of_0_are_read_as_by_tshark() {
    let frames = conversation().into_iter().map(|mut frame| {
        frame[16..18].fill(0);
        frame
    });
    agree(&Vec::from_iter(frames));
}

#[test]
fn repetitions_holes_and_probes_are_those_of_tshark() {
    let mut frames = conversation();
    frames.truncate(3);
    let closed = |mut frame: Vec<u8>| {
        frame[14 + 20 + 14..][..2].fill(0);
        frame
    };
    frames.extend([
        client(101, 501, PSH | ACK, 100),
        client(101, 501, PSH | ACK, 100),
        server(501, 201, ACK, 0),
        // A hole that is never filled.
        client(301, 501, PSH | ACK, 100),
        server(501, 201, ACK, 0),
        server(501, 401, ACK, 0),
        client(400, 501, ACK, 0),
        server(501, 401, ACK, 0),
        client(400, 501, ACK, 1),
        closed(server(501, 401, ACK, 0)),
        client(401, 501, ACK, 1),
        closed(server(501, 401, ACK, 0)),
        server(501, 401, ACK, 0),
        client(401, 501, PSH | ACK, 100),
        server(501, 501, ACK, 0),
        client(501, 501, FIN | ACK, 0),
        client(501, 501, FIN | ACK, 0),
    ]);
    agree(&frames);
}

#[test]
fn connections_begin_where_streams_of_tshark_do() {
    let mut frames = conversation();
    // On a port that was closed, and on one that nobody saw being closed.
    frames.extend(conversation().into_iter().map(|mut frame| {
        frame[14 + 20 + 5] ^= 0x40;
        frame[14 + 20 + 9] ^= 0x40;
        frame
    }));
    frames.truncate(15);
    frames.extend([
        client(7_000_000, 0, SYN, 0),
        client(7_000_000, 0, SYN, 0),
        server(0xffff_fff0, 7_000_001, SYN | ACK, 0),
        client(7_000_001, 0xffff_fff1, ACK, 0),
        server(0xffff_fff1, 7_000_001, PSH | ACK, 100),
        client(7_000_001, 85, RST | ACK, 0),
    ]);
    // Another pair in between.
    frames.insert(8, frame((7, 7), SERVER, 1, 0, SYN, 0));
    frames.insert(12, frame(SERVER, (7, 7), 0, 2, SYN | ACK, 0));
    agree(&frames);
}

#[test]
fn every_format_that_editcap_writes_draws_the_same() {
    let file = pcap(1, &conversation());
    let (expected, _) = draw(&file);
    let from = OnDisk::new("editcap-from", &file);
    let to = OnDisk::new("editcap-to", b"");
    for arguments in [
        &["-F", "pcap"][..],
        &["-F", "nsecpcap"],
        &["-F", "modpcap"],
        &["-F", "pcapng"],
        &["-F", "pcapng", "-a", "3:a comment"],
        &["-F", "pcapng", "-s", "60"],
        &["-F", "pcap", "-s", "54"],
        &["-F", "pcap", "-s", "50"],
    ] {
        run(
            "editcap",
            &[arguments, &[name(&from.0), name(&to.0)]].concat(),
        );
        let (text, result) = draw(&std::fs::read(&to.0).unwrap());
        assert_eq!(text, expected, "{arguments:?}");
        assert_eq!(result.unwrap().packets, 10);
    }
    run("editcap", &["-T", "ppi", name(&from.0), name(&to.0)]);
    let (text, _) = draw(&std::fs::read(&to.0).unwrap());
    assert_eq!(text, "packets left out: 10 (link type 192 is not known)\n");
}

#[test]
fn captures_of_two_kinds_of_link_are_merged_into_one() {
    let raw = conversation().into_iter().map(|frame| frame[14..].to_vec());
    let first = OnDisk::new("merge-1", &pcap(1, &conversation()[..5]));
    let second = OnDisk::new("merge-2", &pcap(101, &Vec::from_iter(raw)[5..]));
    let merged = OnDisk::new("merged", b"");
    run(
        "mergecap",
        &["-a", "-w", name(&merged.0), name(&first.0), name(&second.0)],
    );
    let (text, result) = draw(&std::fs::read(&merged.0).unwrap());
    assert_eq!(result.unwrap().connections, 1);
    let arrows = |text: &str| text.matches(['▶', '◀']).count();
    assert_eq!(arrows(&text), 10, "{text}");
    assert!(text.contains(" four-way teardown "), "{text}");
}

#[test]
fn a_capture_comes_from_a_pipe_too() {
    let file = pcap(1, &conversation());
    let on_disk = OnDisk::new("piped", &file);
    let ladder = |argument: &str, input: Stdio| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_smolchat"));
        program.args(["ladder", "--no-text", argument]).stdin(input);
        let output = program.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let (expected, _) = draw(&file);
    assert_eq!(ladder(name(&on_disk.0), Stdio::null()), expected);
    let file = File::open(&on_disk.0).unwrap();
    assert_eq!(ladder("-", file.into()), expected);
    let mut gzip = Command::new("gzip");
    let gzip = gzip.args(["-c", name(&on_disk.0)]).stdout(Stdio::piped());
    let mut gzip = gzip.spawn().unwrap();
    let compressed = gzip.stdout.take().unwrap();
    assert_eq!(ladder("/dev/stdin", compressed.into()), expected);
    assert!(gzip.wait().unwrap().success());
}
