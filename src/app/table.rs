//! The table of connections, row by row.

use core::fmt::{self, Write};

use smoltcp::time::{Duration, Instant};

use super::sessions::Sessions;
use super::shares::beyond_a_share;
use crate::chat::Room;
use crate::node::{Handle, Node, Path, Status};
use crate::plural::Count;
use crate::trace::{DisplayEndpoint, State, Style, Timer};

/// Places looked at for one part of a table.
const PLACES_AT_ONCE: usize = 512;

/// What an answer is made from.
pub(super) struct Facts<'p, 'a, 'n> {
    // Open to who puts it together for one answer.
    pub(super) now: Instant,
    pub(super) node: &'p Node<'n>,
    pub(super) sessions: &'p Sessions<'a>,
    pub(super) room: &'p Room<'a, Handle, Path>,
    #[cfg_attr(
        not(feature = "ladder"),
        expect(dead_code, reason = "ladders have one")
    )]
    pub(super) style: &'p Style,
}

/// All connections with their states.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Table {
    place: usize,
    rows: usize,
    waiting: usize,
}

impl Table {
    /// Writes the next row, or the sum below the last one, which is the last part. Not inlined: its
    /// texts would take stack while a ladder is drawn.
    #[inline(never)]
    pub(super) fn write_part(
        &mut self,
        facts: &Facts<'_, '_, '_>,
        out: &mut dyn Write,
    ) -> Result<bool, fmt::Error> {
        for _ in 0..PLACES_AT_ONCE {
            if self.place >= facts.node.places() {
                self.write_sum(facts, out)?;
                return Ok(false);
            }
            let place = self.place;
            self.place += 1;
            if let Some(status) = facts.node.status_in(place, facts.now) {
                self.rows += 1;
                self.waiting += usize::from(status.state == State::TimeWait);
                let member = facts.sessions.member(place).filter(|_| !status.orphaned);
                let name = member.and_then(|id| facts.room.name(id));
                write_status(out, facts.now, &status, name)?;
                return Ok(true);
            }
        }
        Ok(true)
    }

    fn write_sum(&self, facts: &Facts<'_, '_, '_>, out: &mut dyn Write) -> fmt::Result {
        let open = self.rows - self.waiting;
        let open = Count(open as u64, "connection");
        write!(out, "{open}, {} in TIME-WAIT", self.waiting)?;
        let held = facts.node.held();
        if held > 0 {
            write!(out, ", {held} waiting for a free one")?;
        }
        let counts = facts.room.counts();
        let shares = beyond_a_share(facts.node);
        for (count, what) in [
            (shares, " beyond an address's share"),
            (counts.yielded, " put out for others who waited"),
            (counts.turned_away, " turned away"),
            (counts.slow, " too slow"),
        ] {
            if count > 0 {
                write!(out, ", {count}{what}")?;
            }
        }
        for (count, what) in [
            (facts.sessions.cut_short, "cut short"),
            (facts.sessions.refused, "refused"),
        ] {
            if count > 0 {
                write!(out, ", {} {what}", Count(count.into(), "answer"))?;
            }
        }
        writeln!(out, ", {} in the room.", facts.room.len())
    }
}

/// Writes one connection as a line: number, peer, state and its age, name, what is open, and the timer
/// that would end it.
///
/// # Errors
/// Those of `out`.
pub fn write_status(
    out: &mut dyn Write,
    now: Instant,
    status: &Status,
    name: Option<&str>,
) -> fmt::Result {
    let mut cell = heapless::String::<64>::new();
    let _ = write!(cell, "{}", DisplayEndpoint(status.flow.remote));
    write!(out, "{:<5} {cell:<22} ", status.id)?;
    cell.clear();
    let _ = write!(cell, "{}", status.state);
    write!(out, "{cell:<12} {}", Span(passed(status.since, now)))?;
    if let Some(name) = name {
        write!(out, "  {name}")?;
    }
    if status.unacknowledged > 0 {
        let octets = Count(status.unacknowledged as u64, "octet");
        write!(out, "  {octets} unacknowledged")?;
    }
    if status.attempts > 0 {
        write!(
            out,
            "  sent again {}",
            Count(status.attempts.into(), "time")
        )?;
    }
    if let Some((timer, at)) = status.timer {
        let left = Span(passed(now, at));
        match wanted_before(timer) {
            Some(what) => write!(out, "  ends in {left} unless {what}")?,
            None => write!(out, "  {timer} in {left}")?,
        }
    }
    writeln!(out)
}

/// What must happen before a timer runs out, or else that ends the connection.
const fn wanted_before(timer: Timer) -> Option<&'static str> {
    match timer {
        Timer::TimeWait => None,
        Timer::Retransmission => Some("it is acknowledged"),
        Timer::HalfOpen => Some("the handshake completes"),
        Timer::FinWait2 => Some("the peer closes"),
        Timer::CloseWait => Some("this side closes"),
        Timer::KeepAlive => Some("its host answers a probe"),
    }
}

fn passed(from: Instant, to: Instant) -> Duration {
    if to > from { to - from } else { Duration::ZERO }
}

/// A time of which nobody needs to know the microseconds.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.total_millis() / 100;
        match tenths / 10 {
            seconds @ 0..=599 => write!(f, "{seconds}.{} s", tenths % 10),
            seconds @ 600..=86_399 => write!(f, "{} min", seconds / 60),
            seconds => write!(f, "{} h", seconds / 3600),
        }
    }
}
