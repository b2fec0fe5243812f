//! The node and smoltcp alone as subjects: in memory, on the virtual clock.

use smolchat::node::Limits;
use smolchat::trace::{Ending, Kind, State, Transition};
use smoltcp::socket::tcp;
use smoltcp::time::Duration;
use smoltcp::wire::IpEndpoint;

use super::alphabet::{Call, Opening};
use super::subject::{Ear, Rest, Subject, has_end, said};
use crate::lab::{Column, Lab, PEER, PORT, Segment, Setup, arp_reply};

/// Longer than each timer: R2 of a SYN is three minutes.
const LONG: Duration = Duration::from_secs(400);

/// smoltcp limits its answers to one in this time, or less.
const SECOND: Duration = Duration::from_millis(1001);

/// smoltcp delays an acknowledgment for so long, or less.
const DELAY: Duration = Duration::from_millis(11);

/// Between two symbols: a tick of the clock that initial sequence numbers follow, and too short for
/// anything else.
const TICK: Duration = Duration::from_micros(10);

/// A subject in memory.
pub(crate) struct InMemory {
    lab: Lab,
    opening: Opening,
    /// Octets that the application took from its connection.
    taken: usize,
    /// smoltcp alone: whether the application looks upon its socket as a connection.
    holds: bool,
    /// The number of the journal's next record.
    next: u64,
}

impl InMemory {
    /// A fresh subject.
    pub(crate) fn new(column: Column, opening: Opening) -> Self {
        let setup = Setup {
            listens: opening == Opening::Passive,
            time_waits: 2,
            backlog: 1,
            events: 256,
            accepts: false,
            receive: 1024,
            transmit: 256,
            // More than there are in a word: what is left of them is no state of the connection.
            limits: Limits {
                answers_per_second: 10_000,
                ..Limits::default()
            },
            ..Setup::default()
        };
        Self {
            lab: Lab::new(column, setup),
            opening,
            taken: 0,
            holds: false,
            next: 0,
        }
    }

    /// The changes of state since the last call, and whether each is legal, as the node tells them;
    /// smoltcp alone tells nothing.
    pub(crate) fn changes(&mut self) -> Vec<(Transition, bool)> {
        if !self.lab.is_node() {
            return Vec::new();
        }
        let journal = self.lab.node().journal();
        let (missed, events) = journal.since(self.next);
        assert_eq!(missed, 0, "the journal is long enough for a step");
        let changes = events.filter_map(|(_, event)| match event.kind() {
            Kind::Transition(change) => Some((change, true)),
            Kind::Illegal(change) => Some((change, false)),
            _ => None,
        });
        let changes = changes.collect();
        self.next = journal.next();
        changes
    }
}

impl Subject for InMemory {
    fn give(&mut self, segment: &Segment) -> Vec<Segment> {
        self.lab.now += TICK;
        let sent = self.lab.give(segment);
        self.serve_again();
        sent
    }

    fn call(&mut self, call: Call) -> (String, Vec<Segment>) {
        self.lab.now += TICK;
        let said = match self.lab.is_node() {
            true => self.call_node(call),
            false => self.call_alone(call),
        };
        let sent = self.lab.work();
        self.serve_again();
        (said, sent)
    }

    fn wait(&mut self) -> Vec<Segment> {
        let mut sent = self.lab.wait(LONG);
        // The peer is still there.
        self.lab.cable.inbox.push_back(arp_reply(PEER));
        sent.extend(self.lab.work());
        self.serve_again();
        sent
    }

    fn rest(&mut self, rest: Rest) -> Vec<Segment> {
        let sent = match rest {
            Rest::Second => self.lab.wait(SECOND),
            Rest::Acknowledgment => {
                let end = self.lab.now + DELAY;
                let due = std::iter::from_fn(|| self.lab.wait_for_deadline(end));
                due.flatten().collect()
            }
        };
        self.serve_again();
        sent
    }

    fn ear(&mut self) -> Option<Ear> {
        let (taken, held) = (self.taken, self.holds);
        if let Some(socket) = self.socket() {
            let state = socket.state();
            return Some(Ear {
                held,
                open: socket.may_send(),
                octets: taken + socket.recv_queue(),
                end: has_end(state),
                over: (state == State::Closed).then(|| "?".to_owned()),
            });
        }
        let now = self.lab.now;
        let handle = self.handle();
        let node = self.lab.node();
        let Some(handle) = handle else {
            let status = node.statuses(now).find(|it| it.state != State::TimeWait)?;
            return Some(Ear {
                octets: status.unread,
                end: has_end(status.state),
                ..Ear::default()
            });
        };
        let over = node.tcp(handle).and_then(|it| it.ended());
        Some(Ear {
            held: true,
            open: node.tcp(handle).unwrap().send_room() > 0,
            octets: taken + node.tcp(handle).unwrap().recv_queue(),
            end: node.tcp(handle).unwrap().has_finished()
                && over.is_none_or(|it| it == Ending::Closed),
            over: over.map(word_for),
        })
    }

    fn state(&mut self) -> State {
        self.lab.state()
    }

    fn let_go(&mut self) -> Vec<Segment> {
        self.receive();
        if self.lab.is_node() {
            self.lab.let_go();
        }
        self.forget();
        self.serve_again();
        self.lab.work()
    }
}

impl InMemory {
    fn socket(&mut self) -> Option<&mut tcp::Socket<'static>> {
        match &mut self.lab.subject {
            crate::lab::Subject::Alone {
                sockets, handles, ..
            } => Some(sockets.get_mut(handles[0])),
            crate::lab::Subject::Node { .. } => None,
        }
    }

    fn handle(&self) -> Option<smolchat::node::Handle> {
        match &self.lab.subject {
            crate::lab::Subject::Alone { .. } => None,
            crate::lab::Subject::Node { handle, .. } => *handle,
        }
    }

    fn hold(&mut self, found: Option<smolchat::node::Handle>) {
        if let crate::lab::Subject::Node { handle, .. } = &mut self.lab.subject {
            *handle = found;
        }
        self.taken = 0;
    }

    fn forget(&mut self) {
        self.hold(None);
        self.holds = false;
    }

    /// An application of smoltcp has to listen again when its socket is closed.
    fn serve_again(&mut self) {
        let passive = self.opening == Opening::Passive;
        let holds = self.holds;
        if let Some(socket) = self.socket()
            && passive
            && !holds
            && socket.state() == State::Closed
        {
            socket.listen(PORT).expect("it is closed");
        }
    }

    fn receive(&mut self) -> usize {
        let mut buffer = [0; 1024];
        let handle = self.handle();
        let count = match (self.socket(), handle) {
            (Some(socket), _) => socket.recv_slice(&mut buffer).unwrap_or(0),
            (None, Some(handle)) => self
                .lab
                .node()
                .tcp(handle)
                .unwrap()
                .recv(&mut buffer)
                .unwrap_or(0),
            (None, None) => 0,
        };
        self.taken += count;
        count
    }

    fn call_node(&mut self, call: Call) -> String {
        let now = self.lab.now;
        let remote = IpEndpoint::new(PEER.into(), 40_000);
        let Some(handle) = self.handle() else {
            let found = match call {
                Call::Connect => self.lab.node().connect_from(now, PORT, remote).ok(),
                Call::Accept => self.lab.node().accept(),
                Call::Send | Call::Receive | Call::Close | Call::Abort => None,
            };
            self.hold(found);
            return said(found.is_some());
        };
        match call {
            Call::Connect | Call::Accept => return said(false),
            Call::Send => return said(self.lab.node().tcp(handle).unwrap().send(b"x").is_ok()),
            Call::Receive => return said(self.receive() > 0),
            Call::Close => self.lab.node().tcp(handle).unwrap().shutdown(now),
            Call::Abort => {
                self.lab.node().abort(now, handle);
                self.forget();
            }
        }
        said(true)
    }

    fn call_alone(&mut self, call: Call) -> String {
        let remote = IpEndpoint::new(PEER.into(), 40_000);
        if self.holds {
            let socket = self.socket().expect("a socket");
            match call {
                Call::Connect | Call::Accept => return said(false),
                Call::Send => return said(socket.send_slice(b"x").is_ok()),
                Call::Receive => return said(self.receive() > 0),
                Call::Close => socket.close(),
                Call::Abort => {
                    socket.abort();
                    self.forget();
                }
            }
            return said(true);
        }
        let crate::lab::Subject::Alone {
            iface,
            sockets,
            handles,
        } = &mut self.lab.subject
        else {
            return said(false);
        };
        let socket = sockets.get_mut::<tcp::Socket<'_>>(handles[0]);
        self.holds = match call {
            Call::Connect => socket.connect(iface.context(), remote, PORT).is_ok(),
            Call::Accept => !matches!(
                socket.state(),
                State::Listen | State::SynReceived | State::Closed
            ),
            Call::Send | Call::Receive | Call::Close | Call::Abort => false,
        };
        said(self.holds)
    }
}

fn word_for(ending: Ending) -> String {
    match ending {
        Ending::Closed => "closed",
        Ending::ResetByPeer => "reset",
        Ending::Refused => "refused",
        Ending::TimedOut(_) => "timed-out",
        Ending::Aborted => "aborted",
        Ending::AddressLost => "address-lost",
        Ending::Unreachable => "unreachable",
        Ending::Evicted => "evicted",
    }
    .to_owned()
}
