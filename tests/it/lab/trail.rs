//! What passed the cables and what was called, for whoever wants to read how a check came to its end.
//!
//! It is kept by thread and only while something is [`followed`]; other tests pay nothing.

use std::cell::RefCell;
use std::collections::VecDeque;

use smoltcp::time::Instant;
use smoltcp::wire::{EthernetFrame, PrettyPrinter};

use super::{Lab, Segment};

/// Lines that are kept: the last ones say why.
const KEPT: usize = 24;

#[derive(Default)]
struct Trail {
    lines: VecDeque<String>,
    forgotten: usize,
}

thread_local! {
    static TRAIL: RefCell<Option<Trail>> = const { RefCell::new(None) };
}

/// Runs something that does not panic; says what it came to, and its last steps, a line each.
pub(crate) fn followed<T>(run: impl FnOnce() -> T) -> (T, String) {
    TRAIL.set(Some(Trail::default()));
    let result = run();
    let trail = TRAIL.take().unwrap_or_default();
    let mut text = String::new();
    if trail.forgotten > 0 {
        text = format!("    ({} steps before)\n", trail.forgotten);
    }
    for line in trail.lines {
        text += &format!("    {line}\n");
    }
    (result, text)
}

/// Whether anybody wants to know.
pub(super) fn is_followed() -> bool {
    TRAIL.with_borrow(Option::is_some)
}

/// Notes a step.
pub(super) fn note(now: Instant, step: &str) {
    TRAIL.with_borrow_mut(|trail| {
        let Some(trail) = trail else { return };
        if trail.lines.len() == KEPT {
            trail.lines.pop_front();
            trail.forgotten += 1;
        }
        let now = now.to_string();
        trail.lines.push_back(format!("{now:>10} {step}"));
    });
}

/// Notes a frame; `way` is `in` or `out`, as the subject sees it.
pub(super) fn note_frame(now: Instant, way: &str, frame: &[u8]) {
    if !is_followed() {
        return;
    }
    let shown = Segment::parse(frame).map_or_else(|| other(frame), |it| it.to_string());
    note(now, &format!("{way} {shown}"));
}

/// What is no segment, as smoltcp shows it, without the Ethernet header.
fn other(frame: &[u8]) -> String {
    let shown = PrettyPrinter::<EthernetFrame<&[u8]>>::new("", &frame).to_string();
    let layers = shown.lines().skip(1);
    let layers: Vec<_> = layers
        .map(|it| it.trim_start_matches([' ', '\\', '_']))
        .collect();
    layers.join(", ")
}

impl Lab {
    /// Notes the state, if it is another one than before.
    pub(super) fn note_state(&mut self) {
        if !is_followed() {
            return;
        }
        let state = self.state();
        if self.noted.replace(state) != Some(state) {
            note(self.now, &format!("    {state}"));
        }
    }
}
