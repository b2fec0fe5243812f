//! A node with its application, hosts around it, and whoever looks on.

use smolchat::app::{self, App, Response, Session, Watched};
use smolchat::chat;
use smolchat::deadlines::Place;
use smolchat::node::{Config, Handle, Ingress, Limits, Memory, Node, Sizes, earliest};
use smolchat::trace::{Neighbor, Style};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpAddress;

use super::cable::Cable;
use super::hosts::{self, PORT};
use super::ledger::{self, Ledger};
use super::screen::{self, Screen};
use super::setup::Setup;
use super::streams::{Streams, check_sent};
use super::talk::Talk;
use crate::frames::{self, Fact};

/// Rounds within which whatever came at one instant must be dealt with.
const ROUNDS: usize = 5_000;

pub struct World {
    pub setup: Setup,
    pub now: Instant,
    pub node: Node<'static>,
    pub app: Option<App<'static>>,
    pub screen: Screen,
    pub cable: Cable,
    pub talks: Vec<Talk>,
    pub streams: Streams,
    pub ledger: Ledger,
    /// Frames wait for others before the node is called.
    pub together: bool,
    /// The last frame on the wire, in either direction.
    pub last: Vec<Vec<u8>>,
    facts: Vec<Fact>,
}

fn limits(setup: &Setup) -> Limits {
    let defaults = Limits::default();
    Limits {
        refuse: setup.refuse,
        keep_alive: setup.impatient.then_some(Duration::from_secs(20)),
        close_wait: setup.impatient.then_some(Duration::from_secs(30)),
        ingress_budget: setup.budget,
        egress_budget: setup.budget,
        ..defaults
    }
}

fn build(setup: &Setup) -> Node<'static> {
    let v6 = setup.mtu >= 1280;
    let networks = hosts::networks(v6);
    let mut config = Config::new(hosts::mac(), networks[0], [7; 16]);
    config.addresses = networks.into_iter().collect();
    config.gateways = [hosts::GATEWAY].into_iter().collect();
    config.mtu = setup.mtu;
    config.offload = setup.offload;
    config.limits = limits(setup);
    let sizes = Sizes {
        connections: setup.connections,
        receive: setup.receive,
        transmit: setup.transmit,
        time_waits: setup.time_waits,
        backlog: 4,
        listeners: 2,
        ports: 1,
        datagrams: 4096,
        neighbors: setup.time_waits,
        strangers: setup.time_waits,
        events: 1024,
        mtu: if setup.offload { 65_535 } else { setup.mtu },
        ..Sizes::default()
    };
    let mut node = Node::new(config, Memory::heap(sizes), Instant::from_secs(1)).expect("a node");
    node.listen(PORT, setup.backlog).expect("a free listener");
    node.bind(PORT).expect("a free port");
    node
}

fn chat_for(setup: &Setup, now: Instant) -> App<'static> {
    let connections = setup.connections;
    let memory = app::Memory {
        sessions: std::iter::repeat_with(|| Session::EMPTY)
            .take(connections)
            .collect::<Vec<_>>()
            .into(),
        deadlines: vec![Place::EMPTY; connections].into(),
        responses: std::iter::repeat_with(|| Response::EMPTY)
            .take(3)
            .collect::<Vec<_>>()
            .into(),
        watched: std::iter::repeat_with(|| Watched::NOTHING)
            .take(2)
            .collect::<Vec<_>>()
            .into(),
        room: chat::Memory::heap(connections + 4),
    };
    let config = app::Config {
        limits: chat::Limits::default(),
        secret: [1, 2],
        style: Style::PLAIN,
        live: setup.live,
    };
    App::new(now, memory, config)
}

impl World {
    pub fn new(setup: Setup) -> Self {
        let node = build(&setup);
        let now = Instant::from_secs(1);
        let app = setup.chat.then(|| chat_for(&setup, now));
        let talks = (0..hosts::HOSTS).map(|host| {
            let isn = 0x7fff_f000_u32.wrapping_mul(host as u32 + 1);
            Talk::new(hosts::flow(host, 40_000), isn)
        });
        Self {
            talks: talks.collect(),
            setup,
            now,
            node,
            app,
            screen: Screen::default(),
            cable: Cable::default(),
            streams: Streams::trusting(setup.chat),
            ledger: Ledger::default(),
            together: false,
            last: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// Puts a frame on the wire.
    pub fn inject(&mut self, frame: Vec<u8>) {
        if self.last.len() < 4 {
            self.last.push(frame.clone());
        } else {
            let place = self.cable.received as usize % 4;
            self.last[place].clone_from(&frame);
        }
        self.cable.inbox.push_back(frame);
        if !self.together || self.cable.inbox.len() >= 32 {
            self.work();
        }
    }

    /// Lets the node deal with all that is there; says when it wants to be called again.
    ///
    /// # Panics
    /// If it never comes to rest.
    pub fn work(&mut self) -> Option<Instant> {
        for _ in 0..ROUNDS {
            let more = self.node.poll_ingress(self.now, &mut self.cable) == Ingress::More;
            match &mut self.app {
                Some(app) => app.run(self.now, &mut self.node, &mut self.screen),
                None => self.streams.turn(
                    self.now,
                    &mut self.node,
                    &self.ledger,
                    &self.talks,
                    self.setup.reads,
                ),
            }
            let node = self.node.poll_egress(self.now, &mut self.cable);
            if let Some(app) = &mut self.app {
                app.show(self.now, &self.node, &mut self.screen);
            }
            let app = self.app.as_ref().and_then(App::deadline);
            let deadline = earliest(&[node, app]);
            self.look();
            let waits = !self.cable.inbox.is_empty();
            if !more && !waits && deadline.is_none_or(|at| at > self.now) {
                return deadline;
            }
        }
        let app = self.app.as_ref().and_then(App::deadline);
        let node = self.node.poll_egress(self.now, &mut self.cable);
        let last = self.ledger.known.last().map(|known| known.id);
        let ladder = last.map(|id| ledger::ladder(&self.node, id, self.now));
        panic!(
            "no rest at {}: the node wants {node:?}, the application {app:?}; left last: {:?}; {}",
            self.now,
            self.facts,
            ladder.unwrap_or_default(),
        );
    }

    /// Looks at what left, compares it with the journal, and lets the hosts answer.
    fn look(&mut self) {
        let sums = !self.setup.offload;
        let whole = self.ledger.read(&self.node);
        self.facts.clear();
        let left = self.cable.outbox.iter();
        self.facts
            .extend(left.map(|frame| frames::read(frame, sums).0));
        if whole {
            self.ledger.compare(&self.facts);
        }
        for at in 0..self.facts.len() {
            if let Some(frame) = self.cable.outbox.pop_front() {
                self.see(at, &frame, whole);
                self.cable.recycle(frame);
            }
        }
    }

    /// Looks at one frame that left.
    fn see(&mut self, at: usize, frame: &[u8], whole: bool) {
        let (fact, payload) = frames::read(frame, false);
        match fact {
            Fact::Tcp(flow, header) => {
                if let Some(talk) = self.talks.iter_mut().find(|talk| talk.flow == flow) {
                    talk.hear(&header);
                }
                // A keep-alive carries an octet that nobody takes.
                let said = payload != [0] && self.app.is_some() && flow.local.port == PORT;
                if said {
                    screen::check_segment(payload);
                }
                if self.app.is_none() && whole {
                    self.ledger
                        .sender(at)
                        .inspect(|known| check_sent(known, &header, payload));
                }
            }
            Fact::Udp(..) if self.app.is_some() => screen::check(payload),
            Fact::Neighbor(Neighbor::Asked(target)) => answer(&mut self.cable, target),
            Fact::Udp(..) | Fact::Neighbor(_) | Fact::Icmp(..) | Fact::Other => {}
        }
    }

    /// Lets time pass.
    pub fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        for _ in 0..64 {
            match self.work() {
                Some(at) if at < end => self.now = at,
                _ => break,
            }
        }
        self.now = end;
        self.work();
    }

    /// The handles of a bare node's connections.
    pub fn handle(&self, which: u8) -> Option<Handle> {
        let held = &self.streams.held;
        let at = usize::from(which).checked_rem(held.len())?;
        Some(held[at].handle)
    }

    /// Everybody is silent for a long time: nothing may be left.
    ///
    /// # Panics
    /// If a connection, a SYN or a memory of one is left.
    pub fn end(&mut self) {
        self.cable.blocked = false;
        self.together = false;
        self.wait(Duration::from_millis(1));
        self.node.unlisten(PORT);
        if let Some(app) = &mut self.app {
            app.shutdown(self.now, &mut self.node, &mut self.screen);
        }
        self.streams.close_all(self.now, &mut self.node);
        for _ in 0..2 {
            self.wait_silently(Duration::from_secs(400));
            self.streams.close_all(self.now, &mut self.node);
        }
        self.wait_silently(Duration::from_secs(400));
        let node = &self.node;
        let left: Vec<_> = node.statuses(self.now).collect();
        assert!(
            left.is_empty(),
            "left after a long silence: {left:#?}\n{}",
            ledger::ladder(node, left[0].id, self.now)
        );
        let counts = [
            node.capacity() - node.free(),
            node.time_waiting(),
            node.held(),
            node.half_open(),
        ];
        assert_eq!(
            counts, [0; 4],
            "slots, TIME-WAIT, held SYNs, half-open ones"
        );
        if let Some(app) = &self.app {
            assert!(app.room().len() <= 1, "members besides the operator");
        }
        assert_eq!(node.journal().counters().illegal, 0);
    }

    fn wait_silently(&mut self, duration: Duration) {
        let end = self.now + duration;
        for _ in 0..2_000 {
            match self.work() {
                Some(at) if at < end => self.now = at,
                _ => {
                    self.now = end;
                    self.work();
                    return;
                }
            }
        }
        panic!("there is always something to do, at {}", self.now);
    }
}

/// A host that answers says where it is.
fn answer(cable: &mut Cable, target: IpAddress) {
    if hosts::answers(target) {
        let mut frame = cable.empty();
        frames::tell(&mut frame, hosts::link(target), target, hosts::ours(target));
        cable.inbox.push_back(frame);
    }
}
