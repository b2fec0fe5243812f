//! Every octet that the application owns besides the node.

use heapless::Vec;
use managed::ManagedSlice;

use super::live::Watched;
use super::response::Response;
use super::session::Session;
use crate::chat;
use crate::deadlines::Place;
use crate::node::{Handle, Path};
use smolhost::opaque;

/// The memory of an application, in parts.
pub struct Memory<'a> {
    /// One for each connection of the node.
    pub sessions: ManagedSlice<'a, Session>,
    /// One for each connection of the node.
    pub deadlines: ManagedSlice<'a, Place>,
    /// One for each long answer that may be sent at the same time, at least two: the first is the operator's own,
    /// members share the others.
    pub responses: ManagedSlice<'a, Response>,
    /// One for each connection whose ladder is drawn live; for others only changes of state are shown.
    pub watched: ManagedSlice<'a, Watched>,
    /// The room: one member for each connection, one for the operator, and those over UDP.
    pub room: chat::Memory<'a, Handle, Path>,
}

opaque!([] Memory<'_>, "Memory");

#[cfg(feature = "std")]
impl Memory<'static> {
    /// Memory from the heap for this many connections, and for `guests` additional members (UDP, and the operator).
    pub fn heap(connections: usize, guests: usize) -> Self {
        use std::vec::Vec;

        let repeat = |count| core::iter::repeat_n((), count);
        Self {
            sessions: repeat(connections)
                .map(|()| Session::EMPTY)
                .collect::<Vec<_>>()
                .into(),
            deadlines: std::vec![Place::EMPTY; connections].into(),
            // The operator's own, and those that members share.
            responses: repeat(1 + 64)
                .map(|()| Response::EMPTY)
                .collect::<Vec<_>>()
                .into(),
            watched: repeat(64)
                .map(|()| Watched::NOTHING)
                .collect::<Vec<_>>()
                .into(),
            room: chat::Memory::heap(connections + guests),
        }
    }
}

/// The memory of an application as one value, for a `static`: `CONNECTIONS` as many as the node has, `MEMBERS` in the
/// room at once, `RESPONSES` long answers at once, one of them the operator's, and `WATCHED` live ladders.
///
/// Every octet of [`Self::new`] is zero, so the `static` costs no flash.
pub struct Storage<
    const CONNECTIONS: usize,
    const MEMBERS: usize,
    const RESPONSES: usize,
    const WATCHED: usize,
> {
    sessions: Vec<Session, CONNECTIONS>,
    deadlines: Vec<Place, CONNECTIONS>,
    responses: Vec<Response, RESPONSES>,
    watched: Vec<Watched, WATCHED>,
    room: chat::Storage<Handle, Path, MEMBERS>,
}

opaque!([const CONNECTIONS: usize, const MEMBERS: usize, const RESPONSES: usize, const WATCHED: usize] Storage<CONNECTIONS, MEMBERS, RESPONSES, WATCHED>, "Storage");

impl<const CONNECTIONS: usize, const MEMBERS: usize, const RESPONSES: usize, const WATCHED: usize>
    Storage<CONNECTIONS, MEMBERS, RESPONSES, WATCHED>
{
    /// Empty memory.
    pub const fn new() -> Self {
        Self {
            sessions: Vec::new(),
            deadlines: Vec::new(),
            responses: Vec::new(),
            watched: Vec::new(),
            room: chat::Storage::new(),
        }
    }

    /// The memory in parts.
    pub fn memory(&mut self) -> Memory<'_> {
        Memory {
            sessions: full(&mut self.sessions, || Session::EMPTY).into(),
            deadlines: full(&mut self.deadlines, || Place::EMPTY).into(),
            responses: full(&mut self.responses, || Response::EMPTY).into(),
            watched: full(&mut self.watched, || Watched::NOTHING).into(),
            room: self.room.memory(),
        }
    }
}

/// Fills a vector to its capacity.
fn full<T, const N: usize>(vector: &mut Vec<T, N>, empty: fn() -> T) -> &mut [T] {
    while vector.push(empty()).is_ok() {}
    vector.as_mut_slice()
}

impl<const CONNECTIONS: usize, const MEMBERS: usize, const RESPONSES: usize, const WATCHED: usize>
    Default for Storage<CONNECTIONS, MEMBERS, RESPONSES, WATCHED>
{
    fn default() -> Self {
        Self::new()
    }
}
