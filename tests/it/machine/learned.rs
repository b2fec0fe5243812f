//! The machines of all subjects: learned once for all tests, and held against their tables.

use std::env;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use smolchat::trace::State;

use crate::accepted::{compare, kept};
use crate::lab::Column;

use super::alphabet::{Input, Opening};
use super::in_memory::InMemory;
use super::learner::{Learner, Oracle};
use super::mealy::{Output, Words};
use super::namespace;
use super::subject::{Session, Subject, Who};
use super::table::{Table, read};

/// Random words in a row that show no difference, unless `SMOLCHAT_TRIALS` says otherwise.
const TRIALS: u32 = 1_000;

/// How often a word is asked that takes too long.
const TRIES: u32 = 30;

/// What tells most states apart: names, limits of answers, timers, what is unread; what came out of order.
const PROBES: [&str; 4] = [
    "State ACK(out,nxt) Time State",
    "Receive Send Time",
    "DATA(nxt,old) Receive Close Time State",
    "FIN(nxt,nxt) Receive SYN(in) Time",
];

/// The word of some names of symbols, without those that the alphabet has not.
pub(crate) fn word(alphabet: &[Input], names: &str) -> Vec<u8> {
    let symbols = names.split_whitespace();
    let symbols = symbols.filter_map(|name| Input::named(alphabet, name));
    symbols.map(|symbol| symbol as u8).collect()
}

/// Where subjects of a kind come from.
pub(crate) trait Ground {
    fn fresh(&mut self) -> impl Subject;

    /// Whether answers that took so long are those that there always are.
    fn is_brisk(&self, _took: Duration) -> bool {
        true
    }
}

/// Subjects on a virtual clock.
struct Memory(Column, Opening);

impl Ground for Memory {
    fn fresh(&mut self) -> impl Subject {
        InMemory::new(self.0, self.1)
    }
}

/// Answers words, each from a fresh subject.
struct Fresh<G> {
    ground: G,
    alphabet: Vec<Input>,
    words: Words,
}

impl<G: Ground> Fresh<G> {
    /// What a fresh subject says to a word, and its own name for the state that it is in then. Of one that
    /// lives in real time the quickest answer of some counts.
    fn run(&mut self, word: &[u8]) -> (Vec<String>, State) {
        let mut quickest = None;
        for _ in 0..TRIES {
            let started = Instant::now();
            let mut session = Session::new(self.ground.fresh());
            let symbols = word.iter().map(|&it| self.alphabet[usize::from(it)]);
            let said = symbols.map(|input| session.step(input)).collect();
            let state = session.subject.state();
            let took = started.elapsed();
            if quickest.as_ref().is_none_or(|(least, _)| took < *least) {
                quickest = Some((took, (said, state)));
            }
            drop(session);
            if self.ground.is_brisk(took) {
                break;
            }
        }
        quickest.expect("it was tried").1
    }
}

impl<G: Ground> Oracle for Fresh<G> {
    fn ask(&mut self, word: &[u8]) -> Vec<Output> {
        let (said, _) = self.run(word);
        said.iter().map(|it| self.words.number(it)).collect()
    }
}

/// A file of the docs, by the end of its path.
pub(crate) fn path(name: &str) -> String {
    format!("docs/machine{name}")
}

/// The node or smoltcp alone after a word.
pub(crate) fn after(
    column: Column,
    opening: Opening,
    word: impl IntoIterator<Item = Input>,
) -> Session<InMemory> {
    let mut session = Session::new(InMemory::new(column, opening));
    for input in word {
        session.step(input);
    }
    session
}

/// The machine of a subject.
pub(crate) fn learned(who: Who, opening: Opening) -> &'static Table {
    static TABLES: [OnceLock<Table>; 6] = [const { OnceLock::new() }; 6];
    let place = 2 * (who as usize) + opening as usize;
    TABLES[place].get_or_init(|| match who {
        Who::Node => learn(who, opening, Memory(Column::Node, opening)),
        Who::Smoltcp => learn(who, opening, Memory(Column::Alone, opening)),
        Who::Linux => namespace::learned(opening),
    })
}

/// Learns a machine; the table, if there is one, says what is worth asking.
pub(crate) fn learn<G: Ground>(who: Who, opening: Opening, ground: G) -> Table {
    let started = Instant::now();
    let alphabet = opening.alphabet(who.has_time());
    let asked = env::var("SMOLCHAT_TRIALS").ok();
    let trials = asked.map_or(TRIALS, |text| {
        text.parse().expect("SMOLCHAT_TRIALS is a number")
    });
    let guess = written(who, opening);
    let oracle = Fresh {
        ground,
        alphabet: alphabet.clone(),
        words: Words::default(),
    };
    let probes = PROBES.map(|probe| word(&alphabet, probe)).to_vec();
    let mut learner = Learner::new(oracle, alphabet.len(), probes, trials.into());
    let machine = learner.learn(guess.as_ref().map(|it| &it.machine), trials);
    println!(
        "{} {}: {} states, {} transitions; {:?}, {:.1} s",
        who.name(),
        opening.name(),
        machine.states(),
        machine.transitions(),
        learner.effort,
        started.elapsed().as_secs_f64()
    );
    let mut oracle = learner.into_oracle();
    let access = machine.access();
    Table {
        states: access.iter().map(|word| oracle.run(word).1).collect(),
        machine,
        words: oracle.words,
        alphabet,
    }
}

/// The table as it is written, if it is one.
pub(crate) fn written(who: Who, opening: Opening) -> Option<Table> {
    read(
        &kept(&table_path(who, opening)),
        &opening.alphabet(who.has_time()),
    )
}

pub(crate) fn table_path(who: Who, opening: Opening) -> String {
    path(&format!("/{}-{}.txt", who.name(), opening.name()))
}

/// Holds a machine against its table.
pub(crate) fn check(who: Who, opening: Opening) {
    compare(&table_path(who, opening), &learned(who, opening).text());
}
