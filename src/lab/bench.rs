//! The bench: a client and a server, each a node with a cable's end, and somebody who decides what befalls each
//! frame.
//!
//! Every frame goes through the bench's hands one at a time, so that what a journal says next is about that
//! frame. Time is virtual and jumps; a run depends on its settings alone.

mod host;
mod reading;
mod rows;

use std::boxed::Box;
use std::collections::BTreeMap;
use std::vec::Vec;

use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpEndpoint;

use self::host::Host;
use super::packet::Packet;
use super::plan::{Plan, address, place};
use super::tape::{Event, Fate, Row, Run, Sent, What};
use crate::device::Side;
use crate::node::{Node, earliest};
use crate::pair::Clockwork;

/// Steps of one end at one moment after which it counts as endless.
const STEPS: usize = 2000;
/// How long both ends need to find each other before an experiment begins.
const PROLOGUE: Duration = Duration::from_secs(2);

struct Flying {
    arrives: Instant,
    to: Side,
    octets: Vec<u8>,
    row: Option<usize>,
}

/// Decides what befalls a packet.
pub(super) type Rule = Box<dyn FnMut(&Sent) -> Option<Fate>>;

/// An application that acts by itself, between what comes in and what goes out.
pub(super) type Reflex = Box<dyn FnMut(&mut Bench)>;

/// A client, a server, a cable.
pub(super) struct Bench {
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

impl Bench {
    /// Both ends switched on, who know each other's hardware address; nothing listens.
    pub(super) fn new(plan: Plan) -> Self {
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
    pub(super) fn rule(&mut self, rule: impl FnMut(&Sent) -> Option<Fate> + 'static) {
        self.rules.push(Box::new(rule));
    }

    /// Has an application act whenever something came in. There is one at a time.
    pub(super) fn reflex(&mut self, reflex: impl FnMut(&mut Self) + 'static) {
        self.reflex = Some(Box::new(reflex));
    }

    /// Windows are part of the matter.
    pub(super) fn show_windows(&mut self) {
        self.run.windows = true;
    }

    /// Notes what was measured.
    pub(super) fn fact(&mut self, name: &'static str, value: impl TryInto<u64>) {
        self.run
            .facts
            .push((name, value.try_into().unwrap_or(u64::MAX)));
    }

    /// The end of it: the tape.
    pub(super) fn finish(self) -> Run {
        self.run
    }

    /// A node, unless it is switched off.
    pub(super) fn node(&mut self, side: Side) -> Option<&mut Node<'static>> {
        self.hosts[place(side)].node.as_mut()
    }

    /// What has passed since the experiment began.
    pub(super) fn passed(&self) -> Duration {
        self.now - self.zero
    }

    /// The present moment of both nodes.
    pub(super) const fn now(&self) -> Instant {
        self.now
    }

    /// From one end to the other.
    pub(super) const fn delay(&self) -> Duration {
        self.plan.delay
    }

    /// The cable is pulled or plugged in.
    pub(super) fn plug(&mut self, plugged: bool) {
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
    pub(super) fn cut_power(&mut self, side: Side) {
        self.hosts[place(side)].node = None;
        self.note(None, What::Event(Event::PowerLost(side)));
    }

    /// An end that lost its power starts anew; it knows its neighbour's hardware address as little as anything.
    pub(super) fn start(&mut self, side: Side) {
        let starts = self.hosts[place(side)].starts + 1;
        self.hosts[place(side)] = Host::start(&self.plan, side, starts, self.now);
        self.note(None, What::Event(Event::Started(side)));
    }

    /// Writes down that something happened now; says where.
    pub(super) fn note(&mut self, flow: Option<usize>, what: What) -> usize {
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
    pub(super) fn row(&mut self, index: usize) -> Option<&mut Row> {
        self.run.rows.get_mut(index)
    }

    /// A frame that somebody else made up, as if it came from one side.
    pub(super) fn forge(&mut self, from: Side, octets: &[u8]) {
        let row = self.note_packet(from, octets, Fate::Forged);
        self.launch(from, octets.to_vec(), row, Duration::ZERO);
    }

    /// A frame that was sent before comes again.
    pub(super) fn replay(&mut self, from: Side, octets: &[u8]) {
        let row = self.note_packet(from, octets, Fate::Copy);
        self.launch(from, octets.to_vec(), row, Duration::ZERO);
    }

    /// The last frame sent by a side that fits.
    pub(super) fn frame(&self, from: Side, fits: impl Fn(&Packet) -> bool) -> Option<Vec<u8>> {
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
