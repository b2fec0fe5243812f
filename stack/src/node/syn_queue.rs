//! The SYN queue: who waits for a connection.
//!
//! A SYN that finds no free connection is kept as its facts, oldest first, until one is free; so is the
//! return of a cookie, whose peer is proven to be there. A search looks at all of them. Whoever lets one in takes
//! it out.

use managed::ManagedSlice;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::EthernetAddress;

use super::frame::TcpFrame;
use crate::origin::{self, Lanes, Origin};
use crate::trace::{Flags, Flow, Header, Resource, SeqNumber};

/// A SYN that waits, or was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PendingSyn {
    // A value: whoever is given one reads all of it.
    /// Its endpoints.
    pub(super) flow: Flow,
    /// The hardware address it came from.
    pub(super) neighbor: EthernetAddress,
    /// Its header.
    pub(super) syn: Header,
    /// Our initial sequence number, if the peer returned it as a cookie.
    pub(super) proven: Option<SeqNumber>,
    /// It came again, as one whose sender made it up does not.
    pub(super) again: bool,
    /// When it came, or came again.
    pub(super) heard: Instant,
}

impl PendingSyn {
    /// One that came now. Not inlined: it is made in three places.
    #[inline(never)]
    pub(super) fn of(frame: &TcpFrame<'_>, now: Instant) -> Self {
        Self {
            flow: frame.flow,
            neighbor: frame.neighbor,
            syn: frame.header,
            proven: None,
            again: false,
            heard: now,
        }
    }

    /// One that was answered by the cookie `iss`, which came back now with the peer's segment size in it.
    pub(super) fn by_cookie(frame: &TcpFrame<'_>, iss: SeqNumber, mss: u16, now: Instant) -> Self {
        let header = &frame.header;
        let syn = Header {
            seq: header.seq - 1,
            flags: Flags::SYN,
            window: header.window,
            mss,
            ..Header::default()
        };
        Self {
            syn,
            proven: Some(iss),
            ..Self::of(frame, now)
        }
    }

    /// Who waits.
    pub(super) fn origin(&self) -> Origin {
        Origin::of(self.flow.remote.addr.into())
    }
}

/// A place for a SYN that waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct SynQueueEntry(Option<PendingSyn>);

impl SynQueueEntry {
    /// Nobody waits; for building arrays.
    pub(super) const EMPTY: Self = Self(None);
}

/// A SYN that was not sent again for this long has given up: two of its retries in a row are missing.
const SYN_TIMEOUT: Duration = Duration::from_secs(20);
/// A peer that returned a cookie believes that it is connected, and may be silent until it is greeted.
const PROVEN_TIMEOUT: Duration = Duration::from_secs(60);

/// Who waits among less than one part of all is in no crowd.
const PARTS: u32 = 8;

/// What became of a SYN that had to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It waits now.
    New,
    /// It waited already; the newer one counts.
    Again,
    /// It waits in the place of another, for which this ran out: its share, or the backlog for who proves nothing.
    Instead(Resource),
    /// There is no more room.
    Full,
}

impl Kept {
    /// What ran out for another, in whose place it waits.
    pub(super) fn instead(self) -> Option<Resource> {
        match self {
            Self::Instead(resource) => Some(resource),
            Self::New | Self::Again | Self::Full => None,
        }
    }
}

/// The SYNs that wait.
pub(super) struct SynQueue<'a> {
    entries: ManagedSlice<'a, SynQueueEntry>,
    len: usize,
}

impl<'a> SynQueue<'a> {
    /// Nobody waits yet; at most `entries.len()` ever will.
    pub(super) fn new(entries: ManagedSlice<'a, SynQueueEntry>) -> Self {
        Self { entries, len: 0 }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Keeps a SYN; `limit` is its listener's. Not inlined, for the same reason as [`next`](Self::next).
    #[inline(never)]
    pub(super) fn keep(&mut self, pending: PendingSyn, limit: u16) -> Kept {
        self.forget_the_silent(pending.heard);
        if let Some(place) = self.place_of(&pending.flow) {
            let proven = self.entries[place]
                .0
                .filter(|old| old.syn.seq == pending.syn.seq)
                .and_then(|old| old.proven);
            let proven = pending.proven.or(proven);
            self.entries[place] = SynQueueEntry(Some(PendingSyn {
                proven,
                again: true,
                ..pending
            }));
            return Kept::Again;
        }
        let port = pending.flow.local.port;
        let of_port = self.waiting().filter(|it| it.flow.local.port == port);
        let port_is_full = of_port.count() >= usize::from(limit);
        if self.len < self.entries.len() && !port_is_full {
            self.put(pending);
            return Kept::New;
        }
        match self.who_yields(&pending, port_is_full) {
            Some((place, resource)) => {
                self.take(place);
                self.put(pending);
                Kept::Instead(resource)
            }
            None => Kept::Full,
        }
    }

    /// Whose place `pending` may take, and what ran full: the newest of a crowd that has more of them than it
    /// would then have itself, or the newest that proved nothing, if it has.
    fn who_yields(&self, pending: &PendingSyn, port_is_full: bool) -> Option<(usize, Resource)> {
        let port = pending.flow.local.port;
        let concerned = move |it: &PendingSyn| !port_is_full || it.flow.local.port == port;
        let origins = |each: &mut dyn FnMut(Origin)| {
            let concerned = self.waiting().filter(|it| concerned(it));
            concerned.for_each(|it| each(it.origin()));
        };
        let crowd = origin::crowd_before(pending.heard, pending.origin(), &origins);
        let newest = |yields: &dyn Fn(&PendingSyn) -> bool| {
            (0..self.len).rev().find(|place| {
                let it = self.entries[*place].0;
                it.is_some_and(|it| concerned(&it) && yields(&it))
            })
        };
        let over = newest(&|it| Some(it.origin()) == crowd);
        let unproven = newest(&|it| pending.proven.is_some() && it.proven.is_none());
        over.map(|place| (place, Resource::Share))
            .or(unproven.map(|place| (place, Resource::Backlog)))
    }

    /// Who is to be let in next: who is proven, then who is not of `crowd`, of those who waits among fewest
    /// of its own, of those who came again, and of those who has waited for longest.
    ///
    /// Not inlined: it would take the stack of whoever lets in.
    #[inline(never)]
    pub(super) fn next(&self, now: Instant, crowd: Option<Origin>) -> Option<PendingSyn> {
        let origins =
            |each: &mut dyn FnMut(Origin)| self.waiting().for_each(|it| each(it.origin()));
        let lanes = Lanes::of(now, &origins);
        let rank = |it: &&PendingSyn| {
            let part = lanes.with(it.origin()) * PARTS / self.len as u32;
            let of_crowd = Some(it.origin()) == crowd;
            (it.proven.is_none(), of_crowd, part, !it.again)
        };
        self.waiting().min_by_key(rank).copied()
    }

    /// How many can wait, for all ports together.
    pub(super) fn capacity(&self) -> usize {
        self.entries.len()
    }

    /// Takes out the SYN of a flow, if there is one.
    pub(super) fn remove(&mut self, flow: &Flow) {
        if let Some(place) = self.place_of(flow) {
            self.take(place);
        }
    }

    /// A reset takes the SYN of a flow back, if it stands at the SYN's number or the one after.
    pub(super) fn take_back(&mut self, flow: &Flow, seq: SeqNumber) {
        let place = self.place_of(flow);
        let pending = place.and_then(|place| self.entries[place].0);
        if pending.is_some_and(|pending| seq.since(pending.syn.seq) <= 1) {
            self.remove(flow);
        }
    }

    /// Forgets every SYN that waits for a port.
    pub(super) fn close(&mut self, port: u16) {
        let serves = |pending: &PendingSyn| pending.flow.local.port == port;
        loop {
            let place = self.waiting().position(serves);
            match place {
                Some(place) => self.take(place),
                None => return,
            }
        }
    }

    /// The SYNs that wait, oldest first.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &PendingSyn> + Clone {
        self.entries[..self.len]
            .iter()
            .filter_map(|entry| entry.0.as_ref())
    }

    fn place_of(&self, flow: &Flow) -> Option<usize> {
        self.waiting().position(|pending| pending.flow == *flow)
    }

    /// Whoever did not come again has given up.
    pub(super) fn forget_the_silent(&mut self, now: Instant) {
        let is_here = |pending: &PendingSyn| {
            let timeout = pending.proven.map_or(SYN_TIMEOUT, |_| PROVEN_TIMEOUT);
            pending.heard + timeout > now
        };
        let mut place = 0;
        while place < self.len {
            match self.entries[place].0.filter(is_here) {
                Some(_) => place += 1,
                None => self.take(place),
            }
        }
    }

    fn put(&mut self, pending: PendingSyn) {
        self.entries[self.len] = SynQueueEntry(Some(pending));
        self.len += 1;
    }

    fn take(&mut self, place: usize) {
        self.entries.copy_within(place + 1..self.len, place);
        self.len -= 1;
        self.entries[self.len] = SynQueueEntry::EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smoltcp::wire::{IpAddress, IpEndpoint};
    use std::vec;
    use std::vec::Vec;

    fn from(host: u8, port: u16, seq: u32, secs: i64) -> PendingSyn {
        PendingSyn {
            flow: Flow {
                local: IpEndpoint::new(IpAddress::v4(192, 0, 2, 1), 9000),
                remote: IpEndpoint::new(IpAddress::v4(192, 0, 2, host), port),
            },
            neighbor: EthernetAddress([2; 6]),
            syn: Header {
                seq: seq.into(),
                ..Header::default()
            },
            proven: None,
            again: false,
            heard: Instant::from_secs(secs),
        }
    }

    fn pending(port: u16, seq: u32, secs: i64) -> PendingSyn {
        from(2, port, seq, secs)
    }

    fn proven(host: u8, port: u16) -> PendingSyn {
        PendingSyn {
            proven: Some(7.into()),
            ..from(host, port, 10, 0)
        }
    }

    fn queue(places: usize) -> SynQueue<'static> {
        SynQueue::new(ManagedSlice::Owned(vec![SynQueueEntry::EMPTY; places]))
    }

    fn hosts(queue: &SynQueue<'_>) -> Vec<(u8, u16)> {
        let host = |pending: &PendingSyn| {
            let remote = pending.flow.remote;
            (Origin::of(remote.addr.into()).bits() as u8, remote.port)
        };
        queue.waiting().map(host).collect()
    }

    #[test]
    fn a_repeated_syn_takes_its_own_place_and_the_newer_counts() {
        let mut queue = queue(4);
        assert_eq!(queue.keep(pending(1, 10, 0), 4), Kept::New);
        assert_eq!(queue.keep(pending(2, 20, 0), 4), Kept::New);
        assert_eq!(queue.keep(pending(1, 11, 1), 4), Kept::Again);
        assert_eq!(queue.next(Instant::ZERO, None).unwrap().syn.seq, 11.into());
        assert_eq!(queue.len(), 2);
    }

    #[test]
    fn beyond_the_limit_nobody_waits() {
        let mut queue = queue(4);
        assert_eq!(queue.keep(pending(1, 10, 0), 1), Kept::New);
        assert_eq!(queue.keep(pending(2, 10, 0), 1), Kept::Full);
        // Only a reset that fits takes a SYN back.
        queue.take_back(&pending(1, 0, 0).flow, 9.into());
        queue.take_back(&pending(1, 0, 0).flow, 12.into());
        assert_eq!(queue.len(), 1);
        queue.take_back(&pending(1, 0, 0).flow, 11.into());
        assert_eq!(queue.keep(pending(2, 10, 0), 1), Kept::New);
    }

    #[test]
    fn whoever_fell_silent_is_not_let_in() {
        let mut queue = queue(3);
        queue.keep(pending(1, 10, 0), 3);
        queue.keep(pending(2, 20, 15), 3);
        queue.keep(proven(3, 1), 3);
        queue.forget_the_silent(Instant::from_secs(20));
        assert_eq!(hosts(&queue), [(2, 2), (3, 1)]);
        queue.forget_the_silent(Instant::from_secs(60));
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn a_crowd_makes_room_for_others_and_for_nobody_else() {
        let mut queue = queue(4);
        for port in 1..=4 {
            assert_eq!(queue.keep(pending(port, 10, 0), 4), Kept::New);
        }
        assert_eq!(queue.keep(pending(5, 10, 0), 4), Kept::Full);
        let instead = Kept::Instead(Resource::Share);
        assert_eq!(queue.keep(from(3, 1, 10, 0), 4), instead);
        assert_eq!(queue.keep(from(4, 1, 10, 0), 4), instead);
        assert_eq!(hosts(&queue), [(2, 1), (2, 2), (3, 1), (4, 1)]);
        // Nor for somebody who then has as many.
        assert_eq!(queue.keep(from(3, 2, 10, 0), 4), Kept::Full);
        assert_eq!(queue.keep(from(5, 1, 10, 0), 4), instead);
        assert_eq!(queue.keep(from(6, 1, 10, 0), 4), Kept::Full);
        // One place is everybody's share.
        let mut single = self::queue(1);
        single.keep(pending(1, 10, 0), 1);
        assert_eq!(single.keep(from(3, 1, 10, 0), 1), Kept::Full);
    }

    #[test]
    fn whoever_is_proven_waits_in_the_place_of_one_who_is_not_and_is_next() {
        let mut queue = queue(2);
        queue.keep(from(2, 1, 10, 0), 2);
        queue.keep(from(3, 1, 10, 0), 2);
        let instead = Kept::Instead(Resource::Backlog);
        assert_eq!(queue.keep(proven(4, 1), 2), instead);
        assert_eq!(hosts(&queue), [(2, 1), (4, 1)]);
        assert_eq!(
            queue.next(Instant::ZERO, None).unwrap().proven,
            Some(7.into())
        );
        // Its SYN, sent again on the way here, does not take that away.
        assert_eq!(queue.keep(from(4, 1, 10, 1), 2), Kept::Again);
        assert_eq!(
            queue.next(Instant::ZERO, None).unwrap().proven,
            Some(7.into())
        );
        assert_eq!(queue.keep(proven(5, 1), 2), instead);
        assert_eq!(queue.keep(proven(6, 1), 2), Kept::Full);
    }

    #[test]
    fn whoever_has_most_of_the_handshakes_is_let_in_last() {
        let mut queue = queue(2);
        queue.keep(from(2, 1, 10, 0), 2);
        queue.keep(from(3, 1, 30, 0), 2);
        let hog = Origin::of(IpAddress::v4(192, 0, 2, 2).into());
        let now = Instant::from_secs(1);
        assert_eq!(queue.next(now, Some(hog)).unwrap().syn.seq, 30.into());
        assert_eq!(queue.next(now, None).unwrap().syn.seq, 10.into());
    }

    #[test]
    fn who_came_alone_is_let_in_before_any_crowd_that_waits_longer() {
        let mut queue = queue(16);
        for port in 1..=4 {
            for host in 2..=4 {
                queue.keep(from(host, port, 10, 0), 16);
                queue.keep(from(host, port, 10, 1), 16);
            }
        }
        queue.keep(from(9, 1, 90, 1), 16);
        let next = |secs| queue.next(Instant::from_secs(secs), None).unwrap();
        let first = (0..100)
            .filter(|secs| next(*secs).syn.seq == 90.into())
            .count();
        // Now and then it is counted together with one of them.
        assert!(first > 80, "{first}");
    }
}
