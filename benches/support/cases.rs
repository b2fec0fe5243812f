//! The cases: what is set up, and the one step that is measured.

use smolchat::chat::{
    Full, Limits, MemberId, Memory, MessageEnd, Origin, Outbox, Peer as Member, Rate, Room,
};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{IpEndpoint, TcpControl};

use super::hosts::{Host, NodeHost, PlainHost};
use super::line::Line;
use super::peer::{MESSAGE, Peer};

/// Virtual time between two steps.
const STEP: Duration = Duration::from_micros(10);

/// A host, a peer, and connections that do nothing.
pub struct Bench<H> {
    pub host: H,
    pub line: Line,
    pub peer: Peer,
    pub now: Instant,
    next_peer: usize,
}

/// The node, with `idle` connections beside the one that is used.
pub fn node(idle: usize, events: usize) -> Bench<NodeHost> {
    let line = Line::default();
    Bench::new(NodeHost::new(idle + 2, events), line, idle)
}

/// Plain smoltcp, with as many.
pub fn plain(idle: usize) -> Bench<PlainHost> {
    let mut line = Line::default();
    Bench::new(PlainHost::new(idle + 2, &mut line), line, idle)
}

impl<H: Host> Bench<H> {
    fn new(host: H, line: Line, idle: usize) -> Self {
        let mut bench = Self {
            host,
            line,
            peer: Peer::new(0),
            now: Instant::from_secs(1),
            next_peer: 1,
        };
        for _ in 0..idle {
            let mut other = bench.stranger();
            bench.connect(&mut other);
        }
        let mut peer = Peer::new(0);
        bench.connect(&mut peer);
        bench.peer = peer;
        bench.echo();
        // Otherwise the host would send the echo again.
        let ack = bench.peer.segment(TcpControl::None, b"");
        bench.give(&ack);
        let question = visitor(0).question();
        bench.give(&question);
        // Whoever sends datagrams is asked for by the host; that the peer asks is as good as an answer.
        let datagram = bench.peer.datagram();
        bench.give(&datagram);
        let question = bench.peer.question();
        bench.give(&question);
        bench
    }

    fn stranger(&mut self) -> Peer {
        self.next_peer += 1;
        Peer::new(self.next_peer)
    }

    fn turn(&mut self) {
        self.now += STEP;
        self.host.turn(self.now, &mut self.line);
    }

    fn give(&mut self, frame: &[u8]) {
        self.line.give(frame);
        self.turn();
    }

    /// The handshake.
    fn connect(&mut self, peer: &mut Peer) {
        self.give(&peer.question());
        let syn = peer.segment(TcpControl::Syn, b"");
        self.give(&syn);
        assert_eq!(self.line.frames, 1);
        peer.hear_syn(self.line.last());
        let ack = peer.segment(TcpControl::None, b"");
        self.give(&ack);
        assert_eq!(self.line.frames, 0);
    }

    /// One message there and back.
    pub fn echo(&mut self) {
        self.line.give(self.peer.message());
        self.turn();
        assert_eq!(
            (self.line.frames, self.line.last().len()),
            (1, 54 + MESSAGE)
        );
    }

    /// One datagram there and back.
    pub fn echo_datagram(&mut self, frame: &[u8]) {
        self.give(frame);
        assert_eq!(
            (self.line.frames, self.line.last().len()),
            (1, 42 + MESSAGE)
        );
    }

    /// A turn in which nothing happens.
    pub fn idle(&mut self) {
        self.line.frames = 0;
        self.turn();
        assert_eq!(self.line.frames, 0);
    }

    /// A frame that draws no answer.
    pub fn ignored(&mut self, frame: &[u8]) {
        self.give(frame);
        assert_eq!(self.line.frames, 0);
    }

    /// Connect, one message there and back, close: the peer closes first.
    pub fn visit(&mut self) {
        let mut peer = visitor(self.next_peer);
        self.next_peer += 1;
        peer.seq = self.next_peer as u32 * 100_000;
        let syn = peer.segment(TcpControl::Syn, b"");
        self.give(&syn);
        peer.hear_syn(self.line.last());
        self.line.give(peer.message());
        self.turn();
        assert_eq!(self.line.last().len(), 54 + MESSAGE);
        let fin = peer.segment(TcpControl::Fin, b"");
        self.give(&fin);
        peer.hear(1);
        let ack = peer.segment(TcpControl::None, b"");
        self.give(&ack);
        assert_eq!(self.line.frames, 0);
    }

    /// A reset far outside the window of the open connection: found, judged, noted, and no more.
    pub fn stray_reset(&self) -> Vec<u8> {
        let seq = self.peer.seq.wrapping_sub(1_000_000);
        self.peer.segment_at(seq, TcpControl::Rst)
    }

    /// A reset between endpoints that have no connection.
    pub fn strangers_reset(&self) -> Vec<u8> {
        Peer::new(5_000_000).segment_at(1, TcpControl::Rst)
    }
}

/// Those who come and go have one address that nobody else has.
fn visitor(number: usize) -> Peer {
    Peer::new(20_000 + number % 20_000)
}

/// A room and an outbox that copies each line into its member's queue of 2 KiB.
pub struct Chat {
    room: Room<'static, usize, IpEndpoint>,
    speaker: MemberId,
    queues: Queues,
    now: Instant,
}

struct Queues {
    octets: Vec<[u8; 2048]>,
    lines: usize,
}

impl Outbox<usize, IpEndpoint> for Queues {
    fn send(&mut self, to: Member<usize, IpEndpoint>, line: &[u8]) -> Result<(), Full> {
        if let Member::Tcp(key) = to {
            self.octets[key][..line.len()].copy_from_slice(line);
            self.lines += 1;
        }
        Ok(())
    }

    fn farewell(&mut self, _: usize) {}

    fn part(&mut self, _: usize, _: &[u8]) {}
}

/// A room with so many members besides the one who speaks.
pub fn chat(listeners: usize) -> Chat {
    let limits = Limits {
        rate: Rate::UNLIMITED,
        ..Limits::default()
    };
    let memory = Memory::heap(listeners + 1);
    let mut room = Room::new(Instant::ZERO, memory, limits, [1, 2]);
    let mut queues = Queues {
        octets: vec![[0; 2048]; listeners + 1],
        lines: 0,
    };
    let origin = Origin::of_v4([192, 0, 2, 1]);
    let speaker = room
        .join_tcp(Instant::ZERO, 0, origin, &mut queues)
        .unwrap();
    for key in 1..=listeners {
        room.join_tcp(Instant::ZERO, key, origin, &mut queues)
            .unwrap();
    }
    Chat {
        room,
        speaker,
        queues,
        now: Instant::ZERO,
    }
}

impl Chat {
    /// One line to everybody, and the receipt.
    pub fn line(&mut self) {
        self.now += STEP;
        let octets = [b'x'; MESSAGE];
        self.queues.lines = 0;
        self.room
            .message(
                self.now,
                self.speaker,
                &octets,
                MessageEnd::Line,
                &mut self.queues,
            )
            .unwrap();
        assert_eq!(self.queues.lines, self.queues.octets.len());
    }
}
