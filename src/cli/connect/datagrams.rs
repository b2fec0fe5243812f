//! The client over UDP: each line is a datagram.

use std::fmt::Write;
use std::os::fd::BorrowedFd;

use smolchat::app::{Live, Watched};
use smolchat::device::Tap;
use smolchat::node::{Ingress, Node, earliest};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpEndpoint;

use super::Terminal;
use super::received::Received;
use crate::cli::Failure;
use crate::cli::run::{News, Program};

/// How long to wait for answers to the last datagram.
const LAST: Duration = Duration::from_secs(1);

const HELP: &str = "Each line is a datagram. There is no connection: nothing is opened or closed, and nobody \
says whether a datagram arrived. q says q and ends.";

pub struct Client {
    node: Node<'static>,
    terminal: Terminal,
    remote: IpEndpoint,
    port: u16,
    live: Live<'static>,
    received: Received,
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
        input.read(|line| match line {
            // Output never fails: what nobody reads is counted.
            b"/help" => {
                let _ = writeln!(output, "{HELP}");
            }
            b"/states" | b"/ladder" | b"/close" | b"/abort" => {
                let _ = writeln!(output, "-- UDP has no connection and no states.");
            }
            line => {
                if line == b"q" {
                    end = Some(now + LAST);
                }
                if let Err(error) = node.send_to(now, *port, *remote, line) {
                    let _ = writeln!(output, "-- not sent: {error}");
                }
            }
        });
        if input.has_ended() {
            end = Some(now + LAST);
        }
        self.end = self.end.or(end);
    }

    fn receive(&mut self, now: Instant) {
        let mark = if self.terminal.live { "<- " } else { "" };
        let mut octets = [0; 65_536];
        while let Some(received) = self.node.recv_from(&mut octets) {
            let output = &mut self.terminal.output;
            if received.remote != self.remote {
                let from = received.remote;
                let _ = writeln!(
                    output,
                    "-- a datagram of somebody else, {from}, is left out."
                );
                continue;
            }
            self.received
                .push(now, &octets[..received.len], mark, output);
            self.received.show(mark, output);
            if self.end.is_some() && &octets[..received.len] == b"q" {
                self.end = Some(now);
            }
        }
    }

    /// Completes the capture.
    pub fn finish(self) -> Result<(), Failure> {
        let Terminal {
            output, capture, ..
        } = self.terminal;
        output.finish();
        Ok(capture.finish()?)
    }
}

impl Program for Client {
    fn ingress(&mut self, now: Instant, tap: &mut Tap) -> bool {
        let mut device = self.terminal.capture.on(tap);
        self.node.poll_ingress(now, &mut device) == Ingress::More
    }

    fn application(&mut self, now: Instant, news: News) {
        if news.input {
            self.read_input(now);
        }
        self.receive(now);
        let (style, output) = (&self.terminal.style, &mut self.terminal.output);
        self.live.show(now, &self.node, style, output);
        self.terminal.output.flush();
        if news.signals > 0 {
            self.end = Some(now);
        }
    }

    fn egress(&mut self, now: Instant, tap: &mut Tap) -> Option<Instant> {
        let mut device = self.terminal.capture.on(tap);
        let deadline = self.node.poll_egress(now, &mut device);
        self.terminal.capture.annotate(self.node.journal());
        earliest(&[deadline, self.live.deadline(), self.end])
    }

    fn is_over(&self, now: Instant) -> bool {
        self.end.is_some_and(|end| end <= now)
    }

    fn input(&self) -> Option<BorrowedFd<'_>> {
        self.terminal.input.source()
    }
}
