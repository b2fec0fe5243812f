//! What a language has to give.

use std::string::String;

use super::act::{Act, Bill, Did, Guest};
use super::term::{Entry, Term};
use crate::explain::meaning::{Meaning, View};

/// All that a language says. Every field must be given.
pub(super) struct Texts {
    // A value: whoever is given one reads all of it.
    /// Its name as in ISO 639-1.
    pub(super) code: &'static str,
    /// What a row means.
    pub(super) sentence: fn(&Meaning, View) -> String,
    /// A word of the legend.
    pub(super) entry: fn(Term) -> Entry,
    /// How to read a ladder.
    pub(super) legend: &'static str,
    /// The line above the list of words.
    pub(super) list: &'static str,
    /// What to say to a word that is not in the legend, and the nearest one.
    pub(super) unknown: fn(&str, &str) -> String,
    /// The words of ladders; `None` for those that stay as they are.
    pub(super) phrase: fn(&str) -> Option<&'static str>,
    /// What an act of the demonstration is.
    pub(super) bill: fn(Act) -> Bill,
    /// What somebody in an act is called.
    pub(super) guest: fn(Guest) -> &'static str,
    /// What somebody did, behind the name.
    pub(super) did: fn(Did, &str) -> String,
    /// How TCP and UDP are contested: messages, octets, losses, repeats, reorderings, seed.
    pub(super) contest: fn([u64; 6]) -> String,
    /// The rows of the contest's table.
    pub(super) rows: [&'static str; 7],
    /// How members reach the node: over sockets of the kernel, or in memory.
    pub(super) members: [&'static str; 2],
    /// What is said after so many acts.
    pub(super) played: fn(usize) -> String,
}
