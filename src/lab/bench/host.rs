//! One end of the bench: a node, and the end of a cable that the bench holds in its hands.

use std::collections::BTreeMap;

use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpCidr;

use crate::device::{Side, Wire};
use crate::lab::plan::{FRAMES, MTU, Plan, address, mac, place};
use crate::node::{Config, Limits, Memory, Node, Sizes};
use crate::trace::ConnectionId;

pub(super) struct Host {
    // A value: whoever is given one reads all of it.
    /// None: switched off.
    pub(super) node: Option<Node<'static>>,
    /// Its first end is the node's, the other one is in the bench's hands.
    pub(super) port: Wire<'static>,
    /// The next record of the journal to read.
    pub(super) read: u64,
    /// How often it was started.
    pub(super) starts: u8,
    /// Whose flow is which connection.
    pub(super) flows: BTreeMap<ConnectionId, usize>,
}

impl Host {
    /// A node that knows nothing yet.
    pub(super) fn start(plan: &Plan, side: Side, starts: u8, now: Instant) -> Self {
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
