//! Forged datagrams between rooms and services: two rooms on one wire, each with an application.

use crate::hall::{Paper, config};
use crate::pair::{PORT, Pair, address, sizes};
use smolchat::app::{App, Memory};
use smolchat::device::Side;
use smolchat::node::{Ingress, Limits, Node, earliest};
use smolchat::pair::Clockwork;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpEndpoint;

/// What somebody might write on a datagram that he forges.
const FORGED: [&str; 9] = [
    "hello",
    "q",
    "/join",
    "/join, please",
    "/who is in this room, and what are they talking about today?",
    "Delivered to 0. To hear the others, send: /join k7m2p9qa",
    "this is a datagram that is long enough for every form of every answer there is",
    "/join k7m2p9qa",
    "",
];

/// A room on each node; the one on `a` at a port of the test's choice.
struct Rooms {
    pair: Pair,
    apps: [App<'static>; 2],
    screens: [Paper; 2],
}

impl Rooms {
    fn new(port: u16) -> Self {
        let mut pair = Pair::new(sizes(8), Limits::default());
        pair.a.bind(port).unwrap();
        pair.b.bind(PORT).unwrap();
        let app = || App::new(Instant::ZERO, Memory::heap(8, 8), config(false));
        Self {
            pair,
            apps: [app(), app()],
            screens: [Paper::default(), Paper::default()],
        }
    }

    /// Sends what seems to come from a room to the other one. How many datagrams cross in all.
    fn forge(port: u16, text: &str) -> u64 {
        let mut rooms = Self::new(port);
        let (now, to) = (rooms.pair.now, IpEndpoint::new(address(Side::B), PORT));
        let sent = rooms
            .pair
            .a
            .udp(port)
            .unwrap()
            .send_to(now, to, text.as_bytes());
        assert_eq!(sent, Ok(()));
        assert!(rooms.run_for(Duration::from_secs(60)));
        for app in &rooms.apps {
            assert_eq!(app.room().len(), 1, "{text}");
        }
        let crossed = |node: &Node<'_>| node.journal().counters().datagrams_out;
        crossed(&rooms.pair.a) + crossed(&rooms.pair.b)
    }
}

impl Clockwork for Rooms {
    fn clock(&mut self) -> &mut Instant {
        &mut self.pair.now
    }

    fn step(&mut self) -> Option<Instant> {
        let now = self.pair.now;
        let Pair { a, b, wire, .. } = &mut self.pair;
        let mut next = None;
        for (side, node) in [a, b].into_iter().enumerate() {
            let mut device = match side {
                0 => wire.end_a(),
                _ => wire.end_b(),
            };
            let more = node.poll_ingress(now, &mut device) == Ingress::More;
            let app = &mut self.apps[side];
            app.run(now, node, &mut self.screens[side]);
            let egress = node.poll_egress(now, &mut device);
            app.show(now, node, &mut self.screens[side]);
            let more = more.then_some(now);
            next = earliest(&[next, more, egress, app.deadline()]);
        }
        earliest(&[next, wire.next_arrival()])
    }
}

#[test]
fn a_datagram_forged_between_two_rooms_at_the_same_port_crosses_alone() {
    for text in FORGED {
        assert_eq!(Rooms::forge(PORT, text), 1, "{text}");
    }
}

#[test]
fn two_rooms_at_different_ports_fall_silent_after_an_answer() {
    for text in FORGED {
        let most = if text == "q" { 5 } else { 2 };
        let crossed = Rooms::forge(PORT + 1, text);
        assert!(crossed <= most, "{text}: {crossed}");
    }
}
