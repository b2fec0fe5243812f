//! The room's node with its application, hosts around it, the wire between them, and the clock.
//!
//! Hosts are nodes, too. The wire may lose, repeat and reorder frames, carries what was forged, forgets
//! the frames of whoever vanished, and may know a host by another hardware address than the host does.

use std::collections::HashSet;

use smolchat::app::{App, Memory as AppMemory};
use smolchat::device::{Faults, Policy, Shares, Side, Wire};
use smolchat::node::{Config, Ingress, Memory, Node, Sizes, earliest};
use smolchat::pair::Clockwork;
use smoltcp::phy::{Device, RxToken};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, Icmpv6Packet, IpAddress, IpCidr, IpEndpoint, Ipv6Address};

use crate::hall::{self, Paper};
use crate::host;
use crate::lab::Cable;
use crate::pair::PORT;

/// How many hosts there are. The last one is the crowd's.
pub(crate) const HOSTS: usize = 8;
/// Connections that the room has, so that a crowd can fill it.
pub(crate) const PLACES: usize = 24;
/// Members over UDP that it has places for, and the operator.
pub(crate) const GUESTS: usize = 9;

/// Of a thousand frames each way, on a bad day. None has a wrong bit: an Ethernet has a checksum of its own, and
/// nothing else would catch what is wrong in its header.
const ROUGH: Policy<'static> = Policy {
    script: &[],
    shares: Shares {
        drop: 40,
        duplicate: 30,
        reorder: 40,
        corrupt: 0,
        delay: 20,
    },
    delay: Duration::from_millis(300),
};

pub(crate) struct Host {
    pub(crate) node: Node<'static>,
    cable: Cable,
    /// What the wire knows it by.
    label: EthernetAddress,
    /// Ports whose frames go nowhere, either way.
    vanished: HashSet<u16>,
    next: Option<Instant>,
    touched: bool,
}

impl Host {
    fn new(number: usize) -> Self {
        let label = mac_of(number);
        let mut config = Config::new(label, host_networks(number)[0], [100 + number as u8; 16]);
        config.addresses = host_networks(number).into_iter().collect();
        let sizes = Sizes {
            connections: 2 * PLACES,
            receive: 4096,
            transmit: 4096,
            time_waits: 256,
            neighbors: 16,
            ports: 1,
            datagrams: 16 * 1024,
            events: 512,
            ..Sizes::default()
        };
        let mut node = Node::new(config, Memory::heap(sizes), Instant::ZERO).unwrap();
        node.bind(host_port()).unwrap();
        Self {
            node,
            cable: Cable::default(),
            label,
            vanished: HashSet::new(),
            next: None,
            touched: true,
        }
    }

    /// From now on nothing is heard of this port, and nothing reaches it.
    pub(crate) fn vanish(&mut self, port: u16) {
        self.vanished.insert(port);
    }

    /// The port is somebody else's now.
    pub(crate) fn appear(&mut self, port: u16) {
        self.vanished.remove(&port);
    }

    /// The host gets another network card.
    pub(crate) fn move_to(&mut self, label: EthernetAddress) {
        self.label = label;
    }
}

/// The port from which a host's datagrams come.
pub(crate) const fn host_port() -> u16 {
    5_000
}

fn mac_of(number: usize) -> EthernetAddress {
    EthernetAddress([2, 0, 0, 0, 1, number as u8])
}

pub(crate) fn host_networks(number: usize) -> [IpCidr; 2] {
    let low = 10 + number as u8;
    [
        IpCidr::new(host::v4(low), 24),
        IpCidr::new(host::v6(low.into()), 64),
    ]
}

/// The room's addresses: the IPv4 one changes now and then.
fn room_networks(low: u8) -> [IpCidr; 2] {
    [IpCidr::new(host::v4(low), 24), IpCidr::new(host::v6(1), 64)]
}

pub(crate) struct Network {
    pub(crate) now: Instant,
    pub(crate) room: Node<'static>,
    pub(crate) app: App<'static>,
    pub(crate) screen: Paper,
    hosts: Vec<Host>,
    wire: Wire<'static>,
    /// What befalls frames: nothing, or much.
    faults: [Faults<'static>; 2],
    rough: bool,
    next: Option<Instant>,
    touched: bool,
    low: u8,
    /// Frames that reached the room or left it.
    pub(crate) frames: u64,
}

impl Network {
    pub(crate) fn new(seed: u64) -> Self {
        let mut config = Config::new(host::MAC, room_networks(1)[0], [7; 16]);
        config.addresses = room_networks(1).into_iter().collect();
        let sizes = Sizes {
            connections: PLACES,
            receive: 4096,
            transmit: 4096,
            time_waits: 64,
            backlog: 8,
            strangers: 64,
            neighbors: 16,
            ports: 1,
            datagrams: 16 * 1024,
            events: 2048,
            ..Sizes::default()
        };
        let mut room = Node::new(config, Memory::heap(sizes), Instant::ZERO).unwrap();
        room.listen(PORT, 8).unwrap();
        room.bind(PORT).unwrap();
        let memory = AppMemory::heap(PLACES, GUESTS);
        let faults = |policy| Faults::heap(seed, policy, policy, 1514, 256);
        Self {
            now: Instant::ZERO,
            room,
            app: App::new(Instant::ZERO, memory, hall::config(true)),
            screen: Paper::default(),
            hosts: (0..HOSTS).map(Host::new).collect(),
            wire: Wire::heap(Duration::from_millis(5), 1500, 4096),
            faults: [faults(Policy::NONE), faults(ROUGH)],
            rough: false,
            next: None,
            touched: true,
            low: 1,
            frames: 0,
        }
    }

    /// Where the room is, by the family.
    pub(crate) fn room_at(&self, family: usize) -> IpEndpoint {
        let networks = room_networks(self.low);
        IpEndpoint::new(networks[family].address(), PORT)
    }

    /// A host, which will be looked at.
    pub(crate) fn host(&mut self, number: usize) -> &mut Host {
        let host = &mut self.hosts[number];
        host.touched = true;
        host
    }

    pub(crate) fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// Whether anything happens on a host at this moment.
    pub(crate) fn is_touched(&self, number: usize) -> bool {
        self.hosts[number].touched
    }

    pub(crate) fn set_rough(&mut self, rough: bool) {
        self.rough = rough;
    }

    pub(crate) fn is_rough(&self) -> bool {
        self.rough
    }

    /// The room's IPv4 address is withdrawn, and it gets another one.
    pub(crate) fn renumber(&mut self) {
        self.low = if self.low == 1 { 2 } else { 1 };
        let networks = room_networks(self.low);
        self.touched = true;
        self.room.set_addresses(self.now, &networks, &[]).unwrap();
    }

    /// The operator says something.
    pub(crate) fn console(&mut self, line: &str) {
        self.touched = true;
        let Self {
            now,
            room,
            app,
            screen,
            ..
        } = self;
        app.console(*now, room, screen, line.as_bytes());
    }

    /// A frame that somebody forged.
    pub(crate) fn forge(&mut self, frame: &[u8]) {
        self.wire.inject(Side::A, self.now, frame);
    }

    /// Whether nothing is due any more, on the room's side.
    pub(crate) fn is_at_rest(&mut self) -> bool {
        let mut end = self.wire.end_b();
        let due = self.room.poll_egress(self.now, &mut end);
        due.is_none() && self.app.deadline().is_none()
    }

    /// Hands what arrived to the hosts.
    fn deliver(&mut self) {
        let mut end = self.wire.end_a();
        while let Some((frame, _)) = end.receive(self.now) {
            let mut octets = frame.consume(|octets| octets.to_vec());
            self.frames += 1;
            let to = EthernetAddress([0, 1, 2, 3, 4, 5].map(|at| octets[at]));
            for (number, host) in self.hosts.iter_mut().enumerate() {
                if to == host.label {
                    octets[..6].copy_from_slice(&mac_of(number).0);
                } else if !to.is_multicast() {
                    continue;
                }
                if !is_of(&octets, 2, &host.vanished) {
                    host.cable.inbox.push_back(octets.clone());
                    host.touched = true;
                }
            }
        }
    }

    fn let_hosts_in(&mut self) {
        for host in &mut self.hosts {
            host.touched |= host.next.is_some_and(|at| at <= self.now);
            if host.touched {
                while host.node.poll_ingress(self.now, &mut host.cable) == Ingress::More {}
            }
        }
    }

    fn let_hosts_out(&mut self) {
        for (number, host) in self.hosts.iter_mut().enumerate() {
            if !std::mem::take(&mut host.touched) {
                continue;
            }
            host.next = host.node.poll_egress(self.now, &mut host.cable);
            for mut frame in host.cable.outbox.drain(..) {
                if !is_of(&frame, 0, &host.vanished) {
                    relabel(&mut frame, mac_of(number), host.label);
                    assert!(self.wire.inject(Side::A, self.now, &frame));
                }
            }
        }
    }

    fn let_room_in(&mut self) {
        let faults = &self.faults[usize::from(self.rough)];
        let arrival = self.wire.queue(Side::A).next_arrival();
        let due = [arrival, faults.next_deadline(), self.next];
        self.touched |= due.into_iter().flatten().any(|at| at <= self.now);
        if !self.touched {
            return;
        }
        let before = self.wire.counters(Side::A).received;
        let mut end = self.wire.end_b();
        let mut device = self.faults[usize::from(self.rough)].over(&mut end);
        while self.room.poll_ingress(self.now, &mut device) == Ingress::More {
            self.app.run(self.now, &mut self.room, &mut self.screen);
            let _ = self.room.poll_egress(self.now, &mut device);
        }
        self.app.run(self.now, &mut self.room, &mut self.screen);
        self.frames += self.wire.counters(Side::A).received - before;
    }

    fn let_room_out(&mut self) {
        let rough = usize::from(self.rough);
        if std::mem::take(&mut self.touched) {
            let mut end = self.wire.end_b();
            let mut device = self.faults[rough].over(&mut end);
            let out = self.room.poll_egress(self.now, &mut device);
            device.flush(self.now);
            self.next = earliest(&[out, self.app.deadline()]);
        }
    }
}

impl Clockwork for Network {
    fn clock(&mut self) -> &mut Instant {
        &mut self.now
    }

    /// What comes in. What is then to be said leaves by [`Self::let_out`].
    fn step(&mut self) -> Option<Instant> {
        self.deliver();
        self.let_hosts_in();
        self.let_room_in();
        None
    }

    fn let_out(&mut self) -> Option<Instant> {
        self.let_hosts_out();
        self.let_room_out();
        let faults = self.faults[usize::from(self.rough)].next_deadline();
        let hosts = self.hosts.iter().filter_map(|host| host.next).min();
        earliest(&[self.next, faults, self.wire.next_arrival(), hosts])
    }
}

/// Whether a frame is a segment from (offset 0) or to (offset 2) one of these ports.
fn is_of(frame: &[u8], offset: usize, ports: &HashSet<u16>) -> bool {
    if ports.is_empty() {
        return false;
    }
    let (protocol, at) = match frame[12..14] {
        [0x08, 0x00] => (frame[23], 34),
        [0x86, 0xdd] => (frame[20], 54),
        _ => return false,
    };
    let port = || u16::from_be_bytes([frame[at + offset], frame[at + offset + 1]]);
    protocol == 6 && ports.contains(&port())
}

/// Puts another hardware address wherever a frame names its sender's.
fn relabel(frame: &mut [u8], from: EthernetAddress, to: EthernetAddress) {
    if from == to {
        return;
    }
    frame[6..12].copy_from_slice(&to.0);
    match frame[12..14] {
        [0x08, 0x06] => frame[22..28].copy_from_slice(&to.0),
        [0x86, 0xdd] if frame[20] == 58 => {
            let address = |at: usize| {
                let octets: [u8; 16] = frame[at..at + 16].try_into().unwrap();
                Ipv6Address::from(octets)
            };
            let (src, dst) = (address(22), address(38));
            let message = &mut frame[54..];
            let place = message.windows(6).position(|octets| octets == from.0);
            if let Some(at) = place {
                message[at..at + 6].copy_from_slice(&to.0);
            }
            Icmpv6Packet::new_unchecked(message).fill_checksum(&src, &dst);
        }
        _ => {}
    }
}

/// An address of a host, by the family.
pub(crate) fn host_at(number: usize, family: usize) -> IpAddress {
    host_networks(number)[family].address()
}
