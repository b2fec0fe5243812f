//! Every octet that the application owns beside the node.

use managed::ManagedSlice;

use super::live::Watched;
use super::seat::Seat;
use super::telling::Stream;
use crate::chat;
use crate::node::{Handle, Place};
use crate::trace::Flow;

/// The memory of an application, in parts.
pub struct Memory<'a> {
    /// One for each connection of the node.
    pub seats: ManagedSlice<'a, Seat>,
    /// One for each connection of the node.
    pub deadlines: ManagedSlice<'a, Place>,
    /// One for each long answer that may be on its way at once.
    pub streams: ManagedSlice<'a, Stream>,
    /// One for each connection whose ladder is drawn live; of others only changes of state are told.
    pub watched: ManagedSlice<'a, Watched>,
    /// The room: one member for each connection, one for the operator, and those over UDP.
    pub room: chat::Memory<'a, Handle, Flow>,
}

#[cfg(feature = "std")]
impl Memory<'static> {
    /// Memory from the heap for so many connections, and for `guests` members beside them (UDP, and
    /// the operator).
    pub fn heap(connections: usize, guests: usize) -> Self {
        use std::vec::Vec;
        let repeat = |count| core::iter::repeat_n((), count);
        Self {
            seats: repeat(connections)
                .map(|()| Seat::EMPTY)
                .collect::<Vec<_>>()
                .into(),
            deadlines: std::vec![Place::EMPTY; connections].into(),
            streams: repeat(64)
                .map(|()| Stream::EMPTY)
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

/// The memory of an application in one value, for a `static`: `CONNECTIONS` as the node has, `MEMBERS`
/// in the room at once, `STREAMS` long answers and `WATCHED` live ladders at once.
pub struct Storage<
    const CONNECTIONS: usize,
    const MEMBERS: usize,
    const STREAMS: usize,
    const WATCHED: usize,
> {
    seats: [Seat; CONNECTIONS],
    deadlines: [Place; CONNECTIONS],
    streams: [Stream; STREAMS],
    watched: [Watched; WATCHED],
    room: chat::Storage<Handle, Flow, MEMBERS>,
}

impl<const CONNECTIONS: usize, const MEMBERS: usize, const STREAMS: usize, const WATCHED: usize>
    Storage<CONNECTIONS, MEMBERS, STREAMS, WATCHED>
{
    /// Memory that holds nothing.
    pub const fn new() -> Self {
        Self {
            seats: [const { Seat::EMPTY }; CONNECTIONS],
            deadlines: [Place::EMPTY; CONNECTIONS],
            streams: [const { Stream::EMPTY }; STREAMS],
            watched: [const { Watched::NOTHING }; WATCHED],
            room: chat::Storage::new(),
        }
    }

    /// The memory in parts.
    pub fn memory(&mut self) -> Memory<'_> {
        Memory {
            seats: (&mut self.seats[..]).into(),
            deadlines: (&mut self.deadlines[..]).into(),
            streams: (&mut self.streams[..]).into(),
            watched: (&mut self.watched[..]).into(),
            room: self.room.memory(),
        }
    }
}

impl<const CONNECTIONS: usize, const MEMBERS: usize, const STREAMS: usize, const WATCHED: usize>
    Default for Storage<CONNECTIONS, MEMBERS, STREAMS, WATCHED>
{
    fn default() -> Self {
        Self::new()
    }
}
