//! Members whose sockets are those of a second node, on a wire in memory and a virtual clock.

use smolchat::app::App;
use smolchat::device::Side;
use smolchat::lang::Lang;
use smolchat::node::{Handle, Ingress, RecvError, earliest};
use smolchat::pair::{Clockwork, Pair};
use smolchat::picture::{Both, Drawer, End};
use smolchat::trace::Style;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpEndpoint;

use super::screen::{Order, Paper, Piece};
use super::stage::{self, PORT, address};
use super::world::{Member, Stuck, World};

/// How long a member waits for an answer, in virtual time.
const PATIENCE: Duration = Duration::from_secs(10);
/// Long enough for everything that one call of a member sets off, and shorter than a retransmission.
const MOMENT: Duration = Duration::from_millis(300);

enum Socket {
    Tcp(Handle),
    Udp(u16),
}

/// The wire, the clock, the room on one node, members on the other.
pub struct CableWorld {
    pair: Pair,
    app: App<'static>,
    paper: Paper,
    members: Vec<Socket>,
    both: Both,
    drawer: Drawer,
    /// The names of both ends were shown.
    headed: bool,
}

impl CableWorld {
    /// A fresh wire and an empty room.
    pub fn new(style: Style, paper: Paper, lang: Lang, explains: bool) -> Self {
        Self {
            pair: stage::pair(),
            // Both nodes are ours: the ladder is drawn from what both know.
            app: stage::app(style, false),
            paper,
            members: Vec::new(),
            both: Both::new(lang, Instant::ZERO, explains),
            drawer: Drawer {
                style,
                tagged: true,
            },
            headed: false,
        }
    }

    /// What happened since the last time, with the states of both ends.
    fn rows(&mut self) -> Vec<Piece> {
        let journals = [self.pair.a.journal(), self.pair.b.journal()];
        let rows = self.both.read(journals, self.paper.said());
        let order = Order::Ladder;
        let mut pieces: Vec<Piece> = Vec::new();
        let mut at = Instant::ZERO;
        // From below: a heading has the time of what stands under it.
        for (row, text) in self.drawer.pieces(&rows).into_iter().rev() {
            at = row.when().map_or(at, |passed| Instant::ZERO + passed);
            pieces.push(Piece { at, order, text });
        }
        pieces.reverse();
        if let Some(first) = pieces.first_mut().filter(|_| !self.headed) {
            self.headed = true;
            let names = [(Side::A, String::new()), (Side::B, format!(":{PORT}"))];
            let ends = names.map(|(side, port)| End {
                name: format!("{}{port}", address(side)),
                role: String::new(),
            });
            first.text.insert_str(0, &Drawer::head(&ends));
        }
        pieces
    }
}

impl Clockwork for CableWorld {
    fn clock(&mut self) -> &mut Instant {
        &mut self.pair.now
    }

    fn step(&mut self) -> Option<Instant> {
        let pair = &mut self.pair;
        let now = pair.now;
        self.paper.set_now(now);
        let a = pair.a.poll(now, &mut pair.wire.end_a());
        let more = pair
            .b
            .poll_ingress(now, &mut self.paper.on(&mut pair.wire.end_b()));
        self.app.run(now, &mut pair.b, &mut self.paper);
        let b = pair
            .b
            .poll_egress(now, &mut self.paper.on(&mut pair.wire.end_b()));
        self.app.show(now, &pair.b, &mut self.paper);
        let more = (more == Ingress::More).then_some(now);
        earliest(&[a, b, more, self.app.deadline(), pair.wire.next_arrival()])
    }

    fn let_out(&mut self) -> Option<Instant> {
        let Pair {
            a, b, wire, now, ..
        } = &mut self.pair;
        let a = a.poll_egress(*now, &mut wire.end_a());
        let b = b.poll_egress(*now, &mut self.paper.on(&mut wire.end_b()));
        earliest(&[a, b, wire.next_arrival(), self.app.deadline()])
    }
}

impl World for CableWorld {
    fn now(&self) -> Instant {
        self.pair.now
    }

    fn is_of_the_kernel(&self) -> bool {
        false
    }

    fn connect(&mut self) -> Result<Member, Stuck> {
        let server = IpEndpoint::new(address(Side::B), PORT);
        let handle = self
            .pair
            .a
            .connect(self.pair.now, server)
            .map_err(|error| Stuck::Node(error.to_string()))?;
        self.members.push(Socket::Tcp(handle));
        let open = |world: &mut Self| {
            world
                .pair
                .a
                .tcp(handle)
                .filter(|it| it.can_send())
                .map(drop)
        };
        self.run_until(PATIENCE, open).ok_or(Stuck::NoAnswer)?;
        Ok(Member(self.members.len() - 1))
    }

    fn open_datagrams(&mut self) -> Result<Member, Stuck> {
        let port = PORT + 1 + self.members.len() as u16;
        self.pair
            .a
            .bind(port)
            .map_err(|error| Stuck::Node(error.to_string()))?;
        self.members.push(Socket::Udp(port));
        Ok(Member(self.members.len() - 1))
    }

    fn send(&mut self, member: Member, octets: &[u8]) -> Result<(), Stuck> {
        let (now, to) = (self.pair.now, IpEndpoint::new(address(Side::B), PORT));
        match self.members[member.0] {
            Socket::Tcp(handle) => {
                let mut socket = self.pair.a.tcp(handle).ok_or(Stuck::NoAnswer)?;
                let sent = socket.send(octets);
                sent.map_err(|error| Stuck::Node(error.to_string()))?;
            }
            Socket::Udp(port) => {
                let mut socket = self.pair.a.udp(port).ok_or(Stuck::NoAnswer)?;
                let sent = socket.send_to(now, to, octets);
                sent.map_err(|error| Stuck::Node(error.to_string()))?;
            }
        }
        Ok(())
    }

    fn recv(&mut self, member: Member) -> Result<Vec<u8>, Stuck> {
        let mut buffer = [0; 1024];
        let received = match self.members[member.0] {
            Socket::Tcp(handle) => self.run_until(PATIENCE, |world| {
                match world.pair.a.tcp(handle)?.recv(&mut buffer) {
                    Ok(count) => Some(count),
                    Err(RecvError::WouldBlock) => None,
                    Err(_) => Some(0),
                }
            }),
            Socket::Udp(port) => self.run_until(PATIENCE, |world| {
                Some(world.pair.a.udp(port)?.recv_from(&mut buffer)?.len)
            }),
        };
        let count = received.ok_or(Stuck::NoAnswer)?;
        Ok(buffer[..count].to_vec())
    }

    fn close(&mut self, member: Member) {
        if let Socket::Tcp(handle) = self.members[member.0]
            && let Some(socket) = self.pair.a.tcp(handle)
        {
            socket.close(self.pair.now);
        }
    }

    fn reset(&mut self, member: Member) {
        if let Socket::Tcp(handle) = self.members[member.0] {
            self.pair.a.abort(self.pair.now, handle);
        }
    }

    fn operate(&mut self, line: &str) -> Result<(), Stuck> {
        let now = self.pair.now;
        self.app
            .console(now, &mut self.pair.b, &mut self.paper, line.as_bytes());
        Ok(())
    }

    fn screen(&mut self) -> Result<Vec<Piece>, Stuck> {
        self.run_for(MOMENT);
        let mut pieces = self.rows();
        pieces.extend(self.paper.take());
        Ok(pieces)
    }

    fn end(&mut self) -> Result<Vec<Piece>, Stuck> {
        let over = |world: &mut Self| {
            let b = &world.pair.b;
            (b.free() == b.capacity() && b.time_waiting() == 0).then_some(())
        };
        self.run_until(PATIENCE, over).ok_or(Stuck::NoAnswer)?;
        self.screen()
    }
}
