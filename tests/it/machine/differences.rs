//! Where the node answers otherwise than smoltcp alone or than Linux, and why.

use std::collections::{BTreeMap, HashSet, VecDeque};

use smolchat::trace::State;

use super::alphabet::{Input, Opening};
use super::learned::learned;
use super::reasons;
use super::subject::{LATE, Who};

/// Two answers to one symbol.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    /// The node's name for the state.
    pub(crate) state: String,
    pub(crate) symbol: String,
    pub(crate) node: String,
    pub(crate) other: String,
}

/// What is compared: smoltcp does not say why a connection is over, and Linux is asked to delay nothing.
fn comparable(than: Who, output: &str) -> String {
    let words = output.split(' ').map(|word| match than {
        Who::Smoltcp if word.starts_with("over:") => "over",
        Who::Linux => word.strip_prefix(LATE).unwrap_or(word),
        Who::Node | Who::Smoltcp => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A port that is served, and one that is not, have no connection.
fn is_alike((one, other): (State, State)) -> bool {
    let is_idle = |state| matches!(state, State::Closed | State::Listen);
    one == other || is_idle(one) && is_idle(other)
}

/// How a difference is seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// A shortest word after which it is.
    pub(crate) after: String,
    /// How many pairs of states have it.
    pub(crate) pairs: usize,
}

/// Walks both machines together from their first states as long as they answer alike.
pub(crate) fn differences(than: Who, opening: Opening) -> BTreeMap<Difference, Seen> {
    let (node, other) = (learned(Who::Node, opening), learned(than, opening));
    let symbols = node.alphabet.iter().enumerate();
    let symbols = symbols.filter(|(_, symbol)| **symbol != Input::State);
    let shared: Vec<_> = symbols
        .filter_map(|(input, symbol)| {
            let other = other.alphabet.iter().position(|it| it == symbol)?;
            Some((input, other))
        })
        .collect();
    let mut found: BTreeMap<_, Seen> = BTreeMap::new();
    let mut seen = HashSet::from([(0, 0)]);
    let mut queue = VecDeque::from([(0, 0, Vec::new())]);
    while let Some((here, there, word)) = queue.pop_front() {
        for &(input, same) in &shared {
            let step = node.machine.steps[here][input];
            let other_step = other.machine.steps[there][same];
            let next = (step.1, other_step.1);
            let said = (node.words.word(step.0), other.words.word(other_step.0));
            let names = (node.states[next.0], other.states[next.1]);
            let is_said_alike = comparable(than, said.0) == comparable(than, said.1);
            if is_said_alike && is_alike(names) {
                if seen.insert(next) {
                    queue.push_back((next.0, next.1, [&word[..], &[input as u8]].concat()));
                }
                continue;
            }
            // Where only the next state tells them apart, it is what there is to tell.
            let answers = match is_said_alike {
                false => (said.0.to_owned(), said.1.to_owned()),
                true => (names.0.to_string(), names.1.to_string()),
            };
            let difference = Difference {
                state: node.states[here].to_string(),
                symbol: node.alphabet[input].to_string(),
                node: answers.0,
                other: answers.1,
            };
            let seen = found.entry(difference).or_default();
            if seen.pairs == 0 {
                seen.after = node.spell(&word);
            }
            seen.pairs += 1;
        }
    }
    found
}

/// A reason for some differences.
pub(crate) struct Reason {
    /// The node's names for the states; all if there are none.
    pub(crate) states: &'static [State],
    /// How the symbols start; all if there are none.
    pub(crate) symbols: &'static [&'static str],
    /// What is in the node's answer; anything if there is nothing.
    pub(crate) node: &'static [&'static str],
    /// What is in the other's answer; anything if there is nothing.
    pub(crate) other: &'static [&'static str],
    pub(crate) why: &'static str,
}

/// Whether an answer has a part; silence is no part of anything else.
fn is_in(part: &str, answer: &str) -> bool {
    answer == part || part != "-" && answer.contains(part)
}

impl Reason {
    fn covers(&self, difference: &Difference) -> bool {
        let state = |it: &State| it.to_string() == difference.state;
        let starts = |it: &&str| difference.symbol.starts_with(it);
        (self.states.is_empty() || self.states.iter().any(state))
            && (self.symbols.is_empty() || self.symbols.iter().any(starts))
            && (self.node.is_empty() || self.node.iter().any(|it| is_in(it, &difference.node)))
            && (self.other.is_empty() || self.other.iter().any(|it| is_in(it, &difference.other)))
    }
}

fn reasons(than: Who) -> &'static [Reason] {
    match than {
        Who::Node => &[],
        Who::Smoltcp => reasons::SMOLTCP,
        Who::Linux => reasons::LINUX,
    }
}

/// The first reason that covers a difference.
pub(crate) fn reason(than: Who, difference: &Difference) -> Option<&'static str> {
    let found = reasons(than).iter().find(|it| it.covers(difference))?;
    Some(found.why)
}

/// The differences without a reason, and the reasons without a difference.
pub(crate) fn unexplained(than: Who) -> (Vec<Difference>, Vec<&'static str>) {
    let all = Opening::BOTH.map(|opening| differences(than, opening));
    let all = all.iter().flat_map(BTreeMap::keys);
    let without = all.clone().filter(|it| reason(than, it).is_none());
    let without = without.cloned().collect();
    let used: HashSet<_> = all.filter_map(|it| reason(than, it)).collect();
    let unused = reasons(than).iter().map(|it| it.why);
    (without, unused.filter(|why| !used.contains(why)).collect())
}
