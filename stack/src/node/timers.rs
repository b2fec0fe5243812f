//! The node's own timers of a connection: what ends it if nothing happens, and when.
//!
//! smoltcp's timers say something again; these give up (R2 in RFC 9293 section 3.8.3, and the like). Nothing is kept:
//! the timer is what a connection and the limits say now, so it moves by itself. The caller asks after each step,
//! and once more when the time has come, because it may have moved.

use smoltcp::time::{Duration, Instant};

use super::config::Limits;
use super::connection::Connection;
use crate::trace::{State, Timer};

/// A reset that cannot leave, because its receiver's hardware address is not found, is given up.
const LAST_RESET_TIMEOUT: Duration = Duration::from_secs(3);

impl Connection {
    /// The timer that would end it, and when.
    pub(super) fn timer(&self, limits: &Limits) -> Option<(Timer, Instant)> {
        let unanswered = (!self.numbers.all_acknowledged()).then(|| {
            // A closed window may stay closed for as long as its probes are answered (RFC 9293 section
            // 3.8.6.1). Otherwise only progress counts: a peer that answers and never acknowledges has
            // lost the thread.
            let since = if self.numbers.closed {
                self.heard.max(self.waiting_since)
            } else {
                self.waiting_since
            };
            (Timer::Retransmission, since + limits.r2)
        });
        let keep_alive = limits.keep_alive.map(|interval| {
            let timeout = interval + limits.keep_alive_timeout;
            (Timer::KeepAlive, self.heard + timeout)
        });
        let state = match self.state {
            State::SynSent => Some((Timer::Retransmission, self.since + limits.syn_r2)),
            State::SynReceived => Some((Timer::HalfOpen, self.since + limits.half_open)),
            State::Established | State::FinWait1 | State::Closing | State::LastAck => unanswered,
            State::CloseWait => {
                let close = limits
                    .close_wait
                    .filter(|_| !self.flags.close_deferred)
                    .map(|timeout| (Timer::CloseWait, self.since + timeout));
                sooner(unanswered, close)
            }
            State::FinWait2 => limits
                .fin_wait_2
                .filter(|_| self.flags.orphaned)
                .map(|timeout| (Timer::FinWait2, self.since + timeout)),
            State::Closed => Some((Timer::Retransmission, self.since + LAST_RESET_TIMEOUT)),
            State::Listen | State::TimeWait => None,
        };
        match self.state {
            State::Established | State::CloseWait | State::FinWait2 => sooner(state, keep_alive),
            State::Closed
            | State::Listen
            | State::SynSent
            | State::SynReceived
            | State::FinWait1
            | State::Closing
            | State::LastAck
            | State::TimeWait => state,
        }
    }
}

fn sooner(
    one: Option<(Timer, Instant)>,
    other: Option<(Timer, Instant)>,
) -> Option<(Timer, Instant)> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if one.1 <= other.1 { one } else { other }),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Flags, Header};

    /// One in a state since 10 s, that was last heard of at 20 s.
    fn connection(state: State) -> Connection {
        Connection {
            state,
            since: Instant::from_secs(10),
            heard: Instant::from_secs(20),
            waiting_since: Instant::from_secs(15),
            ..Connection::none()
        }
    }

    /// Something of it is under way.
    fn sending(state: State) -> Connection {
        let mut connection = connection(state);
        let segment = Header {
            flags: Flags::ACK,
            len: 1,
            ..Header::default()
        };
        connection.numbers.sent(&segment);
        connection
    }

    fn runs_out(connection: &Connection, limits: &Limits) -> Option<(Timer, i64)> {
        let timer = connection.timer(limits);
        timer.map(|(timer, at)| (timer, at.total_millis() / 1000))
    }

    #[test]
    fn a_handshake_is_given_up_after_its_time() {
        let limits = Limits::default();
        let passive = runs_out(&connection(State::SynReceived), &limits);
        assert_eq!(passive, Some((Timer::HalfOpen, 40)));
        let active = runs_out(&connection(State::SynSent), &limits);
        assert_eq!(active, Some((Timer::Retransmission, 190)));
    }

    #[test]
    fn silence_ends_what_sends_and_a_closed_window_only_with_the_peer() {
        let limits = Limits::default();
        assert_eq!(runs_out(&connection(State::Established), &limits), None);
        let mut sending = sending(State::Established);
        let silent = Some((Timer::Retransmission, 115));
        assert_eq!(runs_out(&sending, &limits), silent);
        sending.numbers.closed = true;
        let probed = Some((Timer::Retransmission, 120));
        assert_eq!(runs_out(&sending, &limits), probed);
    }

    #[test]
    fn the_sooner_of_two_timers_counts() {
        let limits = Limits {
            keep_alive: Some(Duration::from_secs(10)),
            keep_alive_timeout: Duration::from_secs(5),
            close_wait: Some(Duration::from_secs(7)),
            ..Limits::default()
        };
        let idle = runs_out(&connection(State::Established), &limits);
        assert_eq!(idle, Some((Timer::KeepAlive, 35)));
        let mut half_closed = sending(State::CloseWait);
        let close = runs_out(&half_closed, &limits);
        assert_eq!(close, Some((Timer::CloseWait, 17)));
        // The application has closed: that waits for the window.
        half_closed.flags.close_deferred = true;
        let close = runs_out(&half_closed, &limits);
        assert_eq!(close, Some((Timer::KeepAlive, 35)));
    }

    #[test]
    fn only_what_nobody_reads_any_more_is_bounded_in_fin_wait_2() {
        let limits = Limits::default();
        let mut connection = connection(State::FinWait2);
        assert_eq!(runs_out(&connection, &limits), None);
        connection.flags.orphaned = true;
        assert_eq!(runs_out(&connection, &limits), Some((Timer::FinWait2, 70)));
    }
}
