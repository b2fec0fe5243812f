//! The chat on node `b` of a pair, and clients on node `a`.
use std::fmt;

use smolchat::app::{App, Config, Memory, Screen};
use smolchat::chat;
use smolchat::device::{Faults, Policy};
use smolchat::node::{Handle, Ingress, Limits, Sizes};
use smolchat::pair::Clockwork;
use smolchat::trace::{Direction, Kind, Segment, State, Style, Verdict};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{IpAddress, IpCidr, IpEndpoint};

use crate::pair::{PATIENCE, PORT, Pair, receive, sizes};

/// What the operator sees.
#[derive(Default)]
pub(crate) struct Paper {
    pub(crate) text: String,
    /// Octets that still fit; none: `None` for no end.
    pub(crate) room: Option<usize>,
}

impl fmt::Write for Paper {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        if let Some(room) = &mut self.room {
            *room = room.saturating_sub(text.len());
        }
        Ok(())
    }
}

impl Screen for Paper {
    fn room(&self) -> usize {
        self.room.unwrap_or(usize::MAX)
    }
}

pub(crate) struct Hall {
    pub(crate) pair: Pair,
    pub(crate) app: App<'static>,
    pub(crate) screen: Paper,
    /// What the wire does to frames on their way to and from the node.
    pub(crate) faults: Faults<'static>,
}

impl Default for Hall {
    fn default() -> Self {
        Self::new(sizes(8), 8, false)
    }
}

pub(crate) fn config(live: bool) -> Config {
    Config {
        limits: chat::Limits::default(),
        secret: [1, 2],
        style: Style::PLAIN,
        live,
    }
}

impl Clockwork for Hall {
    fn clock(&mut self) -> &mut Instant {
        &mut self.pair.now
    }

    fn step(&mut self) -> Option<Instant> {
        let pair = &mut self.pair;
        let now = pair.now;
        let a = pair.a.poll(now, &mut pair.wire.end_a());
        let mut end = pair.wire.end_b();
        let mut device = self.faults.over(&mut end);
        let more = pair.b.poll_ingress(now, &mut device);
        self.app.run(now, &mut pair.b, &mut self.screen);
        let b = pair.b.poll_egress(now, &mut device);
        self.app.show(now, &pair.b, &mut self.screen);
        device.flush(now);
        let late = self.faults.next_deadline();
        let more = (more == Ingress::More).then_some(now);
        let wire = pair.wire.next_arrival();
        let all = [a, b, more, late, self.app.deadline(), wire];
        all.into_iter().flatten().min()
    }

    fn let_out(&mut self) -> Option<Instant> {
        let pair = &mut self.pair;
        let now = pair.now;
        let a = pair.a.poll_egress(now, &mut pair.wire.end_a());
        let mut end = pair.wire.end_b();
        let mut device = self.faults.over(&mut end);
        let b = pair.b.poll_egress(now, &mut device);
        device.flush(now);
        let late = self.faults.next_deadline();
        let wire = pair.wire.next_arrival();
        let all = [a, b, late, self.app.deadline(), wire];
        all.into_iter().flatten().min()
    }
}

impl Hall {
    /// A room for `guests` members beside the connections; the operator counts.
    pub(crate) fn new(sizes: Sizes, guests: usize, live: bool) -> Self {
        let mut pair = Pair::new(sizes, Limits::default());
        pair.a.bind(5000).unwrap();
        pair.b.bind(PORT).unwrap();
        let config = config(live);
        let memory = Memory::heap(sizes.connections, guests);
        Self {
            pair,
            app: App::new(Instant::ZERO, memory, config),
            screen: Paper::default(),
            faults: Faults::heap(1, Policy::NONE, Policy::NONE, 1514, 64),
        }
    }

    pub(crate) fn run_until(&mut self, what: &str, mut until: impl FnMut(&mut Self) -> bool) {
        let found = Clockwork::run_until(self, PATIENCE, |hall| until(hall).then_some(()));
        assert!(found.is_some(), "it does not come to: {what}");
    }

    pub(crate) fn run_for(&mut self, duration: Duration) {
        assert!(Clockwork::run_for(self, duration), "time stands still");
    }

    /// Gives both nodes a second address, in a network of their own.
    pub(crate) fn add_a_second_network(&mut self) {
        let now = self.pair.now;
        for (node, number) in [(&mut self.pair.a, 1), (&mut self.pair.b, 2)] {
            let first = IpCidr::new(IpAddress::v4(192, 0, 2, number), 24);
            let second = IpCidr::new(IpAddress::v4(198, 51, 100, number), 24);
            node.set_addresses(now, &[first, second], &[]).unwrap();
        }
    }

    /// Where clients are from elsewhere that reach the room here.
    pub(crate) fn from_elsewhere() -> IpEndpoint {
        IpEndpoint::new(IpAddress::v4(198, 51, 100, 2), PORT)
    }

    /// A client whose handshake is over and who is in the room.
    pub(crate) fn join(&mut self) -> Handle {
        self.join_at(Pair::server())
    }

    /// The same through one of the room's addresses.
    pub(crate) fn join_at(&mut self, room: IpEndpoint) -> Handle {
        let handle = self
            .pair
            .a
            .connect(self.pair.now, room)
            .expect("a free connection");
        let members = self.app.room().len();
        self.run_until("the client is in the room", |hall| {
            hall.app.room().len() > members
                && hall.pair.a.status(handle).unwrap().state == State::Established
        });
        handle
    }

    pub(crate) fn send(&mut self, client: Handle, text: &str) {
        let sent = self.pair.a.tcp(client).unwrap().send(text.as_bytes());
        assert_eq!(sent, Ok(text.len()));
    }

    /// What one `recv` gives: waits until there is something.
    pub(crate) fn recv(&mut self, client: Handle) -> String {
        self.run_until("something to receive", |hall| {
            hall.pair.a.tcp(client).unwrap().recv_queue() > 0
                || hall.pair.a.tcp(client).unwrap().has_finished()
        });
        String::from_utf8(receive(&mut self.pair.a, client)).expect("UTF-8")
    }

    /// One `send`, one `recv`.
    pub(crate) fn ask(&mut self, client: Handle, text: &str) -> String {
        self.send(client, text);
        self.recv(client)
    }

    /// Everything that comes within a while.
    pub(crate) fn hear(&mut self, client: Handle) -> String {
        let mut octets = Vec::new();
        for _ in 0..200 {
            self.run_for(Duration::from_millis(10));
            octets.extend(receive(&mut self.pair.a, client));
        }
        String::from_utf8(octets).expect("UTF-8")
    }

    pub(crate) fn console(&mut self, line: &str) -> String {
        self.screen.text.clear();
        let Self {
            pair, app, screen, ..
        } = self;
        app.console(pair.now, &mut pair.b, screen, line.as_bytes());
        self.run_for(Duration::from_millis(500));
        self.screen.text.clone()
    }

    pub(crate) fn send_datagram(&mut self, text: &str) {
        let to = Pair::server();
        self.pair
            .a
            .udp(5000)
            .unwrap()
            .send_to(self.pair.now, to, text.as_bytes())
            .unwrap();
    }

    /// One datagram in, one datagram out.
    pub(crate) fn ask_datagram(&mut self, text: &str) -> String {
        self.send_datagram(text);
        self.recv_datagram()
    }

    pub(crate) fn recv_datagram(&mut self) -> String {
        let mut text = None;
        self.run_until("a datagram", |hall| {
            text = hall.take_datagram();
            text.is_some()
        });
        text.unwrap()
    }

    pub(crate) fn take_datagram(&mut self) -> Option<String> {
        let mut octets = [0; 2048];
        let received = self
            .pair
            .a
            .next_udp()
            .and_then(|mut it| it.recv_from(&mut octets))?;
        assert_eq!(received.remote, Pair::server());
        Some(String::from_utf8(octets[..received.len].to_vec()).unwrap())
    }

    /// The data segments that `b` sent on a connection, by length.
    pub(crate) fn segments_to(&self, client: Handle) -> Vec<Segment> {
        let journal = self.pair.a.journal().of(client.id());
        journal
            .filter_map(|(_, event)| match event.kind() {
                Kind::Segment(segment)
                    if segment.direction == Direction::In && segment.verdict == Verdict::Passed =>
                {
                    Some(segment)
                }
                _ => None,
            })
            .collect()
    }

    /// The states of the node's side of a client's connection.
    pub(crate) fn server_states(&self, client: Handle) -> Vec<State> {
        let local = self.client_endpoint(client);
        let journal = self.pair.b.journal();
        let id = journal
            .iter()
            .filter_map(|(_, event)| match event.kind() {
                Kind::Opened { connection, flow } if flow.remote == local => Some(connection),
                _ => None,
            })
            .next_back()
            .expect("opened");
        crate::pair::states(&self.pair.b, id)
    }

    fn client_endpoint(&self, client: Handle) -> IpEndpoint {
        let journal = self.pair.a.journal();
        journal
            .iter()
            .find_map(|(_, event)| match event.kind() {
                Kind::Opened { connection, flow } if connection == client.id() => Some(flow.local),
                _ => None,
            })
            .expect("opened")
    }
}
