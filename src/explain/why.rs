//! How a connection ended, or what it waits for now: a few sentences instead of a ladder.

use std::string::String;
use std::vec::Vec;

use super::meaning::{Meaning, View};
use super::reader::Reader;
use crate::lang::Lang;
use crate::trace::{ConnectionId, Event, Journal, Kind, State};

/// What decided how it stands, and how it stands. `None` if the journal has nothing of the connection.
pub fn why(
    journal: &Journal<'_>,
    connection: ConnectionId,
    view: View,
    lang: Lang,
) -> Option<String> {
    let mut reader = Reader::new(view);
    let events = journal.of(connection).map(|(_, event)| event);
    let meanings: Vec<Meaning> = events.flat_map(|event| reader.read(event)).collect();
    let events = journal.of(connection).map(|(_, event)| event);
    let state = events.filter_map(state_after).next_back();
    let decided = meanings.iter().rev().find(|it| decides(it));
    let decided = decided.or_else(|| meanings.iter().find(|it| begins_the_end(it)));
    let ended = meanings.iter().rev().find(|it| ends(it)).copied();
    let stands = ended.or(state.map(|state| Meaning::Enters { state }));
    let waits = meanings.iter().rev().find(|it| is_wait(it));
    let waits = waits.filter(|_| ended.is_none());
    let told = decided.into_iter().chain(&stands).chain(waits);
    let sentences: Vec<String> = told.map(|it| lang.sentence(it, view)).collect();
    (!sentences.is_empty()).then(|| sentences.join("\n"))
}

/// The state that an event leads to.
const fn state_after(event: &Event) -> Option<State> {
    if let Kind::Transition(change) | Kind::Illegal(change) = event.kind() {
        Some(change.to)
    } else {
        None
    }
}

/// What ends a connection before its time.
const fn decides(meaning: &Meaning) -> bool {
    matches!(
        meaning,
        Meaning::Refused { .. }
            | Meaning::ResetByCall { .. }
            | Meaning::ResetByNode { .. }
            | Meaning::ResetReceived { .. }
            | Meaning::TimedOut { .. }
            | Meaning::AddressLost
            | Meaning::Unreachable
            | Meaning::Evicted
            | Meaning::GivesUp
            | Meaning::Illegal { .. }
    )
}

/// The first FIN: who closed first.
const fn begins_the_end(meaning: &Meaning) -> bool {
    matches!(meaning, Meaning::Fin { .. })
}

const fn ends(meaning: &Meaning) -> bool {
    matches!(
        meaning,
        Meaning::EndedClosed { .. }
            | Meaning::EndedClosedPartly
            | Meaning::EndedUnopened
            | Meaning::EndedRefused
            | Meaning::EndedEarly { .. }
    )
}

const fn is_wait(meaning: &Meaning) -> bool {
    matches!(
        meaning,
        Meaning::TimeWaits { .. } | Meaning::TimeWaitsAgain { .. }
    )
}
