//! Two nodes on a wire in memory, on a virtual clock that jumps to the next event.
use smolchat::device::{Side, Wire};
use smolchat::node::{Config, Handle, Limits, Memory, Node, Sizes};
use smolchat::pair::Clockwork;
use smolchat::trace::{ConnectionId, Ending, Kind, State, Style, Transition, draw};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, IpEndpoint};

/// The port that `b` serves.
pub(crate) const PORT: u16 = 9000;
/// How long anything that is waited for may take, in virtual time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// Two nodes, a wire, a clock.
pub(crate) struct Pair {
    pub(crate) a: Node<'static>,
    pub(crate) b: Node<'static>,
    pub(crate) wire: Wire<'static>,
    pub(crate) now: Instant,
}

/// The address of one side: 192.0.2.1 for `a`, 192.0.2.2 for `b`.
pub(crate) fn address(side: Side) -> IpAddress {
    match side {
        Side::A => IpAddress::v4(192, 0, 2, 1),
        Side::B => IpAddress::v4(192, 0, 2, 2),
    }
}

/// What one side is configured with.
pub(crate) fn config(side: Side, limits: Limits) -> Config {
    let number = match side {
        Side::A => 1,
        Side::B => 2,
    };
    let mac = EthernetAddress([2, 0, 0, 0, 0, number]);
    let mut config = Config::new(mac, IpCidr::new(address(side), 24), [number; 16]);
    config.limits = limits;
    config
}

/// Small memory: `connections` of 4 KiB each way.
pub(crate) fn sizes(connections: usize) -> Sizes {
    Sizes {
        connections,
        receive: 4096,
        transmit: 4096,
        time_waits: 64,
        backlog: 8,
        ..Sizes::default()
    }
}

pub(crate) fn node(side: Side, sizes: Sizes, limits: Limits) -> Node<'static> {
    Node::new(config(side, limits), Memory::heap(sizes), Instant::ZERO).unwrap()
}

impl Default for Pair {
    fn default() -> Self {
        Self::new(sizes(8), Limits::default())
    }
}

impl Pair {
    /// A pair with a wire of 5 ms each way; `b` listens, both know each other's hardware address.
    pub(crate) fn new(sizes: Sizes, limits: Limits) -> Self {
        let mut pair = Self {
            a: node(Side::A, sizes, limits),
            b: node(Side::B, sizes, limits),
            wire: Wire::heap(Duration::from_millis(5), 1500, 256),
            now: Instant::ZERO,
        };
        pair.b.listen(PORT, 4).unwrap();
        pair
    }

    pub(crate) fn server() -> IpEndpoint {
        IpEndpoint::new(address(Side::B), PORT)
    }

    /// Runs until `until` holds; fails when nothing more would happen or too much does.
    pub(crate) fn run_until(&mut self, mut until: impl FnMut(&mut Self) -> bool) {
        let found = Clockwork::run_until(self, PATIENCE, |pair| until(pair).then_some(()));
        assert!(found.is_some(), "it does not come to hold");
    }

    /// Runs for a while of virtual time.
    pub(crate) fn run_for(&mut self, duration: Duration) {
        assert!(Clockwork::run_for(self, duration), "time stands still");
    }

    /// Connects `a` to `b` and accepts.
    pub(crate) fn connect(&mut self) -> (Handle, Handle) {
        let client = self.a.connect(self.now, Self::server()).unwrap();
        let mut server = None;
        self.run_until(|pair| {
            server = server.or_else(|| pair.b.accept());
            server.is_some() && pair.a.status(client).unwrap().state == State::Established
        });
        (client, server.unwrap())
    }

    /// Fails if either side has anything left of a connection.
    pub(crate) fn assert_nothing_is_left(&mut self) {
        for node in [&mut self.a, &mut self.b] {
            assert_eq!(node.free(), node.capacity());
            assert_eq!(node.time_waiting(), 0);
            assert_eq!(node.half_open(), 0);
            assert_eq!(node.held(), 0);
        }
    }

    /// Fails if either side saw a change of state that the RFC does not know.
    pub(crate) fn assert_all_legal(&self) {
        for node in [&self.a, &self.b] {
            for (_, event) in node.journal().iter() {
                assert!(!matches!(event.kind(), Kind::Illegal(_)), "{event:?}");
            }
        }
    }
}

impl Clockwork for Pair {
    fn clock(&mut self) -> &mut Instant {
        &mut self.now
    }

    fn step(&mut self) -> Option<Instant> {
        let a = self.a.poll(self.now, &mut self.wire.end_a());
        let b = self.b.poll(self.now, &mut self.wire.end_b());
        [a, b, self.wire.next_arrival()].into_iter().flatten().min()
    }

    fn let_out(&mut self) -> Option<Instant> {
        let a = self.a.poll_egress(self.now, &mut self.wire.end_a());
        let b = self.b.poll_egress(self.now, &mut self.wire.end_b());
        [a, b, self.wire.next_arrival()].into_iter().flatten().min()
    }
}

/// The states that a connection went through, the first one included.
pub(crate) fn states(node: &Node<'_>, id: ConnectionId) -> Vec<State> {
    let mut states = Vec::new();
    for (_, event) in node.journal().of(id) {
        if let Kind::Transition(Transition { from, to, .. }) = event.kind() {
            if states.is_empty() {
                states.push(from);
            }
            states.push(to);
        }
    }
    states
}

/// How a connection ended.
pub(crate) fn ending(node: &Node<'_>, id: ConnectionId) -> Option<Ending> {
    node.journal()
        .of(id)
        .find_map(|(_, event)| match event.kind() {
            Kind::Ended { ending, .. } => Some(ending),
            _ => None,
        })
}

/// The ladder of a connection, plain.
pub(crate) fn ladder(node: &Node<'_>, id: ConnectionId, now: Instant) -> String {
    let mut text = String::new();
    draw(node.journal(), id, now, &Style::PLAIN, &mut text).unwrap();
    text
}

/// Everything that can be received now; nothing from a connection that was let go.
pub(crate) fn receive(node: &mut Node<'_>, handle: Handle) -> Vec<u8> {
    let mut buffer = [0; 8192];
    match node.tcp(handle).map(|mut socket| socket.recv(&mut buffer)) {
        Some(Ok(count)) => buffer[..count].to_vec(),
        Some(Err(_)) | None => Vec::new(),
    }
}
