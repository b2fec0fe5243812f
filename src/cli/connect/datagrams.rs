//! The client over UDP: each line is a datagram.

use std::fmt::{self, Display, Formatter, Write};
use std::os::fd::BorrowedFd;

use smolchat::app::{Live, Watched};
use smolchat::device::Tap;
use smolchat::node::{Ingress, Node, earliest};
use smolchat::trace::{Direction, Event, Kind, Verdict};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpEndpoint;

use super::Terminal;
use super::commands::{Action, Typed, understand};
use super::received::Received;
use super::unanswered::{SILENCE, Unanswered};
use crate::cli::Failure;
use crate::cli::run::{News, Program};

/// How long to wait for answers to the last datagram.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

const HELP: &str = "Each line is a datagram. There is no connection: nothing is opened or closed, and nobody \
says whether a datagram arrived. q says q and ends.";

pub struct Client {
    node: Node<'static>,
    terminal: Terminal,
    remote: IpEndpoint,
    port: u16,
    live: Live<'static>,
    received: Received,
    /// Something was said.
    said: bool,
    /// The server's host has said that nobody listens there, and nobody has said anything since.
    refused: bool,
    /// That was told since something was said.
    told: bool,
    /// When it is told that nothing could be sent.
    silent_at: Option<Instant>,
    /// When the program ends.
    end: Option<Instant>,
}

impl Client {
    pub fn new(
        mut node: Node<'static>,
        mut terminal: Terminal,
        remote: IpEndpoint,
        port: u16,
        server: Option<String>,
    ) -> Result<Self, Failure> {
        node.bind(port)?;
        if let Some(server) = server {
            let _ = writeln!(terminal.output, "{server}");
        }
        let live = Live::new(Vec::<Watched>::new().into(), terminal.live);
        Ok(Self {
            node,
            terminal,
            remote,
            port,
            live,
            received: Received::default(),
            said: false,
            refused: false,
            told: false,
            silent_at: None,
            end: None,
        })
    }

    fn read_input(&mut self, now: Instant) {
        let Self {
            node,
            terminal,
            remote,
            port,
            ..
        } = self;
        let Terminal { input, output, .. } = terminal;
        let mut end = None;
        let mut said = false;
        input.read(|line| match understand(line) {
            // Output never fails: what nobody reads is counted.
            Typed::Do(Action::Help, _) => {
                let _ = writeln!(output, "{HELP}");
            }
            Typed::Do(
                Action::States | Action::Ladder | Action::Why | Action::Close | Action::Abort,
                _,
            )
            | Typed::Misspelled(_) => {
                let _ = writeln!(
                    output,
                    "-- UDP has no connection and no states: there is nothing to show or to close. Not sent."
                );
            }
            why @ Typed::OperatorOnly => {
                let _ = writeln!(output, "-- {why}");
            }
            Typed::Do(Action::Quit, _) | Typed::Say(_) => {
                if line == b"q" {
                    end = Some(now + ANSWER_TIMEOUT);
                }
                let sent = node
                    .udp(*port)
                    .map(|mut socket| socket.send_to(now, *remote, line));
                match sent {
                    Some(Ok(())) => said = true,
                    Some(Err(error)) => {
                        let _ = writeln!(output, "-- not sent: {error}");
                    }
                    // It was bound at the start, and nobody unbinds it.
                    None => {}
                }
            }
        });
        if input.has_ended() {
            end = Some(now + ANSWER_TIMEOUT);
        }
        self.end = self.end.or(end);
        self.told &= !said;
        if said && !self.said {
            self.said = true;
            self.silent_at = Some(now + SILENCE);
        }
    }

    /// Why nothing of what was said has left, if that is so.
    fn unanswered(&self) -> Option<Unanswered> {
        let unanswered = Unanswered::new(self.node.journal(), self.remote, |event| {
            matches!(event.kind(), Kind::Datagram(it)
                if it.direction == Direction::Out && !matches!(it.verdict, Verdict::Dropped(_)))
        });
        (self.said && !unanswered.has_left()).then_some(unanswered)
    }

    /// Whether the server's host says that nobody listens there.
    fn is_refusal(&self, event: &Event) -> bool {
        matches!(event.kind(), Kind::Undelivered { flow, nobody_listens: true }
            if flow.remote == self.remote && flow.local.port == self.port)
    }

    fn receive(&mut self, now: Instant) {
        let mark = if self.terminal.live { "<- " } else { "" };
        let mut octets = [0; 65_536];
        let Some(mut socket) = self.node.udp(self.port) else {
            return;
        };
        while let Some(received) = socket.recv_from(&mut octets) {
            let output = &mut self.terminal.output;
            if received.remote != self.remote {
                let from = received.remote;
                let _ = writeln!(
                    output,
                    "-- a datagram of somebody else, {from}, is left out."
                );
                continue;
            }
            self.refused = false;
            self.received
                .push(now, &octets[..received.len], mark, output);
            self.received.show(mark, output);
            if self.end.is_some() && &octets[..received.len] == b"q" {
                self.end = Some(now);
            }
        }
    }

    /// Completes the capture, and tells whether nothing could be sent.
    pub fn finish(self) -> Result<(), Failure> {
        let unanswered = self.unanswered();
        let Terminal {
            output, capture, ..
        } = self.terminal;
        let said = output.finish();
        capture.finish()?;
        said?;
        let why = unanswered.map(|why| why.to_string());
        let why = why.or(self.refused.then(|| Refused(self.remote).to_string()));
        why.map_or(Ok(()), |why| Err(Failure::NotConnected(why)))
    }
}

/// Nobody listens at a port.
struct Refused(IpEndpoint);

impl Display for Refused {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let IpEndpoint { addr, port } = self.0;
        write!(
            f,
            "nobody listened at UDP port {port} of {addr} (ICMP: port unreachable), so what was said did not \
             arrive: start a server there first"
        )
    }
}

impl Program for Client {
    fn ingress(&mut self, now: Instant, tap: &mut Tap) -> bool {
        let before = self.node.journal().next();
        let mut device = self.terminal.capture.on(tap);
        let more = self.node.poll_ingress(now, &mut device) == Ingress::More;
        let (_, fresh) = self.node.journal().since(before);
        if fresh
            .map(|(_, event)| event)
            .any(|event| self.is_refusal(event))
        {
            self.refused = true;
            // Once for what was said together.
            if !std::mem::replace(&mut self.told, true) {
                let _ = writeln!(self.terminal.output, "-- {}.", Refused(self.remote));
            }
        }
        more
    }

    fn application(&mut self, now: Instant, news: News) {
        if news.input {
            self.read_input(now);
        }
        self.receive(now);
        if self.silent_at.is_some_and(|at| at <= now) {
            self.silent_at = None;
            if let Some(why) = self.unanswered() {
                let _ = writeln!(self.terminal.output, "-- {why}");
            }
        }
        if news.signals > 0 {
            self.end = Some(now);
        }
    }

    fn egress(&mut self, now: Instant, tap: &mut Tap) -> Option<Instant> {
        let deadline = self.terminal.send(now, &mut self.node, tap);
        let Terminal { output, style, .. } = &mut self.terminal;
        self.live.show(now, &self.node, style, output);
        output.flush();
        earliest(&[deadline, self.live.deadline(), self.silent_at, self.end])
    }

    fn is_over(&self, now: Instant) -> bool {
        self.end.is_some_and(|end| end <= now)
    }

    fn input(&self) -> Option<BorrowedFd<'_>> {
        self.terminal.input.source()
    }
}
