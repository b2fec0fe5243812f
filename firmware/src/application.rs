//! The node with its application on it, and what the operator sees and asks of it.

use core::fmt::{self, Write};

use smolchat::node::{Config, Node, RecvError, Storage};
use smolchat::trace::{self, ConnectionId, Event, Kind, Style};
use smolchat_firmware::address::{self, Addressing, News};
use smolchat_firmware::boot::Options;
use smolchat_firmware::pager::Pager;
use smoltcp::phy::Device;
use smoltcp::time::Instant;
use smoltcp::wire::EthernetAddress;

use crate::machine::interrupt::with_console;
use crate::machine::operator::{Operator, say};

/// TCP connections open at once.
const MEMBERS: usize = 8;
/// Octets of each connection's receive buffer: a longest message with its line end.
const RECEIVE: usize = smolchat::chat::framing::SCRATCH;
/// Octets of each connection's transmit buffer: a longest line and the last words.
const TRANSMIT: usize = smolchat::chat::LINE_MAX + smolchat::chat::LAST_WORDS_MAX;
/// Connections in TIME-WAIT.
const TOMBSTONES: usize = 32;
/// SYNs that may wait for a free connection.
const BACKLOG: u16 = 8;
/// A power of two above connections and tombstones together.
const FLOWS: usize = 64;
/// Events remembered.
const EVENTS: usize = 256;
/// Octets of UDP payload that may wait, each way: a longest line fits.
const DATAGRAMS: usize = 1200;
/// The longest frame, its check sequence not counted.
const FRAME: usize = 1514;

/// All memory of the node.
pub(crate) type Memory = Storage<
    'static,
    MEMBERS,
    RECEIVE,
    TRANSMIT,
    TOMBSTONES,
    { BACKLOG as usize },
    FLOWS,
    EVENTS,
    DATAGRAMS,
    FRAME,
>;

/// The longest line about an event, in octets.
const EVENT_LINE: usize = 120;

/// The node and its application.
pub(crate) struct Application {
    node: Node<'static>,
    addressing: Addressing,
    port: u16,
    listening: bool,
    /// The next record to tell the operator of.
    told: u64,
    page: Option<(Page, Pager)>,
}

/// A long answer to the operator.
#[derive(Clone, Copy)]
enum Page {
    States,
    Ladder(ConnectionId),
}

impl Application {
    pub(crate) fn new(
        options: &Options,
        station: EthernetAddress,
        seed: u64,
        now: Instant,
        memory: &'static mut Memory,
    ) -> Self {
        let [a, b, c, d, e, f, g, h] = seed.to_le_bytes();
        let secret = [a, b, c, d, e, f, g, h, h, g, f, e, d, c, b, a];
        let config = Config::new(station, address::NONE, secret);
        let mut node = match Node::new(config, memory.memory(), now) {
            Ok(node) => node,
            Err(error) => panic!("the node cannot start: {error}"),
        };
        let addressing = Addressing::start(options, &mut node, now);
        if options.dhcp {
            say!("asking for an address");
        }
        Self {
            node,
            addressing,
            port: options.port,
            listening: false,
            told: 0,
            page: None,
        }
    }

    /// One round: frames in, the application, segments out. When the next one is due at the latest.
    pub(crate) fn poll<D: Device>(&mut self, now: Instant, device: &mut D) -> Option<Instant> {
        self.node.poll_ingress(now, device);
        if let Some(news) = self.addressing.poll(now, &mut self.node) {
            self.address_changed(news);
        }
        self.serve(now);
        let deadline = self.node.poll_egress(now, device);
        self.tell(now);
        match (deadline, self.addressing.deadline()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    fn address_changed(&mut self, news: News) {
        match news {
            News::Obtained(address) => say!("address: {address}, station {}", self.node.mac()),
            News::Lost => say!("address lost: the lease ended; every connection is over"),
        }
        if !self.listening {
            self.listening = true;
            // The first port of each kind, so neither is in use.
            let _ = self.node.listen(self.port, BACKLOG);
            let _ = self.node.bind(self.port);
            say!("listening on port {}", self.port);
        }
    }

    /// Sends back what came.
    fn serve(&mut self, now: Instant) {
        let mut piece = [0; 256];
        while self.node.accept().is_some() {}
        while let Some(handle) = self.node.next_ready() {
            loop {
                let room = self.node.send_room(handle).min(piece.len());
                match self.node.recv(handle, &mut piece[..room]) {
                    Ok(0) | Err(RecvError::WouldBlock) => break,
                    Ok(length) => {
                        let _ = self.node.send(handle, &piece[..length]);
                    }
                    Err(RecvError::Finished | RecvError::Ended(_) | RecvError::Stale) => {
                        self.node.close(now, handle);
                        break;
                    }
                }
            }
        }
        while let Some(received) = self.node.recv_from(&mut piece) {
            let answer = &piece[..received.len];
            let _ = self
                .node
                .send_to(now, received.local.port, received.remote, answer);
        }
    }

    /// Writes to the operator what there is room for: a long answer first, then what happened.
    fn tell(&mut self, now: Instant) {
        if let Some((page, mut pager)) = self.page.take() {
            let room = with_console(|console| console.room());
            let complete = pager.show(room, &mut Operator, |out| match page {
                Page::States => draw_states(&self.node, now, out),
                Page::Ladder(connection) => {
                    trace::draw(self.node.journal(), connection, now, &Style::ASCII, out)
                }
            });
            if !complete {
                self.page = Some((page, pager));
            }
        }
        let journal = self.node.journal();
        let mut waiting = self.page.is_some();
        while !waiting && self.told < journal.next() {
            let (missed, mut records) = journal.since(self.told);
            if missed > 0 {
                say!("[{missed} events not shown]");
                self.told += missed;
            }
            let Some((number, event)) = records.next() else {
                break;
            };
            if is_shown(event) {
                waiting = with_console(|console| console.room()) < EVENT_LINE;
                if waiting {
                    break;
                }
                let _ = draw_event(event, &mut Operator);
            }
            self.told = number + 1;
        }
        with_console(|console| console.want_room(if waiting { EVENT_LINE } else { 0 }));
    }

    /// Does what the operator typed.
    pub(crate) fn obey(&mut self, now: Instant, line: &[u8]) {
        let line = core::str::from_utf8(line).unwrap_or("").trim();
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let number = rest
            .trim()
            .trim_start_matches('#')
            .parse()
            .ok()
            .map(ConnectionId);
        let handle = number.and_then(|number| self.node.handle_of(number));
        match (word, number, handle) {
            ("/states", _, _) => self.page = Some((Page::States, Pager::new())),
            ("/ladder", Some(number), _) => self.page = Some((Page::Ladder(number), Pager::new())),
            ("/close", _, Some(handle)) => self.node.close(now, handle),
            ("/abort", _, Some(handle)) => self.node.abort(now, handle),
            ("/close" | "/abort", Some(number), None) => say!("no connection {number} is open"),
            _ => say!("not understood: {line}"),
        }
    }
}

/// Whether the operator is told of an event as it happens. Segments stand in the ladder.
fn is_shown(event: &Event) -> bool {
    match event.kind {
        Kind::Opened { .. }
        | Kind::Transition(_)
        | Kind::Illegal(_)
        | Kind::TimeWaiting { .. }
        | Kind::Ended { .. }
        | Kind::SlowPeer { .. }
        | Kind::Full(_) => true,
        Kind::Segment(_)
        | Kind::Stray(_)
        | Kind::Datagram(_)
        | Kind::Neighbor(_)
        | Kind::Dropped(_)
        | Kind::Icmp { .. } => false,
    }
}

fn draw_event(event: &Event, out: &mut impl Write) -> fmt::Result {
    match event.kind {
        Kind::Opened { connection, flow } => writeln!(out, "{connection} {flow}"),
        Kind::Transition(change) => {
            writeln!(
                out,
                "{} {} -> {} ({})",
                change.connection, change.from, change.to, change.cause
            )
        }
        Kind::Illegal(change) => writeln!(
            out,
            "{} {} -> {} ({}), which RFC 9293 does not know",
            change.connection, change.from, change.to, change.cause
        ),
        Kind::TimeWaiting { connection, lasts } => writeln!(out, "{connection} 2 MSL: {lasts}"),
        Kind::Ended { connection, ending } => writeln!(out, "{connection} {ending}"),
        Kind::SlowPeer {
            connection,
            attempts,
        } => {
            writeln!(out, "{connection} sent the same segment {attempts} times")
        }
        Kind::Full(resource) => writeln!(out, "full: {resource}"),
        Kind::Segment(_)
        | Kind::Stray(_)
        | Kind::Datagram(_)
        | Kind::Neighbor(_)
        | Kind::Dropped(_)
        | Kind::Icmp { .. } => Ok(()),
    }
}

fn draw_states(node: &Node<'_>, now: Instant, out: &mut impl Write) -> fmt::Result {
    for status in node.statuses(now) {
        write!(out, "{} {} {}", status.id, status.flow, status.state)?;
        if let Some((timer, deadline)) = status.timer {
            write!(out, ", {timer} in {} s", (deadline.max(now) - now).secs())?;
        }
        writeln!(out)?;
    }
    writeln!(
        out,
        "{} of {} connections free, {} SYNs wait, {} in TIME-WAIT",
        node.free(),
        node.capacity(),
        node.held(),
        node.time_waiting()
    )
}
