//! Terminals, with their keys and commands, and programs that send the end of a string.

use super::*;

#[test]
fn telnet_negotiation_is_no_message() {
    // PuTTY's opening, with a window of 10 columns: an LF octet inside a subnegotiation.
    let opening =
        b"\xff\xfb\x1f\xff\xfb\x20\xff\xfd\x01\xff\xfa\x1f\x00\x0a\x00\x18\xff\xf0\xff\xf1";
    for cut in 0..opening.len() {
        let mut stream = Stream::new();
        stream.receive(&opening[..cut]);
        stream.wait(500);
        stream.receive(&opening[cut..]);
        stream.wait(5000);
        assert_eq!(stream.take(), [], "cut at {cut}");
        stream.receive(b"hello\r\n");
        assert_eq!(stream.take(), [line("hello")]);
    }
}

const IAC: u8 = 255;
const IP: u8 = 244;
const SB: u8 = 250;
const SE: u8 = 240;
const WILL: u8 = 251;
const WONT: u8 = 252;
const DO: u8 = 253;
const DONT: u8 = 254;
const TIMING_MARK: u8 = 6;

#[test]
fn telnet_commands_are_removed_wherever_they_stand_and_however_they_are_cut() {
    let sent = [
        b"hal".as_slice(),
        &[IAC, IP, IAC, DO, TIMING_MARK],
        b"lo",
        &[IAC, SB, 31, 0, b'\n', IAC, IAC, b'\r', IAC, SE],
        b" du\r",
        &[IAC, 241],
        b"\n",
    ]
    .concat();
    for cut in 0..=sent.len() {
        let mut stream = Stream::new();
        stream.receive(b"first\n");
        stream.receive(&sent[..cut]);
        stream.wait(30);
        stream.receive(&sent[cut..]);
        stream.wait(2000);
        assert_eq!(
            stream.take(),
            [line("first"), line("hallo du")],
            "cut at {cut}"
        );
        assert_eq!(stream.replies, [IAC, WILL, TIMING_MARK], "cut at {cut}");
    }
    let mut stream = Stream::new();
    for octet in sent {
        stream.receive(&[octet]);
        stream.wait(100);
    }
    assert_eq!(stream.take(), [line("hallo du")]);
    assert_eq!(stream.replies, [IAC, WILL, TIMING_MARK]);
}

#[test]
fn a_timing_mark_is_answered_before_the_line_ends() {
    let mut stream = Stream::new();
    stream.receive(&[b'a', IAC, IP, IAC, DO, TIMING_MARK]);
    assert_eq!(stream.replies, [IAC, WILL, TIMING_MARK]);
    stream.receive(b"b");
    stream.receive(&[IAC, DO, TIMING_MARK, b'\n']);
    assert_eq!(stream.take(), [line("ab")]);
    assert_eq!(stream.replies, [IAC, WILL, TIMING_MARK].repeat(2));
}

#[test]
fn every_option_is_refused_and_a_refusal_is_not_answered() {
    let mut stream = Stream::new();
    stream.receive(&[
        IAC,
        DO,
        1,
        IAC,
        WILL,
        31,
        IAC,
        DONT,
        3,
        IAC,
        WONT,
        24,
        IAC,
        WILL,
        TIMING_MARK,
    ]);
    let refusals = [IAC, WONT, 1, IAC, DONT, 31, IAC, DONT, TIMING_MARK];
    assert_eq!(stream.replies, refusals);
    let mut other = Stream::new();
    other.receive(&refusals);
    assert!(
        other.replies.is_empty(),
        "two nodes do not negotiate for ever"
    );
    stream.receive(&[IAC, 246]);
    assert!(stream.replies.ends_with(b"[yes]\r\n"));
    assert_eq!(stream.take(), []);
}

#[test]
fn a_doubled_iac_is_an_octet_and_one_before_no_command_is_none() {
    let mut stream = Stream::new();
    stream.receive(&[b'a', IAC, IAC, b'b', IAC, b'c', b'\n']);
    assert_eq!(stream.take(), [line("a\u{fffd}bc")]);
    stream.receive(&[IAC]);
    stream.wait(61_000);
    assert_eq!(stream.take(), []);
}

#[test]
fn no_line_is_lost_behind_a_subnegotiation_without_an_end() {
    // It is waited for, and then it was none.
    let mut stream = Stream::new();
    stream.receive(&[IAC, SB, 24]);
    stream.receive(b"one\ntwo\nthr");
    stream.wait(999);
    assert_eq!(stream.take(), []);
    stream.wait(1);
    assert_eq!(stream.take(), [line("one"), line("two")]);
    stream.receive(b"ee\n");
    assert_eq!(stream.take(), [line("three")]);
    // It goes on for too long.
    let mut stream = Stream::new();
    stream.receive(&[IAC, SB, 24]);
    let lines: Vec<_> = (0..100).map(|number| format!("line {number}")).collect();
    for text in &lines {
        stream.receive(text.as_bytes());
        stream.receive(b"\n");
    }
    let all: Vec<_> = lines.iter().map(|text| line(text)).collect();
    assert_eq!(stream.take(), all);
    // The stream ends in it.
    let mut stream = Stream::new();
    stream.receive(b"first\n");
    stream.receive(&[IAC, SB, 24]);
    stream.receive(b"last\n");
    stream.end();
    assert_eq!(stream.take(), [line("first"), line("last"), Out::End]);
}

#[test]
fn however_many_nuls_are_sent_at_once_they_have_one_answer() {
    for (count, end, answer) in [(65_536, "\n", line("")), (SCRATCH * 3, "", idle(""))] {
        for at_once in [SCRATCH, 4096] {
            let mut stream = Stream::new();
            let sent = [vec![0; count], end.as_bytes().to_vec()].concat();
            for octets in sent.chunks(at_once) {
                stream.receive(octets);
                stream.wait(20);
            }
            stream.wait(1000);
            assert_eq!(stream.take(), std::slice::from_ref(&answer), "{count}");
        }
    }
}

#[test]
fn a_subnegotiation_may_come_slowly() {
    let mut stream = Stream::new();
    stream.receive(&[b'a', IAC, SB, 24]);
    for _ in 0..50 {
        stream.receive(b"x\ny\xff\xff");
        stream.wait(900);
    }
    stream.receive(&[IAC, SE, b'b', b'\n']);
    assert_eq!(stream.take(), [line("ab")]);
}

#[test]
fn a_terminal_may_erase_characters_and_the_line() {
    let mut stream = Stream::new();
    stream.receive(&[b'x', IAC, 248, b'a', b'b', IAC, 247, b'c', b'\n']);
    assert_eq!(stream.take(), [line("ac")]);
    stream.receive("na\u{8}ein\u{7f}n\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}好\u{8}你\n".as_bytes());
    assert_eq!(stream.take(), [line("你")]);
}

#[test]
fn each_key_as_it_is_typed_makes_a_line() {
    for pause in [41, 150, 400, 900] {
        let mut stream = Stream::new();
        for key in b"quick hel;\x08lo" {
            stream.receive(&[*key]);
            stream.wait(pause);
        }
        stream.receive(b"\r\n");
        // One thinks about what comes next, in the middle of a line.
        for key in b"q" {
            stream.wait(20_000);
            stream.receive(&[*key]);
        }
        stream.wait(20_000);
        stream.receive(b"\r\0");
        assert_eq!(stream.take(), [line("quick hello"), line("q")], "{pause}");
    }
    // Two keys at once, as fast hands do it.
    let mut stream = Stream::new();
    for (key, pause) in b"the end".iter().zip([10, 90, 60, 45, 10, 200, 300]) {
        stream.receive(&[*key]);
        stream.wait(pause);
    }
    stream.receive(b"\r\n");
    assert_eq!(stream.take(), [line("the end")]);
}

#[test]
fn who_negotiated_is_a_terminal_however_slowly_it_types() {
    let mut stream = Stream::new();
    stream.receive(&[IAC, WILL, 31]);
    for text in ["hel", "lo", "\r\n"] {
        stream.wait(30_000);
        stream.receive(text.as_bytes());
    }
    assert_eq!(stream.take(), [line("hello")]);
}

#[test]
fn a_single_octet_is_a_message_after_a_second_and_then_as_soon_as_any() {
    let mut stream = Stream::new();
    stream.receive(b"q");
    stream.wait(999);
    assert_eq!(stream.out, []);
    stream.wait(1);
    assert_eq!(stream.take(), [idle("q")]);
    stream.receive(b"q");
    stream.wait(40);
    assert_eq!(stream.take(), [idle("q")]);
    // A Chinese character is no key.
    let mut stream = Stream::new();
    stream.receive("你".as_bytes());
    stream.wait(40);
    assert_eq!(stream.take(), [idle("你")]);
}

#[test]
fn octets_one_by_one_without_a_pause_are_no_keys() {
    let mut stream = Stream::new();
    for octet in b"hello" {
        stream.receive(&[*octet]);
        stream.wait(5);
    }
    stream.wait(35);
    assert_eq!(stream.take(), [idle("hello")]);
}

#[test]
fn nuls_behind_a_line_are_nothing_however_they_are_cut() {
    let sent = b"one\n\0";
    for cut in 0..=sent.len() {
        let mut stream = Stream::new();
        stream.receive(&sent[..cut]);
        stream.wait(30);
        stream.receive(&sent[cut..]);
        stream.wait(100);
        stream.receive(b"two\r\n\0\0\0");
        stream.wait(2000);
        assert_eq!(stream.take(), [line("one"), line("two")], "cut at {cut}");
    }
}

#[test]
fn a_whole_buffer_is_one_message_whatever_its_size() {
    for (text, expected) in [
        ("q", idle("q")),
        ("你好", idle("你好")),
        ("hi\n", line("hi")),
    ] {
        for size in [
            text.len() + 1,
            100,
            1024,
            1025,
            1026,
            1027,
            1028,
            1029,
            2048,
            10_000,
        ] {
            let mut buffer = text.as_bytes().to_vec();
            buffer.resize(size, 0);
            for segment in [1460, usize::MAX] {
                let mut stream = Stream::new();
                for part in buffer.chunks(segment.min(size)) {
                    stream.receive(part);
                    stream.wait(2);
                }
                stream.wait(2000);
                let only = std::slice::from_ref(&expected);
                assert_eq!(stream.take(), only, "{text:?} in {size}");
                stream.receive(&buffer);
                stream.wait(2000);
                assert_eq!(stream.take(), only, "{text:?} in {size}, again");
            }
        }
    }
}

#[test]
fn nuls_alone_are_an_empty_message_each_time_they_are_sent() {
    let mut stream = Stream::new();
    for count in [1, 64, 3000] {
        stream.receive(&std::vec![0; count]);
        stream.wait(100);
        assert_eq!(stream.take(), [idle("")], "{count}");
    }
    stream.receive(b"one\n\0");
    stream.receive(b"\0\0\0\0");
    stream.wait(100);
    assert_eq!(
        stream.take(),
        [line("one"), idle("")],
        "an empty string behind a line"
    );
    stream.receive(b"a\0b\n");
    assert_eq!(stream.take(), [line("ab")], "one send, one answer");
}
