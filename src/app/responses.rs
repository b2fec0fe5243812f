//! Places for long answers: who gets one, and who makes room.
//!
//! The first place is the operator's own, the others are shared. An answer keeps its place for as long as its reader
//! likes, unless another reader wants one and none is free: then one ends early whose reader has not read for a while,
//! or one of the origin that has most of them, and its reader is told so.

use managed::ManagedSlice;
use smoltcp::time::{Duration, Instant};

use super::answers::Content;
use super::response::{Reader, Response};
use crate::chat::{self, Endpoint, Origin};
use crate::node::{Handle, Node};

/// A reader that took nothing for so long makes room for one that wants to read.
const STALLED: Duration = Duration::from_secs(2);

/// Places that are the operator's own.
const OPERATORS: usize = 1;

/// Where an answer can go on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Free(usize),
    /// It has to be taken from this reader.
    Of(usize, Handle),
}

/// No place is free, and nobody has to make room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Busy;

pub(super) struct Responses<'a> {
    places: ManagedSlice<'a, Response>,
    /// Whether one of them may be in use.
    busy: bool,
}

impl<'a> Responses<'a> {
    pub(super) fn new(places: ManagedSlice<'a, Response>) -> Self {
        Self {
            places,
            busy: false,
        }
    }

    /// Whether an answer may be on its way.
    pub(super) fn is_busy(&self) -> bool {
        self.busy
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Response> {
        self.places.iter_mut()
    }

    /// Looks again whether any answer is on its way.
    pub(super) fn settle(&mut self) {
        self.busy = self.places.iter().any(|stream| !stream.is_free());
    }

    /// Drops what is on its way to a connection.
    pub(super) fn forget(&mut self, handle: Handle) {
        if self.busy {
            let places = self.places.iter_mut();
            places
                .filter(|stream| stream.reader() == Some(Reader::Connection(handle)))
                .for_each(Response::forget);
        }
    }

    /// Drops everything.
    pub(super) fn forget_all(&mut self) {
        self.places.iter_mut().for_each(Response::forget);
    }

    /// Begins an answer in a place that [`Self::place_for`] gave.
    pub(super) fn begin(
        &mut self,
        now: Instant,
        place: usize,
        to: Reader,
        content: Content,
        lines: bool,
    ) {
        self.busy = true;
        if let Some(stream) = self.places.get_mut(place) {
            stream.begin(now, to, content, lines);
        }
    }

    /// Ends an answer early; what to tell its reader.
    pub(super) fn cut_short(&mut self, place: usize) -> &'static str {
        self.places.get_mut(place).map_or("", Response::cut_short)
    }

    /// A place for an answer to `to`.
    pub(super) fn place_for(&self, now: Instant, node: &Node<'_>, to: Reader) -> Option<Place> {
        let first = match to {
            Reader::Operator => 0,
            Reader::Connection(_) => OPERATORS,
        };
        let mut free = (first..self.places.len()).filter(|&at| self.places[at].is_free());
        let free = free.next().map(Place::Free);
        free.or_else(|| self.yielding(now, node, to))
    }

    fn yielding(&self, now: Instant, node: &Node<'_>, to: Reader) -> Option<Place> {
        let origin_of = |handle| Some(node.status(handle)?.flow.origin());
        let Reader::Connection(newcomer) = to else {
            return None;
        };
        let newcomer = origin_of(newcomer)?;
        let readers = || {
            let places = self.places.iter().enumerate().skip(OPERATORS);
            places.filter_map(|(at, stream)| match stream.reader()? {
                Reader::Connection(handle) => {
                    Some((stream.moved(), Place::Of(at, handle), origin_of(handle)?))
                }
                Reader::Operator => None,
            })
        };
        let origins = |each: &mut dyn FnMut(Origin)| {
            readers().for_each(|(.., origin)| each(origin));
        };
        let (crowd, size) = chat::most_crowded(now, &origins)?;
        let crowded = size > chat::count(newcomer, &origins) + 1;
        let longest = readers().min_by_key(|(moved, ..)| *moved);
        let stalled = longest.filter(|(moved, ..)| *moved + STALLED <= now);
        let (_, place, _) = stalled.or_else(|| {
            let of_the_crowd = readers().filter(|(.., origin)| crowded && *origin == crowd);
            of_the_crowd.min_by_key(|(moved, ..)| *moved)
        })?;
        Some(place)
    }
}
