//! Texts that are kept in the tree, and compared with what the tests find.
//!
//! `SMOLCHAT_ACCEPT=1 cargo test` writes them anew; read what changed before you keep it.

use std::path::Path;
use std::{env, fs};

/// Whether what is found is to be kept.
pub(crate) fn accepts() -> bool {
    env::var_os("SMOLCHAT_ACCEPT").is_some()
}

/// The text that is kept in a file of the tree; none where there is no such file.
pub(crate) fn kept(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap_or_default()
}

/// Compares a text with the one that is kept, or keeps it.
#[track_caller]
pub(crate) fn compare(file: &str, text: &str) {
    if accepts() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), text).unwrap();
        return;
    }
    let kept = kept(file);
    if let Some(difference) = first_difference(&kept, text) {
        panic!("{file} says something else, {difference}\nSMOLCHAT_ACCEPT=1 writes it anew.");
    }
}

/// Where two texts part.
fn first_difference(kept: &str, found: &str) -> Option<String> {
    let mut lines = (1..).zip(kept.lines().zip(found.lines()));
    match lines.find(|(_, (kept, found))| kept != found) {
        Some((number, (kept, found))) => {
            Some(format!("in line {number}:\nkept  {kept}\nfound {found}"))
        }
        None if kept == found => None,
        None => Some(format!(
            "in its length: {} lines are kept, {} found",
            kept.lines().count(),
            found.lines().count()
        )),
    }
}
