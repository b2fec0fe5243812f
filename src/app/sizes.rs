//! What each thing takes in memory, from `size_of` on the target that this is compiled for.
//!
//! There is one table: a board reports its own, and `smolchat budget` prints both side by side. Features change the
//! numbers: with `ipv6` every address takes more.

use core::mem::size_of;

use super::{App, Response, Session, Watched};
use crate::chat::{self, CELLS_PER_MEMBER, Cell};
use crate::node::{Handle, Path, footprint};

/// A group of rows.
#[derive(Debug)]
pub struct Section {
    /// What they are about.
    pub heading: &'static str,
    /// What each row is about, and how many octets that takes.
    pub rows: &'static [(&'static str, usize)],
}

/// The table.
pub const TABLE: [Section; 3] = [
    Section {
        heading: "a connection, besides its two buffers",
        rows: &[
            CONNECTION[0],
            CONNECTION[1],
            CONNECTION[2],
            CONNECTION[3],
            CONNECTION[4],
            CONNECTION[5],
            ("in all", connection()),
        ],
    },
    Section {
        heading: "anything else",
        rows: &[
            ("a member of the room", MEMBER),
            ("a connection in TIME-WAIT", footprint::TIME_WAIT),
            (
                "a SYN that waits for a free connection",
                footprint::WAITING_SYN,
            ),
            ("an event in the journal", footprint::EVENT),
            (
                "a datagram that waits, without its text",
                footprint::WAITING_DATAGRAM,
            ),
            ("a long answer on its way", size_of::<Response>()),
            ("a ladder drawn live", size_of::<Watched>()),
            ("the node and the room themselves", NODE_AND_ROOM),
        ],
    },
    Section {
        heading: TOTALS_ARE,
        rows: &[
            ("8 connections", total(8)),
            ("100 connections", total(100)),
            ("4000 connections", total(4_000)),
        ],
    },
];

/// What the totals are of.
const TOTALS_ARE: &str = "in all: the node and the room, as many members, four times as many in TIME-WAIT, two buffers of 4096 and 4096 events";
/// Octets of both buffers of a connection in the totals.
const BUFFERS: usize = 2 * 4_096;
/// Events in the journal in the totals.
const EVENTS: usize = 4_096;

/// The parts of a connection besides its buffers.
const CONNECTION: [(&str, usize); 6] = [
    ("socket, with what smoltcp keeps", footprint::SOCKET),
    ("what the node knows of it", footprint::SLOT),
    ("queues it is in", footprint::QUEUES),
    (
        "deadlines, the node's and the chat's",
        2 * footprint::DEADLINE,
    ),
    ("finding it, two entries", 2 * footprint::FLOW),
    ("what it is to the chat", size_of::<Session>()),
];

/// A member of the room, with its share of the index.
const MEMBER: usize = size_of::<chat::Slot<Handle, Path>>() + CELLS_PER_MEMBER * size_of::<Cell>();

const NODE_AND_ROOM: usize = footprint::NODE + size_of::<App<'_>>();

const fn connection() -> usize {
    let (mut sum, mut part) = (0, 0);
    while part < CONNECTION.len() {
        sum += CONNECTION[part].1;
        part += 1;
    }
    sum
}

const fn total(connections: usize) -> usize {
    let each = connection() + MEMBER + 4 * footprint::TIME_WAIT + BUFFERS;
    NODE_AND_ROOM + connections * each + EVENTS * footprint::EVENT
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::format;

    #[test]
    fn the_parts_of_a_connection_make_what_it_takes_in_all() {
        let rows = TABLE[0].rows;
        let (last, parts) = rows.split_last().unwrap();
        assert_eq!(parts, CONNECTION);
        assert_eq!(
            last.1,
            parts.iter().map(|(_, octets)| octets).sum::<usize>()
        );
    }

    #[test]
    fn the_heading_of_the_totals_says_of_what_they_are() {
        let each = BUFFERS / 2;
        assert!(TOTALS_ARE.ends_with(&format!("two buffers of {each} and {EVENTS} events")));
        for (connections, (what, octets)) in [8, 100, 4_000].into_iter().zip(TABLE[2].rows) {
            assert_eq!(*what, format!("{connections} connections"));
            assert_eq!(*octets, total(connections));
        }
    }

    #[test]
    fn a_total_is_the_sum_of_the_rows_that_its_heading_names() {
        let row = |name: &str| {
            let rows = TABLE[..2].iter().flat_map(|section| section.rows);
            rows.rev().find(|(it, _)| *it == name).unwrap().1
        };
        let each = row("in all")
            + row("a member of the room")
            + 4 * row("a connection in TIME-WAIT")
            + BUFFERS;
        let once =
            row("the node and the room themselves") + EVENTS * row("an event in the journal");
        for (connections, (_, octets)) in [8, 100, 4_000].into_iter().zip(TABLE[2].rows) {
            assert_eq!(*octets, once + connections * each);
        }
    }
}
