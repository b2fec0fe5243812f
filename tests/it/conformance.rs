//! The conformance table: each requirement is exercised on the wire, against smoltcp alone and against
//! the node, and `docs/conformance.md` says what was found.
//!
//! The page is written by `SMOLCHAT_ACCEPT=1 cargo test --test it conformance`; without that,
//! a page that says anything else than the tests find is a failure.

mod closing;
mod finding;
mod opening;
mod rows;
mod segments;
mod timers;

use std::fmt::{self, Write as _};
use std::panic::{UnwindSafe, catch_unwind};

use crate::accepted::{accepts, compare, kept};
use crate::lab::{Column, Lab, SmoltcpPanicked, followed, panic_text};
use finding::{Finding, among};
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

/// How a check went: its verdict, and the last steps before it.
struct Tried {
    verdict: Verdict,
    trail: String,
}

enum Verdict {
    Met,
    /// What was seen in place of it.
    NotMet(String),
    /// smoltcp alone panicked, with this.
    Panicked(String),
}

impl Tried {
    fn is_met(&self) -> bool {
        matches!(self.verdict, Verdict::Met)
    }

    fn word(&self) -> &'static str {
        if self.is_met() { "met" } else { "not met" }
    }
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Verdict::Met => f.write_str("met")?,
            Verdict::NotMet(seen) => write!(f, "not met: {seen}")?,
            Verdict::Panicked(text) => write!(f, "panics: {text}")?,
        }
        write!(f, "\n{}", self.trail)
    }
}

/// Runs a check. A panic is smoltcp's own, which is a verdict; any other says nothing of either subject,
/// and fails the suite.
fn tried(row: &Row, column: Column) -> Tried {
    let (ended, trail) = followed(|| catch_unwind(|| (row.check)(column)));
    let verdict = match ended {
        Ok(Ok(())) => Verdict::Met,
        Ok(Err(seen)) => Verdict::NotMet(seen),
        Err(panic) => match panic.downcast::<SmoltcpPanicked>() {
            Ok(panic) => Verdict::Panicked(panic.0),
            Err(panic) => {
                let text = panic_text(&*panic);
                panic!("{} against {column:?} panicked: {text}\n{trail}", row.name)
            }
        },
    };
    Tried { verdict, trail }
}

/// A row with what was found.
struct Found {
    row: Row,
    alone: Tried,
    node: Tried,
}

impl Found {
    /// Runs a row's check against both, and holds what was found against what its data says.
    fn of(row: Row) -> Self {
        let [alone, node] = [Column::Alone, Column::Node].map(|column| tried(&row, column));
        let found = Self { row, alone, node };
        assert!(
            found.node.is_met() == row.why.is_empty(),
            "{}: met, or a reason why not; the node: {}",
            row.name,
            found.node
        );
        assert!(
            found.panics_as_said(),
            "{}: smoltcp panics as the row says, or not; smoltcp alone: {}",
            row.name,
            found.alone
        );
        found
    }

    fn panics_as_said(&self) -> bool {
        match &self.alone.verdict {
            // Without debug assertions it goes on a little, and ends at another one.
            Verdict::Panicked(_) if !cfg!(debug_assertions) => !self.row.panics.is_empty(),
            Verdict::Panicked(text) => text == self.row.panics,
            Verdict::Met | Verdict::NotMet(_) => self.row.panics.is_empty(),
        }
    }

    /// What stands in the table.
    fn line(&self) -> String {
        let Row {
            id,
            what,
            name,
            why,
            ..
        } = &self.row;
        let (alone, node) = (self.alone.word(), self.node.word());
        let colon = if why.is_empty() { "" } else { ": " };
        format!("| {id} | {what} | {alone} | {node}{colon}{why} | `{name}` |")
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "smoltcp alone: {}the node: {}", self.alone, self.node)
    }
}

fn page() -> String {
    let found: Vec<_> = ROWS.iter().copied().map(Found::of).collect();
    let met = |of: fn(&Found) -> &Tried| found.iter().filter(|it| of(it).is_met()).count();
    let (alone, node) = (met(|it| &it.alone), met(|it| &it.node));
    let mut page = HEAD.to_owned();
    for found in &found {
        let _ = writeln!(page, "{}", found.line());
    }
    let _ = writeln!(
        page,
        "\nOf {} rows smoltcp alone meets {alone}, the node {node}.",
        ROWS.len(),
    );
    page + TAIL
}

/// What the test of one row does.
fn check_row(name: &str) {
    let row = ROWS.iter().find(|row| row.name == name).unwrap();
    let found = Found::of(*row);
    if !accepts() {
        let line = found.line();
        let kept = kept(PAGE);
        let kept = kept.lines().find(|it| it.contains(&format!("`{name}`")));
        let kept = kept.unwrap_or("nothing");
        assert!(
            kept == line,
            "the page says otherwise:\nkept  {kept}\nfound {line}\n{found}"
        );
    }
}

#[test]
fn the_page_says_what_the_tests_find() {
    compare(PAGE, &page());
}

/// What a panic within says.
fn panics<T>(run: impl FnOnce() -> T + UnwindSafe) -> String {
    panic_text(&*catch_unwind(run).err().expect("a panic"))
}

#[test]
fn a_check_that_panics_is_no_verdict() {
    fn check(column: Column) -> Finding {
        let none = Lab::server(column).work();
        among("by now", &none[..1], finding::ANY)
    }
    let row = Row { check, ..ROWS[0] };
    for column in [Column::Alone, Column::Node] {
        let text = panics(|| tried(&row, column));
        let wanted = format!(
            "{} against {column:?} panicked: range end index 1",
            row.name
        );
        assert!(
            text.starts_with(&wanted) && text.contains("LISTEN"),
            "{text}"
        );
    }
}

#[test]
fn a_panic_of_smoltcp_that_the_row_does_not_say_is_a_failure() {
    let row = ROWS.iter().find(|row| !row.panics.is_empty()).unwrap();
    let text = panics(|| Found::of(Row { panics: "", ..*row }));
    assert!(
        text.contains("smoltcp alone: panics: assertion failed"),
        "{text}"
    );
}

#[test]
fn a_verdict_says_what_was_seen() {
    fn check(column: Column) -> Finding {
        let mut lab = Lab::established(column);
        finding::only("after a RST", &lab.give(&lab.reset()), finding::ack(1001))
    }
    let found = tried(&Row { check, ..ROWS[0] }, Column::Node).to_string();
    let seen = "not met: sent after a RST: nothing; asked for: one segment, ack 1001, no data\n";
    assert!(found.starts_with(seen), "{found}");
    let step = "in  192.0.2.2:40000 > 192.0.2.1:9000 RST seq 1001 window 4096\n        1.000s     LISTEN\n";
    assert!(found.ends_with(step), "{found}");
}
