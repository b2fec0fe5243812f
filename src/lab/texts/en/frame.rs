//! Words around the experiments and in the ladders.

use crate::lab::texts::{Frame, Ladder};
use crate::trace::{Answer, Ending, Mark, Reason, Timer};

pub(super) const FRAME: Frame = Frame {
    list: "Questions about TCP and UDP, each answered by an experiment on two nodes in memory.",
    list_end: "Run one:               smolchat lab NAME\n\
               Predict each row:      smolchat lab NAME --step\n\
               Keep it for Wireshark: smolchat lab NAME --pcap FILE",
    groups: [
        "How a connection begins",
        "How it ends",
        "What is sent on it",
        "What goes wrong",
    ],
    answer: "Answer",
    kernel: "The same with a kernel",
    knobs: "Can be turned: {0}",
    seed_only: "Can be turned: --seed",
    row: " (row {0})",
    rows: " (rows {0})",
    not_shown: "With these values the experiment does not show this part of its answer.",
    section: "section {0}",
    names: ["client", "server"],
    page: "Each question is answered by an experiment: two nodes in memory, a cable, a virtual clock. \
           `smolchat lab NAME` runs one, `--step` leaves room to predict each row, `--pcap FILE` keeps it for \
           Wireshark. Both nodes are the laboratory's own, so the states of both ends are certain. A row has the \
           time at both ends: on the left the client's, on the right the server's. Sequence numbers count from \
           each side's initial number. What a call returns is written as in C; a call that would block has \
           EAGAIN. Each sentence of an answer is checked on what was measured, with the rows that prove it.",
    picture: "The same as a picture",
    index: "The laboratory",
    page_end: "`SMOLCHAT_ACCEPT=1 cargo test --test it laboratory` writes this page anew; without that, a page \
               that says anything else is a failure.",
    prompt: "What comes next? Enter shows it, b goes back, ? explains the row, q ends.",
    before_first: "Nothing is shown yet: Enter shows the first row.",
    not_a_step: "Press Enter for the next row, or type b, ? or q.",
};

pub(super) const LADDER: Ladder = Ladder {
    lost: "lost",
    late: "late by {0}",
    twice: "comes twice",
    copy: "an old copy",
    forged: "from somebody else",
    nobody: "nobody is there",
    held: "waits for a place",
    dropped: "dropped: {0}",
    cable_pulled: "the cable is pulled",
    cable_plugged: "the cable is plugged in again",
    power_lost: "the power fails",
    started: "started anew",
    killed: "the process is killed",
    mark,
    reason,
    answer,
    timer,
    ending,
};

const fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::None => "",
        Mark::Retransmission => "sent again",
        Mark::Duplicate => "a duplicate",
        Mark::OutOfOrder => "out of order",
        Mark::KeepAlive => "keep-alive",
        Mark::WindowProbe => "window probe",
    }
}

const fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::ChallengeAck => "challenge ACK",
        Answer::TimeWaitAck => "acknowledged again",
        Answer::SynAckAgain => "SYN,ACK again",
        Answer::SynCookie => "SYN cookie",
        Answer::Reset => "nobody there knows it",
        Answer::Ack => "ACK owed",
    }
}

/// The reasons that experiments meet; others are told by one word.
const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::NotForUs => "another address",
        Reason::BacklogFull => "the queue is full",
        Reason::ResetOutOfWindow => "not the exact number",
        Reason::ResetInTimeWait => "a reset in TIME-WAIT",
        Reason::TimeWait => "late, in TIME-WAIT",
        Reason::NoSuchPort => "no such port",
        Reason::StrayReset => "no connection",
        Reason::NoAck => "no ACK",
        Reason::DuplicateAck => "says nothing new",
        Reason::RateLimited => "too many answers",
        Reason::CookieIncomplete => "handshake incomplete",
        _ => "refused",
    }
}

const fn timer(timer: Timer) -> &'static str {
    match timer {
        Timer::TimeWait => "2 MSL are over",
        Timer::Retransmission => "no acknowledgment for too long",
        Timer::HalfOpen => "the handshake took too long",
        Timer::FinWait2 => "the peer did not close in time",
        Timer::CloseWait => "this side did not close in time",
        Timer::KeepAlive => "no answer to keep-alive",
    }
}

const fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Closed => "over: closed by both sides",
        Ending::ResetByPeer => "over: reset by peer",
        Ending::Refused => "over: refused",
        Ending::TimedOut(_) => "over: timed out",
        Ending::Aborted => "over: aborted here",
        Ending::AddressLost => "over: the address went away",
        Ending::Unreachable => "over: peer unreachable",
        Ending::Evicted => "over: gave way to another",
    }
}
