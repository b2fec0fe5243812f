//! `smolchat budget`: how many octets each thing takes on this machine, and what that makes in all.

use std::fmt::{self, Display, Formatter};
use std::mem::size_of;

use smolchat::app::Seat;
use smolchat::chat::{CELLS_PER_MEMBER, Cell, Slot as Member};
use smolchat::node::{Bench, Entry, Grave, Handle, Links, Place, Slot};
use smolchat::trace::{Event, Flow};
use smoltcp::iface::SocketStorage;

/// For how many connections totals are given.
const TOTALS: [usize; 3] = [8, 100, 4_000];
/// Octets of both buffers of a connection in those totals.
const BUFFERS: usize = 2 * 4_096;
/// Events in the journal in those totals.
const EVENTS: usize = 4_096;

/// The parts of a connection besides its buffers.
const CONNECTION: [(&str, usize); 6] = [
    (
        "socket, with what smoltcp keeps",
        size_of::<SocketStorage<'_>>(),
    ),
    ("what the node knows of it", size_of::<Slot<'_>>()),
    ("queues it is in", size_of::<Links>()),
    (
        "deadlines, the node's and the chat's",
        2 * size_of::<Place>(),
    ),
    ("finding it, two entries", 2 * size_of::<Entry>()),
    ("what it is to the chat", size_of::<Seat>()),
];

/// A member of the room, with its share of the index.
const MEMBER: usize = size_of::<Member<Handle, Flow>>() + CELLS_PER_MEMBER * size_of::<Cell>();

/// A connection in TIME-WAIT, with its share of the flow table.
const TOMBSTONE: usize = size_of::<Grave>() + 2 * size_of::<Entry>();

const fn connection() -> usize {
    let (mut sum, mut part) = (0, 0);
    while part < CONNECTION.len() {
        sum += CONNECTION[part].1;
        part += 1;
    }
    sum
}

/// The table.
pub struct Budget;

impl Display for Budget {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let bits = usize::BITS;
        writeln!(f, "Octets on this machine ({bits} bits)\n")?;
        writeln!(f, "a connection, besides its two buffers")?;
        for (name, octets) in CONNECTION {
            row(f, name, octets)?;
        }
        row(f, "in all", connection())?;
        writeln!(f, "anything else")?;
        row(f, "a member of the room", MEMBER)?;
        row(f, "a connection in TIME-WAIT", TOMBSTONE)?;
        row(
            f,
            "a SYN that waits for a free connection",
            size_of::<Bench>(),
        )?;
        row(f, "an event in the journal", size_of::<Option<Event>>())?;
        writeln!(
            f,
            "\nin all, with as many members and four times as many in TIME-WAIT, two buffers of {} and \
             {EVENTS} events",
            BUFFERS / 2
        )?;
        for connections in TOTALS {
            let each = connection() + MEMBER + 4 * TOMBSTONE + BUFFERS;
            let total = connections * each + EVENTS * size_of::<Option<Event>>();
            row(f, &format!("{connections} connections"), total)?;
        }
        Ok(())
    }
}

fn row(f: &mut Formatter<'_>, name: &str, octets: usize) -> fmt::Result {
    writeln!(f, "  {name:42}{octets:>12}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_connection_takes_is_the_sum_of_its_parts() {
        let sum: usize = CONNECTION.iter().map(|(_, octets)| octets).sum();
        assert_eq!(connection(), sum);
        let text = Budget.to_string();
        assert!(text.contains(&format!("{sum}")));
    }
}
