//! L# (Vaandrager, Garhewal, Rot, Wißmann: A New Approach for Active Automata Learning Based on
//! Apartness, TACAS 2022): learns a Mealy machine by asking what a word draws from a fresh subject.
//!
//! The *basis* is a set of twigs of the observation tree that are pairwise apart: each is a state. The
//! *frontier* are the twigs one step behind it: each is a transition, and is asked until it is apart from
//! all states but one. The hypothesis is then tried with random words; one that shows a difference is cut
//! in halves until it lies in the frontier, where it makes a new state.

use std::collections::HashMap;

use fastrand::Rng;

use super::mealy::{Mealy, Output};
use super::tree::Tree;

/// What answers words.
pub(crate) trait Oracle {
    /// What a fresh subject says to each symbol of a word.
    fn ask(&mut self, word: &[u8]) -> Vec<Output>;
}

/// How much there was to do.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Effort {
    /// Words that were asked of a fresh subject.
    pub(crate) words: u64,
    /// Symbols in them.
    pub(crate) symbols: u64,
    /// Hypotheses that were wrong.
    pub(crate) refuted: u32,
}

/// A transition that is being found out about: its twig, and the states that it may lead to.
struct Frontier {
    twig: usize,
    candidates: Vec<usize>,
}

pub(crate) struct Learner<O> {
    oracle: O,
    inputs: u8,
    tree: Tree,
    /// The states' twigs.
    basis: Vec<usize>,
    frontier: Vec<Frontier>,
    pub(crate) effort: Effort,
    rng: Rng,
    /// Words that are asked behind each transition: what tells most states apart at once.
    probes: Vec<Vec<u8>>,
}

impl<O: Oracle> Learner<O> {
    pub(crate) fn new(oracle: O, inputs: usize, probes: Vec<Vec<u8>>, seed: u64) -> Self {
        Self {
            oracle,
            inputs: u8::try_from(inputs).expect("a small alphabet"),
            tree: Tree::new(),
            basis: Vec::new(),
            frontier: Vec::new(),
            effort: Effort::default(),
            rng: Rng::with_seed(seed),
            probes,
        }
    }

    /// Learns until `trials` random words in a row show no difference. A `guess` is a machine that the
    /// subject may be: it says what is worth asking, and nothing else.
    pub(crate) fn learn(&mut self, guess: Option<&Mealy>, trials: u32) -> Mealy {
        if let Some(guess) = guess {
            let telling = guess.telling_words();
            for access in guess.access() {
                for word in &telling {
                    self.ask(&[&access[..], word].concat());
                }
            }
        }
        self.promote(0);
        loop {
            self.settle_frontier();
            let hypothesis = self.hypothesis();
            let Some(word) = self.refutation(&hypothesis, trials) else {
                return hypothesis.in_order();
            };
            self.effort.refuted += 1;
            self.digest(&hypothesis, word);
        }
    }

    pub(crate) fn into_oracle(self) -> O {
        self.oracle
    }

    fn ask(&mut self, word: &[u8]) {
        if self.tree.find(0, word).is_some() {
            return;
        }
        let outputs = self.oracle.ask(word);
        self.tree.insert(word, &outputs);
        self.effort.words += 1;
        self.effort.symbols += word.len() as u64;
    }

    /// Makes a twig a state, and asks for its transitions.
    fn promote(&mut self, twig: usize) {
        let state = self.basis.len();
        self.basis.push(twig);
        self.frontier.retain(|it| it.twig != twig);
        for transition in &mut self.frontier {
            if !self.tree.apart(transition.twig, twig) {
                transition.candidates.push(state);
            }
        }
        let access = self.tree.access(twig);
        for input in 0..self.inputs {
            for probe in 0..self.probes.len() {
                let word = [&access[..], &[input], &self.probes[probe]].concat();
                self.ask(&word);
            }
            let (_, twig) = self.tree.next(twig, input).expect("it was asked");
            let candidates = (0..self.basis.len()).collect();
            self.frontier.push(Frontier { twig, candidates });
        }
    }

    /// Asks until each transition leads to one state.
    fn settle_frontier(&mut self) {
        let mut at = 0;
        while at < self.frontier.len() {
            self.narrow(at);
            match self.frontier[at].candidates[..] {
                [] => {
                    self.promote(self.frontier[at].twig);
                    at = 0;
                }
                [_] => at += 1,
                [one, other, ..] => {
                    let witness = self.tree.witness(self.basis[one], self.basis[other]);
                    let access = self.tree.access(self.frontier[at].twig);
                    let suffix = witness.expect("states are apart");
                    self.ask(&[access, suffix].concat());
                }
            }
        }
    }

    fn narrow(&mut self, at: usize) {
        let (tree, basis) = (&self.tree, &self.basis);
        let Frontier { twig, candidates } = &mut self.frontier[at];
        candidates.retain(|&state| !tree.apart(*twig, basis[state]));
    }

    fn hypothesis(&self) -> Mealy {
        let states = self.basis.iter().copied().zip(0..);
        let transitions = self.frontier.iter().map(|it| (it.twig, it.candidates[0]));
        let targets: HashMap<usize, usize> = states.chain(transitions).collect();
        let steps = |&twig: &usize| {
            let step = |input| {
                let (output, next) = self.tree.next(twig, input).expect("it was asked");
                (output, targets[&next])
            };
            (0..self.inputs).map(step).collect()
        };
        Mealy {
            steps: self.basis.iter().map(steps).collect(),
        }
    }

    /// A word to which the subject says something else than the hypothesis.
    fn refutation(&mut self, hypothesis: &Mealy, trials: u32) -> Option<Vec<u8>> {
        if let Some(word) = self.contradiction(hypothesis) {
            return Some(word);
        }
        for _ in 0..trials {
            let word = self.trial(hypothesis);
            self.ask(&word);
            if let Some(length) = self.disagreement(hypothesis, &word) {
                return Some(word[..length].to_vec());
            }
        }
        None
    }

    /// A word in the tree that contradicts the hypothesis.
    fn contradiction(&self, hypothesis: &Mealy) -> Option<Vec<u8>> {
        let mut pairs = vec![(0, 0)];
        while let Some((twig, state)) = pairs.pop() {
            for (input, output, next) in self.tree.steps(twig) {
                let (expected, after) = hypothesis.steps[state][usize::from(input)];
                if output != expected {
                    return Some(self.tree.access(next));
                }
                pairs.push((next, after));
            }
        }
        None
    }

    /// To a random state, some random steps, and then a word that tells two states apart.
    fn trial(&mut self, hypothesis: &Mealy) -> Vec<u8> {
        let states = self.basis.len();
        let start = self.below(states);
        let mut word = self.tree.access(self.basis[start]);
        loop {
            word.push(self.below(usize::from(self.inputs)) as u8);
            if self.below(3) == 0 {
                break;
            }
        }
        let here = hypothesis.state_after(0, &word);
        let other = self.below(states);
        let suffix = self.tree.witness(self.basis[here], self.basis[other]);
        word.extend(suffix.unwrap_or_default());
        word
    }

    fn below(&mut self, bound: usize) -> usize {
        self.rng.usize(..bound)
    }

    /// How long the shortest prefix is that the hypothesis says otherwise to.
    fn disagreement(&self, hypothesis: &Mealy, word: &[u8]) -> Option<usize> {
        let (mut twig, mut state) = (0, 0);
        for (at, &input) in word.iter().enumerate() {
            let (output, next) = self.tree.next(twig, input)?;
            let (expected, after) = hypothesis.steps[state][usize::from(input)];
            if output != expected {
                return Some(at + 1);
            }
            (twig, state) = (next, after);
        }
        None
    }

    /// Cuts a word that refutes the hypothesis until it shows a transition to lead elsewhere.
    fn digest(&mut self, hypothesis: &Mealy, mut word: Vec<u8>) {
        loop {
            let Some(shorter) = self.shortest_apart(hypothesis, &word) else {
                return;
            };
            word = shorter;
            let twig = self.tree.find(0, &word).expect("it was asked");
            let stem = self.stem(&word);
            // The word is a state, or a transition: it was narrowed.
            if word.len() <= stem + 1 {
                return;
            }
            let state = hypothesis.state_after(0, &word);
            let witness = self.tree.witness(self.basis[state], twig);
            let witness = witness.expect("they are apart");
            let half = stem + 1 + (word.len() - stem - 1) / 2;
            let (head, tail) = word.split_at(half);
            let before = hypothesis.state_after(0, head);
            let access = self.tree.access(self.basis[before]);
            let replaced = [&access[..], tail].concat();
            self.ask(&[&replaced[..], &witness].concat());
            let behind = self.tree.find(0, &replaced).expect("it was asked");
            let head_twig = self.tree.find(0, head).expect("it was asked");
            // One of the two: the head is not the state that it was taken for, or what is behind it is
            // the same from that state.
            word = if self.tree.apart(self.basis[before], head_twig) {
                head.to_vec()
            } else {
                debug_assert!(self.tree.apart(self.basis[state], behind));
                replaced
            };
        }
    }

    /// The shortest prefix whose twig is apart from the state that the hypothesis takes it for.
    fn shortest_apart(&self, hypothesis: &Mealy, word: &[u8]) -> Option<Vec<u8>> {
        (0..=word.len()).find_map(|length| {
            let prefix = &word[..length];
            let twig = self.tree.find(0, prefix)?;
            let state = hypothesis.state_after(0, prefix);
            let apart = self.tree.apart(self.basis[state], twig);
            apart.then(|| prefix.to_vec())
        })
    }

    /// How many symbols of a word stay in the basis.
    fn stem(&self, word: &[u8]) -> usize {
        let mut twig = 0;
        for (at, &input) in word.iter().enumerate() {
            match self.tree.next(twig, input) {
                Some((_, next)) if self.basis.contains(&next) => twig = next,
                _ => return at,
            }
        }
        word.len()
    }
}
