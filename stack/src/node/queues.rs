//! Who has something to do: queues of slots, threaded through one array of links.
//!
//! Each queue gives and takes in constant time, at any number of slots. A slot is in a queue at most
//! once; putting it in again changes nothing.

use managed::ManagedSlice;

/// The queues. Those that share a lane exclude each other: a slot is in at most one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Queue {
    /// Has, or may have, a segment to send.
    Egress = 0,
    /// Has news for the application.
    Ready = 1,
    /// Carries no connection.
    Free = 2,
    /// SYN-RECEIVED after a passive open; the oldest in front.
    HalfOpen = 3,
    /// Established after a passive open, waiting for `accept`.
    Accept = 4,
    /// Could not send, because the peer's hardware address is not known.
    Unresolved = 5,
}

const LISTS: usize = 6;
const LANES: usize = 3;
const NONE: u16 = u16::MAX;

impl Queue {
    const fn lane(self) -> usize {
        match self {
            Self::Egress | Self::Unresolved => 0,
            Self::Ready => 1,
            Self::Free | Self::HalfOpen | Self::Accept => 2,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Link {
    list: u16,
    before: u16,
    after: u16,
}

impl Link {
    const NOWHERE: Self = Self {
        list: NONE,
        before: NONE,
        after: NONE,
    };
}

/// The links of one slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueueLinks([Link; LANES]);

impl QueueLinks {
    /// In no queue; for building arrays.
    pub(super) const EMPTY: Self = Self([Link::NOWHERE; LANES]);
}

#[derive(Clone, Copy)]
struct Ends {
    first: u16,
    last: u16,
    len: u16,
}

/// All queues over all slots. At most 65,535 slots.
pub(super) struct Queues<'a> {
    links: ManagedSlice<'a, QueueLinks>,
    ends: [Ends; LISTS],
}

impl<'a> Queues<'a> {
    /// Empty queues over `links.len()` slots.
    pub(super) fn new(links: ManagedSlice<'a, QueueLinks>) -> Self {
        let empty = Ends {
            first: NONE,
            last: NONE,
            len: 0,
        };
        Self {
            links,
            ends: [empty; LISTS],
        }
    }

    /// How many slots are in a queue.
    pub(super) fn len(&self, list: Queue) -> usize {
        self.ends[list as usize].len as usize
    }

    /// The slot that has been in a queue for longest.
    pub(super) fn front(&self, list: Queue) -> Option<usize> {
        let first = self.ends[list as usize].first;
        (first != NONE).then_some(first as usize)
    }

    /// The slots of a queue, in order.
    pub(super) fn iter(&self, list: Queue) -> impl Iterator<Item = usize> + Clone {
        let lane = list.lane();
        core::iter::successors(self.front(list), move |slot| {
            let after = self.links[*slot].0[lane].after;
            (after != NONE).then_some(after as usize)
        })
    }

    /// Whether a slot is in a queue.
    pub(super) fn contains(&self, list: Queue, slot: usize) -> bool {
        self.links[slot].0[list.lane()].list == list as u16
    }

    /// Puts a slot at the end of a queue, taking it out of any other of the same lane.
    pub(super) fn push(&mut self, list: Queue, slot: usize) {
        if self.contains(list, slot) {
            return;
        }
        let lane = list.lane();
        let links = &mut self.links[..];
        if links[slot].0[lane].list != NONE {
            leave(links, &mut self.ends, lane, slot);
        }
        let ends = &mut self.ends[list as usize];
        let last = core::mem::replace(&mut ends.last, slot as u16);
        ends.len += 1;
        links[slot].0[lane] = Link {
            list: list as u16,
            before: last,
            after: NONE,
        };
        if last == NONE {
            ends.first = slot as u16;
        } else {
            links[usize::from(last)].0[lane].after = slot as u16;
        }
    }

    /// Takes the front of a queue.
    pub(super) fn pop(&mut self, list: Queue) -> Option<usize> {
        let slot = self.front(list)?;
        leave(&mut self.links, &mut self.ends, list.lane(), slot);
        Some(slot)
    }

    /// Takes a slot out of a queue; nothing happens when it is not there.
    pub(super) fn remove(&mut self, list: Queue, slot: usize) {
        if self.contains(list, slot) {
            leave(&mut self.links, &mut self.ends, list.lane(), slot);
        }
    }
}

/// Takes a slot out of the queue of a lane that it is in.
fn leave(links: &mut [QueueLinks], ends: &mut [Ends; LISTS], lane: usize, slot: usize) {
    let link = core::mem::replace(&mut links[slot].0[lane], Link::NOWHERE);
    let ends = &mut ends[usize::from(link.list)];
    ends.len -= 1;
    if link.before == NONE {
        ends.first = link.after;
    } else {
        links[usize::from(link.before)].0[lane].after = link.after;
    }
    if link.after == NONE {
        ends.last = link.before;
    } else {
        links[usize::from(link.after)].0[lane].before = link.before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn a_queue_gives_slots_in_the_order_it_got_them() {
        let mut queues = Queues::new(ManagedSlice::Owned(vec![QueueLinks::EMPTY; 4]));
        for slot in [2, 0, 3, 2] {
            queues.push(Queue::Egress, slot);
        }
        queues.remove(Queue::Egress, 0);
        queues.push(Queue::Egress, 1);
        assert_eq!(queues.len(Queue::Egress), 3);
        assert_eq!(queues.iter(Queue::Egress).collect::<Vec<_>>(), [2, 3, 1]);
        assert_eq!(queues.pop(Queue::Egress), Some(2));
        assert_eq!(queues.pop(Queue::Egress), Some(3));
        assert_eq!(queues.pop(Queue::Egress), Some(1));
        assert_eq!(queues.pop(Queue::Egress), None);
    }

    #[test]
    fn queues_of_one_lane_exclude_each_other_and_others_do_not() {
        let mut queues = Queues::new(ManagedSlice::Owned(vec![QueueLinks::EMPTY; 2]));
        queues.push(Queue::Free, 0);
        queues.push(Queue::HalfOpen, 0);
        queues.push(Queue::Ready, 0);
        assert_eq!(queues.len(Queue::Free), 0);
        assert!(queues.contains(Queue::HalfOpen, 0));
        assert!(queues.contains(Queue::Ready, 0));
    }
}
