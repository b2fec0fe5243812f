//! A Mealy machine: states, and for each state and input an output and the next state.

use std::collections::VecDeque;

/// An output by its number in [`Words`].
pub(crate) type Output = u16;

/// The words that outputs are numbered by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words(Vec<String>);

impl Words {
    pub(crate) fn number(&mut self, word: &str) -> Output {
        let found = self.0.iter().position(|it| it == word);
        let number = found.unwrap_or_else(|| {
            self.0.push(word.to_owned());
            self.0.len() - 1
        });
        Output::try_from(number).expect("fewer words than that")
    }

    pub(crate) fn word(&self, output: Output) -> &str {
        &self.0[usize::from(output)]
    }
}

/// State 0 is the first; `steps[state][input]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mealy {
    pub(crate) steps: Vec<Vec<(Output, usize)>>,
}

impl Mealy {
    pub(crate) fn states(&self) -> usize {
        self.steps.len()
    }

    pub(crate) fn transitions(&self) -> usize {
        self.steps.iter().map(Vec::len).sum()
    }

    /// Where a word leads.
    pub(crate) fn state_after(&self, from: usize, word: &[u8]) -> usize {
        word.iter().fold(from, |state, &input| {
            self.steps[state][usize::from(input)].1
        })
    }

    /// The shortest word to each state, in the order of the alphabet.
    pub(crate) fn access(&self) -> Vec<Vec<u8>> {
        let mut words = vec![None; self.states()];
        words[0] = Some(Vec::new());
        let mut queue = VecDeque::from([0]);
        while let Some(state) = queue.pop_front() {
            for (input, &(_, next)) in self.steps[state].iter().enumerate() {
                if words[next].is_none() {
                    let mut word: Vec<u8> = words[state].clone().expect("it was queued");
                    word.push(input as u8);
                    words[next] = Some(word);
                    queue.push_back(next);
                }
            }
        }
        words
            .into_iter()
            .map(|word| word.expect("it is reachable"))
            .collect()
    }

    /// The same machine, its states numbered in the order in which they are reached: two machines that
    /// behave alike are then equal.
    pub(crate) fn in_order(&self) -> Self {
        let mut order = vec![0];
        let mut place = vec![None; self.states()];
        place[0] = Some(0);
        let mut at = 0;
        while let Some(&state) = order.get(at) {
            at += 1;
            for &(_, next) in &self.steps[state] {
                if place[next].is_none() {
                    place[next] = Some(order.len());
                    order.push(next);
                }
            }
        }
        let renumbered = |&(output, next): &(Output, usize)| {
            let next: Option<usize> = place[next];
            (output, next.expect("it is reachable"))
        };
        let steps = order
            .iter()
            .map(|&state| self.steps[state].iter().map(renumbered).collect());
        Self {
            steps: steps.collect(),
        }
    }

    /// Words on which each two states differ, for some two of them each.
    pub(crate) fn telling_words(&self) -> Vec<Vec<u8>> {
        let inputs = 0..self.steps[0].len();
        let mut words: Vec<Vec<u8>> = Vec::new();
        let mut classes = vec![0; self.states()];
        loop {
            // States that are alike so far, by what one symbol says and by the class it leads to.
            let row = |state: usize| {
                let step = |&(output, next): &(Output, usize)| (output, classes[next]);
                (
                    classes[state],
                    self.steps[state].iter().map(step).collect::<Vec<_>>(),
                )
            };
            let mut rows = Vec::new();
            let finer: Vec<usize> = (0..self.states())
                .map(|state| {
                    let row = row(state);
                    rows.iter().position(|it| *it == row).unwrap_or_else(|| {
                        rows.push(row);
                        rows.len() - 1
                    })
                })
                .collect();
            if finer == classes {
                return words;
            }
            classes = finer;
            for one in 0..self.states() {
                for other in 0..one {
                    let apart = classes[one] != classes[other];
                    if apart && !words.iter().any(|word| self.tells(word, one, other)) {
                        let word = self.word_between(one, other, inputs.clone(), &words);
                        words.extend(word);
                    }
                }
            }
        }
    }

    /// A word that tells two states apart: one symbol, or one and then a word that is known.
    fn word_between(
        &self,
        one: usize,
        other: usize,
        inputs: std::ops::Range<usize>,
        known: &[Vec<u8>],
    ) -> Option<Vec<u8>> {
        let single = inputs.clone().map(|input| vec![input as u8]);
        let longer = inputs.flat_map(|input| {
            known
                .iter()
                .map(move |word| [&[input as u8], &word[..]].concat())
        });
        single
            .chain(longer)
            .find(|word| self.tells(word, one, other))
    }

    fn tells(&self, word: &[u8], mut one: usize, mut other: usize) -> bool {
        word.iter().any(|&input| {
            let (output, next) = self.steps[one][usize::from(input)];
            let (different, behind) = self.steps[other][usize::from(input)];
            (one, other) = (next, behind);
            output != different
        })
    }
}
