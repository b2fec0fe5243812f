//! The experiments. Each is data: its name, what can be turned, what it does on the bench, what it claims, and
//! where its words are.

mod attacks;
mod closing;
mod data;
mod opening;
mod ports;
mod time_wait;
mod trouble;
mod windows;

use smoltcp::time::Duration;

use super::claim::Claim;
use super::plan::Plan;
use super::settings::{Knob, Settings};
use super::tape::{Answer, Outcome, Row, Run};
use super::texts::{Texts, Words};
use crate::device::Side;
use crate::lang::edits;

/// Which part of the list it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The beginning of a connection.
    Opening,
    /// Its end.
    Closing,
    /// What is sent on it.
    Data,
    /// What goes wrong.
    Trouble,
}

/// An experiment.
#[derive(Debug)]
pub struct Experiment {
    // Its script, its claims and its words are for the methods below; the files of experiments write them.
    /// Its name, as it is typed.
    pub name: &'static str,
    /// Which part of the list it stands in.
    pub group: Group,
    /// What can be turned.
    pub knobs: &'static [Knob],
    /// The RFCs that say it, with their sections.
    pub rfcs: &'static [(u16, &'static str)],
    pub(super) run: fn(&Settings) -> Outcome,
    pub(super) claims: fn(&Outcome) -> [Claim; 2],
    pub(super) words: fn(&'static Texts) -> &'static Words,
}

/// All of them, in the order of the list.
pub fn all() -> impl Iterator<Item = &'static Experiment> + Clone {
    let groups = [
        opening::EXPERIMENTS,
        ports::EXPERIMENTS,
        closing::EXPERIMENTS,
        time_wait::EXPERIMENTS,
        data::EXPERIMENTS,
        windows::EXPERIMENTS,
        trouble::EXPERIMENTS,
        attacks::EXPERIMENTS,
    ];
    groups.into_iter().flatten()
}

/// The one of a name.
pub fn find(name: &str) -> Option<&'static Experiment> {
    all().find(|it| it.name == name)
}

/// The one whose name is most like this one.
pub fn nearest(name: &str) -> &'static str {
    let by_distance = |it: &&Experiment| edits(it.name, name);
    all().min_by_key(by_distance).map_or("", |it| it.name)
}

impl Experiment {
    /// Does it; the same settings give the same outcome.
    pub fn run(&self, settings: &Settings) -> Outcome {
        (self.run)(settings)
    }

    /// What its answer claims, checked: one claim for each sentence.
    pub fn claims(&self, outcome: &Outcome) -> [Claim; 2] {
        (self.claims)(outcome)
    }

    /// Its texts.
    pub fn words(&self, texts: &'static Texts) -> &'static Words {
        (self.words)(texts)
    }
}

/// The usual bench for these settings.
fn plan(settings: &Settings) -> Plan {
    let mut plan = Plan {
        seed: settings.seed,
        delay: settings.delay,
        ..Plan::default()
    };
    plan.limits.msl = settings.msl;
    plan
}

/// Long enough for whatever one call sets off, of acknowledgments that wait too.
fn moment(settings: &Settings) -> Duration {
    settings.delay * 4 + Duration::from_millis(20)
}

/// Whether a side read this.
fn gave(run: &Run, side: Side, text: &str) -> bool {
    let mut reads = run.calls(side, "recv");
    reads.any(|(_, answer)| *answer == Answer::Octets(text.into()))
}

/// The last call of a side by this name.
fn last_call<'r>(run: &'r Run, side: Side, name: &str) -> Option<&'r Row> {
    run.calls(side, name).last().map(|(row, _)| row)
}

/// How long somebody thinks before saying something.
const THINKING: Duration = Duration::from_millis(500);
