//! Every experiment of the laboratory: its claims hold, over seeds and settings, and what it says is kept.
//!
//! `SMOLCHAT_ACCEPT=1 cargo test --test it laboratory` writes the goldens and the pages of `docs/lab` anew.

use crate::accepted::compare;
use smolchat::lab::{DELAY, DROP, Experiment, Knob, LOSS, MSL, Report, Settings, all, texts};
use smolchat::lab::{Stepping, find, nearest};
use smolchat::lang::Lang;
use smolchat::trace::{State, Style};
use smoltcp::time::Duration;

fn report(language: Lang) -> Report {
    Report::new(language, Style::PLAIN)
}

/// Fails if a claim does not hold, or if a change of state was illegal.
fn assert_shown(experiment: &Experiment, settings: &Settings) {
    let outcome = experiment.run(settings);
    for (number, claim) in (1..).zip(experiment.claims(&outcome)) {
        assert!(
            claim.holds() && !claim.rows.is_empty(),
            "{} with {settings:?}: sentence {number}, checks {:?}\n{}",
            experiment.name,
            claim.failed,
            report(Lang::En).whole(experiment, &outcome)
        );
    }
    for run in &outcome.runs {
        assert_eq!(run.illegal, 0, "{}", experiment.name);
    }
}

#[test]
fn every_experiment_shows_what_it_claims_with_every_seed() {
    for experiment in all() {
        for seed in 0..12 {
            let settings = Settings {
                seed,
                ..Settings::default()
            };
            assert_shown(experiment, &settings);
        }
    }
}

#[test]
fn every_experiment_shows_what_it_claims_however_its_knobs_are_turned() {
    let usual = Settings::default();
    for experiment in all() {
        let delays = [DELAY[0], Duration::from_millis(37), DELAY[1]];
        let turned: Vec<Settings> = experiment
            .knobs
            .iter()
            .flat_map(|knob| match knob {
                Knob::Msl => MSL.map(|msl| Settings { msl, ..usual }).to_vec(),
                Knob::Loss => (LOSS[0]..=LOSS[1])
                    .map(|loss| Settings { loss, ..usual })
                    .collect(),
                // That the wait doubles shows from the second loss on.
                Knob::Drop => (2..=DROP[1])
                    .map(|drop| Settings { drop, ..usual })
                    .collect(),
                Knob::Delay => delays.map(|delay| Settings { delay, ..usual }).to_vec(),
                Knob::Seed => vec![Settings {
                    seed: u64::MAX,
                    ..usual
                }],
            })
            .collect();
        for settings in &turned {
            assert_shown(experiment, settings);
        }
    }
}

#[test]
fn the_same_settings_give_the_same_outcome() {
    let said = |experiment: &Experiment| {
        let outcome = experiment.run(&Settings::default());
        report(Lang::En).whole(experiment, &outcome)
    };
    for experiment in all() {
        assert_eq!(said(experiment), said(experiment));
    }
}

#[test]
fn a_sentence_whose_claim_does_not_hold_is_not_said() {
    let experiment = find("lost-syn").unwrap();
    // One loss: nothing doubles.
    let outcome = experiment.run(&Settings {
        drop: 1,
        ..Settings::default()
    });
    let [doubles, longer] = experiment.claims(&outcome);
    assert!(!doubles.holds() && longer.holds());
    let said = report(Lang::En).whole(experiment, &outcome);
    assert!(
        said.contains("does not show this part of its answer"),
        "{said}"
    );
    assert!(!said.contains("twice as long"), "{said}");
}

#[test]
fn what_every_experiment_says_is_kept_in_both_languages() {
    for experiment in all() {
        let outcome = experiment.run(&Settings::default());
        for language in Lang::ALL {
            let file = format!(
                "tests/golden/lab/{}.{}.txt",
                experiment.name,
                language.code()
            );
            compare(&file, &report(language).whole(experiment, &outcome));
        }
    }
}

#[test]
fn no_kept_output_is_left_of_an_experiment_that_is_gone() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/lab");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let experiment = name.split('.').next().unwrap();
        assert!(find(experiment).is_some(), "{name} belongs to nothing");
    }
}

#[test]
fn the_pages_of_the_laboratory_are_what_the_experiments_say() {
    for (language, file) in [(Lang::En, "README.md"), (Lang::Zh, "README.zh.md")] {
        let page = report(language).page(|it| it.run(&Settings::default()));
        compare(&format!("docs/lab/{file}"), &page);
    }
}

/// How many numbers a sentence has room for.
fn places(sentence: &str) -> usize {
    (0..9)
        .filter(|number| sentence.contains(&format!("{{{number}}}")))
        .count()
}

#[test]
fn every_text_has_its_numbers_and_every_run_its_name() {
    for experiment in all() {
        let outcome = experiment.run(&Settings::default());
        let claims = experiment.claims(&outcome);
        for language in Lang::ALL {
            let words = experiment.words(texts(language));
            for (sentence, claim) in words.answer.iter().zip(&claims) {
                let (has, wants) = (claim.values.len(), places(sentence));
                assert_eq!(
                    has,
                    wants,
                    "{} {}: {sentence}",
                    experiment.name,
                    language.code()
                );
            }
            let runs = if outcome.runs.len() == 1 {
                0
            } else {
                outcome.runs.len()
            };
            assert_eq!(words.runs.len(), runs, "{}", experiment.name);
            assert!(
                !words.question.is_empty() && !words.rfc.is_empty() && !words.kernel.is_empty()
            );
        }
    }
}

/// As a terminal counts them.
fn columns(line: &str) -> usize {
    let wide = |letter: char| ('\u{2e80}'..='\u{ffef}').contains(&letter);
    line.chars()
        .map(|letter| 1 + usize::from(wide(letter)))
        .sum()
}

#[test]
fn nothing_is_wider_than_a_hundred_columns() {
    for language in Lang::ALL {
        let report = report(language);
        for line in report.list().lines() {
            assert!(columns(line) <= 100, "{line}");
        }
        for experiment in all() {
            let outcome = experiment.run(&Settings::default());
            for line in report.whole(experiment, &outcome).lines() {
                assert!(columns(line) <= 100, "{}: {line}", experiment.name);
            }
        }
    }
}

#[test]
fn every_row_can_be_explained_in_both_languages() {
    for language in Lang::ALL {
        for experiment in all() {
            let outcome = experiment.run(&Settings::default());
            let mut stepping = Stepping::new(report(language), experiment, &outcome);
            let rows = outcome.rows().count();
            for row in 1..=rows {
                let shown = stepping.take("");
                let begins = format!("{row:>3} ");
                assert!(shown.starts_with(&begins), "{}: {shown}", experiment.name);
                let explained = stepping.take("?");
                let widest = explained.lines().map(columns).max();
                assert!(
                    (8..=100).contains(&widest.unwrap_or(0)),
                    "{}, row {row}: {explained}",
                    experiment.name
                );
            }
            assert!(stepping.is_over());
        }
    }
}

#[test]
fn what_a_row_means_is_said_of_the_row_and_not_of_its_neighbour() {
    let experiment = find("linger-0").unwrap();
    let outcome = experiment.run(&Settings::default());
    let mut stepping = Stepping::new(report(Lang::En), experiment, &outcome);
    let mut meant = Vec::new();
    for _ in outcome.rows() {
        let shown = stepping.take("");
        if shown
            .lines()
            .next()
            .is_some_and(|row| row.contains("close("))
        {
            meant.push(stepping.take("?"));
        }
    }
    assert_eq!(meant.len(), 2);
    assert!(meant[0].contains("The program is done with the connection; its stack is not."));
    assert!(meant[1].contains("The connection ends at once, by a reset."));
}

#[test]
fn every_ladder_has_both_life_lines_in_their_columns() {
    for language in Lang::ALL {
        for experiment in all() {
            let outcome = experiment.run(&Settings::default());
            let whole = report(language).whole(experiment, &outcome);
            let ladder = whole.lines().filter(|line| line.matches('│').count() == 2);
            for line in ladder {
                let bars: Vec<_> = line
                    .match_indices('│')
                    .map(|(at, _)| columns(&line[..at]))
                    .collect();
                assert_eq!(bars, [29, 74], "{}: {line}", experiment.name);
            }
        }
    }
}

#[test]
fn no_experiment_is_long_and_each_has_a_question() {
    for experiment in all() {
        let outcome = experiment.run(&Settings::default());
        let rows = outcome.rows().count();
        assert!(
            (3..=80).contains(&rows),
            "{} has {rows} rows",
            experiment.name
        );
        for language in Lang::ALL {
            let question = experiment.words(texts(language)).question;
            assert!(question.contains(['?', '\u{ff1f}']), "{question}");
        }
    }
}

#[test]
fn every_reason_that_an_experiment_meets_has_words_of_its_own() {
    for experiment in all() {
        let outcome = experiment.run(&Settings::default());
        for language in Lang::ALL {
            let whole = report(language).whole(experiment, &outcome);
            for nothing_said in [
                "dropped: refused]",
                "\u{4e22}\u{5f03}\u{ff1a}\u{62d2}\u{7edd}",
            ] {
                assert!(!whole.contains(nothing_said), "{}", experiment.name);
            }
        }
    }
}

#[test]
fn a_name_that_is_almost_right_finds_its_neighbour() {
    assert_eq!(nearest("witout-acept"), "without-accept");
    assert_eq!(nearest("lost_sin"), "lost-syn");
    assert!(find("lost_sin").is_none());
}

#[test]
fn a_state_is_explained_in_the_language_of_the_reader() {
    let gloss = |language: Lang| (texts(language).state)(State::SynReceived);
    assert!(gloss(Lang::En).contains("answered"));
    assert!(gloss(Lang::Zh).contains("同步已收到"));
}
