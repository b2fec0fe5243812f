//! Who waits for what: a table of wakers of fixed size, in which whoever is concerned is found at once, however many
//! others wait.
//!
//! Nothing here calls a waker, or drops one: both may run code of the executor's, which may come back to the stack. The
//! caller gets them, and does that when it holds nothing any more.

use core::task::Waker;

use crate::node::Handle;

/// What somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interest {
    /// Something to read at a connection, or the end.
    Read(Handle),
    /// Room to write at a connection.
    Room(Handle),
    /// That everything that was written at a connection is acknowledged.
    Acknowledged(Handle),
    /// Any news of a connection.
    News(Handle),
    /// Somebody who comes to a TCP port.
    Accept(u16),
    /// A datagram at a UDP port.
    Datagram(u16),
    /// Room among the datagrams that wait to be sent.
    Queue,
}

impl Interest {
    /// A number by which it is found. Slots are small numbers without gaps: each has places of its own while there
    /// are enough.
    const fn number(self) -> usize {
        match self {
            Self::Read(handle) => handle.slot() * 2,
            Self::Room(handle) | Self::Acknowledged(handle) | Self::News(handle) => {
                handle.slot() * 2 + 1
            }
            Self::Accept(port) | Self::Datagram(port) => port as usize,
            Self::Queue => 0,
        }
    }

    /// The connection it is about.
    pub(super) const fn connection(self) -> Option<Handle> {
        match self {
            Self::Read(handle)
            | Self::Room(handle)
            | Self::Acknowledged(handle)
            | Self::News(handle) => Some(handle),
            Self::Accept(_) | Self::Datagram(_) | Self::Queue => None,
        }
    }
}

const NONE: u16 = u16::MAX;

struct Entry {
    interest: Interest,
    waker: Option<Waker>,
    /// Never used twice; 0 while the entry is nobody's.
    ticket: u32,
    /// The next of the list that it is in: a chain, the free ones, or those that are due.
    next: u16,
}

/// An entry, as long as it is the one that was given out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    entry: u16,
    number: u32,
}

/// What became of a waker.
pub(super) enum Kept {
    /// It is kept. What was in its place is for the caller to drop.
    Waits(Ticket, Option<Waker>),
    /// There is no place.
    Full,
}

/// `N` wakers at most.
pub(super) struct Wakers<const N: usize> {
    entries: [Entry; N],
    /// Where the chain begins of those whose numbers leave this rest.
    chains: [u16; N],
    free: u16,
    due: u16,
    next_ticket: u32,
}

impl<const N: usize> Wakers<N> {
    /// None waits.
    pub(super) const fn new() -> Self {
        const { assert!(N > 0 && N < NONE as usize, "from 1 to 65,534 wakers") }
        let mut entries = [const {
            Entry {
                interest: Interest::Queue,
                waker: None,
                ticket: 0,
                next: NONE,
            }
        }; N];
        let mut entry = 1;
        while entry < N {
            entries[entry - 1].next = entry as u16;
            entry += 1;
        }
        Self {
            entries,
            chains: [NONE; N],
            free: 0,
            due: NONE,
            next_ticket: 1,
        }
    }

    /// Keeps a waker, in the place that it had before if it still has it.
    pub(super) fn keep(
        &mut self,
        ticket: Option<Ticket>,
        interest: Interest,
        waker: &Waker,
    ) -> Kept {
        if let Some(ticket) = ticket
            && let Some(entry) = self.entry(ticket)
        {
            let same = entry.waker.as_ref().is_some_and(|it| it.will_wake(waker));
            let before = if same {
                None
            } else {
                entry.waker.replace(waker.clone())
            };
            return Kept::Waits(ticket, before);
        }
        if self.free == NONE {
            return Kept::Full;
        }
        let place = self.free;
        let number = self.next_ticket;
        self.next_ticket = number.checked_add(1).unwrap_or(1);
        let chain = interest.number() % N;
        let entry = &mut self.entries[usize::from(place)];
        self.free = entry.next;
        *entry = Entry {
            interest,
            waker: Some(waker.clone()),
            ticket: number,
            next: self.chains[chain],
        };
        self.chains[chain] = place;
        let ticket = Ticket {
            entry: place,
            number,
        };
        Kept::Waits(ticket, None)
    }

    /// Gives back a waker that nobody is to call any more.
    pub(super) fn forget(&mut self, ticket: Ticket) -> Option<Waker> {
        let entry = self.entry(ticket)?;
        let waker = entry.waker.take();
        entry.ticket = 0;
        let chain = entry.interest.number() % N;
        if self.unchain(chain, |place, _| place == ticket.entry) != NONE {
            self.release(ticket.entry);
        }
        // Otherwise it is among those that are due, and is released when its turn comes.
        waker
    }

    /// Whoever waits for this is due. Says whether anybody does.
    pub(super) fn mark(&mut self, interest: Interest) -> bool {
        let chain = interest.number() % N;
        let mut any = false;
        loop {
            let place = self.unchain(chain, |_, entry| entry.interest == interest);
            if place == NONE {
                return any;
            }
            any = true;
            self.entries[usize::from(place)].next = self.due;
            self.due = place;
        }
    }

    /// Whether anybody waits for this.
    pub(super) fn waits(&self, interest: Interest) -> bool {
        let mut place = self.chains[interest.number() % N];
        while place != NONE {
            let entry = &self.entries[usize::from(place)];
            if entry.interest == interest {
                return true;
            }
            place = entry.next;
        }
        false
    }

    /// A waker that is due, which waits no longer.
    pub(super) fn take_due(&mut self) -> Option<Waker> {
        while self.due != NONE {
            let place = self.due;
            let entry = &mut self.entries[usize::from(place)];
            self.due = entry.next;
            entry.ticket = 0;
            let waker = entry.waker.take();
            self.release(place);
            if waker.is_some() {
                return waker;
            }
        }
        None
    }

    /// What is waited for in a place below `N`.
    pub(super) fn interest(&self, place: usize) -> Option<Interest> {
        let entry = &self.entries[place];
        (entry.ticket != 0).then_some(entry.interest)
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        (0..N).filter_map(|place| self.interest(place)).count()
    }

    fn entry(&mut self, ticket: Ticket) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(usize::from(ticket.entry))?;
        (entry.ticket == ticket.number).then_some(entry)
    }

    /// Takes the first fitting one out of a chain; `NONE` if there is none.
    fn unchain(&mut self, chain: usize, fits: impl Fn(u16, &Entry) -> bool) -> u16 {
        let (mut before, mut place) = (NONE, self.chains[chain]);
        while place != NONE {
            let entry = &self.entries[usize::from(place)];
            let next = entry.next;
            if fits(place, entry) {
                if before == NONE {
                    self.chains[chain] = next;
                } else {
                    self.entries[usize::from(before)].next = next;
                }
                return place;
            }
            (before, place) = (place, next);
        }
        NONE
    }

    fn release(&mut self, place: u16) {
        self.entries[usize::from(place)].next = self.free;
        self.free = place;
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use std::boxed::Box;
    use std::sync::Arc;
    use std::task::Wake;
    use std::vec::Vec;

    /// A waker with a number.
    struct Numbered;

    impl Wake for Numbered {
        fn wake(self: Arc<Self>) {}
    }

    fn waker() -> Waker {
        Waker::from(Arc::new(Numbered))
    }

    /// Interests that share chains: ports of TCP and of UDP, and there are fewer chains.
    fn interest(rng: &mut fastrand::Rng) -> Interest {
        match rng.u8(0..3) {
            0 => Interest::Accept(rng.u16(0..6)),
            1 => Interest::Datagram(rng.u16(0..6)),
            _ => Interest::Queue,
        }
    }

    #[test]
    fn the_table_does_what_a_list_would_do() {
        for seed in 0..200 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut table = Box::new(Wakers::<5>::new());
            let mut list: Vec<(Interest, Ticket, Waker)> = Vec::new();
            let mut stale: Vec<Ticket> = Vec::new();
            for _ in 0..500 {
                match rng.u8(0..5) {
                    0 | 1 => {
                        let (interest, waker) = (interest(&mut rng), waker());
                        match table.keep(rng.choice(&stale).copied(), interest, &waker) {
                            Kept::Waits(ticket, None) => list.push((interest, ticket, waker)),
                            Kept::Waits(_, Some(_)) => panic!("that was a place of somebody's"),
                            Kept::Full => assert_eq!(list.len(), 5),
                        }
                    }
                    2 if !list.is_empty() => {
                        let chosen = rng.usize(..list.len());
                        let (interest, ticket, before) = &mut list[chosen];
                        let waker = waker();
                        let Kept::Waits(_, old) = table.keep(Some(*ticket), *interest, &waker)
                        else {
                            panic!("it has a place")
                        };
                        assert!(old.expect("another").will_wake(before));
                        *before = waker;
                    }
                    3 if !list.is_empty() => {
                        let (_, ticket, waker) = list.swap_remove(rng.usize(..list.len()));
                        assert!(table.forget(ticket).expect("it waits").will_wake(&waker));
                        assert!(table.forget(ticket).is_none());
                        stale.push(ticket);
                    }
                    _ => {
                        let interest = interest(&mut rng);
                        let (due, others) = list.into_iter().partition(|it| it.0 == interest);
                        list = others;
                        let mut due: Vec<_> = due;
                        assert_eq!(table.waits(interest), !due.is_empty());
                        assert_eq!(table.mark(interest), !due.is_empty());
                        // One that gives up between being due and being woken is not woken.
                        if rng.bool()
                            && let Some((_, ticket, _)) = due.pop()
                        {
                            assert!(table.forget(ticket).is_some());
                        }
                        while let Some(waker) = table.take_due() {
                            let at = due.iter().position(|it| it.2.will_wake(&waker));
                            stale.push(due.swap_remove(at.expect("it is due")).1);
                        }
                        assert!(due.is_empty());
                    }
                }
                assert_eq!(table.len(), list.len());
            }
        }
    }
}
