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

use super::sip::Sip;

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
pub struct Neighbor(Option<Known>);

impl Neighbor {
    /// Nobody is known; for building arrays.
    pub const EMPTY: Self = Self(None);
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
    /// It is to leave.
    Due,
    /// It left, and the answer is still to come.
    Open,
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
}

impl<'a> Neighbors<'a> {
    /// Nobody is known; as many as there are places can be. `key` is a secret.
    pub(super) fn new(mut places: ManagedSlice<'a, Neighbor>, key: &[u8; 16]) -> Self {
        places.fill(Neighbor::EMPTY);
        Self {
            places,
            hasher: Sip::new_with_key(key),
            due: 0,
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
            self.ask(now, place);
        }
        self.places[place].0?.hardware
    }

    /// Asks for a neighbour that may have gone or moved, though it is known, as long as that is in doubt: an
    /// answer may be wrong, too. What was confirmed since `since`, if anything was.
    pub(super) fn recheck(
        &mut self,
        now: Instant,
        address: IpAddress,
        since: Instant,
    ) -> Option<EthernetAddress> {
        let place = self.place_of(now, address)?;
        let known = self.places[place].0.as_mut()?;
        known.used = now;
        let confirmed = known.hardware.filter(|_| known.confirmed > since);
        self.ask(now, place);
        confirmed
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
        if known.question != Asking::Open {
            return Answer::Unasked;
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
        let known = all.find(|known| known.question == Asking::Due)?;
        known.question = Asking::Open;
        self.due -= 1;
        // One that does not answer for itself may have moved.
        let to = known.hardware.filter(|_| known.questions <= 1);
        Some(Question {
            address: known.address,
            to,
        })
    }

    /// Whether a question is to leave.
    pub(super) fn asks(&self) -> bool {
        self.due > 0
    }

    /// Notes that a question is to leave, unless one left less than a second ago. A neighbour that is known
    /// and does not answer is forgotten.
    fn ask(&mut self, now: Instant, place: usize) {
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
        if known.question != Asking::Due {
            known.question = Asking::Due;
            self.due += 1;
        }
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
        if evicted.is_some_and(|known| known.question == Asking::Due) {
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
mod tests {
    use super::*;
    use std::vec;

    const HARDWARE: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 9]);
    const OTHER: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 8]);

    fn table(places: usize) -> Neighbors<'static> {
        Neighbors::new(vec![Neighbor::EMPTY; places].into(), &[7; 16])
    }

    fn host(number: u8) -> IpAddress {
        IpAddress::v4(192, 0, 2, number)
    }

    fn secs(secs: i64) -> Instant {
        Instant::from_secs(secs)
    }

    fn to_all(number: u8) -> Option<Question> {
        Some(Question {
            address: host(number),
            to: None,
        })
    }

    /// A table that knows host 1.
    fn knowing(now: Instant) -> Neighbors<'static> {
        let mut table = table(4);
        table.resolve(now, host(1));
        table.question();
        assert_eq!(table.answered(now, host(1), HARDWARE), Answer::Taken);
        table
    }

    #[test]
    fn each_address_is_asked_for_once_a_second_whatever_others_do() {
        let mut table = table(4);
        for number in 1..=3 {
            assert_eq!(table.resolve(secs(1), host(number)), None);
            assert_eq!(table.question(), to_all(number));
            assert_eq!(table.resolve(secs(1), host(number)), None);
            assert_eq!(table.question(), None);
        }
        assert_eq!(table.resolve(secs(2), host(2)), None);
        assert_eq!(table.question(), to_all(2));
    }

    #[test]
    fn an_answer_without_a_question_changes_nothing() {
        let mut table = table(4);
        assert_eq!(table.answered(secs(1), host(1), OTHER), Answer::Unasked);
        assert_eq!(table.resolve(secs(1), host(1)), None);
        // Before the question left, nobody can have heard it.
        assert_eq!(table.answered(secs(1), host(1), OTHER), Answer::Unasked);
        let mut table = knowing(secs(1));
        assert_eq!(table.answered(secs(2), host(1), OTHER), Answer::Unasked);
        assert_eq!(table.resolve(secs(2), host(1)), Some(HARDWARE));
    }

    #[test]
    fn what_was_confirmed_long_ago_is_used_while_it_is_asked_for() {
        let mut table = knowing(secs(1));
        assert_eq!(table.resolve(secs(30), host(1)), Some(HARDWARE));
        assert!(!table.asks());
        assert_eq!(table.resolve(secs(31), host(1)), Some(HARDWARE));
        let poll = Question {
            address: host(1),
            to: Some(HARDWARE),
        };
        assert_eq!(table.question(), Some(poll));
        assert_eq!(table.answered(secs(31), host(1), HARDWARE), Answer::Taken);
        assert_eq!(table.resolve(secs(32), host(1)), Some(HARDWARE));
        assert!(!table.asks());
    }

    #[test]
    fn whoever_does_not_answer_three_times_is_forgotten_and_asked_for_among_all() {
        let mut table = knowing(secs(1));
        for second in 40..43 {
            assert_eq!(table.resolve(secs(second), host(1)), Some(HARDWARE));
            assert!(table.question().is_some());
        }
        assert_eq!(table.resolve(secs(43), host(1)), None);
        assert_eq!(table.question(), to_all(1));
    }

    #[test]
    fn a_claim_is_checked_with_the_one_that_was_known_before() {
        let mut table = knowing(secs(1));
        table.doubt(host(1), HARDWARE);
        assert_eq!(table.resolve(secs(2), host(1)), Some(HARDWARE));
        assert!(!table.asks());
        table.doubt(host(1), OTHER);
        assert_eq!(table.resolve(secs(2), host(1)), Some(HARDWARE));
        assert_eq!(table.question().unwrap().to, Some(HARDWARE));
        assert_eq!(table.answered(secs(2), host(1), HARDWARE), Answer::Taken);
        // Claims do not draw more questions than one a second.
        table.doubt(host(1), OTHER);
        assert_eq!(table.resolve(secs(2), host(1)), Some(HARDWARE));
        assert!(!table.asks());
    }

    #[test]
    fn a_recheck_tells_only_what_is_newer_than_the_doubt() {
        let mut table = knowing(secs(1));
        assert_eq!(table.recheck(secs(5), host(1), secs(0)), Some(HARDWARE));
        assert!(table.question().is_some());
        assert_eq!(table.recheck(secs(5), host(1), secs(1)), None);
        assert_eq!(table.answered(secs(5), host(1), OTHER), Answer::Taken);
        assert_eq!(table.recheck(secs(5), host(1), secs(1)), Some(OTHER));
    }

    #[test]
    fn whoever_stays_in_doubt_is_asked_for_again_and_among_all() {
        let mut table = knowing(secs(1));
        table.recheck(secs(5), host(1), secs(5));
        assert_eq!(table.question().unwrap().to, Some(HARDWARE));
        // Somebody answers wrongly, and the peer stays as silent as it was.
        assert_eq!(table.answered(secs(5), host(1), OTHER), Answer::Taken);
        table.recheck(secs(7), host(1), secs(5));
        assert_eq!(table.question().unwrap().to, Some(OTHER));
        table.recheck(secs(9), host(1), secs(5));
        assert_eq!(table.question(), to_all(1));
        assert_eq!(table.answered(secs(9), host(1), HARDWARE), Answer::Taken);
        assert_eq!(table.recheck(secs(9), host(1), secs(5)), Some(HARDWARE));
    }

    #[test]
    fn two_that_wait_for_one_place_are_not_asked_for_in_turn_at_once() {
        let mut table = table(1);
        assert_eq!(table.resolve(secs(1), host(1)), None);
        assert_eq!(table.question(), to_all(1));
        // Neither before the answer nor after it.
        assert_eq!(table.resolve(secs(1), host(2)), None);
        assert_eq!(table.answered(secs(1), host(1), HARDWARE), Answer::Taken);
        assert_eq!(table.resolve(secs(1), host(2)), None);
        assert!(!table.asks());
        assert_eq!(table.resolve(secs(1), host(1)), Some(HARDWARE));
        assert_eq!(table.resolve(secs(2), host(2)), None);
        assert_eq!(table.question(), to_all(2));
    }

    #[test]
    fn strangers_take_the_place_of_whoever_was_confirmed_last_of_all() {
        let mut table = knowing(secs(1));
        for number in 10..100 {
            assert_eq!(table.resolve(secs(2), host(number)), None);
        }
        assert_eq!(table.resolve(secs(2), host(1)), Some(HARDWARE));
        let mut questions = 0;
        while table.question().is_some() {
            questions += 1;
        }
        assert_eq!(questions, 3);
        assert!(!table.asks());
    }
}
