//! The application: the chat on the node.
//!
//! [`App`] joins [`Node`](crate::node::Node) and [`Room`](crate::chat::Room), the same on Linux and on
//! a board: it hands octets from connections to the room, and lines from the room to connections, ends
//! connections politely, answers `/states` and `/ladder`, draws live ladders for the operator, and shows
//! a page to browsers. It allocates nothing and reads no clock.
//!
//! The work for a wake-up is bounded, and does not grow with the number of members that say nothing.

mod answering;
mod answers;
#[expect(
    clippy::module_inception,
    reason = "the application is what this module is named for"
)]
mod app;
mod browser;
mod chargen;
mod chunk;
mod door;
#[cfg(feature = "ladder")]
mod ladder;
#[cfg(not(feature = "ladder"))]
#[path = "no_ladder.rs"]
mod ladder;
#[cfg(feature = "ladder")]
mod live;
#[cfg(not(feature = "ladder"))]
#[path = "no_live.rs"]
mod live;
mod moving;
mod operator;
mod origin;
mod pace;
mod page;
mod post;
mod readers;
mod requests;
mod response;
mod responses;
mod run;
mod service;
mod services;
mod session;
mod sessions;
mod shares;
pub mod sizes;
mod storage;
mod table;
mod turn;
mod visitors;

pub use app::{App, Config};
pub use live::{Live, Watched};
pub use operator::{Nowhere, Screen};
pub use response::Response;
pub use session::Session;
pub use storage::{Memory, Storage};
pub use table::write_status;
