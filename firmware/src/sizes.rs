//! What everything takes in this machine's memory, as the compiler says: for the table that
//! `scripts/firmware-budget` and `smolchat budget` print.

use core::mem::size_of;

use smolchat::app::{App, Seat, Stream, Watched};
use smolchat::chat::{CELLS_PER_MEMBER, Cell};
use smolchat::node::{Bench, Entry, Grave, Handle, Links, Node, Pending, Place, Slot};
use smolchat::trace::{Event, Flow};

use crate::application::{DATAGRAMS, Memory, RECEIVE, TRANSMIT};
use crate::machine::operator::say;

/// Octets that each of these takes.
const SIZES: [(&str, usize); 13] = [
    ("connection, without its buffers", CONNECTION),
    ("connection, its buffers", RECEIVE + TRANSMIT),
    (
        "connection, its seat in the room",
        size_of::<Seat>() + size_of::<Place>(),
    ),
    (
        "member, over TCP or UDP",
        size_of::<smolchat::chat::Slot<Handle, Flow>>() + CELLS,
    ),
    ("TIME-WAIT tombstone", size_of::<Grave>() + FLOW),
    ("SYN in the backlog", size_of::<Bench>()),
    ("journal event", size_of::<Option<Event>>()),
    (
        "datagram that waits, without its payload",
        size_of::<Pending>(),
    ),
    ("datagram payloads, each way", DATAGRAMS),
    ("long answer on its way", size_of::<Stream>()),
    ("live ladder", size_of::<Watched>()),
    ("node and room, on the stack", ROOM_AND_NODE),
    ("all memory of node and room", size_of::<Memory>()),
];

/// What a connection has in the flow table, which is kept half empty.
const FLOW: usize = 2 * size_of::<Entry>();
const CONNECTION: usize = Slot::SIZE + size_of::<Links>() + size_of::<Place>() + FLOW;
const ROOM_AND_NODE: usize = size_of::<Node<'_>>() + size_of::<App<'_>>();
const CELLS: usize = CELLS_PER_MEMBER * size_of::<Cell>();

/// Writes the table, one `size:` line each.
pub(crate) fn say_sizes() {
    for (what, octets) in SIZES {
        say!("size: {octets} {what}");
    }
}
