//! TIME-WAIT without a socket: 2 MSL cost 48 octets, not two buffers.
//!
//! When a connection enters TIME-WAIT, what remains to be done needs no buffers: acknowledge the peer's
//! FIN if it comes again, and keep the endpoints from being used too early. A [`Packed`] does that.
//! All entries live equally long, so a ring in the order in which they came is a ring in order of expiry.

use core::mem::size_of;

use managed::ManagedSlice;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{IpAddress, IpEndpoint};

use super::answers::Answers;
use crate::trace::{Answer, ConnectionId, Flags, Flow, Header, Reason, SeqNumber};

/// What is kept of a connection in TIME-WAIT: its endpoints, ISS and SND.NXT, IRS and RCV.NXT, its deadline.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Packed {
    #[cfg(feature = "ipv6")]
    remote: [u8; 16],
    #[cfg(not(feature = "ipv6"))]
    remote: [u8; 4],
    remote_port: u16,
    local_port: u16,
    iss: SeqNumber,
    snd_nxt: SeqNumber,
    irs: SeqNumber,
    rcv_nxt: SeqNumber,
    /// 28 bits of milliseconds (3 days), above 4 bits that say which of the node's addresses.
    deadline: u32,
}

const _: () = assert!(size_of::<Packed>() <= 40);

/// An entry's place in the ring.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeWaitEntry {
    packed: Packed,
    /// The journal's number of the connection; 0 where there is none any more.
    connection: u32,
    /// What may still be answered.
    answers: Answers,
}

impl TimeWaitEntry {
    /// A place that holds nothing; for building rings.
    pub(super) const EMPTY: Self = Self {
        packed: Packed {
            #[cfg(feature = "ipv6")]
            remote: [0; 16],
            #[cfg(not(feature = "ipv6"))]
            remote: [0; 4],
            remote_port: 0,
            local_port: 0,
            iss: SeqNumber::new(0),
            snd_nxt: SeqNumber::new(0),
            irs: SeqNumber::new(0),
            rcv_nxt: SeqNumber::new(0),
            deadline: 0,
        },
        connection: 0,
        answers: Answers::NONE,
    };
}

/// The longest 2 MSL that a deadline can hold: its 28 bits count to 74 hours and must not lap.
pub(super) const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The bits of a deadline that say which of the node's addresses.
const LOCAL: u32 = 0xf;

/// Which entry of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeWaitId(usize);

impl TimeWaitId {
    /// The entry with this number, which is below the table's capacity.
    pub(super) const fn new(number: usize) -> Self {
        Self(number)
    }

    pub(super) const fn number(self) -> usize {
        self.0
    }
}

/// A connection in TIME-WAIT, in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeWait {
    // A value: whoever is given one reads all of it.
    /// The journal's number of the connection.
    pub(super) connection: ConnectionId,
    /// Its endpoints.
    pub(super) flow: Flow,
    /// Our initial sequence number.
    pub(super) iss: SeqNumber,
    /// Our next sequence number.
    pub(super) snd_nxt: SeqNumber,
    /// The peer's initial sequence number.
    pub(super) irs: SeqNumber,
    /// The peer's next sequence number.
    pub(super) rcv_nxt: SeqNumber,
    /// When it ends.
    pub(super) deadline: Instant,
}

/// What a segment to a connection in TIME-WAIT draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The peer's FIN came again: acknowledge it, and wait 2 MSL anew.
    Restart,
    /// Something unacceptable: acknowledge, do not wait anew.
    Acknowledge(Answer),
    /// A new connection between the same endpoints may begin.
    Reopen,
    /// Nothing is owed.
    Drop(Reason),
}

/// RFC 9293 section 3.10.7.4 in TIME-WAIT, with RFC 1337 (resets are ignored) and RFC 6191 section 2
/// (a SYN beyond the old numbers opens anew, if somebody listens: `reopens`).
pub(super) fn judge(waiting: &TimeWait, segment: &Header, reopens: bool) -> Verdict {
    let flags = segment.flags;
    if flags.contains(Flags::RST) {
        Verdict::Drop(Reason::ResetInTimeWait)
    } else if flags.contains(Flags::SYN) {
        let is_new = !flags.contains(Flags::ACK) && waiting.rcv_nxt.is_before(segment.seq);
        if is_new && reopens {
            Verdict::Reopen
        } else {
            Verdict::Acknowledge(Answer::ChallengeAck)
        }
    } else if !flags.contains(Flags::ACK) {
        Verdict::Drop(Reason::NoAck)
    } else if flags.contains(Flags::FIN) && segment.end() == waiting.rcv_nxt {
        Verdict::Restart
    } else if segment.sequence_len() > 0 || segment.seq != waiting.rcv_nxt {
        Verdict::Acknowledge(Answer::TimeWaitAck)
    } else {
        Verdict::Drop(Reason::TimeWait)
    }
}

/// The ring of entries.
pub(super) struct TimeWaitTable<'a> {
    entries: ManagedSlice<'a, TimeWaitEntry>,
    first: usize,
    len: usize,
    alive: usize,
}

impl<'a> TimeWaitTable<'a> {
    /// An empty ring over `entries`.
    pub(super) fn new(entries: ManagedSlice<'a, TimeWaitEntry>) -> Self {
        Self {
            entries,
            first: 0,
            len: 0,
            alive: 0,
        }
    }

    /// How many connections are in TIME-WAIT.
    pub(super) fn alive(&self) -> usize {
        self.alive
    }

    /// Whether [`Self::insert`] needs a place freed first.
    pub(super) fn is_full(&self) -> bool {
        self.len == self.entries.len()
    }

    /// Puts a connection at the end of the ring, and says where; `None` if the ring is full.
    pub(super) fn insert(
        &mut self,
        waiting: &TimeWait,
        locals: &[IpAddress],
    ) -> Option<TimeWaitId> {
        if self.is_full() {
            return None;
        }
        let local = locals
            .iter()
            .position(|address| *address == waiting.flow.local.addr)
            .unwrap_or(0) as u32;
        let place = (self.first + self.len) % self.entries.len();
        self.entries[place] = TimeWaitEntry {
            packed: Packed {
                remote: pack(waiting.flow.remote.addr),
                remote_port: waiting.flow.remote.port,
                local_port: waiting.flow.local.port,
                iss: waiting.iss,
                irs: waiting.irs,
                snd_nxt: waiting.snd_nxt,
                rcv_nxt: waiting.rcv_nxt,
                deadline: (waiting.deadline.total_millis() as u32) << 4 | local,
            },
            connection: waiting.connection.0,
            answers: Answers::NONE,
        };
        self.len += 1;
        self.alive += 1;
        Some(TimeWaitId(place))
    }

    /// What lies in a place, if it is still in TIME-WAIT.
    pub(super) fn get(
        &self,
        id: TimeWaitId,
        now: Instant,
        locals: &[IpAddress],
    ) -> Option<TimeWait> {
        let TimeWaitEntry {
            packed, connection, ..
        } = self.entries[id.0];
        if connection == 0 {
            return None;
        }
        let local = *locals.get((packed.deadline & LOCAL) as usize)?;
        Some(TimeWait {
            connection: ConnectionId(connection),
            flow: Flow {
                local: IpEndpoint::new(local, packed.local_port),
                remote: IpEndpoint::new(unpack(packed.remote, local), packed.remote_port),
            },
            iss: packed.iss,
            snd_nxt: packed.snd_nxt,
            irs: packed.irs,
            rcv_nxt: packed.rcv_nxt,
            deadline: expand(packed.deadline >> 4, now),
        })
    }

    /// Whether what lies in a place may give one more answer in this second.
    pub(super) fn may_answer(&mut self, id: TimeWaitId, now: Instant, per_second: u16) -> bool {
        self.entries[id.0].answers.take(now, per_second)
    }

    /// Empties a place; the ring closes up when its turn comes.
    pub(super) fn clear(&mut self, id: TimeWaitId) {
        if self.entries[id.0].connection != 0 {
            self.entries[id.0].connection = 0;
            self.alive -= 1;
        }
        while self.len > 0 && self.entries[self.first].connection == 0 {
            self.first = (self.first + 1) % self.entries.len();
            self.len -= 1;
        }
    }

    /// Every entry, in use or not.
    pub(super) fn ids(&self) -> impl Iterator<Item = TimeWaitId> + use<> {
        (0..self.entries.len()).map(TimeWaitId)
    }

    /// Names our addresses as they are in `after`: which of them an entry is about was said by its place in
    /// `before`.
    pub(super) fn readdress(&mut self, before: &[IpAddress], after: &[IpAddress]) {
        for entry in self.entries.iter_mut() {
            let packed = &mut entry.packed.deadline;
            let place = before
                .get((*packed & LOCAL) as usize)
                .and_then(|address| after.iter().position(|it| it == address));
            if let Some(place) = place {
                *packed = *packed & !LOCAL | place as u32;
            }
        }
    }

    /// The place of the connection that has waited for longest.
    pub(super) fn oldest(&self) -> Option<TimeWaitId> {
        (self.len > 0).then_some(TimeWaitId(self.first))
    }

    /// How many places there are.
    pub(super) fn capacity(&self) -> usize {
        self.entries.len()
    }
}

/// The instant nearest to `now` whose milliseconds end in these 28 bits.
fn expand(bits: u32, now: Instant) -> Instant {
    const SPAN: i64 = 1 << 28;
    let now = now.total_millis();
    let ahead = (i64::from(bits) - now).rem_euclid(SPAN);
    let offset = if ahead < SPAN / 2 {
        ahead
    } else {
        ahead - SPAN
    };
    Instant::from_millis(now + offset)
}

#[cfg(feature = "ipv6")]
fn pack(address: IpAddress) -> [u8; 16] {
    match address {
        IpAddress::Ipv4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddress::Ipv6(v6) => v6.octets(),
    }
}

/// An address of the family of `local`, which the other end of the same connection must be of.
#[cfg(feature = "ipv6")]
fn unpack(octets: [u8; 16], local: IpAddress) -> IpAddress {
    match local {
        IpAddress::Ipv4(_) => IpAddress::v4(octets[12], octets[13], octets[14], octets[15]),
        IpAddress::Ipv6(_) => IpAddress::Ipv6(octets.into()),
    }
}

#[cfg(not(feature = "ipv6"))]
fn pack(address: IpAddress) -> [u8; 4] {
    match core::net::IpAddr::from(address) {
        core::net::IpAddr::V4(v4) => v4.octets(),
        // No connection of this node has such an end.
        core::net::IpAddr::V6(_) => [0; 4],
    }
}

#[cfg(not(feature = "ipv6"))]
fn unpack(octets: [u8; 4], _: IpAddress) -> IpAddress {
    IpAddress::Ipv4(octets.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    const LOCALS: [IpAddress; 1] = [IpAddress::v4(192, 0, 2, 1)];

    fn waiting(number: u32, deadline: i64) -> TimeWait {
        TimeWait {
            connection: ConnectionId(number),
            flow: Flow {
                local: IpEndpoint::new(LOCALS[0], 9000),
                remote: IpEndpoint::new(IpAddress::v4(192, 0, 2, 2), 40000),
            },
            iss: 10.into(),
            snd_nxt: 100.into(),
            irs: 20.into(),
            rcv_nxt: 200.into(),
            deadline: Instant::from_millis(deadline),
        }
    }

    fn segment(seq: u32, flags: Flags) -> Header {
        Header {
            seq: seq.into(),
            ack: 100.into(),
            flags,
            ..Header::default()
        }
    }

    #[test]
    fn what_is_kept_is_found_unchanged_at_any_time() {
        for base in [0, 1 << 28, (1 << 28) - 10_000, 5_000_000_000] {
            let mut table = TimeWaitTable::new(ManagedSlice::Owned(vec![TimeWaitEntry::EMPTY; 2]));
            let kept = waiting(7, base + 60_000);
            let place = table.insert(&kept, &LOCALS).unwrap();
            let now = Instant::from_millis(base);
            assert_eq!(table.get(place, now, &LOCALS), Some(kept));
        }
    }

    #[test]
    fn the_ring_closes_up_over_cleared_places() {
        let mut table = TimeWaitTable::new(ManagedSlice::Owned(vec![TimeWaitEntry::EMPTY; 3]));
        for number in 1..=3 {
            table.insert(&waiting(number, 1000), &LOCALS).unwrap();
        }
        assert_eq!(table.insert(&waiting(4, 1000), &LOCALS), None);
        table.clear(TimeWaitId(1));
        assert_eq!(table.alive(), 2);
        assert!(table.is_full());
        table.clear(TimeWaitId(0));
        assert_eq!(table.oldest(), Some(TimeWaitId(2)));
        let freed = Some(TimeWaitId(0));
        assert_eq!(table.insert(&waiting(4, 1000), &LOCALS), freed);
        let taken = |place: &usize| table.entries[*place].connection != 0;
        assert_eq!(
            (0..table.capacity()).filter(taken).collect::<Vec<_>>(),
            [0, 2]
        );
    }

    #[test]
    fn a_fin_again_restarts_the_wait_and_a_reset_does_not_end_it() {
        let waiting = waiting(1, 1000);
        let fin = Flags::FIN.with(Flags::ACK);
        assert_eq!(judge(&waiting, &segment(199, fin), true), Verdict::Restart);
        // One with another number is no repetition: a stranger's guess must not prolong the wait.
        assert_eq!(
            judge(&waiting, &segment(150, fin), true),
            Verdict::Acknowledge(Answer::TimeWaitAck)
        );
        assert_eq!(
            judge(&waiting, &segment(200, Flags::RST), true),
            Verdict::Drop(Reason::ResetInTimeWait)
        );
        assert_eq!(
            judge(&waiting, &segment(200, Flags::ACK), true),
            Verdict::Drop(Reason::TimeWait)
        );
    }

    #[test]
    fn only_a_syn_beyond_the_old_numbers_opens_anew_where_somebody_listens() {
        let waiting = waiting(1, 1000);
        assert_eq!(
            judge(&waiting, &segment(201, Flags::SYN), true),
            Verdict::Reopen
        );
        assert_eq!(
            judge(&waiting, &segment(200, Flags::SYN), true),
            Verdict::Acknowledge(Answer::ChallengeAck)
        );
        assert_eq!(
            judge(&waiting, &segment(201, Flags::SYN), false),
            Verdict::Acknowledge(Answer::ChallengeAck)
        );
    }
}
