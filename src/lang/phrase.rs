//! Words of a ladder in another language: whole texts, and the parts of those that are put together.
//!
//! Numbers stand in the dictionary as `{}`, and are put back in their order.

use std::string::String;
use std::vec::Vec;

type Dictionary = fn(&str) -> Option<&'static str>;

/// A text of a ladder, if anything of it is in the dictionary.
pub(super) fn translated(dictionary: Dictionary, text: &str) -> Option<String> {
    if let Some(whole) = looked_up(dictionary, text) {
        return Some(whole);
    }
    if let Some((label, remark)) = text.split_once('[') {
        let inner = remark.strip_suffix(']')?;
        let inner = translated(dictionary, inner)?;
        return Some([label, "[", &inner, "]"].concat());
    }
    let between = ["; ", ": "]
        .into_iter()
        .find(|&between| text.contains(between))?;
    let mut is_known = false;
    let parts = text.split(between).map(|part| {
        let known = translated(dictionary, part);
        is_known |= known.is_some();
        known.unwrap_or_else(|| part.into())
    });
    let parts: Vec<String> = parts.collect();
    is_known.then(|| parts.join(between))
}

fn looked_up(dictionary: Dictionary, text: &str) -> Option<String> {
    let mut pattern = String::new();
    let mut numbers = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|it: char| it.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let end = number.find(|it: char| !it.is_ascii_digit() && it != '.');
        let (number, after) = number.split_at(end.unwrap_or(number.len()));
        pattern.push_str(before);
        pattern.push_str("{}");
        numbers.push(number);
        rest = after;
    }
    pattern.push_str(rest);
    if let Some(words) = dictionary(text) {
        return Some(words.into());
    }
    let words = dictionary(&pattern)?;
    let mut numbers = numbers.into_iter();
    let mut parts = words.split("{}");
    let mut filled = String::from(parts.next()?);
    for part in parts {
        filled.push_str(numbers.next()?);
        filled.push_str(part);
    }
    Some(filled)
}
