//! What a row means, for whoever asks: which of the texts explains it.

use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use super::calls::LINGER_0;
use super::claim::is_reset;
use super::tape::{Answer, Event, Fate, Row, Sent, What};
use super::texts::{Meaning, Texts};
use crate::trace::{Flags, Mark, Verdict};

/// What a row means, and what the states are that it led to.
pub(super) fn sentences(texts: &Texts, row: &Row) -> Vec<String> {
    let mut sentences = vec![(texts.explained)(of(row)).to_string()];
    let states = row.states.iter().flatten();
    sentences.extend(states.map(|state| format!("{state}: {}", (texts.state)(*state))));
    sentences
}

/// What a row means; the most telling first.
fn of(row: &Row) -> Meaning {
    match &row.what {
        What::Packet(sent) => of_packet(sent),
        What::Call { given, .. } if given == LINGER_0 => Meaning::Abort,
        What::Call { call, answer, .. } => of_call(call, answer),
        What::Timer(..) => Meaning::Timer,
        What::Waits(..) => Meaning::TimeWait,
        What::Over(..) => Meaning::Over,
        What::Event(event) => match event {
            Event::CablePulled => Meaning::CablePulled,
            Event::CablePlugged => Meaning::CablePlugged,
            Event::PowerLost(_) => Meaning::PowerLost,
            Event::Started(_) => Meaning::Started,
            Event::Killed(_) => Meaning::Killed,
        },
    }
}

fn of_call(call: &str, answer: &Answer) -> Meaning {
    match (call, answer) {
        (_, Answer::Error(_)) => Meaning::Failed,
        (_, Answer::Nothing) => Meaning::WouldBlock,
        (_, Answer::End) => Meaning::EndOfData,
        ("listen", _) => Meaning::Listen,
        ("connect", _) => Meaning::Connect,
        ("accept", _) => Meaning::Accept,
        ("send" | "sendto", _) => Meaning::Send,
        ("shutdown", _) => Meaning::Shutdown,
        ("bind", _) => Meaning::Bind,
        ("abort", _) => Meaning::Abort,
        ("close", _) => Meaning::Close,
        (_, Answer::Done | Answer::Count(_) | Answer::Octets(_)) => Meaning::Receive,
    }
}

fn of_packet(sent: &Sent) -> Meaning {
    match sent.fate {
        Fate::Lost => return Meaning::Lost,
        Fate::NobodyThere => return Meaning::NobodyThere,
        Fate::Late(_) => return Meaning::Late,
        Fate::Copy => return Meaning::Copy,
        Fate::Forged => return Meaning::Forged,
        Fate::Arrives | Fate::Twice(_) => {}
    }
    match sent.verdict {
        Verdict::Held => return Meaning::Held,
        Verdict::Dropped(_) => return Meaning::Refused,
        Verdict::Passed | Verdict::Gate(_) | Verdict::Answered(_) | Verdict::Repaired(_) => {}
    }
    for mark in [sent.taken_as, sent.sent_as] {
        match mark {
            Mark::None => {}
            Mark::Retransmission => return Meaning::Retransmission,
            Mark::Duplicate => return Meaning::Duplicate,
            Mark::OutOfOrder => return Meaning::OutOfOrder,
            Mark::KeepAlive => return Meaning::KeepAlive,
            Mark::WindowProbe => return Meaning::WindowProbe,
        }
    }
    let Some(header) = sent.packet.header() else {
        return match sent.packet.ports() {
            Some(_) => Meaning::Datagram,
            None => Meaning::Icmp,
        };
    };
    match (
        header.flags.contains(Flags::SYN),
        header.flags.contains(Flags::ACK),
    ) {
        _ if is_reset(sent) => Meaning::Reset,
        (true, false) => Meaning::Syn,
        (true, true) => Meaning::SynAck,
        _ if header.flags.contains(Flags::FIN) => Meaning::Fin,
        _ if header.len > 0 => Meaning::Data,
        _ => Meaning::Ack,
    }
}
