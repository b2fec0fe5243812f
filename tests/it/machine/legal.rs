//! Each transition of the node's machine held against the state diagram of RFC 9293.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use smolchat::trace::rfc9293::{arrow, is_legal};
use smolchat::trace::{Call as User, Cause, State, Transition};

use super::alphabet::{Bits, Call, Input, Opening};
use super::learned::{after, learned};
use super::subject::{Subject, Who};
use crate::lab::Column;

/// A change of state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Change {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) cause: String,
    /// The event in the words of RFC 9293, and where it has it.
    pub(crate) event: &'static str,
    pub(crate) section: &'static str,
}

/// All changes, and how each came to be.
pub(crate) type Changes = BTreeMap<Change, Made>;

/// How a change came to be.
#[derive(Default)]
pub(crate) struct Made {
    /// Transitions of the machine with this change.
    pub(crate) count: usize,
    pub(crate) symbols: Vec<String>,
}

/// A connection that is not there: a listener is a port, and no connection's state.
fn is_idle(state: State) -> bool {
    matches!(state, State::Closed | State::Listen)
}

fn same(one: State, other: State) -> bool {
    one == other || is_idle(one) && is_idle(other)
}

/// Whether a symbol can be the cause of a change.
fn fits(input: Input, change: &Transition) -> bool {
    match (input, change.cause) {
        (Input::Segment(..), Cause::Segment) | (Input::Time, Cause::Timer(_)) => true,
        // A CLOSE that waited for this segment.
        (Input::Segment(..), Cause::Call(User::Close)) => true,
        // A SYN that waited for the place of a connection that the application let go.
        (_, Cause::Segment) => change.from == State::Listen,
        (Input::Call(Call::Connect), Cause::Call(User::Connect)) => true,
        (Input::Call(Call::Close), Cause::Call(User::Close)) => true,
        (Input::Call(Call::Abort), Cause::Call(User::Abort)) => true,
        _ => false,
    }
}

/// What [`walk`] found, walked once for all tests.
pub(crate) fn changes(opening: Opening) -> &'static Changes {
    static CHANGES: [OnceLock<Changes>; 2] = [const { OnceLock::new() }; 2];
    CHANGES[opening as usize].get_or_init(|| walk(opening))
}

/// Walks every transition; all its changes of state are legal, follow one another, lead from the name of
/// the state before to the name of the state after, and have the symbol for a cause.
fn walk(opening: Opening) -> Changes {
    let table = learned(Who::Node, opening);
    let access = table.machine.access();
    let mut changes = Changes::new();
    for (state, word) in access.iter().enumerate() {
        for (input, symbol) in table.alphabet.iter().enumerate() {
            let symbols = word.iter().map(|&it| table.alphabet[usize::from(it)]);
            let mut session = after(Column::Node, opening, symbols);
            let mut here = session.subject.state();
            session.subject.changes();
            let output = session.step(*symbol);
            let place = format!("{} then {symbol}", table.spell(word));
            assert_eq!(output, table.output(state, input), "{place}");
            for (change, known) in session.subject.changes() {
                let Transition {
                    from, to, cause, ..
                } = change;
                assert!(known && is_legal(from, to, cause), "{place}: {change:?}");
                assert!(same(here, from), "{place}: {here} before {change:?}");
                assert!(fits(*symbol, &change), "{place}: {change:?}");
                here = to;
                note(&mut changes, change, *symbol);
            }
            let there = session.subject.state();
            assert!(same(here, there), "{place}: {here}, but it is {there}");
            let next = table.machine.steps[state][input].1;
            assert_eq!(table.states[next], there, "{place}: one state, two names");
        }
    }
    changes
}

/// What made a change, where several arrows lead from one state to another.
fn event(change: &Transition, symbol: Input) -> (&'static str, &'static str) {
    let bits = match symbol {
        Input::Segment(bits, ..) => Some(bits),
        Input::Call(_) | Input::Time | Input::State => None,
    };
    match (change.from, change.to, bits) {
        (State::SynReceived, State::Listen, Some(Bits::Syn)) => ("rcv SYN", "3.10.7.4"),
        (State::TimeWait, State::Closed, Some(Bits::Syn)) => ("rcv SYN", "3.6.1"),
        (State::LastAck, State::Closed, Some(Bits::Rst)) => ("rcv RST", "3.10.7.4"),
        (from, to, _) => {
            let arrow = arrow(from, to, change.cause).expect("it is legal");
            (arrow.event, arrow.section)
        }
    }
}

fn note(changes: &mut Changes, change: Transition, symbol: Input) {
    let Transition {
        from, to, cause, ..
    } = change;
    let (event, section) = event(&change, symbol);
    let key = Change {
        from: from.to_string(),
        to: to.to_string(),
        cause: format!("{cause:?}"),
        event,
        section,
    };
    let made = changes.entry(key).or_default();
    made.count += 1;
    let symbol = symbol.to_string();
    if !made.symbols.contains(&symbol) {
        made.symbols.push(symbol);
    }
}
