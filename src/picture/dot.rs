//! The states of both ends and what led from one to the next, as a graph for Graphviz: `dot -Tsvg`.
//!
//! Each end is a cluster; edges are numbered in the order in which they were taken. Inferred states are dashed.

use std::collections::BTreeMap;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::scene::{Row, Scene, Shown, What, place};
use crate::device::Side;
use crate::trace::State;

/// A graph for each scene, all in one document.
pub(super) fn dot(scenes: &[Scene], title: &str) -> String {
    let name = match (title, scenes) {
        ("", [only]) => only.title.as_str(),
        (title, _) => title,
    };
    let mut text = format!("digraph {} {{\n", quoted(name));
    text += "  rankdir=TB; compound=true; fontname=\"Helvetica\";\n";
    text += "  node [shape=box, style=rounded, fontname=\"Helvetica\"];\n";
    text += "  edge [fontname=\"Helvetica\", fontsize=10];\n";
    for (number, scene) in scenes.iter().enumerate() {
        for side in [Side::A, Side::B] {
            text += &cluster(scene, number, side);
        }
    }
    text + "}\n"
}

/// The states of one end, in a box of their own.
fn cluster(scene: &Scene, number: usize, side: Side) -> String {
    let letter = match side {
        Side::A => 'l',
        Side::B => 'r',
    };
    let end = &scene.ends[place(side)];
    let names = [&scene.title, &end.name, &end.role];
    let names = names.into_iter().filter(|name| !name.is_empty());
    let names: Vec<&str> = names.map(String::as_str).collect();
    let id = format!("{letter}{number}");
    let mut text = format!(
        "  subgraph cluster_{id} {{\n    label={};\n",
        quoted(&names.join("\n"))
    );
    let mut flows: BTreeMap<Option<u32>, Path> = BTreeMap::new();
    let tagged = scene.has_several();
    for row in &scene.rows {
        for shown in &row.states[place(side)] {
            let path = flows.entry(row.flow).or_default();
            path.enter(*shown, row);
        }
    }
    for (flow, path) in &flows {
        let id = match flow {
            Some(flow) => format!("{id}_{flow}"),
            None => id.clone(),
        };
        let tag = match flow {
            Some(flow) if tagged => format!("#{flow} "),
            _ => String::new(),
        };
        text += &path.drawn(&id, &tag);
    }
    text + "  }\n"
}

/// The way of one connection through the states.
#[derive(Default)]
struct Path {
    nodes: Vec<Shown>,
    edges: Vec<(usize, usize, String)>,
    last: Option<usize>,
}

impl Path {
    fn enter(&mut self, shown: Shown, row: &Row) {
        if self.last.is_none() && !matches!(&row.what, What::Note(note) if note.text.is_empty()) {
            let state = match shown.state {
                State::SynReceived => State::Listen,
                _ => State::Closed,
            };
            self.last = Some(self.node(Shown { state, ..shown }));
        }
        let to = self.node(shown);
        if let Some(from) = self.last.filter(|from| *from != to) {
            self.edges.push((from, to, cause(row)));
        }
        self.last = Some(to);
    }

    fn node(&mut self, shown: Shown) -> usize {
        let known = self.nodes.iter().position(|it| it.state == shown.state);
        known.unwrap_or_else(|| {
            self.nodes.push(shown);
            self.nodes.len() - 1
        })
    }

    fn drawn(&self, id: &str, tag: &str) -> String {
        let mut text = String::new();
        for (number, shown) in self.nodes.iter().enumerate() {
            let label = quoted(&format!("{tag}{}", shown.state));
            let dashed = match shown.inferred {
                true => ", style=\"rounded,dashed\"",
                false => "",
            };
            text += &format!("    {id}_{number} [label={label}{dashed}];\n");
        }
        for (number, (from, to, words)) in (1..).zip(&self.edges) {
            let label = quoted(&format!("{number}. {words}"));
            text += &format!("    {id}_{from} -> {id}_{to} [label={label}];\n");
        }
        text
    }
}

/// What led to a state.
fn cause(row: &Row) -> String {
    match &row.what {
        What::Arrow(arrow) => arrow.label.clone(),
        What::Note(note) => note.text.clone(),
        What::Heading(words) => words.to_string(),
    }
}

/// A text as Graphviz has it.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace('\n', "\\n"))
}
