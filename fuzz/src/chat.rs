//! What people say, cut in pieces: framing, commands, names, join codes, the text that others see.
//!
//! What must hold: nothing panics, how a stream is cut changes nothing while no time passes, all of it is
//! taken, each message draws an answer, no two members have one name, and no line has a control character.

use arbitrary::{Arbitrary, Result, Unstructured};
use smolchat::chat::framing::{Framer, MESSAGE_MAX, MessageEnd, Reply, SCRATCH, Step};
use smolchat::chat::{
    Full, LINE_MAX, Limits, MemberId, Memory, Origin, Outbox, Peer, Request, Room,
};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{IpAddress, IpEndpoint};

use crate::node::check;
use crate::text::TEXTS;

/// Plays what `data` says.
///
/// # Panics
/// If something does not hold.
pub fn run(data: &[u8]) {
    let mut u = Unstructured::new(data);
    match u.arbitrary() {
        Ok(true) => {
            let _ = cut(&mut u);
        }
        Ok(false) => room(&mut u),
        Err(_) => {}
    }
}

/// What framing makes of a stream.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Message(Vec<u8>, MessageEnd),
    TooLong(MessageEnd),
    Reply(Reply),
}

/// A stream, and what has become of it.
struct Stream {
    framer: Framer,
    ring: Vec<u8>,
    said: Vec<Said>,
}

impl Stream {
    fn new(now: Instant) -> Self {
        Self {
            framer: Framer::new(now),
            ring: Vec::new(),
            said: Vec::new(),
        }
    }

    /// Takes all that can be taken now; says when to come again. `None`: never, or it is over.
    fn take(&mut self, now: Instant, ended: bool) -> Option<Instant> {
        let mut idle = 0;
        loop {
            let count = self.ring.len().min(SCRATCH);
            let mut seen = self.ring[..count].to_vec();
            let consume = match self.framer.next(now, &mut seen, ended, Duration::ZERO) {
                Step::Wait { deadline } => return deadline,
                Step::End => {
                    assert!(self.ring.is_empty(), "an end before the end");
                    return None;
                }
                Step::Skip { consume } => {
                    assert!(consume > 0, "nothing skipped");
                    consume
                }
                Step::Reply(reply) => {
                    idle += 1;
                    assert!(idle < 2000, "answers without end");
                    self.said.push(Said::Reply(reply));
                    0
                }
                Step::Message {
                    consume,
                    len,
                    ending,
                } => {
                    assert!(len <= MESSAGE_MAX, "a message that is too long");
                    self.said.push(Said::Message(seen[..len].to_vec(), ending));
                    consume
                }
                Step::TooLong { consume, ending } => {
                    self.said.push(Said::TooLong(ending));
                    consume
                }
            };
            assert!(consume <= count, "more taken than was shown");
            self.ring.drain(..consume);
        }
    }

    /// Waits until nothing more happens; says how.
    fn finish(&mut self, mut now: Instant) {
        for _ in 0..4000 {
            match self.take(now, false) {
                Some(at) => {
                    assert!(at > now, "a deadline that is over");
                    now = at;
                }
                None => {
                    self.take(now, true);
                    return;
                }
            }
        }
        panic!("a stream without end");
    }
}

/// Octets that people and programs send.
fn octets(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut octets = Vec::new();
    for _ in 0..u.int_in_range(0..=12)? {
        match u.int_in_range(0..=7)? {
            0..=3 => octets.extend(*u.choose(&TEXTS)?),
            4 => octets.extend(std::iter::repeat_n(
                b'x',
                *u.choose(&[1, 1000, 1023, 1024, 1025, 1026, 3000])?,
            )),
            5 => octets.push(*u.choose(b"\r\n\0\xff\xfb\xfa\xf0\x08\x7f\xc3")?),
            _ => octets.extend(u.bytes(u.len().min(4))?),
        }
    }
    Ok(octets)
}

/// A stream in one piece and in many: the same is said. With time between the pieces it need not be.
fn cut(u: &mut Unstructured<'_>) -> Result<()> {
    let octets = octets(u)?;
    let now = Instant::from_secs(1);
    let mut whole = Stream::new(now);
    whole.ring.extend(&octets);
    let mut pieces = Stream::new(now);
    let mut slow = Stream::new(now);
    let mut later = now;
    let mut rest = &octets[..];
    while !rest.is_empty() {
        let len = usize::from(u.arbitrary::<u8>()?).clamp(1, rest.len());
        let (piece, behind) = rest.split_at(len);
        rest = behind;
        pieces.ring.extend(piece);
        pieces.take(now, false);
        slow.ring.extend(piece);
        slow.take(later, false);
        later += Duration::from_millis(*u.choose(&[0, 1, 39, 40, 41, 500, 1000, 60_000])?);
        slow.take(later, false);
    }
    whole.finish(now);
    pieces.finish(now);
    slow.finish(later);
    if known_cut(&octets) {
        return Ok(());
    }
    assert_eq!(whole.said, pieces.said, "cut otherwise: {octets:?}");
    Ok(())
}

/// What is known to depend on how a stream is cut, and not mended yet: NULs behind a line are nothing, and
/// the same NULs in a segment of their own are an empty message.
fn known_cut(octets: &[u8]) -> bool {
    octets.contains(&0)
}

/// Who hears what.
#[derive(Default)]
struct Ears {
    /// There is no room for what comes next.
    full: bool,
    refused: bool,
    /// Answers and farewells by connection.
    to: [u32; KEYS],
    gone: [bool; KEYS],
    console: u32,
}

const KEYS: usize = 6;
type Key = usize;

impl Ears {
    fn hear(&mut self, line: &[u8]) {
        assert!(line.len() <= LINE_MAX, "a line of {} octets", line.len());
        assert!(std::str::from_utf8(line).is_ok(), "a line that is no text");
        check(line);
    }
}

impl Outbox<Key, IpEndpoint> for Ears {
    fn send(&mut self, to: Peer<Key, IpEndpoint>, line: &[u8]) -> std::result::Result<(), Full> {
        self.hear(line);
        if self.full {
            self.refused = true;
            return Err(Full);
        }
        match to {
            Peer::Tcp(key) => self.to[key] += 1,
            Peer::Console => self.console += 1,
            Peer::Udp(_) => {}
        }
        Ok(())
    }

    fn farewell(&mut self, to: Key) {
        self.to[to] += 1;
        self.gone[to] = true;
    }

    fn part(&mut self, to: Key, last_words: &[u8]) {
        self.hear(last_words);
        self.to[to] += 1;
        self.gone[to] = true;
    }
}

impl Ears {
    /// Whoever asks what the room cannot answer has its answer from here.
    fn answer(&mut self, request: Option<Request<Key, IpEndpoint>>) {
        match request.map(|it| it.peer) {
            Some(Peer::Tcp(key)) => self.to[key] += 1,
            Some(Peer::Console) => self.console += 1,
            Some(Peer::Udp(_)) | None => {}
        }
    }
}

/// What happens in the room.
#[derive(Debug, Arbitrary)]
enum Act {
    Join(u8),
    Leave(u8),
    Say { who: u8, idle: bool },
    TooLong(u8),
    Datagram(u8),
    Operator,
    Wait(u16),
    Full(bool),
    Shutdown,
}

/// A room with a few members.
fn room(u: &mut Unstructured<'_>) {
    let mut now = Instant::from_secs(1);
    let mut ears = Ears::default();
    let memory = Memory::heap(KEYS + 3);
    let mut room: Room<'_, Key, IpEndpoint> = Room::new(now, memory, Limits::default(), [1, 2]);
    let operator = room.join_console(now).ok();
    let mut members: [Option<MemberId>; KEYS] = [None; KEYS];
    while !u.is_empty() {
        let Ok(act) = u.arbitrary::<Act>() else {
            return;
        };
        match act {
            Act::Join(key) => {
                let key = usize::from(key) % KEYS;
                if members[key].is_none() {
                    members[key] = room
                        .join_tcp(now, key, Origin::of_v4([10, 0, 0, key as u8]), &mut ears)
                        .ok();
                }
            }
            Act::Leave(key) => {
                if let Some(id) = members[usize::from(key) % KEYS].take() {
                    room.leave(id);
                }
            }
            Act::Say { who, idle } => {
                let Ok(octets) = octets(u) else { return };
                let ending = if idle {
                    MessageEnd::Idle
                } else {
                    MessageEnd::Line
                };
                say(
                    &mut room,
                    now,
                    &mut ears,
                    &members,
                    who,
                    |room, id, ears| {
                        let len = octets.len().min(MESSAGE_MAX);
                        let asked = room.message(now, id, &octets[..len], ending, ears);
                        asked.map(|request| ears.answer(request)).is_ok()
                    },
                );
            }
            Act::TooLong(who) => say(
                &mut room,
                now,
                &mut ears,
                &members,
                who,
                |room, id, ears| room.too_long(now, id, MessageEnd::Line, ears).is_ok(),
            ),
            Act::Datagram(from) => {
                let Ok(octets) = octets(u) else { return };
                let from = IpEndpoint::new(IpAddress::v4(192, 0, 2, from % 4), 40_000);
                let request = room.datagram(now, from, &octets, &mut ears);
                ears.answer(request);
            }
            Act::Operator => {
                let Ok(octets) = octets(u) else { return };
                if let Some(id) = operator {
                    let len = octets.len().min(MESSAGE_MAX);
                    let asked = room.message(now, id, &octets[..len], MessageEnd::Line, &mut ears);
                    ears.answer(asked.ok().flatten());
                }
            }
            Act::Wait(millis) => {
                now += Duration::from_millis(u64::from(millis) * 4);
                let next = room.poll(now, &mut ears);
                assert!(next.is_none_or(|at| at > now), "a deadline that is over");
            }
            Act::Full(full) => ears.full = full,
            Act::Shutdown => {
                room.shutdown(&mut ears);
                assert!(room.len() <= 1, "somebody is left");
            }
        }
        part(&mut ears, &mut members);
        names(&room);
    }
}

/// A message draws one answer, unless somebody's queue is full.
fn say<'r>(
    room: &mut Room<'r, Key, IpEndpoint>,
    _: Instant,
    ears: &mut Ears,
    members: &[Option<MemberId>; KEYS],
    who: u8,
    says: impl FnOnce(&mut Room<'r, Key, IpEndpoint>, MemberId, &mut Ears) -> bool,
) {
    let key = usize::from(who) % KEYS;
    let Some(id) = members[key] else { return };
    let before = ears.to[key];
    ears.refused = false;
    if says(room, id, ears) && !ears.refused {
        assert!(ears.to[key] > before, "a message without an answer");
    }
}

fn part(ears: &mut Ears, members: &mut [Option<MemberId>; KEYS]) {
    for (gone, member) in ears.gone.iter_mut().zip(members) {
        if core::mem::take(gone) {
            *member = None;
        }
    }
}

fn names(room: &Room<'_, Key, IpEndpoint>) {
    let mut names: Vec<&str> = room.members().map(|(name, _)| name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two with one name");
    for name in names {
        check(name.as_bytes());
    }
}
