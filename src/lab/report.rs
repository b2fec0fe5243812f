//! Everything that is said of an experiment, and the list of all: plain text, and pages for `docs/lab`.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::claim::Claim;
use super::experiments::{Experiment, Group, all};
use super::meaning;
use super::scenes::scene;
use super::settings::Knob;
use super::tape::{Outcome, Run};
use crate::picture::{Drawer, End, Picture, Scene};
use crate::trace::Style;

use super::texts::{Texts, texts};
use crate::lang::Lang;

use unicode_width::UnicodeWidthStr;

/// Columns of running text.
const WIDTH: usize = 96;

/// A text in lines that are no longer than a terminal. Chinese may be broken anywhere but before a stop.
pub(super) fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = String::new();
    for paragraph in text.lines() {
        let mut line = String::from(indent);
        for word in words(paragraph) {
            if line.width() + word.trim_end().width() > WIDTH && line.trim() != "" {
                lines.push_str(line.trim_end());
                lines.push('\n');
                line = String::from(indent);
            }
            line.push_str(word);
        }
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    lines
}

/// No line begins with one of these: the full-width comma, colon, semicolon, question mark, exclamation mark and
/// closing bracket, the ideographic full stop, comma and closing title mark.
const STOPS: [char; 9] = [
    '\u{ff0c}', '\u{ff1a}', '\u{ff1b}', '\u{ff1f}', '\u{ff01}', '\u{ff09}', '\u{3002}', '\u{3001}',
    '\u{300b}',
];

/// Where a line may be broken: behind a space, and before a Chinese character that is no stop.
fn words(text: &str) -> Vec<&str> {
    let may_begin =
        |letter: char| matches!(letter, '\u{2e80}'..='\u{ffef}') && !STOPS.contains(&letter);
    let mut words = Vec::new();
    let mut start = 0;
    let mut before = 'x';
    for (at, letter) in text.char_indices() {
        let behind_space = before == ' ' && letter != ' ';
        let chinese = may_begin(letter) && !matches!(before, '\u{ff08}' | '\u{300a}' | '(');
        if at > start && (behind_space || chinese) {
            words.push(&text[start..at]);
            start = at;
        }
        before = letter;
    }
    words.push(&text[start..]);
    words
}

/// A sentence with what was measured.
fn filled(sentence: &str, claim: &Claim) -> String {
    let mut text = sentence.to_string();
    for (number, value) in claim.values.iter().enumerate() {
        text = text.replace(&format!("{{{number}}}"), value);
    }
    text
}

fn numbers(rows: &[usize]) -> String {
    let numbers: Vec<_> = rows.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}

/// What is said of an experiment, in a language and a style.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    language: Lang,
    style: Style,
}

impl Report {
    /// A report in this language and style.
    pub const fn new(language: Lang, style: Style) -> Self {
        Self { language, style }
    }

    /// All texts in its language.
    pub(super) const fn texts(&self) -> &'static Texts {
        texts(self.language)
    }

    /// How the rows of a scene are drawn.
    pub(super) fn drawer(&self, scene: &Scene) -> Drawer {
        Drawer {
            style: self.style,
            tagged: scene.has_several(),
        }
    }

    /// A run as it is drawn in a text.
    pub(super) fn scene(&self, run: &Run) -> Scene {
        scene(self.language, run, "", false)
    }

    /// Each run as a scene, for a picture: under its name if there are several.
    pub fn scenes(&self, experiment: &Experiment, outcome: &Outcome) -> Vec<Scene> {
        let words = experiment.words(self.texts());
        let runs = outcome.runs.iter().enumerate();
        let scenes = runs.map(|(index, run)| {
            let name = words.runs.get(index).copied().unwrap_or(experiment.name);
            scene(self.language, run, name, true)
        });
        scenes.collect()
    }

    /// The language.
    pub const fn language(&self) -> Lang {
        self.language
    }

    /// The experiment as a picture, under its question.
    pub fn picture(&self, picture: Picture, experiment: &Experiment, outcome: &Outcome) -> String {
        let question = experiment.words(self.texts()).question;
        picture.of(&self.scenes(experiment, outcome), question, self.language)
    }

    fn title(&self, text: &str) -> String {
        let palette = &self.style.palette;
        if palette.heading.is_empty() {
            return format!("{text}\n");
        }
        format!("{}{text}{}\n", palette.heading, palette.reset)
    }

    /// All of it: the question, the ladders, the answer.
    pub fn whole(&self, experiment: &Experiment, outcome: &Outcome) -> String {
        let ladders = self.ladders(experiment, outcome, |_, _| {});
        self.around(&ladders, experiment, outcome)
    }

    /// The same with what each row means below it. What a state is, and what kinds of rows mean, is told once.
    pub fn explained(&self, experiment: &Experiment, outcome: &Outcome) -> String {
        let mut told = Vec::new();
        let ladders = self.ladders(experiment, outcome, |run, scene| {
            for (row, drawn) in run.rows.iter().zip(&mut scene.rows) {
                let meant = meaning::sentences(self.texts(), row).into_iter();
                drawn.meaning.extend(meant.filter(|it| !told.contains(it)));
                told.extend(drawn.meaning.iter().cloned());
            }
        });
        self.around(&ladders, experiment, outcome)
    }

    fn around(&self, ladders: &str, experiment: &Experiment, outcome: &Outcome) -> String {
        let question = self.question(experiment);
        let answer = self.answer(experiment, outcome);
        format!("{question}{ladders}\n{answer}")
    }

    /// The question.
    pub fn question(&self, experiment: &Experiment) -> String {
        let words = experiment.words(self.texts());
        let mut text = self.title(&format!("{}: {}", experiment.name, words.question));
        text.push('\n');
        text
    }

    /// What stands above a run's ladder.
    pub fn run_head(&self, experiment: &Experiment, index: usize) -> String {
        let words = experiment.words(self.texts());
        let mut text = String::new();
        if let Some(name) = words.runs.get(index) {
            text.push_str(&self.title(&format!("-- {name}")));
        }
        let frame = &self.texts().frame;
        let named = frame.names.map(|name| End {
            name: name.into(),
            role: String::new(),
        });
        text.push_str(&Drawer::head(&named));
        text
    }

    fn ladders(
        &self,
        experiment: &Experiment,
        outcome: &Outcome,
        mut with: impl FnMut(&Run, &mut Scene),
    ) -> String {
        let mut text = String::new();
        for (index, run) in outcome.runs.iter().enumerate() {
            if index > 0 {
                text.push('\n');
            }
            text.push_str(&self.run_head(experiment, index));
            let mut scene = self.scene(run);
            with(run, &mut scene);
            text.push_str(&self.drawer(&scene).rows(&scene.rows));
        }
        text
    }

    /// The answer with its proofs, what the RFCs say, and how to see it elsewhere.
    pub fn answer(&self, experiment: &Experiment, outcome: &Outcome) -> String {
        let frame = &self.texts().frame;
        let words = experiment.words(self.texts());
        let mut text = self.title(frame.answer);
        for (sentence, claim) in words.answer.iter().zip(experiment.claims(outcome)) {
            let said = if claim.holds() {
                let rows = if claim.rows.len() == 1 {
                    frame.row
                } else {
                    frame.rows
                };
                let rows = rows.replace("{0}", &numbers(&claim.rows));
                format!("{}{rows}", filled(sentence, &claim))
            } else {
                frame.not_shown.to_string()
            };
            text.push_str(&wrapped(&said, "  "));
        }
        text.push('\n');
        let sections: Vec<_> = experiment
            .rfcs
            .iter()
            .map(|(number, section)| match *section {
                "" => format!("RFC {number}"),
                section => format!("RFC {number} {}", frame.section.replace("{0}", section)),
            })
            .collect();
        text.push_str(&self.title(&sections.join(", ")));
        text.push_str(&wrapped(words.rfc, "  "));
        text.push('\n');
        text.push_str(&self.title(frame.kernel));
        text.push_str(&wrapped(words.kernel, "  "));
        text
    }

    /// The list of all experiments.
    pub fn list(&self) -> String {
        let frame = &self.texts().frame;
        let mut text = format!("{}\n", frame.list);
        let mut group = None;
        let width = all().map(|it| it.name.len()).max().unwrap_or(0) + 2;
        for experiment in all() {
            if group.replace(experiment.group) != Some(experiment.group) {
                text.push('\n');
                text.push_str(&self.title(group_name(frame.groups, experiment.group)));
            }
            let words = experiment.words(self.texts());
            let name = experiment.name;
            text.push_str(&format!("  {name:<width$}{}\n", words.question));
        }
        text.push_str(&format!("\n{}\n", frame.list_end));
        text
    }

    /// What can be turned at an experiment.
    pub fn knobs(&self, experiment: &Experiment) -> String {
        let frame = &self.texts().frame;
        let names: Vec<_> = experiment.knobs.iter().map(|knob| knob.name()).collect();
        match experiment.knobs {
            [Knob::Seed] => frame.seed_only.to_string(),
            _ => frame.knobs.replace("{0}", &names.join(", ")),
        }
    }

    /// A page of all experiments: for a code host.
    pub fn page(&self, outcome_of: impl Fn(&Experiment) -> Outcome) -> String {
        let frame = &self.texts().frame;
        let mut text = format!("# {}\n\n{}\n", frame.index, frame.page);
        let mut group = None;
        for experiment in all() {
            if group.replace(experiment.group) != Some(experiment.group) {
                let name = group_name(frame.groups, experiment.group);
                text.push_str(&format!("\n**{name}**\n\n"));
            }
            let question = experiment.words(self.texts()).question;
            let name = experiment.name;
            text.push_str(&format!("- [{question}](#{name})\n"));
        }
        for experiment in all() {
            let words = experiment.words(self.texts());
            let outcome = outcome_of(experiment);
            text.push_str(&format!(
                "\n## {}\n\n{}\n\n",
                experiment.name, words.question
            ));
            let ladders = self.ladders(experiment, &outcome, |_, _| {});
            text.push_str(&format!("```text\n{ladders}```\n\n"));
            let name = experiment.name;
            let file = format!("{name}.{}.svg", self.language.code());
            text.push_str(&format!("[{}]({file})\n\n", frame.picture));
            text.push_str(&format!(
                "```text\n{}```\n",
                self.answer(experiment, &outcome)
            ));
            text.push_str(&format!("\n{}\n", self.knobs(experiment)));
        }
        text.push_str(&format!("\n{}\n", frame.page_end));
        text
    }
}

const fn group_name(names: [&'static str; 4], group: Group) -> &'static str {
    match group {
        Group::Opening => names[0],
        Group::Closing => names[1],
        Group::Data => names[2],
        Group::Trouble => names[3],
    }
}
