//! The languages in which ladders are explained: all texts of one stand in its own file.
//!
//! Another language is one more file like `en`, and one more line in each match below: the compiler says what is
//! missing. States, flags and calls are called as they are everywhere.

mod act;
mod en;
mod phrase;
mod term;
mod texts;
mod zh;

use std::string::String;

pub use act::{Act, Bill, Did, Guest};
pub(crate) use term::edits;
pub use term::{Entry, Term};
use texts::Texts;

use crate::explain::meaning::{Meaning, View};
use crate::trace::{Phrases, Style};

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese, in simplified characters.
    Zh,
}

impl Lang {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    const fn texts(self) -> &'static Texts {
        match self {
            Self::En => &en::TEXTS,
            Self::Zh => &zh::TEXTS,
        }
    }

    /// Its name on the command line, as in ISO 639-1.
    pub const fn code(self) -> &'static str {
        self.texts().code
    }

    /// The language of this name, if there is one.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.code() == code)
    }

    /// The language that the environment asks for: `LC_ALL` before `LC_MESSAGES` before `LANG`, as in POSIX. English if
    /// it asks for none or for one that nobody wrote down.
    pub fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let named = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| variable(name).filter(|value| !value.is_empty()));
        let named = named.unwrap_or_default();
        let code = named.split(['_', '.', '@', '-']).next();
        code.and_then(Self::of_code).unwrap_or_default()
    }

    /// The language that the environment of this program asks for.
    pub fn of_environment() -> Self {
        Self::of_locale(|name| std::env::var(name).ok())
    }

    /// What a row means, in one sentence or two.
    pub fn sentence(self, meaning: &Meaning, view: View) -> String {
        (self.texts().sentence)(meaning, view)
    }

    /// A word of the legend.
    pub fn entry(self, term: Term) -> Entry {
        (self.texts().entry)(term)
    }

    /// How to read a ladder, on one screen.
    pub const fn legend(self) -> &'static str {
        self.texts().legend
    }

    /// The line above the list of all words.
    pub const fn list(self) -> &'static str {
        self.texts().list
    }

    /// What to say to a word that is not in the legend; `nearest` is.
    pub fn unknown(self, word: &str, nearest: &str) -> String {
        (self.texts().unknown)(word, nearest)
    }

    /// Words that a ladder has on its rules and beside its arrows, in this language; `None` if they stay as they are.
    pub fn phrase(self, words: &str) -> Option<String> {
        phrase::translated(self.texts().phrase, words)
    }

    /// What an act of the demonstration is.
    pub fn bill(self, act: Act) -> Bill {
        (self.texts().bill)(act)
    }

    /// What somebody in an act is called.
    pub fn guest(self, guest: Guest) -> &'static str {
        (self.texts().guest)(guest)
    }

    /// What somebody in an act did, to be read behind the name; the operator has none.
    pub fn did(self, did: Did, what: &str) -> String {
        (self.texts().did)(did, what)
    }

    /// How TCP and UDP are contested: messages, octets of each, losses, repeats and reorderings of a thousand, seed.
    pub fn contest(self, numbers: [u64; 6]) -> String {
        (self.texts().contest)(numbers)
    }

    /// The rows of the contest's table.
    pub const fn rows(self) -> [&'static str; 7] {
        self.texts().rows
    }

    /// How members reach the node: over sockets of the kernel, or in memory.
    pub const fn members(self) -> [&'static str; 2] {
        self.texts().members
    }

    /// What the demonstration says after so many acts.
    pub fn played(self, acts: usize) -> String {
        (self.texts().played)(acts)
    }

    /// A style whose words are of this language.
    pub const fn style(self, style: &Style) -> Style {
        let phrases = match self {
            Self::En => Phrases::ENGLISH,
            Self::Zh => Phrases(|words| Self::Zh.phrase(words)),
        };
        Style { phrases, ..*style }
    }
}
