//! The hosts that are compared: the node, and plain smoltcp with one `SocketSet`.

use smolchat::node::{Config, Memory, Node, Sizes};
use smoltcp::iface::{Interface, PollIngressSingleResult, SocketHandle, SocketSet};
use smoltcp::socket::{tcp, udp};
use smoltcp::time::Instant;
use smoltcp::wire::{IpAddress, IpCidr};

use super::line::Line;
use super::peer::{HOST, HOST_MAC, PORT};

/// Octets of each buffer of a connection.
pub const BUFFER: usize = 2048;
const NETWORK: IpCidr = IpCidr::new(IpAddress::Ipv4(HOST), 16);

/// A server of echo, over TCP and UDP.
pub trait Host {
    /// Whatever there is to do now.
    fn turn(&mut self, now: Instant, line: &mut Line);
}

/// The node.
pub struct NodeHost {
    pub node: Node<'static>,
}

impl NodeHost {
    /// A node for so many connections, with a journal of so many events.
    pub fn new(connections: usize, events: usize) -> Self {
        let config = Config::new(HOST_MAC, NETWORK, [7; 16]);
        let memory = Memory::heap(Sizes {
            connections,
            receive: BUFFER,
            transmit: BUFFER,
            backlog: 16,
            events,
            ..Sizes::default()
        });
        let mut node = Node::new(config, memory, Instant::ZERO).unwrap();
        node.listen(PORT, 16).unwrap();
        node.bind(PORT).unwrap();
        Self { node }
    }

    fn application(&mut self, now: Instant) {
        let node = &mut self.node;
        while node.accept().is_some() {}
        let mut buffer = [0; BUFFER];
        while let Some(handle) = node.next_ready() {
            let mut socket = node.tcp(handle).unwrap();
            match socket.recv(&mut buffer) {
                Ok(count) => {
                    socket.send(&buffer[..count]).unwrap();
                }
                Err(smolchat::node::RecvError::WouldBlock) => (),
                Err(_) => socket.close(now),
            }
        }
        while let Some(mut socket) = node.next_udp() {
            let received = socket.recv_from(&mut buffer).unwrap();
            let (from, to) = (received.local.addr, received.remote);
            let sent = socket.send_from(now, from, to, &buffer[..received.len]);
            sent.unwrap();
        }
    }
}

impl Host for NodeHost {
    fn turn(&mut self, now: Instant, line: &mut Line) {
        self.node.poll_ingress(now, line);
        self.application(now);
        std::hint::black_box(self.node.poll_egress(now, line));
    }
}

/// smoltcp as its examples use it, but in the tightest loop: ingress until nothing is left, the
/// application, egress.
pub struct PlainHost {
    iface: Interface,
    sockets: SocketSet<'static>,
    tcp: Vec<SocketHandle>,
    udp: SocketHandle,
}

impl PlainHost {
    /// A host with so many sockets that listen.
    pub fn new(connections: usize, line: &mut Line) -> Self {
        let config = smoltcp::iface::Config::new(HOST_MAC.into());
        let mut iface = Interface::new(config, line, Instant::ZERO);
        iface.update_ip_addrs(|addresses| addresses.push(NETWORK).unwrap());
        let mut sockets = SocketSet::new(Vec::new());
        let mut datagrams = udp::Socket::new(packets(), packets());
        datagrams.bind(PORT).unwrap();
        let udp = sockets.add(datagrams);
        let tcp = (0..connections)
            .map(|_| sockets.add(stream()))
            .collect::<Vec<_>>();
        let mut host = Self {
            iface,
            sockets,
            tcp,
            udp,
        };
        host.application();
        host
    }

    fn application(&mut self) {
        for handle in &self.tcp {
            let socket = self.sockets.get_mut::<tcp::Socket<'_>>(*handle);
            let mut buffer = [0; BUFFER];
            match socket.recv_slice(&mut buffer) {
                Ok(count) if count > 0 => {
                    socket.send_slice(&buffer[..count]).unwrap();
                }
                Ok(_) => (),
                Err(_) if !socket.is_open() => socket.listen(PORT).unwrap(),
                Err(tcp::RecvError::Finished) => socket.close(),
                Err(tcp::RecvError::InvalidState) => (),
            }
        }
        let socket = self.sockets.get_mut::<udp::Socket<'_>>(self.udp);
        let mut buffer = [0; BUFFER];
        while let Ok((count, meta)) = socket.recv_slice(&mut buffer) {
            socket.send_slice(&buffer[..count], meta).unwrap();
        }
    }
}

fn stream() -> tcp::Socket<'static> {
    let buffer = || tcp::SocketBuffer::new(vec![0; BUFFER]);
    let mut socket = tcp::Socket::new(buffer(), buffer());
    socket.set_nagle_enabled(false);
    socket
}

fn packets() -> udp::PacketBuffer<'static> {
    udp::PacketBuffer::new(vec![udp::PacketMetadata::EMPTY; 64], vec![0; 16 * 1024])
}

impl Host for PlainHost {
    fn turn(&mut self, now: Instant, line: &mut Line) {
        while self.iface.poll_ingress_single(now, line, &mut self.sockets)
            != PollIngressSingleResult::None
        {}
        self.application();
        self.iface.poll_egress(now, line, &mut self.sockets);
        std::hint::black_box(self.iface.poll_at(now, &self.sockets));
    }
}
