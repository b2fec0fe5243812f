//! The memory that the arguments ask for: whether the system provides it, checked before any is used.

use smolchat::plural::Count;

/// Octets that come with a connection besides its two buffers: its socket, its member, its share of
/// TIME-WAIT, of the tables.
const EACH: usize = 2 * 1024;

/// Octets of everything that does not grow with the connections, stacks and buffers of the program's own
/// included.
const REST: usize = 32 * 1024 * 1024;

/// The system does not give so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} with two buffers of {buffer} octets each take {} MiB, and this system does \
     not give so much; {}",
    Count(*connections as u64, "connection"),
    octets.map_or("more than any number of".to_string(), |octets| octets.div_ceil(1 << 20).to_string()),
    self.advice()
)]
pub struct Refused {
    connections: usize,
    buffer: usize,
    /// What that makes, if it can be counted.
    octets: Option<usize>,
    /// What the system would give.
    given: usize,
}

impl Refused {
    /// What would fit, with a margin: others take memory, too.
    fn advice(&self) -> String {
        let given = (self.given / 16 * 15).saturating_sub(REST);
        let connections = given / (2 * self.buffer + EACH);
        let buffer = (given / self.connections).saturating_sub(EACH) / 2;
        match (connections, buffer) {
            (0, ..super::values::MIN_BUFFER) => "there is room for none; free some memory".into(),
            (_, ..super::values::MIN_BUFFER) => format!("--connections {connections} would fit"),
            (0, _) => format!("--buffer {buffer} would fit"),
            _ => format!("--connections {connections} would fit, or --buffer {buffer}"),
        }
    }
}

/// Requests from the system all the memory that a node with its application takes, and frees it.
///
/// # Errors
/// What would fit.
pub fn check(connections: usize, buffer: usize) -> Result<(), Refused> {
    let octets = (|| {
        let each = buffer.checked_mul(2)?.checked_add(EACH)?;
        connections.checked_mul(each)?.checked_add(REST)
    })();
    if octets.is_some_and(is_given) {
        return Ok(());
    }
    let (mut given, mut refused) = (0, octets.unwrap_or(usize::MAX));
    while refused - given > REST / 32 {
        let middle = given + (refused - given) / 2;
        match is_given(middle) {
            true => given = middle,
            false => refused = middle,
        }
    }
    Err(Refused {
        connections,
        buffer,
        octets,
        given,
    })
}

fn is_given(octets: usize) -> bool {
    Vec::<u8>::new().try_reserve_exact(octets).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use smolchat::app::sizes::TABLE;

    #[test]
    fn a_connection_takes_no_more_than_is_asked_for() {
        let totals = TABLE[2].rows;
        let between = totals[2].1 - totals[1].1;
        let each = between / (4_000 - 100) - 2 * 4_096;
        assert!(each <= EACH, "{each}");
    }

    #[test]
    fn what_cannot_even_be_counted_is_refused_with_what_would_fit() {
        let refused = check(usize::MAX, 2_048).unwrap_err();
        assert_eq!(refused.octets, None);
        let said = refused.to_string();
        assert!(said.contains("take more than any number of MiB"), "{said}");
        assert!(said.contains("; --connections "), "{said}");
    }
}
