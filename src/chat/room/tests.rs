//! Members, what they say, and every octet they receive.

use std::collections::{BTreeMap, BTreeSet};
use std::string::{String as Owned, ToString};
use std::vec::Vec;
use std::{format, vec};

use super::*;
use crate::chat::{Ask, Full, Origin, Request};

mod datagrams;
mod names;
mod shares;
mod streams;

type Key = u32;
/// An address and a port.
type Endpoint = (u8, u16);
type Someone = Peer<Key, Endpoint>;

impl crate::chat::Endpoint for Endpoint {
    fn origin(&self) -> Origin {
        Origin::of_v4([10, 0, 0, self.0])
    }
}

const SECRET: [u64; 2] = [0x736d_6f6c, 0x6368_6174];

/// What a peer received.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Got {
    Text(Owned),
    Farewell,
    Parted(Owned),
}

fn text(text: &str) -> Got {
    Got::Text(text.to_string())
}

/// The caller's side: what is sent, and whose queue is full.
#[derive(Default)]
struct Delivered {
    got: BTreeMap<Owned, Vec<Got>>,
    full: BTreeSet<Owned>,
    asked: Vec<(Someone, Ask)>,
    octets: usize,
    sends: usize,
}

fn key(peer: &Someone) -> Owned {
    format!("{peer:?}")
}

impl Outbox<Key, Endpoint> for Delivered {
    fn send(&mut self, to: Someone, line: &[u8]) -> Result<(), Full> {
        if self.full.contains(&key(&to)) {
            return Err(Full);
        }
        assert!(!line.is_empty() && line.len() <= LINE_MAX);
        self.octets += line.len();
        self.sends += 1;
        let line = std::str::from_utf8(line).expect("UTF-8").into();
        self.got.entry(key(&to)).or_default().push(Got::Text(line));
        Ok(())
    }

    fn farewell(&mut self, to: Key) {
        self.got
            .entry(key(&Peer::Tcp(to)))
            .or_default()
            .push(Got::Farewell);
    }

    fn part(&mut self, to: Key, last_words: &[u8]) {
        assert!(last_words.len() <= LAST_WORDS_MAX);
        let words = std::str::from_utf8(last_words).expect("UTF-8").into();
        self.got
            .entry(key(&Peer::Tcp(to)))
            .or_default()
            .push(Got::Parted(words));
    }
}

/// Each TCP member on a host of its own.
fn origin_of(key: Key) -> Origin {
    Origin::of_v4([10, 1, (key >> 8) as u8, key as u8])
}

/// A room, what it delivered, and its clock.
struct Scene<'a> {
    room: Room<'a, Key, Endpoint>,
    delivered: Delivered,
    now: Instant,
    ids: BTreeMap<Key, MemberId>,
}

impl Scene<'_> {
    fn new(members: usize) -> Self {
        let now = Instant::from_secs(1000);
        let room = Room::new(now, Memory::heap(members), Limits::default(), SECRET);
        Self {
            room,
            delivered: Delivered::default(),
            now,
            ids: BTreeMap::new(),
        }
    }

    /// Keeps places for TCP members and the console.
    fn keep(&mut self, places: usize) {
        self.room.keep_for_streams(places);
    }

    /// With TCP members 1 to `tcp`, called guest-1 and so on.
    fn with(members: usize, tcp: u32) -> Self {
        let mut scene = Self::new(members);
        for key in 1..=tcp {
            scene.join(key).expect("there is room");
        }
        scene
    }

    fn join(&mut self, key: Key) -> Result<MemberId, RoomFull> {
        let id = self
            .room
            .join_tcp(self.now, key, origin_of(key), &mut self.delivered)?;
        self.ids.insert(key, id);
        Ok(id)
    }

    /// A TCP member sends a line.
    fn line(&mut self, key: Key, line: &str) {
        self.octets(key, line.as_bytes(), MessageEnd::Line)
            .expect("a member");
    }

    /// A TCP member sends something without a line end.
    fn bare(&mut self, key: Key, text: &str) {
        self.octets(key, text.as_bytes(), MessageEnd::Idle)
            .expect("a member");
    }

    fn octets(&mut self, key: Key, octets: &[u8], ending: MessageEnd) -> Result<(), NotAMember> {
        let (room, delivered) = (&mut self.room, &mut self.delivered);
        let asked = room.message(self.now, self.ids[&key], octets, ending, delivered)?;
        self.passed_on(asked);
        Ok(())
    }

    fn passed_on(&mut self, request: Option<Request<Key, Endpoint>>) {
        let asked = request.map(|it| (it.peer, it.ask));
        self.delivered.asked.extend(asked);
    }

    fn datagram(&mut self, from: Endpoint, octets: &[u8]) {
        let (room, delivered) = (&mut self.room, &mut self.delivered);
        let asked = room.datagram(self.now, from, octets, delivered);
        self.passed_on(asked);
    }

    fn wait(&mut self, seconds: u64) -> Option<Instant> {
        self.now += Duration::from_secs(seconds);
        self.room.poll(self.now, &mut self.delivered)
    }

    fn take(&mut self, peer: Someone) -> Vec<Got> {
        self.delivered.got.remove(&key(&peer)).unwrap_or_default()
    }

    /// What a TCP peer received.
    fn tcp(&mut self, key: Key) -> Vec<Got> {
        self.take(Peer::Tcp(key))
    }

    /// What a UDP peer received.
    fn udp(&mut self, endpoint: Endpoint) -> Vec<Got> {
        self.take(Peer::Udp(endpoint))
    }

    /// Says a first line for each member, so that no welcome stands in front of what follows.
    fn settle(&mut self) {
        let keys: Vec<Key> = self.ids.keys().copied().collect();
        keys.into_iter().for_each(|key| self.line(key, ""));
        self.delivered.got.clear();
    }

    /// Asks for a code; the datagram that returns it.
    fn ask_for_a_code(&mut self, endpoint: Endpoint) -> Owned {
        self.datagram(endpoint, b"/join, please");
        let Some(Got::Text(reply)) = self.udp(endpoint).pop() else {
            panic!("a code")
        };
        let code = reply.strip_prefix("code ").expect("13 octets are allowed");
        format!("/join {code}")
    }

    /// Makes an endpoint a member, by its code.
    fn admit(&mut self, endpoint: Endpoint) {
        let proof = self.ask_for_a_code(endpoint);
        self.datagram(endpoint, proof.as_bytes());
        let joined = self.udp(endpoint);
        assert!(
            matches!(&joined[..], [Got::Text(line)] if line.starts_with("Welcome, guest-")),
            "{joined:?}"
        );
    }
}
