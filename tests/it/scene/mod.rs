//! A journal written by hand, line by line, and the comparison with a golden text.

pub(crate) mod stories;

use crate::accepted::compare;
use smolchat::trace::{
    Call, Cause, ConnectionId, Direction, Ending, Event, Flags, Flow, Header, Journal, Kind, Mark,
    Segment, State, Transition, Verdict,
};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{IpAddress, IpEndpoint};

const CONNECTION: ConnectionId = ConnectionId(1);
/// Initial sequence numbers: the node's wraps soon.
const OURS: u32 = 0xffff_fff0;
const PEERS: u32 = 5_000;

pub(crate) struct Scene {
    now: Instant,
    events: Vec<Event>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let mut scene = Self {
            now: Instant::from_millis(86_400_000),
            events: Vec::new(),
        };
        scene.push(Kind::Opened {
            connection: CONNECTION,
            flow: Flow {
                local: IpEndpoint::new(IpAddress::v4(192, 168, 69, 1), 9000),
                remote: IpEndpoint::new(IpAddress::v4(192, 168, 69, 100), 40312),
            },
        });
        scene
    }

    /// A connection that a peer opened.
    pub(crate) fn passive() -> Self {
        let mut scene = Self::new();
        scene.receives("SYN", 0, 0, 0);
        scene.goes(State::Listen, State::SynReceived);
        scene.after(38).sends("SYN,ACK", 0, 1, 0);
        scene.after(173).receives("ACK", 1, 1, 0);
        scene.goes(State::SynReceived, State::Established);
        scene
    }

    /// A connection that this node opened.
    pub(crate) fn active() -> Self {
        let mut scene = Self::new();
        scene.calls(Call::Connect, State::Closed, State::SynSent);
        scene.sends("SYN", 0, 0, 0);
        scene.after(200).receives("SYN,ACK", 0, 1, 0);
        scene.goes(State::SynSent, State::Established);
        scene.after(10).sends("ACK", 1, 1, 0);
        scene
    }

    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    pub(crate) fn journal(&self, capacity: usize) -> Journal<'static> {
        let mut journal = Journal::new(vec![None; capacity]);
        for event in &self.events {
            journal.record(*event);
        }
        journal
    }

    pub(crate) fn after(&mut self, micros: u64) -> &mut Self {
        self.now += Duration::from_micros(micros);
        self
    }

    pub(crate) fn push(&mut self, kind: Kind) {
        self.events.push(Event::new(self.now, kind));
    }

    pub(crate) fn goes(&mut self, from: State, to: State) {
        self.turns(Cause::Segment, from, to);
    }

    pub(crate) fn calls(&mut self, call: Call, from: State, to: State) {
        self.turns(Cause::Call(call), from, to);
    }

    pub(crate) fn turns(&mut self, cause: Cause, from: State, to: State) {
        self.push(Kind::Transition(Transition {
            connection: CONNECTION,
            from,
            to,
            cause,
        }));
    }

    pub(crate) fn waits(&mut self, lasts: Duration) {
        self.push(Kind::TimeWaiting {
            connection: CONNECTION,
            lasts: lasts.into(),
        });
    }

    pub(crate) fn slow(&mut self, attempts: u8) {
        self.push(Kind::SlowPeer {
            connection: CONNECTION,
            attempts,
        });
    }

    pub(crate) fn ends(&mut self, ending: Ending) {
        self.push(Kind::Ended {
            connection: CONNECTION,
            ending,
        });
    }

    pub(crate) fn sends(&mut self, flags: &str, seq: u32, ack: u32, len: u16) {
        self.sends_as(flags, seq, ack, len, Mark::None, Verdict::Passed);
    }

    pub(crate) fn receives(&mut self, flags: &str, seq: u32, ack: u32, len: u16) {
        self.receives_as(flags, seq, ack, len, Mark::None, Verdict::Passed);
    }

    pub(crate) fn sends_as(
        &mut self,
        flags: &str,
        seq: u32,
        ack: u32,
        len: u16,
        mark: Mark,
        verdict: Verdict,
    ) {
        self.segment(Direction::Out, flags, [seq, ack], len, mark, verdict);
    }

    pub(crate) fn receives_as(
        &mut self,
        flags: &str,
        seq: u32,
        ack: u32,
        len: u16,
        mark: Mark,
        verdict: Verdict,
    ) {
        self.segment(Direction::In, flags, [seq, ack], len, mark, verdict);
    }

    fn segment(
        &mut self,
        direction: Direction,
        names: &str,
        [seq, ack]: [u32; 2],
        len: u16,
        mark: Mark,
        verdict: Verdict,
    ) {
        let (sender, receiver) = match direction {
            Direction::In => (PEERS, OURS),
            Direction::Out => (OURS, PEERS),
        };
        let flags = flags(names);
        let header = Header {
            seq: sender.wrapping_add(seq).into(),
            ack: if flags.contains(Flags::ACK) {
                receiver.wrapping_add(ack).into()
            } else {
                0.into()
            },
            flags,
            len,
            window: 64_240,
            mss: if flags.contains(Flags::SYN) { 1_460 } else { 0 },
            ..Header::default()
        };
        self.push(Kind::Segment(Segment {
            connection: CONNECTION,
            direction,
            header,
            seq,
            ack,
            mark,
            verdict,
        }));
    }
}

fn flags(names: &str) -> Flags {
    names.split(',').fold(Flags::default(), |flags, name| {
        flags.with(match name {
            "FIN" => Flags::FIN,
            "SYN" => Flags::SYN,
            "RST" => Flags::RST,
            "PSH" => Flags::PSH,
            "ACK" => Flags::ACK,
            "URG" => Flags::URG,
            "ECE" => Flags::ECE,
            "CWR" => Flags::CWR,
            other => panic!("no such flag: {other}"),
        })
    })
}

/// Compares `text` with `tests/golden/NAME.txt`.
#[track_caller]
pub(crate) fn golden(name: &str, text: &str) {
    compare(&format!("tests/golden/{name}.txt"), text);
}
