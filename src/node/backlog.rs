//! Who is served, and who waits at the door.
//!
//! A [`Listener`] is a port and the number of SYNs that may wait for it; it holds no socket. A SYN that
//! finds no free connection is kept as its facts, oldest first, until one is free.

use managed::ManagedSlice;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::EthernetAddress;

use crate::trace::{Flow, Header};

/// A port that accepts connections.
#[derive(Debug, Clone, Copy)]
pub struct Listener {
    /// 0 where nothing listens.
    pub(super) port: u16,
    /// How many SYNs may wait.
    pub(super) backlog: u16,
}

impl Listener {
    /// Nothing listens; for building tables.
    pub const EMPTY: Self = Self {
        port: 0,
        backlog: 0,
    };
}

/// A SYN that waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    /// Its endpoints.
    pub(super) flow: Flow,
    /// The hardware address it came from.
    pub(super) neighbor: EthernetAddress,
    /// Its header.
    pub(super) syn: Header,
    /// When it came, or came again.
    pub(super) heard: Instant,
}

/// A place for a SYN that waits.
#[derive(Debug, Clone, Copy)]
pub struct Bench(Option<Held>);

impl Bench {
    /// Nobody waits; for building arrays.
    pub const EMPTY: Self = Self(None);
}

/// A SYN that was not sent again for this long has given up: two of its retries in a row are missing.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of a SYN that had to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It waits now.
    New,
    /// It waited already; the newer one counts.
    Again,
    /// There is no more room.
    Full,
}

/// The SYNs that wait.
pub(super) struct Backlog<'a> {
    benches: ManagedSlice<'a, Bench>,
    len: usize,
}

impl<'a> Backlog<'a> {
    /// Nobody waits yet; at most `benches.len()` ever will.
    pub(super) fn new(mut benches: ManagedSlice<'a, Bench>) -> Self {
        benches.fill(Bench::EMPTY);
        Self { benches, len: 0 }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Keeps a SYN; `limit` is its listener's.
    pub(super) fn keep(&mut self, held: Held, limit: u16) -> Kept {
        self.forget_the_silent(held.heard);
        if let Some(place) = self.place_of(&held.flow) {
            self.benches[place] = Bench(Some(held));
            return Kept::Again;
        }
        let waiting = self
            .waiting()
            .filter(|other| other.flow.local.port == held.flow.local.port)
            .count();
        if self.len == self.benches.len() || waiting >= usize::from(limit) {
            return Kept::Full;
        }
        self.benches[self.len] = Bench(Some(held));
        self.len += 1;
        Kept::New
    }

    /// Takes the SYN that has waited for longest.
    pub(super) fn next(&mut self, now: Instant) -> Option<Held> {
        self.forget_the_silent(now);
        let held = self.benches.first()?.0?;
        self.take(0);
        Some(held)
    }

    /// Takes out the SYN of a flow; says whether there was one.
    pub(super) fn cancel(&mut self, flow: &Flow) -> bool {
        match self.place_of(flow) {
            Some(place) => {
                self.take(place);
                true
            }
            None => false,
        }
    }

    /// Forgets every SYN that waits for a port.
    pub(super) fn close(&mut self, port: u16) {
        let serves = |held: &Held| held.flow.local.port == port;
        loop {
            let place = self.waiting().position(serves);
            match place {
                Some(place) => self.take(place),
                None => return,
            }
        }
    }

    /// The SYNs that wait, oldest first.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Held> {
        self.benches[..self.len]
            .iter()
            .filter_map(|bench| bench.0.as_ref())
    }

    fn place_of(&self, flow: &Flow) -> Option<usize> {
        self.waiting().position(|held| held.flow == *flow)
    }

    fn forget_the_silent(&mut self, now: Instant) {
        let mut place = 0;
        while place < self.len {
            match self.benches[place].0 {
                Some(held) if held.heard + PATIENCE > now => place += 1,
                _ => self.take(place),
            }
        }
    }

    fn take(&mut self, place: usize) {
        self.benches.copy_within(place + 1..self.len, place);
        self.len -= 1;
        self.benches[self.len] = Bench::EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smoltcp::wire::{IpAddress, IpEndpoint};
    use std::vec;

    fn held(port: u16, seq: u32, secs: i64) -> Held {
        Held {
            flow: Flow {
                local: IpEndpoint::new(IpAddress::v4(192, 0, 2, 1), 9000),
                remote: IpEndpoint::new(IpAddress::v4(192, 0, 2, 2), port),
            },
            neighbor: EthernetAddress([2; 6]),
            syn: Header {
                seq,
                ..Header::default()
            },
            heard: Instant::from_secs(secs),
        }
    }

    fn backlog(places: usize) -> Backlog<'static> {
        Backlog::new(ManagedSlice::Owned(vec![Bench::EMPTY; places]))
    }

    #[test]
    fn a_repeated_syn_takes_its_own_place_and_the_newer_counts() {
        let mut backlog = backlog(4);
        assert_eq!(backlog.keep(held(1, 10, 0), 4), Kept::New);
        assert_eq!(backlog.keep(held(2, 20, 0), 4), Kept::New);
        assert_eq!(backlog.keep(held(1, 11, 1), 4), Kept::Again);
        assert_eq!(backlog.next(Instant::from_secs(1)).unwrap().syn.seq, 11);
        assert_eq!(backlog.len(), 1);
    }

    #[test]
    fn beyond_the_limit_nobody_waits() {
        let mut backlog = backlog(4);
        assert_eq!(backlog.keep(held(1, 10, 0), 1), Kept::New);
        assert_eq!(backlog.keep(held(2, 10, 0), 1), Kept::Full);
        assert!(backlog.cancel(&held(1, 0, 0).flow));
        assert_eq!(backlog.keep(held(2, 10, 0), 1), Kept::New);
    }

    #[test]
    fn whoever_fell_silent_is_not_let_in() {
        let mut backlog = backlog(2);
        backlog.keep(held(1, 10, 0), 2);
        backlog.keep(held(2, 20, 15), 2);
        assert_eq!(backlog.next(Instant::from_secs(20)).unwrap().syn.seq, 20);
        assert!(backlog.next(Instant::from_secs(20)).is_none());
    }
}
