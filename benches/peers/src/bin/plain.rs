//! smoltcp as its examples use it: one `SocketSet`, its own TAP device, `phy_wait`. With `--tight` in the
//! loop and on the device that the node has: what smoltcp alone costs there.

use std::os::fd::AsRawFd;

use clap::Parser;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use smolchat::device::Tap;
use smolchat_peers::{CHARGEN, CHAT, DISCARD, ECHO, RECEIPT, pattern};
use smoltcp::iface::{Config, Interface, PollIngressSingleResult, SocketHandle, SocketSet};
use smoltcp::phy::{Device, Medium, TunTapInterface, wait};
use smoltcp::socket::{tcp, udp};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, Ipv4Address};

#[derive(Parser)]
struct Arguments {
    #[arg(long)]
    tap: String,
    #[arg(long)]
    address: Ipv4Address,
    /// Sockets that listen for the echo.
    #[arg(long, default_value_t = 16)]
    echo: usize,
    /// Sockets that listen for the chat.
    #[arg(long, default_value_t = 16)]
    chat: usize,
    /// In the node's loop, on the node's device.
    #[arg(long)]
    tight: bool,
    /// IP MTU of the TAP; smoltcp's own device asks for it.
    #[arg(long, default_value_t = 1500)]
    mtu: usize,
    /// Octets of each buffer.
    #[arg(long, default_value_t = 16_384)]
    buffer: usize,
}

fn main() {
    let arguments = Arguments::parse();
    if arguments.tight {
        tight(&arguments);
    } else {
        usual(&arguments);
    }
}

fn interface(arguments: &Arguments, device: &mut impl Device) -> Interface {
    let mac = EthernetAddress([2, 0, 0, 0, 0, 0x22]);
    let mut iface = Interface::new(Config::new(mac.into()), device, Instant::now());
    iface.update_ip_addrs(|addresses| {
        let cidr = IpCidr::new(IpAddress::Ipv4(arguments.address), 16);
        addresses.push(cidr).unwrap();
    });
    iface
}

fn usual(arguments: &Arguments) -> ! {
    let mut device = TunTapInterface::new(&arguments.tap, Medium::Ethernet).unwrap();
    let fd = device.as_raw_fd();
    let mut iface = interface(arguments, &mut device);
    let mut server = Server::new(arguments);
    loop {
        let now = Instant::now();
        iface.poll(now, &mut device, &mut server.sockets);
        server.application();
        let delay = iface.poll_delay(now, &server.sockets);
        wait(fd, delay).unwrap();
    }
}

/// Frames in until there are no more, the application, segments out, sleep to the microsecond.
fn tight(arguments: &Arguments) -> ! {
    let mut device = Tap::open(&arguments.tap, arguments.mtu).unwrap();
    let mut iface = interface(arguments, &mut device);
    let mut server = Server::new(arguments);
    loop {
        let now = Instant::now();
        let sockets = &mut server.sockets;
        while iface.poll_ingress_single(now, &mut device, sockets) != PollIngressSingleResult::None
        {
        }
        server.application();
        iface.poll_egress(now, &mut device, &mut server.sockets);
        let delay = iface
            .poll_delay(now, &server.sockets)
            .map(|delay| Timespec {
                tv_sec: delay.secs() as i64,
                tv_nsec: (delay.total_micros() % 1_000_000 * 1_000) as i64,
            });
        poll(&mut [PollFd::new(&device, PollFlags::IN)], delay.as_ref()).unwrap();
    }
}

struct Server {
    sockets: SocketSet<'static>,
    streams: Vec<(SocketHandle, u16)>,
    udp: SocketHandle,
    pattern: Vec<u8>,
    buffer: Vec<u8>,
}

fn stream(octets: usize) -> tcp::Socket<'static> {
    let buffer = || tcp::SocketBuffer::new(vec![0; octets]);
    let mut socket = tcp::Socket::new(buffer(), buffer());
    socket.set_nagle_enabled(false);
    socket
}

fn packets() -> udp::PacketBuffer<'static> {
    udp::PacketBuffer::new(vec![udp::PacketMetadata::EMPTY; 64], vec![0; 65_536])
}

impl Server {
    fn new(arguments: &Arguments) -> Self {
        let mut sockets = SocketSet::new(Vec::new());
        let mut datagrams = udp::Socket::new(packets(), packets());
        datagrams.bind(ECHO).unwrap();
        let udp = sockets.add(datagrams);
        let counts = [
            (ECHO, arguments.echo),
            (CHAT, arguments.chat),
            (DISCARD, 2),
            (CHARGEN, 2),
        ];
        let mut streams = Vec::new();
        for (port, count) in counts {
            for _ in 0..count {
                streams.push((sockets.add(stream(arguments.buffer)), port));
            }
        }
        let mut server = Self {
            sockets,
            streams,
            udp,
            pattern: pattern(arguments.buffer),
            buffer: vec![0; arguments.buffer],
        };
        server.application();
        server
    }

    fn application(&mut self) {
        for index in 0..self.streams.len() {
            let (handle, port) = self.streams[index];
            let socket = self.sockets.get_mut::<tcp::Socket<'_>>(handle);
            if !socket.is_open() {
                socket.listen(port).unwrap();
                continue;
            }
            match port {
                ECHO if socket.can_recv() => {
                    let count = socket.recv_slice(&mut self.buffer).unwrap();
                    let _ = socket.send_slice(&self.buffer[..count]);
                }
                DISCARD => {
                    while socket
                        .recv(|octets| (octets.len(), octets.len()))
                        .is_ok_and(|count| count > 0)
                    {}
                }
                CHARGEN if socket.can_send() => {
                    let _ = socket.send_slice(&self.pattern);
                }
                CHAT if socket.can_recv() => {
                    let count = socket.recv_slice(&mut self.buffer).unwrap();
                    self.tell_all(index, count);
                }
                _ => (),
            }
            let socket = self.sockets.get_mut::<tcp::Socket<'_>>(handle);
            if socket.may_send() && !socket.may_recv() {
                socket.close();
            }
        }
        let socket = self.sockets.get_mut::<udp::Socket<'_>>(self.udp);
        while let Ok((count, meta)) = socket.recv_slice(&mut self.buffer) {
            let _ = socket.send_slice(&self.buffer[..count], meta);
        }
    }

    /// What one member said goes to all others; a receipt for each line goes back.
    fn tell_all(&mut self, from: usize, count: usize) {
        let said = &self.buffer[..count];
        for (index, (handle, port)) in self.streams.iter().enumerate() {
            if *port != CHAT {
                continue;
            }
            let socket = self.sockets.get_mut::<tcp::Socket<'_>>(*handle);
            if index == from {
                for _ in said.iter().filter(|octet| **octet == b'\n') {
                    let _ = socket.send_slice(RECEIPT);
                }
            } else if socket.may_send() {
                let _ = socket.send_slice(said);
            }
        }
    }
}
