//! The link: our addresses on it, how long what it carries may be, and smoltcp's interface, which nobody else
//! holds.
//!
//! A packet is handed to the sockets of one connection, port or application, and what they send in turn
//! leaves through the [`OneFrame`] that the caller brought. Two interfaces look at the same addresses: one reads
//! and writes packets, the other whole frames, for sockets of the application's own. The device is taken at
//! its word before each half of a round, so that no driver is handed a frame that it said it has no room
//! for. Its word only makes less of what was configured. Frames of 590 octets, with IPv6 of 1,294, are the
//! least that a device must take: hosts could not speak IP otherwise (RFC 791 section 3.1, RFC 8200 section
//! 5).

use core::net::IpAddr;

use heapless::Vec;
use smoltcp::iface::{self, Interface, SocketSet};
use smoltcp::phy::Device;
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpAddress, IpCidr, Ipv4Cidr};

use super::config::{Config, ConfigError, MAX_ADDRESSES, is_host, least_mtu};
use super::ethernet::{HEADER, Hop};
use super::frames::Frames;
use super::isn::opening_config;
use super::one_frame::{Medium, OneFrame};
use crate::trace::{Flow, Reason, SeqNumber};

/// No peer is sent smaller segments, whatever it says: a stream of segments of one octet would cost us 40
/// for each, and it nothing. As in Linux (`TCP_MIN_SND_MSS`), eight octets beside all the options there can
/// be.
const SMALLEST_PEER_MSS: u16 = 48;

/// Our addresses, without their networks.
pub(super) type Locals = Vec<IpAddress, MAX_ADDRESSES>;

/// The link and what we are on it.
pub(super) struct Link {
    /// Reads and writes packets.
    packets: Interface,
    /// Reads and writes whole frames: DHCP needs one.
    frames: Frames,
    mac: EthernetAddress,
    mtu: usize,
    /// Frames that the device takes in at once, if it said so.
    burst: Option<usize>,
    /// What smoltcp draws its random numbers from.
    seed: u64,
    /// The largest segment that was asked for, if one was.
    mss_limit: Option<u16>,
    /// Whether the device verified the checksums of TCP and UDP.
    offload: bool,
    networks: Vec<IpCidr, MAX_ADDRESSES>,
    locals: Locals,
    gateways: Vec<IpAddress, 2>,
}

impl Link {
    /// Without addresses. Made in its place in the node: a copy of it would be the most that the board's stack
    /// ever holds.
    #[inline(always)]
    pub(super) fn new(now: Instant, config: &Config, seed: u64) -> Self {
        let medium = Medium::new(config.mtu, config.offloads(), None);
        let packets = interface(now, HardwareAddress::Ip, seed, medium);
        let frames = || {
            let medium = Medium::ethernet(config.mtu, None);
            interface(now, config.mac.into(), seed, medium)
        };
        Self {
            packets,
            frames: Frames::new(frames),
            mac: config.mac,
            mtu: config.mtu,
            burst: None,
            seed,
            mss_limit: config.mss,
            offload: config.offloads(),
            networks: Vec::new(),
            locals: Vec::new(),
            gateways: Vec::new(),
        }
    }

    pub(super) fn mac(&self) -> EthernetAddress {
        self.mac
    }

    pub(super) fn mtu(&self) -> usize {
        self.mtu
    }

    pub(super) fn offload(&self) -> bool {
        self.offload
    }

    pub(super) fn networks(&self) -> &[IpCidr] {
        &self.networks
    }

    pub(super) fn locals(&self) -> &Locals {
        &self.locals
    }

    /// Whether shorter segments than the MTU has room for were asked for.
    pub(super) fn has_mss_limit(&self) -> bool {
        self.mss_limit.is_some()
    }

    /// Hands the packet that `frame` offers to these sockets.
    pub(super) fn deliver(
        &mut self,
        now: Instant,
        frame: &mut OneFrame<'_>,
        sockets: &mut SocketSet<'_>,
    ) {
        self.packets.poll_ingress_single(now, frame, sockets);
    }

    /// Lets these sockets send one packet.
    pub(super) fn pump(
        &mut self,
        now: Instant,
        frame: &mut OneFrame<'_>,
        sockets: &mut SocketSet<'_>,
    ) {
        self.packets.poll_egress(now, frame, sockets);
    }

    /// When these sockets want to be looked at.
    pub(super) fn due(&mut self, now: Instant, sockets: &SocketSet<'_>) -> Option<Instant> {
        self.packets.poll_at(now, sockets)
    }

    /// The same three for sockets that read and write whole frames.
    pub(super) fn deliver_whole(
        &mut self,
        now: Instant,
        frame: &mut OneFrame<'_>,
        sockets: &mut SocketSet<'_>,
    ) {
        if let Some(frames) = self.frames.interface() {
            frames.poll_ingress_single(now, frame, sockets);
        }
    }

    /// See [`Self::pump`].
    pub(super) fn pump_whole(
        &mut self,
        now: Instant,
        frame: &mut OneFrame<'_>,
        sockets: &mut SocketSet<'_>,
    ) {
        if let Some(frames) = self.frames.interface() {
            frames.poll_egress(now, frame, sockets);
        }
    }

    /// See [`Self::due`].
    pub(super) fn due_whole(&mut self, now: Instant, sockets: &SocketSet<'_>) -> Option<Instant> {
        self.frames.interface()?.poll_at(now, sockets)
    }

    /// An interface like ours, of this MTU, whose next sequence number is `iss`.
    pub(super) fn opening(&self, now: Instant, iss: SeqNumber, mtu: usize) -> Interface {
        let mut medium = Medium::new(mtu, self.offload, self.burst);
        let mut iface = Interface::new(opening_config(iss), &mut medium, now);
        set_networks(Some(&mut iface), &self.networks);
        iface
    }

    /// Reads what the device can. Not inlined: its answer would take stack while frames are dealt with.
    #[inline(never)]
    pub(super) fn heed<D: Device + ?Sized>(&mut self, now: Instant, device: &D) {
        let capabilities = device.capabilities();
        let longest = capabilities.max_transmission_unit.saturating_sub(HEADER);
        let burst = capabilities.max_burst_size.map(|frames| frames.max(1));
        if longest < self.mtu || burst != self.burst {
            self.narrow(now, longest, burst);
        }
    }

    /// Keeps to a device from now on. smoltcp asks for an MTU when an interface is made, so new ones are.
    #[cold]
    #[inline(never)]
    fn narrow(&mut self, now: Instant, longest: usize, burst: Option<usize>) {
        let mtu = longest.max(least_mtu(&self.networks)).min(self.mtu);
        if (mtu, burst) == (self.mtu, self.burst) {
            return;
        }
        (self.mtu, self.burst) = (mtu, burst);
        let medium = Medium::new(mtu, self.offload, burst);
        self.packets = interface(now, HardwareAddress::Ip, self.seed, medium);
        if let Some(frames) = self.frames.interface() {
            let medium = Medium::ethernet(mtu, burst);
            *frames = interface(now, self.mac.into(), self.seed, medium);
        }
        for iface in [Some(&mut self.packets), self.frames.interface()] {
            set_networks(iface, &self.networks);
        }
        let gateways = self.gateways.clone();
        // As many fit as fitted before.
        let _ = self.set_gateways(&gateways);
    }

    /// Takes other addresses; says which there were before.
    ///
    /// # Errors
    /// More than smoltcp was built for, or one that no host can have. Then the old ones stay.
    ///
    /// Not inlined: it takes its stack while a node is made.
    #[inline(never)]
    pub(super) fn set_networks(&mut self, networks: &[IpCidr]) -> Result<Locals, ConfigError> {
        if let Some(cidr) = networks.iter().find(|cidr| !is_host(cidr.address())) {
            return Err(ConfigError::AddressNotUnicast(cidr.address()));
        }
        let mut fits = networks.len() <= self.networks.capacity();
        self.packets
            .update_ip_addrs(|addresses| fits &= networks.len() <= addresses.capacity());
        if !fits {
            return Err(ConfigError::TooManyAddresses);
        }
        for iface in [Some(&mut self.packets), self.frames.interface()] {
            set_networks(iface, networks);
        }
        self.networks = networks.iter().copied().collect();
        let locals = networks.iter().map(IpCidr::address).collect();
        Ok(core::mem::replace(&mut self.locals, locals))
    }

    /// Takes other gateways.
    ///
    /// # Errors
    /// More than there is room for, or one that no host can have.
    pub(super) fn set_gateways(&mut self, gateways: &[IpAddress]) -> Result<(), ConfigError> {
        self.gateways.clear();
        if let Some(frames) = self.frames.interface() {
            let routes = frames.routes_mut();
            routes.remove_default_ipv4_route();
            #[cfg(feature = "ipv6")]
            routes.remove_default_ipv6_route();
        }
        for gateway in gateways {
            let frames = self.frames.interface();
            let added = frames.is_none_or(|frames| add_gateway(frames, *gateway));
            if !added || self.gateways.push(*gateway).is_err() {
                return Err(ConfigError::TooManyAddresses);
            }
        }
        Ok(())
    }

    /// From here to this hardware address.
    pub(super) fn hop(&self, to: EthernetAddress) -> Hop {
        Hop { from: self.mac, to }
    }

    /// The neighbour by way of which packets for an address leave; `None` without a route.
    pub(super) fn next_hop(&self, address: IpAddress) -> Option<IpAddress> {
        let on_link = |cidr: &IpCidr| cidr.contains_addr(&address);
        if self.networks.iter().any(on_link) || is_link_local(address) {
            return Some(address);
        }
        let same_family = |gateway: &&IpAddress| gateway.version() == address.version();
        self.gateways.iter().find(same_family).copied()
    }

    /// The address of ours from which this one is spoken to.
    pub(super) fn source_for(&self, address: &IpAddress) -> Option<IpAddress> {
        self.packets.get_source_address(address)
    }

    /// Whether an address means everybody on one of our networks.
    pub(super) fn is_broadcast(&self, address: IpAddress) -> bool {
        let IpAddr::V4(v4) = address.into() else {
            return false;
        };
        self.networks
            .iter()
            .any(|cidr| match cidr.address().into() {
                IpAddr::V4(ours) => {
                    let network = Ipv4Cidr::new(ours, cidr.prefix_len());
                    network.broadcast() == Some(v4) || v4.is_broadcast()
                }
                IpAddr::V6(_) => false,
            })
    }

    /// Why a segment between these endpoints, in a frame to `to`, concerns nobody here, whatever its numbers say.
    pub(super) fn unwelcome(&self, to: EthernetAddress, flow: &Flow) -> Option<Reason> {
        // To all on the link, whatever IP says (RFC 1122 section 3.3.6).
        if to != self.mac {
            return Some(Reason::NotUnicast);
        }
        let (local, remote) = (flow.local.addr, flow.remote.addr);
        if !self.locals.contains(&local) {
            return Some(if local.is_unicast() && !self.is_broadcast(local) {
                Reason::NotForUs
            } else {
                Reason::NotUnicast
            });
        }
        self.no_sender(remote)
    }

    /// Why nobody on a link can have sent from an address.
    pub(super) fn no_sender(&self, address: IpAddress) -> Option<Reason> {
        if self.locals.contains(&address) {
            return Some(Reason::FromOurselves);
        }
        let impossible =
            !address.is_unicast() || is_of_this_host(address) || self.is_broadcast(address);
        impossible.then_some(Reason::NotUnicast)
    }

    /// The segment size that we offer to a peer of this family: MTU less 20 or 40, and 20 octets.
    pub(super) fn mss(&self, local: IpAddress) -> u16 {
        let room = (self.mtu - headers(local)).min(usize::from(u16::MAX)) as u16;
        self.mss_limit.map_or(room, |limit| limit.min(room))
    }

    /// The MTU that has room for no longer segments than we offer to a peer of this family.
    pub(super) fn mtu_for_mss(&self, local: IpAddress) -> usize {
        usize::from(self.mss(local)) + headers(local)
    }

    /// The segment size that a peer may be sent: what its SYN said, and no more than we offer.
    pub(super) fn peer_mss(&self, flow: &Flow, said: u16) -> u16 {
        said_mss(flow, said).min(self.mss(flow.local.addr))
    }

    /// The window that a peer of this family is offered first, before its connection has a buffer: all of
    /// one, and no more than the device takes in at once.
    pub(super) fn first_window(&self, local: IpAddress, buffer: u16) -> u16 {
        let burst = self.burst.map_or(usize::MAX, |frames| {
            frames.saturating_mul(self.mtu - headers(local))
        });
        usize::from(buffer).min(burst) as u16
    }

    /// Octets of the longest datagram to an address that no link before it must cut.
    #[cfg(feature = "udp")]
    pub(super) fn longest_datagram(&self, to: IpAddress) -> usize {
        let ip = match IpAddr::from(to) {
            IpAddr::V4(_) => 20,
            IpAddr::V6(_) => 40,
        };
        self.mtu - ip - 8
    }
}

/// An interface of smoltcp's, without addresses.
fn interface(now: Instant, address: HardwareAddress, seed: u64, mut medium: Medium) -> Interface {
    let mut config = iface::Config::new(address);
    config.random_seed = seed;
    Interface::new(config, &mut medium, now)
}

/// A way out; `false` if there is no room for it.
fn add_gateway(iface: &mut Interface, gateway: IpAddress) -> bool {
    let routes = iface.routes_mut();
    match IpAddr::from(gateway) {
        IpAddr::V4(v4) => routes.add_default_ipv4_route(v4).is_ok(),
        #[cfg(feature = "ipv6")]
        IpAddr::V6(v6) => routes.add_default_ipv6_route(v6).is_ok(),
        #[cfg(not(feature = "ipv6"))]
        IpAddr::V6(_) => false,
    }
}

/// As many fit as our own list has room for.
fn set_networks(iface: Option<&mut Interface>, networks: &[IpCidr]) {
    let Some(iface) = iface else { return };
    iface.update_ip_addrs(|addresses| {
        addresses.clear();
        for cidr in networks {
            let _ = addresses.push(*cidr);
        }
    });
}

/// Octets of the headers of IP and TCP, without options.
fn headers(local: IpAddress) -> usize {
    match IpAddr::from(local) {
        IpAddr::V4(_) => 40,
        IpAddr::V6(_) => 60,
    }
}

fn is_link_local(address: IpAddress) -> bool {
    match IpAddr::from(address) {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// What a peer's SYN comes to that said this about its segment size; 0: nothing, so the default of its family
/// counts (RFC 9293 MUST-15).
pub(super) fn said_mss(flow: &Flow, said: u16) -> u16 {
    let default = match IpAddr::from(flow.local.addr) {
        IpAddr::V4(_) => 536,
        IpAddr::V6(_) => 1220,
    };
    let size = if said == 0 { default } else { said };
    size.max(SMALLEST_PEER_MSS)
}

/// Whether an address never appears on a wire (RFC 1122 section 3.2.1.3), or is reserved.
fn is_of_this_host(address: IpAddress) -> bool {
    match IpAddr::from(address) {
        IpAddr::V4(v4) => v4.is_loopback() || matches!(v4.octets()[0], 0 | 240..),
        IpAddr::V6(v6) => v6.is_loopback(),
    }
}
