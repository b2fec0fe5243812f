//! From the records of one connection, one after the other, to what each means.
//!
//! A meaning depends on its record and on those before it alone, so that a ladder explained while it happens and one
//! explained later say the same.

use std::vec;

use smoltcp::time::Instant;

use super::known::Known;
use super::meaning::{Meaning, Meanings, Party, View};
use crate::trace::{
    Answer, Call, Cause, Ending, Endpoint, Event, Kind, Segment, State, Timer, Transition, Verdict,
};

/// Reads the records of a connection.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    known: Known,
    /// Its beginning was read.
    whole: bool,
    /// The peer's state, as the ladder infers it.
    peer: Endpoint,
    waited_before: bool,
    /// The close came before the handshake was complete.
    gave_up: bool,
}

impl Reader {
    /// For a ladder seen from here.
    pub fn new(view: View) -> Self {
        let mut reader = Self::default();
        reader.known.view = view;
        reader
    }

    /// What an event means; read those of one connection in their order.
    pub fn read(&mut self, event: &Event) -> Meanings {
        let at = event.at();
        match event.kind() {
            Kind::Opened { .. } => {
                self.whole = true;
                vec![]
            }
            Kind::Segment(segment) => self.read_segment(at, &segment),
            Kind::Transition(change) => self.read_change(at, &change),
            Kind::Illegal(change) => {
                let (from, to) = (change.from, change.to);
                vec![Meaning::Illegal { from, to }]
            }
            Kind::TimeWaiting { lasts, .. } => {
                let lasts = lasts.into();
                if core::mem::replace(&mut self.waited_before, true) {
                    vec![Meaning::TimeWaitsAgain { lasts }]
                } else {
                    vec![Meaning::TimeWaits { lasts }]
                }
            }
            Kind::Ended { ending, .. } => vec![self.end(ending)],
            Kind::SlowPeer { attempts, .. } => vec![Meaning::SlowPeer { attempts }],
            Kind::OtherNumber { .. } => vec![Meaning::OtherNumber],
            // Of no connection.
            Kind::Stray(_)
            | Kind::Datagram(_)
            | Kind::Neighbor(_)
            | Kind::Dropped(_)
            | Kind::Icmp { .. }
            | Kind::Undelivered { .. }
            | Kind::Other(_)
            | Kind::Full(_) => vec![],
        }
    }

    fn read_segment(&mut self, at: Instant, segment: &Segment) -> Meanings {
        let mut meanings = self.known.judge(at, segment);
        let heard = !matches!(
            segment.verdict,
            Verdict::Dropped(_) | Verdict::Answered(Answer::ChallengeAck)
        );
        if let Verdict::Repaired(repair) = segment.verdict {
            meanings.push(Meaning::Repaired { repair });
        }
        self.known.note(at, segment);
        if heard {
            self.infer(segment, &mut meanings);
        }
        meanings
    }

    /// The states in parentheses.
    fn infer(&mut self, segment: &Segment, meanings: &mut Meanings) {
        let steps = match Party::sender(segment.direction) {
            Party::Peer => self.peer.sent(&segment.header),
            Party::Node => self.peer.received(&segment.header),
        };
        if !steps.is_empty() {
            meanings.push(Meaning::Inferred);
        }
        meanings.extend(steps.into_iter().map(|state| Meaning::Enters { state }));
    }

    fn read_change(&mut self, at: Instant, change: &Transition) -> Meanings {
        let enters = Meaning::Enters { state: change.to };
        if !matches!(change.cause, Cause::Segment | Cause::Inferred) {
            self.known.last_cause = Some((at, change.cause));
        }
        let main = match change.cause {
            Cause::Segment | Cause::Inferred => return vec![enters],
            Cause::Call(Call::Listen) => Meaning::Listens,
            Cause::Call(Call::Connect) => Meaning::Connects,
            Cause::Call(Call::Close) => match change.from {
                State::SynSent | State::Listen => {
                    self.gave_up = true;
                    Meaning::GivesUp
                }
                State::CloseWait => Meaning::ClosesToo,
                State::Closed
                | State::SynReceived
                | State::Established
                | State::FinWait1
                | State::FinWait2
                | State::Closing
                | State::LastAck
                | State::TimeWait => Meaning::Closes,
            },
            Cause::Call(Call::Abort) => Meaning::Aborts,
            Cause::Timer(Timer::TimeWait) => Meaning::TimeWaitOver,
            Cause::Timer(timer) => Meaning::TimedOut { timer },
            Cause::AddressLost => Meaning::AddressLost,
            Cause::Unreachable => Meaning::Unreachable,
            Cause::Evicted => Meaning::Evicted,
        };
        vec![main, enters]
    }

    /// How the connection ended, and what that means for what was said.
    fn end(&self, ending: Ending) -> Meaning {
        match ending {
            Ending::Closed if self.gave_up => Meaning::EndedUnopened,
            Ending::Closed if self.whole => Meaning::EndedClosed {
                sent: self.known.node.octets(),
                received: self.known.peer.octets(),
                again: self.known.again,
            },
            Ending::Closed => Meaning::EndedClosedPartly,
            Ending::Refused => Meaning::EndedRefused,
            Ending::ResetByPeer
            | Ending::TimedOut(_)
            | Ending::Aborted
            | Ending::AddressLost
            | Ending::Unreachable
            | Ending::Evicted => Meaning::EndedEarly {
                ending,
                unacked: self.known.node.unacked(),
            },
        }
    }
}
