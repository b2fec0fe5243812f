//! The chat: bytes and peers in, bytes and peers out.
//!
//! This module knows no socket, no node and no trace.

mod command;
pub mod framing;
mod hall;
mod index;
mod members;
mod name;
mod outbox;
mod proof;
mod rate;
mod room;
pub mod text;
mod words;

pub use command::{HELP, OPERATOR_HELP};
pub use framing::{Ending, Framer, Step};
pub use index::Cell;
pub use members::{CELLS_PER_MEMBER, MemberId, Peer, Slot};
pub use name::{NAME_MAX, Name};
pub use outbox::{Ask, Counts, Full, LAST_WORDS_MAX, Outbox};
pub use proof::{CODE_LEN, CODE_PERIOD};
pub use rate::Rate;
pub use room::{AMPLIFICATION, LINE_MAX, Limits, Memory, NotAMember, Room, RoomFull, Storage};
