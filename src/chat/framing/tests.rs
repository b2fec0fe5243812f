//! A member's program, its segments and their times; and what framing makes of them.

use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use super::*;

mod commands;
mod terminals;

/// What came out of a stream, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Out {
    Message(String, MessageEnd),
    TooLong(MessageEnd),
    End,
}

fn line(text: &str) -> Out {
    Out::Message(text.to_string(), MessageEnd::Line)
}

fn idle(text: &str) -> Out {
    Out::Message(text.to_string(), MessageEnd::Idle)
}

/// The receive ring of a socket, and the caller's part of the contract.
struct Stream {
    now: Instant,
    ring: Vec<u8>,
    ended: bool,
    framer: Framer,
    patience: Duration,
    out: Vec<(i64, Out)>,
    replies: Vec<u8>,
}

impl Stream {
    fn new() -> Self {
        let now = Instant::from_secs(100);
        Self {
            now,
            ring: vec![],
            ended: false,
            framer: Framer::new(now),
            patience: Duration::ZERO,
            out: vec![],
            replies: vec![],
        }
    }

    /// Does what the framer says until it waits; its deadline.
    fn look(&mut self) -> Option<Instant> {
        loop {
            let mut seen = self.ring[..self.ring.len().min(SCRATCH)].to_vec();
            let step = self
                .framer
                .next(self.now, &mut seen, self.ended, self.patience);
            let at = (self.now - Instant::from_secs(100)).total_millis() as i64;
            let consume = match step {
                Step::Message {
                    consume,
                    len,
                    ending,
                } => {
                    assert!(len <= consume && consume <= seen.len() && len <= MESSAGE_MAX);
                    let text = String::from_utf8_lossy(&seen[..len]).into_owned();
                    self.out.push((at, Out::Message(text, ending)));
                    consume
                }
                Step::TooLong { consume, ending } => {
                    self.out.push((at, Out::TooLong(ending)));
                    consume
                }
                Step::Skip { consume } => {
                    assert!(consume > 0);
                    consume
                }
                Step::Reply(reply) => {
                    self.replies.extend_from_slice(reply.octets());
                    0
                }
                Step::Wait { deadline } => {
                    assert!(
                        deadline.is_none_or(|deadline| deadline > self.now),
                        "a deadline lies ahead"
                    );
                    return deadline;
                }
                Step::End => {
                    assert!(self.ring.is_empty());
                    if self.out.last().is_none_or(|(_, last)| *last != Out::End) {
                        self.out.push((at, Out::End));
                    }
                    return None;
                }
            };
            self.ring.drain(..consume);
        }
    }

    /// Lets time pass, to the deadlines on the way.
    fn wait(&mut self, millis: u64) {
        let until = self.now + Duration::from_millis(millis);
        while let Some(deadline) = self.look().filter(|deadline| *deadline <= until) {
            self.now = deadline;
        }
        self.now = until;
        self.look();
    }

    fn receive(&mut self, octets: &[u8]) {
        self.ring.extend_from_slice(octets);
        self.look();
    }

    fn end(&mut self) {
        self.ended = true;
        self.look();
    }

    fn take(&mut self) -> Vec<Out> {
        self.out.drain(..).map(|(_, out)| out).collect()
    }
}

#[test]
fn a_line_is_a_message_at_once() {
    let mut stream = Stream::new();
    stream.receive(b"hello\nand again\r\ntelnet\r\0");
    assert_eq!(
        stream.take(),
        [line("hello"), line("and again"), line("telnet")]
    );
    assert!(!stream.framer.unterminated());
}

#[test]
fn a_send_without_a_line_end_is_a_message_40_ms_after_its_last_octet() {
    let mut stream = Stream::new();
    stream.receive("你好么,".as_bytes());
    stream.wait(39);
    stream.receive("我好哟".as_bytes());
    stream.wait(39);
    assert_eq!(stream.out, []);
    stream.wait(1);
    assert_eq!(stream.out, [(79, idle("你好么,我好哟"))]);
    assert!(stream.framer.unterminated());
    stream.take();
    stream.receive(b"q");
    stream.wait(40);
    assert_eq!(stream.take(), [idle("q")]);
}

#[test]
fn a_character_may_be_cut_anywhere_by_a_segment_border() {
    for text in ["你好么,我好哟", "😀🏳️‍🌈!", "aéß€𐍈"] {
        for cut in 1..text.len() {
            let (before, behind) = text.as_bytes().split_at(cut);
            let mut stream = Stream::new();
            stream.receive(before);
            stream.wait(39);
            stream.receive(behind);
            stream.wait(40);
            assert_eq!(stream.take(), [idle(text)], "unterminated, cut at {cut}");
            stream.receive(before);
            stream.wait(30);
            stream.receive(behind);
            stream.receive(b"\r\n");
            assert_eq!(stream.take(), [line(text)], "as a line, cut at {cut}");
        }
    }
}

#[test]
fn a_pause_inside_a_character_waits_for_its_rest_but_not_for_ever() {
    for text in ["你好么,我好哟", "x😀y"] {
        for cut in (1..text.len()).filter(|cut| !text.is_char_boundary(*cut)) {
            let (before, behind) = text.as_bytes().split_at(cut);
            let mut stream = Stream::new();
            stream.receive(before);
            stream.wait(999);
            assert_eq!(stream.out, [], "cut at {cut}");
            stream.receive(behind);
            stream.wait(40);
            assert_eq!(stream.take(), [idle(text)]);

            let mut stream = Stream::new();
            stream.receive(before);
            stream.wait(1000);
            let whole = String::from_utf8_lossy(before).into_owned();
            assert!(whole.ends_with('\u{fffd}'));
            assert_eq!(stream.take(), [idle(&whole)]);
        }
    }
}

#[test]
fn a_cr_lf_may_be_cut_in_the_middle() {
    let mut stream = Stream::new();
    stream.receive(b"one\r");
    stream.wait(500);
    stream.receive(b"\ntwo\r\n");
    assert_eq!(stream.take(), [line("one"), line("two")]);
    // So late that the CR was taken for the line end.
    stream.receive(b"three\r");
    stream.wait(1000);
    assert_eq!(stream.take(), [line("three")]);
    stream.receive(b"\n");
    stream.receive(b"four\n");
    assert_eq!(stream.take(), [line("four")]);
}

#[test]
fn a_line_end_that_comes_after_its_message_is_not_an_empty_message() {
    for end in [&b"\n"[..], b"\r\n", b"\r\0"] {
        let mut stream = Stream::new();
        stream.receive(b"hello");
        stream.wait(60);
        stream.receive(&end[..1]);
        stream.receive(&end[1..]);
        stream.wait(2000);
        assert_eq!(stream.take(), [idle("hello")]);
        stream.receive(b"\n");
        assert_eq!(
            stream.take(),
            [line("")],
            "but a line end of its own is an empty line"
        );
    }
}

#[test]
fn a_member_that_ends_its_lines_has_half_a_second_to_end_one() {
    let mut stream = Stream::new();
    stream.receive(b"first\nhel");
    stream.wait(499);
    stream.receive(b"lo\n");
    assert_eq!(stream.take(), [line("first"), line("hello")]);
    stream.receive(b"no end");
    stream.wait(500);
    assert_eq!(stream.take(), [idle("no end")]);
}

#[test]
fn what_stands_before_the_end_of_the_stream_is_a_message() {
    let mut stream = Stream::new();
    stream.receive(b"a\nlast words");
    stream.end();
    assert_eq!(stream.take(), [line("a"), idle("last words"), Out::End]);
    let mut stream = Stream::new();
    stream.receive(&"好".as_bytes()[..2]);
    stream.end();
    assert_eq!(stream.take(), [idle("\u{fffd}"), Out::End]);
    let mut stream = Stream::new();
    stream.end();
    assert_eq!(stream.take(), [Out::End]);
}

#[test]
fn a_message_has_at_most_1024_octets() {
    let long = "x".repeat(1024);
    for end in ["\n", "\r\n", "\r\0"] {
        let mut stream = Stream::new();
        stream.receive(format!("{long}{end}after\n").as_bytes());
        assert_eq!(stream.take(), [line(&long), line("after")]);
        stream.receive(format!("{long}y{end}after\n").as_bytes());
        assert_eq!(
            stream.take(),
            [Out::TooLong(MessageEnd::Line), line("after")]
        );
        stream.receive(format!("{}{end}after\n", "y".repeat(10_000)).as_bytes());
        assert_eq!(
            stream.take(),
            [Out::TooLong(MessageEnd::Line), line("after")]
        );
    }
    let mut stream = Stream::new();
    stream.receive(long.as_bytes());
    stream.wait(40);
    assert_eq!(stream.take(), [idle(&long)]);
    stream.receive(format!("{long}y").as_bytes());
    stream.wait(40);
    assert_eq!(stream.take(), [Out::TooLong(MessageEnd::Idle)]);
    stream.receive(b"after");
    stream.wait(40);
    assert_eq!(stream.take(), [idle("after")]);
}

#[test]
fn a_long_message_is_refused_once_however_it_arrives() {
    for size in [1, 7, 100, 536, 1025, 1026, 1460] {
        for end in ["\n", "\r\n", ""] {
            let mut stream = Stream::new();
            let text = format!("{}{end}", "长".repeat(1000));
            for segment in text.as_bytes().chunks(size) {
                stream.receive(segment);
                stream.wait(10);
            }
            stream.wait(1000);
            let ending = if end.is_empty() {
                MessageEnd::Idle
            } else {
                MessageEnd::Line
            };
            assert_eq!(stream.take(), [Out::TooLong(ending)], "segments of {size}");
            stream.receive(b"ok\n");
            assert_eq!(stream.take(), [line("ok")]);
        }
    }
}

#[test]
fn a_long_message_that_the_stream_ends_in_is_refused_too() {
    let mut stream = Stream::new();
    stream.receive(&[b'x'; 3000]);
    stream.end();
    assert_eq!(stream.take(), [Out::TooLong(MessageEnd::Idle), Out::End]);
}

#[test]
fn what_the_caller_waits_for_is_waited_for() {
    let mut stream = Stream::new();
    stream.patience = Duration::from_secs(3);
    stream.receive(b"GET");
    stream.wait(2999);
    assert_eq!(stream.out, []);
    stream.wait(1);
    assert_eq!(stream.take(), [idle("GET")]);
}

/// Splitmix64: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

#[test]
fn lines_come_out_as_they_went_in_whatever_the_segments_are() {
    const PARTS: [&str; 8] = ["a", "好", "😀", " ", "é", "q", "/", "\u{200d}"];
    let mut random = Random(7);
    for _ in 0..500 {
        let mut expected = vec![];
        let mut wire = vec![];
        for _ in 0..1 + random.below(6) {
            let text: String = (0..random.below(400))
                .map(|_| PARTS[random.below(8)])
                .collect();
            wire.extend_from_slice(text.as_bytes());
            wire.extend_from_slice([&b"\n"[..], b"\r\n", b"\r\0"][random.below(3)]);
            expected.push(if text.len() > MESSAGE_MAX {
                Out::TooLong(MessageEnd::Line)
            } else {
                line(&text)
            });
        }
        let mut stream = Stream::new();
        let mut rest = &wire[..];
        while !rest.is_empty() {
            let (segment, behind) = rest.split_at(1 + random.below(rest.len().min(700)));
            stream.receive(segment);
            // Shorter than every patience.
            stream.wait(random.below(40) as u64);
            rest = behind;
        }
        assert_eq!(stream.take(), expected);
    }
}

#[test]
fn unterminated_sends_come_out_as_they_went_in_whatever_the_segments_are() {
    let mut random = Random(8);
    for _ in 0..500 {
        let mut stream = Stream::new();
        for _ in 0..1 + random.below(5) {
            // Fewer could be keys.
            let text: String = (0..3 + random.below(300))
                .map(|_| ["x", "好", "😀"][random.below(3)])
                .collect();
            let mut rest = text.as_bytes();
            while !rest.is_empty() {
                let (segment, behind) = rest.split_at(1 + random.below(rest.len()));
                stream.receive(segment);
                stream.wait(random.below(40) as u64);
                rest = behind;
            }
            stream.wait(40);
            assert_eq!(stream.take(), [idle(&text)]);
        }
    }
}

#[test]
fn no_octets_at_all_stop_a_framer() {
    let mut random = Random(9);
    for _ in 0..2000 {
        let mut stream = Stream::new();
        for _ in 0..random.below(30) {
            const ODD: [u8; 12] = [
                255, 250, 240, 253, b'\r', b'\n', 0, 0xe4, 0xbd, 8, b'x', b'q',
            ];
            let octets: Vec<u8> = (0..random.below(90))
                .map(|_| ODD[random.below(12)])
                .collect();
            stream.receive(&octets);
            stream.wait(random.below(1500) as u64);
        }
        stream.wait(61_000);
        assert!(
            stream.ring.is_empty(),
            "every octet is a message or skipped in the end"
        );
        stream.end();
        assert_eq!(stream.take().last(), Some(&Out::End));
    }
}

#[test]
fn a_framer_is_small() {
    assert!(size_of::<Framer>() <= 24);
}
