//! Frames in flight: a queue in fixed memory, sorted by the instant at which each frame arrives.
//!
//! A frame that was taken stays readable until its memory is needed again, so the memory that carries frames is also a
//! capture of the most recent ones. How far back it reaches is a matter of size.
//!
//! Nothing allocates after construction. One slot is always kept free for the frame that is being written, so a queue
//! of `n` slots holds `n - 1` frames.

use managed::ManagedSlice;
use smoltcp::time::Instant;

/// The bookkeeping of one frame. Only its size matters outside: memory is passed in as slots.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    place: u32,
    len: u32,
    order: u64,
    sent: Instant,
    arrives: Instant,
}

impl Slot {
    /// An empty slot, to fill arrays with.
    pub const EMPTY: Self = Self {
        place: 0,
        len: 0,
        order: 0,
        sent: Instant::ZERO,
        arrives: Instant::ZERO,
    };
}

/// A frame in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'q> {
    // Open to the wire and its faults, which write it in place.
    /// When it was sent.
    pub sent: Instant,
    /// When it can be taken; for a frame that has been taken, when that happened.
    pub arrives: Instant,
    /// The frame, from its destination address to the end of its payload.
    pub octets: &'q [u8],
    pub(super) order: u64,
}

/// A queue of frames, sorted by arrival; frames that arrive together keep the order in which they were sent.
#[derive(Debug)]
pub struct Queue<'a> {
    octets: ManagedSlice<'a, u8>,
    // A ring. From `head` on: `queued` frames that wait, then free slots, then `kept` frames that
    // were taken, the oldest first, up to `head` again.
    slots: ManagedSlice<'a, Slot>,
    frame_size: usize,
    head: usize,
    queued: usize,
    kept: usize,
}

impl<'a> Queue<'a> {
    /// A queue for frames of up to `octets.len() / slots.len()` octets, of which it holds `slots.len() - 1`.
    ///
    /// With fewer than two slots it can hold no frame.
    pub fn new(
        octets: impl Into<ManagedSlice<'a, u8>>,
        slots: impl Into<ManagedSlice<'a, Slot>>,
    ) -> Self {
        let octets = octets.into();
        let mut slots = slots.into();
        for (place, slot) in slots.iter_mut().enumerate() {
            *slot = Slot {
                place: place as u32,
                ..Slot::EMPTY
            };
        }
        let frame_size = octets.len().checked_div(slots.len()).unwrap_or(0);
        Self {
            octets,
            slots,
            frame_size,
            head: 0,
            queued: 0,
            kept: 0,
        }
    }

    /// A queue on the heap for `frames` frames of up to `frame_size` octets.
    #[cfg(feature = "std")]
    pub fn heap(frame_size: usize, frames: usize) -> Self {
        let slots = frames + 1;
        Self::new(
            std::vec![0; frame_size * slots],
            std::vec![Slot::EMPTY; slots],
        )
    }

    /// The longest frame that it can hold, in octets.
    pub const fn frame_size(&self) -> usize {
        self.frame_size
    }

    /// How many frames can wait at once.
    pub fn capacity(&self) -> usize {
        self.slots.len().saturating_sub(1)
    }

    /// How many frames wait.
    pub const fn len(&self) -> usize {
        self.queued
    }

    /// Whether no frame waits.
    pub const fn is_empty(&self) -> bool {
        self.queued == 0
    }

    /// Whether no further frame can be queued.
    pub fn is_full(&self) -> bool {
        self.queued + 1 >= self.slots.len()
    }

    /// The arrival of the first frame.
    pub fn next_arrival(&self) -> Option<Instant> {
        (self.queued > 0).then(|| self.slots[self.head].arrives)
    }

    /// The waiting frames, in order of arrival.
    pub fn frames(&self) -> Frames<'_> {
        self.range(0, self.queued)
    }

    /// The frames that were taken and are still readable, oldest first.
    pub fn taken(&self) -> Frames<'_> {
        self.range(self.slots.len() - self.kept, self.slots.len())
    }

    /// The octets of a waiting frame, to be changed freely.
    pub fn octets_mut(&mut self, index: usize) -> Option<&mut [u8]> {
        if index >= self.queued {
            return None;
        }
        let slot = self.slots[self.position(index)];
        Some(self.place_mut(slot))
    }

    /// Queues a copy of `frame`. `false`, and nothing changes, if the queue is full or the frame too long.
    pub fn push(&mut self, sent: Instant, arrives: Instant, frame: &[u8]) -> bool {
        if self.is_full() || frame.len() > self.frame_size {
            return false;
        }
        self.free(frame.len()).copy_from_slice(frame);
        self.commit(frame.len(), sent, arrives, 0);
        true
    }

    /// Removes a waiting frame, which is then not among the taken ones. `false` if there is no such frame.
    pub fn remove(&mut self, index: usize) -> bool {
        if index >= self.queued {
            return false;
        }
        for at in index..self.queued - 1 {
            self.exchange(at, at + 1);
        }
        self.queued -= 1;
        true
    }

    /// Inserts a copy of a waiting frame after it. `false` if there is no such frame, or no room.
    pub fn duplicate(&mut self, index: usize) -> bool {
        if index >= self.queued || self.is_full() {
            return false;
        }
        let (slot, from) = {
            let slot = self.slots[self.position(index)];
            (slot, slot.place as usize * self.frame_size)
        };
        let _ = self.free(0);
        let to = self.slots[self.position(self.queued)].place as usize * self.frame_size;
        self.octets.copy_within(from..from + slot.len as usize, to);
        self.commit(slot.len as usize, slot.sent, slot.arrives, slot.order);
        true
    }

    /// Swaps two waiting frames; each arrives when the other would have. `false` if there are no such frames.
    pub fn swap(&mut self, one: usize, other: usize) -> bool {
        if one >= self.queued || other >= self.queued {
            return false;
        }
        let (one, other) = (self.position(one), self.position(other));
        let (first, second) = (self.slots[one].arrives, self.slots[other].arrives);
        self.slots.swap(one, other);
        self.slots[one].arrives = first;
        self.slots[other].arrives = second;
        true
    }

    /// Reschedules a waiting frame to arrive at another instant, after those that arrive at the same instant. `false`
    /// if there is no such frame.
    pub fn reschedule(&mut self, index: usize, arrives: Instant) -> bool {
        if index >= self.queued {
            return false;
        }
        for at in index..self.queued - 1 {
            self.exchange(at, at + 1);
        }
        let last = self.position(self.queued - 1);
        self.slots[last].arrives = arrives;
        self.sort_in_last();
        true
    }

    /// Memory for a frame of `len` octets, at most [`Queue::frame_size`]; dirty. It is queued by
    /// [`Queue::commit`], and forgotten without it.
    pub(super) fn free(&mut self, len: usize) -> &mut [u8] {
        if self.queued + self.kept == self.slots.len() {
            self.kept -= 1;
        }
        let at = self.position(self.queued);
        self.slots[at].len = len as u32;
        let slot = self.slots[at];
        self.place_mut(slot)
    }

    /// Queues the `len` octets that were written to [`Queue::free`]. The queue must not be full.
    /// `order` is for the caller to know the frame again by.
    pub(super) fn commit(&mut self, len: usize, sent: Instant, arrives: Instant, order: u64) {
        debug_assert!(!self.is_full());
        let at = self.position(self.queued);
        let slot = &mut self.slots[at];
        slot.len = len as u32;
        slot.order = order;
        slot.sent = sent;
        slot.arrives = arrives;
        self.queued += 1;
        self.sort_in_last();
    }

    /// Takes the first frame, which must be there. `order` says when among the frames of other
    /// queues.
    pub(super) fn take(&mut self, now: Instant, order: u64) -> &[u8] {
        let at = self.head;
        let slot = &mut self.slots[at];
        slot.arrives = now;
        slot.order = order;
        self.head = self.position(1);
        self.queued -= 1;
        self.kept += 1;
        self.place(self.slots[at])
    }

    fn range(&self, at: usize, end: usize) -> Frames<'_> {
        Frames {
            octets: &self.octets,
            slots: &self.slots,
            frame_size: self.frame_size,
            head: self.head,
            at,
            end,
        }
    }

    fn sort_in_last(&mut self) {
        let mut at = self.queued - 1;
        while at > 0 {
            let (before, this) = (self.position(at - 1), self.position(at));
            if self.slots[before].arrives <= self.slots[this].arrives {
                break;
            }
            self.slots.swap(before, this);
            at -= 1;
        }
    }

    fn exchange(&mut self, one: usize, other: usize) {
        let (one, other) = (self.position(one), self.position(other));
        self.slots.swap(one, other);
    }

    fn position(&self, index: usize) -> usize {
        wrap(self.head + index, self.slots.len())
    }

    fn place(&self, slot: Slot) -> &[u8] {
        octets_of(&self.octets, self.frame_size, slot)
    }

    fn place_mut(&mut self, slot: Slot) -> &mut [u8] {
        let from = slot.place as usize * self.frame_size;
        &mut self.octets[from..from + slot.len as usize]
    }
}

// Nothing in the ring is ever more than one round ahead, so a subtraction replaces a division.
const fn wrap(at: usize, slots: usize) -> usize {
    if at < slots { at } else { at - slots }
}

fn octets_of(octets: &[u8], frame_size: usize, slot: Slot) -> &[u8] {
    let from = slot.place as usize * frame_size;
    &octets[from..from + slot.len as usize]
}

/// An iterator over frames of a [`Queue`].
#[derive(Debug, Clone)]
pub struct Frames<'q> {
    octets: &'q [u8],
    slots: &'q [Slot],
    frame_size: usize,
    head: usize,
    at: usize,
    end: usize,
}

impl<'q> Iterator for Frames<'q> {
    type Item = Frame<'q>;

    fn next(&mut self) -> Option<Frame<'q>> {
        if self.at == self.end {
            return None;
        }
        let slot = self.slots[wrap(self.head + self.at, self.slots.len())];
        self.at += 1;
        Some(Frame {
            sent: slot.sent,
            arrives: slot.arrives,
            octets: octets_of(self.octets, self.frame_size, slot),
            order: slot.order,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.at;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Frames<'_> {}
