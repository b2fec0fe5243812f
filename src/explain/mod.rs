//! Ladders that explain themselves: below each row stands what it means, in plain words.
//!
//! [`Reader`] makes a [`Meaning`] of each record, from it and from those before it: facts, no words. [`crate::lang`] has
//! the words. [`Teller`] draws a ladder with both; [`explain`] is the door for who has a whole connection.
//! [`why()`] says in a few sentences how it ended.
//!
//! Nothing of this is on a board, and nothing of it runs where nobody asked for it.

mod end;
mod judge;
mod known;
pub mod meaning;
mod reader;
mod said;
mod teller;
mod why;
mod wrap;

pub use meaning::{Meaning, Meanings, Party, View};
pub use reader::Reader;
pub use said::{Key, Said, Words};
pub use teller::{Teller, explain};
pub use why::why;
pub(crate) use wrap::{cut, lines};
