//! `smolchat demo`: every act of the play.

pub mod contest;
pub mod stage;
