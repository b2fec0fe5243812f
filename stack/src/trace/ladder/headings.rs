//! The headings of a ladder, for who draws it in another way.

use std::string::{String, ToString};
use std::vec::Vec;

use super::super::{Event, Kind, State};
use super::phase::{Heading, Phase};

/// What a ladder of these records has on its rules: before which record, and the words, in English.
///
/// The records are those of one connection, in their order and all that there will be. The last heading says how it
/// ended, if it did.
pub fn headings(events: &[Event]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut phase = Phase::Start;
    let mut own: Option<State> = None;
    for (index, event) in events.iter().enumerate() {
        let rest = events[index + 1..].iter();
        match phase.heading(event, own, rest) {
            Heading::None => {}
            Heading::New(next, name) | Heading::Undecided(_, next, name) => {
                phase = next;
                found.push((index, name.to_string()));
            }
        }
        match event.kind() {
            Kind::Transition(change) | Kind::Illegal(change) => own = Some(change.to),
            Kind::Ended { ending, .. } => {
                let mut text = String::new();
                // Writing to a string cannot fail.
                let _ = phase.write_ending(&mut text, ending);
                found.push((index, text));
            }
            _ => {}
        }
    }
    found
}
