//! A scene as a `sequenceDiagram` of Mermaid, which code hosts draw in Markdown.
//!
//! States stand in notes at their end. Mermaid draws no slanted arrows: packets that cross stand one below the other. A
//! diagram has one pair of ends, so several scenes follow one another in it, each under its name.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::scene::{Arrow, End, Note, Row, Scene, What, place};
use crate::device::Side;

/// Scenes, one after the other, in one diagram.
pub(super) fn mermaid(scenes: &[Scene], title: &str) -> String {
    let several = scenes.len() > 1;
    let mut text = String::from("sequenceDiagram\n");
    if !title.is_empty() {
        text += &format!("    accTitle: {}\n", safe(title));
    }
    for (side, letter) in [(Side::A, 'L'), (Side::B, 'R')] {
        let name = name(scenes, side);
        text += &format!("    participant {letter} as {}\n", safe(&name));
    }
    for scene in scenes {
        if several {
            let ends = scene.ends.each_ref().map(|end| end.name.as_str());
            let ends = match ends.iter().all(|name| name.is_empty()) {
                true => String::new(),
                false => format!("<br/>{}", safe(&ends.join(" - "))),
            };
            text += &format!("    Note over L,R: {}{ends}\n", safe(&scene.title));
        }
        let tagged = scene.has_several();
        for row in &scene.rows {
            text += &drawn(row, tagged);
        }
    }
    text
}

/// What an end is called: by its name if it is the same in all scenes, by what it is otherwise.
fn name(scenes: &[Scene], side: Side) -> String {
    let mut ends = scenes.iter().map(|scene| &scene.ends[place(side)]);
    let Some(first) = ends.next() else {
        return letter(side).to_string();
    };
    let same = ends.all(|end| end.name == first.name);
    let End { name, role } = first;
    match (same, name.as_str(), role.as_str()) {
        (true, "", "") => letter(side).to_string(),
        (true, name, "") => name.to_string(),
        (true, "", role) | (false, _, role) if !role.is_empty() => role.to_string(),
        (true, name, role) => format!("{name}, {role}"),
        (false, ..) => letter(side).to_string(),
    }
}

const fn letter(side: Side) -> char {
    match side {
        Side::A => 'L',
        Side::B => 'R',
    }
}

fn drawn(row: &Row, tagged: bool) -> String {
    let tag = match row.flow {
        Some(flow) if tagged => format!("#{flow} "),
        _ => String::new(),
    };
    let mut text = match &row.what {
        What::Heading(words) => format!("    Note over L,R: {}\n", safe(&format!("{tag}{words}"))),
        What::Arrow(arrow) => packet(arrow, &tag),
        What::Note(note) => noted(note, &tag),
    };
    for side in [Side::A, Side::B] {
        let states: Vec<String> = row.states[place(side)]
            .iter()
            .map(|shown| match shown.inferred {
                true => format!("({})", shown.state),
                false => shown.state.to_string(),
            })
            .collect();
        if !states.is_empty() {
            let states = states.join(", ");
            text += &beside(side, &format!("{tag}{states}"));
        }
    }
    text
}

/// A packet: with a cross where it got nowhere.
fn packet(arrow: &Arrow, tag: &str) -> String {
    let (from, to) = (letter(arrow.from), letter(arrow.from.other()));
    let stroke = if arrow.stopped { "-x" } else { "->>" };
    let mut words = safe(&format!("{tag}{}", arrow.label));
    if !arrow.said.is_empty() {
        words += &format!("<br/>{}", safe(&arrow.said));
    }
    if !arrow.remarks.is_empty() {
        words += &format!("<br/>[{}]", safe(&arrow.remarks.join(", ")));
    }
    format!("    {from}{stroke}{to}: {words}\n")
}

fn noted(note: &Note, tag: &str) -> String {
    match note.side {
        _ if note.text.is_empty() => String::new(),
        Some(side) => beside(side, &format!("{tag}{}", note.text)),
        None => format!("    Note over L,R: {}\n", safe(&note.text)),
    }
}

fn beside(side: Side, words: &str) -> String {
    let at = match side {
        Side::A => "left of L",
        Side::B => "right of R",
    };
    format!("    Note {at}: {}\n", safe(words))
}

/// A text in which nothing means anything to Mermaid: neither its own signs nor HTML's.
fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '#' | ';' | ':' | '<' | '>' | '&' | '%' | '{' | '}' | '\\' | '`' | '*' | '_' | '$' => {
                safe.push_str(&format!("#{};", u32::from(letter)));
            }
            letter if letter.is_control() => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}
