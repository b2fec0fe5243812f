//! The client over TCP.

use std::fmt::Write;
use std::os::fd::BorrowedFd;

use smolchat::app::write_status;
use smolchat::device::Tap;
use smolchat::explain::{View, why};
use smolchat::node::{ConnectError, Handle, Ingress, Node, RecvError, earliest};
use smolchat::plural::Count;
use smolchat::trace::{ConnectionId, Direction, Ending, Follower, Kind, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpEndpoint;

use super::commands::{Action, Help, Typed, understand};
use super::received::Received;
use super::unanswered::{SILENCE, Unanswered};
use super::{CLOSE_TIMEOUT, Terminal};
use crate::cli::Failure;
use crate::cli::run::{News, Program};

/// How often to try again while nobody serves in a private network yet.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);
/// How long a handshake has before a q ends it: what is piped in is read before any answer can come.
const GRACE: Duration = Duration::from_secs(1);
/// Octets typed that may wait for a server that does not read.
const TYPED: usize = 64 * 1024;

pub struct Client {
    node: Node<'static>,
    terminal: Terminal,
    remote: IpEndpoint,
    /// How to start a server, if there may be none yet.
    server: Option<String>,
    handle: Option<Handle>,
    /// The connection that was opened last, be it over or not.
    last: Option<ConnectionId>,
    follower: Option<Follower>,
    /// When the ladder goes on by itself.
    ladder_due: Option<Instant>,
    received: Received,
    typed: Vec<u8>,
    /// A FIN follows what was typed, from this instant on.
    close_at: Option<Instant>,
    closed: bool,
    again: Option<Instant>,
    attempts: u32,
    /// The server has answered our SYN.
    answered: bool,
    /// When it is told that nobody does.
    silent_at: Option<Instant>,
    /// When waiting for the peer's FIN ends, or for its answer to our SYN.
    until: Option<Instant>,
    outcome: Option<Result<(), Failure>>,
    /// Who asks twice for the end does not want to wait.
    is_urgent: bool,
}

impl Client {
    pub fn new(
        node: Node<'static>,
        terminal: Terminal,
        remote: IpEndpoint,
        server: Option<String>,
    ) -> Self {
        Self {
            node,
            terminal,
            remote,
            server,
            handle: None,
            last: None,
            follower: None,
            ladder_due: None,
            received: Received::default(),
            typed: Vec::new(),
            close_at: None,
            closed: false,
            again: Some(Instant::ZERO),
            attempts: 0,
            answered: false,
            silent_at: None,
            until: None,
            outcome: None,
            is_urgent: false,
        }
    }

    fn open(&mut self, now: Instant) {
        self.again = None;
        self.attempts += 1;
        match self.node.connect(now, self.remote) {
            Ok(handle) => {
                self.handle = Some(handle);
                self.last = Some(handle.id());
                self.follower = Some(Follower::new(handle.id()));
                if self.attempts == 1 {
                    self.silent_at = Some(now + SILENCE);
                }
            }
            Err(error) => self.end(Err(ConnectError::into(error))),
        }
    }

    fn end(&mut self, outcome: Result<(), Failure>) {
        self.outcome.get_or_insert(outcome);
    }

    fn say(&mut self, text: &str) {
        // Output never fails: what nobody reads is counted.
        let _ = writeln!(self.terminal.output, "-- {text}");
    }

    fn mark(&self) -> &'static str {
        if self.terminal.live { "<- " } else { "" }
    }

    fn state(&self) -> State {
        let status = self.handle.and_then(|handle| self.node.status(handle));
        status.map_or(State::Closed, |status| status.state)
    }

    fn read_input(&mut self, now: Instant) {
        let mut lines = Vec::new();
        self.terminal.input.read(|line| lines.push(line.to_vec()));
        for line in lines {
            self.typed(now, &line);
        }
    }

    fn typed(&mut self, now: Instant, line: &[u8]) {
        match understand(line) {
            Typed::Do(action, number) => self.act(now, action, number),
            Typed::Say(line) if self.close_at.is_some() => {
                let line = String::from_utf8_lossy(line);
                self.say(&format!("this side is closed; not sent: {line}"));
            }
            Typed::Say(line) => {
                self.typed.extend_from_slice(line);
                self.typed.push(b'\n');
            }
            why @ (Typed::Misspelled(_) | Typed::OperatorOnly) => self.say(&why.to_string()),
        }
    }

    fn act(&mut self, now: Instant, action: Action, number: Option<ConnectionId>) {
        match action {
            // Output never fails: what nobody reads is counted.
            Action::Help => {
                let _ = writeln!(self.terminal.output, "{Help}");
            }
            Action::States => self.show_states(now),
            Action::Ladder => self.show_ladder(now, number),
            Action::Why => self.say_why(number),
            Action::Close | Action::Abort if !self.is_current(number) => {}
            Action::Close if self.close_at.is_some() => self.say("this side is closed already."),
            Action::Close => self.close_at = Some(now),
            Action::Abort => self.abort(now),
            Action::Quit => {
                self.typed.extend_from_slice(b"q");
                // A segment of its own: the FIN comes after it.
                self.close_at.get_or_insert(now + Duration::from_micros(1));
                self.until.get_or_insert(if self.answered {
                    now + CLOSE_TIMEOUT
                } else {
                    now.max(Instant::ZERO + GRACE)
                });
            }
        }
    }

    /// Whether the connection that was named, if one was, is the one there is; says so if it is not.
    fn is_current(&mut self, number: Option<ConnectionId>) -> bool {
        let current = self.handle.map(|handle| handle.id());
        match number {
            Some(number) if current != Some(number) => {
                self.say(&format!(
                    "there is no open connection {number}; /states lists them."
                ));
                false
            }
            Some(_) | None => true,
        }
    }

    fn show_states(&mut self, now: Instant) {
        let mut none = true;
        for status in self.node.statuses(now) {
            none = false;
            let _ = write_status(&mut self.terminal.output, now, &status, None);
        }
        if none {
            self.say("no connection");
        }
    }

    /// Draws a connection, or the last one there was.
    fn show_ladder(&mut self, now: Instant, number: Option<ConnectionId>) {
        if let Some(connection) = number.or(self.last) {
            let (journal, style) = (self.node.journal(), &self.terminal.style);
            let output = &mut self.terminal.output;
            let mut follower = Follower::new(connection);
            output.follow(&mut follower, journal, None, style);
            let _ = follower.conclude(now, style, output);
        }
    }

    /// Says how a connection ended or what it waits for, or the last one there was.
    fn say_why(&mut self, number: Option<ConnectionId>) {
        if let Some(connection) = number.or(self.last) {
            let journal = self.node.journal();
            let said = why(journal, connection, View::Inside, self.terminal.lang);
            let said = said.unwrap_or_else(|| format!("nothing is recorded of {connection}"));
            self.say(&said);
        }
    }

    fn abort(&mut self, now: Instant) {
        let outcome = if self.answered {
            Ok(())
        } else {
            let remote = self.remote;
            Err(Failure::NotConnected(format!(
                "no connection to {remote} was opened: {}",
                self.unanswered()
            )))
        };
        if let Some(handle) = self.handle {
            self.node.abort(now, handle);
        }
        self.end(outcome);
    }

    /// Why there is no connection yet, as far as it is known.
    fn unanswered(&self) -> String {
        if self.again.is_some() {
            return "nobody serves there".to_string();
        }
        let unanswered = Unanswered::new(
            self.node.journal(),
            self.remote,
            |event| matches!(event.kind(), Kind::Segment(segment) if segment.direction == Direction::Out),
        );
        unanswered.to_string()
    }

    /// Notes that the server has answered, or tells that it has not for a while.
    fn watch_opening(&mut self, now: Instant) {
        let opening = matches!(self.state(), State::SynSent | State::Closed);
        if !self.answered && !opening {
            self.answered = true;
            self.silent_at = None;
            // Who said q meanwhile waits for the peer's FIN from now on.
            self.until = self.until.map(|_| now + CLOSE_TIMEOUT);
        }
        if self.silent_at.is_some_and(|at| at <= now) {
            self.silent_at = None;
            let unanswered = self.unanswered();
            self.say(&format!("{unanswered} Trying again; q gives up."));
        }
    }

    /// The user wants to go: closes, and waits for the peer only so long.
    fn leave(&mut self, now: Instant) {
        self.typed.clear();
        self.close_at.get_or_insert(now);
        self.until.get_or_insert(now + CLOSE_TIMEOUT);
        if matches!(self.state(), State::SynSent | State::Closed) {
            self.abort(now);
        }
    }

    fn exchange(&mut self, now: Instant) {
        let Some(handle) = self.handle else { return };
        let mark = self.mark();
        let Some(mut socket) = self.node.tcp(handle) else {
            return;
        };
        let mut octets = [0; 4096];
        loop {
            match socket.recv(&mut octets) {
                Ok(count) => {
                    let octets = &octets[..count];
                    self.received
                        .push(now, octets, mark, &mut self.terminal.output);
                }
                Err(RecvError::WouldBlock) => break,
                Err(RecvError::Finished) => {
                    self.received.show(mark, &mut self.terminal.output);
                    self.close_at.get_or_insert(now);
                    break;
                }
                Err(RecvError::Ended(_)) => {
                    self.received.show(mark, &mut self.terminal.output);
                    break;
                }
            }
        }
        // Who has nothing more to say may still want to hear: that ends no handshake.
        if self.terminal.input.has_ended() && self.answered {
            self.close_at.get_or_insert(now);
        }
        if !self.typed.is_empty()
            && let Ok(count) = socket.send(&self.typed)
        {
            self.typed.drain(..count);
        }
        if self.close_at.is_some_and(|at| at <= now) && self.typed.is_empty() && !self.closed {
            self.closed = true;
            socket.shutdown(now);
        }
        if let Some(ending) = socket.ended() {
            self.ended(now, handle, ending);
        }
    }

    fn ended(&mut self, now: Instant, handle: Handle, ending: Ending) {
        let unsent = self.typed.len();
        let outcome = match ending {
            Ending::Closed if !self.answered => Err(format!(
                "no connection to {} was opened: it was closed before",
                self.remote
            )),
            Ending::Closed if unsent == 0 => Ok(()),
            Ending::Closed => Err(format!(
                "{} could not be sent",
                Count(unsent as u64, "octet")
            )),
            Ending::Refused if self.server.is_some() => {
                self.show_rest(now);
                if self.attempts == 1 {
                    let server = self.server.clone().unwrap_or_default();
                    let remote = self.remote;
                    self.say(&format!(
                        "nobody serves at {remote} yet; trying again until somebody does.\n{server}"
                    ));
                }
                if let Some(socket) = self.node.tcp(handle) {
                    socket.close(now);
                }
                self.handle = None;
                self.silent_at = None;
                self.again = Some(now + RETRY_INTERVAL);
                return;
            }
            Ending::Refused => Err(format!(
                "{} refuses the connection: start a server there first",
                self.remote
            )),
            Ending::TimedOut(_) if !self.answered => Err(format!(
                "no connection to {} was opened: {}",
                self.remote,
                self.unanswered()
            )),
            Ending::TimedOut(timer) => Err(format!(
                "{} did not answer ({timer}): is it up, and is the address right?",
                self.remote
            )),
            Ending::ResetByPeer
            | Ending::Aborted
            | Ending::AddressLost
            | Ending::Unreachable
            | Ending::Evicted => Err(format!(
                "the connection to {} is over: {ending}",
                self.remote
            )),
        };
        self.end(outcome.map_err(Failure::NotConnected));
    }

    /// Draws what is new. Attempts that fail like the first one are not drawn.
    fn show_new(&mut self, now: Instant) {
        let hidden = self.attempts > 1 && matches!(self.state(), State::SynSent | State::Closed);
        if !self.terminal.live || hidden {
            return;
        }
        if let Some(follower) = &mut self.follower {
            let (journal, style) = (self.node.journal(), &self.terminal.style);
            let output = &mut self.terminal.output;
            self.ladder_due = output.follow(follower, journal, Some(now), style);
        }
    }

    /// Draws what is left, and what 2 MSL is at.
    fn show_rest(&mut self, now: Instant) {
        let Some(mut follower) = self.follower.take() else {
            return;
        };
        if self.terminal.live && (self.attempts <= 1 || self.outcome.is_some()) {
            let (journal, style) = (self.node.journal(), &self.terminal.style);
            let output = &mut self.terminal.output;
            output.follow(&mut follower, journal, None, style);
            let _ = follower.conclude(now, style, output);
        }
    }

    /// Shows the end, completes the capture, and tells how it went.
    pub fn finish(mut self, now: Instant) -> Result<(), Failure> {
        self.show_rest(now);
        if self.node.time_waiting() > 0 {
            let lasts = (self.node.limits().msl * 2).secs();
            self.say(&format!(
                "the node would stay in TIME-WAIT for {lasts} s; it goes with this program."
            ));
        }
        let Terminal {
            output, capture, ..
        } = self.terminal;
        let said = output.finish();
        capture.finish()?;
        said?;
        self.outcome.unwrap_or(Ok(()))
    }
}

impl Program for Client {
    fn ingress(&mut self, now: Instant, tap: &mut Tap) -> bool {
        let mut device = self.terminal.capture.on(tap);
        self.node.poll_ingress(now, &mut device) == Ingress::More
    }

    fn application(&mut self, now: Instant, news: News) {
        if self.again.is_some_and(|at| at <= now) {
            self.open(now);
        }
        while self.node.next_ready().is_some() {}
        self.watch_opening(now);
        if news.input {
            self.read_input(now);
        }
        if news.signals > 0 {
            self.leave(now);
        }
        self.is_urgent = news.signals > 1;
        self.exchange(now);
        if self.until.is_some_and(|at| at <= now) && self.outcome.is_none() {
            if self.answered {
                self.say("the peer has not closed in time: left.");
            }
            self.abort(now);
        }
        let mark = self.mark();
        self.received.poll(now, mark, &mut self.terminal.output);
    }

    fn egress(&mut self, now: Instant, tap: &mut Tap) -> Option<Instant> {
        let deadline = self.terminal.send(now, &mut self.node, tap);
        // What was sent is shown now: nothing else may happen for long.
        self.show_new(now);
        self.terminal.output.flush();
        let close = self
            .close_at
            .filter(|_| !self.closed && self.typed.is_empty());
        earliest(&[
            deadline,
            close,
            self.again,
            self.ladder_due,
            self.received.due,
            self.silent_at,
            self.until,
        ])
    }

    fn is_over(&self, _now: Instant) -> bool {
        self.outcome.is_some() || self.is_urgent
    }

    fn input(&self) -> Option<BorrowedFd<'_>> {
        let waits = self.typed.len() < TYPED;
        self.terminal.input.source().filter(|_| waits)
    }
}
