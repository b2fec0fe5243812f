//! What happened: records, the bounded journal that keeps them, and the diagrams drawn from it.
//!
//! This module knows neither the node nor its devices; it is also used on captures made elsewhere.

mod event;
mod journal;
mod words;

pub use event::*;
pub use journal::{Counters, Journal};
