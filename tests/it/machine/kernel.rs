//! Linux as a subject: sockets of a network namespace, and a TAP at whose other end the tester is.
//!
//! The kernel's clock is the real one, so what needs time is left out of the alphabet, and settings keep
//! time out of the rest: acknowledgments are not delayed, answers not limited, segments not sent again
//! within a minute. Only SYNs go again sooner; a word is over before, and one that was not is asked again.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SendFlags, Shutdown, SocketFlags, SocketType, sockopt};
use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};
use smolchat::device::Tap;
use smolchat::trace::State;
use smoltcp::phy::{Device, RxToken, TxToken};
use smoltcp::time::Instant as Clock;

use super::alphabet::{Call, Opening};
use super::learned::Ground;
use super::sock_diag::{Diag, Found};
use super::subject::{Ear, Rest, Subject, has_end, said};
use crate::lab::{PEER, Segment, US, echo_request, mac_of};

/// What a word may take. The first thing that happens by itself is that a SYN goes again, two ticks of the
/// kernel's clock after a false acknowledgment of it.
const BRISK: Duration = Duration::from_millis(1);

/// No answer of the kernel takes so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Settings of the namespace, below `net.ipv4`, that are no defaults.
const SETTINGS: [(&str, &str); 9] = [
    // Options would be more of the same for the tester.
    ("tcp_timestamps", "0"),
    ("tcp_sack", "0"),
    ("tcp_window_scaling", "0"),
    // Answers that RFC 5961 limits come always, and nothing is probed for before its time.
    ("tcp_invalid_ratelimit", "0"),
    ("tcp_early_retrans", "0"),
    ("tcp_syncookies", "0"),
    // Nothing is paced.
    ("tcp_congestion_control", "reno"),
    // A port is used once: there is a TIME-WAIT for each word that ended so.
    ("tcp_tw_reuse", "0"),
    ("tcp_max_tw_buckets", "262144"),
];

/// The kernel's end of the TAP, and ours.
struct Kernel {
    tap: Tap,
    diag: Diag,
    words: u32,
}

fn ip(arguments: &str) {
    let status = Command::new("ip")
        .args(arguments.split_whitespace())
        .status();
    let done = status.is_ok_and(|status| status.success());
    assert!(
        done,
        "`ip {arguments}` did not work; scripts/test installs what is missing"
    );
}

/// Frames that one processor takes in are answered in their order.
fn stay_on_this_processor() {
    let mut this = CpuSet::new();
    this.set(sched_getcpu());
    sched_setaffinity(None, &this).expect("it runs there already");
}

/// A host's hardware address as `ip` reads it.
fn colons(host: Ipv4Addr) -> String {
    mac_of(host).to_string().replace('-', ":")
}

impl Kernel {
    /// Makes the TAP, in the network namespace that this process is in.
    fn new() -> Self {
        stay_on_this_processor();
        let tap = Tap::open("tap0", 1500).unwrap_or_else(|error| panic!("{error}"));
        for (name, value) in SETTINGS {
            let path = format!("/proc/sys/net/ipv4/{name}");
            fs::write(&path, value).unwrap_or_else(|error| panic!("{path}: {error}"));
        }
        ip(&format!("link set tap0 address {} up", colons(US)));
        ip(&format!("address add {US}/24 dev tap0"));
        ip("route change 192.0.2.0/24 dev tap0 quickack 1 rto_min 60s");
        let mac = colons(PEER);
        ip(&format!(
            "neigh add {PEER} lladdr {mac} dev tap0 nud permanent"
        ));
        Self {
            tap,
            diag: Diag::open(),
            words: 0,
        }
    }

    fn send(&mut self, frame: &[u8]) {
        let token = self.tap.transmit(Clock::ZERO).expect("a TAP can send");
        token.consume(frame.len(), |octets| octets.copy_from_slice(frame));
    }

    /// Gives frames; what left until an echo request behind them was answered, which is everything that
    /// they drew.
    fn exchange(&mut self, frame: Option<Vec<u8>>) -> Vec<Segment> {
        let end = Instant::now() + PATIENCE;
        frame.iter().for_each(|frame| self.send(frame));
        self.send(&echo_request(PEER));
        let mut sent = Vec::new();
        loop {
            assert!(Instant::now() < end, "the kernel does not answer");
            let frame = match self.tap.receive(Clock::ZERO) {
                Some((token, _)) => token.consume(<[u8]>::to_vec),
                None => {
                    let mut ready = [PollFd::new(&self.tap, PollFlags::IN)];
                    poll(&mut ready, Some(&seconds(1))).expect("a TAP can be waited for");
                    continue;
                }
            };
            if is_echo_reply(&frame) {
                return sent;
            }
            sent.extend(Segment::parse(&frame));
        }
    }
}

const fn seconds(seconds: i64) -> Timespec {
    Timespec {
        tv_sec: seconds,
        tv_nsec: 0,
    }
}

/// ICMP in IPv4 in Ethernet, and its type is 0.
fn is_echo_reply(frame: &[u8]) -> bool {
    frame.get(12..14) == Some(&[8, 0]) && frame.get(23) == Some(&1) && frame.get(34) == Some(&0)
}

/// A socket that never blocks, on the port that a word is about.
fn socket(port: u16) -> OwnedFd {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None);
    let socket = socket.expect("a socket");
    sockopt::set_socket_reuseaddr(&socket, true).expect("an option of TCP");
    sockopt::set_tcp_nodelay(&socket, true).expect("an option of TCP");
    net::bind(&socket, &SocketAddrV4::new(US, port)).expect("the port is free");
    socket
}

/// Where the kernel's subjects come from.
pub(crate) struct OnTap(Kernel, Opening);

impl OnTap {
    pub(crate) fn new(opening: Opening) -> Self {
        Self(Kernel::new(), opening)
    }
}

impl Ground for OnTap {
    fn fresh(&mut self) -> impl Subject {
        OverTap::new(&mut self.0, self.1)
    }

    fn is_brisk(&self, took: Duration) -> bool {
        took < BRISK
    }
}

/// One word's port, and the application that uses it.
struct OverTap<'k> {
    kernel: &'k mut Kernel,
    port: u16,
    peer_port: u16,
    listener: Option<OwnedFd>,
    stream: Option<OwnedFd>,
    /// Octets that the application took from its connection.
    taken: usize,
    /// The application closed its sending half.
    closed: bool,
}

impl<'k> OverTap<'k> {
    /// A port that was not used before.
    fn new(kernel: &'k mut Kernel, opening: Opening) -> Self {
        const PORTS: u32 = 60_000;
        let (round, place) = (kernel.words / PORTS, kernel.words % PORTS);
        kernel.words += 1;
        let port = 1024 + place as u16;
        let listener = (opening == Opening::Passive).then(|| {
            let listener = socket(port);
            net::listen(&listener, 1).expect("a port of its own");
            listener
        });
        Self {
            kernel,
            port,
            peer_port: 40_000 + round as u16,
            listener,
            stream: None,
            taken: 0,
            closed: false,
        }
    }

    fn found(&self) -> Option<Found> {
        self.kernel
            .diag
            .find(SocketAddrV4::new(US, self.port), self.peer())
    }

    fn peer(&self) -> SocketAddrV4 {
        SocketAddrV4::new(PEER, self.peer_port)
    }

    fn exchange(&mut self, frame: Option<Vec<u8>>) -> Vec<Segment> {
        let (port, peer_port) = (self.port, self.peer_port);
        let mut sent = self.kernel.exchange(frame);
        sent.retain(|it| it.src_port == port && it.dst_port == peer_port);
        self.forget_dead();
        sent
    }

    /// A connection that is reset before it is accepted stays in the queue. Its application takes it out at
    /// once and forgets it, or how many there are would be part of the machine.
    fn forget_dead(&self) {
        let state = self.found().map(|it| it.state);
        if self.listener.is_some() && matches!(state, Some(State::Listen | State::SynReceived)) {
            self.accept();
        }
    }

    fn receive(&mut self) -> usize {
        let mut buffer = [0; 1024];
        let stream = self.stream.as_ref();
        let count = stream.map_or(0, |it| rustix::io::read(it, &mut buffer).unwrap_or(0));
        self.taken += count;
        count
    }

    fn hold(&mut self, stream: Option<OwnedFd>) -> bool {
        self.stream = stream;
        (self.taken, self.closed) = (0, false);
        self.stream.is_some()
    }

    /// Active OPEN.
    fn connect(&self) -> Option<OwnedFd> {
        let socket = socket(self.port);
        match net::connect(&socket, &self.peer()) {
            Ok(()) | Err(Errno::INPROGRESS) => Some(socket),
            Err(_) => None,
        }
    }

    fn accept(&self) -> Option<OwnedFd> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        net::accept_with(self.listener.as_ref()?, flags).ok()
    }

    fn call_application(&mut self, call: Call) -> bool {
        let Some(stream) = &self.stream else {
            let found = match call {
                Call::Connect => self.connect(),
                Call::Accept => self.accept(),
                Call::Send | Call::Receive | Call::Close | Call::Abort => None,
            };
            return self.hold(found);
        };
        match call {
            Call::Connect | Call::Accept => false,
            Call::Send => net::send(stream, b"x", SendFlags::NOSIGNAL).is_ok(),
            Call::Receive => self.receive() > 0,
            Call::Close => {
                self.closed = true;
                net::shutdown(stream, Shutdown::Write).is_ok()
            }
            Call::Abort => {
                abort(stream);
                self.hold(None);
                true
            }
        }
    }
}

/// The last of a socket is a reset.
fn abort(socket: &OwnedFd) {
    sockopt::set_socket_linger(socket, Some(Duration::ZERO)).expect("an option of sockets");
}

impl Subject for OverTap<'_> {
    fn give(&mut self, segment: &Segment) -> Vec<Segment> {
        let segment = Segment {
            src_port: self.peer_port,
            dst_port: self.port,
            ..segment.clone()
        };
        self.exchange(Some(segment.frame()))
    }

    fn call(&mut self, call: Call) -> (String, Vec<Segment>) {
        let done = self.call_application(call);
        (said(done), self.exchange(None))
    }

    /// Its clock cannot be moved.
    fn wait(&mut self) -> Vec<Segment> {
        Vec::new()
    }

    /// Nothing is delayed, nothing limited.
    fn rest(&mut self, _: Rest) -> Vec<Segment> {
        Vec::new()
    }

    fn ear(&mut self) -> Option<Ear> {
        let found = self.found();
        let state = found.map_or(State::Closed, |it| it.state);
        let Some(stream) = &self.stream else {
            let found = found.filter(|it| !matches!(it.state, State::TimeWait | State::Listen))?;
            let end = has_end(found.state);
            return Some(Ear {
                octets: found.unread.saturating_sub(usize::from(end)),
                end,
                ..Ear::default()
            });
        };
        let ready = readiness(stream);
        let unread = rustix::io::ioctl_fionread(stream).unwrap_or(0);
        // Nothing goes in either direction, and no connection is there: a FIN that waits for its
        // acknowledgment is one.
        let over = ready.contains(PollFlags::HUP)
            && matches!(state, State::Closed | State::Listen | State::TimeWait);
        let why = over.then(|| sockopt::socket_error(stream).expect("an option of sockets"));
        Some(Ear {
            held: true,
            open: ready.contains(PollFlags::OUT) && !over && !self.closed,
            octets: self.taken + unread as usize,
            end: ready.contains(PollFlags::RDHUP) && why.is_none_or(|it| it.is_ok()),
            over: why.map(word_for),
        })
    }

    fn state(&mut self) -> State {
        self.found().map_or(State::Closed, |it| it.state)
    }

    fn let_go(&mut self) -> Vec<Segment> {
        self.receive();
        self.hold(None);
        self.exchange(None)
    }
}

impl Drop for OverTap<'_> {
    /// Nothing is left of a word but a TIME-WAIT: what its sockets still say is read and forgotten.
    fn drop(&mut self) {
        self.stream.iter().for_each(abort);
        (self.stream, self.listener) = (None, None);
        self.exchange(None);
    }
}

fn readiness(stream: &OwnedFd) -> PollFlags {
    let mut ready = [PollFd::new(stream, PollFlags::OUT | PollFlags::RDHUP)];
    poll(&mut ready, Some(&seconds(0))).expect("a socket can be asked");
    ready[0].revents()
}

fn word_for(error: Result<(), Errno>) -> String {
    match error {
        Ok(()) => "closed".to_owned(),
        Err(Errno::CONNRESET | Errno::PIPE) => "reset".to_owned(),
        Err(Errno::CONNREFUSED) => "refused".to_owned(),
        Err(other) => format!("{other:?}"),
    }
}
