//! `smolchat lab` as it is typed: the list, one experiment, its knobs, row by row, a capture.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use smolchat::lab::all;

/// The program with these arguments, in this locale, fed with these lines.
fn lab(arguments: &[&str], locale: &str, lines: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_smolchat"))
        .arg("lab")
        .args(arguments)
        .env_remove("LC_MESSAGES")
        .env_remove("LANG")
        .env("LC_ALL", locale)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that does not read is not told.
    let _ = child.stdin.take().unwrap().write_all(lines.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = lab(arguments, "C", "");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_list_has_every_experiment() {
    let without = lab(&[], "C", "");
    assert!(without.status.success());
    assert_eq!(said(&without), said(&lab(&["list"], "C", "")));
    for experiment in all() {
        let line = format!("\n  {} ", experiment.name);
        assert!(said(&without).contains(&line), "{}", experiment.name);
    }
}

#[test]
fn the_language_is_the_one_asked_for_or_that_of_the_locale() {
    let chinese = said(&lab(&["without-accept"], "zh_CN.UTF-8", ""));
    assert!(chinese.contains("全连接队列") && chinese.contains("客户端"));
    assert_eq!(
        chinese,
        said(&lab(&["without-accept", "--lang", "zh"], "C", ""))
    );
    let english = said(&lab(&["without-accept", "--lang", "en"], "zh_CN.UTF-8", ""));
    assert!(english.contains("client") && !english.contains("客户端"));
    assert!(refused(&["--lang", "de"]).contains("a language is en (English) or zh (Chinese)"));
}

#[test]
fn what_is_not_there_is_refused_in_a_sentence() {
    let unknown = refused(&["witout-acept"]);
    assert!(unknown.contains("there is no experiment witout-acept; the nearest is without-accept"));
    let has_not = refused(&["without-accept", "--msl", "2s"]);
    assert!(
        has_not.contains("the experiment without-accept has no --msl; it has --delay, --seed"),
        "{has_not}"
    );
    assert!(refused(&["--seed", "2"]).contains("name an experiment"));
    assert!(refused(&["lost-syn", "--drop", "9"]).contains("from 1 to 4"));
    assert!(refused(&["lost-syn", "--delay", "1h"]).contains("from 1ms to 100ms"));
}

#[test]
fn a_knob_changes_what_is_measured() {
    let three = said(&lab(&["lost-syn", "--drop", "3"], "C", ""));
    assert!(three.contains("with 3 sent again"), "{three}");
    assert!(three.contains("came 7010 ms after"), "{three}");
}

#[test]
fn rows_come_one_by_one_and_can_be_explained_and_taken_back() {
    let output = lab(&["without-accept", "--step"], "C", "\n\n\n?\nb\nhelp\nq\n");
    assert!(output.status.success());
    let said = said(&output);
    let rows: Vec<_> = said
        .lines()
        .filter(|line| line.contains('│'))
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert_eq!(rows, ["1", "2", "3", "2"], "{said}");
    assert!(said.contains("What comes next?"));
    assert!(said.contains("SYN: may we talk"));
    assert!(said.contains("SYN-RECEIVED: a SYN came and was answered"));
    assert!(said.contains("Press Enter for the next row"));
    assert!(!said.contains("Answer"));
}

#[test]
fn the_keys_are_those_that_the_prompt_names_in_either_language() {
    for language in ["en", "zh"] {
        let output = lab(
            &["without-accept", "--step", "--lang", language],
            "C",
            "x\n",
        );
        let said = said(&output);
        for key in ["b", "?", "q"] {
            let named = said.match_indices(key).any(|(at, _)| {
                let before = said[..at].chars().next_back();
                before.is_some_and(|it| it == ' ' || it == '\u{ff0c}' || it == '\u{3001}')
            });
            assert!(named, "{language}: {key} in {said}");
        }
    }
}

#[test]
fn after_the_last_row_comes_the_answer() {
    let all = lab(&["without-accept", "--step"], "C", &"\n".repeat(200));
    let whole = lab(&["without-accept"], "C", "");
    assert!(all.status.success());
    let (_, answer) = said(&whole)
        .split_once("\nAnswer\n")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    assert!(said(&all).ends_with(&answer));
    for row in said(&whole).lines().filter(|line| line.contains('│')) {
        assert!(said(&all).contains(row), "{row}");
    }
}

#[test]
fn the_capture_has_every_segment_with_its_row() {
    let output = lab(&["without-accept", "--pcap", "-"], "C", "");
    assert!(output.status.success());
    let file = output.stdout;
    let text = String::from_utf8_lossy(&file);
    for row in [3, 4, 5, 7, 8] {
        assert!(text.contains(&format!("row {row}")), "{row}");
    }
    assert!(!text.contains("row 6"), "a call is no frame");
    assert!(String::from_utf8(output.stderr).unwrap().contains("Answer"));
}

#[test]
fn a_capture_that_cannot_be_written_is_an_error() {
    let output = lab(&["without-accept", "--pcap", "/nowhere/at/all"], "C", "");
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("cannot write the capture /nowhere/at/all"),
        "{error}"
    );
}
