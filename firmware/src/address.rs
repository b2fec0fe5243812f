//! Where the board's address comes from: DHCPv4 (RFC 2131), or the static one it was told.
//!
//! The DHCP client is a host of its own that shares the station address and the cable with the node:
//! an `Interface` with one socket. The node needs to know nothing of it, and the lease is renewed
//! while the node runs. [`Shared`] is the cable's end for both: it hands DHCP's datagrams to the
//! client, ARP replies to both, everything else to the node.
//!
//! The caller's duty: receive through [`Shared`], and call [`DhcpClient::poll`] after that and
//! whenever its deadline has come.

use core::fmt;

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet, SocketStorage};
use smoltcp::phy::{Device, DeviceCapabilities};
use smoltcp::socket::dhcpv4;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{
    ArpOperation, ArpPacket, EthernetAddress, EthernetFrame, EthernetProtocol, IpCidr, IpProtocol,
    Ipv4Address, Ipv4Cidr, Ipv4Packet, UdpPacket,
};

use crate::boot::Options;
use crate::driver::Mac;
use crate::ethernet::{Ethernet, Received, Sending};

/// How long a server has to answer before the static address is taken. Two discoveries fit.
pub const PATIENCE: Duration = Duration::from_secs(12);

/// The port a DHCP client listens at.
const CLIENT_PORT: u16 = 68;

/// An address with its gateway, and who said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// The address with its network's prefix.
    pub cidr: Ipv4Cidr,
    /// The way out of that network.
    pub gateway: Option<Ipv4Address>,
    /// Who said so.
    pub source: Source,
}

/// Who said which address to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A boot option.
    Told,
    /// This DHCP server.
    Dhcp(Ipv4Address),
    /// Nobody: no server answered, so it is the static address.
    Fallback,
}

impl Address {
    /// The static address, for the reason in `source`.
    pub fn fixed(options: &Options, source: Source) -> Self {
        Self {
            cidr: options.address,
            gateway: options.gateway,
            source,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cidr)?;
        match self.gateway {
            Some(gateway) => write!(f, ", gateway {gateway}")?,
            None => write!(f, ", no gateway")?,
        }
        match self.source {
            Source::Told => write!(f, " (as told at boot)"),
            Source::Dhcp(server) => write!(f, " (DHCP, server {server})"),
            Source::Fallback => write!(f, " (static: no DHCP server answered)"),
        }
    }
}

/// What became of the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The server gave this address.
    Obtained(Address),
    /// The lease ended and nobody prolonged it: the address must not be used any longer.
    Lost,
}

/// A DHCP client on an interface of its own.
pub struct DhcpClient<'a> {
    interface: Interface,
    sockets: SocketSet<'a>,
    socket: SocketHandle,
}

impl<'a> DhcpClient<'a> {
    /// A client that starts asking at its first [`DhcpClient::poll`]. `storage` is the memory of its
    /// one socket.
    pub fn new<M: Mac>(
        ethernet: &mut Ethernet<'_, M>,
        station: EthernetAddress,
        seed: u64,
        now: Instant,
        storage: &'a mut [SocketStorage<'a>; 1],
    ) -> Self {
        let mut config = Config::new(station.into());
        config.random_seed = seed;
        let interface = Interface::new(
            config,
            &mut Shared {
                ethernet,
                dhcp: None,
            },
            now,
        );
        let mut sockets = SocketSet::new(&mut storage[..]);
        let socket = sockets.add(dhcpv4::Socket::new());
        Self {
            interface,
            sockets,
            socket,
        }
    }

    /// Sends what is due, and says what changed. It receives nothing: [`Shared`] does that.
    pub fn poll<M: Mac>(&mut self, now: Instant, ethernet: &mut Ethernet<'_, M>) -> Option<Change> {
        // The same type of device as the node's, so that the stack's code is there only once.
        let device = &mut Shared {
            ethernet,
            dhcp: None,
        };
        self.interface.poll_egress(now, device, &mut self.sockets);
        let change = match self.sockets.get_mut::<dhcpv4::Socket>(self.socket).poll()? {
            dhcpv4::Event::Deconfigured => Change::Lost,
            dhcpv4::Event::Configured(lease) => Change::Obtained(Address {
                cidr: lease.address,
                gateway: lease.router,
                source: Source::Dhcp(lease.server.address),
            }),
        };
        self.interface.update_ip_addrs(|addresses| {
            addresses.clear();
            if let Change::Obtained(address) = change {
                let _ = addresses.push(IpCidr::Ipv4(address.cidr)); // Empty before, so there is room.
            }
        });
        // The server may be reached through the gateway when the lease is renewed.
        self.interface.routes_mut().remove_default_ipv4_route();
        if let Change::Obtained(Address {
            gateway: Some(gateway),
            ..
        }) = change
        {
            let _ = self.interface.routes_mut().add_default_ipv4_route(gateway);
        }
        Some(change)
    }

    /// When [`DhcpClient::poll`] is due although no frame arrives.
    pub fn deadline(&mut self, now: Instant) -> Option<Instant> {
        self.interface.poll_at(now, &self.sockets)
    }

    /// Offers a frame that arrived. `true`: it was for this client alone.
    fn takes<M: Mac>(&mut self, now: Instant, frame: &[u8], answer: Sending<'_, M>) -> bool {
        let interest = interest(frame);
        if interest != Interest::None {
            let mut single = OneFrame {
                frame: Some(frame),
                answer: Some(answer),
            };
            self.interface
                .poll_ingress_single(now, &mut single, &mut self.sockets);
        }
        interest == Interest::Alone
    }
}

/// Who wants a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interest {
    /// Not the DHCP client.
    None,
    /// The client and the node.
    Too,
    /// Only the client.
    Alone,
}

fn interest(frame: &[u8]) -> Interest {
    parse_interest(frame).unwrap_or(Interest::None)
}

fn parse_interest(frame: &[u8]) -> Option<Interest> {
    let ethernet = EthernetFrame::new_checked(frame).ok()?;
    match ethernet.ethertype() {
        EthernetProtocol::Arp => {
            let arp = ArpPacket::new_checked(ethernet.payload()).ok()?;
            Some(if arp.operation() == ArpOperation::Reply {
                Interest::Too
            } else {
                Interest::None
            })
        }
        EthernetProtocol::Ipv4 => {
            let ip = Ipv4Packet::new_checked(ethernet.payload()).ok()?;
            if ip.next_header() != IpProtocol::Udp || ip.frag_offset() != 0 {
                return None;
            }
            let udp = UdpPacket::new_checked(ip.payload()).ok()?;
            (udp.dst_port() == CLIENT_PORT).then_some(Interest::Alone)
        }
        _ => None,
    }
}

/// The cable's end, shared by the DHCP client and the node that polls it.
pub struct Shared<'s, 'e, 'c, M> {
    /// The device itself.
    pub ethernet: &'s mut Ethernet<'e, M>,
    /// The client, if there is one.
    pub dhcp: Option<&'s mut DhcpClient<'c>>,
}

impl<'e, M: Mac> Device for Shared<'_, 'e, '_, M> {
    type RxToken<'t>
        = Received<'t>
    where
        Self: 't;
    type TxToken<'t>
        = Sending<'t, M>
    where
        Self: 't;

    fn receive(&mut self, now: Instant) -> Option<(Received<'_>, Sending<'_, M>)> {
        let length = self.ethernet.fetch()?;
        if let Some(dhcp) = self.dhcp.as_deref_mut() {
            let (received, answer) = self.ethernet.fetched(length);
            if dhcp.takes(now, received.octets(), answer) {
                return None; // The caller asks again: frames that wait keep it awake.
            }
        }
        Some(self.ethernet.fetched(length))
    }

    fn transmit(&mut self, now: Instant) -> Option<Sending<'_, M>> {
        self.ethernet.transmit(now)
    }

    fn capabilities(&self) -> DeviceCapabilities {
        self.ethernet.capabilities()
    }
}

/// A device that has received one frame and may send one answer.
struct OneFrame<'t, M> {
    frame: Option<&'t [u8]>,
    answer: Option<Sending<'t, M>>,
}

impl<'o, M: Mac> Device for OneFrame<'o, M> {
    type RxToken<'t>
        = Received<'o>
    where
        Self: 't;
    type TxToken<'t>
        = Sending<'o, M>
    where
        Self: 't;

    fn receive(&mut self, _now: Instant) -> Option<(Received<'o>, Sending<'o, M>)> {
        Some((Received::new(self.frame.take()?), self.answer.take()?))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Sending<'o, M>> {
        self.answer.take()
    }

    fn capabilities(&self) -> DeviceCapabilities {
        crate::ethernet::capabilities()
    }
}
