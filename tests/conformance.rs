//! The conformance table: each requirement is exercised on the wire, against smoltcp alone and against
//! the node, and `docs/conformance.md` says what was found.
//!
//! The page is written by `SMOLCHAT_WRITE_CONFORMANCE=1 cargo test --test conformance`; without that,
//! a page that says anything else than the tests find is a failure.

#[path = "conformance/closing.rs"]
mod closing;
mod lab;
#[path = "conformance/opening.rs"]
mod opening;
#[path = "conformance/rows.rs"]
mod rows;
#[path = "conformance/segments.rs"]
mod segments;
#[path = "conformance/timers.rs"]
mod timers;

use std::fmt::Write as _;
use std::panic::catch_unwind;
use std::path::Path;
use std::{env, fs};

use lab::Column;
use rows::{ROWS, Row};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/conformance.md");

const HEAD: &str = "\
# What RFC 9293 asks, and what is met

This page is written by the tests, and they fail when it says anything else than they find. Each row is
exercised on the wire, in memory, against smoltcp 0.14 alone (an `Interface` with one `SocketSet`) and
against the node. `cargo test --test conformance NAME` runs the test of one row;
`SMOLCHAT_WRITE_CONFORMANCE=1 cargo test --test conformance` writes the page anew.

| Requirement | What it asks | smoltcp alone | the node | Test |
|---|---|---|---|---|
";

const TAIL: &str = "
## Not in the table

Neither smoltcp nor the node offers these, and a layer in front of a TCP cannot add them: ECN (SHLD-8),
timestamps that shorten TIME-WAIT (SHLD-4), urgent data to send (MUST-30), SEND on a listener (3.10.2).
Karn's algorithm (MUST-18) is in smoltcp and cannot be seen on the wire, because no timeout is shorter
than a second. Security and precedence (3.10) are obsolete.
";

/// Whether a row is met; a panic is no.
fn is_met(row: &Row, column: Column) -> bool {
    let check = row.check;
    catch_unwind(move || check(column)).unwrap_or(false)
}

fn line(row: &Row) -> String {
    let word = |met| if met { "met" } else { "not met" };
    let alone = is_met(row, Column::Alone);
    let node = is_met(row, Column::Node);
    assert_eq!(
        node,
        row.why.is_empty(),
        "{}: met, or a reason why not",
        row.name
    );
    let why = if node {
        String::new()
    } else {
        format!(": {}", row.why)
    };
    format!(
        "| {} | {} | {} | {}{why} | `{}` |",
        row.id,
        row.what,
        word(alone),
        word(node),
        row.name
    )
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut met = [0, 0];
    for row in ROWS {
        let line = line(row);
        met[0] += usize::from(line.contains("| met | met") || line.contains("| met | not"));
        met[1] += usize::from(row.why.is_empty());
        let _ = writeln!(page, "{line}");
    }
    let _ = writeln!(
        page,
        "\nOf {} rows smoltcp alone meets {}, the node {}.",
        ROWS.len(),
        met[0],
        met[1]
    );
    page + TAIL
}

fn written() -> String {
    fs::read_to_string(PAGE).expect("docs/conformance.md is there")
}

fn writes() -> bool {
    env::var_os("SMOLCHAT_WRITE_CONFORMANCE").is_some()
}

/// What the test of one row does.
fn check_row(name: &str) {
    let row = ROWS.iter().find(|row| row.name == name).unwrap();
    let found = line(row);
    if !writes() {
        let written = written();
        let line = written.lines().find(|it| it.contains(&format!("`{name}`")));
        assert_eq!(Some(&found[..]), line, "the page says otherwise");
    }
}

#[test]
fn the_page_says_what_the_tests_find() {
    let page = page();
    if writes() {
        let folder = Path::new(PAGE).parent().unwrap();
        fs::create_dir_all(folder).unwrap();
        fs::write(PAGE, page).unwrap();
    } else if page != written() {
        panic!(
            "docs/conformance.md is not what the tests find; SMOLCHAT_WRITE_CONFORMANCE=1 writes it anew"
        );
    }
}

#[test]
fn no_test_stands_for_two_rows() {
    for (index, row) in ROWS.iter().enumerate() {
        assert!(ROWS[..index].iter().all(|other| other.name != row.name));
    }
}
