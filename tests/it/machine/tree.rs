//! Everything that was ever asked, as a prefix tree: words that were asked once are not asked again.

use super::mealy::Output;

/// A node of the tree.
#[derive(Default)]
struct Twig {
    /// Input, output, and the twig behind it.
    next: Vec<(u8, Output, u32)>,
    /// The twig before it, and the input that led here.
    parent: Option<(u32, u8)>,
}

/// The observations; twig 0 is the root.
pub(crate) struct Tree {
    twigs: Vec<Twig>,
}

impl Tree {
    pub(crate) fn new() -> Self {
        Self {
            twigs: vec![Twig::default()],
        }
    }

    pub(crate) fn next(&self, twig: usize, input: u8) -> Option<(Output, usize)> {
        let found = self.twigs[twig].next.iter().find(|it| it.0 == input)?;
        Some((found.1, found.2 as usize))
    }

    /// All that was asked behind a twig, one step.
    pub(crate) fn steps(&self, twig: usize) -> impl Iterator<Item = (u8, Output, usize)> + '_ {
        let next = self.twigs[twig].next.iter();
        next.map(|&(input, output, twig)| (input, output, twig as usize))
    }

    pub(crate) fn find(&self, from: usize, word: &[u8]) -> Option<usize> {
        word.iter()
            .try_fold(from, |twig, &input| Some(self.next(twig, input)?.1))
    }

    /// The word that leads to a twig.
    pub(crate) fn access(&self, mut twig: usize) -> Vec<u8> {
        let mut word = Vec::new();
        while let Some((before, input)) = self.twigs[twig].parent {
            word.push(input);
            twig = before as usize;
        }
        word.reverse();
        word
    }

    /// Takes in an answer; the same word has one answer only.
    pub(crate) fn insert(&mut self, word: &[u8], outputs: &[Output]) {
        let mut twig = 0;
        for (&input, &output) in word.iter().zip(outputs) {
            twig = match self.next(twig, input) {
                Some((known, next)) => {
                    assert_eq!(known, output, "the subject is not deterministic: {word:?}");
                    next
                }
                None => {
                    let next = self.twigs.len();
                    self.twigs.push(Twig {
                        next: Vec::new(),
                        parent: Some((twig as u32, input)),
                    });
                    self.twigs[twig].next.push((input, output, next as u32));
                    next
                }
            };
        }
    }

    /// The shortest word on which two twigs were seen to differ.
    pub(crate) fn witness(&self, one: usize, other: usize) -> Option<Vec<u8>> {
        // Pairs, each with the pair before it and the input that led here.
        let mut pairs = vec![(one, other, usize::MAX, 0)];
        let mut at = 0;
        while let Some(&(one, other, ..)) = pairs.get(at) {
            for (input, output, next) in self.steps(one) {
                let Some((different, behind)) = self.next(other, input) else {
                    continue;
                };
                if output != different {
                    let mut word = vec![input];
                    let mut pair = at;
                    while pairs[pair].2 != usize::MAX {
                        word.push(pairs[pair].3);
                        pair = pairs[pair].2;
                    }
                    word.reverse();
                    return Some(word);
                }
                pairs.push((next, behind, at, input));
            }
            at += 1;
        }
        None
    }

    /// Whether two twigs were seen to differ.
    pub(crate) fn apart(&self, one: usize, other: usize) -> bool {
        self.steps(one).any(|(input, output, next)| {
            self.next(other, input)
                .is_some_and(|(different, behind)| output != different || self.apart(next, behind))
        })
    }
}
