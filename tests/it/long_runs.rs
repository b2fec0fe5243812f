//! Long random runs, far beyond the bound of the exhaustive ones: loss, repetition, reordering,
//! corruption and delay both ways, many connections at once, data checked octet by octet.
//!
//! A run is a function of its seed, and a failure prints it. `SMOLCHAT_SEED=17` runs that one alone,
//! `SMOLCHAT_RUNS=1000` more of them.

use crate::pair::{PORT, Pair, address, ladder, sizes};
use fastrand::Rng;
use smolchat::device::{Faults, Policy, Shares, Side, Wire};
use smolchat::node::{Handle, Limits, Node, RecvError, Sizes};
use smolchat::trace::{Ending, Kind, Style, draw};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpEndpoint;
use std::env;

const CONNECTIONS: usize = 6;
/// Steps that no run needs.
const STEPS: usize = 400_000;

/// What one side of a connection sends: octets that anybody can compute.
fn octet(stream: u32, index: usize) -> u8 {
    (stream.wrapping_mul(31) as usize + index * 7 + (index >> 8)) as u8
}

/// One application on one connection.
struct App {
    handle: Handle,
    stream: u32,
    peer_stream: Option<u32>,
    length: usize,
    sent: usize,
    received: usize,
    finished: bool,
    shut: bool,
    done: bool,
}

impl App {
    fn new(handle: Handle, stream: u32, peer_stream: Option<u32>, length: usize) -> Self {
        Self {
            handle,
            stream,
            peer_stream,
            length,
            sent: 0,
            received: 0,
            finished: false,
            shut: false,
            done: false,
        }
    }

    /// Sends a little, receives a little, ends when everything is said and heard.
    fn run(&mut self, now: Instant, node: &mut Node<'_>, rng: &mut Rng) {
        if self.done {
            return;
        }
        let mut buffer = [0; 700];
        let some = rng.usize(1..buffer.len());
        match node.tcp(self.handle).unwrap().recv(&mut buffer[..some]) {
            Ok(count) => self.check(&buffer[..count]),
            Err(RecvError::WouldBlock) => {}
            Err(RecvError::Finished) => self.finished = true,
            Err(error) => panic!("{error}\n{}", ladder(node, self.handle.id(), now)),
        }
        let some = rng.usize(1..600).min(self.length - self.sent);
        for (at, place) in buffer[..some].iter_mut().enumerate() {
            *place = octet(self.stream, self.sent + at);
        }
        if some > 0 {
            self.sent += node
                .tcp(self.handle)
                .unwrap()
                .send(&buffer[..some])
                .unwrap_or(0);
        }
        if self.sent == self.length && !self.shut {
            node.tcp(self.handle).unwrap().shutdown(now);
            self.shut = true;
        }
        if self.shut && self.finished {
            node.tcp(self.handle).unwrap().close(now);
            self.done = true;
        }
    }

    fn check(&mut self, octets: &[u8]) {
        // A server learns from the first octet whose stream it is.
        let stream = *self.peer_stream.get_or_insert_with(|| {
            let first = octets[0];
            (0..256).find(|it| octet(*it, 0) == first).unwrap()
        });
        for (at, it) in octets.iter().enumerate() {
            assert_eq!(*it, octet(stream, self.received + at), "stream {stream}");
        }
        self.received += octets.len();
    }
}

struct Run {
    pair: Pair,
    faults: [Faults<'static>; 2],
    rng: Rng,
    clients: Vec<App>,
    servers: Vec<App>,
}

fn policy(rng: &mut Rng) -> Policy<'static> {
    let mut share = |most| rng.u16(0..most);
    let shares = Shares {
        drop: share(150),
        duplicate: share(100),
        reorder: share(150),
        corrupt: share(60),
        delay: share(60),
    };
    Policy {
        shares,
        delay: Duration::from_millis(rng.u64(10..3000)),
        ..Policy::NONE
    }
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        // Long enough to outlast a run of losses that no bound of the RFC does.
        let limits = Limits {
            r2: Duration::from_secs(1200),
            syn_r2: Duration::from_secs(1200),
            half_open: Duration::from_secs(1200),
            fin_wait_2: None,
            ..Limits::default()
        };
        let sizes = Sizes {
            receive: rng.usize(64..5000),
            transmit: rng.usize(64..5000),
            events: 100_000,
            // Enough for every handshake at once: an acknowledgment that returns late returns a cookie
            // twice, and opens a ghost of a connection.
            ..sizes(2 * CONNECTIONS)
        };
        let mut pair = Pair::new(sizes, limits);
        pair.wire = Wire::heap(Duration::from_millis(rng.u64(1..200)), 1500, 512);
        let mut lossy = |seed| {
            let (out, mut into) = (policy(&mut rng), policy(&mut rng));
            // Two wrong bits in one frame can make its checksum right again.
            into.shares.corrupt = 0;
            Faults::heap(seed, out, into, 1514, 512)
        };
        let faults = [lossy(seed), lossy(!seed)];
        Self {
            pair,
            faults,
            rng,
            clients: Vec::new(),
            servers: Vec::new(),
        }
    }

    fn step(&mut self) -> Option<Instant> {
        let now = self.pair.now;
        let mut next = Vec::new();
        for side in [Side::A, Side::B] {
            let (node, apps, faults) = match side {
                Side::A => (&mut self.pair.a, &mut self.clients, &mut self.faults[0]),
                Side::B => (&mut self.pair.b, &mut self.servers, &mut self.faults[1]),
            };
            let mut end = self.pair.wire.end(side);
            node.poll_ingress(now, &mut faults.over(&mut end));
            if let Some(handle) = node.accept() {
                let stream = 100 + apps.len() as u32;
                apps.push(App::new(handle, stream, None, self.rng.usize(0..4000)));
            }
            for app in apps {
                app.run(now, node, &mut self.rng);
            }
            next.extend(node.poll_egress(now, &mut faults.over(&mut end)));
            faults.over(&mut end).flush(now);
            next.extend(faults.next_deadline());
        }
        next.extend(self.pair.wire.next_arrival());
        // The applications are busy until they are done.
        if self
            .clients
            .iter()
            .chain(&self.servers)
            .any(|app| !app.done)
        {
            next.push(now + Duration::from_millis(50));
        }
        next.into_iter().min()
    }

    fn is_over(&self) -> bool {
        let idle = |node: &Node<'_>| node.free() == node.capacity() && node.time_waiting() == 0;
        let done = self.clients.iter().all(|app| app.done);
        done && idle(&self.pair.a) && idle(&self.pair.b)
    }

    fn run(&mut self) {
        let server = IpEndpoint::new(address(Side::B), PORT);
        for stream in 0..CONNECTIONS as u32 {
            let handle = self.pair.a.connect(self.pair.now, server).unwrap();
            let length = self.rng.usize(1..4000);
            self.clients.push(App::new(handle, stream, None, length));
        }
        for _ in 0..STEPS {
            let next = self.step();
            if self.is_over() {
                return self.judge();
            }
            let next = next.expect("something is left, and nothing more would happen");
            // A deadline that has passed wants another round, not a standstill.
            self.pair.now = self.pair.now.max(next);
        }
        for (name, node) in [("a", &self.pair.a), ("b", &self.pair.b)] {
            for status in node.statuses(self.pair.now) {
                println!("{name}: {status:?}");
                let text = ladder(node, status.id, self.pair.now);
                let lines: Vec<_> = text.lines().collect();
                let from = lines.len().saturating_sub(30);
                println!("{}", lines[from..].join("\n"));
            }
        }
        panic!("no end at {}", self.pair.now);
    }

    fn judge(&self) {
        self.pair.assert_all_legal();
        let sent = |apps: &[App]| apps.iter().map(|app| app.sent).sum::<usize>();
        let received = |apps: &[App]| apps.iter().map(|app| app.received).sum::<usize>();
        assert_eq!(sent(&self.clients), received(&self.servers));
        assert_eq!(sent(&self.servers), received(&self.clients));
        for node in [&self.pair.a, &self.pair.b] {
            for (_, event) in node.journal().iter() {
                if let Kind::Ended { connection, .. } = event.kind() {
                    let mut text = String::new();
                    draw(
                        node.journal(),
                        connection,
                        self.pair.now,
                        &Style::PLAIN,
                        &mut text,
                    )
                    .unwrap();
                    assert!(
                        text.lines().all(|line| line.chars().count() <= 100),
                        "{text}"
                    );
                }
            }
        }
        for (_, event) in self.pair.a.journal().iter() {
            if let Kind::Ended { connection, ending } = event.kind() {
                // Every octet arrived; but if the last acknowledgment and two FINs are lost, 2 MSL are
                // over before the third FIN comes.
                let fine = matches!(ending, Ending::Closed | Ending::ResetByPeer);
                assert!(fine, "{}", ladder(&self.pair.a, connection, self.pair.now));
            }
        }
    }
}

#[test]
fn whatever_the_wire_does_every_octet_arrives_once_and_in_order() {
    let number = |name| env::var(name).ok().map(|text| text.parse().unwrap());
    let seeds = match number("SMOLCHAT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SMOLCHAT_RUNS").unwrap_or(30),
    };
    for seed in seeds {
        println!("SMOLCHAT_SEED={seed}");
        Run::new(seed).run();
    }
}

#[test]
fn frames_of_noise_change_nothing_and_are_counted() {
    let mut rng = Rng::with_seed(1);
    let mut pair = Pair::default();
    let (client, server) = pair.connect();
    let model: Vec<u8> = {
        pair.a.tcp(client).unwrap().send(b"hello").unwrap();
        pair.run_for(Duration::from_millis(1));
        let frames = pair.wire.queue(Side::A).frames();
        frames.map(|frame| frame.octets.to_vec()).next().unwrap()
    };
    pair.run_for(Duration::from_secs(1));
    for round in 0..20_000 {
        let mut frame = model.clone();
        // Anything from a few wrong bits to nothing but noise.
        for _ in 0..1 + round % 40 {
            let at = rng.usize(0..frame.len());
            frame[at] = rng.u8(..);
        }
        frame.truncate(rng.usize(0..=frame.len()));
        pair.wire.inject(Side::A, pair.now, &frame);
        pair.run_for(Duration::from_millis(10));
    }
    let mut buffer = [0; 64];
    assert_eq!(pair.b.tcp(server).unwrap().recv(&mut buffer), Ok(5));
    pair.a.tcp(client).unwrap().send(b" world").unwrap();
    pair.run_for(Duration::from_secs(60));
    assert_eq!(pair.b.tcp(server).unwrap().recv(&mut buffer), Ok(6));
    assert_eq!(&buffer[..6], b" world");
    assert!(pair.b.journal().counters().dropped_in_all() > 10_000);
    pair.assert_all_legal();
}
