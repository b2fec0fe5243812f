//! TCP against UDP on a wire that loses, repeats and reorders frames: the same messages, the same
//! faults, measured side by side.

use std::collections::BTreeSet;
use std::mem::size_of;

use smolchat::device::{Policy, Shares};
use smolchat::node::{Handle, Node, footprint};
use smolchat::pair::{Clockwork, Pair};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpEndpoint;

use super::stage::{MTU, PORT, address, pair};
use smolchat::device::Side;

/// Messages sent by each.
pub const MESSAGES: u64 = 400;
/// Octets of a message: its number, and filling.
pub const LENGTH: usize = 64;
/// A message is sent so often.
const EVERY: Duration = Duration::from_millis(5);
/// What a handshake may take: four losses in a row.
const OPENING: Duration = Duration::from_secs(16);
/// How long the receiver waits for the last ones.
const PATIENCE: Duration = Duration::from_secs(60);

/// The faults, per thousand frames each way.
pub const SHARES: Shares = Shares {
    drop: 50,
    duplicate: 20,
    reorder: 50,
    corrupt: 0,
    delay: 0,
};

/// What became of the messages of one protocol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Different messages that arrived.
    pub delivered: u64,
    /// Messages that arrived more than once.
    pub repeated: u64,
    /// Messages that arrived after a later one.
    pub out_of_order: u64,
    /// Half of the messages took no longer than this.
    pub median: Duration,
    /// All but one in a hundred took no longer than this.
    pub p99: Duration,
    /// Octets on the wire for each message, both ways, all headers counted.
    pub octets: u64,
    /// Octets of memory that one peer costs the receiver, buffers included.
    pub memory: usize,
}

/// Messages as they arrive.
#[derive(Default)]
struct Tally {
    seen: BTreeSet<u64>,
    highest: Option<u64>,
    repeated: u64,
    out_of_order: u64,
    latencies: Vec<Duration>,
}

impl Tally {
    fn arrive(&mut self, now: Instant, message: &[u8]) {
        let Some(Ok(number)) = message.get(..8).map(<[u8; 8]>::try_from) else {
            return;
        };
        let number = u64::from_be_bytes(number);
        if !self.seen.insert(number) {
            self.repeated += 1;
            return;
        }
        if self.highest.is_some_and(|highest| number < highest) {
            self.out_of_order += 1;
        }
        self.highest = self.highest.max(Some(number));
        self.latencies.push(now - sent_at(number));
    }

    fn outcome(mut self, octets: u64, memory: usize) -> Outcome {
        self.latencies.sort();
        let share = |hundredths: usize| {
            let last = self.latencies.len().saturating_sub(1);
            let index = self.latencies.len() * hundredths / 100;
            self.latencies
                .get(index.min(last))
                .copied()
                .unwrap_or(Duration::ZERO)
        };
        Outcome {
            delivered: self.seen.len() as u64,
            repeated: self.repeated,
            out_of_order: self.out_of_order,
            median: share(50),
            p99: share(99),
            octets: octets / MESSAGES,
            memory,
        }
    }
}

/// When a message is sent. Time counts from when a TCP connection has surely been opened, whatever was
/// lost of its handshake.
fn sent_at(number: u64) -> Instant {
    Instant::ZERO + OPENING + EVERY * number as u32
}

fn message(number: u64) -> [u8; LENGTH] {
    let mut message = [b'.'; LENGTH];
    message[..8].copy_from_slice(&number.to_be_bytes());
    message
}

fn server() -> IpEndpoint {
    IpEndpoint::new(address(Side::B), PORT)
}

fn lossy_pair(seed: u64) -> Pair {
    let policy = Policy {
        shares: SHARES,
        ..Policy::NONE
    };
    pair().with_faults(seed, policy, MTU)
}

/// Every message over one TCP connection.
pub fn tcp(seed: u64) -> Outcome {
    let mut pair = lossy_pair(seed);
    let mut accepted = None;
    let client = connect(&mut pair, &mut accepted);
    let opened = pair.octets();
    let mut tally = Tally::default();
    let mut pending: Vec<u8> = Vec::new();
    let mut next = 0;
    let end = sent_at(MESSAGES) + PATIENCE;
    while pair.now < end && (tally.seen.len() as u64) < MESSAGES {
        while next < MESSAGES && sent_at(next) <= pair.now {
            pending.extend(message(next));
            next += 1;
        }
        if let Some(client) = client
            && let Some(mut socket) = pair.a.tcp(client)
            && let Ok(taken) = socket.send(&pending)
        {
            pending.drain(..taken);
        }
        let then = pair.step();
        if let Some(server) = accepted {
            take_messages(&mut pair, server, &mut tally);
        }
        advance(
            &mut pair,
            then,
            if next < MESSAGES { sent_at(next) } else { end },
        );
    }
    let memory = footprint::CONNECTION + slot_buffers(&pair.b);
    tally.outcome(pair.octets() - opened, memory)
}

fn connect(pair: &mut Pair, accepted: &mut Option<Handle>) -> Option<Handle> {
    let client = pair.a.connect(pair.now, server()).ok();
    pair.run_until(OPENING, |pair| {
        *accepted = accepted.or_else(|| pair.b.accept());
        None::<()>
    });
    client
}

fn take_messages(pair: &mut Pair, server: Handle, tally: &mut Tally) {
    let Some(mut socket) = pair.b.tcp(server) else {
        return;
    };
    let mut buffer = [0; LENGTH];
    while socket.recv_queue() >= LENGTH && socket.recv(&mut buffer) == Ok(LENGTH) {
        tally.arrive(pair.now, &buffer);
    }
}

/// A datagram that finds no room is lost, as everywhere.
fn say(pair: &mut Pair, message: &[u8]) {
    if let Some(mut socket) = pair.a.udp(PORT) {
        let _ = socket.send_to(pair.now, server(), message);
    }
}

/// Every message as a datagram.
pub fn udp(seed: u64) -> Outcome {
    let mut pair = lossy_pair(seed);
    // As over TCP, whoever has to be asked for an address has been asked.
    say(&mut pair, b"");
    pair.run_for(sent_at(0) - pair.now);
    let opened = pair.octets();
    let mut tally = Tally::default();
    let mut next = 0;
    let end = sent_at(MESSAGES) + Duration::from_secs(1);
    while pair.now < end {
        while next < MESSAGES && sent_at(next) <= pair.now {
            say(&mut pair, &message(next));
            next += 1;
        }
        let then = pair.step();
        let mut buffer = [0; LENGTH];
        if let Some(mut socket) = pair.b.udp(PORT) {
            while let Some(received) = socket.recv_from(&mut buffer) {
                tally.arrive(pair.now, &buffer[..received.len]);
            }
        }
        advance(
            &mut pair,
            then,
            if next < MESSAGES { sent_at(next) } else { end },
        );
    }
    // All peers share one queue; what is kept of one is its endpoint.
    tally.outcome(pair.octets() - opened, size_of::<IpEndpoint>())
}

/// On to the next event, but not past `due`.
fn advance(pair: &mut Pair, then: Option<Instant>, due: Instant) {
    let next = then.map_or(due, |then| then.min(due));
    pair.now = pair.now.max(next);
}

fn slot_buffers(node: &Node<'_>) -> usize {
    node.buffers_per_connection()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tcp_delivers_everything_once_and_in_order_and_udp_what_the_wire_delivers() {
        let (tcp, udp) = (tcp(1), udp(1));
        assert_eq!(tcp.delivered, MESSAGES);
        assert_eq!((tcp.repeated, tcp.out_of_order), (0, 0));
        assert!(udp.delivered < MESSAGES);
        assert!(udp.repeated > 0 && udp.out_of_order > 0);
        assert!(udp.p99 < tcp.p99);
        assert!(udp.octets < tcp.octets);
    }

    #[test]
    fn the_same_seed_gives_the_same_outcome() {
        assert_eq!(tcp(7), tcp(7));
        assert_eq!(udp(7), udp(7));
    }
}
