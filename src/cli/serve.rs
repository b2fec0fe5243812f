//! `smolchat serve`: the chat on a TAP, with the operator at the terminal.

use std::fmt::Write;
use std::os::fd::BorrowedFd;

use smolchat::app::{App, Config, Memory};
use smolchat::chat;
use smolchat::device::Tap;
use smolchat::explain::{View, why};
use smolchat::lang::Lang;
use smolchat::node::{Ingress, Node, earliest};
use smolchat::plural::Count;
use smolchat::trace::{ConnectionId, Follower, Style};
use smoltcp::time::{Duration, Instant};

use super::args::ServeArguments;
use super::colours::language;
use super::config::Stack;
use super::input::Input;
use super::invitation::Invitation;
use super::output::{Console, Output, teller};
use super::recorder::Capture;
use super::run::{self, News, Program};
use super::wait::{Clock, Signals};
use super::{Failure, open};

/// Members beside those over TCP: UDP endpoints, and the operator.
const GUESTS: usize = 1024;

/// What the help has beside the room's own.
const WHY: &str = "/why N says how a connection ended, or what it waits for now.";

/// Serves until the operator ends it.
pub fn serve(arguments: &ServeArguments, stack: &Stack) -> Result<(), Failure> {
    let (mut tap, namespace) = open(stack)?;
    let clock = Clock::start();
    let mut signals = Signals::take_over()?;
    let [secret, codes] = stack.secrets()?;
    let mut node = stack.node(secret, arguments.backlog)?;
    node.listen(arguments.port, arguments.backlog as u16)?;
    node.bind(arguments.udp_port)?;
    let colours = &arguments.output.colours;
    let live = !arguments.output.plain;
    let capture = Capture::create(stack.pcap.as_deref(), clock)?;
    let capture = capture.hearing(live && !colours.no_text);
    let console = Console::beside(stack.pcap.as_deref());
    let style = console.style(colours);
    let config = Config {
        limits: chat::Limits {
            rate: arguments.messages_per_second,
            per_origin: arguments.per_address,
            first_words: arguments.first_words,
            idle: arguments.idle,
            ..chat::Limits::default()
        },
        secret: halves(codes),
        style,
        live,
    };
    let memory = Memory::heap(stack.connections, GUESTS);
    let mut app = App::new(clock.now(), memory, config);
    if arguments.services {
        app.offer_services(&mut node, arguments.backlog as u16)?;
    }
    let mut server = Server {
        node,
        app,
        capture,
        input: Input::new(),
        output: Output::start(console, teller(colours))?,
        looks: (style, language(colours.lang)),
        is_urgent: false,
    };
    let invitation = Invitation {
        stack,
        namespace,
        port: arguments.port,
        udp_port: arguments.udp_port,
    };
    // Output never fails: what nobody reads is counted.
    let _ = write!(server.output, "{invitation}");
    server.output.flush();
    let ran = run::run(&mut server, &mut tap, &mut signals, clock, stack.spin);
    server.finish(clock.now())?;
    ran.map_err(Failure::from)
}

/// Answers what only this console is asked: why a connection is as it is, and its ladder with what was said and meant.
fn answers(
    now: Instant,
    node: &Node<'_>,
    output: &mut Output,
    (style, lang): &(Style, Lang),
    line: &[u8],
) -> bool {
    let asked = std::str::from_utf8(line).unwrap_or_default();
    let (order, number) = asked.trim().split_once(' ').unwrap_or((asked.trim(), ""));
    let number = number.trim().trim_start_matches('#').parse().ok();
    match (order, number.map(ConnectionId)) {
        ("/ladder", Some(connection)) => {
            let mut follower = Follower::new(connection);
            let handle = node.handle_of(connection);
            if let Some(status) = handle.and_then(|handle| node.status(handle)) {
                follower = follower.with_flow(status.flow);
            }
            output.follow(&mut follower, node.journal(), None, style);
            // Output never fails: what nobody reads is counted.
            let _ = follower.conclude(now, style, output);
        }
        ("/why", None) => {
            let _ = writeln!(output, "Write it as /why N");
        }
        ("/why", Some(connection)) => {
            let why = why(node.journal(), connection, View::Inside, *lang);
            let why =
                why.unwrap_or_else(|| format!("Nothing is recorded of connection {connection}."));
            let _ = writeln!(output, "{why}");
        }
        _ => return false,
    }
    true
}

fn halves(octets: [u8; 16]) -> [u64; 2] {
    let whole = u128::from_le_bytes(octets);
    [whole as u64, (whole >> 64) as u64]
}

struct Server {
    node: Node<'static>,
    app: App<'static>,
    capture: Capture,
    input: Input,
    output: Output,
    /// How ladders are drawn, and in which language.
    looks: (Style, Lang),
    /// Who asks twice for the end does not want to wait.
    is_urgent: bool,
}

impl Server {
    fn read_input(&mut self, now: Instant) {
        let Self {
            node,
            app,
            input,
            output,
            looks,
            ..
        } = self;
        input.read(|line| {
            // An empty line is a glance at the screen, not a message.
            if !line.is_empty() && !answers(now, node, output, looks, line) {
                app.console(now, node, output, line);
            }
            if line == b"/help" {
                // Output never fails: what nobody reads is counted.
                let _ = writeln!(output, "{WHY}");
            }
        });
    }

    fn finish(mut self, now: Instant) -> Result<(), Failure> {
        let left = self.node.capacity() - self.node.free();
        let waiting = self.node.time_waiting();
        let counters = self.node.journal().counters();
        let counts = self.app.room().counts();
        let _ = writeln!(
            self.output,
            "-- served {} and {} in {}.",
            Count(counters.opened, "connection"),
            Count(counts.messages, "message"),
            Age(now)
        );
        if left > 0 {
            let _ = writeln!(
                self.output,
                "-- {} did not close in time, and what came of it is not known.",
                Count(left as u64, "connection")
            );
        }
        if waiting > 0 {
            let _ = writeln!(
                self.output,
                "-- {} would have stayed in TIME-WAIT for {} in all; that ends with the node.",
                Count(waiting as u64, "connection"),
                Age(Instant::ZERO + self.node.limits().msl * 2)
            );
        }
        let said = self.output.finish();
        self.capture.finish()?;
        Ok(said?)
    }
}

struct Age(Instant);

impl std::fmt::Display for Age {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0.total_millis().div_euclid(1000).unsigned_abs();
        humantime::format_duration(std::time::Duration::from_secs(seconds)).fmt(f)
    }
}

impl Program for Server {
    fn ingress(&mut self, now: Instant, tap: &mut Tap) -> bool {
        let mut device = self.capture.on(tap);
        self.node.poll_ingress(now, &mut device) == Ingress::More
    }

    fn application(&mut self, now: Instant, news: News) {
        if news.input {
            self.read_input(now);
        }
        self.is_urgent = news.signals > 1;
        if news.signals > 0 && !self.app.is_ending() && self.node.free() < self.node.capacity() {
            let _ = writeln!(
                self.output,
                "-- ending: each member has a few seconds to close; once more ends it at once."
            );
        }
        if news.signals > 0 || self.input.has_vanished() {
            self.app.shutdown(now, &mut self.node, &mut self.output);
        }
        self.app.run(now, &mut self.node, &mut self.output);
    }

    fn egress(&mut self, now: Instant, tap: &mut Tap) -> Option<Instant> {
        let deadline = self.node.poll_egress(now, &mut self.capture.on(tap));
        self.capture.annotate(self.node.journal(), &mut self.output);
        self.capture.tell(self.output.teller().said());
        // What was sent is shown now: nothing else may happen for long.
        self.app.show(now, &self.node, &mut self.output);
        self.output.flush();
        let flush = self.output.is_behind().then(|| now + FLUSH);
        earliest(&[deadline, self.app.deadline(), flush])
    }

    fn is_over(&self, now: Instant) -> bool {
        self.is_urgent || self.app.is_over(now, &self.node)
    }

    fn input(&self) -> Option<BorrowedFd<'_>> {
        self.input.source().filter(|_| !self.app.is_ending())
    }
}

/// How often to look whether a reader that was too slow has caught up.
const FLUSH: Duration = Duration::from_millis(100);
