//! One row at a time, with room to predict the next: lines in, text out, whoever reads and writes them.

use std::format;
use std::string::String;

use super::experiments::Experiment;
use super::meaning;
use super::report::{Report, wrapped};
use super::tape::{Outcome, Row, Run};

/// An experiment that is shown row by row.
#[derive(Debug)]
pub struct Stepping<'e> {
    report: Report,
    experiment: &'e Experiment,
    outcome: &'e Outcome,
    /// How many rows were shown.
    shown: usize,
    over: bool,
}

impl<'e> Stepping<'e> {
    /// Nothing is shown yet.
    pub const fn new(report: Report, experiment: &'e Experiment, outcome: &'e Outcome) -> Self {
        Self {
            report,
            experiment,
            outcome,
            shown: 0,
            over: false,
        }
    }

    /// Whether there is nothing more to ask for.
    pub const fn is_over(&self) -> bool {
        self.over
    }

    /// What stands at the beginning.
    pub fn begin(&self) -> String {
        let frame = &self.report.texts().frame;
        let question = self.report.question(self.experiment);
        format!("{question}{}\n{}", frame.prompt, self.head_before(1))
    }

    fn rows(&self) -> impl Iterator<Item = (usize, &'e Run, &'e Row)> {
        let runs = self.outcome.runs.iter().enumerate();
        runs.flat_map(|(index, run)| run.rows.iter().map(move |row| (index, run, row)))
    }

    /// The head of the run that begins with a row.
    fn head_before(&self, number: usize) -> String {
        let begins = |(_, run, row): &(usize, &Run, &Row)| {
            row.number == number && run.rows.first().is_some_and(|it| it.number == number)
        };
        let first = self.rows().find(begins);
        first.map_or(String::new(), |(index, ..)| {
            self.report.run_head(self.experiment, index)
        })
    }

    fn row(&self, number: usize) -> String {
        let row = self.rows().find(|(_, _, row)| row.number == number);
        row.map_or(String::new(), |(_, run, row)| {
            let scene = self.report.scene(run);
            let drawer = self.report.drawer(&scene);
            let drawn = scene.rows.iter().find(|it| it.number == Some(row.number));
            drawn.map_or(String::new(), |drawn| drawer.row(drawn))
        })
    }

    /// What one line that was typed shows.
    pub fn take(&mut self, line: &str) -> String {
        let frame = &self.report.texts().frame;
        match line.trim() {
            "" => self.go_on(),
            "b" => self.go_back(),
            "?" => self.explain(),
            "q" => {
                self.over = true;
                String::new()
            }
            _ => format!("{}\n", frame.not_a_step),
        }
    }

    fn go_on(&mut self) -> String {
        self.shown += 1;
        let mut text = self.row(self.shown);
        if self.rows().count() > self.shown {
            text.push_str(&self.head_before(self.shown + 1));
        } else {
            self.over = true;
            let answer = self.report.answer(self.experiment, self.outcome);
            text.push('\n');
            text.push_str(&answer);
        }
        text
    }

    fn go_back(&mut self) -> String {
        if self.shown <= 1 {
            self.shown = 0;
            let frame = &self.report.texts().frame;
            return format!("{}\n", frame.before_first);
        }
        self.shown -= 1;
        self.row(self.shown)
    }

    fn explain(&self) -> String {
        let texts = self.report.texts();
        let row = self.rows().find(|(_, _, row)| row.number == self.shown);
        let Some((_, _, row)) = row else {
            return format!("{}\n", texts.frame.before_first);
        };
        let sentences = meaning::sentences(texts, row).into_iter();
        sentences.map(|it| wrapped(&it, "  ")).collect()
    }
}
