//! The conformance table: each requirement is exercised on the wire, against smoltcp alone and against
//! the node, and `docs/conformance.md` says what was found.
//!
//! The page is written by `SMOLCHAT_ACCEPT=1 cargo test --test it conformance`; without that,
//! a page that says anything else than the tests find is a failure.

mod closing;
mod opening;
mod rows;
mod segments;
mod timers;

use std::fmt::Write as _;
use std::panic::{catch_unwind, resume_unwind};

use crate::accepted::{accepts, compare, kept};
use crate::lab::{Column, SmoltcpPanicked};
use rows::{ROWS, Row};

const PAGE: &str = "docs/conformance.md";

const HEAD: &str = "\
# What RFC 9293 asks, and what is met

This page is written by the tests, and they fail when it says anything else than they find. Each row is
exercised on the wire, in memory, against smoltcp 0.14 alone (an `Interface` with one `SocketSet`) and
against the node. `cargo test --test it NAME` runs the test of one row;
`SMOLCHAT_ACCEPT=1 cargo test --test it conformance` writes the page anew.

| Requirement | What it asks | smoltcp alone | the node | Test |
|---|---|---|---|---|
";

const TAIL: &str = "
## Not in the table

Neither smoltcp nor the node offers these, and a layer in front of a TCP cannot add them: ECN (SHLD-8),
timestamps that shorten TIME-WAIT (SHLD-4), urgent data to send or pointed out (MUST-30 to MUST-33, which
RFC 6093 advises against), SEND on a listener (3.10.2).
Karn's algorithm (MUST-18) is in smoltcp and cannot be seen on the wire, because no timeout is shorter
than a second. Security and precedence (3.10) are obsolete.
";

/// Whether smoltcp alone meets a row. A panic of smoltcp's is no; one of the check's own says nothing of
/// smoltcp, and fails the suite.
fn is_met_alone(row: &Row) -> bool {
    let check = row.check;
    catch_unwind(move || check(Column::Alone)).unwrap_or_else(|panic| {
        if panic.is::<SmoltcpPanicked>() {
            return false;
        }
        resume_unwind(panic)
    })
}

/// What stands in the table, and whether smoltcp alone meets it.
fn line(row: &Row) -> (String, bool) {
    let word = |met| if met { "met" } else { "not met" };
    let alone = is_met_alone(row);
    let node = (row.check)(Column::Node);
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
    let line = format!(
        "| {} | {} | {} | {}{why} | `{}` |",
        row.id,
        row.what,
        word(alone),
        word(node),
        row.name
    );
    (line, alone)
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut met = [0, 0];
    for row in ROWS {
        let (line, alone) = line(row);
        met[0] += usize::from(alone);
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

/// What the test of one row does.
fn check_row(name: &str) {
    let row = ROWS.iter().find(|row| row.name == name).unwrap();
    let (found, _) = line(row);
    if !accepts() {
        let kept = kept(PAGE);
        let line = kept.lines().find(|it| it.contains(&format!("`{name}`")));
        assert_eq!(Some(&found[..]), line, "the page says otherwise");
    }
}

#[test]
fn the_page_says_what_the_tests_find() {
    compare(PAGE, &page());
}
