//! Where the board's address comes from, with hostile servers and routers on its network.
//!
//! What must hold: nothing panics, the board comes to rest after whatever it heard, what it takes for an
//! address of its own is one that a host can have, and what left is what the journal noted.

use arbitrary::{Arbitrary, Result, Unstructured};
use smolchat::node::{Config, Ingress, Memory, Node, Sizes, earliest};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{
    DhcpMessageType, DhcpPacket, DhcpRepr, EthernetAddress, IpAddress, IpEndpoint, Ipv4Address,
};

use crate::address::{Addressing, NONE};
use crate::boot::Options;
use crate::count;
use crate::frames::{self, Fact, Link};
use crate::node::{Cable, Ledger};

/// Rounds within which whatever came at one instant must be dealt with.
const ROUNDS: usize = 1_000;

const STATION: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 1]);
const LINK: Link = Link {
    from: EthernetAddress([2, 0, 0, 0, 0, 9]),
    to: EthernetAddress::BROADCAST,
};

/// What happens.
#[derive(Debug, Clone, Arbitrary)]
enum Act {
    /// A server says something.
    Dhcp(Dhcp),
    /// A router says something.
    Router(Router),
    /// The same as last, a little changed.
    Noise {
        changes: [(u16, u8); 3],
        mended: bool,
    },
    Wait(u8),
}

/// What a server says.
#[derive(Debug, Clone)]
struct Dhcp {
    kind: DhcpMessageType,
    /// In answer to what was asked last.
    answers: bool,
    yours: Ipv4Address,
    mask: Option<Ipv4Address>,
    router: Option<Ipv4Address>,
    server: Option<Ipv4Address>,
    lease: [Option<u32>; 3],
    /// To the address that is offered, instead of to everybody.
    unicast: bool,
}

impl<'a> Arbitrary<'a> for Dhcp {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        use DhcpMessageType::{Ack, Discover, Nak, Offer, Unknown};
        const HOSTS: [Ipv4Address; 7] = [
            Ipv4Address::new(192, 0, 2, 7),
            Ipv4Address::new(192, 0, 2, 1),
            Ipv4Address::new(192, 0, 2, 255),
            Ipv4Address::new(127, 0, 0, 1),
            Ipv4Address::new(224, 0, 0, 1),
            Ipv4Address::UNSPECIFIED,
            Ipv4Address::BROADCAST,
        ];
        let host = |u: &mut Unstructured<'a>| u.choose(&HOSTS).copied();
        let mut lease = || -> Result<Option<u32>> {
            let all = [None, Some(0), Some(1), Some(60), Some(3600), Some(u32::MAX)];
            u.choose(&all).copied()
        };
        let lease = [lease()?, lease()?, lease()?];
        let masks = [0xffff_ff00, 0xffff_ffff, 0, 0xff00_ff00, 0xffff_fffe];
        let mask = Some(Ipv4Address::from_bits(*u.choose(&masks)?)).filter(|_| lease[0] != Some(0));
        Ok(Self {
            kind: *u.choose(&[Offer, Offer, Ack, Ack, Ack, Nak, Discover, Unknown(9)])?,
            answers: u.ratio(7, 8)?,
            yours: host(u)?,
            mask,
            router: Some(host(u)?),
            server: Some(host(u)?),
            lease,
            unicast: u.arbitrary()?,
        })
    }
}

/// What a router says: the lifetimes, and its options as they stand on the wire.
#[derive(Debug, Clone)]
struct Router {
    lifetime: u16,
    /// From an address that is no router's.
    forged: bool,
    prefixes: Vec<Prefix>,
    rest: [u8; 4],
}

#[derive(Debug, Clone, Copy)]
struct Prefix {
    /// In units of eight octets; four is right.
    units: u8,
    len: u8,
    flags: u8,
    valid: u32,
    preferred: u32,
    first: u16,
}

impl<'a> Arbitrary<'a> for Router {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut prefixes = Vec::new();
        for _ in 0..u.int_in_range(0..=2)? {
            let times = [0, 1, 3600, 7200, 7201, u32::MAX];
            prefixes.push(Prefix {
                units: *u.choose(&[4, 4, 4, 4, 0, 1, 5])?,
                len: *u.choose(&[64, 64, 64, 0, 63, 128, 129, 255])?,
                flags: *u.choose(&[0xc0, 0xc0, 0x40, 0x80, 0])?,
                valid: *u.choose(&times)?,
                preferred: *u.choose(&times)?,
                first: *u.choose(&[0x2001, 0x2001, 0xfe80, 0xff02, 0])?,
            });
        }
        Ok(Self {
            lifetime: *u.choose(&[1800, 0, 1, u16::MAX])?,
            forged: u.ratio(1, 8)?,
            prefixes,
            rest: u.arbitrary()?,
        })
    }
}

/// The board, without its hardware.
struct Board {
    now: Instant,
    node: Node<'static>,
    cable: Cable,
    addressing: Addressing,
    ledger: Ledger,
    /// What was asked last of a server.
    asked: u32,
    last: Vec<u8>,
}

/// Plays what `data` says.
///
/// # Panics
/// If something does not hold.
pub fn run(data: &[u8]) {
    let mut u = Unstructured::new(data);
    let mut board = Board::new();
    board.work();
    while !u.is_empty() {
        let Ok(act) = u.arbitrary() else { break };
        board.act(&act);
    }
    for _ in 0..20 {
        board.wait(Duration::from_secs(600));
    }
    count::add(board.cable.received);
}

impl Board {
    fn new() -> Self {
        let now = Instant::from_secs(1);
        let config = Config::new(STATION, NONE, [7; 16]);
        let sizes = Sizes {
            connections: 1,
            receive: 64,
            transmit: 64,
            time_waits: 2,
            backlog: 1,
            datagrams: 1024,
            extra: 1,
            events: 256,
            ..Sizes::default()
        };
        let mut node = Node::new(config, Memory::heap(sizes), now).expect("a node");
        let addressing = Addressing::start(&Options::default(), &mut node, now);
        Self {
            now,
            node,
            cable: Cable::default(),
            addressing,
            ledger: Ledger::default(),
            asked: 0,
            last: Vec::new(),
        }
    }

    fn act(&mut self, act: &Act) {
        let mut frame = Vec::new();
        match act {
            Act::Dhcp(dhcp) => self.dhcp(&mut frame, dhcp),
            Act::Router(router) => advertisement(&mut frame, router),
            Act::Noise { changes, mended } => {
                frame.clone_from(&self.last);
                for (at, octet) in changes {
                    if let Some(at) = usize::from(*at).checked_rem(frame.len()) {
                        frame[at] = *octet;
                    }
                }
                if *mended {
                    frames::mend(&mut frame);
                }
            }
            Act::Wait(which) => {
                let secs = [1, 5, 13, 60, 600, 3600, 7200, 100_000][usize::from(*which % 8)];
                return self.wait(Duration::from_secs(secs));
            }
        }
        self.last.clone_from(&frame);
        self.cable.inbox.push_back(frame);
        self.work();
    }

    fn dhcp(&self, frame: &mut Vec<u8>, dhcp: &Dhcp) {
        let repr = DhcpRepr {
            message_type: dhcp.kind,
            transaction_id: self.asked.wrapping_add(u32::from(!dhcp.answers)),
            secs: 0,
            client_hardware_address: STATION,
            client_ip: Ipv4Address::UNSPECIFIED,
            your_ip: dhcp.yours,
            server_ip: dhcp.server.unwrap_or(Ipv4Address::UNSPECIFIED),
            router: dhcp.router,
            subnet_mask: dhcp.mask,
            relay_agent_ip: Ipv4Address::UNSPECIFIED,
            broadcast: !dhcp.unicast,
            requested_ip: None,
            client_identifier: None,
            server_identifier: dhcp.server,
            parameter_request_list: None,
            dns_servers: None,
            max_size: None,
            lease_duration: dhcp.lease[0],
            renew_duration: dhcp.lease[1],
            rebind_duration: dhcp.lease[2],
            additional_options: &[],
        };
        let mut payload = vec![0; repr.buffer_len()];
        repr.emit(&mut DhcpPacket::new_unchecked(&mut payload[..]))
            .expect("room");
        let to = if dhcp.unicast {
            dhcp.yours
        } else {
            Ipv4Address::BROADCAST
        };
        let endpoints = (
            IpEndpoint::new(IpAddress::v4(192, 0, 2, 254), 67),
            IpEndpoint::new(to.into(), 68),
        );
        frames::udp(frame, LINK, endpoints, &payload);
    }

    fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        for _ in 0..64 {
            match self.work() {
                Some(at) if at < end => self.now = at.max(self.now),
                _ => break,
            }
        }
        self.now = end;
        self.work();
    }

    /// Lets the board deal with what is there, as its run loop does.
    fn work(&mut self) -> Option<Instant> {
        for _ in 0..ROUNDS {
            let now = self.now;
            let mut device = self.addressing.slaac.overhear(&mut self.cable);
            let more = self.node.poll_ingress(now, &mut device) == Ingress::More;
            let news = self.addressing.poll(now, &mut self.node).is_some();
            if let Some(question) = self.addressing.slaac.question(now) {
                self.node.send_frame(now, &mut self.cable, &question);
            }
            let deadline = self.node.poll_egress(now, &mut self.cable);
            self.look();
            let deadline = earliest(&[deadline, self.addressing.deadline()]);
            if !more && !news && deadline.is_none_or(|at| at > now) {
                return deadline;
            }
        }
        panic!("the board does not come to rest at {}", self.now);
    }

    fn look(&mut self) {
        let whole = self.ledger.read(&self.node);
        let mut facts = Vec::new();
        while let Some(frame) = self.cable.outbox.pop_front() {
            let (fact, payload) = frames::read(&frame, true);
            match fact {
                Fact::Udp(flow, _) if flow.remote.port == 67 && payload.len() >= 8 => {
                    self.asked =
                        u32::from_be_bytes([payload[4], payload[5], payload[6], payload[7]]);
                }
                _ => {}
            }
            facts.push(fact);
            self.cable.recycle(frame);
        }
        if whole {
            self.ledger.compare(&facts);
        }
        for cidr in self.node.addresses() {
            let address = cidr.address();
            assert!(
                address.is_unicast() || address.is_unspecified(),
                "{address} is ours"
            );
        }
    }
}

/// A router's advertisement (RFC 4861 section 4.2), right or wrong.
fn advertisement(frame: &mut Vec<u8>, router: &Router) {
    let mut rest = vec![0; 8];
    for prefix in &router.prefixes {
        rest.extend([3, prefix.units, prefix.len, prefix.flags]);
        rest.extend(prefix.valid.to_be_bytes());
        rest.extend(prefix.preferred.to_be_bytes());
        rest.extend([0; 4]);
        rest.extend(prefix.first.to_be_bytes());
        rest.extend([0x0d, 0xb8, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    if router.rest[0] > 128 {
        rest.extend(router.rest);
    }
    let from = if router.forged {
        IpAddress::v6(0x2001, 0xdb8, 0, 0, 0, 0, 0, 9)
    } else {
        IpAddress::v6(0xfe80, 0, 0, 0, 0, 0, 0, 9)
    };
    let all = IpAddress::v6(0xff02, 0, 0, 0, 0, 0, 0, 1);
    let link = Link {
        to: EthernetAddress([0x33, 0x33, 0, 0, 0, 1]),
        ..LINK
    };
    frames::icmp(frame, link, (from, all), (134, 0), &rest);
    let at = frames::ETHERNET + 40 + 6;
    frame[at..at + 2].copy_from_slice(&router.lifetime.to_be_bytes());
    frames::mend(frame);
}
