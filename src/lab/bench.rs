//! The bench: a client and a server, each a node with a cable's end, and somebody who decides what befalls each
//! frame.
//!
//! Every frame goes through the bench's hands one at a time, so that what a journal says next is about that
//! frame. Time is virtual and jumps; a run depends on its settings alone.

use std::boxed::Box;
use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpCidr, IpEndpoint, Ipv4Address};

use super::packet::Packet;
use super::tape::{Answer, Captured, Event, Fate, Row, Run, Sent, What};
use crate::device::{Side, Wire};
use crate::node::{Config, Limits, Memory, Node, Sizes, earliest};
use crate::pair::Clockwork;
use crate::trace::{Call, Cause, ConnectionId, Direction, Flags, Kind, Mark, State, Verdict};

/// The port that the server serves.
pub const PORT: u16 = 9000;
/// Octets of the largest IP packet.
const MTU: usize = 1500;
/// Frames that one end may send at one moment.
const FRAMES: usize = 512;
/// Steps of one end at one moment after which it counts as endless.
const STEPS: usize = 2000;
/// How long both ends need to find each other before an experiment begins.
const PROLOGUE: Duration = Duration::from_secs(2);

/// What an experiment's nodes are made of.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Every number that is drawn depends on it.
    pub seed: u64,
    /// From one end to the other.
    pub delay: Duration,
    /// Times and bounds of both nodes.
    pub limits: Limits,
    /// Connections that each node has memory for.
    pub connections: usize,
    /// SYNs that may wait for one.
    pub backlog: usize,
    /// Octets of each receive buffer.
    pub receive: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            seed: 1,
            delay: Duration::from_millis(5),
            limits: Limits::default(),
            connections: 8,
            backlog: 8,
            receive: 4096,
        }
    }
}

struct Host {
    /// None: switched off.
    node: Option<Node<'static>>,
    /// Its first end is the node's, the other one is in the bench's hands.
    port: Wire<'static>,
    /// The next record of the journal to read.
    read: u64,
    /// How often it was started.
    starts: u8,
    /// Whose flow is which connection.
    flows: BTreeMap<ConnectionId, usize>,
}

struct Flying {
    arrives: Instant,
    to: Side,
    octets: Vec<u8>,
    row: Option<usize>,
}

/// Decides what befalls a packet.
pub type Rule = Box<dyn FnMut(&Sent) -> Option<Fate>>;

/// An application that acts by itself, between what comes in and what goes out.
pub type Reflex = Box<dyn FnMut(&mut Bench)>;

/// A client, a server, a cable.
pub struct Bench {
    plan: Plan,
    hosts: [Host; 2],
    now: Instant,
    zero: Instant,
    plugged: bool,
    flying: Vec<Flying>,
    rules: Vec<Rule>,
    reflex: Option<Reflex>,
    run: Run,
    /// The conversations so far: the client's port and the server's, and whether they are datagrams.
    flows: Vec<(u16, u16, bool)>,
    /// The initial sequence number of each side of each.
    initial: BTreeMap<(usize, bool), u32>,
}

smolhost::opaque!([] Bench, "Bench");

/// The place of a side.
const fn place(side: Side) -> usize {
    match side {
        Side::A => 0,
        Side::B => 1,
    }
}

/// The address of a side: 192.0.2.1 is the client's, 192.0.2.2 the server's.
pub const fn address(side: Side) -> Ipv4Address {
    match side {
        Side::A => Ipv4Address::new(192, 0, 2, 1),
        Side::B => Ipv4Address::new(192, 0, 2, 2),
    }
}

/// The hardware address of a side.
pub const fn mac(side: Side) -> EthernetAddress {
    EthernetAddress([2, 0, 0, 0, 0, 1 + place(side) as u8])
}

impl Host {
    fn start(plan: &Plan, side: Side, starts: u8, now: Instant) -> Self {
        let mut secret = [1 + place(side) as u8; 16];
        secret[..8].copy_from_slice(&plan.seed.to_le_bytes());
        secret[8] = starts;
        let network = IpCidr::new(address(side).into(), 24);
        let mut config = Config::new(mac(side), network, secret);
        config.announces = false;
        config.limits = Limits {
            ingress_budget: 1,
            egress_budget: 1,
            ..plan.limits
        };
        let sizes = Sizes {
            connections: plan.connections,
            receive: plan.receive,
            transmit: 16 * 1024,
            time_waits: 16,
            backlog: plan.backlog,
            strangers: 64,
            neighbors: 64,
            datagrams: 8 * 1024,
            ..Sizes::default()
        };
        let node = Node::new(config, Memory::heap(sizes), now);
        Self {
            node: Some(node.expect("the plan of an experiment is one that a node can have")),
            port: Wire::heap(Duration::ZERO, MTU, FRAMES),
            read: 0,
            starts,
            flows: BTreeMap::new(),
        }
    }
}

impl Bench {
    /// Both ends switched on, who know each other's hardware address; nothing listens.
    pub fn new(plan: Plan) -> Self {
        let host = |side| Host::start(&plan, side, 0, Instant::ZERO);
        let mut bench = Self {
            plan,
            hosts: [host(Side::A), host(Side::B)],
            now: Instant::ZERO,
            zero: Instant::ZERO,
            plugged: true,
            flying: Vec::new(),
            rules: Vec::new(),
            reflex: None,
            run: Run {
                rows: Vec::new(),
                facts: Vec::new(),
                frames: Vec::new(),
                windows: false,
                illegal: 0,
            },
            flows: Vec::new(),
            initial: BTreeMap::new(),
        };
        bench.introduce();
        bench
    }

    /// One datagram each way, so that no experiment begins with a question after a hardware address.
    fn introduce(&mut self) {
        const DISCARD: u16 = 9;
        for side in [Side::A, Side::B] {
            let to = IpEndpoint::new(address(side.other()).into(), DISCARD);
            let now = self.now;
            let Some(node) = self.node(side) else {
                continue;
            };
            let _ = node.bind(DISCARD);
            if let Some(mut socket) = node.udp(DISCARD) {
                let _ = socket.send_to(now, to, b"");
            }
        }
        self.run_for(PROLOGUE);
        for side in [Side::A, Side::B] {
            if let Some(socket) = self.node(side).and_then(|node| node.udp(DISCARD)) {
                socket.close();
            }
        }
        self.zero = self.now;
        self.run.rows.clear();
        self.run.frames.clear();
        self.flows.clear();
    }

    /// Adds a rule: the first that has something to say about a packet decides.
    pub fn rule(&mut self, rule: impl FnMut(&Sent) -> Option<Fate> + 'static) {
        self.rules.push(Box::new(rule));
    }

    /// Has an application act whenever something came in. There is one at a time.
    pub fn reflex(&mut self, reflex: impl FnMut(&mut Self) + 'static) {
        self.reflex = Some(Box::new(reflex));
    }

    /// Windows are part of the matter.
    pub fn show_windows(&mut self) {
        self.run.windows = true;
    }

    /// Notes what was measured.
    pub fn fact(&mut self, name: &'static str, value: impl TryInto<u64>) {
        self.run
            .facts
            .push((name, value.try_into().unwrap_or(u64::MAX)));
    }

    /// The end of it: the tape.
    pub fn finish(self) -> Run {
        self.run
    }

    /// A node, unless it is switched off.
    pub fn node(&mut self, side: Side) -> Option<&mut Node<'static>> {
        self.hosts[place(side)].node.as_mut()
    }

    /// What has passed since the experiment began.
    pub fn passed(&self) -> Duration {
        self.now - self.zero
    }

    /// The present moment of both nodes.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// From one end to the other.
    pub const fn delay(&self) -> Duration {
        self.plan.delay
    }

    /// The cable is pulled or plugged in.
    pub fn plug(&mut self, plugged: bool) {
        self.plugged = plugged;
        let event = match plugged {
            true => Event::CablePlugged,
            false => Event::CablePulled,
        };
        self.note(None, What::Event(event));
        if !plugged {
            let flying = std::mem::take(&mut self.flying);
            for row in flying.into_iter().filter_map(|frame| frame.row) {
                self.mark(row, Fate::Lost);
            }
        }
    }

    /// An end loses its power.
    pub fn cut_power(&mut self, side: Side) {
        self.hosts[place(side)].node = None;
        self.note(None, What::Event(Event::PowerLost(side)));
    }

    /// An end that lost its power starts anew; it knows its neighbour's hardware address as little as anything.
    pub fn start(&mut self, side: Side) {
        let starts = self.hosts[place(side)].starts + 1;
        self.hosts[place(side)] = Host::start(&self.plan, side, starts, self.now);
        self.note(None, What::Event(Event::Started(side)));
    }

    /// Writes down that something happened now; says where.
    pub fn note(&mut self, flow: Option<usize>, what: What) -> usize {
        self.run.rows.push(Row {
            number: 0,
            what,
            flow,
            at: self.now - self.zero,
            arrived: None,
            states: [Vec::new(), Vec::new()],
        });
        self.run.rows.len() - 1
    }

    /// The row at a place that [`note`](Self::note) gave.
    pub fn row(&mut self, index: usize) -> Option<&mut Row> {
        self.run.rows.get_mut(index)
    }

    /// A frame that somebody else made up, as if it came from one side.
    pub fn forge(&mut self, from: Side, octets: &[u8]) {
        let row = self.note_packet(from, octets, Fate::Forged);
        self.launch(from, octets.to_vec(), row, Duration::ZERO);
    }

    /// A frame that was sent before comes again.
    pub fn replay(&mut self, from: Side, octets: &[u8]) {
        let row = self.note_packet(from, octets, Fate::Copy);
        self.launch(from, octets.to_vec(), row, Duration::ZERO);
    }

    /// The last frame sent by a side that fits.
    pub fn frame(&self, from: Side, fits: impl Fn(&Packet) -> bool) -> Option<Vec<u8>> {
        let mut frames = self.run.frames.iter().rev();
        let found = frames.find(|frame| {
            frame.from == from && Packet::parse(&frame.octets).is_some_and(|packet| fits(&packet))
        });
        found.map(|frame| frame.octets.clone())
    }

    fn launch(&mut self, from: Side, octets: Vec<u8>, row: Option<usize>, late: Duration) {
        let arrives = self.now + self.plan.delay + late;
        self.flying.push(Flying {
            arrives,
            to: from.other(),
            octets,
            row,
        });
    }

    /// Which conversation this is, from the client's and the server's port.
    pub fn flow(&mut self, client: u16, server: u16, datagrams: bool) -> usize {
        let wanted = (client, server, datagrams);
        let known = self.flows.iter().position(|flow| *flow == wanted);
        known.unwrap_or_else(|| {
            self.flows.push(wanted);
            self.flows.len() - 1
        })
    }

    fn note_packet(&mut self, from: Side, octets: &[u8], fate: Fate) -> Option<usize> {
        let packet = Packet::parse(octets);
        self.run.frames.push(Captured {
            at: self.now,
            from,
            octets: octets.to_vec(),
            row: packet.is_some().then_some(self.run.rows.len()),
        });
        let packet = packet?;
        let flow = packet.ports().map(|[one, other]| {
            let (client, server) = if from == Side::A {
                (one, other)
            } else {
                (other, one)
            };
            self.flow(client, server, packet.header().is_none())
        });
        let numbers = flow.map_or([0; 2], |flow| self.numbers(from, flow, &packet));
        let sent = Sent {
            from,
            packet,
            numbers,
            fate,
            sent_as: Mark::None,
            taken_as: Mark::None,
            verdict: Verdict::Passed,
            made: Verdict::Passed,
        };
        Some(self.note(flow, What::Packet(sent)))
    }

    fn numbers(&mut self, from: Side, flow: usize, packet: &Packet) -> [u32; 2] {
        let Some(header) = packet.header() else {
            return [0; 2];
        };
        let from_client = from == Side::A;
        if header.flags.contains(Flags::SYN) {
            self.initial.insert((flow, from_client), header.seq.get());
        }
        let since = |number: u32, of: bool| {
            let initial = self.initial.get(&(flow, of)).copied();
            number.wrapping_sub(initial.unwrap_or(number))
        };
        let ack = match header.flags.contains(Flags::ACK) {
            true => since(header.ack.get(), !from_client),
            false => 0,
        };
        [since(header.seq.get(), from_client), ack]
    }

    fn mark(&mut self, row: usize, fate: Fate) {
        if let Some(What::Packet(sent)) = self.run.rows.get_mut(row).map(|row| &mut row.what) {
            sent.fate = fate;
        }
    }

    /// What left an end goes on its way, or not. The records of the journal say what it is.
    fn send_on(&mut self, from: Side) -> Vec<Option<usize>> {
        let mut rows = Vec::new();
        let queue = self.hosts[place(from)].port.queue_mut(Side::A);
        let mut frames: Vec<_> = queue.frames().map(|frame| frame.octets.to_vec()).collect();
        while queue.remove(0) {}
        for octets in frames.drain(..) {
            let row = self.note_packet(from, &octets, Fate::Arrives);
            rows.push(row);
            let fate = self.fate(row);
            if let Some(row) = row {
                self.mark(row, fate);
            }
            match fate {
                Fate::Lost | Fate::NobodyThere => {}
                Fate::Late(late) => self.launch(from, octets, row, late),
                Fate::Twice(later) => {
                    self.launch(from, octets.clone(), row, Duration::ZERO);
                    self.launch(from, octets, None, later);
                }
                Fate::Arrives | Fate::Copy | Fate::Forged => {
                    self.launch(from, octets, row, Duration::ZERO);
                }
            }
        }
        rows
    }

    fn fate(&mut self, row: Option<usize>) -> Fate {
        if !self.plugged {
            return Fate::Lost;
        }
        let Some(What::Packet(sent)) = row.map(|row| &self.run.rows[row].what) else {
            return Fate::Arrives;
        };
        let mut rules = self.rules.iter_mut();
        rules.find_map(|rule| rule(sent)).unwrap_or(Fate::Arrives)
    }

    /// Reads what the journal of an end says about what just happened there: a frame that came, a call, or
    /// nothing but time.
    pub fn read(&mut self, side: Side, came: Option<usize>, called: Option<usize>) {
        let sent = self.send_on(side);
        let mut sent = sent.into_iter().flatten();
        let host = &mut self.hosts[place(side)];
        let Some(node) = &host.node else {
            return;
        };
        let (_, records) = node.journal().since(host.read);
        let records: Vec<_> = records.map(|(_, event)| event.kind()).collect();
        host.read = node.journal().next();
        let mut current = came.or(called);
        for kind in records {
            self.take_in(side, kind, (came, called), &mut current, &mut sent);
        }
    }

    fn take_in(
        &mut self,
        side: Side,
        kind: Kind,
        (came, called): (Option<usize>, Option<usize>),
        current: &mut Option<usize>,
        sent: &mut impl Iterator<Item = usize>,
    ) {
        match kind {
            Kind::Opened { connection, flow } => {
                let (one, other) = (flow.local.port, flow.remote.port);
                let (client, server) = if side == Side::A {
                    (one, other)
                } else {
                    (other, one)
                };
                let flow = self.flow(client, server, false);
                self.hosts[place(side)].flows.insert(connection, flow);
                if let Some(row) = called.and_then(|row| self.row(row)) {
                    row.flow = Some(flow);
                }
            }
            Kind::Segment(segment) => {
                *current = match segment.direction {
                    Direction::In => came,
                    Direction::Out => sent.next(),
                };
                let judged = (segment.direction, segment.mark, segment.verdict);
                self.judge(*current, judged);
            }
            Kind::Stray(stray) => {
                *current = match stray.direction {
                    Direction::In => came,
                    Direction::Out => sent.next(),
                };
                self.judge(*current, (stray.direction, Mark::None, stray.verdict));
            }
            Kind::Datagram(datagram) => {
                *current = match datagram.direction {
                    Direction::In => came,
                    Direction::Out => sent.next(),
                };
                self.judge(*current, (datagram.direction, Mark::None, datagram.verdict));
            }
            Kind::Icmp {
                direction: Direction::Out,
                ..
            } => {
                sent.next();
            }
            Kind::Dropped(reason) => {
                self.judge(came, (Direction::In, Mark::None, Verdict::Dropped(reason)));
            }
            Kind::Transition(change) | Kind::Illegal(change) => {
                self.run.illegal += usize::from(matches!(kind, Kind::Illegal(_)));
                let flow = self.hosts[place(side)].flows.get(&change.connection);
                let flow = flow.copied();
                let row = match change.cause {
                    Cause::Timer(timer) => Some(self.note(flow, What::Timer(side, timer))),
                    // One that had to wait for its moment has a row of its own.
                    Cause::Call(call) => Some(called.unwrap_or_else(|| {
                        let call = match call {
                            Call::Close => "shutdown",
                            Call::Abort => "abort",
                            Call::Connect => "connect",
                            Call::Listen => "listen",
                        };
                        let (given, answer) = (String::new(), Answer::Done);
                        let what = What::Call {
                            side,
                            call,
                            given,
                            answer,
                        };
                        self.note(flow, what)
                    })),
                    _ => *current,
                };
                self.changed(side, row, [change.from, change.to]);
            }
            Kind::TimeWaiting { connection, lasts } => {
                let flow = self.hosts[place(side)].flows.get(&connection).copied();
                self.note(flow, What::Waits(side, lasts.into()));
            }
            Kind::Ended { connection, ending } => {
                let flow = self.hosts[place(side)].flows.get(&connection).copied();
                self.note(flow, What::Over(side, ending));
            }
            _ => {}
        }
    }

    fn judge(&mut self, row: Option<usize>, (way, mark, verdict): (Direction, Mark, Verdict)) {
        let row = row.and_then(|row| self.run.rows.get_mut(row));
        if let Some(What::Packet(sent)) = row.map(|row| &mut row.what) {
            match way {
                Direction::In => (sent.taken_as, sent.verdict) = (mark, verdict),
                Direction::Out => (sent.sent_as, sent.made) = (mark, verdict),
            }
        }
    }

    fn changed(&mut self, side: Side, row: Option<usize>, [_, to]: [State; 2]) {
        if let Some(row) = row.and_then(|row| self.run.rows.get_mut(row)) {
            row.states[place(side)].push(to);
        }
    }

    /// Gives an end the first frame that is due for it. False if none is.
    fn deliver(&mut self, side: Side) -> bool {
        let due = |frame: &&Flying| frame.to == side && frame.arrives <= self.now;
        let first = self.flying.iter().filter(due).map(|it| it.arrives).min();
        let is_first = |frame: &Flying| frame.to == side && Some(frame.arrives) == first;
        let Some(at) = self.flying.iter().position(is_first) else {
            return false;
        };
        let frame = self.flying.remove(at);
        // A copy has a row of its own once it is there.
        let row = frame
            .row
            .or_else(|| self.note_packet(side.other(), &frame.octets, Fate::Copy));
        let passed = self.now - self.zero;
        if let Some(row) = row.and_then(|row| self.run.rows.get_mut(row)) {
            row.arrived = Some(passed);
        }
        let host = &mut self.hosts[place(side)];
        match &mut host.node {
            Some(node) => {
                host.port.inject(Side::B, self.now, &frame.octets);
                let _ = node.poll_ingress(self.now, &mut host.port.end_a());
            }
            None => {
                if let Some(row) = row {
                    self.mark(row, Fate::NobodyThere);
                    self.run.rows[row].arrived = None;
                }
            }
        }
        self.read(side, row, None);
        true
    }

    /// All that an end has to do at this moment; says when it has something to do next.
    fn turn(&mut self, side: Side) -> Option<Instant> {
        let mut steps = 0;
        while self.deliver(side) && steps < STEPS {
            steps += 1;
        }
        let host = &mut self.hosts[place(side)];
        if let Some(node) = &mut host.node {
            let _ = node.poll_ingress(self.now, &mut host.port.end_a());
        }
        self.read(side, None, None);
        if let Some(mut reflex) = self.reflex.take() {
            reflex(self);
            self.reflex.get_or_insert(reflex);
        }
        let mut next = None;
        for _ in steps..STEPS {
            let host = &mut self.hosts[place(side)];
            next = host
                .node
                .as_mut()
                .and_then(|node| node.poll_egress(self.now, &mut host.port.end_a()));
            let nothing_left = host.port.queue(Side::A).is_empty();
            self.read(side, None, None);
            if nothing_left && next.is_none_or(|next| next > self.now) {
                break;
            }
        }
        next
    }
}

impl Clockwork for Bench {
    fn clock(&mut self) -> &mut Instant {
        &mut self.now
    }

    fn step(&mut self) -> Option<Instant> {
        let [a, b] = [Side::A, Side::B].map(|side| self.turn(side));
        let arrival = self.flying.iter().map(|frame| frame.arrives).min();
        earliest(&[a, b, arrival])
    }
}
