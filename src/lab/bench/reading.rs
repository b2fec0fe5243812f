//! What the journals say, written beside the frames and calls that it is about.

use std::string::String;
use std::vec::Vec;

use smoltcp::time::Duration;

use super::Bench;
use super::rows::in_order;
use crate::device::Side;
use crate::lab::plan::place;
use crate::lab::tape::{Answer, What};
use crate::trace::{Call, Cause, ConnectionId, Direction, Flow, Kind, Mark, Transition, Verdict};

/// The rows that one look into a journal may be about.
struct About<S> {
    /// The frame that came.
    came: Option<usize>,
    /// The call that was made.
    called: Option<usize>,
    /// Frames that left, in their order.
    sent: S,
    /// The one that the last record was about.
    current: Option<usize>,
}

impl<S: Iterator<Item = usize>> About<S> {
    /// The row of the next frame that crossed in this direction.
    fn next(&mut self, way: Direction) -> Option<usize> {
        self.current = match way {
            Direction::In => self.came,
            Direction::Out => self.sent.next(),
        };
        self.current
    }
}

impl Bench {
    /// Reads what the journal of an end says about what just happened there: a frame that came, a call, or
    /// nothing but time.
    pub(in crate::lab) fn read(&mut self, side: Side, came: Option<usize>, called: Option<usize>) {
        let sent = self.send_on(side);
        let host = &mut self.hosts[place(side)];
        let Some(node) = &host.node else {
            return;
        };
        let (_, records) = node.journal().since(host.read);
        let records: Vec<_> = records.map(|(_, event)| event.kind()).collect();
        host.read = node.journal().next();
        let mut about = About {
            came,
            called,
            sent: sent.into_iter().flatten(),
            current: came.or(called),
        };
        for kind in records {
            self.take_in(side, kind, &mut about);
        }
    }

    fn take_in(&mut self, side: Side, kind: Kind, about: &mut About<impl Iterator<Item = usize>>) {
        match kind {
            Kind::Opened { connection, flow } => self.opened(side, connection, flow, about.called),
            Kind::Segment(it) => {
                let row = about.next(it.direction);
                self.judge(row, it.direction, it.mark, it.verdict);
            }
            Kind::Stray(it) => {
                let row = about.next(it.direction);
                self.judge(row, it.direction, Mark::None, it.verdict);
            }
            Kind::Datagram(it) => {
                let row = about.next(it.direction);
                self.judge(row, it.direction, Mark::None, it.verdict);
            }
            Kind::Icmp { direction, .. } => {
                about.next(direction);
            }
            Kind::Dropped(reason) => {
                let verdict = Verdict::Dropped(reason);
                self.judge(about.came, Direction::In, Mark::None, verdict);
            }
            Kind::Transition(change) => self.changed(side, &change, about.called, about.current),
            Kind::Illegal(change) => {
                self.run.illegal += 1;
                self.changed(side, &change, about.called, about.current);
            }
            Kind::TimeWaiting { connection, lasts } => {
                let lasts: Duration = lasts.into();
                self.note(
                    self.flow_of_connection(side, connection),
                    What::Waits(side, lasts),
                );
            }
            Kind::Ended { connection, ending } => {
                self.note(
                    self.flow_of_connection(side, connection),
                    What::Over(side, ending),
                );
            }
            // Not of a frame or a connection, or told by the row that is there already.
            Kind::SlowPeer { .. }
            | Kind::OtherNumber { .. }
            | Kind::Neighbor(_)
            | Kind::Undelivered { .. }
            | Kind::Other(_)
            | Kind::Full(_) => {}
        }
    }

    fn flow_of_connection(&self, side: Side, connection: ConnectionId) -> Option<usize> {
        self.hosts[place(side)].flows.get(&connection).copied()
    }

    fn opened(&mut self, side: Side, connection: ConnectionId, flow: Flow, called: Option<usize>) {
        let [client, server] = in_order(side, [flow.local.port, flow.remote.port]);
        let flow = self.flow(client, server, false);
        self.hosts[place(side)].flows.insert(connection, flow);
        if let Some(row) = called.and_then(|row| self.row(row)) {
            row.flow = Some(flow);
        }
    }

    fn judge(&mut self, row: Option<usize>, way: Direction, mark: Mark, verdict: Verdict) {
        let row = row.and_then(|row| self.row(row));
        if let Some(What::Packet(sent)) = row.map(|row| &mut row.what) {
            match way {
                Direction::In => (sent.taken_as, sent.verdict) = (mark, verdict),
                Direction::Out => (sent.sent_as, sent.made) = (mark, verdict),
            }
        }
    }

    /// A state changed: by the frame that was read of last, by the call, or by a timer.
    fn changed(
        &mut self,
        side: Side,
        change: &Transition,
        called: Option<usize>,
        current: Option<usize>,
    ) {
        let flow = self.flow_of_connection(side, change.connection);
        let row = match change.cause {
            Cause::Timer(timer) => Some(self.note(flow, What::Timer(side, timer))),
            // One that had to wait for its moment has a row of its own.
            Cause::Call(call) => Some(called.unwrap_or_else(|| self.note_late(side, flow, call))),
            Cause::Segment
            | Cause::AddressLost
            | Cause::Unreachable
            | Cause::Evicted
            | Cause::Inferred => current,
        };
        if let Some(row) = row.and_then(|row| self.row(row)) {
            row.states[place(side)].push(change.to);
        }
    }

    fn note_late(&mut self, side: Side, flow: Option<usize>, call: Call) -> usize {
        let call = match call {
            Call::Close => "shutdown",
            Call::Abort => "abort",
            Call::Connect => "connect",
            Call::Listen => "listen",
        };
        let (given, answer) = (String::new(), Answer::Done);
        self.note(
            flow,
            What::Call {
                side,
                call,
                given,
                answer,
            },
        )
    }
}
