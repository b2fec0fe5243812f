//! States as lanes: beside each life line a bar for every state, from where it was entered to where it was left.

use std::vec::Vec;

use super::layout::Layout;
use crate::device::Side;
use crate::picture::scene::{NoteKind, Row, Shown, What, place};
use crate::trace::State;

/// Lanes beside one life line, for as many connections at once.
const MOST: usize = 4;

/// A state of one end, and how long it lasted in the picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bar {
    // A value: the painter reads it.
    pub(super) side: Side,
    pub(super) lane: usize,
    pub(super) shown: Shown,
    pub(super) from: f32,
    pub(super) to: f32,
}

/// Which colour a state has.
pub(super) const fn colour(state: State) -> &'static str {
    match state {
        State::Closed | State::Listen => "s0",
        State::SynSent | State::SynReceived => "s1",
        State::Established => "s2",
        State::FinWait1 | State::FinWait2 | State::Closing => "s3",
        State::CloseWait | State::LastAck => "s4",
        State::TimeWait => "s5",
    }
}

/// The connections of a scene, in the order in which they are met: each has a lane.
fn flows(rows: &[Row]) -> Vec<Option<u32>> {
    let mut flows = Vec::new();
    for row in rows.iter().filter(|row| !row.states.concat().is_empty()) {
        if !flows.contains(&row.flow) {
            flows.push(row.flow);
        }
    }
    flows
}

/// How many lanes a scene needs.
pub(super) fn count(rows: &[Row]) -> usize {
    flows(rows).len().clamp(1, MOST)
}

/// The bars of a scene.
pub(super) fn bars(rows: &[Row], layout: &Layout) -> Vec<Bar> {
    let flows = flows(rows);
    let mut bars: Vec<Bar> = Vec::new();
    for side in [Side::A, Side::B] {
        for (lane, flow) in flows.iter().enumerate() {
            let mut open: Option<Bar> = None;
            for (row, placed) in rows.iter().zip(&layout.places) {
                let at = placed.at[place(side)].unwrap_or(0.0);
                let dies = matches!(&row.what, What::Note(note)
                    if note.kind == NoteKind::Event && note.side == Some(side) && row.flow.is_none());
                if dies && let Some(bar) = open.take() {
                    bars.push(Bar { to: at, ..bar });
                }
                if row.flow != *flow {
                    continue;
                }
                // Of several at once only the last one lasts.
                if let Some(&shown) = row.states[place(side)].last() {
                    bars.extend(open.take().map(|bar| Bar { to: at, ..bar }));
                    let lane = lane.min(MOST - 1);
                    open = (shown.state != State::Closed).then_some(Bar {
                        side,
                        lane,
                        shown,
                        from: at,
                        to: at,
                    });
                }
            }
            let to = layout.height;
            bars.extend(open.map(|bar| Bar { to, ..bar }));
        }
    }
    bars
}
