//! Every schedule of faults, up to a bound, over the real code.
//!
//! Two nodes run a whole life of a connection on a wire in memory. Each TCP segment may be lost,
//! repeated, change places with the next, or come back seconds later. Every way to spread up to a
//! bound of such faults over all segments is run, by replay: nodes are not copied, a schedule is run
//! from its start. For each run:
//!
//! - only changes of state that RFC 9293 knows, each from where the last one led;
//! - both ends reach CLOSED, through TIME-WAIT where it is theirs, with the right ending;
//! - every octet arrives once and in order;
//! - no connection, TIME-WAIT entry or held SYN is left, and nothing on the wire;
//! - every ladder renders, within 100 columns.
//!
//! `SMOLCHAT_FAULTS=4` raises the bound; with `--profile checked` that takes about a minute on two
//! cores. A schedule that fails is printed with its ladders and the command that runs it alone: with
//! `SMOLCHAT_SCHEDULE` set, that schedule is all that is run.

mod play;
mod scenario;
mod wire;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant as Clock;
use std::{env, thread};

use play::Play;
use scenario::{ALL, Scenario};
use wire::Decision;

/// Faults in one run at most, unless `SMOLCHAT_FAULTS` says otherwise.
const FAULTS: usize = 2;

/// What was found out about one scenario.
struct Exploration<'s> {
    scenario: &'s Scenario,
    bound: usize,
    /// The first faults, which share the work out.
    roots: Vec<Decision>,
    next_root: AtomicUsize,
    schedules: AtomicU64,
    failed: AtomicBool,
    failure: Mutex<Option<String>>,
}

/// Runs one schedule; says how many segments it had.
fn attempt(scenario: &Scenario, schedule: &[Decision]) -> Result<u16, String> {
    let mut play = Play::new(scenario, schedule);
    let result = catch_unwind(AssertUnwindSafe(|| play.run()));
    let what = match result {
        Ok(Ok(segments)) => return Ok(segments),
        Ok(Err(what)) => what,
        Err(_) => "panicked".to_owned(),
    };
    let list: Vec<_> = schedule.iter().map(Decision::to_string).collect();
    let list = format!("{}:{}", scenario.name, list.join(","));
    Err(format!(
        "{what}\nschedule {list}\n{}run it alone: SMOLCHAT_SCHEDULE={list} cargo test \
         --test it exhaustive:: -- --nocapture",
        play.ladders()
    ))
}

impl<'s> Exploration<'s> {
    fn new(scenario: &'s Scenario, bound: usize) -> Self {
        let mut exploration = Self {
            scenario,
            bound,
            roots: Vec::new(),
            next_root: AtomicUsize::new(0),
            schedules: AtomicU64::new(1),
            failed: AtomicBool::new(false),
            failure: Mutex::new(None),
        };
        match attempt(scenario, &[]) {
            Ok(segments) if bound > 0 => {
                exploration.roots = decisions(scenario, 0, segments).collect()
            }
            Ok(_) => {}
            Err(what) => exploration.fail(what),
        }
        exploration
    }

    fn fail(&self, what: String) {
        self.failed.store(true, Ordering::Relaxed);
        let mut failure = self.failure.lock().unwrap();
        // The shortest report is of the fewest faults, or close to it.
        if failure
            .as_ref()
            .is_none_or(|other| what.len() < other.len())
        {
            *failure = Some(what);
        }
    }

    fn work(&self) {
        let mut schedule = Vec::with_capacity(self.bound);
        while let Some(root) = self
            .roots
            .get(self.next_root.fetch_add(1, Ordering::Relaxed))
        {
            schedule.clear();
            schedule.push(*root);
            self.explore(&mut schedule);
        }
    }

    /// Runs a schedule, and every one that continues it with later faults.
    fn explore(&self, schedule: &mut Vec<Decision>) {
        if self.failed.load(Ordering::Relaxed) {
            return;
        }
        self.schedules.fetch_add(1, Ordering::Relaxed);
        let segments = match attempt(self.scenario, schedule) {
            Ok(segments) => segments,
            Err(what) => return self.fail(what),
        };
        if schedule.len() == self.bound {
            return;
        }
        let after = schedule.last().map_or(0, |last| last.segment + 1);
        for decision in decisions(self.scenario, after, segments) {
            schedule.push(decision);
            self.explore(schedule);
            schedule.pop();
        }
    }
}

fn decisions(scenario: &Scenario, from: u16, to: u16) -> impl Iterator<Item = Decision> {
    let faults = scenario.faults();
    (from..to).flat_map(move |segment| faults.iter().map(move |&fault| Decision { segment, fault }))
}

fn bound() -> usize {
    let asked = env::var("SMOLCHAT_FAULTS").ok();
    asked.map_or(FAULTS, |text| {
        text.parse().expect("SMOLCHAT_FAULTS is a number")
    })
}

#[test]
fn every_schedule_of_faults_ends_well() {
    if let Ok(text) = env::var("SMOLCHAT_SCHEDULE") {
        return one_schedule(&text);
    }
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut total = 0;
    let mut failures = Vec::new();
    let started = Clock::now();
    for scenario in &ALL {
        let exploration = Exploration::new(scenario, bound());
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| exploration.work());
            }
        });
        let schedules = exploration.schedules.into_inner();
        println!("{:>9} schedules of {}", schedules, scenario.name);
        total += schedules;
        failures.extend(exploration.failure.into_inner().unwrap());
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{total:>9} schedules of up to {} faults in {seconds:.1} s, {:.0} per second",
        bound(),
        total as f64 / seconds
    );
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

/// Runs the schedule that somebody named, and draws it.
fn one_schedule(text: &str) {
    let (name, list) = text.split_once(':').expect("scenario:decisions");
    let scenario = ALL.iter().find(|it| it.name == name).expect("a scenario");
    let schedule: Vec<_> = list
        .split(',')
        .filter(|word| !word.is_empty())
        .map(|word| Decision::parse(word).expect("a decision such as 7L"))
        .collect();
    let mut play = Play::new(scenario, &schedule);
    let result = play.run();
    println!("{}", play.ladders());
    result.unwrap();
}
