//! Which hardware address belongs to an address on one of our networks.
//!
//! Only what this node asked for is believed: an answer without a question changes nothing. An entry is good
//! for a while after it was confirmed; then it is asked for again while it is still used, and forgotten when
//! nobody answers. Each address is asked for at most once a second (RFC 1122 section 2.3.2.1, RFC 4861
//! section 7.2.2), whatever becomes of others.
//!
//! Bounded: an address has four places, chosen by a keyed hash, and the one that was used least recently
//! gives way; one that was confirmed gives way last. Live connections need no entry: they send to where
//! their own segments come from.

use core::hash::{Hash, Hasher};

use managed::ManagedSlice;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpAddress};

use super::parts;
use super::sip::Sip;
use crate::deadlines::earliest;

/// How often one address may be asked for.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(1);

/// How long a confirmed address is good without a question.
const REACHABLE: Duration = Duration::from_secs(30);

/// After so many questions without an answer a neighbour is gone (RFC 4861 section 10).
const QUESTIONS: u8 = 3;

/// Places that one address can have.
const WAYS: usize = 4;

/// A place for what is known of one neighbour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Neighbor(Option<Known>);

impl Neighbor {
    /// Nobody is known; for building arrays.
    pub(super) const EMPTY: Self = Self(None);
}

#[derive(Debug, Clone, Copy)]
struct Known {
    address: IpAddress,
    hardware: Option<EthernetAddress>,
    /// When the hardware address was confirmed; meaningless without one.
    confirmed: Instant,
    question: Asking,
    /// When it was last asked for.
    asked: Option<Instant>,
    /// Questions since it was confirmed.
    questions: u8,
    used: Instant,
}

impl Known {
    /// Until when nobody else is asked, while one host was asked alone.
    fn alone_until(&self) -> Option<Instant> {
        match self.question {
            Asking::Open(Some(_)) => self.asked.map(|asked| asked + ASK_AGAIN),
            Asking::Open(None) | Asking::No | Asking::Due(_) => None,
        }
    }

    /// Whether it keeps its place for now: it was asked for the first time, or confirmed, less than a second
    /// ago. Otherwise two that wait for one place would be asked for in turn as often as anybody looks.
    fn is_busy(&self, now: Instant) -> bool {
        let just = |at: Instant| now < at + ASK_AGAIN;
        let first = self.questions <= 1 && self.asked.is_some_and(just);
        first || self.hardware.is_some() && just(self.confirmed)
    }
}

/// How far a question has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    /// There is none.
    No,
    /// It is to leave: to this host alone, or to all.
    Due(Option<EthernetAddress>),
    /// It left, and the answer is still to come. Nobody but who was asked can have heard it.
    Open(Option<EthernetAddress>),
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It was asked for.
    Taken,
    /// Nobody asked.
    Unasked,
}

/// A question that is to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Question {
    // A value: whoever is given one reads all of it.
    /// About this address.
    pub(super) address: IpAddress,
    /// To this host alone, which had it last (RFC 1122 section 2.3.2.1, unicast poll); to all if `None`.
    pub(super) to: Option<EthernetAddress>,
}

/// What is known of neighbours.
pub(super) struct Neighbors<'a> {
    places: ManagedSlice<'a, Neighbor>,
    hasher: Sip,
    /// How many questions are to leave.
    due: usize,
    /// Until when nobody else is asked than whoever was asked alone; the earliest of those times.
    alone_until: Option<Instant>,
}

impl<'a> Neighbors<'a> {
    /// Nobody is known; as many as there are places can be. `key` is a secret.
    pub(super) fn new(places: ManagedSlice<'a, Neighbor>, key: &[u8; 16]) -> Self {
        Self {
            places,
            hasher: Sip::new_with_key(key),
            due: 0,
            alone_until: None,
        }
    }

    /// Where a packet for a neighbour goes. `None`: not known yet, a question is on its way; try again when
    /// an answer comes, or after [`ASK_AGAIN`].
    pub(super) fn resolve(&mut self, now: Instant, address: IpAddress) -> Option<EthernetAddress> {
        let place = self.place_of(now, address)?;
        let known = self.places[place].0.as_mut()?;
        known.used = now;
        let fresh = known.hardware.is_some() && now < known.confirmed + REACHABLE;
        if !fresh {
            self.ask(now, place, None);
        }
        self.places[place].0?.hardware
    }

    /// Asks for a neighbour that may have gone or moved from `last`, as long as that is in doubt: an answer may
    /// be wrong, too. What was confirmed since `since`, if anything was.
    pub(super) fn recheck(
        &mut self,
        now: Instant,
        address: IpAddress,
        last: EthernetAddress,
        since: Instant,
    ) -> Option<EthernetAddress> {
        let place = self.place_of(now, address)?;
        let known = self.places[place].0.as_mut()?;
        known.used = now;
        let confirmed = known.hardware.filter(|_| known.confirmed > since);
        self.ask(now, place, Some(last));
        confirmed
    }

    /// Whether a neighbour that was at `last` is now where it seems to be, which anybody can pretend: it has
    /// said so itself, or nobody else says that it is. Asks if that is not known.
    pub(super) fn has_moved(
        &mut self,
        now: Instant,
        address: IpAddress,
        last: EthernetAddress,
        seems: EthernetAddress,
    ) -> bool {
        let known = self.known_mut(address);
        let silent = known.is_some_and(|known| known.questions >= QUESTIONS);
        silent || self.says_it_moved(now, address, last, seems)
    }

    /// Whether a neighbour that was at `last` has said itself that it is now where it seems to be. Asks if that is
    /// not known.
    pub(super) fn says_it_moved(
        &mut self,
        now: Instant,
        address: IpAddress,
        last: EthernetAddress,
        seems: EthernetAddress,
    ) -> bool {
        self.recheck(now, address, last, now - REACHABLE) == Some(seems)
    }

    /// Takes in an answer, if it was asked for.
    pub(super) fn answered(
        &mut self,
        now: Instant,
        address: IpAddress,
        hardware: EthernetAddress,
    ) -> Answer {
        let Some(known) = self.known_mut(address) else {
            return Answer::Unasked;
        };
        match known.question {
            Asking::Open(asked) if asked.is_none_or(|asked| asked == hardware) => {}
            Asking::Open(_) | Asking::No | Asking::Due(_) => return Answer::Unasked,
        }
        known.hardware = Some(hardware);
        known.confirmed = now;
        known.question = Asking::No;
        known.questions = 0;
        Answer::Taken
    }

    /// Somebody said unasked that an address is at `hardware`. If that is news, the address is asked for
    /// before it is relied on again.
    pub(super) fn doubt(&mut self, address: IpAddress, hardware: EthernetAddress) {
        if let Some(known) = self.known_mut(address)
            && known.hardware.is_some_and(|known| known != hardware)
        {
            known.confirmed = Instant::ZERO - REACHABLE;
        }
    }

    /// A question that is to leave now.
    pub(super) fn question(&mut self) -> Option<Question> {
        if self.due == 0 {
            return None;
        }
        let mut all = self.places.iter_mut().filter_map(|place| place.0.as_mut());
        let (known, to) = all.find_map(|known| match known.question {
            Asking::Due(to) => Some((known, to)),
            Asking::No | Asking::Open(_) => None,
        })?;
        known.question = Asking::Open(to);
        self.due -= 1;
        let address = known.address;
        let alone = known.alone_until();
        self.alone_until = earliest(&[self.alone_until, alone]);
        Some(Question { address, to })
    }

    /// When [`widen`](Self::widen) has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if !parts::NEIGHBORS {
            return None;
        }
        self.alone_until
    }

    /// Asks all for whomever was asked alone a second ago and did not answer.
    ///
    /// Not inlined: it would take the stack of whoever calls.
    #[inline(never)]
    pub(super) fn widen(&mut self, now: Instant) {
        if self.alone_until.is_none_or(|until| now < until) {
            return;
        }
        let alone = |place: &Neighbor| place.0.and_then(|known| known.alone_until());
        for place in 0..self.places.len() {
            if alone(&self.places[place]).is_some_and(|until| until <= now) {
                self.ask(now, place, None);
            }
        }
        self.alone_until = self.places.iter().filter_map(alone).min();
    }

    /// Whether a question is to leave.
    pub(super) fn asks(&self) -> bool {
        self.due > 0
    }

    /// Notes that a question is to leave, unless one left less than a second ago: first to where the
    /// neighbour was `last`, or is known to be, then to all. One that is known and does not answer is forgotten.
    fn ask(&mut self, now: Instant, place: usize, last: Option<EthernetAddress>) {
        let Some(known) = self.places[place].0.as_mut() else {
            return;
        };
        if known.asked.is_some_and(|asked| now < asked + ASK_AGAIN) {
            return;
        }
        if known.questions >= QUESTIONS {
            known.hardware = None;
        }
        known.asked = Some(now);
        known.questions = known.questions.saturating_add(1);
        if !matches!(known.question, Asking::Due(_)) {
            self.due += 1;
        }
        // One that does not answer for itself may have moved.
        let alone = known.questions <= 1;
        known.question = Asking::Due(last.or(known.hardware).filter(|_| alone));
    }

    fn known_mut(&mut self, address: IpAddress) -> Option<&mut Known> {
        let ways = self.ways(address);
        let mut known = self.places[ways].iter_mut().filter_map(|it| it.0.as_mut());
        known.find(|known| known.address == address)
    }

    /// The place of an address, which may be a new one; `None` while all are taken by those that were
    /// asked for or confirmed just now.
    fn place_of(&mut self, now: Instant, address: IpAddress) -> Option<usize> {
        let ways = self.ways(address);
        let of = |place: &usize| {
            self.places[*place]
                .0
                .is_some_and(|it| it.address == address)
        };
        if let Some(place) = ways.clone().find(of) {
            return Some(place);
        }
        let place = ways.min_by_key(|place| {
            let known = self.places[*place].0;
            known.map(|known| (known.hardware.is_some(), known.used))
        })?;
        let evicted = self.places[place].0;
        if evicted.is_some_and(|known| known.is_busy(now)) {
            return None;
        }
        if evicted.is_some_and(|known| matches!(known.question, Asking::Due(_))) {
            self.due -= 1;
        }
        self.places[place] = Neighbor(Some(Known {
            address,
            hardware: None,
            confirmed: now,
            question: Asking::No,
            asked: None,
            questions: 0,
            used: now,
        }));
        Some(place)
    }

    /// The places that an address can have.
    fn ways(&self, address: IpAddress) -> core::ops::Range<usize> {
        let mut hasher = self.hasher;
        address.hash(&mut hasher);
        let sets = (self.places.len() / WAYS).max(1);
        let first = (hasher.finish() % sets as u64) as usize * WAYS;
        first..(first + WAYS).min(self.places.len())
    }
}

#[cfg(test)]
mod tests;
