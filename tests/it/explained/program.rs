//! The program explains: the legend, captures, the demonstration.

use std::process::{Command, Output};

use unicode_width::UnicodeWidthStr;

use crate::accepted::compare;
use crate::packets::{OnDisk, conversation, pcap};

fn smolchat(arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_smolchat"));
    program.args(arguments).env("LC_ALL", "C").output().unwrap()
}

fn said(arguments: &[&str]) -> String {
    let output = smolchat(arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_word_is_explained_in_both_languages() {
    assert!(said(&["explain", "FIN"]).starts_with("FIN: nothing more to say\n"));
    assert!(said(&["explain", "--lang", "zh", "FIN"]).starts_with("FIN: 没有话要说了\n"));
    assert_eq!(
        said(&["explain", "TIME", "WAIT"]),
        said(&["explain", "TIME-WAIT"])
    );
}

#[test]
fn without_a_word_the_legend_comes_and_all_of_them() {
    let list = said(&["explain"]);
    assert!(list.starts_with("How to read a ladder\n"));
    assert!(list.contains("  TIME-WAIT       closed first; waits 2 MSL\n"));
}

#[test]
fn a_word_that_is_not_there_is_answered_by_the_nearest() {
    let output = smolchat(&["explain", "FIN-WAIT"]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    let sentence = "error: the legend has no word \"FIN-WAIT\"; the nearest is FIN-WAIT-1: smolchat explain FIN-WAIT-1. \
                    All of them: smolchat explain\n";
    assert_eq!(error, sentence);
}

#[test]
fn a_language_that_nobody_wrote_down_is_refused() {
    let output = smolchat(&["explain", "--lang", "de"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("there is no such language here; give en or zh"),
        "{error}"
    );
}

#[test]
fn a_capture_of_somebody_else_is_explained_by_client_and_server() {
    let file = OnDisk::new("explained", &pcap(1, &conversation()));
    let path = file.0.to_str().unwrap();
    for lang in ["en", "zh"] {
        let text = said(&["ladder", "--explain", "--lang", lang, path]);
        for line in text.lines() {
            assert!(line.width() <= 100, "too wide: {line}");
        }
        compare(&format!("tests/golden/explained/capture.{lang}.txt"), &text);
    }
}

#[test]
fn why_a_captured_connection_is_as_it_is_takes_three_sentences() {
    let file = OnDisk::new("why", &pcap(1, &conversation()));
    let text = said(&["ladder", "--why", file.0.to_str().unwrap()]);
    let sentences = "\nThe client has nothing more to say: FIN. It counts as one octet, number 25, so that it can be \
                     acknowledged and sent again like one. The server may go on speaking.\n\
                     TIME-WAIT: closed first; waits 2 MSL.\n\n";
    assert!(
        text.starts_with("#1 ") && text.ends_with(sentences),
        "{text}"
    );
}

#[test]
fn the_demonstration_begins_with_the_legend_and_is_never_too_wide() {
    let arguments = ["demo", "--wire", "--explain", "--lang"];
    for (lang, legend) in [("en", "How to read a ladder"), ("zh", "怎样读梯形图")] {
        let text = said(&[&arguments[..], &[lang]].concat());
        let (before, after) = text.split_once(legend).unwrap();
        assert!(!before.contains('│') && after.contains('│'));
        for line in text.lines().filter(|line| line.contains('│')) {
            assert!(line.width() <= 100, "too wide: {line}");
        }
    }
}

#[test]
fn without_text_no_row_says_what_was_said() {
    let quoted = |arguments: &[&str]| {
        let text = said(arguments);
        text.lines()
            .filter(|line| line.contains("│") && line.contains('"'))
            .count()
    };
    assert!(quoted(&["demo", "--wire"]) > 10);
    assert_eq!(quoted(&["demo", "--wire", "--no-text"]), 0);
}
