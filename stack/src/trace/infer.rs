//! The state of an endpoint, inferred from the segments that it sends and receives.
//!
//! What an endpoint sends proves its state. What is sent *to* it may be lost, so:
//!
//! - a change that the endpoint must acknowledge (a SYN or a FIN reached it) is believed when its acknowledgment is
//!   seen, not before;
//! - a change that it does not answer (its own SYN or FIN was acknowledged, it was reset) is believed when the segment
//!   is seen, and withdrawn if the endpoint sends its SYN or FIN again.
//!
//! An endpoint whose connection was open before the first segment seen is unknown until its segments leave only one
//! possible state. Calls and timers cannot be seen: TIME-WAIT stays TIME-WAIT.

use super::seq_number::SeqNumber;
use super::{Flags, Header, State};
use heapless::Vec;

/// The states that one segment led through, oldest first; empty if nothing changed.
pub type Steps = Vec<State, 3>;

/// What is known of one endpoint. Sequence numbers are absolute.
#[derive(Debug, Clone, Copy, Default)]
pub struct Endpoint {
    state: Option<State>,
    /// It answered a SYN without having sent one.
    passive: bool,
    /// It has sent more than SYNs, so it is past the handshake for certain.
    past_handshake: bool,
    /// It has sent, and was sent, data that was new: nobody had sent a FIN before.
    sent_data: bool,
    was_sent_data: bool,
    /// The acknowledgment of its FIN came no later than the other's FIN.
    fin_acked_first: bool,
    iss: Option<SeqNumber>,
    /// SND.NXT, SND.UNA and RCV.NXT, as far as seen.
    next: Option<SeqNumber>,
    acked: Option<SeqNumber>,
    acks: Option<SeqNumber>,
    /// The number after its FIN.
    fin: Option<SeqNumber>,
    other_syn: Option<SeqNumber>,
    other_next: Option<SeqNumber>,
    other_fin: Option<SeqNumber>,
}

/// Whether something that is known to reach up to `known` reaches `mark`, which is known too.
fn covers(known: Option<SeqNumber>, mark: Option<SeqNumber>) -> bool {
    matches!((known, mark), (Some(known), Some(mark)) if mark.is_at_most(known))
}

/// Moves `known` forward to `number`; says whether that was forward.
fn advance(known: &mut Option<SeqNumber>, number: SeqNumber) -> bool {
    let forward = known.is_none_or(|known| known.is_before(number));
    if forward {
        *known = Some(number);
    }
    forward
}

impl Endpoint {
    /// An endpoint of which nothing is known.
    pub const fn new() -> Self {
        Self {
            state: None,
            passive: false,
            past_handshake: false,
            sent_data: false,
            was_sent_data: false,
            fin_acked_first: false,
            iss: None,
            next: None,
            acked: None,
            acks: None,
            fin: None,
            other_syn: None,
            other_next: None,
            other_fin: None,
        }
    }

    /// The state that it is in, if the segments reveal it.
    pub const fn state(&self) -> Option<State> {
        self.state
    }

    /// Takes into account a segment that the endpoint sends.
    pub fn sent(&mut self, segment: &Header) -> Steps {
        if segment.flags.contains(Flags::RST) {
            return self.sent_reset(segment);
        }
        if segment.flags.contains(Flags::SYN) {
            return self.sent_syn(segment);
        }
        let forward = advance(&mut self.next, segment.end());
        self.sent_data |= forward && segment.len > 0;
        if segment.flags.contains(Flags::ACK) {
            advance(&mut self.acks, segment.ack);
        }
        let had_closed = self.fin.is_some();
        if segment.flags.contains(Flags::FIN) {
            self.fin.get_or_insert(segment.end());
        }
        let again = segment.flags.contains(Flags::FIN) && self.fin == Some(segment.end());
        let steps = match self.state {
            None => self.leave_unknown(again, had_closed),
            Some(state) => self.after_sending(state, segment, again),
        };
        self.past_handshake |= self.is_synchronized();
        steps
    }

    /// Takes into account a segment that is sent to the endpoint.
    pub fn received(&mut self, segment: &Header) -> Steps {
        if segment.flags.contains(Flags::RST) {
            return self.received_reset(segment);
        }
        if segment.flags.contains(Flags::SYN) && self.other_syn != Some(segment.seq) {
            if self.is_synchronized() && self.state != Some(State::TimeWait) {
                // Of another connection: an old duplicate, or a peer that forgot this one.
                return Steps::new();
            }
            self.other_syn = Some(segment.seq);
            self.other_next = None;
            self.other_fin = None;
        }
        let forward = advance(&mut self.other_next, segment.end());
        self.was_sent_data |= forward && segment.len > 0;
        if segment.flags.contains(Flags::ACK) {
            advance(&mut self.acked, segment.ack);
        }
        if self.other_fin.is_none() {
            self.fin_acked_first = self.is_fin_acked();
            if segment.flags.contains(Flags::FIN) {
                self.other_fin = Some(segment.end());
            }
        }
        match self.state {
            Some(State::SynReceived) if self.is_syn_acked() => self.go(State::Established),
            // With a FIN on its way the endpoint will tell by its acknowledgment what became of it.
            Some(State::FinWait1) if self.is_fin_acked() && self.other_fin.is_none() => {
                self.go(State::FinWait2)
            }
            Some(State::Closing) if self.is_fin_acked() => self.go(State::TimeWait),
            Some(State::LastAck) if self.is_fin_acked() => self.go(State::Closed),
            // A FIN that it has acknowledged before comes again.
            None if covers(self.acks, self.other_fin) => match self.fin {
                None => self.go(State::CloseWait),
                Some(_) if self.is_fin_acked() => self.go(State::Closed),
                Some(_) => self.go(State::LastAck),
            },
            None if self.fin.is_some() || self.other_fin.is_some() => Steps::new(),
            None if self.sent_data && self.was_sent_data => self.go(State::Established),
            _ => Steps::new(),
        }
    }

    fn sent_syn(&mut self, segment: &Header) -> Steps {
        if self.iss != Some(segment.seq) {
            if self.is_synchronized() && self.state != Some(State::TimeWait) {
                return Steps::new();
            }
            *self = Self {
                state: self.state,
                iss: Some(segment.seq),
                other_syn: self.other_syn,
                other_next: self.other_next,
                ..Self::new()
            };
        } else if self.past_handshake {
            // Delayed or duplicated on the way.
            return Steps::new();
        }
        advance(&mut self.next, segment.end());
        if segment.flags.contains(Flags::ACK) {
            advance(&mut self.acks, segment.ack);
            self.passive |= self.state != Some(State::SynSent)
                && self.state != Some(State::SynReceived)
                && self.state != Some(State::Established);
            self.go(State::SynReceived)
        } else if self.state == Some(State::SynReceived) {
            Steps::new()
        } else {
            self.go(State::SynSent)
        }
    }

    fn after_sending(&mut self, state: State, segment: &Header, fin: bool) -> Steps {
        let acks_fin = covers(self.acks, self.other_fin);
        match state {
            State::Listen => Steps::new(),
            State::SynSent => self.leave_syn_sent(fin, acks_fin),
            State::SynReceived => {
                // A bare ACK may also answer something unacceptable.
                if fin || acks_fin || segment.len > 0 || self.is_syn_acked() {
                    self.leave_established(fin, acks_fin, &[State::Established])
                } else {
                    Steps::new()
                }
            }
            State::Established => self.leave_established(fin, acks_fin, &[]),
            State::CloseWait if fin => self.go(State::LastAck),
            State::CloseWait => Steps::new(),
            State::FinWait1 if acks_fin => self.leave_fin_wait_1(),
            State::FinWait1 => Steps::new(),
            // A FIN sent again was not acknowledged after all.
            State::FinWait2 if fin && acks_fin => self.take_back(State::Closing),
            State::FinWait2 if fin => self.take_back(State::FinWait1),
            State::FinWait2 if acks_fin => self.go(State::TimeWait),
            State::FinWait2 => Steps::new(),
            State::TimeWait if fin && covers(Some(segment.ack), self.other_fin) => {
                self.take_back(State::Closing)
            }
            State::TimeWait | State::Closing | State::LastAck => Steps::new(),
            State::Closed if fin && acks_fin => self.take_back(State::LastAck),
            // Sent before a reset reached it.
            State::Closed => Steps::new(),
        }
    }

    /// From an unknown state; `fin` if this is a FIN, `had_closed` if one was sent earlier.
    fn leave_unknown(&mut self, fin: bool, had_closed: bool) -> Steps {
        if covers(self.acks, self.other_fin) {
            match (had_closed, fin) {
                (true, _) => self.leave_fin_wait_1(),
                (false, true) => self.go(State::LastAck),
                (false, false) => self.go(State::CloseWait),
            }
        } else if fin && self.was_sent_data {
            self.go(State::FinWait1)
        } else if self.fin.is_none() && self.sent_data && self.was_sent_data {
            self.go(State::Established)
        } else {
            Steps::new()
        }
    }

    fn leave_syn_sent(&mut self, fin: bool, acks_fin: bool) -> Steps {
        // All that it may send now acknowledges the SYN,ACK.
        if covers(self.acks, self.other_syn.map(|syn| syn + 1)) {
            self.leave_established(fin, acks_fin, &[State::Established])
        } else {
            Steps::new()
        }
    }

    /// From ESTABLISHED, entered just now if `first` says so.
    fn leave_established(&mut self, fin: bool, acks_fin: bool, first: &[State]) -> Steps {
        let rest: &[State] = match (fin, acks_fin) {
            (false, false) => &[],
            (true, false) => &[State::FinWait1],
            (false, true) => &[State::CloseWait],
            (true, true) => &[State::CloseWait, State::LastAck],
        };
        first
            .iter()
            .chain(rest)
            .flat_map(|&state| self.go(state))
            .collect()
    }

    /// From FIN-WAIT-1, with the other's FIN acknowledged.
    fn leave_fin_wait_1(&mut self) -> Steps {
        if !self.is_fin_acked() {
            return self.go(State::Closing);
        }
        if self.fin_acked_first {
            return self.go(State::TimeWait);
        }
        // The FIN reached it before the acknowledgment of its own did.
        let mut steps = self.go(State::Closing);
        steps.extend(self.go(State::TimeWait));
        steps
    }

    /// A FIN that was sent again shows that its acknowledgment was lost.
    fn take_back(&mut self, state: State) -> Steps {
        self.acked = self.fin.map(|fin| fin - 1);
        self.go(state)
    }

    fn sent_reset(&mut self, segment: &Header) -> Steps {
        let of_this_connection = match self.state {
            // It answers an acknowledgment that it never asked for, and goes on waiting.
            Some(State::SynSent | State::SynReceived) => self.next == Some(segment.seq),
            _ => Self::is_between(self.acked, segment.seq, self.next),
        };
        if of_this_connection {
            self.go(State::Closed)
        } else {
            Steps::new()
        }
    }

    fn received_reset(&mut self, segment: &Header) -> Steps {
        match self.state {
            Some(State::SynSent) => {
                let ours = segment.flags.contains(Flags::ACK) && self.next == Some(segment.ack);
                if ours {
                    self.go(State::Closed)
                } else {
                    Steps::new()
                }
            }
            _ if !Self::is_between(self.acks, segment.seq, self.other_next) => Steps::new(),
            Some(State::SynReceived) if self.passive => self.go(State::Listen),
            Some(State::Listen) => Steps::new(),
            _ => self.go(State::Closed),
        }
    }

    /// Whether `number` is from `low` to `high`, as far as these are known.
    fn is_between(low: Option<SeqNumber>, number: SeqNumber, high: Option<SeqNumber>) -> bool {
        low.is_none_or(|low| low.is_at_most(number))
            && high.is_none_or(|high| number.is_at_most(high))
    }

    fn is_syn_acked(&self) -> bool {
        covers(self.acked, self.iss.map(|iss| iss + 1))
    }

    fn is_fin_acked(&self) -> bool {
        covers(self.acked, self.fin)
    }

    const fn is_synchronized(&self) -> bool {
        matches!(
            self.state,
            Some(
                State::Established
                    | State::FinWait1
                    | State::FinWait2
                    | State::Closing
                    | State::TimeWait
                    | State::CloseWait
                    | State::LastAck
            )
        )
    }

    fn go(&mut self, state: State) -> Steps {
        if self.state == Some(state) {
            return Steps::new();
        }
        self.state = Some(state);
        core::iter::once(state).collect()
    }
}

#[cfg(test)]
mod tests;
