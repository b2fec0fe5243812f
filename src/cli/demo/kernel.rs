//! Members whose sockets are the kernel's, and the node behind a TAP of a private network.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration as Patience;

use rustix::net::sockopt::set_socket_linger;
use smolchat::app::App;
use smolchat::device::Tap;
use smolchat::node::{Ingress, Node, earliest};
use smoltcp::time::{Duration, Instant};

use super::screen::{Paper, Piece};
use super::stage::{self, NODE, PORT};
use super::world::{Member, Stuck, World};
use crate::cli::run::{News, Program, run};
use crate::cli::wait::{Clock, Signals};

/// How long a member waits for an answer.
const PATIENCE: Patience = Patience::from_secs(10);
/// A node that recorded nothing for this long is quiet: the longest wait inside one exchange is the
/// 40 ms after which an unterminated message is over.
const QUIET: Duration = Duration::from_millis(60);

enum Socket {
    Tcp(TcpStream),
    Udp(UdpSocket),
    Closed,
}

/// What the director asks of the node's thread.
enum Request {
    /// A line at the console.
    Line(String),
    /// The screen, once the node is quiet.
    Screen,
    /// The screen, once no connection is left.
    End,
}

/// Kernel sockets here, a node in a thread of its own there.
pub struct KernelWorld {
    members: Vec<Socket>,
    requests: Sender<Request>,
    answers: Receiver<Vec<Piece>>,
    clock: Clock,
    /// Wakes the node's thread when there is a request.
    bell: UnixStream,
    thread: Option<JoinHandle<Result<(), String>>>,
}

impl KernelWorld {
    /// Starts a node on `tap`. The caller is in the network that the TAP belongs to.
    pub fn new(tap: Tap, style: smolchat::trace::Style, paper: Paper) -> io::Result<Self> {
        let (bell, door) = UnixStream::pair()?;
        door.set_nonblocking(true)?;
        let (requests, inbox) = channel();
        let (outbox, answers) = channel();
        let clock = Clock::start();
        let mut signals = Signals::take_over()?;
        let host = Host {
            node: stage::tap_node(clock.now()),
            app: stage::app(style, true),
            paper,
            door,
            inbox,
            outbox,
            asked: None,
            seen: 0,
            changed: clock.now(),
            is_over: false,
        };
        let thread = std::thread::spawn(move || {
            let (mut tap, mut host) = (tap, host);
            run(&mut host, &mut tap, &mut signals, clock, Duration::ZERO)
                .map_err(|error| error.to_string())
        });
        Ok(Self {
            members: Vec::new(),
            requests,
            answers,
            clock,
            bell,
            thread: Some(thread),
        })
    }

    fn request(&mut self, request: Request) -> Result<(), Stuck> {
        let sent = self.requests.send(request);
        match (sent, self.bell.write_all(b"!")) {
            (Ok(()), Ok(())) => Ok(()),
            _ => Err(self.node_ended()),
        }
    }

    fn answer(&mut self) -> Result<Vec<Piece>, Stuck> {
        match self.answers.recv_timeout(PATIENCE) {
            Ok(text) => Ok(text),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => Err(Stuck::NoAnswer),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Err(self.node_ended()),
        }
    }

    fn node_ended(&mut self) -> Stuck {
        let why = match self.thread.take().map(JoinHandle::join) {
            Some(Ok(Err(why))) => why,
            Some(Ok(Ok(()))) | None => "it was interrupted".into(),
            Some(Err(_)) => "its thread panicked".into(),
        };
        Stuck::Node(why)
    }
}

fn stuck(what: &'static str) -> impl Fn(io::Error) -> Stuck {
    move |error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Stuck::NoAnswer,
        _ => Stuck::Socket { what, error },
    }
}

impl World for KernelWorld {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn is_of_the_kernel(&self) -> bool {
        true
    }

    fn connect(&mut self) -> Result<Member, Stuck> {
        let server = SocketAddr::from((NODE, PORT));
        let stream = TcpStream::connect_timeout(&server, PATIENCE).map_err(stuck("connect"))?;
        stream
            .set_read_timeout(Some(PATIENCE))
            .map_err(stuck("set a timeout"))?;
        self.members.push(Socket::Tcp(stream));
        Ok(Member(self.members.len() - 1))
    }

    fn open_datagrams(&mut self) -> Result<Member, Stuck> {
        let open = || {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
            socket.connect((NODE, PORT))?;
            socket.set_read_timeout(Some(PATIENCE))?;
            Ok(socket)
        };
        self.members
            .push(Socket::Udp(open().map_err(stuck("open a UDP socket"))?));
        Ok(Member(self.members.len() - 1))
    }

    fn send(&mut self, member: Member, octets: &[u8]) -> Result<(), Stuck> {
        match &mut self.members[member.0] {
            Socket::Tcp(stream) => stream.write_all(octets),
            Socket::Udp(socket) => socket.send(octets).map(drop),
            Socket::Closed => Ok(()),
        }
        .map_err(stuck("send"))
    }

    fn recv(&mut self, member: Member) -> Result<Vec<u8>, Stuck> {
        let mut buffer = [0; 1024];
        let count = match &mut self.members[member.0] {
            Socket::Tcp(stream) => stream.read(&mut buffer),
            Socket::Udp(socket) => socket.recv(&mut buffer),
            Socket::Closed => Ok(0),
        }
        .map_err(stuck("receive"))?;
        Ok(buffer[..count].to_vec())
    }

    fn close(&mut self, member: Member) {
        self.members[member.0] = Socket::Closed;
    }

    fn reset(&mut self, member: Member) {
        if let Socket::Tcp(stream) = &self.members[member.0] {
            // Without it the close is an ordinary one, and the ladder shows that.
            let _ = set_socket_linger(stream, Some(Patience::ZERO));
        }
        self.close(member);
    }

    fn operate(&mut self, line: &str) -> Result<(), Stuck> {
        self.request(Request::Line(line.into()))
    }

    fn screen(&mut self) -> Result<Vec<Piece>, Stuck> {
        self.request(Request::Screen)?;
        self.answer()
    }

    fn end(&mut self) -> Result<Vec<Piece>, Stuck> {
        self.request(Request::End)?;
        self.answer()
    }
}

/// The node's side: a program whose console is the director.
struct Host {
    node: Node<'static>,
    app: App<'static>,
    paper: Paper,
    door: UnixStream,
    inbox: Receiver<Request>,
    outbox: Sender<Vec<Piece>>,
    asked: Option<Request>,
    /// Journal records seen.
    seen: u64,
    /// When the last of them was.
    changed: Instant,
    /// Nobody asks any more.
    is_over: bool,
}

impl Host {
    /// Answers what was asked if its time has come; `false` when nobody asks any more.
    fn attend(&mut self, now: Instant) -> bool {
        if self.asked.is_none() {
            match self.inbox.try_recv() {
                Ok(Request::Line(line)) => {
                    self.app
                        .console(now, &mut self.node, &mut self.paper, line.as_bytes());
                    self.changed = now;
                }
                Ok(request) => {
                    self.asked = Some(request);
                    self.changed = now;
                }
                Err(std::sync::mpsc::TryRecvError::Empty) => return true,
                Err(std::sync::mpsc::TryRecvError::Disconnected) => return false,
            }
        }
        let quiet = self.changed + QUIET <= now;
        let ready = match self.asked {
            Some(Request::Screen) => quiet,
            Some(Request::End) => {
                quiet && self.node.free() == self.node.capacity() && self.node.time_waiting() == 0
            }
            Some(Request::Line(_)) | None => return true,
        };
        if ready {
            self.asked = None;
            // If the director is gone, the next look into the inbox says so.
            let _ = self.outbox.send(self.paper.take());
        }
        true
    }
}

impl Program for Host {
    fn ingress(&mut self, now: Instant, tap: &mut Tap) -> bool {
        let mut device = self.paper.on(tap);
        self.node.poll_ingress(now, &mut device) == Ingress::More
    }

    fn application(&mut self, now: Instant, news: News) {
        if news.input {
            // Only the ringing counts, not how often.
            let _ = self.door.read(&mut [0; 64]);
        }
        self.paper.set_now(now);
        self.app.run(now, &mut self.node, &mut self.paper);
        let records = self.node.journal().next();
        if records != self.seen {
            self.seen = records;
            self.changed = now;
        }
        self.is_over = news.signals > 0 || !self.attend(now);
    }

    fn egress(&mut self, now: Instant, tap: &mut Tap) -> Option<Instant> {
        let node = self.node.poll_egress(now, &mut self.paper.on(tap));
        self.app.show(now, &self.node, &mut self.paper);
        let quiet = self
            .asked
            .is_some()
            .then(|| (self.changed + QUIET).max(now + Duration::from_millis(1)));
        earliest(&[node, self.app.deadline(), quiet])
    }

    fn is_over(&self, _now: Instant) -> bool {
        self.is_over
    }

    fn input(&self) -> Option<BorrowedFd<'_>> {
        Some(self.door.as_fd())
    }
}
