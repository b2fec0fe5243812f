//! `docs/machine.md`: how the machines were learned, how many states they have, each change of state of
//! the node with its arrow in RFC 9293, and the differences between the subjects with their reasons.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::alphabet::Opening;
use super::differences::{differences, reason};
use super::learned::learned;
use super::legal::changes;
use super::subject::Who;

const HEAD: &str = "\
# The machine that the node is, learned

This page is written by the tests, and they fail when it says anything else than they find:
`cargo test --test it machine::` asks the node, as a black box, what it does on the wire and tells its
application, and holds that against the tables here; with `SMOLCHAT_ACCEPT=1` it writes the tables, the
picture and this page anew. A table says what is worth asking, and is believed in nothing: each transition is
asked for, and so are words that tell its state from all others. Then 1,000 random words in a row must show no
difference; `SMOLCHAT_TRIALS` asks for more. Rare states are found late: both tables of the node were learned
until 400,000 such words showed none, those of smoltcp 300,000, those of Linux 30,000.

Linux is the kernel that the tests run on, over a TAP in a network namespace of its own. Its clock cannot be
moved, so it has no `Time`. If another release answers otherwise, the test says where.

The learner is L# (Vaandrager and others, TACAS 2022). Each word starts with a fresh subject on a virtual
clock. The symbols are

- segments: flags, then SEG.SEQ: at RCV.NXT (`nxt`), one after it inside the window (`in`), 100,000 after it
  (`out`), or one before it (`old`); then SEG.ACK, if there is one: all that the subject sent (`nxt`), its
  initial sequence number (`old`), or one more than it sent (`new`). `DATA` carries one octet; `data` has no
  ACK bit;
- calls of the application: `Connect` or `Accept`, `Send` of one octet, `Receive`, `Close`, `Abort`;
- `Time`: 400 s, more than each timer takes: retransmissions up to R2, half-open, FIN-WAIT-2, 2 MSL;
- `State`: the subject's own name for its state, by which the states of the tables are named.

Delayed acknowledgments are waited for. Answers are segments in the same words: `old` was sent before, `end`
acknowledges all of the segment that is answered, `seg` repeats its SEG.ACK, `new` and `iss` are a new and
the same initial sequence number, `...` comes again and again; and what the application hears: `ok`, `no`,
`open`, `readable`, `end` (of what the peer sends), `over:` and why.

![The changes of state of the node](machine/node.svg)

Bold: a segment. Thin: a call. Dashed: a timer. In the boxes: where else a state leads, and by what cause.

";

fn sizes(page: &mut String) {
    page.push_str("| Subject | Opening | States | Transitions | Table |\n|---|---|---|---|---|\n");
    for who in Who::ALL {
        for opening in Opening::BOTH {
            let machine = &learned(who, opening).machine;
            let (subject, opening) = (who.name(), opening.name());
            let _ = writeln!(
                page,
                "| {subject} | {opening} | {} | {} | [{subject}-{opening}.txt](machine/{subject}-{opening}.txt) |",
                machine.states(),
                machine.transitions(),
            );
        }
    }
}

fn changes_of_state(page: &mut String, opening: Opening) {
    let _ = writeln!(
        page,
        "\n## Changes of state of the node, {} opening\n\nEach was held against the diagram of RFC 9293 as \
         data (`trace::rfc9293`), with its cause.\n\n\
         | From | To | Cause | RFC 9293 | Section | Transitions | Symbols |\n|---|---|---|---|---|---|---|",
        opening.name()
    );
    for (change, made) in changes(opening) {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | `{}` |",
            change.from,
            change.to,
            change.cause,
            change.event,
            change.section,
            made.count,
            made.symbols.join("` `")
        );
    }
}

/// Differences that have their reason and both answers in common.
#[derive(Default)]
struct Alike {
    states: Vec<String>,
    symbols: Vec<String>,
    pairs: usize,
    /// A shortest word to one of them.
    after: String,
}

fn push_new(list: &mut Vec<String>, word: &str) {
    if !list.iter().any(|it| it == word) {
        list.push(word.to_owned());
    }
}

/// By reason; then by what the node answers, and the other.
type Reasons = BTreeMap<&'static str, BTreeMap<(String, String), Alike>>;

fn by_reason(than: Who, opening: Opening) -> Reasons {
    let mut reasons = Reasons::new();
    for (difference, seen) in differences(than, opening) {
        let why = reason(than, &difference).unwrap_or("**none**");
        let answers = (difference.node, difference.other);
        let alike = reasons.entry(why).or_default().entry(answers).or_default();
        push_new(&mut alike.states, &difference.state);
        push_new(&mut alike.symbols, &difference.symbol);
        alike.pairs += seen.pairs;
        let after = format!("{} {}", seen.after, difference.symbol);
        if alike.after.is_empty() || after.len() < alike.after.len() {
            alike.after = after.trim_start().to_owned();
        }
    }
    reasons
}

fn differences_of(page: &mut String, than: Who, opening: Opening) {
    let (name, opening_name) = (than.full_name(), opening.name());
    let _ = writeln!(
        page,
        "\n## The node and {name}, {opening_name} opening\n\nBoth machines are walked together; behind a \
         difference they are not compared. `n` is how many pairs of states differ so."
    );
    for (reason, differences) in by_reason(than, opening) {
        let _ = writeln!(
            page,
            "\n**{reason}**\n\n| State of the node | Symbol | The node | {name} | n | For example |\n\
             |---|---|---|---|---|---|"
        );
        for ((node, other), alike) in differences {
            let _ = writeln!(
                page,
                "| {} | `{}` | `{node}` | `{other}` | {} | `{}` |",
                alike.states.join(", "),
                alike.symbols.join("` `"),
                alike.pairs,
                alike.after,
            );
        }
    }
}

/// The page.
pub(crate) fn page() -> String {
    let mut page = HEAD.to_owned();
    sizes(&mut page);
    for opening in Opening::BOTH {
        changes_of_state(&mut page, opening);
    }
    for than in Who::OTHERS {
        for opening in Opening::BOTH {
            differences_of(&mut page, than, opening);
        }
    }
    page
}
