//! Who is in the room: slots in the caller's memory, found by handle, name or endpoint.
//!
//! Members are chained through their slots in two lists, so that a line visits the members and never the empty slots:
//! streams (TCP and the console) in the order in which they came, and datagrams (UDP) in the order in which they were
//! last heard, the one silent for longest in front.

use core::hash::Hash;

use managed::ManagedSlice;
use smoltcp::time::Instant;

use super::index::{Cell, Index};
use super::join_code::Secret;
use super::name::{self, Name};
use super::rate::Bucket;
use crate::origin::Origin;

/// Index cells per member: a name, an endpoint, and one to spare.
pub const CELLS_PER_MEMBER: usize = 3;

/// A UDP endpoint, as far as the room needs to know it.
pub trait Endpoint: Copy + Eq + Hash {
    /// Whose it is: what is shared among UDP members is shared among origins.
    fn origin(&self) -> Origin;

    /// What tells the ways to equal endpoints apart, where there can be several.
    fn way(&self) -> u64 {
        0
    }
}

/// What a member is to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peer<K, E> {
    /// A TCP connection, by the caller's key.
    Tcp(K),
    /// A UDP endpoint.
    Udp(E),
    /// The operator's console.
    Console,
}

/// A member, while it is one. A stale handle never means somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MemberId {
    // Open to the room, which makes them.
    pub(super) slot: u32,
    pub(super) number: u32,
}

#[derive(Debug)]
pub(super) struct Member<K, E> {
    // Open to the room, whose rules read and write it.
    pub(super) peer: Peer<K, E>,
    pub(super) name: Name,
    /// Its number since the room was opened, by which a stale handle is known.
    pub(super) number: u32,
    /// Its answers end with LF.
    pub(super) lines: bool,
    pub(super) welcomed: bool,
    /// It has said something since it joined.
    pub(super) spoke: bool,
    /// Lines that did not reach it and that it was not yet told of.
    pub(super) lost: u32,
    pub(super) bucket: Bucket,
    /// Where it is from.
    pub(super) origin: Origin,
    /// When it said something, or joined.
    pub(super) heard: Instant,
    next: Option<u32>,
    previous: Option<u32>,
}

/// Room for one member.
#[derive(Debug)]
pub struct Slot<K, E>(State<K, E>);

#[derive(Debug)]
enum State<K, E> {
    /// In the chain of free slots.
    Free {
        next: Option<u32>,
    },
    Taken(Member<K, E>),
}

impl<K, E> Slot<K, E> {
    /// An empty slot.
    pub const EMPTY: Self = Self(State::Free { next: None });
}

/// Which list a member is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Streams,
    Datagrams,
}

impl<K, E> Peer<K, E> {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Tcp(_) | Self::Console => Kind::Streams,
            Self::Udp(_) => Kind::Datagrams,
        }
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct List {
    first: Option<u32>,
    last: Option<u32>,
    len: usize,
}

/// Every slot that there is for this kind of member is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoSlot;

pub(super) struct Members<'a, K, E> {
    // Open to the roster, which counts places.
    slots: ManagedSlice<'a, Slot<K, E>>,
    index: Index<'a>,
    pub(super) secret: Secret,
    free: Option<u32>,
    streams: List,
    datagrams: List,
    capacity: usize,
    /// Slots kept for streams, which datagrams never take.
    pub(super) kept: usize,
    /// Members so far.
    numbered: u32,
    /// The last guest's number.
    guests: u32,
}

impl<'a, K: Copy, E: Endpoint> Members<'a, K, E> {
    pub(super) fn new(
        mut slots: ManagedSlice<'a, Slot<K, E>>,
        cells: ManagedSlice<'a, Cell>,
        secret: Secret,
    ) -> Self {
        let capacity = slots
            .len()
            .min(cells.len() / CELLS_PER_MEMBER)
            .min(u32::MAX as usize);
        let mut free = None;
        for at in (0..capacity).rev() {
            slots[at] = Slot(State::Free { next: free });
            free = Some(at as u32);
        }
        Self {
            slots,
            index: Index::new(cells),
            secret,
            free,
            streams: List::default(),
            datagrams: List::default(),
            capacity,
            kept: 0,
            numbered: 0,
            guests: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.streams.len + self.datagrams.len
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Member<K, E>> {
        match self.slots.get(slot as usize) {
            Some(Slot(State::Taken(member))) => Some(member),
            Some(Slot(State::Free { .. })) | None => None,
        }
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Member<K, E>> {
        match self.slots.get_mut(slot as usize) {
            Some(Slot(State::Taken(member))) => Some(member),
            Some(Slot(State::Free { .. })) | None => None,
        }
    }

    /// The slot of a handle that is not stale.
    pub(super) fn slot(&self, id: MemberId) -> Option<u32> {
        self.get(id.slot)
            .filter(|member| member.number == id.number)
            .map(|_| id.slot)
    }

    /// A new member, under `name` or the next guest's name, with what its origin may say.
    pub(super) fn add(
        &mut self,
        now: Instant,
        peer: Peer<K, E>,
        (origin, bucket): (Origin, Bucket),
        name: Option<Name>,
    ) -> Result<MemberId, NoSlot> {
        let unkept = self.capacity.saturating_sub(self.kept);
        if peer.kind() == Kind::Datagrams && self.datagrams.len >= unkept {
            return Err(NoSlot);
        }
        let slot = self.free.ok_or(NoSlot)?;
        let number = self.numbered.wrapping_add(1);
        let name = name.unwrap_or_else(|| self.guest());
        if let Slot(State::Free { next }) = self.slots[slot as usize] {
            self.free = next;
        }
        self.numbered = number;
        self.index.insert(self.secret.name(&name), slot);
        if let Peer::Udp(endpoint) = &peer {
            self.index.insert(self.secret.endpoint(endpoint), slot);
        }
        self.slots[slot as usize] = Slot(State::Taken(Member {
            peer,
            name,
            number,
            lines: true,
            welcomed: false,
            spoke: false,
            lost: 0,
            bucket,
            origin,
            heard: now,
            next: None,
            previous: None,
        }));
        self.append(slot);
        Ok(MemberId { slot, number })
    }

    /// The next guest's name.
    fn guest(&mut self) -> Name {
        loop {
            self.guests = self.guests.wrapping_add(1);
            let mut name = Name::new();
            // 7 octets, and at most 16.
            let _ = core::fmt::write(&mut name, format_args!("{}{}", name::GIVEN[0], self.guests));
            // Only after 2^32 guests can it be in use.
            if self.alike(&name).is_none() {
                return name;
            }
        }
    }

    pub(super) fn remove(&mut self, slot: u32) -> Option<Member<K, E>> {
        self.get(slot)?;
        self.unlink(slot);
        let freed = Slot(State::Free { next: self.free });
        let Slot(State::Taken(member)) = core::mem::replace(&mut self.slots[slot as usize], freed)
        else {
            return None;
        };
        self.free = Some(slot);
        self.index.remove(self.secret.name(&member.name), slot);
        if let Peer::Udp(endpoint) = &member.peer {
            self.index.remove(self.secret.endpoint(endpoint), slot);
        }
        Some(member)
    }

    /// Who has this name, or one that looks like it.
    pub(super) fn alike(&self, wanted: &str) -> Option<u32> {
        let matches = |slot| {
            self.get(slot)
                .is_some_and(|member| name::alike(&member.name, wanted))
        };
        self.index.find(self.secret.name(wanted), matches)
    }

    /// Who is at this endpoint.
    pub(super) fn at(&self, endpoint: &E) -> Option<u32> {
        let matches = |slot| {
            self.get(slot)
                .is_some_and(|member| matches!(&member.peer, Peer::Udp(e) if e == endpoint))
        };
        self.index.find(self.secret.endpoint(endpoint), matches)
    }

    /// Gives a member another name, which must be nobody's. The name it had.
    pub(super) fn rename(&mut self, slot: u32, new: Name) -> Option<Name> {
        let hash = self.secret.name(&new);
        let old = core::mem::replace(&mut self.get_mut(slot)?.name, new);
        self.index.remove(self.secret.name(&old), slot);
        self.index.insert(hash, slot);
        Some(old)
    }

    /// Notes that a member was heard, and moves it to the end of its list.
    pub(super) fn hear(&mut self, slot: u32, now: Instant) {
        if let Some(member) = self.get_mut(slot) {
            member.heard = now;
            if member.peer.kind() == Kind::Datagrams {
                self.unlink(slot);
                self.append(slot);
            }
        }
    }

    pub(super) fn first(&self, kind: Kind) -> Option<u32> {
        match kind {
            Kind::Streams => self.streams.first,
            Kind::Datagrams => self.datagrams.first,
        }
    }

    /// The member behind this one in its list.
    pub(super) fn next(&self, slot: u32) -> Option<u32> {
        self.get(slot)?.next
    }

    /// The members of one kind in their order, with their slots.
    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = (u32, &Member<K, E>)> + '_ {
        let mut at = self.first(kind);
        core::iter::from_fn(move || {
            let slot = at?;
            let member = self.get(slot)?;
            at = member.next;
            Some((slot, member))
        })
    }

    /// Everybody: streams first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Member<K, E>> + '_ {
        let streams = self.of(Kind::Streams);
        streams
            .chain(self.of(Kind::Datagrams))
            .map(|(_, member)| member)
    }

    fn list(&mut self, kind: Kind) -> &mut List {
        match kind {
            Kind::Streams => &mut self.streams,
            Kind::Datagrams => &mut self.datagrams,
        }
    }

    fn append(&mut self, slot: u32) {
        let Some(kind) = self.get(slot).map(|member| member.peer.kind()) else {
            return;
        };
        let list = self.list(kind);
        list.len += 1;
        let last = list.last.replace(slot);
        if last.is_none() {
            list.first = Some(slot);
        }
        if let Some(last) = last.and_then(|last| self.get_mut(last)) {
            last.next = Some(slot);
        }
        if let Some(member) = self.get_mut(slot) {
            member.previous = last;
            member.next = None;
        }
    }

    fn unlink(&mut self, slot: u32) {
        let Some(member) = self.get(slot) else { return };
        let (kind, previous, next) = (member.peer.kind(), member.previous, member.next);
        self.list(kind).len -= 1;
        match previous {
            Some(previous) => self
                .get_mut(previous)
                .into_iter()
                .for_each(|member| member.next = next),
            None => self.list(kind).first = next,
        }
        match next {
            Some(next) => self
                .get_mut(next)
                .into_iter()
                .for_each(|member| member.previous = previous),
            None => self.list(kind).last = previous,
        }
    }
}
