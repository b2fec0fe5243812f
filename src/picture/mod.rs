//! Ladders beside the terminal's: pictures, and lines for programs.
//!
//! A [`Scene`] is what there is to show, in the words of one language: two ends, and rows in the order in which they
//! began. It is made of one journal ([`scene()`]: the other end is inferred), of the journals of both ends ([`Both`]:
//! nothing is), or of an experiment ([`crate::lab::Report::scenes`]). [`Picture`] makes a document of it; [`Drawer`]
//! draws it as text where both ends have their times, and packets that cross are seen to cross.
//!
//! Nothing here is on a board. Everything that a peer said is escaped for the format that it stands in.
//!
//! ```
//! use smolchat::lab::{Report, Settings, find};
//! use smolchat::lang::Lang;
//! use smolchat::picture::Format;
//! use smolchat::trace::Style;
//!
//! let experiment = find("simultaneous-close").unwrap();
//! let scenes = Report::new(Lang::En, Style::PLAIN).scenes(experiment, &experiment.run(&Settings::default()));
//! let picture = Format::of_name("svg").and_then(Format::picture).unwrap();
//! assert!(picture.of(&scenes, "both close at once", Lang::En).starts_with("<svg "));
//! ```

mod both;
mod dot;
mod format;
mod json;
mod mermaid;
mod one;
mod scene;
mod svg;
mod text;
mod words;

pub use both::Both;
pub use format::{Format, Picture};
pub use json::SCHEMA;
pub use one::{Seen, scene};
pub use scene::{Arrow, End, Note, NoteKind, Row, Scene, Shown, Tone, What};
pub use text::Drawer;
pub(crate) use words::time;
