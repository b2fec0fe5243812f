//! What a node is told at its start, and what is wrong with it if something is.

use core::fmt;
use core::net::IpAddr;

use heapless::Vec;
use smoltcp::time::Duration;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};

use super::time_wait;

/// The most addresses that a node can be given. smoltcp's own limit (`iface-max-addr-count`) may be
/// lower, and is checked too.
pub const MAX_ADDRESSES: usize = 8;

/// Octets of the longest frame that a device with offload takes: 14 of Ethernet and the longest IPv4
/// packet.
pub(super) const LONGEST_SEGMENT: usize = 14 + 65_535;

/// The smallest segment size that can be asked for.
const SMALLEST_MSS: usize = 64;

/// What a node is told: made by [`Config::new`], and changed from there.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Our hardware address; unicast.
    pub mac: EthernetAddress,
    /// Our addresses, each with its network.
    pub addresses: Vec<IpCidr, MAX_ADDRESSES>,
    /// Where what is not on one of those networks is sent; at most one of each family.
    pub gateways: Vec<IpAddress, 2>,
    /// The longest IP packet in octets, headers counted, the Ethernet header not.
    pub mtu: usize,
    /// The largest TCP segment in octets of data, both ways: it is offered to peers, and nothing longer is sent
    /// to them. `None`: what the MTU has room for. 64 to the MTU less 40; IPv6 has room for 20 less.
    pub mss: Option<u16>,
    /// The device cuts long TCP segments to size, hands long ones over, and sees to the checksums of TCP
    /// and UDP: nothing is verified here. Frames of up to 65,549 octets then go both ways, and the
    /// scratch must be that long.
    #[cfg(feature = "offload")]
    pub offload: bool,
    /// Whether our addresses are probed and announced among the neighbours, at the start and when they
    /// change (RFC 5227, RFC 4862 section 5.4). They are used meanwhile; whoever else has one is reported.
    pub announces: bool,
    /// 16 octets that nobody outside can know or guess: initial sequence numbers, cookies, port
    /// numbers and hashes come from it. A value known to others lets them forge segments.
    pub secret: [u8; 16],
    /// Times and bounds.
    pub limits: Limits,
}

impl Config {
    /// A node with one address, an MTU of 1500 and the default limits.
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

/// Times and bounds, with the defaults that the RFCs ask for.
///
/// There will be more of them: name those that are to differ, and `..Limits::default()`.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// Maximum segment lifetime. TIME-WAIT lasts twice as long. RFC 9293 section 3.4.2 says 2 minutes;
    /// 30 s is what most systems use today.
    pub msl: Duration,
    /// How long a passive handshake may take. Not in the RFC; 30 s outlast four losses in a row.
    pub half_open: Duration,
    /// R2 of a SYN: how long an active handshake may take (RFC 9293 section 3.8.3: at least 3 minutes).
    pub syn_r2: Duration,
    /// R1: after so many retransmissions of one segment the journal says so (at least 3).
    pub r1: u8,
    /// R2 of data: how long a peer may stay silent while something is unacknowledged (at least 100 s).
    pub r2: Duration,
    /// How long the peer may take to close after it acknowledged our FIN; `None` waits for ever.
    pub fin_wait_2: Option<Duration>,
    /// How long the application may take to close after the peer did; `None` waits for ever.
    pub close_wait: Option<Duration>,
    /// Probe an idle peer so often; off by default (RFC 9293 section 3.8.4).
    pub keep_alive: Option<Duration>,
    /// A peer that answers no keep-alive for this long is gone.
    pub keep_alive_timeout: Duration,
    /// Acknowledgments without data that the gate gives per second and connection (RFC 5961 section 7).
    pub answers_per_second: u16,
    /// Resets, and echoes and errors over ICMP, per second for each stranger: an IPv4 address, or
    /// an IPv6 network of 64 bits.
    pub strangers_per_second: u16,
    /// Echoes and errors that the node says over ICMP per second, to all together (RFC 4443 section 2.4 f):
    /// between half of so many and all of them.
    pub icmp_per_second: u16,
    /// Beyond the backlog, answer a SYN with a reset instead of silence.
    pub refuse: bool,
    /// Frames that one call of `poll_ingress` takes in at most. What came together is answered together:
    /// where many members acknowledge at once, a large budget saves segments, a small one time until the
    /// application has its turn.
    pub ingress_budget: usize,
    /// Octets of data after which a call of `poll_ingress` takes in no more; bare segments do not count. A
    /// little less than half of a receive buffer: a peer that sends as fast as it may then always has an
    /// acknowledgment on its way, and never uses the window up.
    pub ingress_octets: usize,
    /// Segments that one call of `poll_egress` sends at most.
    pub egress_budget: usize,
    /// How long a datagram may wait for its receiver's hardware address.
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
    /// There is no address.
    NoAddress,
    /// An address is not one that a host can have.
    AddressNotUnicast(IpAddress),
    /// More addresses or gateways than smoltcp was built for.
    TooManyAddresses,
    /// The MTU is not one that the addresses allow: 576 to 65,521 octets, with IPv6 from 1280.
    Mtu(usize),
    /// The segment size is not one that the MTU allows: 64 octets to the MTU less 40.
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

/// How long a part of the memory must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Needs {
    /// So many places, or more.
    AtLeast(usize),
    /// So many places, or less.
    AtMost(usize),
    /// So many places.
    Exactly(usize),
    /// A power of two that is larger.
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
