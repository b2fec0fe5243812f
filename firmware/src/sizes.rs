//! What everything takes in this machine's memory, as the compiler says: for the table that
//! `scripts/firmware-budget` and `smolchat budget` print.

use core::mem::size_of;

use smolchat::app::sizes::TABLE;

use crate::application::{DATAGRAMS, Memory, RECEIVE, TRANSMIT};
use smolboard::say;

/// What depends on how much this board was given.
const OWN: [(&str, usize); 3] = [
    ("a connection's two buffers", RECEIVE + TRANSMIT),
    ("texts of datagrams that wait, each way", DATAGRAMS),
    ("all memory of node and room", size_of::<Memory>()),
];

/// Writes the table, one `size:` line each, and the board's own rows, one `own:` line each.
pub(crate) fn say_sizes() {
    for (what, octets) in TABLE.iter().flat_map(|section| section.rows) {
        say!("size: {octets} {what}");
    }
    for (what, octets) in OWN {
        say!("own: {octets} {what}");
    }
}
