//! Days of a room: people come, talk and go in every way there is, over wires good and bad, while frames are
//! forged, crowds sit silent, addresses change and nights pass; then everybody is gone, and nothing is left.
//!
//! - Every line that the room hears, it hears once, and those of one member in order.
//! - What a member hears is what the room heard, in that order, without a gap: everything from its first
//!   answer to its `q` or FIN; until a minute before, when it goes without a word or is sent away.
//! - On a good wire a line reaches everybody within 100 ms, after any silence, also during a flood.
//! - At midnight nobody is in the room: no connection, handshake, waiting SYN, TIME-WAIT or member is left,
//!   and neither the node nor the application wants to be called again.
//! - No change of state that RFC 9293 does not know; and no panic, with every assertion on.
//!
//! `SMOLCHAT_DAYS=30` is how many days pass, one of them unless it is set; `SMOLCHAT_SEED` begins otherwise. A
//! run is a function of both, and a failure prints them with the time of day.

mod datagrams;
mod day;
mod flood;
mod guest;
mod ledger;
mod network;

use std::env;

use datagrams::Correspondent;
use day::Episode;
use fastrand::Rng;
use guest::{Guest, Purpose, Stage};
use ledger::{Ledger, number_in};
use network::{HOSTS, Network};
use smolchat::pair::Clockwork;
use smoltcp::time::{Duration, Instant};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The room, and everybody who ever comes to it.
struct Soak {
    seed: u64,
    net: Network,
    rng: Rng,
    ledger: Ledger,
    guests: Vec<Guest>,
    correspondents: Vec<Correspondent>,
    /// How many came so far.
    numbered: usize,
    /// What happens now.
    episode: Option<Episode>,
}

impl Soak {
    fn new(seed: u64) -> Self {
        let mut soak = Self {
            seed,
            net: Network::new(seed),
            rng: Rng::with_seed(seed),
            ledger: Ledger::default(),
            guests: Vec::new(),
            correspondents: Vec::new(),
            numbered: 0,
            episode: None,
        };
        // Until everybody has announced itself.
        soak.pass(Duration::from_secs(20));
        soak
    }

    fn number(&mut self) -> usize {
        self.numbered += 1;
        self.numbered
    }

    /// Time passes.
    fn pass(&mut self, duration: Duration) {
        assert!(self.run_for(duration), "time stands still");
    }

    /// Waits until something holds of every guest.
    fn wait(&mut self, patience: Duration, what: &str, holds: impl Fn(&Self, &Guest) -> bool) {
        let all = |soak: &mut Self| soak.guests.iter().all(|guest| holds(soak, guest));
        if self
            .run_until(patience, |soak| all(soak).then_some(()))
            .is_none()
        {
            let others: Vec<_> = self.guests.iter().filter(|it| !holds(self, it)).collect();
            panic!("not in {patience}: {what}: {others:#?}");
        }
    }

    /// Somebody comes; says which guest it is.
    fn come(&mut self, at: (usize, usize), purpose: Purpose) -> usize {
        let number = self.number();
        let guest = Guest::new(&mut self.net, number, at, purpose);
        self.guests.push(guest);
        number
    }

    /// What the operator sees is what the room hears, in its order.
    fn overhear(&mut self) {
        let text = std::mem::take(&mut self.net.screen.text);
        for number in text.lines().filter_map(number_in) {
            self.ledger.hear(number, self.net.now);
        }
    }

    /// Guests read and answer where something happens.
    fn give_turns(&mut self) {
        let Self {
            net,
            ledger,
            guests,
            correspondents,
            ..
        } = self;
        let now = net.now;
        for guest in guests.iter_mut() {
            if net.is_touched(guest.host) {
                guest.turn(now, net.host(guest.host), ledger);
            }
        }
        for guest in correspondents.iter_mut() {
            if net.is_touched(guest.host) {
                guest.turn(net);
            }
        }
    }

    /// Whoever is gone is asked what it heard.
    fn see_off(&mut self) {
        let ledger = &mut self.ledger;
        self.guests.retain(|guest| {
            let gone = guest.stage == Stage::Over;
            if gone {
                ledger.check(guest);
            }
            !gone
        });
    }

    /// Nobody is there, and nothing is left of anybody.
    fn assert_nothing_is_left(&mut self) {
        assert!(self.guests.is_empty(), "{:#?}", self.guests);
        let net = &mut self.net;
        let left: Vec<_> = net.room.statuses(net.now).collect();
        assert!(left.is_empty(), "connections: {left:#?}");
        let room = &net.room;
        let counts = [
            room.capacity() - room.free(),
            room.half_open(),
            room.held(),
            room.time_waiting(),
        ];
        assert_eq!(counts, [0; 4], "places, handshakes, SYNs, TIME-WAIT");
        let members: Vec<_> = net.app.room().members().map(|(name, _)| name).collect();
        assert_eq!(members, ["operator"]);
        assert!(net.is_at_rest(), "something is still due");
        let journal = net.room.journal();
        assert_eq!(journal.counters().illegal, 0);
        assert!(journal.len() <= journal.capacity());
        for number in 0..HOSTS {
            let host = &net.hosts()[number].node;
            assert_eq!(host.free(), host.capacity(), "host {number}");
        }
    }
}

impl Clockwork for Soak {
    fn clock(&mut self) -> &mut Instant {
        &mut self.net.now
    }

    fn step(&mut self) -> Option<Instant> {
        self.net.step();
        self.overhear();
        self.give_turns();
        self.see_off();
        None
    }

    fn let_out(&mut self) -> Option<Instant> {
        self.net.let_out()
    }
}

impl Drop for Soak {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (day, rest) = (self.net.now.secs() / 86_400, self.net.now.secs() % 86_400);
            let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
            println!(
                "day {day}, {hour:02}:{minute:02}:{second:02}, {:?}; again with SMOLCHAT_SEED={} SMOLCHAT_DAYS={}",
                self.episode,
                self.seed,
                day + 1
            );
        }
    }
}

#[test]
fn days_of_everything_lose_no_line_and_leave_nothing_behind() {
    let number = |name| env::var(name).ok().map(|text| text.parse().unwrap());
    let (days, seed) = (
        number("SMOLCHAT_DAYS").unwrap_or(1),
        number("SMOLCHAT_SEED").unwrap_or(1),
    );
    let mut soak = Soak::new(seed);
    let (mut lines, mut delivered) = (0, 0);
    for day in 1..=days {
        soak.live_a_day();
        let midnight = Instant::ZERO + DAY * day as u32;
        soak.pass(midnight - soak.net.now);
        soak.assert_nothing_is_left();
        lines += soak.ledger.len();
        delivered += soak.ledger.delivered;
        soak.ledger = Ledger::default();
    }
    let counts = *soak.net.app.room().counts();
    let all = [counts.slow, counts.silent, counts.yielded, counts.too_fast];
    assert!(
        all.iter().all(|count| *count > 0),
        "not everything happened: {counts:?}"
    );
    println!(
        "{days} days: {} guests, {lines} lines, heard {delivered} times, {} frames",
        soak.numbered, soak.net.frames
    );
}
