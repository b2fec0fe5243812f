//! Who gets in: SYNs that find a connection free, those that wait, those that leave no trace.
//!
//! - A SYN opens a connection at once if one is free for it and nobody waits. Otherwise it waits in the SYN
//!   queue, as long as there is room for it there.
//! - Beyond that it meets silence, and the peer sends it again. If there is a flood, which shows in
//!   handshakes that do not end or in very many SYNs, it is answered by a cookie (RFC 4987 section 3.6). So
//!   is one that waits, if it came again or the handshakes in its way do not end.
//! - Whoever returns a cookie is proven to be there: it takes a free connection, or the place of a SYN that
//!   waits, and is the next to be let in.
//!
//! It is told what came and how far the connections are taken, answers with a [`Verdict`], and does nothing itself.
//! Whoever asks does what that says before asking again: opens, answers, notes, and first of all gives up the
//! half-open connection that is to give way. No more can wait than there are places in the memory that it was
//! given; each question looks at all of them.

use managed::ManagedSlice;
use smoltcp::time::{Duration, Instant};

use super::answers::Answers;
use super::errors::ListenError;
use super::frame::TcpFrame;
use super::isn::Isn;
use super::link::said_mss;
use super::listeners::{Listener, Listeners};
use super::occupancy::{Eviction, Occupancy};
use super::parts;
use super::syn_queue::{Kept, PendingSyn, SynQueue, SynQueueEntry};
use crate::origin::Origin;
use crate::trace::{Flags, Flow, Reason, Resource, SeqNumber};

/// A cookie is good for at most two periods of about a minute each.
const COOKIE_LIFETIME: Duration = Duration::from_secs(135);

/// Very many SYNs are still a flood for so long: a SYN that met silence comes again after 1 s.
const FLOOD_TIMEOUT: Duration = Duration::from_secs(2);

/// So many times as many as there are places may come in one second and be no flood.
const CROWD: usize = 4;

/// What a segment that belongs to no connection comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It opens a connection, with this initial sequence number of ours.
    Open { iss: SeqNumber },
    /// It returns this cookie, in which the peer's segment size was: it opens a connection and completes its
    /// handshake. A half-open one may have to give way first.
    Establish {
        iss: SeqNumber,
        mss: u16,
        evict: Option<Eviction>,
    },
    /// It waits in the SYN queue.
    Queue,
    /// It is answered by this cookie. Whether it waits as well does not matter.
    Cookie { iss: SeqNumber },
    /// It is a SYN for which there is no room to wait.
    Overflow,
    /// It belongs to nobody, and its sender is told.
    Reset,
    /// Nothing is said.
    Drop(Reason),
}

/// The same, and what ran out on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judged {
    // A value: whoever is given one reads all of it.
    pub(super) verdict: Verdict,
    pub(super) full: Option<Resource>,
}

impl From<Verdict> for Judged {
    fn from(verdict: Verdict) -> Self {
        Self {
            verdict,
            full: None,
        }
    }
}

/// What is to be done next for those that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// A half-open connection gives way.
    Evict(Eviction),
    /// A connection opens, with this initial sequence number of ours. If the SYN is [proven](PendingSyn::proven),
    /// its handshake is complete.
    Admit { syn: PendingSyn, iss: SeqNumber },
}

/// The listeners, whoever waits for a connection, and how numbers and cookies are made.
pub(super) struct Admission<'a> {
    isn: Isn,
    listeners: Listeners<'a>,
    syn_queue: SynQueue<'a>,
    /// SYNs of this second that met silence although a cookie could have answered them.
    turned_away: Answers,
    /// Until when an acknowledgment out of nowhere may be the answer to a cookie.
    cookies_until: Instant,
    /// Until when very many SYNs are taken for a flood.
    flood_until: Instant,
}

impl<'a> Admission<'a> {
    /// Nothing listens, and nobody waits. Nobody outside knows the secret.
    pub(super) fn new(
        listeners: ManagedSlice<'a, Listener>,
        syn_queue: ManagedSlice<'a, SynQueueEntry>,
        secret: [u8; 16],
    ) -> Self {
        Self {
            isn: Isn::new(secret),
            listeners: Listeners::new(listeners),
            syn_queue: SynQueue::new(syn_queue),
            turned_away: Answers::NONE,
            cookies_until: Instant::ZERO,
            flood_until: Instant::ZERO,
        }
    }

    /// Has a port accept connections, for which up to `backlog` SYNs wait.
    ///
    /// # Errors
    /// See [`Listeners::add`].
    pub(super) fn listen(&mut self, port: u16, backlog: u16) -> Result<(), ListenError> {
        self.listeners.add(port, backlog)
    }

    /// Nothing listens on a port any more, and nobody waits for it.
    pub(super) fn unlisten(&mut self, port: u16) {
        self.listeners.remove(port);
        if parts::SYN_QUEUE {
            self.syn_queue.close(port);
        }
    }

    /// What listens on a port.
    pub(super) fn listener(&self, port: u16) -> Option<Listener> {
        self.listeners.on(port)
    }

    /// Everything that listens.
    pub(super) fn listeners(&self) -> impl Iterator<Item = &Listener> {
        self.listeners.iter()
    }

    /// Between which endpoints the SYNs are that wait, oldest first.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Flow> {
        self.syn_queue.waiting().map(|pending| &pending.flow)
    }

    /// How many wait.
    pub(super) fn backlog(&self) -> usize {
        match parts::SYN_QUEUE {
            true => self.syn_queue.len(),
            false => 0,
        }
    }

    /// How many of them have shown that they are there: they returned a cookie.
    pub(super) fn proven(&self) -> usize {
        let waiting = self.syn_queue.waiting();
        waiting.filter(|pending| pending.proven.is_some()).count()
    }

    /// Our initial sequence number for a connection that we open.
    pub(super) fn initial_number(&self, now: Instant, flow: &Flow) -> SeqNumber {
        self.isn.next(now, flow)
    }

    /// A segment between endpoints that have no connection.
    pub(super) fn judge(
        &mut self,
        now: Instant,
        occupancy: &impl Occupancy,
        frame: &TcpFrame<'_>,
    ) -> Judged {
        let Some(listener) = self.listener(frame.flow.local.port) else {
            return Verdict::Reset.into();
        };
        let flags = frame.header.flags;
        if flags.contains(Flags::RST) {
            if parts::SYN_QUEUE {
                // It may take back a SYN that still waits.
                self.syn_queue.take_back(&frame.flow, frame.header.seq);
            }
            Verdict::Drop(Reason::StrayReset).into()
        } else if flags.contains(Flags::ACK) {
            match flags.contains(Flags::SYN) {
                true => Verdict::Reset.into(),
                false => self.judge_ack(now, occupancy, listener, frame),
            }
        } else if flags.contains(Flags::SYN) {
            self.judge_syn(now, occupancy, listener, frame)
        } else {
            Verdict::Drop(Reason::NoAck).into()
        }
    }

    /// A SYN between the endpoints of a connection that was in TIME-WAIT until now, beyond its numbers. Ours end
    /// before `snd_nxt`.
    pub(super) fn judge_again(
        &mut self,
        now: Instant,
        occupancy: &impl Occupancy,
        listener: Listener,
        frame: &TcpFrame<'_>,
        snd_nxt: SeqNumber,
    ) -> Judged {
        if occupancy.free() == 0 {
            return self.judge_syn(now, occupancy, listener, frame);
        }
        let iss = self.isn.next_beyond(now, &frame.flow, snd_nxt);
        Verdict::Open { iss }.into()
    }

    fn judge_syn(
        &mut self,
        now: Instant,
        occupancy: &impl Occupancy,
        listener: Listener,
        frame: &TcpFrame<'_>,
    ) -> Judged {
        if !parts::SYN_QUEUE && occupancy.free() == 0 {
            return Verdict::Overflow.into();
        }
        if !parts::SYN_QUEUE || self.syn_queue.len() == 0 && occupancy.may_open(false) {
            let iss = self.isn.next(now, &frame.flow);
            return Verdict::Open { iss }.into();
        }
        let pending = PendingSyn::of(frame, now);
        let kept = self.syn_queue.keep(pending, listener.backlog);
        // Nothing else is in its way.
        let only_handshakes = occupancy.is_for_proven();
        let by_cookie = match kept {
            Kept::Again => only_handshakes,
            Kept::New | Kept::Instead(_) => {
                occupancy.crowd_before(now, pending.origin()).is_some()
                    || only_handshakes && occupancy.handshakes_are_old(now)
            }
            Kept::Full => occupancy.half_open() > 0 && !self.may_be_a_crowd(now, occupancy),
        };
        let verdict = match kept {
            _ if by_cookie => Verdict::Cookie {
                iss: self.cookie(now, frame),
            },
            Kept::New | Kept::Again | Kept::Instead(_) => Verdict::Queue,
            Kept::Full => Verdict::Overflow,
        };
        let full = kept.instead();
        Judged { verdict, full }
    }

    /// An acknowledgment out of nowhere.
    fn judge_ack(
        &mut self,
        now: Instant,
        occupancy: &impl Occupancy,
        listener: Listener,
        frame: &TcpFrame<'_>,
    ) -> Judged {
        if !parts::SYN_QUEUE || now > self.cookies_until {
            return Verdict::Reset.into();
        }
        let irs = frame.header.seq - 1;
        let iss = frame.header.ack - 1;
        let Some(cookie) = self.isn.open_cookie(now, &frame.flow, irs, iss) else {
            return match self.isn.may_be_cookie(now, frame.header.ack) {
                // A reset would end a connection whose first data is still to come (again).
                true => Verdict::Drop(Reason::CookieIncomplete).into(),
                false => Verdict::Reset.into(),
            };
        };
        let free = occupancy.may_open(true);
        let evict = match free {
            true => None,
            false => occupancy.gives_way(now, Origin::of(frame.flow.remote.addr.into()), true),
        };
        let mss = cookie.mss;
        if free || evict.is_some() {
            self.syn_queue.remove(&frame.flow);
            return Verdict::Establish { iss, mss, evict }.into();
        }
        let pending = PendingSyn::by_cookie(frame, iss, mss, now);
        match self.syn_queue.keep(pending, listener.backlog) {
            kept @ (Kept::New | Kept::Again | Kept::Instead(_)) => Judged {
                verdict: Verdict::Queue,
                full: kept.instead(),
            },
            // No reset: its peer believes to be connected, and what it sends again returns the cookie again.
            Kept::Full => Judged {
                verdict: Verdict::Drop(Reason::BacklogFull),
                full: Some(Resource::Backlog),
            },
        }
    }

    /// Whether the handshakes under way may all be of peers that are there: then those beyond them need no
    /// cookies. Too many cookies at once would come back to no place, and whoever then waits to be greeted
    /// waits for ever, while a SYN is sent again.
    fn may_be_a_crowd(&mut self, now: Instant, occupancy: &impl Occupancy) -> bool {
        let places = occupancy.capacity() + self.syn_queue.capacity();
        let crowd = places.saturating_mul(CROWD).min(usize::from(u16::MAX)) as u16;
        if !self.turned_away.take(now, crowd) {
            self.flood_until = now + FLOOD_TIMEOUT;
        }
        now >= self.flood_until && !occupancy.handshakes_are_old(now)
    }

    /// The number that answers a SYN without anything being kept of it.
    fn cookie(&mut self, now: Instant, frame: &TcpFrame<'_>) -> SeqNumber {
        self.cookies_until = now + COOKIE_LIFETIME;
        let mss = said_mss(&frame.flow, frame.header.mss);
        self.isn.cookie(now, &frame.flow, frame.header.seq, mss)
    }

    /// Whether a segment to a half-open connection, of these initial numbers, acknowledges the cookie that
    /// answered an earlier SYN of the same peer. That one arrived first, so it counts.
    pub(super) fn returns_a_cookie(
        &self,
        now: Instant,
        frame: &TcpFrame<'_>,
        (iss, irs): (SeqNumber, SeqNumber),
    ) -> bool {
        let header = &frame.header;
        let returned = header.ack - 1;
        parts::SYN_QUEUE
            && now <= self.cookies_until
            && header.flags.contains(Flags::ACK)
            && !header.flags.contains(Flags::RST)
            && !header.flags.contains(Flags::SYN)
            && returned != iss
            && self
                .isn
                .open_cookie(now, &frame.flow, irs, returned)
                .is_some()
    }

    /// What is to be done next for those that wait, if anything can be. Ask until nothing can.
    pub(super) fn next(&mut self, now: Instant, occupancy: &impl Occupancy) -> Option<Next> {
        self.syn_queue.forget_the_silent(now);
        let syn = self.next_waiting(now, occupancy)?;
        let proven = syn.proven.is_some();
        if !occupancy.may_open(proven) {
            let eviction = occupancy.gives_way(now, syn.origin(), proven)?;
            return Some(Next::Evict(eviction));
        }
        self.syn_queue.remove(&syn.flow);
        let iss = match syn.proven {
            Some(iss) => iss,
            None => self.isn.next(now, &syn.flow),
        };
        Some(Next::Admit { syn, iss })
    }

    /// When somebody who waits may be let in although nothing else happens.
    pub(super) fn deadline(&self, now: Instant, occupancy: &impl Occupancy) -> Option<Instant> {
        let pending = self.next_waiting(now, occupancy)?;
        let (_, at) =
            occupancy.first_to_give_way(now, pending.origin(), pending.proven.is_some())?;
        Some(at)
    }

    /// Who is to be let in next; last of all who has a crowd of the oldest handshakes.
    fn next_waiting(&self, now: Instant, occupancy: &impl Occupancy) -> Option<PendingSyn> {
        self.syn_queue.next(now, occupancy.crowd(now))
    }
}

#[cfg(test)]
mod tests;
