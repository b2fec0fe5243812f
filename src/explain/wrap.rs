//! Text in lines that are so many columns wide, as a terminal counts them.

use std::string::String;
use std::vec::Vec;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What may stand at no beginning of a line.
const CLOSING: &str = "。,:;、)”!?，：；）！？》";

/// A text in lines: broken at spaces, and between Chinese characters.
pub(crate) fn lines(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        let fits = line.width() + piece.trim_end().width() <= columns;
        if !fits && !line.is_empty() {
            lines.push(line.trim_end().into());
            line.clear();
        }
        line.push_str(piece);
    }
    if !line.trim_end().is_empty() {
        lines.push(line.trim_end().into());
    }
    lines
}

/// Pieces that are not broken: words with the space behind them, and single wide characters with what closes behind.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut letters = rest.char_indices().peekable();
        let (_, mut last) = letters.next()?;
        let end = letters.find_map(|(at, letter)| {
            let ends = last == ' ' || is_wide(last) || is_wide(letter);
            let ends = ends && letter != ' ' && !CLOSING.contains(letter);
            last = letter;
            ends.then_some(at)
        });
        let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        Some(piece)
    })
}

fn is_wide(letter: char) -> bool {
    letter.width() == Some(2)
}

/// As much of a text as fits, with `…` in place of what does not.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.into();
    }
    let mut short = String::new();
    let mut width = 1;
    for letter in text.chars() {
        width += letter.width().unwrap_or(0);
        if width > columns {
            break;
        }
        short.push(letter);
    }
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_and_chinese_breaks_anywhere_but_before_what_closes() {
        assert_eq!(lines("one two  three", 8), ["one two", "three"]);
        assert_eq!(lines("你好,世界", 6), ["你好,", "世界"]);
        assert_eq!(lines("一二三。四", 6), ["一二", "三。四"]);
        assert_eq!(lines("ack=1 一二", 8), ["ack=1 一", "二"]);
        assert_eq!(lines("", 8), [""; 0]);
    }

    #[test]
    fn what_is_cut_says_so_and_is_no_wider() {
        assert_eq!(cut("hello", 5), "hello");
        assert_eq!(cut("hello!", 5), "hell…");
        assert_eq!(cut("你好么", 5), "你好…");
        assert_eq!(cut("你好么", 4), "你…");
    }
}
