//! The application of a bare node: what it holds, what it sends, and whether it is told the truth.

use smolchat::node::{Handle, Node};
use smolchat::trace::Header;
use smoltcp::time::Instant;

use super::ledger::{Known, Ledger};
use super::talk::{Talk, fill, octet};

/// A connection that the application has.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    pub handle: Handle,
    /// Octets taken and given.
    taken: u32,
    given: u32,
}

#[derive(Default)]
pub struct Streams {
    pub held: Vec<Held>,
    room: Vec<u8>,
    /// Octets came that nobody knows: those received are not looked at any more.
    pub trusting: bool,
}

/// What the application says is told apart from what peers say.
const SALT: u8 = 0xaa;

impl Streams {
    /// Where people type, what comes is not told by its number.
    pub fn trusting(trusting: bool) -> Self {
        Self {
            trusting,
            ..Self::default()
        }
    }

    pub fn hold(&mut self, handle: Handle) {
        self.held.push(Held {
            handle,
            taken: 0,
            given: 0,
        });
    }

    /// The application's turn.
    pub fn turn(
        &mut self,
        now: Instant,
        node: &mut Node<'_>,
        ledger: &Ledger,
        talks: &[Talk],
        reads: bool,
    ) {
        while let Some(handle) = node.accept() {
            self.hold(handle);
        }
        while let Some(handle) = node.next_ready() {
            assert!(
                self.held.iter().any(|held| held.handle == handle),
                "news of nobody"
            );
            if reads {
                self.receive(node, handle, usize::MAX, false, ledger, talks);
            }
        }
        self.held.retain(|held| {
            let Some(socket) = node.tcp(held.handle) else {
                return true;
            };
            let over = socket.ended().is_some() && !socket.can_recv();
            if over {
                socket.close(now);
            }
            !over
        });
    }

    /// # Panics
    /// If an octet comes that no frame carried at its place within the window.
    pub fn receive(
        &mut self,
        node: &mut Node<'_>,
        handle: Handle,
        len: usize,
        peek: bool,
        ledger: &Ledger,
        talks: &[Talk],
    ) {
        let Some(held) = self.held.iter_mut().find(|held| held.handle == handle) else {
            return;
        };
        let Some(mut socket) = node.tcp(handle) else {
            return;
        };
        let len = len.min(socket.recv_queue()).min(1 << 16);
        self.room.resize(len, 0);
        let Ok(count) = socket.peek(&mut self.room) else {
            return;
        };
        let octets = &self.room[..count];
        let known = ledger.by_id(handle.id());
        let known = known.filter(|_| !self.trusting);
        if let Some((known, irs)) = known.and_then(|known| Some((known, known.irs?))) {
            let seq = irs.wrapping_add(1).wrapping_add(held.taken);
            if let Some(talk) = talks.iter().find(|talk| talk.flow == known.flow) {
                check_received(talk, seq, octets);
            }
        }
        if peek {
            return;
        }
        let taken = if count.is_multiple_of(2) {
            socket.consume(count);
            count
        } else {
            // The same octets, as far as they lie in one piece.
            let taken = socket.recv_with(|piece| {
                let taken = piece.len().min(count);
                assert_eq!(piece[..taken], octets[..taken]);
                (taken, taken)
            });
            taken.expect("they are there")
        };
        held.taken = held.taken.wrapping_add(taken as u32);
    }

    /// Sends what comes next.
    pub fn send(&mut self, node: &mut Node<'_>, handle: Handle, len: usize) {
        let Some(held) = self.held.iter_mut().find(|held| held.handle == handle) else {
            return;
        };
        self.room.resize(len, 0);
        fill(&mut self.room, held.given, SALT);
        let Some(mut socket) = node.tcp(handle) else {
            return;
        };
        let sent = if len.is_multiple_of(2) {
            socket.send(&self.room)
        } else {
            socket.send_with(|piece| {
                let count = piece.len().min(len);
                piece[..count].copy_from_slice(&self.room[..count]);
                (count, count)
            })
        };
        if let Ok(count) = sent {
            assert!(count <= len);
            held.given = held.given.wrapping_add(count as u32);
        }
    }

    pub fn forget(&mut self, handle: Handle) {
        self.held.retain(|held| held.handle != handle);
    }

    pub fn close_all(&mut self, now: Instant, node: &mut Node<'_>) {
        while let Some(handle) = node.accept() {
            self.hold(handle);
        }
        for held in self.held.drain(..) {
            if let Some(socket) = node.tcp(held.handle) {
                socket.close(now);
            }
        }
    }
}

/// Each octet was carried by a frame, at its place and within the window.
fn check_received(talk: &Talk, seq: u32, octets: &[u8]) {
    let mut at = 0;
    while at < octets.len() {
        let number = seq.wrapping_add(at as u32);
        let carried = |octets: &[u8]| {
            talk.pieces.iter().rev().find_map(|piece| {
                let from = number.wrapping_sub(piece.seq);
                let left = piece.welcome.checked_sub(from)? as usize;
                let same = octets.iter().take(left).enumerate();
                let same = same.take_while(|(at, is)| {
                    **is == octet(number.wrapping_add(*at as u32), piece.salt)
                });
                Some(same.count()).filter(|count| *count > 0)
            })
        };
        match carried(&octets[at..]) {
            Some(count) => at += count,
            None => panic!(
                "octet {at} of {} at number {number} is one that nobody sent there: {talk:#?}",
                octets.len()
            ),
        }
    }
}

/// Each octet that left is the one that the application gave, at its place.
///
/// # Panics
/// If it is not.
pub fn check_sent(known: &Known, header: &Header, payload: &[u8]) {
    let Some(iss) = known.iss else { return };
    let from = header.seq.get().wrapping_sub(iss).wrapping_sub(1);
    // A keep-alive carries an octet of no meaning.
    if payload.len() == 1 {
        return;
    }
    for (at, is) in payload.iter().enumerate() {
        let should = octet(from.wrapping_add(at as u32), SALT);
        assert!(
            *is == should,
            "octet {at} of a segment is not what was sent: {known:?} {header:?}"
        );
    }
}
