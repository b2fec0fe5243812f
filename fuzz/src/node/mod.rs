//! Whole nodes, bare and with the chat, in the middle of conversations with hosts that mean well or ill.
//!
//! What must hold, whatever comes: nothing panics, every octet is one that a frame carried at its place
//! within the window, every change of state is one that RFC 9293 knows, what left is what the journal
//! noted, no control character reaches a screen, and after a long silence nothing is left.

mod acts;
mod cable;
mod honest;
mod hosts;
mod ledger;
mod plan;
mod screen;
mod setup;
mod streams;
mod talk;
mod world;

pub(crate) use cable::Cable;
pub(crate) use ledger::Ledger;
pub use plan::Plan;
pub(crate) use screen::check;

use arbitrary::{Arbitrary, Unstructured};

use crate::count;
use world::World;

/// Plays what `data` says.
///
/// # Panics
/// If something does not hold.
pub fn run(data: &[u8]) {
    if let Some(plan) = plan(data) {
        play(&plan);
    }
}

/// What `data` says.
pub fn plan(data: &[u8]) -> Option<Plan> {
    Plan::arbitrary(&mut Unstructured::new(data)).ok()
}

/// Plays a plan.
///
/// # Panics
/// If something does not hold.
pub fn play(plan: &Plan) {
    let mut world = World::new(plan.setup);
    for action in &plan.actions {
        world.act(action);
    }
    world.end();
    count::add(world.cable.received);
}
