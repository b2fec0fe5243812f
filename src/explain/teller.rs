//! Draws ladders with what was said and what it means below the rows.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::string::String;
use std::vec;
use std::vec::Vec;

use smoltcp::time::Instant;

use super::meaning::{Meaning, Party, View};
use super::reader::Reader;
use super::said::Said;
use super::wrap::lines;
use crate::lang::Lang;
use crate::trace::{
    ConnectionId, Direction, Event, Flow, Followed, Follower, Journal, Kind, Segment, Style,
    Verdict,
};

/// Draws ladders, and explains them if that is wanted.
///
/// General things, such as what a state is, are told once in its life.
#[derive(Debug, Clone, Default)]
pub struct Teller {
    lang: Option<Lang>,
    view: View,
    said: Said,
    told: Vec<Meaning>,
    readers: HashMap<ConnectionId, (u64, Reader)>,
    flows: HashMap<ConnectionId, Flow>,
    other: Vec<Event>,
}

impl Teller {
    /// Explains in this language, or not at all.
    pub fn new(lang: Option<Lang>) -> Self {
        Self {
            lang,
            ..Self::default()
        }
    }

    /// From where the ladders that come are seen.
    pub const fn set_view(&mut self, view: View) {
        self.view = view;
    }

    /// The same with what the peer's own journal has: it knows what arrived there.
    pub fn with_peer(self, events: impl IntoIterator<Item = Event>) -> Self {
        let other = events.into_iter().collect();
        Self { other, ..self }
    }

    /// Where what segments said is kept.
    pub const fn said(&mut self) -> &mut Said {
        &mut self.said
    }

    /// Draws what is new of a ladder; as [`Follower::follow`], or without waiting for anything where `now` is none.
    /// Errors are those of `out`.
    pub fn follow(
        &mut self,
        follower: &mut Follower,
        journal: &Journal<'_>,
        now: Option<Instant>,
        style: &Style,
        out: &mut dyn Write,
    ) -> Result<Option<Instant>, fmt::Error> {
        loop {
            match self.follow_one(follower, journal, now, style, out)? {
                Followed::Drawn => {}
                Followed::Nothing => return Ok(None),
                Followed::Until(until) => return Ok(Some(until)),
            }
        }
    }

    /// Draws the next record of a ladder, and what belongs below it; as [`Follower::follow_one`]. Errors are those of
    /// `out`.
    pub fn follow_one(
        &mut self,
        follower: &mut Follower,
        journal: &Journal<'_>,
        now: Option<Instant>,
        style: &Style,
        out: &mut dyn Write,
    ) -> Result<Followed, fmt::Error> {
        let from = follower.next();
        let followed = follower.follow_one(journal, now, style, out)?;
        self.tell(follower, journal, from, style, out)?;
        Ok(followed)
    }

    /// Writes what belongs below the rows of the records from number `from` on.
    fn tell(
        &mut self,
        follower: &Follower,
        journal: &Journal<'_>,
        from: u64,
        style: &Style,
        out: &mut dyn Write,
    ) -> fmt::Result {
        let connection = follower.connection();
        let until = follower.next();
        let (read, mut reader) = self.reader(connection, from);
        let (_, records) = journal.since(read);
        let records = records.take_while(|&(number, _)| number < until);
        let mut meanings = vec![];
        let mut ended = false;
        for (number, event) in records.filter(|(_, event)| event.connection() == Some(connection)) {
            let mut meant = reader.read(event);
            self.ask_the_other(event, &mut meant);
            if number < from {
                continue;
            }
            match event.kind() {
                Kind::Opened { flow, .. } => drop(self.flows.insert(connection, flow)),
                Kind::Segment(segment) => self.quote(follower, &segment, style, out)?,
                Kind::Ended { .. } => ended = true,
                _ => {}
            }
            meanings.extend(meant);
        }
        if ended {
            self.flows.remove(&connection);
        } else {
            self.readers.insert(connection, (until, reader));
        }
        let Some(lang) = self.lang else { return Ok(()) };
        for meaning in meanings {
            if meaning.is_general() {
                if self.told.contains(&meaning) {
                    continue;
                }
                self.told.push(meaning);
            }
            for line in lines(&lang.sentence(&meaning, self.view), Follower::BELOW) {
                follower.write_below(&line, style, out)?;
            }
        }
        Ok(())
    }

    /// Who has read a connection so far as a ladder that goes on from there has drawn it, or has it all to read.
    fn reader(&mut self, connection: ConnectionId, from: u64) -> (u64, Reader) {
        let known = self.readers.remove(&connection);
        let known = known.filter(|&(read, _)| read == from);
        known.unwrap_or_else(|| (0, Reader::new(self.view)))
    }

    /// What a segment said, below its arrow.
    fn quote(
        &self,
        follower: &Follower,
        segment: &Segment,
        style: &Style,
        out: &mut dyn Write,
    ) -> fmt::Result {
        let header = &segment.header;
        let Some(&flow) = self.flows.get(&segment.connection) else {
            return Ok(());
        };
        let (from, to) = match segment.direction {
            Direction::In => (flow.remote, flow.local),
            Direction::Out => (flow.local, flow.remote),
        };
        let (key, len) = ((from, to, header.seq), header.len.into());
        let said = self.said.quoted(key, len, Follower::REMARK);
        match said.filter(|_| header.len > 0) {
            // What somebody said is in no language of ours.
            Some(said) => follower.write_remark(&said, &Lang::En.style(style), out),
            None => Ok(()),
        }
    }

    /// Whether what is sent again had arrived, if the other node's journal says so.
    fn ask_the_other(&self, event: &Event, meanings: &mut Vec<Meaning>) {
        let Kind::Segment(segment) = event.kind() else {
            return;
        };
        let is_again = matches!(
            meanings.first(),
            Some(
                Meaning::SynAgain { .. }
                    | Meaning::DataAgain { .. }
                    | Meaning::DataAgainFast { .. }
                    | Meaning::FinAgain { .. }
            )
        );
        if self.other.is_empty() || segment.direction == Direction::In || !is_again {
            return;
        }
        let arrived = self.other.iter().any(|record| match record.kind() {
            Kind::Segment(other) => {
                record.at() < event.at()
                    && other.direction == Direction::In
                    && matches!(
                        other.verdict,
                        Verdict::Passed | Verdict::Repaired(_) | Verdict::Held
                    )
                    && other.header.sequence_len() > 0
                    && other.header.seq == segment.header.seq
            }
            _ => false,
        });
        let who = Party::Peer;
        meanings.push(if arrived {
            Meaning::HadArrived { who }
        } else {
            Meaning::HadNotArrived { who }
        });
    }
}

/// A whole ladder of one connection, as it stands at `now`, with what each row means.
///
/// `journal` may be a node's, or one made of the events of one connection. Where the peer is a node, too, `peer` is what
/// its journal has: then it is said what became of what was sent again. Who wants the sentences without the picture reads
/// the events with a [`Reader`].
pub fn explain(
    journal: &Journal<'_>,
    connection: ConnectionId,
    peer: impl IntoIterator<Item = Event>,
    now: Instant,
    lang: Lang,
    style: &Style,
) -> String {
    let mut text = String::new();
    let mut teller = Teller::new(Some(lang)).with_peer(peer);
    let mut follower = Follower::new(connection);
    let style = &lang.style(style);
    // Writing to a string cannot fail.
    let _ = teller.follow(&mut follower, journal, None, style, &mut text);
    let _ = follower.conclude(now, style, &mut text);
    text
}
