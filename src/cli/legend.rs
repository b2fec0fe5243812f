//! `smolchat explain`: what the words of a ladder mean.

use smolchat::lang::{Lang, Term};

use super::args::ExplainArguments;
use super::colours::language;
use super::{Failure, said};

/// Says what one word means, or lists all of them.
///
/// # Errors
/// When the word is not in the legend.
pub fn explain(arguments: &ExplainArguments) -> Result<(), Failure> {
    let lang = language(arguments.lang);
    let text = if arguments.words.is_empty() {
        list(lang)
    } else {
        // "TIME WAIT" is one word here.
        let word = arguments.words.join(" ");
        let term = Term::find(&word)
            .ok_or_else(|| Failure::NoSuchWord(lang.unknown(&word, Term::nearest(&word).name())))?;
        let entry = lang.entry(term);
        format!("{}: {}\n{}\n", term.name(), entry.gloss, entry.text)
    };
    Ok(said::print(&text)?)
}

fn list(lang: Lang) -> String {
    let mut text = format!("{}\n{}\n", lang.legend(), lang.list());
    for &term in Term::ALL {
        text += &format!("  {:<16}{}\n", term.name(), lang.entry(term).gloss);
    }
    text
}
