//! What others wrote and is built in: under which licences, from where, and how often.
//!
//! Four lock files say which versions those are; Cargo says the rest. Whether one was yanked only the registry knows:
//! `scripts/test lint` hears it from there, when it tries to publish.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The folders with a lock file.
const LOCKED: [&str; 4] = [".", "firmware", "fuzz", "benches/peers"];

/// Licences that ask for no more than to be named, if that.
const LICENCES: [&str; 10] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Which crates may be there in two versions, and why. Of any other one, two would be a mistake.
const TWICE: [(&str, &str); 9] = [
    ("bitflags", "1 for smoltcp, 2 for rustix"),
    ("embedded-hal", "0.2 and 1.0 for cortex-m"),
    ("getrandom", "0.3 for ahash, 0.4 for fastrand in browsers"),
    ("nb", "0.1 for embedded-hal 0.2: 1.1 by another name"),
    ("netlink-packet-route", "0.33 for tun-rs"),
    ("r-efi", "for getrandom where there is UEFI"),
    ("syn", "in derives: nothing of it is in a program"),
    ("thiserror", "1 for filedescriptor and pcap-file"),
    ("thiserror-impl", "with thiserror"),
];

/// What the stack is made of: what is fuzzed, measured and on the boards must be what is published.
const EVERYWHERE: [&str; 5] = ["fastrand", "heapless", "managed", "siphasher", "smoltcp"];

/// What Cargo says of a folder's packages.
fn packages(folder: &str) -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(Path::new(ROOT).join(folder))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "in {folder}: {said}");
    let mut metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let Value::Array(packages) = metadata["packages"].take() else {
        panic!("no packages in {folder}");
    };
    packages
}

fn text<'v>(package: &'v Value, field: &str) -> &'v str {
    package[field].as_str().unwrap_or("")
}

/// The versions of each crate in a folder.
fn versions(folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut versions: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for package in packages(folder) {
        let found = versions
            .entry(text(&package, "name").to_owned())
            .or_default();
        found.insert(text(&package, "version").to_owned());
    }
    versions
}

/// Whether what is said of a licence can be met with those of the list: alternatives with `OR` or, as it was written
/// once, a slash; and what comes together with `AND`, which binds more tightly.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace(" or ", " OR ");
    any_of(expression.trim())
}

fn any_of(expression: &str) -> bool {
    parts(expression, " OR ").any(|all| parts(all, " AND ").all(one))
}

fn one(term: &str) -> bool {
    let term = term.trim();
    match term.strip_prefix('(').and_then(|it| it.strip_suffix(')')) {
        Some(inner) => any_of(inner),
        None => LICENCES.contains(&term),
    }
}

/// Splits where no parenthesis is open.
fn parts<'e>(expression: &'e str, by: &'static str) -> impl Iterator<Item = &'e str> {
    let mut rest = Some(expression);
    std::iter::from_fn(move || {
        let whole = rest?;
        let open = |at: usize| {
            let before = &whole[..at];
            before.matches('(').count() > before.matches(')').count()
        };
        let cut = whole.match_indices(by).find(|(at, _)| !open(*at));
        rest = cut.map(|(at, _)| &whole[at + by.len()..]);
        Some(cut.map_or(whole, |(at, _)| &whole[..at]))
    })
}

#[test]
fn a_licence_is_allowed_if_it_can_be_met_with_those_of_the_list() {
    for allowed in [
        "MIT",
        "MIT/Apache-2.0",
        "MIT OR Apache-2.0 OR LGPL-2.1-or-later",
        "(MIT OR GPL-3.0-only) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception",
        "GPL-3.0-only AND MIT OR Zlib",
    ] {
        assert!(is_allowed(allowed), "{allowed}");
    }
    for refused in [
        "",
        "GPL-3.0-only",
        "MPL-2.0",
        "MIT AND MPL-2.0",
        "(MIT OR Apache-2.0) AND OpenSSL",
        "MIT AND (GPL-2.0-only OR LGPL-2.1-only)",
        "Apache-2.0 WITH Classpath-exception-2.0",
    ] {
        assert!(!is_allowed(refused), "{refused}");
    }
}

#[test]
fn every_dependency_has_a_licence_of_the_list_and_is_from_the_registry() {
    let mut seen = 0;
    for package in LOCKED.into_iter().flat_map(packages) {
        let name = text(&package, "name");
        match &package["source"] {
            Value::Null => {
                let path = text(&package, "manifest_path");
                assert!(path.starts_with(ROOT), "{name} is from elsewhere: {path}");
            }
            source => {
                assert_eq!(source, REGISTRY, "{name} is from elsewhere");
                let licence = text(&package, "license");
                assert!(is_allowed(licence), "{name} is under \"{licence}\"");
                seen += 1;
            }
        }
    }
    assert!(seen > 100);
}

#[test]
fn no_crate_is_there_in_two_versions_but_for_a_reason() {
    let found = LOCKED.into_iter().flat_map(versions);
    let twice: BTreeMap<_, _> = found.filter(|(_, versions)| versions.len() > 1).collect();
    for (name, versions) in &twice {
        let why = TWICE.iter().find(|(known, _)| known == name);
        assert!(why.is_some(), "{name} is there as {versions:?}");
    }
    for (name, why) in TWICE {
        let needed = twice.contains_key(name);
        assert!(needed, "{name} is there once, and excused: {why}");
    }
}

#[test]
fn what_the_stack_is_made_of_is_the_same_in_every_lock_file() {
    let found = LOCKED.map(versions);
    for name in EVERYWHERE {
        let versions: BTreeSet<_> = found.iter().map(|it| it.get(name)).collect();
        assert_eq!(versions.len(), 1, "{name} is there as {versions:?}");
    }
}
