//! How the source is laid out: no file is long, and no two files need one another, however far around.
//!
//! What a file needs is what its `use` items name, in its own crate, and the files that have the
//! [`methods`] it calls. The tests inside of files do not count.

mod methods;

use methods::Methods;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a file.
const LONGEST: usize = 500;

type Modules = BTreeMap<String, PathBuf>;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

/// The files of both crates that are not tests, by the names of their modules: the chat has those of the stack as its
/// own.
fn modules() -> Modules {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = ["stack/src", "src"].map(|folder| {
        let root = root.join(folder);
        let mut files = Vec::new();
        sources(&root, &mut files);
        files.into_iter().map(move |path| {
            let inner = path.strip_prefix(&root).unwrap().with_extension("");
            let name = inner.to_str().unwrap().replace('/', "::");
            (name.trim_end_matches("::mod").to_owned(), path)
        })
    });
    named
        .into_iter()
        .flatten()
        .filter(|(name, _)| !name.split("::").any(|part| part == "tests"))
        .collect()
}

/// The paths of a `use` item, each written out.
fn written_out(item: &str, paths: &mut Vec<String>) {
    let Some((front, rest)) = item.split_once('{') else {
        return paths.push(item.split(" as ").next().unwrap().trim().to_owned());
    };
    let body = rest.rsplit_once('}').map_or(rest, |(body, _)| body);
    let (mut depth, mut start) = (0, 0);
    let end = [(body.len(), ',')];
    for (at, character) in body.char_indices().chain(end) {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = body[start..at].trim();
                if !part.is_empty() {
                    written_out(&format!("{}{part}", front.trim()), paths);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// The file that a path leads into, from a module.
fn target(modules: &Modules, from: &str, path: &str) -> Option<String> {
    let own: Vec<_> = from.split("::").collect();
    let mut parts: Vec<_> = path.split("::").collect();
    let mut whole = match parts[0] {
        "crate" => Vec::new(),
        "self" => own,
        "super" => own[..own.len() - 1].to_vec(),
        _ => return None,
    };
    parts.remove(0);
    while parts.first() == Some(&"super") {
        parts.remove(0);
        whole.pop();
    }
    whole.extend(parts);
    while !whole.is_empty() && !modules.contains_key(&whole.join("::")) {
        whole.pop();
    }
    Some(whole.join("::")).filter(|name| !name.is_empty() && name != from)
}

/// A file without comments and without the tests inside of it.
fn code(path: &Path) -> String {
    let source = fs::read_to_string(path).unwrap();
    let code = source.split("\n#[cfg(test)]\nmod tests").next().unwrap();
    let code = code.split("\n#[cfg(all(test").next().unwrap();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// What each file needs of the others.
fn needs(modules: &Modules) -> BTreeMap<String, BTreeSet<String>> {
    let codes: BTreeMap<_, _> = modules
        .iter()
        .map(|(name, path)| (name, code(path)))
        .collect();
    let mut methods = Methods::default();
    for (name, code) in &codes {
        methods.add(name, code);
    }
    let of = |(name, code): (&&String, &String)| {
        let mut paths = Vec::new();
        for item in code.split("\nuse ").skip(1) {
            written_out(item.split(';').next().unwrap(), &mut paths);
        }
        let targets = paths.iter().filter_map(|path| target(modules, name, path));
        let mut needed: BTreeSet<_> = targets.collect();
        needed.extend(methods.called(name, code));
        ((*name).clone(), needed)
    };
    codes.iter().map(of).collect()
}

/// What is left when whoever needs nobody that is left is taken away, again and again.
fn circles(mut needs: BTreeMap<String, BTreeSet<String>>) -> BTreeMap<String, BTreeSet<String>> {
    loop {
        let names: BTreeSet<_> = needs.keys().cloned().collect();
        let before = needs.len();
        needs.retain(|_, of| {
            of.retain(|name| names.contains(name));
            !of.is_empty()
        });
        if needs.len() == before {
            return needs;
        }
    }
}

#[test]
fn no_two_files_need_one_another() {
    let needs = needs(&modules());
    assert!(needs["node::segments"].contains("node::gate"));
    // By a call alone.
    assert!(needs["node::segments"].contains("node::opening"));
    assert!(needs["node::gate"].iter().any(|it| it.starts_with("trace")));
    let circles = circles(needs);
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn a_circle_of_three_is_found() {
    let needs = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"), ("e", "f")];
    let needs = needs.map(|(from, to)| (from.to_owned(), BTreeSet::from([to.to_owned()])));
    let left: Vec<_> = circles(needs.into()).into_keys().collect();
    assert_eq!(left, ["a", "b", "c", "d"]);
}

/// Whether a structure with fields for other files says first who they are: the first line in it is a comment.
fn is_explained(source: &str, start: usize) -> bool {
    let (_, body) = source[start..].split_once("{\n").unwrap();
    let body = body.split("\n}").next().unwrap();
    let shared = ["    pub(super) ", "    pub(crate) "];
    let is_open = body
        .lines()
        .any(|line| shared.iter().any(|it| line.starts_with(it)));
    !is_open || body.starts_with("    // ")
}

#[test]
fn a_structure_says_for_whom_its_fields_are_open() {
    let mut structures = 0;
    for path in modules().values() {
        let source = format!("\n{}", code(path));
        let whole = fs::read_to_string(path).unwrap();
        for line in source.lines() {
            let name = line.split("struct ").nth(1).filter(|_| line.ends_with('{'));
            if let Some(name) = name.filter(|_| !line.starts_with(' ')) {
                structures += 1;
                let start = whole.find(line).unwrap();
                assert!(is_explained(&whole, start), "{}: {name}", path.display());
            }
        }
    }
    assert!(structures > 100);
}

#[test]
fn no_file_is_long() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in [
        "src",
        "stack",
        "tests",
        "benches",
        "firmware/src",
        "firmware/board/src",
        "firmware/board/examples",
        "fuzz/src",
    ] {
        sources(&root.join(folder), &mut files);
    }
    assert!(files.len() > 100);
    for path in files {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= LONGEST, "{}: {lines} lines", path.display());
    }
}
