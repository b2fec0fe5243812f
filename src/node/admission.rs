//! Who gets in: SYNs that find a connection free, those that wait, those that leave no trace.
//!
//! - A SYN opens a connection at once if one is free, nobody waits, and less than three quarters of all are
//!   in a handshake. Otherwise it waits, as long as there are places to wait in.
//! - Beyond them it meets silence, and the peer sends it again. If there is a flood, which shows in
//!   handshakes that do not end or in very many SYNs, it is answered by a cookie (RFC 4987 section 3.6). So
//!   is one that waits, if it came again or the handshakes in its way do not end.
//! - Whoever returns a cookie is proven to be there: it takes a free connection, or the place of a SYN that
//!   waits, and is the next to be let in.
//! - A handshake gives way only to somebody who waits, and only when it is [`OLD`]; one of a crowd, which has
//!   a quarter of the oldest or more, when it is [`OVER_ITS_SHARE`]. So does a SYN of a crowd that waits.

use smoltcp::time::{Duration, Instant};
use smoltcp::wire::TcpControl;

use super::frame::TcpFrame;
use super::link::said_mss;
use super::node::Node;
use super::numbers::before;
use super::one_frame::Exit;
use super::opening::{Opening, opening};
use super::queues::Queue;
use super::reply::bare;
use super::slot_id::SlotId;
use super::syn_queue::{Kept, Listener, PendingSyn};
use super::time_wait::{TimeWait, TimeWaitId};
use crate::origin::{self, Origin};
use crate::trace::{Answer, Cause, Ending, Flags, Header, Reason, Resource, State, Verdict};

/// A cookie is good for at most two periods of about a minute each.
const COOKIE_LIFE: Duration = Duration::from_secs(135);

/// A new connection must begin so far beyond the old one's numbers (RFC 9293 section 3.10.7.4).
const BEYOND_THE_OLD: u32 = 128_000;

/// Our SYN,ACK left now, 1 s and 3 s after that (RFC 6298 section 2): a peer that is there has answered.
const OLD: Duration = Duration::from_secs(4);

/// The same for whoever has more than its share of handshakes: one timeout (RFC 6298 section 2.1).
const OVER_ITS_SHARE: Duration = Duration::from_secs(1);

/// The same, while somebody waits that returned a cookie: it is there, and most handshakes take less.
const FOR_PROVEN: Duration = Duration::from_millis(200);

/// Very many SYNs are still a flood for so long: a SYN that met silence comes again after 1 s.
const FLOOD: Duration = Duration::from_secs(2);

/// So many times as many as there are places may come in one second and be no flood.
const CROWD: usize = 4;

/// So many of the oldest handshakes tell whose most are. A constant bounds the work.
const OLDEST: usize = 16;

/// What an acknowledgment out of nowhere came to.
enum ByCookie {
    /// It completes a handshake, in this slot.
    Opened(SlotId),
    /// It does as soon as a connection is free.
    Waits,
    /// It would, if there were a place to wait in.
    NoRoom,
    /// It has the time of a cookie in it and no more: it may be of a later segment.
    Incomplete,
    /// It has nothing to do with a cookie.
    NoCookie,
}

impl Node<'_> {
    /// A segment between endpoints that have no connection.
    pub(super) fn receive_unknown(
        &mut self,
        frame: &TcpFrame<'_>,
        octets: &[u8],
        exit: &mut dyn Exit,
    ) {
        let Some(listener) = self.listener(frame.flow.local.port) else {
            return self.refuse(frame, exit);
        };
        let flags = frame.header.flags;
        if flags.contains(Flags::RST) {
            // It may take back a SYN that still waits.
            self.syn_queue.take_back(&frame.flow, frame.header.seq);
            self.record
                .stray(frame, Verdict::Dropped(Reason::StrayReset));
        } else if flags.contains(Flags::ACK) {
            if flags.contains(Flags::SYN) {
                return self.refuse(frame, exit);
            }
            match self.open_by_cookie(listener, frame) {
                ByCookie::Opened(slot) => self.receive_for(slot, frame, octets, exit),
                ByCookie::Waits => self.record.stray(frame, Verdict::Held),
                // Full of those that are proven. What it sends again has the same acknowledgment.
                ByCookie::NoRoom => {
                    self.note_full(Resource::Backlog);
                    self.record
                        .stray(frame, Verdict::Dropped(Reason::BacklogFull));
                }
                // A reset would end a connection whose first data is still to come (again).
                ByCookie::Incomplete => {
                    self.record
                        .stray(frame, Verdict::Dropped(Reason::CookieIncomplete));
                }
                ByCookie::NoCookie => self.refuse(frame, exit),
            }
        } else if flags.contains(Flags::SYN) {
            self.receive_syn(listener, frame, exit);
        } else {
            self.record.stray(frame, Verdict::Dropped(Reason::NoAck));
        }
    }

    fn receive_syn(&mut self, listener: Listener, frame: &TcpFrame<'_>, exit: &mut dyn Exit) {
        if self.syn_queue.len() == 0 && self.may_open(false) {
            let iss = self.isn.next(self.now, &frame.flow);
            self.open_passive(opening(frame, iss));
            return;
        }
        let handshakes = self.table.len(Queue::HalfOpen) > 0;
        // Nothing else is in its way.
        let only_handshakes = self.table.len(Queue::Free) > 0 && !self.may_open(false);
        let held = PendingSyn {
            flow: frame.flow,
            neighbor: frame.neighbor,
            syn: frame.header,
            proven: None,
            again: false,
            heard: self.now,
        };
        let kept = self.syn_queue.keep(held, listener.backlog);
        if let Kept::Instead(resource) = kept {
            self.note_full(resource);
        }
        match kept {
            Kept::Again if only_handshakes => self.answer_with_cookie(frame, exit),
            Kept::New | Kept::Instead(_)
                if self.crowd_before(held.origin()).is_some()
                    || only_handshakes && self.handshakes_are_old() =>
            {
                self.answer_with_cookie(frame, exit);
            }
            Kept::New | Kept::Again | Kept::Instead(_) => self.record.stray(frame, Verdict::Held),
            Kept::Full if handshakes && !self.may_be_a_crowd() => {
                self.answer_with_cookie(frame, exit);
            }
            Kept::Full if self.limits.refuse => self.refuse(frame, exit),
            Kept::Full => {
                self.note_full(Resource::Backlog);
                self.record
                    .stray(frame, Verdict::Dropped(Reason::BacklogFull));
            }
        }
    }

    /// Whether the handshakes under way may all be of peers that are there: then those beyond them need no
    /// cookies. Too many cookies at once would come back to no place, and whoever then waits to be greeted
    /// waits for ever, while a SYN is sent again.
    fn may_be_a_crowd(&mut self) -> bool {
        let places = self.table.capacity() + self.syn_queue.capacity();
        let crowd = places.saturating_mul(CROWD).min(usize::from(u16::MAX)) as u16;
        if !self.turned_away.take(self.now, crowd) {
            self.flood_until = self.now + FLOOD;
        }
        self.now >= self.flood_until && !self.handshakes_are_old()
    }

    /// Whether the oldest handshake should have ended.
    fn handshakes_are_old(&self) -> bool {
        let front = self.table.front(Queue::HalfOpen);
        front.is_some_and(|slot| self.table[slot].since + OVER_ITS_SHARE <= self.now)
    }

    /// Whether a connection is free for one more handshake, or for a peer that is `proven`: those have the
    /// last quarter for themselves.
    fn may_open(&self, proven: bool) -> bool {
        let slots = self.table.capacity();
        let few = self.table.len(Queue::HalfOpen) < slots - slots / 4;
        self.table.len(Queue::Free) > 0 && (proven || few)
    }

    /// Answers a SYN without keeping anything of it (RFC 4987 section 3.6). No allowance limits that: who
    /// forged SYNs in somebody's name would use it up and keep that one out. The answer is no longer than
    /// what it answers.
    fn answer_with_cookie(&mut self, frame: &TcpFrame<'_>, exit: &mut dyn Exit) {
        self.cookies_until = self.now + COOKIE_LIFE;
        let header = &frame.header;
        let mss = said_mss(&frame.flow, header.mss);
        let iss = self.isn.cookie(self.now, &frame.flow, header.seq, mss);
        let window = self
            .link
            .first_window(frame.flow.local.addr, self.table.window_of_a_syn());
        let mut segment = bare(&frame.flow, iss, Some(header.seq.wrapping_add(1)), window);
        segment.control = TcpControl::Syn;
        segment.max_seg_size = Some(self.link.mss(frame.flow.local.addr));
        self.record
            .stray(frame, Verdict::Answered(Answer::SynCookie));
        self.answer_stray(frame, &segment, Answer::SynCookie, exit);
    }

    /// Opens the connection whose handshake this acknowledgment completes, if it returns a cookie.
    fn open_by_cookie(&mut self, listener: Listener, frame: &TcpFrame<'_>) -> ByCookie {
        if self.now > self.cookies_until {
            return ByCookie::NoCookie;
        }
        let irs = frame.header.seq.wrapping_sub(1);
        let iss = frame.header.ack.wrapping_sub(1);
        let Some(cookie) = self.isn.open_cookie(self.now, &frame.flow, irs, iss) else {
            return if self.isn.may_be_cookie(self.now, frame.header.ack) {
                ByCookie::Incomplete
            } else {
                ByCookie::NoCookie
            };
        };
        let syn = Header {
            seq: irs,
            flags: Flags::SYN,
            window: frame.header.window,
            mss: cookie.mss,
            ..Header::default()
        };
        let held = PendingSyn {
            flow: frame.flow,
            neighbor: frame.neighbor,
            syn,
            proven: Some(iss),
            again: false,
            heard: self.now,
        };
        if !self.may_open(true) && !self.make_room(held.origin(), true) {
            return match self.syn_queue.keep(held, listener.backlog) {
                Kept::New | Kept::Again => ByCookie::Waits,
                Kept::Instead(resource) => {
                    self.note_full(resource);
                    ByCookie::Waits
                }
                Kept::Full => ByCookie::NoRoom,
            };
        }
        match self.open_proven(&held, iss) {
            Some(slot) => ByCookie::Opened(slot),
            None => ByCookie::NoRoom,
        }
    }

    /// Opens the connection of a peer that returned the cookie `iss`, up to SYN-RECEIVED.
    fn open_proven(&mut self, held: &PendingSyn, iss: u32) -> Option<SlotId> {
        self.syn_queue.remove(&held.flow);
        let opening = Opening {
            flow: held.flow,
            neighbor: held.neighbor,
            syn: held.syn,
            iss,
            verdict: None,
        };
        let slot = self.open_passive(opening)?;
        self.swallow_syn_ack(slot);
        Some(slot)
    }

    /// Whether a segment to a half-open connection acknowledges the cookie that answered an earlier SYN
    /// of the same peer. That one arrived first, so it counts.
    pub(super) fn returns_a_cookie(&self, slot: SlotId, frame: &TcpFrame<'_>) -> bool {
        let numbers = &self.table[slot].numbers;
        let header = &frame.header;
        let iss = header.ack.wrapping_sub(1);
        self.now <= self.cookies_until
            && header.flags.contains(Flags::ACK)
            && !header.flags.contains(Flags::RST)
            && !header.flags.contains(Flags::SYN)
            && iss != numbers.iss
            && self
                .isn
                .open_cookie(self.now, &frame.flow, numbers.irs, iss)
                .is_some()
    }

    /// A SYN beyond the numbers of a connection in TIME-WAIT: the old one is over.
    pub(super) fn reopen(
        &mut self,
        id: TimeWaitId,
        wait: &TimeWait,
        listener: Listener,
        frame: &TcpFrame<'_>,
        exit: &mut dyn Exit,
    ) {
        self.end_time_wait(id, wait, Cause::Segment);
        if self.table.len(Queue::Free) == 0 {
            return self.receive_syn(listener, frame, exit);
        }
        let mut iss = self.isn.next(self.now, &frame.flow);
        if !before(wait.snd_nxt, iss) {
            iss = wait.snd_nxt.wrapping_add(BEYOND_THE_OLD);
        }
        self.open_passive(opening(frame, iss));
    }

    /// Lets in who waits, as far as there is room or a handshake gives way.
    pub(super) fn admit_the_waiting(&mut self) {
        if self.syn_queue.len() == 0 {
            return;
        }
        self.syn_queue.forget_the_silent(self.now);
        while let Some(held) = self.next_waiting() {
            if !self.may_open(held.proven.is_some()) {
                if self.make_room(held.origin(), held.proven.is_some()) {
                    continue;
                }
                return;
            }
            self.syn_queue.remove(&held.flow);
            if self.find(&held.flow).is_some() {
                // We called it ourselves meanwhile.
                continue;
            }
            self.admit(&held);
        }
    }

    fn admit(&mut self, held: &PendingSyn) {
        if let Some(iss) = held.proven {
            if let Some(slot) = self.open_proven(held, iss) {
                self.complete(slot);
            }
            return;
        }
        let opening = Opening {
            flow: held.flow,
            neighbor: held.neighbor,
            syn: held.syn,
            iss: self.isn.next(self.now, &held.flow),
            verdict: Some(Verdict::Held),
        };
        self.open_passive(opening);
    }

    /// When somebody who waits may be let in although nothing else happens.
    pub(super) fn admission_deadline(&self) -> Option<Instant> {
        if self.syn_queue.len() == 0 {
            return None;
        }
        let held = self.next_waiting()?;
        let (_, at) = self.gives_way(held.origin(), held.proven.is_some())?;
        Some(at)
    }

    /// Who is to be let in next; last of all who has a crowd of the oldest handshakes.
    fn next_waiting(&self) -> Option<PendingSyn> {
        let crowd = origin::crowd(self.now, &|each| self.oldest_origins(each));
        self.syn_queue.next(self.now, crowd.map(|(crowd, _)| crowd))
    }

    /// Who has a crowd of the oldest handshakes, and more than `newcomer` would have.
    fn crowd_before(&self, newcomer: Origin) -> Option<Origin> {
        origin::crowd_before(self.now, newcomer, &|each| self.oldest_origins(each))
    }

    fn oldest_origins(&self, each: &mut dyn FnMut(Origin)) {
        let oldest = self.table.queued(Queue::HalfOpen).take(OLDEST);
        oldest.for_each(|slot| each(self.origin_of(slot)));
    }

    fn origin_of(&self, slot: SlotId) -> Origin {
        Origin::of(self.table[slot].flow.remote.addr.into())
    }

    /// The handshake that is the first to give way to `newcomer`, and when.
    fn gives_way(&self, newcomer: Origin, proven: bool) -> Option<(SlotId, Instant)> {
        let patience = if proven { FOR_PROVEN } else { OVER_ITS_SHARE };
        let since = |slot: SlotId| self.table[slot].since;
        let first = self.table.front(Queue::HalfOpen)?;
        let old = (first, since(first) + OLD);
        let crowd = self.crowd_before(newcomer);
        let mut oldest = self.table.queued(Queue::HalfOpen).take(OLDEST);
        let over = oldest
            .find(|slot| Some(self.origin_of(*slot)) == crowd)
            .map(|slot| (slot, since(slot) + patience));
        Some(over.filter(|over| over.1 < old.1).unwrap_or(old))
    }

    /// Gives up a handshake for `newcomer`, if one is to give way by now; says whether.
    pub(super) fn make_room(&mut self, newcomer: Origin, proven: bool) -> bool {
        let first = self.gives_way(newcomer, proven);
        let Some((slot, _)) = first.filter(|(_, at)| *at <= self.now) else {
            return false;
        };
        if self.table[slot].since + OLD > self.now {
            self.note_full(Resource::Share);
        }
        self.drop_silently(slot, State::Closed, Cause::Evicted, Ending::Evicted);
        true
    }
}
