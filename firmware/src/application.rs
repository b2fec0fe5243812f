//! A stand-in for the node: echoes over TCP and UDP, to prove the drivers.

use smolchat_firmware::address::{Address, Change};
use smolchat_firmware::boot::Options;
use smoltcp::iface::{
    Config, Interface, PollIngressSingleResult, SocketHandle, SocketSet, SocketStorage,
};
use smoltcp::phy::Device;
use smoltcp::socket::{tcp, udp};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpCidr};

use crate::machine::operator::say;

const MEMBERS: usize = 8;
const BUFFER: usize = 1024;
const FRAMES_AT_ONCE: usize = 8;

/// All memory of the application.
pub(crate) struct Memory {
    tcp: [[[u8; BUFFER]; 2]; MEMBERS],
    udp: [[u8; BUFFER]; 2],
    udp_meta: [[udp::PacketMetadata; 4]; 2],
    sockets: [SocketStorage<'static>; MEMBERS + 1],
}

impl Memory {
    pub(crate) const EMPTY: Self = Self {
        tcp: [[[0; BUFFER]; 2]; MEMBERS],
        udp: [[0; BUFFER]; 2],
        udp_meta: [[udp::PacketMetadata::EMPTY; 4]; 2],
        sockets: [SocketStorage::EMPTY; MEMBERS + 1],
    };
}

pub(crate) struct Application<'a> {
    interface: Interface,
    sockets: SocketSet<'a>,
    tcp: [(SocketHandle, tcp::State); MEMBERS],
    udp: SocketHandle,
    port: u16,
}

impl Application<'static> {
    pub(crate) fn new<D: Device>(
        options: &Options,
        address: &Address,
        station: EthernetAddress,
        seed: u64,
        now: Instant,
        device: &mut D,
        memory: &'static mut Memory,
    ) -> Self {
        let mut config = Config::new(station.into());
        config.random_seed = seed;
        let mut interface = Interface::new(config, device, now);
        interface.update_ip_addrs(|addresses| {
            let _ = addresses.push(IpCidr::Ipv4(address.cidr));
        });
        if let Some(gateway) = address.gateway {
            let _ = interface.routes_mut().add_default_ipv4_route(gateway);
        }
        let mut sockets = SocketSet::new(&mut memory.sockets[..]);
        let mut buffers = memory.tcp.iter_mut();
        let tcp = core::array::from_fn(|_| {
            let [rx, tx] = buffers.next().expect("one pair each");
            let socket = tcp::Socket::new(
                tcp::SocketBuffer::new(&mut rx[..]),
                tcp::SocketBuffer::new(&mut tx[..]),
            );
            (sockets.add(socket), tcp::State::Closed)
        });
        let [rx, tx] = &mut memory.udp;
        let [rx_meta, tx_meta] = &mut memory.udp_meta;
        let udp = sockets.add(udp::Socket::new(
            udp::PacketBuffer::new(&mut rx_meta[..], &mut rx[..]),
            udp::PacketBuffer::new(&mut tx_meta[..], &mut tx[..]),
        ));
        let _ = sockets.get_mut::<udp::Socket>(udp).bind(options.port);
        say!("listening on port {}", options.port);
        Self {
            interface,
            sockets,
            tcp,
            udp,
            port: options.port,
        }
    }
}

impl Application<'_> {
    pub(crate) fn poll<D: Device + ?Sized>(
        &mut self,
        now: Instant,
        device: &mut D,
    ) -> Option<Instant> {
        for _ in 0..FRAMES_AT_ONCE {
            match self
                .interface
                .poll_ingress_single(now, device, &mut self.sockets)
            {
                PollIngressSingleResult::None => break,
                _ => self.echo(),
            }
        }
        self.echo();
        self.interface.poll_egress(now, device, &mut self.sockets);
        self.interface.poll_at(now, &self.sockets)
    }

    fn echo(&mut self) {
        let Self {
            tcp, sockets, port, ..
        } = self;
        for (number, (handle, shown)) in tcp.iter_mut().enumerate() {
            let socket = sockets.get_mut::<tcp::Socket>(*handle);
            if socket.state() != *shown {
                say!("#{number} {} -> {}", *shown, socket.state());
                *shown = socket.state();
            }
            if !socket.is_open() {
                let _ = socket.listen(*port);
            }
            if socket.can_recv() && socket.can_send() {
                let mut piece = [0; 128];
                let room = (socket.send_capacity() - socket.send_queue()).min(piece.len());
                if let Ok(length) = socket.recv_slice(&mut piece[..room]) {
                    let _ = socket.send_slice(&piece[..length]);
                }
            } else if socket.state() == tcp::State::CloseWait {
                socket.close();
            }
        }
        let socket = sockets.get_mut::<udp::Socket>(self.udp);
        let mut piece = [0; 512];
        while let Ok((length, from)) = socket.recv_slice(&mut piece) {
            let _ = socket.send_slice(&piece[..length], from);
        }
    }

    pub(crate) fn address_changed(&mut self, change: Change) {
        match change {
            Change::Obtained(address) => say!("address renewed: {address}"),
            Change::Lost => say!("address lost"),
        }
    }

    pub(crate) fn obey(&mut self, line: &[u8]) {
        say!(
            "not understood: {}",
            core::str::from_utf8(line).unwrap_or("?")
        );
    }
}
