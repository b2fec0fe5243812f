//! The state diagram of RFC 9293 as data: every arrow of figure 5, and those that only its text describes.
//!
//! A rule may stand for several arrows that differ in their first state or in their cause. smoltcp makes some changes
//! in one step that the RFC makes in two; [`path`] returns the steps.

use super::{Call, Cause, State, Timer};
use State::{
    CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived,
    SynSent, TimeWait,
};
use heapless::Vec;

/// Every state, in the order of a connection's life.
pub const STATES: [State; 11] = [
    Closed,
    Listen,
    SynSent,
    SynReceived,
    Established,
    FinWait1,
    FinWait2,
    Closing,
    TimeWait,
    CloseWait,
    LastAck,
];

/// One legal change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Arrow {
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// What may cause it.
    pub cause: Cause,
    /// The event and, after a slash, the action, in the words of figure 5.
    pub event: &'static str,
    /// The section of RFC 9293 that specifies it.
    pub section: &'static str,
    /// Whether it is drawn in figure 5.
    pub in_figure: bool,
}

/// Arrows that have their end and their reason in common.
struct Rule {
    from: &'static [State],
    to: State,
    causes: &'static [Cause],
    event: &'static str,
    section: &'static str,
    in_figure: bool,
}

/// An arrow that figure 5 draws.
const fn drawn(
    from: &'static [State],
    to: State,
    causes: &'static [Cause],
    event: &'static str,
    section: &'static str,
) -> Rule {
    Rule {
        from,
        to,
        causes,
        event,
        section,
        in_figure: true,
    }
}

/// Arrows that only the text has.
const fn told(
    from: &'static [State],
    to: State,
    causes: &'static [Cause],
    event: &'static str,
    section: &'static str,
) -> Rule {
    Rule {
        from,
        to,
        causes,
        event,
        section,
        in_figure: false,
    }
}

const BY_SEGMENT: &[Cause] = &[Cause::Segment];
const BY_CONNECT: &[Cause] = &[Cause::Call(Call::Connect)];
const BY_CLOSE: &[Cause] = &[Cause::Call(Call::Close)];

const RULES: &[Rule] = &[
    // Figure 5, from top to bottom.
    drawn(
        &[Closed],
        Listen,
        &[Cause::Call(Call::Listen)],
        "passive OPEN / create TCB",
        "3.10.1",
    ),
    drawn(
        &[Closed],
        SynSent,
        BY_CONNECT,
        "active OPEN / create TCB, snd SYN",
        "3.10.1",
    ),
    drawn(&[Listen], Closed, BY_CLOSE, "CLOSE / delete TCB", "3.10.4"),
    drawn(
        &[Listen],
        SynReceived,
        BY_SEGMENT,
        "rcv SYN / snd SYN,ACK",
        "3.10.7.2",
    ),
    drawn(&[Listen], SynSent, BY_CONNECT, "SEND / snd SYN", "3.10.2"),
    drawn(&[SynSent], Closed, BY_CLOSE, "CLOSE / delete TCB", "3.10.4"),
    drawn(
        &[SynSent],
        SynReceived,
        BY_SEGMENT,
        "rcv SYN / snd SYN,ACK",
        "3.10.7.3",
    ),
    drawn(
        &[SynSent],
        Established,
        BY_SEGMENT,
        "rcv SYN,ACK / snd ACK",
        "3.10.7.3",
    ),
    drawn(&[SynReceived], Listen, BY_SEGMENT, "rcv RST", "3.10.7.4"),
    drawn(
        &[SynReceived],
        Established,
        BY_SEGMENT,
        "rcv ACK of SYN",
        "3.10.7.4",
    ),
    drawn(
        &[SynReceived],
        FinWait1,
        BY_CLOSE,
        "CLOSE / snd FIN",
        "3.10.4",
    ),
    drawn(
        &[Established],
        FinWait1,
        BY_CLOSE,
        "CLOSE / snd FIN",
        "3.10.4",
    ),
    drawn(
        &[Established],
        CloseWait,
        BY_SEGMENT,
        "rcv FIN / snd ACK",
        "3.10.7.4",
    ),
    drawn(
        &[FinWait1],
        FinWait2,
        BY_SEGMENT,
        "rcv ACK of FIN",
        "3.10.7.4",
    ),
    drawn(
        &[FinWait1],
        Closing,
        BY_SEGMENT,
        "rcv FIN / snd ACK",
        "3.10.7.4",
    ),
    drawn(
        &[FinWait2],
        TimeWait,
        BY_SEGMENT,
        "rcv FIN / snd ACK",
        "3.10.7.4",
    ),
    drawn(
        &[Closing],
        TimeWait,
        BY_SEGMENT,
        "rcv ACK of FIN",
        "3.10.7.4",
    ),
    drawn(&[CloseWait], LastAck, BY_CLOSE, "CLOSE / snd FIN", "3.10.4"),
    drawn(&[LastAck], Closed, BY_SEGMENT, "rcv ACK of FIN", "3.10.7.4"),
    drawn(
        &[TimeWait],
        Closed,
        &[Cause::Timer(Timer::TimeWait)],
        "Timeout=2MSL / delete TCB",
        "3.10.8",
    ),
    // Note 2 of the figure.
    told(
        &[FinWait1],
        TimeWait,
        BY_SEGMENT,
        "rcv FIN, ACK of FIN / snd ACK",
        "3.3.2",
    ),
    // A SYN may open the connection anew: MAY-2.
    told(
        &[TimeWait],
        SynReceived,
        BY_SEGMENT,
        "rcv SYN / snd SYN,ACK",
        "3.6.1",
    ),
    // Resets; in SYN-RECEIVED of an active open, and in all states from there on.
    told(&[SynSent], Closed, BY_SEGMENT, "rcv RST", "3.10.7.3"),
    told(
        &[
            SynReceived,
            Established,
            FinWait1,
            FinWait2,
            Closing,
            TimeWait,
            CloseWait,
        ],
        Closed,
        BY_SEGMENT,
        "rcv RST",
        "3.10.7.4",
    ),
    // The user gives up, or the node does for the user.
    told(
        &[
            Listen,
            SynSent,
            SynReceived,
            Established,
            FinWait1,
            FinWait2,
            Closing,
            TimeWait,
            CloseWait,
            LastAck,
        ],
        Closed,
        &[Cause::Call(Call::Abort), Cause::AddressLost, Cause::Evicted],
        "ABORT / delete TCB",
        "3.10.5",
    ),
    // The user timeout, by what it waits for.
    told(
        &[
            SynSent,
            SynReceived,
            Established,
            FinWait1,
            Closing,
            CloseWait,
            LastAck,
        ],
        Closed,
        &[Cause::Timer(Timer::Retransmission)],
        "user timeout / delete TCB",
        "3.10.8",
    ),
    told(
        &[SynSent, SynReceived],
        Closed,
        &[Cause::Timer(Timer::HalfOpen)],
        "user timeout / delete TCB",
        "3.10.8",
    ),
    told(
        &[FinWait2],
        Closed,
        &[Cause::Timer(Timer::FinWait2)],
        "user timeout / delete TCB",
        "3.10.8",
    ),
    told(
        &[CloseWait],
        Closed,
        &[Cause::Timer(Timer::CloseWait)],
        "user timeout / delete TCB",
        "3.10.8",
    ),
    told(
        &[Established, FinWait1, FinWait2, CloseWait],
        Closed,
        &[Cause::Timer(Timer::KeepAlive)],
        "keep-alive unanswered / delete TCB",
        "3.8.4",
    ),
    told(
        &[
            SynSent,
            SynReceived,
            Established,
            FinWait1,
            FinWait2,
            Closing,
            CloseWait,
            LastAck,
        ],
        Closed,
        &[Cause::Unreachable],
        "ICMP hard error / delete TCB",
        "3.9.2.2",
    ),
];

/// Every legal arrow, those of figure 5 first.
pub fn arrows() -> impl Iterator<Item = Arrow> + Clone {
    RULES.iter().flat_map(|rule| {
        rule.from.iter().flat_map(move |&from| {
            rule.causes.iter().map(move |&cause| Arrow {
                from,
                to: rule.to,
                cause,
                event: rule.event,
                section: rule.section,
                in_figure: rule.in_figure,
            })
        })
    })
}

/// The arrow from one state to another for this cause, if there is one.
///
/// [`Cause::Inferred`] matches any cause: an observer who infers a state cannot see calls and timers.
pub fn arrow(from: State, to: State, cause: Cause) -> Option<Arrow> {
    arrows().find(|arrow| {
        arrow.from == from && arrow.to == to && (arrow.cause == cause || cause == Cause::Inferred)
    })
}

/// Whether RFC 9293 has this change of state for this cause.
pub fn is_legal(from: State, to: State, cause: Cause) -> bool {
    let causes = CAUSES[from as usize][to as usize];
    match cause {
        Cause::Inferred => causes != 0,
        _ => causes & bit(cause) != 0,
    }
}

/// The causes that lead from one state to another, as a set of bits: the rules, looked up instead of
/// searched, because every change of state is judged while frames wait.
const CAUSES: [[u16; STATES.len()]; STATES.len()] = {
    let mut table = [[0; STATES.len()]; STATES.len()];
    let mut rule = 0;
    while rule < RULES.len() {
        let Rule {
            from, to, causes, ..
        } = &RULES[rule];
        let mut state = 0;
        while state < from.len() {
            let mut cause = 0;
            while cause < causes.len() {
                table[from[state] as usize][*to as usize] |= bit(causes[cause]);
                cause += 1;
            }
            state += 1;
        }
        rule += 1;
    }
    table
};

const fn bit(cause: Cause) -> u16 {
    1 << match cause {
        Cause::Segment => 0,
        Cause::AddressLost => 1,
        Cause::Unreachable => 2,
        Cause::Evicted => 3,
        Cause::Inferred => 4,
        Cause::Call(call) => 5 + call as u32,
        Cause::Timer(timer) => 9 + timer as u32,
    }
}

/// The states that one segment leads through: only `to` if an arrow leads there directly, and otherwise the
/// intermediate steps and then `to`. Empty if no path of up to three steps leads there.
///
/// A FIN that arrives with the ACK of our SYN takes smoltcp from SYN-RECEIVED to CLOSE-WAIT; in RFC 9293 section
/// 3.10.7.4 the state is ESTABLISHED after the fifth step and CLOSE-WAIT after the eighth.
pub fn path(from: State, to: State) -> Vec<State, 3> {
    let mut steps = Vec::new();
    if CAUSES[from as usize][to as usize] != 0 {
        // There is room for three.
        let _ = steps.push(to);
        return steps;
    }
    for length in 2..=3 {
        if lead(from, to, length, &mut steps) {
            break;
        }
    }
    steps
}

/// Fills `steps` with a way of exactly `length` arrows, none of them over the end of a connection, and
/// all but the last by a segment.
fn lead(from: State, to: State, length: usize, steps: &mut Vec<State, 3>) -> bool {
    for next in STATES {
        let causes = CAUSES[from as usize][next as usize];
        let arrives = length == 1 && next == to && causes != 0;
        let leads_on = length > 1
            && causes & bit(Cause::Segment) != 0
            && !matches!(next, Closed | Listen | TimeWait);
        if !arrives && !leads_on {
            continue;
        }
        // `length` is at most the capacity, and each level pushes once.
        if steps.push(next).is_err() {
            return false;
        }
        if arrives || lead(next, to, length - 1, steps) {
            return true;
        }
        steps.pop();
    }
    false
}

#[cfg(test)]
mod tests;
