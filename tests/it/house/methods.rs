//! Which file calls methods of which: a type may have them in many files, and no `use` tells who needs whom.
//!
//! A call is found by its receiver's name: `self`, or one that is a type's in small letters (`self.tcp.find(…)`,
//! `host.note(…)`). That is enough for parts of one thing, which are called so.

use std::collections::{BTreeMap, BTreeSet};

/// The methods of a crate: by type and name, the files that have one.
#[derive(Default)]
pub(super) struct Methods(BTreeMap<(String, String), BTreeSet<String>>);

/// An `impl` block: the type, and all between the braces.
type Block<'s> = (String, &'s str);

/// The `impl` blocks at the left margin, as rustfmt writes them.
fn blocks(code: &str) -> Vec<Block<'_>> {
    let starts = code.match_indices("\nimpl").map(|(at, _)| at + 1);
    let block = |at: usize| {
        let end = at + code[at..].find("\n}")?;
        let (head, body) = code[at..end].split_once('{')?;
        let of = head.rsplit(" for ").next()?;
        // Without the generics that stand before the type.
        let of = match of.strip_prefix("impl<") {
            Some(rest) => rest.split_once("> ")?.1,
            None => of.trim_start_matches("impl "),
        };
        let name = of.split(['<', ' ', '{']).next()?;
        Some((name.rsplit("::").next()?.to_owned(), body))
    };
    starts.filter_map(block).collect()
}

/// The names of the functions in a block.
fn functions(body: &str) -> impl Iterator<Item = &str> {
    let lines = body
        .lines()
        .filter(|line| line.starts_with("    ") && !line.starts_with("     "));
    lines.filter_map(|line| {
        let (_, rest) = line.trim_start().split_once("fn ")?;
        rest.split(['(', '<']).next()
    })
}

/// The receiver and the name of each method that is called in a block.
fn calls(body: &str) -> Vec<(String, String)> {
    let lines = body
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"));
    // A chain is broken before its dots.
    let dense = lines.collect::<Vec<_>>().join(" ").replace(" .", ".");
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    let dots = dense.match_indices('.').map(|(at, _)| at);
    let call = |at: usize| {
        let front = &dense[..at];
        let receiver = front.rsplit(|character| !is_name(character)).next()?;
        let name = dense[at + 1..]
            .split(|character| !is_name(character))
            .next()?;
        let called = dense[at + 1 + name.len()..].starts_with('(');
        (called && !receiver.is_empty()).then(|| (receiver.to_owned(), name.to_owned()))
    };
    dots.filter_map(call).collect()
}

/// Whether a call from one file to the other counts: in the same room of the house, and not into the caller's own
/// folder, which is a part of it.
fn counts(caller: &str, called: &str) -> bool {
    let room = |file: &str| file.split("::").next().map(str::to_owned);
    room(caller) == room(called) && !called.starts_with(&format!("{caller}::"))
}

/// `Tcp` of `tcp`.
fn type_of(receiver: &str) -> String {
    let mut letters = receiver.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

impl Methods {
    /// Takes in the methods that a file has.
    pub(super) fn add(&mut self, file: &str, code: &str) {
        for (of, body) in blocks(code) {
            for name in functions(body) {
                let files = self.0.entry((of.clone(), name.to_owned())).or_default();
                files.insert(file.to_owned());
            }
        }
    }

    /// The files of the same room whose methods a file calls. Where several types of a name have one, none is
    /// taken.
    pub(super) fn called(&self, file: &str, code: &str) -> BTreeSet<String> {
        let mut needed = BTreeSet::new();
        for (of, body) in blocks(code) {
            for (receiver, name) in calls(body) {
                let of = match receiver.as_str() {
                    "self" => of.clone(),
                    other => type_of(other),
                };
                if let Some(files) = self.0.get(&(of, name))
                    && files.len() == 1
                {
                    let others = files.iter().filter(|other| *other != file);
                    needed.extend(others.filter(|other| counts(file, other)).cloned());
                }
            }
        }
        needed
    }
}

#[test]
fn a_call_is_found_wherever_it_stands() {
    let mut methods = Methods::default();
    let one = "\nimpl<'a> Node<'a> {\n    pub(super) fn one(&mut self) {}\n}\n";
    methods.add("node::a", one);
    let two = "\nimpl fmt::Display for Host<'_> {\n    fn two<S: Screen>(&self) {}\n}\n";
    methods.add("node::b", two);
    methods.add("node::c", "\nimpl Node<'_> {\n    fn three() {}\n}\n");
    let elsewhere = "\nimpl Node<'_> {\n    fn four(&self) {}\n}\n";
    methods.add("chat::d", elsewhere);
    let called = |text: &str| {
        let caller = format!("\nimpl Node<'_> {{\n    fn three() {{\n{text}\n    }}\n}}\n");
        Vec::from_iter(methods.called("node::c", &caller))
    };
    assert_eq!(
        called("self\n .host\n .two(1);\n // self.one()"),
        ["node::b"]
    );
    let text = "if self.one() && self.three() && x.nine() && self.two { self.four() }";
    assert_eq!(called(text), ["node::a"]);
}
