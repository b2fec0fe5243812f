//! What a node is given at its start, and what can be wrong with it.

use core::fmt;
use core::net::IpAddr;

use heapless::Vec;
use smoltcp::time::Duration;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};

use super::time_wait;

/// The most addresses a node can have. smoltcp's own limit (`iface-max-addr-count`) may be lower, and is checked too.
pub const MAX_ADDRESSES: usize = 8;

/// Octets of the longest frame that a device with offload takes: 14 of Ethernet and the longest IPv4
/// packet.
pub(super) const LONGEST_SEGMENT: usize = 14 + 65_535;

/// The smallest segment size that can be asked for.
const SMALLEST_MSS: usize = 64;

/// The configuration of a node: made by [`Config::new`], then adjusted field by field.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// The hardware address of this node; unicast.
    pub mac: EthernetAddress,
    /// The addresses of this node, each with its network.
    pub addresses: Vec<IpCidr, MAX_ADDRESSES>,
    /// Gateways for destinations outside those networks; at most one per family.
    pub gateways: Vec<IpAddress, 2>,
    /// The longest IP packet in octets, including IP headers but not the Ethernet header; 576 to 65,521, with IPv6 from
    /// 1,280. By default 1,500. The memory must have room for a frame of this and 14 octets: `Sizes::mtu`, or `FRAME`
    /// of [`Host`](super::storage::Host).
    pub mtu: usize,
    /// The largest TCP segment in octets of data, in both directions: it is offered to peers, and nothing longer is
    /// sent to them. 64 to the MTU less 40 (IPv6 allows 20 less); `None`, the default: as large as the MTU allows.
    pub mss: Option<u16>,
    /// Whether the device segments long TCP segments, delivers long ones, and handles the checksums of TCP and UDP,
    /// which are then not verified here. Frames of up to 65,549 octets go both ways, and the memory must have room for
    /// one. By default false.
    #[cfg(feature = "offload")]
    pub offload: bool,
    /// Whether this node's addresses are probed and announced to the neighbours, at the start and when they change (RFC
    /// 5227, RFC 4862 section 5.4). They are used meanwhile; another host that has one is reported. By default true.
    pub announces: bool,
    /// 16 octets that no outsider can know or guess: initial sequence numbers, cookies, port numbers and hashes are
    /// derived from them. Whoever knows them can forge segments.
    pub secret: [u8; 16],
    /// Times and bounds.
    pub limits: Limits,
}

impl Config {
    /// A node with one address, an MTU of 1,500 octets and the default limits.
    pub fn new(mac: EthernetAddress, address: IpCidr, secret: [u8; 16]) -> Self {
        let mut addresses = Vec::new();
        // There is room for one.
        let _ = addresses.push(address);
        Self {
            mac,
            addresses,
            gateways: Vec::new(),
            mtu: 1500,
            mss: None,
            #[cfg(feature = "offload")]
            offload: false,
            announces: true,
            secret,
            limits: Limits::default(),
        }
    }
}

/// Times and bounds. The defaults follow the RFCs where they give a value.
///
/// More fields may be added: name those that you change, then `..Limits::default()`.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// Maximum segment lifetime; TIME-WAIT lasts twice as long. RFC 9293 section 3.4.2 says 2 minutes; the default of
    /// 30 s is what most systems use today.
    pub msl: Duration,
    /// How long a passive handshake may take. Not in the RFC; the default of 30 s outlasts four losses in a row.
    pub half_open: Duration,
    /// R2 of a SYN: how long an active handshake may take (RFC 9293 section 3.8.3: at least 3 minutes). By default 180
    /// s.
    pub syn_r2: Duration,
    /// R1: the number of retransmissions of one segment after which the journal reports it (at least 3). By default 3.
    pub r1: u8,
    /// R2 of data: how long a peer may stay silent while something is unacknowledged (at least 100 s). By default 100
    /// s.
    pub r2: Duration,
    /// How long the peer may take to close after it acknowledged our FIN; `None` waits forever. By default 60 s.
    pub fin_wait_2: Option<Duration>,
    /// How long the application may take to close after the peer did; `None`, the default, waits forever.
    pub close_wait: Option<Duration>,
    /// How long a peer may be idle before it is probed (RFC 9293 section 3.8.4). By default `None`: never.
    pub keep_alive: Option<Duration>,
    /// How long a peer may leave keep-alive probes unanswered before the connection ends. By default 60 s.
    pub keep_alive_timeout: Duration,
    /// Acknowledgments without data that the gate sends per second and connection (RFC 5961 section 7). By default 10.
    pub answers_per_second: u16,
    /// Resets, and ICMP echo replies and errors, per second for each stranger: an IPv4 address, or an IPv6 network of
    /// 64 bits. By default 100.
    pub strangers_per_second: u16,
    /// ICMP echo replies and errors that the node sends per second to all peers together (RFC 4443 section 2.4 f):
    /// between half of this number and all of it. By default 1,000.
    pub icmp_per_second: u16,
    /// Whether a SYN beyond the backlog is answered with a reset instead of silence. By default false.
    pub refuse: bool,
    /// Frames that one call of `poll_ingress` takes at most; by default 64. Frames that arrive together are answered
    /// together: where many connections are acknowledged at once, a large budget saves segments, and a small one gives
    /// the application its turn sooner.
    pub ingress_budget: usize,
    /// Octets of data after which a call of `poll_ingress` takes no more frames; segments without data do not count. By
    /// default unlimited. Best a little less than half of a receive buffer: a peer that sends as fast as it may then
    /// always has an acknowledgment on its way, and never exhausts the window.
    pub ingress_octets: usize,
    /// Segments that one call of `poll_egress` sends at most. By default 256.
    pub egress_budget: usize,
    /// How long a datagram may wait for its receiver's hardware address. By default 3 s.
    pub resolution: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            msl: Duration::from_secs(30),
            half_open: Duration::from_secs(30),
            syn_r2: Duration::from_secs(180),
            r1: 3,
            r2: Duration::from_secs(100),
            fin_wait_2: Some(Duration::from_secs(60)),
            close_wait: None,
            keep_alive: None,
            keep_alive_timeout: Duration::from_secs(60),
            answers_per_second: 10,
            strangers_per_second: 100,
            icmp_per_second: 1000,
            refuse: false,
            ingress_budget: 64,
            ingress_octets: usize::MAX,
            egress_budget: 256,
            resolution: Duration::from_secs(3),
        }
    }
}

/// Why a node cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConfigError {
    /// The hardware address is a group address or zero.
    MacNotUnicast,
    /// The node has no address.
    NoAddress,
    /// An address that no host can have.
    AddressNotUnicast(IpAddress),
    /// More addresses or gateways than smoltcp was built for.
    TooManyAddresses,
    /// The MTU does not suit the addresses: it must be 576 to 65,521 octets, with IPv6 at least 1,280.
    Mtu(usize),
    /// The segment size does not suit the MTU: it must be 64 octets to the MTU less 40.
    Mss(u16),
    /// 2 MSL is zero, or longer than a day.
    Msl,
    /// A size of the [`Memory`](super::Memory) does not fit the others, or the configuration.
    Memory {
        /// Which size. `connections`, `time_waits` and `strangers` are fields of `Sizes`, and parameters of the
        /// blocks of [`Storage`](super::Storage). `frame` is the longest Ethernet frame in octets: `FRAME` of
        /// [`Host`](super::storage::Host), and on the heap `Sizes::mtu` plus 14, or 65,549 with reassembly or an MTU
        /// of 65,535. Raise it, or lower [`Config::mtu`].
        part: &'static str,
        /// What it is.
        has: usize,
        /// What it must be.
        needs: Needs,
    },
}

/// What a size of the memory must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Needs {
    /// This number, or more.
    AtLeast(usize),
    /// This number, or less.
    AtMost(usize),
    /// This number.
    Exactly(usize),
    /// A power of two above this number.
    PowerOfTwoAbove(usize),
}

impl Needs {
    /// Whether a part with so many places will do.
    pub(super) const fn are_met_by(self, has: usize) -> bool {
        match self {
            Self::AtLeast(least) => has >= least,
            Self::AtMost(most) => has <= most,
            Self::Exactly(wanted) => has == wanted,
            Self::PowerOfTwoAbove(bound) => has > bound && has.is_power_of_two(),
        }
    }
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "at least {least}"),
            Self::AtMost(most) => write!(f, "at most {most}"),
            Self::Exactly(wanted) => write!(f, "{wanted}"),
            Self::PowerOfTwoAbove(bound) => write!(f, "a power of two above {bound}"),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MacNotUnicast => f.write_str("the hardware address is not unicast: clear the lowest bit of its first octet"),
            Self::NoAddress => f.write_str("the node has no address: give it at least one"),
            Self::AddressNotUnicast(address) => write!(f, "{address} is not an address that a host can have"),
            Self::TooManyAddresses => f.write_str("more addresses or gateways than smoltcp was built for: raise its iface-max-addr-count or iface-max-route-count"),
            Self::Mtu(mtu) => write!(f, "an MTU of {mtu} is out of range: 576 to 65521 octets, with IPv6 at least 1280"),
            Self::Mss(mss) => write!(f, "a segment size of {mss} is out of range: 64 octets to the MTU less 40"),
            Self::Msl => f.write_str("MSL must be more than zero and at most 12 hours"),
            Self::Memory { part, has, needs } => write!(f, "the memory's size `{part}` is {has} and must be {needs}"),
        }
    }
}

impl core::error::Error for ConfigError {}

impl Config {
    /// Whether the device sees to checksums, and to segments that are longer than the MTU.
    pub(super) fn offloads(&self) -> bool {
        #[cfg(feature = "offload")]
        return self.offload;
        #[cfg(not(feature = "offload"))]
        false
    }

    /// Octets of the longest frame.
    pub(super) fn longest_frame(&self) -> usize {
        if self.offloads() {
            LONGEST_SEGMENT
        } else {
            self.mtu + 14
        }
    }

    /// Whether the MTU has room for segments of this size.
    fn allows(&self, mss: u16) -> bool {
        (SMALLEST_MSS..=self.mtu - 40).contains(&mss.into())
    }

    /// Whether a node can be built from this.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !self.mac.is_unicast() || self.mac.0 == [0; 6] {
            return Err(ConfigError::MacNotUnicast);
        }
        if self.addresses.is_empty() {
            return Err(ConfigError::NoAddress);
        }
        if let Some(cidr) = self.addresses.iter().find(|cidr| !is_host(cidr.address())) {
            return Err(ConfigError::AddressNotUnicast(cidr.address()));
        }
        if !(least_mtu(&self.addresses)..=65_521).contains(&self.mtu) {
            return Err(ConfigError::Mtu(self.mtu));
        }
        if let Some(mss) = self.mss.filter(|mss| !self.allows(*mss)) {
            return Err(ConfigError::Mss(mss));
        }
        if self.limits.msl == Duration::ZERO || self.limits.msl * 2 > time_wait::LONGEST {
            return Err(ConfigError::Msl);
        }
        Ok(())
    }
}

/// Whether a host can have the address; 0.0.0.0 is what it has before DHCP gave it one.
pub(super) fn is_host(address: IpAddress) -> bool {
    is_spoken(address) && (address.is_unicast() || address.is_unspecified())
}

/// Whether the node speaks the protocol of an address. smoltcp may, where this crate's `ipv6` is off and
/// another crate of the program switched its own on.
pub(super) fn is_spoken(address: IpAddress) -> bool {
    cfg!(feature = "ipv6") || matches!(IpAddr::from(address), IpAddr::V4(_))
}

/// The least MTU with which a host has these addresses (RFC 791 section 3.1, RFC 8200 section 5).
pub(super) fn least_mtu(addresses: &[IpCidr]) -> usize {
    if addresses.iter().any(is_v6) {
        1280
    } else {
        576
    }
}

#[cfg(feature = "ipv6")]
fn is_v6(cidr: &IpCidr) -> bool {
    matches!(cidr, IpCidr::Ipv6(_))
}

#[cfg(not(feature = "ipv6"))]
fn is_v6(_: &IpCidr) -> bool {
    false
}
