//! The changes of state that belong on a segment's line.

use super::super::{Cause, Event, Kind, State, Transition};
use super::row::Shown;

/// The changes of our state recorded right after a segment, as its consequence.
#[derive(Default)]
pub(super) struct Caused {
    // A value: whoever is given one reads all of it.
    pub(super) first: Option<Transition>,
    second: Option<Transition>,
}

impl Caused {
    pub(super) fn read<'e>(mut rest: impl Iterator<Item = &'e Event>) -> Self {
        let mut next = || match rest.next()?.kind() {
            Kind::Transition(transition)
                if matches!(transition.cause, Cause::Segment | Cause::Inferred) =>
            {
                Some(transition)
            }
            _ => None,
        };
        let first = next();
        let second = first.and_then(|_| next());
        Self { first, second }
    }

    pub(super) fn states(&self) -> impl Iterator<Item = Shown> {
        self.first.iter().chain(&self.second).map(shown)
    }

    pub(super) fn last(&self) -> Option<State> {
        self.second.or(self.first).map(|transition| transition.to)
    }
}

/// The state that a change leads to, in parentheses if it is inferred.
pub(super) fn shown(transition: &Transition) -> Shown {
    match transition.cause {
        Cause::Inferred => Shown::Inferred(transition.to),
        _ => Shown::Known(transition.to),
    }
}
