//! What the peers share: the ports of the services, their pattern, and the measuring client.

pub mod load;

/// Echo (RFC 862).
pub const ECHO: u16 = 7;
/// Discard (RFC 863).
pub const DISCARD: u16 = 9;
/// Character generator (RFC 864).
pub const CHARGEN: u16 = 19;
/// The chat: a line goes to all others, and a receipt to its sender.
pub const CHAT: u16 = 9000;
/// What answers every line of the chat.
pub const RECEIPT: &[u8] = b"Delivered.\n";

/// So many octets of the character generator: lines of 72 characters, each beginning one later.
pub fn pattern(octets: usize) -> Vec<u8> {
    (0..)
        .flat_map(|line: usize| {
            (0..72)
                .map(move |column| b' ' + ((line + column) % 95) as u8)
                .chain(*b"\r\n")
        })
        .take(octets)
        .collect()
}
