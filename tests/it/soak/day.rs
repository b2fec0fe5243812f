//! A day: episodes in any order, quiet hours between them, and an evening after which nobody is there.

use smoltcp::time::Duration;
use smoltcp::wire::EthernetAddress;

use super::Soak;
use super::datagrams::{Correspondent, Stage as Over};
use super::flood::{Kind, forged};
use super::guest::{Leave, Purpose, Stage};
use super::ledger::OPERATOR;
use super::network::{HOSTS, PLACES};

/// Where the crowd comes from. Nobody else does.
const CROWD: usize = HOSTS - 1;
/// How many talk at the same time.
const TALKERS: usize = 8;
/// How soon a line reaches everybody on a good wire.
const AT_ONCE: Duration = Duration::from_millis(100);
/// When those who are sent something give up on a host that says nothing more, or everything else is over.
const LONG: Duration = Duration::from_secs(600);

#[derive(Debug, Clone, Copy)]
pub(crate) enum Episode {
    Talk,
    BadWire,
    Flood(Kind),
    Crowd,
    SlowReaders,
    Datagrams,
    Browsers,
    NewAddress,
    NewCard,
    Night,
}

impl Soak {
    pub(crate) fn live_a_day(&mut self) {
        let mut episodes = vec![
            Episode::Talk,
            Episode::BadWire,
            Episode::BadWire,
            Episode::Crowd,
            Episode::SlowReaders,
            Episode::Datagrams,
            Episode::Browsers,
            Episode::NewAddress,
            Episode::NewCard,
            Episode::Night,
        ];
        episodes.extend(Kind::ALL.map(Episode::Flood));
        self.rng.shuffle(&mut episodes);
        for episode in episodes {
            self.gather();
            self.episode = Some(episode);
            match episode {
                Episode::Talk => self.talk(200),
                Episode::BadWire => self.have_a_bad_wire(),
                Episode::Flood(kind) => self.be_flooded(kind),
                Episode::Crowd => self.be_crowded(),
                Episode::SlowReaders => self.bear_slow_readers(),
                Episode::Datagrams => self.have_correspondents(),
                Episode::Browsers => self.be_browsed(),
                Episode::NewAddress => self.renumber(),
                Episode::NewCard => self.change_cards(),
                Episode::Night => self.sleep(),
            }
            self.talk(5);
            self.lose_some();
            let quiet = self.rng.u64(1..2400);
            self.pass(Duration::from_secs(quiet));
        }
        self.close();
    }

    /// Talkers and some who only sit there, until there are enough.
    fn gather(&mut self) {
        let talkers = |soak: &Self| {
            let all = soak.guests.iter();
            all.filter(|it| it.purpose == Purpose::Talking).count()
        };
        while talkers(self) < TALKERS {
            let purpose = match self.rng.u8(0..5) {
                0 => Purpose::Sitting,
                _ => Purpose::Talking,
            };
            let at = self.anywhere();
            if purpose == Purpose::Talking || self.guests.len() < PLACES / 2 {
                self.come(at, purpose);
            }
            let pause = self.rng.u64(0..300);
            self.pass(Duration::from_millis(pause));
        }
        self.wait_until_all_are_in();
    }

    /// A host, and the family of its address.
    fn anywhere(&mut self) -> (usize, usize) {
        (self.rng.usize(0..CROWD), self.rng.usize(0..2))
    }

    fn wait_until_all_are_in(&mut self) {
        let patience = if self.net.is_rough() { 180 } else { 15 };
        self.wait(Duration::from_secs(patience), "all are in", |_, guest| {
            !matches!(guest.stage, Stage::Opening | Stage::Greeting)
        });
    }

    /// One of those who can say something now.
    fn talker(&mut self) -> Option<usize> {
        let ready = self.guests.iter().enumerate().filter(|(_, guest)| {
            let talks = guest.purpose == Purpose::Talking && guest.stage == Stage::In;
            talks && guest.reads && guest.is_answered()
        });
        let ready: Vec<_> = ready.map(|(at, _)| at).collect();
        self.rng.choice(ready)
    }

    /// Somebody says a line of about this length.
    fn say(&mut self, padding: usize) {
        let Some(at) = self.talker() else { return };
        let guest = &mut self.guests[at];
        guest.say(self.net.host(guest.host), &mut self.ledger, padding);
    }

    /// Everybody who reads has heard all that was said.
    fn hear_out(&mut self, patience: Duration) {
        self.wait(patience, "everybody hears", |soak, guest| {
            let hears =
                guest.stage == Stage::In && guest.reads && guest.purpose != Purpose::Browsing;
            !hears || guest.is_answered() && soak.ledger.is_up_to_date(guest)
        });
    }

    fn talk(&mut self, lines: usize) {
        for _ in 0..lines {
            let padding = self.rng.usize(0..60);
            self.say(padding);
            if self.net.is_rough() {
                let pause = self.rng.u64(10..1500);
                self.pass(Duration::from_millis(pause));
            } else {
                self.hear_out(AT_ONCE);
                let pause = self.rng.u64(10..2000);
                self.pass(Duration::from_millis(pause));
            }
        }
    }

    /// Some of those who are in go, each in its own way.
    fn lose_some(&mut self) {
        for _ in 0..self.rng.usize(1..6) {
            let inside = self.guests.iter().enumerate();
            let inside =
                inside.filter(|(_, guest)| guest.stage == Stage::In && guest.is_answered());
            let inside: Vec<_> = inside.map(|(at, _)| at).collect();
            let Some(at) = self.rng.choice(inside) else {
                break;
            };
            let way = self.rng.choice(Leave::ALL).unwrap();
            self.part(at, way);
            let pause = self.rng.u64(0..200);
            self.pass(Duration::from_millis(pause));
        }
        self.wait(LONG, "they are gone", |_, guest| {
            !matches!(guest.stage, Stage::Leaving(_))
        });
    }

    fn part(&mut self, at: usize, way: Leave) {
        let now = self.net.now;
        let guest = &mut self.guests[at];
        guest.leave(now, self.net.host(guest.host), way);
    }

    fn have_a_bad_wire(&mut self) {
        self.net.set_rough(true);
        self.send_for_correspondents(2);
        for _ in 0..20 {
            self.talk(20);
            self.lose_some();
            self.gather();
        }
        self.hear_out(LONG);
        self.correspondents.clear();
        // What is repeated or late is over, too.
        self.pass(Duration::from_secs(120));
        self.net.set_rough(false);
        self.pass(Duration::from_secs(1));
    }

    /// 20,000 forged frames a second, in bursts, while people talk and come.
    fn be_flooded(&mut self, kind: Kind) {
        for _ in 0..8 {
            self.say(0);
            for _ in 0..50 {
                let rooms = [self.net.room_at(0), self.net.room_at(1)];
                for _ in 0..20 {
                    let frame = forged(kind, &mut self.rng, rooms);
                    self.net.forge(&frame);
                }
                self.pass(Duration::from_millis(1));
            }
            if self.guests.len() < PLACES - 4 {
                let at = self.anywhere();
                self.come(at, Purpose::Talking);
            }
            self.hear_out(AT_ONCE);
        }
        self.wait_until_all_are_in();
    }

    /// A crowd of one host fills the room and says nothing; somebody else gets in all the same.
    fn be_crowded(&mut self) {
        for _ in 0..2 * PLACES - 2 {
            let family = self.rng.usize(0..2);
            self.come((CROWD, family), Purpose::Sitting);
        }
        self.pass(Duration::from_secs(3));
        for _ in 0..3 {
            let at = self.anywhere();
            let number = self.come(at, Purpose::Talking);
            // On IPv6 all hosts are of one network, which shares what is the crowd's.
            let patience = [8, 20][at.1];
            self.wait(
                Duration::from_secs(patience),
                "a newcomer is in",
                |_, guest| guest.number != number || guest.stage == Stage::In,
            );
        }
        self.talk(5);
        while let Some(at) = self.guests.iter().position(|it| it.host == CROWD) {
            let way = self
                .rng
                .choice([Leave::Resetting, Leave::Vanishing])
                .unwrap();
            self.part(at, way);
            self.see_off();
        }
    }

    /// Some do not read for a while: those who are not gone too far hear everything then.
    fn bear_slow_readers(&mut self) {
        for long in [false, true] {
            let slow: Vec<_> = self.guests.iter().map(|it| it.number).take(3).collect();
            self.set_reading(&slow, false);
            let (lines, padding) = if long { (14, 900) } else { (6, 80) };
            for _ in 0..lines {
                self.say(padding);
                self.pass(Duration::from_millis(400));
            }
            self.pass(Duration::from_secs(5));
            self.set_reading(&slow, true);
            self.pass(Duration::from_secs(30));
        }
    }

    fn set_reading(&mut self, numbers: &[usize], reads: bool) {
        for guest in &mut self.guests {
            if numbers.contains(&guest.number) {
                guest.reads = reads;
                self.net.host(guest.host);
            }
        }
    }

    /// Members over UDP: one says `q`, the others fall silent and are dropped for it.
    fn have_correspondents(&mut self) {
        self.send_for_correspondents(4);
        // Who went without a word may have left some.
        let unsaid = self.ledger.under_way();
        let from = self.ledger.len();
        for round in 0..20 {
            self.say(0);
            self.pass(AT_ONCE);
            let at = round % self.correspondents.len();
            let guest = &mut self.correspondents[at];
            assert_eq!(guest.stage, Over::In, "{guest:?}");
            guest.say(&mut self.net, &mut self.ledger);
            self.pass(AT_ONCE);
            assert_eq!(self.ledger.under_way(), unsaid, "a datagram was lost");
            self.hear_out(AT_ONCE);
            self.pass(Duration::from_secs(10));
        }
        for guest in &self.correspondents {
            let owed = self.ledger.all_since(from, guest.number);
            assert_eq!(guest.heard, owed, "{guest:?}");
        }
        self.correspondents[0].send(&mut self.net, "q");
        self.pass(Duration::from_secs(130));
        for guest in self.correspondents.drain(..) {
            assert_eq!(guest.stage, Over::Over, "{guest:?}");
        }
    }

    fn send_for_correspondents(&mut self, count: usize) {
        for host in 0..count {
            let (number, family) = (self.number(), self.rng.usize(0..2));
            let guest = Correspondent::new(&mut self.net, number, (host, family));
            self.correspondents.push(guest);
        }
        for _ in 0..20 {
            self.pass(Duration::from_secs(1));
            for guest in &mut self.correspondents {
                guest.remind(&mut self.net);
            }
        }
    }

    fn be_browsed(&mut self) {
        for _ in 0..10 {
            let at = self.anywhere();
            self.come(at, Purpose::Browsing);
            let pause = self.rng.u64(0..2000);
            self.pass(Duration::from_millis(pause));
        }
        self.talk(3);
        self.wait(Duration::from_secs(10), "every page is read", |_, guest| {
            guest.purpose != Purpose::Browsing
        });
    }

    /// Members at the address that is withdrawn are lost to the room, and come again to the new one.
    fn renumber(&mut self) {
        self.net.renumber();
        while let Some(at) = self.guests.iter().position(|it| it.family == 0) {
            self.part(at, Leave::Resetting);
            self.see_off();
        }
        self.pass(Duration::from_secs(5));
        self.gather();
    }

    /// Hosts get other network cards, and say so or not.
    fn change_cards(&mut self) {
        for host in 0..CROWD {
            if self.rng.bool() {
                continue;
            }
            let [a, b] = [self.rng.u8(..), self.rng.u8(..)];
            let label = EthernetAddress([2, 0, 0, a, b, host as u8]);
            self.net.host(host).move_to(label);
            self.say(0);
            self.hear_out(Duration::from_secs(20));
        }
    }

    /// Nobody says a word for hours, and then somebody does.
    fn sleep(&mut self) {
        let hours = self.rng.u64(2..8);
        self.pass(Duration::from_secs(hours * 3600));
        self.say(0);
        self.hear_out(AT_ONCE);
    }

    /// Everybody goes, the operator says good night, and all that is to be over becomes over.
    fn close(&mut self) {
        self.gather();
        while let Some(at) = self
            .guests
            .iter()
            .position(|it| !matches!(it.stage, Stage::Leaving(_)))
        {
            let way = self.rng.choice(Leave::ALL).unwrap();
            self.part(at, way);
            self.see_off();
            let pause = self.rng.u64(0..100);
            self.pass(Duration::from_millis(pause));
        }
        let line = self.ledger.line(OPERATOR, 0);
        self.net.console(&line);
        // The screen does not show what is typed on it.
        let (number, now) = (self.ledger.last(), self.net.now);
        self.ledger.hear(number, now);
        self.wait(LONG, "all are gone", |_, _| false);
        self.pass(LONG);
    }
}
