//! `smolchat budget`: how many octets each thing takes here and on the board, and what that makes in all.
//!
//! The figures here are the compiler's. Those of the board are what the board reported when `scripts/firmware-budget
//! --accept` asked it; every run of that script compares them.

use std::fmt::{self, Display, Formatter};

use smolchat::app::sizes::TABLE;

/// What the board said: octets, a space and of what, for each row of the table.
const BOARD: &str = include_str!("budget/board.txt");

/// The table.
pub struct Budget;

impl Display for Budget {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let bits = usize::BITS;
        writeln!(
            f,
            "Octets on this machine, {bits} bits with IPv6, and on the board, 32 bits without IPv6\n"
        )?;
        row(f, "", "here", "the board")?;
        let mut board = BOARD.lines().map(|line| line.split_once(' '));
        for (number, section) in TABLE.iter().enumerate() {
            if number + 1 == TABLE.len() {
                writeln!(f)?;
            }
            writeln!(f, "{}", section.heading)?;
            for (name, octets) in section.rows {
                // A test makes sure that the board's rows are these.
                let said = board.next().flatten().map_or("?", |(octets, _)| octets);
                row(f, name, &octets.to_string(), said)?;
            }
        }
        Ok(())
    }
}

fn row(f: &mut Formatter<'_>, name: &str, here: &str, board: &str) -> fmt::Result {
    writeln!(f, "  {name:42}{here:>12}{board:>12}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_board_said_the_same_rows_in_the_same_order() {
        let rows = TABLE.iter().flat_map(|section| section.rows);
        let rows: Vec<_> = rows.map(|(name, _)| *name).collect();
        let said = BOARD.lines().map(|line| line.split_once(' ').unwrap());
        let said: Vec<_> = said
            .map(|(octets, name)| octets.parse::<usize>().map(|_| name).unwrap())
            .collect();
        assert_eq!(said, rows, "do this: scripts/firmware-budget --accept");
    }
}
