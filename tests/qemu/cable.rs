//! The other end of the board's cable: frames in and out, and a host of the test's own there.
//!
//! QEMU's socket network carries each frame behind its length, four octets, most significant first.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, Ipv4Address};

use crate::board::{Board, PATIENCE, PORT, Plug, Setup};
use crate::dhcp::{Done, Lease, Server};

/// Where the test's own host is.
pub(crate) const HOST: Ipv4Address = Ipv4Address::new(192, 0, 2, 1);
/// Where a board is that is told so.
pub(crate) const BOARD: Ipv4Address = Ipv4Address::new(192, 0, 2, 2);

/// Where the board's cable will be plugged in.
pub(crate) struct Socket(TcpListener);

impl Socket {
    pub(crate) fn new() -> Self {
        Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// Waits for the board to plug in.
    pub(crate) fn cable(self) -> Cable {
        let (stream, _) = self.0.accept().unwrap();
        stream.set_nodelay(true).unwrap(); // A frame is on the cable at once.
        let mut incoming = stream.try_clone().unwrap();
        let (sender, frames) = mpsc::channel();
        thread::spawn(move || {
            let mut length = [0; 4];
            while incoming.read_exact(&mut length).is_ok() {
                let mut frame = vec![0; u32::from_be_bytes(length) as usize];
                if incoming.read_exact(&mut frame).is_err() || sender.send(frame).is_err() {
                    return;
                }
            }
        });
        Cable {
            stream,
            frames,
            waiting: VecDeque::new(),
            sent: Vec::new(),
            received: Vec::new(),
        }
    }
}

/// Joins two cables to one: each board's frames reach the other, as long as the test runs.
pub(crate) fn join(one: Cable, other: Cable) {
    let ends = [
        (one.frames, other.stream.try_clone().unwrap()),
        (other.frames, one.stream.try_clone().unwrap()),
    ];
    for (frames, mut stream) in ends {
        thread::spawn(move || {
            for frame in frames {
                if stream.write_all(&framed(&frame)).is_err() {
                    return;
                }
            }
        });
    }
}

/// A frame as QEMU has it on the socket.
fn framed(frame: &[u8]) -> Vec<u8> {
    let mut framed = (frame.len() as u32).to_be_bytes().to_vec();
    framed.extend_from_slice(frame);
    framed
}

/// A cable with a board at its other end.
pub(crate) struct Cable {
    stream: TcpStream,
    frames: Receiver<Vec<u8>>,
    waiting: VecDeque<Vec<u8>>,
    /// What was put on the cable so far.
    pub(crate) sent: Vec<Vec<u8>>,
    /// What came out of it and was looked at.
    pub(crate) received: Vec<Vec<u8>>,
}

impl Cable {
    /// Puts one frame on the cable, whatever it is.
    pub(crate) fn send(&mut self, frame: &[u8]) {
        self.stream.write_all(&framed(frame)).unwrap();
        self.sent.push(frame.to_vec());
    }

    /// Waits up to `time` for a frame to be there.
    fn wait(&mut self, time: Duration) {
        if self.waiting.is_empty() {
            self.waiting.extend(self.frames.recv_timeout(time));
        }
        self.waiting.extend(self.frames.try_iter());
    }
}

impl Device for Cable {
    type RxToken<'t> = Frame;
    type TxToken<'t> = Room<'t>;

    fn receive(&mut self, _now: smoltcp::time::Instant) -> Option<(Frame, Room<'_>)> {
        let frame = self.waiting.pop_front()?;
        self.received.push(frame.clone());
        Some((Frame(frame), Room(self)))
    }

    fn transmit(&mut self, _now: smoltcp::time::Instant) -> Option<Room<'_>> {
        Some(Room(self))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = 1514;
        capabilities
    }
}

pub(crate) struct Frame(Vec<u8>);

impl RxToken for Frame {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

pub(crate) struct Room<'t>(&'t mut Cable);

impl TxToken for Room<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, fill: F) -> R {
        let mut frame = vec![0; length];
        let result = fill(&mut frame);
        self.0.send(&frame);
        result
    }
}

/// A board on a cable of the test's own, with a member who has joined.
pub(crate) fn on_a_cable(board: &'static str) -> (Board, Host) {
    image_on_a_cable(board, false)
}

/// The same with an image that has IPv6, or has not.
pub(crate) fn image_on_a_cable(board: &'static str, ipv6: bool) -> (Board, Host) {
    let socket = Socket::new();
    let setup = Setup {
        ipv6,
        boot: "seed=5eed mac=02:00:00:00:00:02 ip=192.0.2.2/24",
        ..Setup::new(board, Plug::Cable(socket.address()))
    };
    let mut board = Board::start(&setup);
    let mut host = Host::new(socket.cable(), HOST);
    board.expect("listening on port 4000");
    host.connect(BOARD, PORT);
    (board, host)
}

/// A host at the other end, with a stack and one TCP connection.
pub(crate) struct Host {
    pub(crate) cable: Cable,
    interface: Interface,
    sockets: SocketSet<'static>,
    connection: SocketHandle,
    dhcp: Option<Server>,
    started: Instant,
    /// The port of the next connection.
    port: u16,
}

impl Host {
    pub(crate) const STATION: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 0xAA]);

    pub(crate) fn new(mut cable: Cable, address: Ipv4Address) -> Self {
        let mut config = Config::new(Self::STATION.into());
        config.random_seed = 7;
        let mut interface = Interface::new(config, &mut cable, smoltcp::time::Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            addresses.push(IpCidr::new(address.into(), 24)).unwrap();
        });
        let mut sockets = SocketSet::new(vec![]);
        let buffer = || tcp::SocketBuffer::new(vec![0; 4096]);
        let mut connection = tcp::Socket::new(buffer(), buffer());
        // Everything is acknowledged at once, so that a run is the same each time.
        connection.set_ack_delay(None);
        let connection = sockets.add(connection);
        Self {
            cable,
            interface,
            sockets,
            connection,
            dhcp: None,
            started: Instant::now(),
            port: 49_152,
        }
    }

    /// Becomes a DHCP server, too, or another one.
    pub(crate) fn serve_dhcp(&mut self, lease: Lease) {
        match &mut self.dhcp {
            Some(server) => server.lease = lease,
            None => self.dhcp = Some(Server::new(&mut self.sockets, lease)),
        }
    }

    /// Works until the DHCP server has done enough.
    pub(crate) fn until_served(&mut self, enough: impl Fn(Done) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !enough(self.dhcp_done()) {
            assert!(Instant::now() < deadline, "only {:?}", self.dhcp_done());
            self.poll(Duration::from_millis(5));
        }
    }

    /// What the DHCP server did so far.
    pub(crate) fn dhcp_done(&self) -> Done {
        self.dhcp
            .as_ref()
            .map(|server| server.done)
            .unwrap_or_default()
    }

    /// Gives the connection up.
    pub(crate) fn abort(&mut self) {
        self.sockets.get_mut::<tcp::Socket>(self.connection).abort();
        self.poll(Duration::ZERO);
    }

    /// Takes another address.
    pub(crate) fn take_address(&mut self, address: IpCidr) {
        self.interface
            .update_ip_addrs(|addresses| addresses.push(address).unwrap());
    }

    /// Closes the connection and waits until the board has closed, too.
    pub(crate) fn close(&mut self) {
        self.sockets.get_mut::<tcp::Socket>(self.connection).close();
        self.until("the connection is closed", |socket| {
            let over = matches!(socket.state(), tcp::State::TimeWait | tcp::State::Closed);
            over.then_some(())
        });
    }

    /// Opens the connection and waits until it is there.
    pub(crate) fn connect(&mut self, board: impl Into<IpAddress>, port: u16) {
        let board = board.into();
        let socket = self.sockets.get_mut::<tcp::Socket>(self.connection);
        socket
            .connect(self.interface.context(), (board, port), self.port)
            .unwrap();
        self.port += 1;
        self.until("the connection is established", |socket| {
            socket.may_send().then_some(())
        });
    }

    /// Our port of the connection.
    pub(crate) fn port(&self) -> u16 {
        self.port - 1
    }

    /// Says a line and waits for the answer to it.
    pub(crate) fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\n").as_bytes());
        self.answer()
    }

    /// Waits for the answer to what was said: a receipt, or the reason of a refusal.
    pub(crate) fn answer(&mut self) -> String {
        let mut answer = Vec::new();
        loop {
            answer.extend(self.receive(1));
            let text = String::from_utf8_lossy(&answer);
            if let Some(last) = text.trim_end().lines().last()
                && text.ends_with('\n')
                && !last.starts_with("Welcome")
            {
                return last.to_owned();
            }
        }
    }

    pub(crate) fn send(&mut self, message: &[u8]) {
        let socket = self.sockets.get_mut::<tcp::Socket>(self.connection);
        assert_eq!(socket.send_slice(message), Ok(message.len()));
        self.poll(Duration::ZERO);
    }

    pub(crate) fn receive(&mut self, octets: usize) -> Vec<u8> {
        let mut received = Vec::new();
        self.until("the octets are received", |socket| {
            if socket.can_recv() {
                let mut part = vec![0; octets - received.len()];
                let count = socket.recv_slice(&mut part).unwrap();
                received.extend_from_slice(&part[..count]);
            }
            (received.len() >= octets).then_some(())
        });
        received
    }

    /// Works until `done` gives something.
    fn until<T>(
        &mut self,
        what: &str,
        mut done: impl FnMut(&mut tcp::Socket<'_>) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(result) = done(self.sockets.get_mut(self.connection)) {
                self.poll(Duration::ZERO); // What `done` took or queued is told to the board.
                return result;
            }
            self.poll(Duration::from_millis(5));
        }
        panic!("in vain: {what}");
    }

    /// Waits up to `time` for a frame, and does what is due.
    pub(crate) fn poll(&mut self, time: Duration) {
        self.cable.wait(time);
        let now = smoltcp::time::Instant::from_micros(self.started.elapsed().as_micros() as i64);
        self.interface.poll(now, &mut self.cable, &mut self.sockets);
        if let Some(server) = &mut self.dhcp
            && server.serve(&mut self.sockets)
        {
            self.interface.poll(now, &mut self.cable, &mut self.sockets);
        }
    }
}
