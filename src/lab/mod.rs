//! The laboratory: questions about TCP and UDP, each answered by an experiment on two nodes in memory.
//!
//! An [`Experiment`] is data and a script: what happens on the bench, on a virtual clock; what it claims, as code
//! that is checked on what was measured; and its words, in each language. A sentence of an answer is said only
//! if its claim held, with the rows that prove it, and with the numbers that were measured. Nothing here needs more
//! of an operating system than `std`.
//!
//! ```
//! use smolchat::lab::{Report, Settings, find};
//! use smolchat::lang::Lang;
//! use smolchat::trace::Style;
//!
//! let experiment = find("without-accept").unwrap();
//! let outcome = experiment.run(&Settings::default());
//! assert!(experiment.claims(&outcome).iter().all(|claim| claim.holds()));
//! let said = Report::new(Lang::En, Style::PLAIN).whole(experiment, &outcome);
//! assert!(said.contains("ESTABLISHED"));
//! ```

mod bench;
mod calls;
mod claim;
mod experiments;
mod meaning;
mod packet;
mod plan;
mod report;
mod scenes;
mod settings;
mod stepping;
mod tape;
mod texts;

pub use claim::Claim;
pub use experiments::{Experiment, Group, all, find, nearest};
pub use packet::Packet;
pub use report::Report;
pub use settings::{DELAY, DROP, Knob, LOSS, MSL, Settings};
pub use stepping::Stepping;
pub use tape::{Answer, Captured, Event, Fate, Outcome, Row, Run, Sent, What};
pub use texts::{Closing, Data, Frame, Ladder, Meaning, Opening, Texts, Trouble, Words, texts};
