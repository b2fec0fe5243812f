//! What happened: records, the bounded journal that keeps them, and the diagrams drawn from it.
//!
//! This module depends on neither the node nor its devices; it is also used on captures made elsewhere.
//!
//! - [`Journal`]: the last events of a node, and counters of all. [`Journal::iter`] gives the events, [`Journal::of`]
//!   those of one connection, [`Journal::since`] the new ones.
//! - [`draw`]: the ladder diagram of one connection, in text; [`Follower`] draws it while it grows. Both write to any
//!   [`core::fmt::Write`], such as a `String` or a console, in a [`Style`].

mod event;
mod header;
mod infer;
mod journal;
mod ladder;
#[cfg(feature = "phrases")]
mod phrases;
pub mod rfc9293;
mod seq_number;
mod style;
mod verdict;
mod words;

pub use event::*;
pub use header::{Flags, Header, Options};
pub use infer::{Endpoint, Steps};
pub use journal::{Counters, Journal};
#[cfg(feature = "phrases")]
pub use ladder::headings;
pub use ladder::{Followed, Follower, draw};
#[cfg(feature = "phrases")]
pub use phrases::Phrases;
pub use seq_number::SeqNumber;
pub use style::{Glyphs, Palette, Style};
pub use verdict::*;
pub use words::DisplayEndpoint;
