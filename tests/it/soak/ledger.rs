//! Who said what, when the room heard it, and what everybody must have heard.

use std::fmt::Write as _;

use smoltcp::time::Instant;

use super::guest::Guest;

/// Who says the operator's lines.
pub(crate) const OPERATOR: usize = usize::MAX;

struct Line {
    speaker: usize,
    /// Its place among all that the room heard.
    place: Option<usize>,
}

/// Every line of a day. The room's own order is the one in which the operator saw them.
#[derive(Default)]
pub(crate) struct Ledger {
    lines: Vec<Line>,
    /// Lines by their place, and when the room heard them.
    heard: Vec<(usize, Instant)>,
    /// Lines that reached members, all in all.
    pub(crate) delivered: u64,
}

impl Ledger {
    /// The next line as its speaker writes it, with something behind it to make it longer.
    pub(crate) fn line(&mut self, speaker: usize, padding: usize) -> String {
        let mut text = format!("line {}", self.lines.len());
        self.lines.push(Line {
            speaker,
            place: None,
        });
        let _ = write!(text, " {}", "x".repeat(padding));
        text
    }

    /// How many lines the room has heard.
    pub(crate) fn len(&self) -> usize {
        self.heard.len()
    }

    /// How many lines were said that the room has not heard.
    pub(crate) fn under_way(&self) -> usize {
        self.lines.len() - self.heard.len()
    }

    /// The room heard a line: no line twice, and those of one speaker in order.
    pub(crate) fn hear(&mut self, number: usize, now: Instant) {
        let place = Some(self.heard.len());
        let line = &mut self.lines[number];
        assert_eq!(line.place, None, "line {number} was heard twice");
        line.place = place;
        let speaker = line.speaker;
        let before = self.heard.iter().rev();
        let last = before
            .map(|(it, _)| *it)
            .find(|it| self.lines[*it].speaker == speaker);
        assert!(last.is_none_or(|it| it < number), "{number} after {last:?}");
        self.heard.push((number, now));
    }

    /// The line that was said last.
    pub(crate) fn last(&self) -> usize {
        self.lines.len() - 1
    }

    /// The lines that the room heard from a place on, but those of one speaker.
    pub(crate) fn all_since(&self, place: usize, but_of: usize) -> Vec<usize> {
        let lines = self.heard[place..].iter().map(|(number, _)| *number);
        lines
            .filter(|number| self.lines[*number].speaker != but_of)
            .collect()
    }

    /// Whether a member has heard what was said last by somebody else since it came.
    pub(crate) fn is_up_to_date(&self, guest: &Guest) -> bool {
        let Some(since) = guest.since else {
            return true;
        };
        let others = self.heard.iter().rev();
        let mut others = others.filter(|(number, _)| self.lines[*number].speaker != guest.number);
        let last = others.next().filter(|(_, at)| *at > since);
        last.is_none_or(|(number, _)| guest.heard.last() == Some(number))
    }

    /// What a member heard is what the room heard while it was there, without its own lines: each once, in
    /// order, without a gap, and not less than it had a right to.
    pub(crate) fn check(&mut self, guest: &Guest) {
        self.delivered += guest.heard.len() as u64;
        let place = |number: usize| {
            let place = self.lines.get(number).and_then(|line| line.place);
            place.unwrap_or_else(|| panic!("line {number} was never said to the room: {guest:?}"))
        };
        let first = guest.heard.first().map(|number| place(*number));
        if let Some(first) = first {
            let others = self.heard[first..].iter().map(|(number, _)| *number);
            let others = others.filter(|number| self.lines[*number].speaker != guest.number);
            let meant: Vec<_> = others.take(guest.heard.len()).collect();
            assert_eq!(guest.heard, meant, "not what the room heard: {guest:?}");
        }
        let Some((since, until)) = guest.since.zip(guest.until) else {
            return;
        };
        let owed = self.heard.iter().filter(|(number, at)| {
            *at > since && *at < until && self.lines[*number].speaker != guest.number
        });
        let mut owed = owed.map(|(number, _)| *number);
        let Some(from) = owed.next() else { return };
        let to = owed.next_back().unwrap_or(from);
        let bounds = guest.heard.first().zip(guest.heard.last());
        let (first, last) = bounds.unwrap_or_else(|| panic!("{from} to {to} unheard: {guest:?}"));
        assert!(place(*first) <= place(from), "{from} unheard: {guest:?}");
        assert!(place(*last) >= place(to), "{to} unheard: {guest:?}");
    }
}

/// The number of the line in what a member or the operator reads, if it is one.
pub(crate) fn number_in(text: &str) -> Option<usize> {
    let (speaker, said) = text.split_once(": line ")?;
    // What strangers say is nobody's to hear.
    if speaker.contains(' ') || speaker.starts_with("udp-") {
        return None;
    }
    said.split(' ').next()?.parse().ok()
}
