//! A learned machine as text, and read back: each state by the subject's own name for it and a number,
//! the shortest word to it, and what each symbol draws.

use std::collections::HashMap;
use std::fmt::Write as _;

use smolchat::trace::State;
use smolchat::trace::rfc9293::STATES;

use super::alphabet::Input;
use super::mealy::{Mealy, Output, Words};

/// A machine with all its names.
pub(crate) struct Table {
    pub(crate) alphabet: Vec<Input>,
    pub(crate) machine: Mealy,
    pub(crate) words: Words,
    /// The subject's own name for each state.
    pub(crate) states: Vec<State>,
}

impl Table {
    /// What a symbol draws in a state.
    pub(crate) fn output(&self, state: usize, input: usize) -> &str {
        self.words.word(self.machine.steps[state][input].0)
    }

    /// The names of all states: the subject's own, and which of them it is.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut counts = HashMap::new();
        let name = |state: &State| {
            let count = counts.entry(state.to_string()).or_insert(0);
            *count += 1;
            format!("{state}.{count}")
        };
        self.states.iter().map(name).collect()
    }

    pub(crate) fn spell(&self, word: &[u8]) -> String {
        let symbols = word.iter().map(|&it| self.alphabet[usize::from(it)]);
        let symbols: Vec<_> = symbols.map(|it| it.to_string()).collect();
        symbols.join(" ")
    }

    /// The text: a block for each state, which has the answer to [`Input::State`] for its name, and in it a
    /// line for each answer with all symbols that draw it.
    pub(crate) fn text(&self) -> String {
        let names = self.names();
        let access = self.machine.access();
        let mut text = String::new();
        for (state, steps) in self.machine.steps.iter().enumerate() {
            let reached = self.spell(&access[state]);
            let _ = writeln!(text, "{}\n  after: {reached}", names[state]);
            let mut answers: Vec<((Output, usize), Vec<u8>)> = Vec::new();
            for (input, &step) in steps.iter().enumerate() {
                if self.alphabet[input] == Input::State {
                    continue;
                }
                match answers.iter_mut().find(|it| it.0 == step) {
                    Some((_, inputs)) => inputs.push(input as u8),
                    None => answers.push((step, vec![input as u8])),
                }
            }
            for ((output, next), inputs) in answers {
                let inputs = self.spell(&inputs);
                let output = self.words.word(output);
                let _ = writeln!(text, "  {inputs} / {output} -> {}", names[next]);
            }
        }
        text
    }
}

/// Reads a machine from its text; `None` if it is none, or of another alphabet. Lines that start with `#`
/// are for people.
pub(crate) fn read(text: &str, alphabet: &[Input]) -> Option<Table> {
    let blocks = text
        .lines()
        .filter(|line| !line.starts_with([' ', '#']) && !line.is_empty());
    let places: HashMap<&str, usize> = blocks.clone().zip(0..).collect();
    let look = alphabet.iter().position(|it| *it == Input::State)?;
    let mut words = Words::default();
    let mut states = Vec::new();
    let mut steps = vec![vec![None; alphabet.len()]; places.len()];
    for (block, place) in blocks.zip(0..) {
        let name = block.split('.').next()?;
        states.push(*STATES.iter().find(|it| it.to_string() == name)?);
        steps[place][look] = Some((words.number(name), place));
    }
    let mut state = None;
    for line in text.lines() {
        state = places.get(line).copied().or(state);
        let Some((inputs, answer)) = line.split_once(" / ") else {
            continue;
        };
        let (output, next) = answer.rsplit_once(" -> ")?;
        let step = (words.number(output), *places.get(next)?);
        for name in inputs.split_whitespace() {
            steps[state?][Input::named(alphabet, name)?] = Some(step);
        }
    }
    let row = |row: Vec<Option<_>>| row.into_iter().collect();
    let steps: Option<Vec<Vec<_>>> = steps.into_iter().map(row).collect();
    let machine = Mealy { steps: steps? };
    (machine.states() > 0).then(|| Table {
        alphabet: alphabet.to_vec(),
        machine,
        words,
        states,
    })
}
