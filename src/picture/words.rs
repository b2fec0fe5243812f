//! The words on an arrow, where they are made from what a journal says.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use smoltcp::time::Duration;

use super::scene::Tone;
use crate::lang::Lang;
use crate::trace::{Direction, Flags, Header, Mark, Segment, Verdict};

/// A time as it stands beside a life line.
pub(crate) fn time(time: Duration) -> String {
    let micros = time.total_micros();
    match time.secs() {
        0..10 => format!("{}.{:03} ms", micros / 1000, micros % 1000),
        seconds => format!("{seconds}.{:03} s", time.millis()),
    }
}

/// Words that ladders have, in a language.
pub(super) fn worded(lang: Lang, words: &str) -> String {
    lang.phrase(words).unwrap_or_else(|| words.to_string())
}

/// The kind of a segment and its numbers.
pub(super) fn label(header: &Header, [seq, ack]: [u32; 2]) -> String {
    let mut text = format!("{} seq={seq}", header.flags);
    if header.flags.contains(Flags::ACK) {
        text.push_str(&format!(" ack={ack}"));
    }
    if header.len > 0 {
        text.push_str(&format!(" len={}", header.len));
    }
    if header.mss > 0 {
        text.push_str(&format!(" mss={}", header.mss));
    }
    if header.window == 0 && !header.flags.contains(Flags::RST) {
        text.push_str(" win=0");
    }
    text
}

/// What a segment is beyond its flags; empty if nothing.
const fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::None => "",
        Mark::Retransmission => "retransmission",
        Mark::Duplicate => "duplicate",
        Mark::OutOfOrder => "out of order",
        Mark::KeepAlive => "keep-alive",
        Mark::WindowProbe => "window probe",
    }
}

/// What was decided about it; empty if nothing.
fn verdict(verdict: Verdict, direction: Direction) -> String {
    match (verdict, direction) {
        (Verdict::Passed, _) => String::new(),
        (Verdict::Gate(answer), _) => format!("gate: {answer}"),
        (Verdict::Answered(answer), _) => format!("answered: {answer}"),
        (Verdict::Repaired(repair), _) => format!("repaired: {repair}"),
        (Verdict::Held, _) => "held until a connection is free".to_string(),
        (Verdict::Dropped(reason), Direction::In) => format!("dropped: {reason}"),
        (Verdict::Dropped(reason), Direction::Out) => format!("not sent: {reason}"),
    }
}

/// What else there is to say of a segment, as one end saw it.
pub(super) fn remarks(lang: Lang, segment: &Segment) -> Vec<String> {
    let verdict = verdict(segment.verdict, segment.direction);
    let said = [mark(segment.mark).to_string(), verdict];
    let said = said.iter().filter(|words| !words.is_empty());
    said.map(|words| worded(lang, words)).collect()
}

/// How much a segment stands out, as one end saw it.
pub(super) fn tone(segment: &Segment) -> Tone {
    if segment.header.flags.contains(Flags::RST) {
        return Tone::Reset;
    }
    match (segment.mark, segment.verdict) {
        (Mark::None, Verdict::Passed | Verdict::Gate(_) | Verdict::Repaired(_) | Verdict::Held) => {
            Tone::Plain
        }
        _ => Tone::Caution,
    }
}
