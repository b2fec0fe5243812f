//! What applications do on the bench. Each call is a row of the tape, with what came of it.
//!
//! Errors have the names that they have in C, where the node's own words say the same.

use std::format;
use std::string::String;
use std::vec;

use smoltcp::time::Duration;
use smoltcp::wire::IpEndpoint;

use super::bench::Bench;
use super::plan::{PORT, address};
use super::tape::{Answer, Event, What};
use crate::device::Side;
use crate::node::{ConnectError, Handle, ListenError, Node, RecvError, SendError, SendToError};
use crate::pair::Clockwork;
use crate::trace::{Ending, State, Timer};

/// Octets that one `recv` asks for, unless an experiment says otherwise.
const ASKED: usize = 1024;

/// What stands in the parentheses of a `close` that resets.
pub(super) const LINGER_0: &str = "linger 0";

/// Why nothing more comes of a connection, in C.
const fn errno(ending: Ending) -> &'static str {
    match ending {
        Ending::Refused => "ECONNREFUSED",
        Ending::ResetByPeer => "ECONNRESET",
        Ending::TimedOut(Timer::TimeWait) | Ending::Closed => "EPIPE",
        Ending::TimedOut(_) => "ETIMEDOUT",
        Ending::Aborted | Ending::Evicted => "ECONNABORTED",
        Ending::AddressLost => "ENETDOWN",
        Ending::Unreachable => "EHOSTUNREACH",
    }
}

fn of_listening(done: Result<(), ListenError>) -> Answer {
    match done {
        Ok(()) => Answer::Done,
        Err(ListenError::InUse) => Answer::Error("EADDRINUSE"),
        Err(_) => Answer::Error("EINVAL"),
    }
}

fn of_receiving(received: Result<usize, RecvError>, octets: &[u8]) -> Answer {
    match received {
        Ok(count) => Answer::Octets(octets[..count].to_vec()),
        Err(RecvError::WouldBlock) => Answer::Nothing,
        Err(RecvError::Finished) => Answer::End,
        Err(RecvError::Ended(Ending::Closed)) => Answer::End,
        Err(RecvError::Ended(ending)) => Answer::Error(errno(ending)),
    }
}

impl Bench {
    /// A call: a row, what it does, and what of it shows in the journal.
    fn call<T>(
        &mut self,
        (side, call, given): (Side, &'static str, String),
        handle: Option<Handle>,
        work: impl FnOnce(&mut Self) -> (Answer, T),
    ) -> T {
        let answer = Answer::Done;
        let flow = handle.and_then(|handle| self.flow_of(side, handle));
        let row = self.note(
            flow,
            What::Call {
                side,
                call,
                given,
                answer,
            },
        );
        let (came, result) = work(self);
        if let Some(What::Call { answer, .. }) = self.row(row).map(|row| &mut row.what) {
            *answer = came;
        }
        self.read(side, None, Some(row));
        result
    }

    /// Which conversation a connection is.
    fn flow_of(&mut self, side: Side, handle: Handle) -> Option<usize> {
        let flow = self.node(side)?.tcp(handle)?.flow();
        let (client, server) = match side {
            Side::A => (flow.local.port, flow.remote.port),
            Side::B => (flow.remote.port, flow.local.port),
        };
        Some(self.flow(client, server, false))
    }

    fn with<T>(&mut self, side: Side, work: impl FnOnce(&mut Node<'static>) -> T) -> Option<T> {
        self.node(side).map(work)
    }

    /// Serves a port.
    pub(super) fn listen(&mut self, side: Side, port: u16, backlog: u16) -> Answer {
        let given = format!("{port}, backlog {backlog}");
        self.call((side, "listen", given), None, |bench| {
            let done = bench.with(side, |node| node.listen(port, backlog));
            let answer = of_listening(done.unwrap_or(Err(ListenError::PortZero)));
            (answer.clone(), answer)
        })
    }

    /// The server serves its port.
    pub(super) fn serve(&mut self) {
        self.listen(Side::B, PORT, 4);
    }

    /// Begins to connect: the answer comes later.
    pub(super) fn connect(&mut self, side: Side) -> Option<Handle> {
        let remote = IpEndpoint::new(address(side.other()).into(), PORT);
        let given = format!("{PORT}");
        self.call((side, "connect", given), None, |bench| {
            let now = bench.now();
            let begun = bench.with(side, |node| node.connect(now, remote));
            of_connecting(begun)
        })
    }

    /// The same from a port of the caller's choice.
    pub(super) fn connect_from(&mut self, side: Side, from: u16, to: u16) -> Option<Handle> {
        let remote = IpEndpoint::new(address(side.other()).into(), to);
        let given = format!("{to}, from {from}");
        self.call((side, "connect", given), None, |bench| {
            let now = bench.now();
            let begun = bench.with(side, |node| node.connect_from(now, from, remote));
            of_connecting(begun)
        })
    }

    /// Takes the next connection whose handshake is over.
    pub(super) fn accept(&mut self) -> Option<Handle> {
        let side = Side::B;
        self.call((side, "accept", String::new()), None, |bench| {
            let accepted = bench.with(side, Node::accept).flatten();
            let answer = match accepted {
                Some(_) => Answer::Done,
                None => Answer::Nothing,
            };
            (answer, accepted)
        })
    }

    /// Sends on a connection.
    pub(super) fn send(&mut self, side: Side, handle: Handle, octets: &[u8]) -> Answer {
        self.call((side, "send", quoted(octets)), Some(handle), |bench| {
            let sent = bench.with(side, |node| node.tcp(handle).map(|mut it| it.send(octets)));
            let answer = match sent.flatten() {
                Some(Ok(count)) => Answer::Count(count),
                Some(Err(SendError::WouldBlock)) => Answer::Nothing,
                Some(Err(SendError::Ended(ending))) => Answer::Error(errno(ending)),
                Some(Err(SendError::Closed)) => Answer::Error("EPIPE"),
                None => Answer::Error("EBADF"),
            };
            (answer.clone(), answer)
        })
    }

    /// Receives from a connection: at most `most` octets.
    pub(super) fn recv_at_most(&mut self, side: Side, handle: Handle, most: usize) -> Answer {
        self.call((side, "recv", format!("{most}")), Some(handle), |bench| {
            let mut octets = vec![0; most];
            let received = bench.with(side, |node| {
                node.tcp(handle).map(|mut it| it.recv(&mut octets))
            });
            let answer = match received.flatten() {
                Some(received) => of_receiving(received, &octets),
                None => Answer::Error("EBADF"),
            };
            (answer.clone(), answer)
        })
    }

    /// Receives from a connection: at most 1024 octets.
    pub(super) fn recv(&mut self, side: Side, handle: Handle) -> Answer {
        self.recv_at_most(side, handle, ASKED)
    }

    /// Closes the sending half.
    pub(super) fn shutdown(&mut self, side: Side, handle: Handle) {
        self.call(
            (side, "shutdown", "SHUT_WR".into()),
            Some(handle),
            |bench| {
                let now = bench.now();
                bench.with(side, |node| {
                    if let Some(mut socket) = node.tcp(handle) {
                        socket.shutdown(now);
                    }
                });
                (Answer::Done, ())
            },
        );
    }

    /// Closes, and lets go.
    pub(super) fn close(&mut self, side: Side, handle: Handle) {
        self.call((side, "close", String::new()), Some(handle), |bench| {
            let now = bench.now();
            bench.with(side, |node| {
                if let Some(socket) = node.tcp(handle) {
                    socket.close(now);
                }
            });
            (Answer::Done, ())
        });
    }

    /// Closes with a linger time of zero.
    pub(super) fn abort(&mut self, side: Side, handle: Handle) {
        self.call((side, "close", LINGER_0.into()), Some(handle), |bench| {
            let now = bench.now();
            bench.with(side, |node| node.abort(now, handle));
            (Answer::Done, ())
        });
    }

    /// Its process is killed: its system closes what it had open.
    pub(super) fn kill(&mut self, side: Side, handle: Handle) {
        let flow = self.flow_of(side, handle);
        let row = self.note(flow, What::Event(Event::Killed(side)));
        let now = self.now();
        self.with(side, |node| {
            if let Some(socket) = node.tcp(handle) {
                socket.close(now);
            }
        });
        self.read(side, None, Some(row));
    }

    /// Binds a UDP port.
    pub(super) fn bind(&mut self, side: Side, port: u16) -> Answer {
        self.call((side, "bind", format!("udp {port}")), None, |bench| {
            let done = bench.with(side, |node| node.bind(port));
            let answer = of_listening(done.unwrap_or(Err(ListenError::PortZero)));
            (answer.clone(), answer)
        })
    }

    /// Sends a datagram to the server's port.
    pub(super) fn send_to(&mut self, side: Side, from: u16, to: u16, octets: &[u8]) -> Answer {
        self.call((side, "sendto", quoted(octets)), None, |bench| {
            let (now, remote) = (
                bench.now(),
                IpEndpoint::new(address(side.other()).into(), to),
            );
            let sent = bench.with(side, |node| {
                let mut socket = node.udp(from)?;
                Some(socket.send_to(now, remote, octets))
            });
            let answer = match sent.flatten() {
                Some(Ok(())) => Answer::Count(octets.len()),
                Some(Err(SendToError::WouldBlock)) => Answer::Nothing,
                Some(Err(_)) => Answer::Error("EINVAL"),
                None => Answer::Error("EBADF"),
            };
            (answer.clone(), answer)
        })
    }

    /// Receives a datagram.
    pub(super) fn recv_from(&mut self, side: Side, port: u16) -> Answer {
        self.call((side, "recvfrom", format!("{ASKED}")), None, |bench| {
            let mut octets = vec![0; ASKED];
            let received = bench.with(side, |node| node.udp(port)?.recv_from(&mut octets));
            let answer = match received.flatten() {
                Some(received) => Answer::Octets(octets[..received.len].to_vec()),
                None => Answer::Nothing,
            };
            (answer.clone(), answer)
        })
    }

    /// Serves, connects and accepts: both ends are in ESTABLISHED, if nothing befalls the handshake.
    pub(super) fn meet(&mut self) -> Option<(Handle, Handle)> {
        self.serve();
        let client = self.connect(Side::A)?;
        self.run_for(self.delay() * 3);
        let server = self.accept()?;
        Some((client, server))
    }

    /// The state of a connection at this moment; CLOSED if it is over.
    pub(super) fn state(&mut self, side: Side, handle: Handle) -> State {
        let status = self.node(side).and_then(|node| node.status(handle));
        status.map_or(State::Closed, |status| status.state)
    }

    /// Waits until a connection is over, at most so long; says how long that took.
    pub(super) fn outlast(&mut self, side: Side, handle: Handle, patience: Duration) -> Duration {
        let begun = self.now();
        self.run_until(patience, |bench| {
            (bench.state(side, handle) == State::Closed).then_some(())
        });
        self.now() - begun
    }
}

fn of_connecting(begun: Option<Result<Handle, ConnectError>>) -> (Answer, Option<Handle>) {
    match begun {
        Some(Ok(handle)) => (Answer::Done, Some(handle)),
        Some(Err(ConnectError::NoPort)) => (Answer::Error("EADDRNOTAVAIL"), None),
        Some(Err(_)) => (Answer::Error("ENETUNREACH"), None),
        None => (Answer::Error("ENETDOWN"), None),
    }
}

/// Octets as they are written in a program: the text, or how often it has the same octet and what comes then.
pub(super) fn quoted(octets: &[u8]) -> String {
    let text = |octets: &[u8]| format!("{:?}", String::from_utf8_lossy(octets));
    let Some(first) = octets.first().filter(|_| octets.len() > 16) else {
        return text(octets);
    };
    let same = octets.iter().take_while(|octet| *octet == first).count();
    let begin = format!("{same} x '{}'", char::from(*first));
    match &octets[same..] {
        [] => begin,
        rest if rest.len() <= 16 => format!("{begin}, {}", text(rest)),
        rest => format!("{begin}, +{}", rest.len()),
    }
}
