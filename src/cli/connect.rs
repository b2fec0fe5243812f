//! `smolchat connect`: the node as active opener, a chat client against any server.

mod commands;
mod datagrams;
mod received;
mod stream;
mod unanswered;

use std::fmt::Write;
use std::io::{self, IsTerminal};

use smolchat::device::Tap;
use smolchat::lang::Lang;
use smolchat::node::Node;
use smolchat::trace::Style;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpEndpoint;

use super::args::ConnectArguments;
use super::colours::language;
use super::config::Stack;
use super::input::Input;
use super::namespace::Namespace;
use super::output::{Console, Output, teller};
use super::recorder::Capture;
use super::run;
use super::wait::{Clock, Signals};
use super::zone::Zoned;
use super::{Failure, open};

/// How long the peer may take to close after this side did because the user wants to go.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// What both kinds of client have.
struct Terminal {
    input: Input,
    output: Output,
    style: Style,
    lang: Lang,
    /// Ladders are shown.
    live: bool,
    capture: Capture,
}

impl Terminal {
    /// Lets the node send, with every frame and what the node says of it recorded; says when to call again.
    fn send(&mut self, now: Instant, node: &mut Node<'_>, tap: &mut Tap) -> Option<Instant> {
        let deadline = node.poll_egress(now, &mut self.capture.on(tap));
        self.capture.tell(self.output.teller().said());
        self.capture.annotate(node.journal(), &mut self.output);
        deadline
    }
}

/// Connects, and talks until one side ends it.
pub fn connect(arguments: &ConnectArguments, stack: &Stack) -> Result<(), Failure> {
    let (mut tap, namespace) = open(stack)?;
    let clock = Clock::start();
    let mut signals = Signals::take_over()?;
    let [secret, random] = stack.secrets()?;
    let node = stack.node(secret, 1)?;
    let console = Console::beside(stack.pcap.as_deref());
    let colours = &arguments.output.colours;
    let live = !arguments.output.plain;
    let capture = Capture::create(stack.pcap.as_deref(), clock)?;
    let mut output = Output::start(console, teller(colours))?;
    // What is piped in needs no help, and its answers no heading.
    if io::stdin().is_terminal() {
        // Output never fails: what nobody reads is counted.
        let _ = writeln!(
            output,
            "Lines typed here go to {}; /help lists the commands, q ends.",
            arguments.remote.endpoint
        );
        output.flush();
    }
    let terminal = Terminal {
        input: Input::new(),
        output,
        style: console.style(colours),
        lang: language(colours.lang),
        live,
        capture: capture.hearing(live && !colours.no_text),
    };
    let remote = arguments.remote.endpoint;
    let server = namespace.map(|namespace| how_to_serve(namespace, stack, remote, arguments.udp));
    if arguments.udp {
        let port = 49_152 + u16::from_le_bytes([random[0], random[1]]) % 16_384;
        let mut client = datagrams::Client::new(node, terminal, remote, port, server)?;
        let ran = run::run(&mut client, &mut tap, &mut signals, clock, stack.spin);
        return client.finish().and(ran.map_err(Failure::from));
    }
    let mut client = stream::Client::new(node, terminal, remote, server);
    let ran = run::run(&mut client, &mut tap, &mut signals, clock, stack.spin);
    client.finish(clock.now()).and(ran.map_err(Failure::from))
}

/// Where there is no server yet, how to start one.
fn how_to_serve(namespace: Namespace, stack: &Stack, remote: IpEndpoint, udp: bool) -> String {
    let address = Zoned {
        address: remote.addr,
        tap: &stack.tap,
    };
    let udp = if udp { "-u " } else { "" };
    format!(
        "This network is private to this program. A server in it, from another terminal:\n  {} nc {udp}-l {} {}\n",
        namespace.join_command(),
        address,
        remote.port
    )
}
