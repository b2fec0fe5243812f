//! The bounded journal: a ring of the most recent records, and counters of all records ever made.
//!
//! Every part of the stack records here, in the path of each frame, so [`Journal::record`] copies one [`Event`] and
//! increments a few counters; it formats nothing and examines nothing else. The ring lives in storage passed in by the
//! caller. With storage of length 0 the journal only counts.
//!
//! Records are numbered from 0 in the order in which they were made. A reader that follows along keeps the number to
//! read next and calls [`Journal::since`], which also returns how many records were lost in between.

use super::{
    Answer, ConnectionId, Direction, Event, Kind, Mark, Reason, Repair, Resource, Verdict,
};
use managed::ManagedSlice;

/// A bounded ring of [`Event`]s, with counters.
#[derive(Debug)]
pub struct Journal<'a> {
    slots: ManagedSlice<'a, Option<Event>>,
    /// Where the next record goes; below the capacity, or 0.
    head: usize,
    /// How many records there ever were: the number of the next one.
    recorded: u64,
    counters: Counters,
}

// Who plans memory counts on this.
const _: () = {
    let packed = cfg!(target_pointer_width = "32");
    // Others of the program may have smoltcp's IPv6 on although this crate's is off.
    let longest = match (size_of::<smoltcp::wire::IpAddress>(), packed) {
        (4, true) => 44,
        (4, false) => 48,
        _ => 72,
    };
    assert!(size_of::<Option<Event>>() <= longest);
};

impl<'a> Journal<'a> {
    /// A journal that keeps as many records as `storage` has elements.
    ///
    /// `storage` is a `&mut [None; N]`, which may be a `static`, or with feature `std` a `Vec`; its previous content is
    /// discarded. A handshake, one message each way and a teardown make about 20 records, of 44 octets each on a 32-bit
    /// target, or up to 72 with feature `ipv6`.
    pub fn new<S>(storage: S) -> Self
    where
        S: Into<ManagedSlice<'a, Option<Event>>>,
    {
        let mut slots = storage.into();
        slots.fill(None);
        Self {
            slots,
            head: 0,
            recorded: 0,
            counters: Counters::default(),
        }
    }

    /// Stores `event`, replacing the oldest one if the ring is full, and counts it.
    ///
    /// Not inlined: every place that records something would otherwise contain all of it, or copy the event once more.
    #[inline(never)]
    pub fn record(&mut self, event: Event) {
        self.counters.count(&event.kind());
        self.recorded += 1;
        if let Some(slot) = self.slots.get_mut(self.head) {
            *slot = Some(event);
            self.head += 1;
            if self.head == self.slots.len() {
                self.head = 0;
            }
        }
    }

    /// How many records fit.
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// How many records are kept now.
    pub fn len(&self) -> usize {
        (self.recorded - self.first()) as usize
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the oldest record that is kept, or of the next one if none is.
    pub fn first(&self) -> u64 {
        self.overwritten()
    }

    /// The number that the next record will get, which is also how many there have ever been.
    pub const fn next(&self) -> u64 {
        self.recorded
    }

    /// How many records are no longer kept because newer ones took their place.
    pub fn overwritten(&self) -> u64 {
        self.recorded.saturating_sub(self.slots.len() as u64)
    }

    /// What was counted since the journal was made, overwritten records included.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The records that are kept, oldest first, each with its number.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Event)> + Clone {
        self.tail(self.first())
    }

    /// The records of one connection, oldest first, each with its number.
    pub fn of(
        &self,
        connection: ConnectionId,
    ) -> impl DoubleEndedIterator<Item = (u64, &Event)> + Clone {
        self.iter()
            .filter(move |(_, event)| event.connection() == Some(connection))
    }

    /// The records numbered `from` and above, oldest first, and how many of them are lost.
    ///
    /// For the next call, remember what [`Journal::next`] returns now.
    pub fn since(
        &self,
        from: u64,
    ) -> (u64, impl DoubleEndedIterator<Item = (u64, &Event)> + Clone) {
        let missed = self.first().saturating_sub(from);
        (missed, self.tail(from + missed))
    }

    /// The records numbered `from` and above; `from` is not below [`Journal::first`].
    fn tail(&self, from: u64) -> impl DoubleEndedIterator<Item = (u64, &Event)> + Clone {
        (from..self.recorded).filter_map(move |number| {
            let age = (self.recorded - number) as usize;
            // The newest record, of age 1, stands just before `head`.
            let index = match self.head.checked_sub(age) {
                Some(index) => index,
                None => self.head + self.slots.len() - age,
            };
            let event = self.slots.get(index)?.as_ref()?;
            Some((number, event))
        })
    }
}

/// How often each kind of thing happened. Everything that was recorded is included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Counters {
    /// TCP segments received, whatever was decided about them, including those of no connection.
    pub segments_in: u64,
    /// TCP segments sent, including those of no connection.
    pub segments_out: u64,
    /// Segments that this node retransmitted.
    pub retransmissions: u64,
    /// Changes of state that RFC 9293 knows.
    pub transitions: u64,
    /// Changes of state that RFC 9293 does not know.
    pub illegal: u64,
    /// Connections that were opened.
    pub opened: u64,
    /// Connections that ended.
    pub ended: u64,
    /// Datagrams received, whatever was decided about them.
    pub datagrams_in: u64,
    /// Datagrams sent.
    pub datagrams_out: u64,
    /// Segments held until a connection was free.
    pub held: u64,
    drops: [u64; Reason::ALL.len()],
    answers: [u64; Answer::ALL.len()],
    repairs: [u64; Repair::ALL.len()],
    full: [u64; Resource::ALL.len()],
}

impl Counters {
    /// Frames dropped for this reason.
    pub const fn dropped(&self, reason: Reason) -> u64 {
        self.drops[reason as usize]
    }

    /// Frames dropped, for whatever reason.
    pub fn dropped_in_all(&self) -> u64 {
        self.drops.iter().sum()
    }

    /// Answers of this kind that the gate made.
    pub const fn answered(&self, answer: Answer) -> u64 {
        self.answers[answer as usize]
    }

    /// Segments changed in this way before smoltcp saw them.
    pub const fn repaired(&self, repair: Repair) -> u64 {
        self.repairs[repair as usize]
    }

    /// How often this resource was exhausted.
    pub const fn full(&self, resource: Resource) -> u64 {
        self.full[resource as usize]
    }

    #[inline]
    fn count(&mut self, kind: &Kind) {
        match kind {
            Kind::Opened { .. } => self.opened += 1,
            Kind::Segment(segment) => {
                if segment.mark == Mark::Retransmission {
                    self.retransmissions += 1;
                }
                self.count_segment(segment.direction, segment.verdict);
            }
            Kind::Stray(stray) => self.count_segment(stray.direction, stray.verdict),
            Kind::Transition(_) => self.transitions += 1,
            Kind::Illegal(_) => self.illegal += 1,
            Kind::Ended { .. } => self.ended += 1,
            Kind::Datagram(datagram) => {
                match datagram.direction {
                    Direction::In => self.datagrams_in += 1,
                    Direction::Out => self.datagrams_out += 1,
                }
                self.count_verdict(datagram.verdict);
            }
            Kind::Dropped(reason) => self.drops[*reason as usize] += 1,
            Kind::Full(resource) => self.full[*resource as usize] += 1,
            // Seen in the ring; nobody asks how many there were.
            Kind::TimeWaiting { .. }
            | Kind::SlowPeer { .. }
            | Kind::OtherNumber { .. }
            | Kind::Neighbor(_)
            | Kind::Icmp { .. }
            | Kind::Undelivered { .. }
            | Kind::Other(_) => {}
        }
    }

    #[inline]
    fn count_segment(&mut self, direction: Direction, verdict: Verdict) {
        match direction {
            Direction::In => self.segments_in += 1,
            Direction::Out => self.segments_out += 1,
        }
        self.count_verdict(verdict);
    }

    #[inline]
    fn count_verdict(&mut self, verdict: Verdict) {
        match verdict {
            // An answer is counted where it is made, so that a lost or limited one does not count.
            Verdict::Passed | Verdict::Answered(_) => {}
            Verdict::Gate(answer) => self.answers[answer as usize] += 1,
            Verdict::Repaired(repair) => self.repairs[repair as usize] += 1,
            Verdict::Held => self.held += 1,
            Verdict::Dropped(reason) => self.drops[reason as usize] += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smoltcp::time::Instant;

    fn ended(connection: u32) -> Event {
        Event::new(
            Instant::from_micros(i64::from(connection)),
            Kind::Ended {
                connection: ConnectionId(connection),
                ending: super::super::Ending::Closed,
            },
        )
    }

    fn numbers<'e>(records: impl Iterator<Item = (u64, &'e Event)>) -> [Option<(u64, u32)>; 6] {
        let mut found = [None; 6];
        for (place, (number, event)) in found.iter_mut().zip(records) {
            *place = event.connection().map(|connection| (number, connection.0));
        }
        found
    }

    #[test]
    fn an_empty_journal_has_no_records() {
        let mut storage = [None; 3];
        let journal = Journal::new(&mut storage[..]);
        assert!(journal.is_empty());
        assert_eq!(journal.iter().count(), 0);
        assert_eq!((journal.first(), journal.next()), (0, 0));
    }

    #[test]
    fn records_come_back_oldest_first() {
        let mut storage = [None; 3];
        let mut journal = Journal::new(&mut storage[..]);
        journal.record(ended(10));
        journal.record(ended(11));
        let expected = [Some((0, 10)), Some((1, 11)), None, None, None, None];
        assert_eq!(numbers(journal.iter()), expected);
        assert_eq!(journal.len(), 2);
        assert_eq!(journal.overwritten(), 0);
    }

    #[test]
    fn the_newest_records_take_the_place_of_the_oldest() {
        let mut storage = [None; 3];
        let mut journal = Journal::new(&mut storage[..]);
        for connection in 0..8 {
            journal.record(ended(connection));
        }
        let expected = [Some((5, 5)), Some((6, 6)), Some((7, 7)), None, None, None];
        assert_eq!(numbers(journal.iter()), expected);
        assert_eq!(journal.overwritten(), 5);
        assert_eq!(journal.len(), 3);
        assert_eq!(journal.counters().ended, 8);
    }

    #[test]
    fn every_fill_level_reads_back_in_order() {
        for recorded in 0..13 {
            let mut storage = [None; 4];
            let mut journal = Journal::new(&mut storage[..]);
            for connection in 0..recorded {
                journal.record(ended(connection));
            }
            let oldest = recorded.saturating_sub(4);
            assert!(
                journal
                    .iter()
                    .map(|(number, _)| number as u32)
                    .eq(oldest..recorded)
            );
        }
    }

    #[test]
    fn a_follower_learns_how_many_records_it_missed() {
        let mut storage = [None; 3];
        let mut journal = Journal::new(&mut storage[..]);
        for connection in 0..5 {
            journal.record(ended(connection));
        }
        let (missed, records) = journal.since(1);
        assert_eq!(missed, 1);
        let expected = [Some((2, 2)), Some((3, 3)), Some((4, 4)), None, None, None];
        assert_eq!(numbers(records), expected);
        let (missed, records) = journal.since(4);
        assert_eq!((missed, records.count()), (0, 1));
        let (missed, records) = journal.since(5);
        assert_eq!((missed, records.count()), (0, 0));
    }

    #[test]
    fn one_connection_is_picked_out() {
        let mut storage = [None; 6];
        let mut journal = Journal::new(&mut storage[..]);
        for connection in [1, 2, 1, 3, 1] {
            journal.record(ended(connection));
        }
        let expected = [Some((0, 1)), Some((2, 1)), Some((4, 1)), None, None, None];
        assert_eq!(numbers(journal.of(ConnectionId(1))), expected);
    }

    #[test]
    fn a_journal_without_storage_only_counts() {
        let mut journal = Journal::new(&mut [][..]);
        journal.record(ended(1));
        journal.record(Event::new(
            Instant::ZERO,
            Kind::Dropped(Reason::RateLimited),
        ));
        assert!(journal.is_empty());
        assert_eq!(journal.iter().count(), 0);
        assert_eq!((journal.since(0).0, journal.overwritten()), (2, 2));
        assert_eq!(journal.counters().ended, 1);
        assert_eq!(journal.counters().dropped(Reason::RateLimited), 1);
        assert_eq!(journal.counters().dropped_in_all(), 1);
    }

    #[test]
    fn every_counter_has_its_place() {
        fn in_order<T: Copy>(all: &[T], place: impl Fn(T) -> usize) -> bool {
            all.iter()
                .enumerate()
                .all(|(index, one)| place(*one) == index)
        }
        assert!(in_order(&Reason::ALL, |reason| reason as usize));
        assert!(in_order(&Answer::ALL, |answer| answer as usize));
        assert!(in_order(&Repair::ALL, |repair| repair as usize));
        assert!(in_order(&Resource::ALL, |resource| resource as usize));
        // The last variant has the last place, so `ALL` holds every one.
        assert_eq!(Reason::ALL.len(), Reason::Unanswerable as usize + 1);
        assert_eq!(Answer::ALL.len(), Answer::Ack as usize + 1);
        assert_eq!(Repair::ALL.len(), Repair::GoneBack as usize + 1);
        assert_eq!(Resource::ALL.len(), Resource::Share as usize + 1);
    }
}
