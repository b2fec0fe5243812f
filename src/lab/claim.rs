//! What an answer claims, checked on what was measured.
//!
//! A claim is a sentence's proof: the rows that show it, the numbers that stand in it, and whether all of it
//! held. The sentence itself is in [`texts`](mod@super::texts); where it says `{0}`, the first number is put in. Where
//! a claim does not hold, the sentence is not said.

use std::string::{String, ToString};
use std::vec::Vec;

use smoltcp::time::Duration;

use super::tape::{Answer, Outcome, Row, Run, Sent, What};
use crate::device::Side;
use crate::trace::{Flags, State};

/// A claim that was checked.
#[derive(Debug, Clone, Default)]
pub struct Claim {
    /// The rows that show it.
    pub rows: Vec<usize>,
    /// What stands in the sentence in place of `{0}`, `{1}` and so on.
    pub values: Vec<String>,
    /// Which checks failed, counted from 1. Empty: it holds.
    pub failed: Vec<usize>,
    checks: usize,
}

impl Claim {
    /// Nothing is claimed yet.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Whether all of it was measured.
    pub fn holds(&self) -> bool {
        self.failed.is_empty() && self.checks > 0
    }

    /// There is such a row, and it is named as a proof.
    #[must_use]
    pub(super) fn row(mut self, row: Option<&Row>) -> Self {
        if let Some(row) = row
            && !self.rows.contains(&row.number)
        {
            self.rows.push(row.number);
            self.rows.sort_unstable();
        }
        self.is(row.is_some())
    }

    /// This is so.
    #[must_use]
    pub(super) fn is(mut self, so: bool) -> Self {
        self.checks += 1;
        if !so {
            self.failed.push(self.checks);
        }
        self
    }

    /// This stands in the sentence.
    #[must_use]
    pub(super) fn value(mut self, value: impl ToString) -> Self {
        self.values.push(value.to_string());
        self
    }

    /// A time that stands in the sentence: in milliseconds, or in seconds if it is long.
    #[must_use]
    pub(super) fn time(self, time: Option<Duration>) -> Self {
        let micros = time.map_or(0, |time| time.total_micros());
        let text = match micros {
            ..10_000_000 if micros.is_multiple_of(1000) => std::format!("{} ms", micros / 1000),
            ..10_000_000 => std::format!("{:.1} ms", micros as f64 / 1000.0),
            _ => std::format!("{:.1} s", micros as f64 / 1_000_000.0),
        };
        self.value(text).is(time.is_some())
    }
}

/// Whether a segment has these control bits; PSH does not count.
pub(super) fn is(sent: &Sent, flags: &[Flags]) -> bool {
    let wanted = flags
        .iter()
        .fold(Flags::default(), |all, flag| all.with(*flag));
    sent.packet
        .header()
        .is_some_and(|header| header.flags.without(Flags::PSH) == wanted)
}

/// SYN alone.
pub(super) const SYN: &[Flags] = &[Flags::SYN];
/// SYN and ACK.
pub(super) const SYN_ACK: &[Flags] = &[Flags::SYN, Flags::ACK];
/// ACK alone, with data or without.
pub(super) const ACK: &[Flags] = &[Flags::ACK];
/// FIN and ACK.
pub(super) const FIN: &[Flags] = &[Flags::FIN, Flags::ACK];

/// Whether a segment carries data.
pub(super) fn has_data(sent: &Sent) -> bool {
    !sent.packet.data().is_empty()
}

/// Whether it resets.
pub(super) fn is_reset(sent: &Sent) -> bool {
    sent.packet
        .header()
        .is_some_and(|header| header.flags.contains(Flags::RST))
}

/// Whether it is nothing but an acknowledgment.
pub(super) fn is_bare_ack(sent: &Sent) -> bool {
    is(sent, ACK) && !has_data(sent)
}

/// Whether it is a datagram.
pub(super) fn is_datagram(sent: &Sent) -> bool {
    matches!(sent.packet, super::packet::Packet::Udp { .. })
}

impl Outcome {
    /// One run of the experiment; the last one, if there are not so many.
    pub(super) fn run(&self, index: usize) -> &Run {
        const NONE: &Run = &Run {
            rows: Vec::new(),
            facts: Vec::new(),
            frames: Vec::new(),
            windows: false,
            illegal: 0,
        };
        self.runs.get(index).or(self.runs.last()).unwrap_or(NONE)
    }
}

impl Run {
    /// What was measured under this name.
    pub(super) fn measured(&self, name: &str) -> Option<u64> {
        let mut facts = self.facts.iter();
        facts.find(|(it, _)| *it == name).map(|(_, value)| *value)
    }

    /// The packets that a side sent and that fit, with their rows.
    pub(super) fn packets(
        &self,
        from: Side,
        fits: impl Fn(&Sent) -> bool,
    ) -> impl Iterator<Item = &Row> {
        let is_one = move |sent: &Sent| sent.from == from && fits(sent);
        self.rows
            .iter()
            .filter(move |row| row.sent().is_some_and(&is_one))
    }

    /// The first of them.
    pub(super) fn packet(&self, from: Side, fits: impl Fn(&Sent) -> bool) -> Option<&Row> {
        self.packets(from, fits).next()
    }

    /// The first of them after a row.
    pub(super) fn packet_after(
        &self,
        row: Option<&Row>,
        from: Side,
        fits: impl Fn(&Sent) -> bool,
    ) -> Option<&Row> {
        let after = row?.number;
        self.packets(from, fits).find(|row| row.number > after)
    }

    /// The calls of a side by this name.
    pub(super) fn calls(&self, of: Side, name: &str) -> impl Iterator<Item = (&Row, &Answer)> {
        self.rows.iter().filter_map(move |row| match &row.what {
            What::Call {
                side, call, answer, ..
            } if *side == of && *call == name => Some((row, answer)),
            _ => None,
        })
    }

    /// The first row that led to a state at one end.
    pub(super) fn reaches(&self, side: Side, state: State) -> Option<&Row> {
        self.rows
            .iter()
            .find(|row| row.states_at(side).contains(&state))
    }

    /// The last row that led to a state at one end.
    pub(super) fn reaches_last(&self, side: Side, state: State) -> Option<&Row> {
        let mut rows = self.rows.iter().rev();
        rows.find(|row| row.states_at(side).contains(&state))
    }

    /// The states that one end went through, in their order.
    pub(super) fn path(&self, side: Side) -> Vec<State> {
        self.rows
            .iter()
            .flat_map(|row| row.states_at(side))
            .copied()
            .collect()
    }

    /// The first row that is about this.
    pub(super) fn find(&self, fits: impl Fn(&What) -> bool) -> Option<&Row> {
        self.rows.iter().find(|row| fits(&row.what))
    }
}

/// What lies between two rows.
pub(super) fn between(earlier: Option<&Row>, later: Option<&Row>) -> Option<Duration> {
    let (earlier, later) = (earlier?.at, later?.at);
    (later >= earlier).then(|| later - earlier)
}

/// What lies between one row and the arrival of another's packet.
pub(super) fn until_arrival(earlier: Option<&Row>, later: Option<&Row>) -> Option<Duration> {
    let (earlier, later) = (earlier?.at, later?.arrived?);
    (later >= earlier).then(|| later - earlier)
}
