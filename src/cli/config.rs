//! What the arguments mean together. A value of these types has been checked: nothing below `main` checks again.

use std::path::PathBuf;

use smolchat::trace::DisplayEndpoint;
use smoltcp::time::Duration;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, IpEndpoint};

use super::args::{ServeArguments, StackArguments};
use super::link::{self, Host};
use super::values::{MIN_MTU_IPV6, is_loopback};
use super::zone::Remote;

/// The ports of echo, discard and character generator (RFC 862, 863, 864).
const SERVICES: [u16; 3] = [7, 9, 19];

/// As many addresses as the stack has room for.
const MAX_ADDRESSES: usize = 8;

/// Why arguments that are valid individually do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "the host {host} and the node are in different subnets and could not reach each other; give \
         both the same one, as in --address 192.168.69.1/24 --host-address 192.168.69.100/24"
    )]
    DifferentSubnets { host: IpCidr },
    #[error("the node {node} has no host in its subnet; give one with --host-address")]
    NoHost { node: IpCidr },
    #[error(
        "--host-address none says that the host gets no address, and others say which; give one kind"
    )]
    NoneAndSome,
    #[error("the node and the host both have the address {0}; give one of them another")]
    SameAddress(IpAddress),
    #[error("the address {0} is given twice; give it once")]
    Twice(IpAddress),
    #[error("there are {0} addresses and a node has room for 8; give fewer")]
    TooManyAddresses(usize),
    #[error(
        "an MTU of {0} octets is too small for IPv6, which needs 1280; raise --mtu or use IPv4 only"
    )]
    MtuForIpv6(usize),
    #[error(
        "segments of {mss} octets do not fit an MTU of {mtu}: give --mss at most {}, or raise --mtu",
        mtu - 40
    )]
    Mss { mss: u16, mtu: usize },
    #[error("the gateway {0} is in no subnet of the node; it must be a neighbour")]
    Gateway(IpAddress),
    #[error("the node has no {0} address and cannot reach {1}; give it one with --address")]
    Family(&'static str, IpAddress),
    #[error(
        "{0} is outside the subnets of the node; name the host that forwards to it, as in \
         --gateway 192.168.69.100"
    )]
    NoRoute(IpAddress),
    #[error(
        "the zone {0} is not the link that the node is on, which is {1}; write %{1}, or name the other TAP \
         with --tap"
    )]
    Zone(String, String),
    #[error(
        "port {port} is taken by --services, which has echo at 7, discard at 9 and the character generator at \
         19: give the chat another with {option}, such as 9000, or leave --services out"
    )]
    Service { option: &'static str, port: u16 },
    #[error("{0} is the node itself; connect to another address")]
    Itself(IpAddress),
    #[error(
        "{0} is the loopback of this machine, and the node has a stack of its own, at the other end of the \
         TAP: from there nobody reaches it; connect to this host's address on the TAP{1}, and let the \
         server listen on all its addresses"
    )]
    Loopback(IpAddress, String),
}

/// A node and the TAP it sits on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// The name of the TAP.
    pub tap: String,
    /// The MTU of both sides in octets.
    pub mtu: usize,
    /// The largest segment, if one was given.
    pub mss: Option<u16>,
    /// Whether the kernel is to cut long segments, and to deliver long ones.
    pub offload: bool,
    /// The node's hardware address.
    pub mac: EthernetAddress,
    /// The node's addresses: one to eight, each once.
    pub addresses: Vec<IpCidr>,
    /// The host's addresses: at least one in the subnet of each of the node's, or whatever it has.
    pub host: Host,
    /// A neighbour of the node.
    pub gateway: Option<IpAddress>,
    /// Half the duration of TIME-WAIT.
    pub msl: Duration,
    /// How often a silent peer is probed, if at all.
    pub keep_alive: Option<Duration>,
    /// How many TCP connections at once.
    pub connections: usize,
    /// Octets of each buffer of a connection, if given.
    pub buffer: Option<usize>,
    /// How long to look for frames before sleeping.
    pub spin: Duration,
    /// Where to write a capture.
    pub pcap: Option<PathBuf>,
    /// The seed; without one, the system's random numbers are used.
    pub seed: Option<u64>,
    /// Whether a private network is wanted even if it is not needed.
    pub private: bool,
}

impl TryFrom<StackArguments> for Stack {
    type Error = ConfigError;

    fn try_from(arguments: StackArguments) -> Result<Self, ConfigError> {
        let given = arguments.host_address.iter().flatten().copied();
        let host = match Vec::from_iter(given) {
            given if given.len() < arguments.host_address.len() => {
                if !given.is_empty() {
                    return Err(ConfigError::NoneAndSome);
                }
                Host::Any
            }
            given if given.is_empty() => {
                Host::Usual(arguments.address.iter().map(usual_host).collect())
            }
            given => Host::Given(given),
        };
        let stack = Self {
            tap: arguments.tap,
            mtu: arguments.mtu,
            mss: arguments.mss,
            offload: arguments.offload,
            mac: arguments
                .mac
                .unwrap_or_else(|| usual_mac(&arguments.address)),
            addresses: arguments.address,
            host,
            gateway: arguments.gateway,
            msl: arguments.msl,
            keep_alive: Some(arguments.keep_alive).filter(|time| *time > Duration::ZERO),
            connections: arguments.connections,
            buffer: arguments.buffer,
            spin: arguments.spin,
            pcap: arguments.pcap,
            seed: arguments.seed,
            private: arguments.private,
        };
        stack.check()?;
        Ok(stack)
    }
}

/// Checks that the chat and the requested services have different ports.
///
/// # Errors
/// Says which one is wanted twice.
pub fn check_services(arguments: &ServeArguments) -> Result<(), ConfigError> {
    let ports = [
        ("--port", arguments.port),
        ("--udp-port", arguments.udp_port),
    ];
    let mut chosen = ports.into_iter();
    let taken = chosen.find(|(_, port)| arguments.services && SERVICES.contains(port));
    match taken {
        Some((option, port)) => Err(ConfigError::Service { option, port }),
        None => Ok(()),
    }
}

impl Stack {
    fn check(&self) -> Result<(), ConfigError> {
        if self.addresses.len() > MAX_ADDRESSES {
            return Err(ConfigError::TooManyAddresses(self.addresses.len()));
        }
        let hosts = self.host.addresses();
        for side in [&self.addresses, hosts] {
            for (index, cidr) in side.iter().enumerate() {
                if side[..index].iter().any(|c| c.address() == cidr.address()) {
                    return Err(ConfigError::Twice(cidr.address()));
                }
            }
        }
        for host in hosts {
            if has(&self.addresses, host.address()) {
                return Err(ConfigError::SameAddress(host.address()));
            }
            if !self.addresses.iter().any(|node| same_subnet(node, host)) {
                return Err(ConfigError::DifferentSubnets { host: *host });
            }
        }
        for node in &self.addresses {
            if self.host != Host::Any && !hosts.iter().any(|host| same_subnet(node, host)) {
                return Err(ConfigError::NoHost { node: *node });
            }
        }
        let ipv6 = self.addresses.iter().any(|c| is_ipv6(c.address()));
        if ipv6 && self.mtu < MIN_MTU_IPV6 {
            return Err(ConfigError::MtuForIpv6(self.mtu));
        }
        if let Some(mss) = self.mss.filter(|mss| usize::from(*mss) > self.mtu - 40) {
            return Err(ConfigError::Mss { mss, mtu: self.mtu });
        }
        match self.gateway {
            Some(gateway) if !self.is_neighbour(gateway) => Err(ConfigError::Gateway(gateway)),
            Some(_) | None => Ok(()),
        }
    }

    /// Checks that the node can reach `remote`.
    ///
    /// # Errors
    /// Each says what to do next.
    pub fn check_remote(&self, remote: &Remote) -> Result<(), ConfigError> {
        if let Some(zone) = remote.zone.as_ref().filter(|zone| **zone != self.tap) {
            return Err(ConfigError::Zone(zone.clone(), self.tap.clone()));
        }
        let IpEndpoint { addr: remote, port } = remote.endpoint;
        if is_loopback(remote.into()) {
            let host = self.host.addresses().first();
            let example = host.map(|host| IpEndpoint::new(host.address(), port));
            let example = example.map(|example| format!(", as in {}", DisplayEndpoint(example)));
            return Err(ConfigError::Loopback(remote, example.unwrap_or_default()));
        }
        if has(&self.addresses, remote) {
            return Err(ConfigError::Itself(remote));
        }
        let ipv6 = is_ipv6(remote);
        let same_family = |address: IpAddress| is_ipv6(address) == ipv6;
        if !self.addresses.iter().any(|c| same_family(c.address())) {
            let family = if ipv6 { "IPv6" } else { "IPv4" };
            return Err(ConfigError::Family(family, remote));
        }
        if self.is_neighbour(remote) || self.gateway.is_some_and(same_family) {
            Ok(())
        } else {
            Err(ConfigError::NoRoute(remote))
        }
    }

    fn is_neighbour(&self, address: IpAddress) -> bool {
        self.addresses.iter().any(|c| c.contains_addr(&address)) && !has(&self.addresses, address)
    }

    /// The host's side of the TAP.
    pub fn link(&self) -> link::Plan<'_> {
        link::Plan {
            tap: &self.tap,
            mtu: self.mtu,
            offload: self.offload,
            host: &self.host,
            node: &self.addresses,
        }
    }
}

fn has(cidrs: &[IpCidr], address: IpAddress) -> bool {
    cidrs.iter().any(|cidr| cidr.address() == address)
}

fn same_subnet(one: &IpCidr, other: &IpCidr) -> bool {
    one.prefix_len() == other.prefix_len() && one.contains_addr(&other.address())
}

const fn is_ipv6(address: IpAddress) -> bool {
    match address {
        IpAddress::Ipv4(_) => false,
        IpAddress::Ipv6(_) => true,
    }
}

/// A hardware address that two nodes on one network do not share, as they do not share the address that it is of.
fn usual_mac(addresses: &[IpCidr]) -> EthernetAddress {
    let [.., a, b, c, d] = match addresses.first().map(IpCidr::address) {
        Some(IpAddress::Ipv4(address)) => u128::from(u32::from(address)).to_be_bytes(),
        Some(IpAddress::Ipv6(address)) => u128::from(address).to_be_bytes(),
        None => [0; 16],
    };
    EthernetAddress([2, 0, a, b, c, d])
}

/// The host's usual address in the node's subnet: number 100, or the last but one where the subnet
/// is too small or the node has that number, and else the one before.
fn usual_host(node: &IpCidr) -> IpCidr {
    let prefix = node.prefix_len();
    let (bits, number): (u8, u128) = match node.address() {
        IpAddress::Ipv4(address) => (32, u32::from(address).into()),
        IpAddress::Ipv6(address) => (128, address.into()),
    };
    // A checked prefix leaves at least two bits for the host.
    let mask = u128::MAX >> (128 - bits + prefix);
    let usual = match bits {
        32 => 100,
        _ => 0x100,
    };
    let mut host = [usual, mask - 1, mask - 2]
        .into_iter()
        .filter(|host| *host < mask && *host != number & mask);
    let host = number & !mask | host.next().unwrap_or(1);
    match node.address() {
        IpAddress::Ipv4(_) => IpCidr::new(std::net::Ipv4Addr::from(host as u32).into(), prefix),
        IpAddress::Ipv6(_) => IpCidr::new(std::net::Ipv6Addr::from(host).into(), prefix),
    }
}

#[cfg(test)]
mod tests {
    use super::super::args::{Arguments, Command};
    use super::*;
    use clap::Parser;

    fn cidr(text: &str) -> IpCidr {
        super::super::values::cidr(text).unwrap()
    }

    #[test]
    fn a_silent_peer_is_probed_every_half_minute_or_as_often_as_is_said_or_never() {
        for (said, secs) in [
            ("", Some(30)),
            ("--keep-alive 1s", Some(1)),
            ("--keep-alive 0s", None),
        ] {
            let words = ["smolchat", "serve"].into_iter();
            let words = words.chain(said.split_whitespace());
            let arguments = Arguments::try_parse_from(words).unwrap();
            let Command::Serve(serve) = arguments.command else {
                panic!("not serve");
            };
            let stack = Stack::try_from(serve.stack).unwrap();
            assert_eq!(stack.keep_alive, secs.map(Duration::from_secs), "{said}");
        }
    }

    #[test]
    fn nodes_with_other_addresses_have_other_hardware_addresses() {
        let mac = |text| usual_mac(&[cidr(text)]).to_string();
        assert_eq!(mac("192.168.69.1/24"), "02-00-c0-a8-45-01");
        assert_eq!(mac("192.168.69.2/24"), "02-00-c0-a8-45-02");
        assert_eq!(mac("fd00:69::1:2/64"), "02-00-00-01-00-02");
    }

    #[test]
    fn the_usual_host_is_number_100_of_the_subnet_or_near_its_end() {
        for (node, host) in [
            ("192.168.69.1/24", "192.168.69.100/24"),
            ("10.1.2.3/8", "10.0.0.100/8"),
            ("192.168.69.100/24", "192.168.69.254/24"),
            ("10.0.0.1/30", "10.0.0.2/30"),
            ("10.0.0.2/30", "10.0.0.1/30"),
            ("fd00:69::1/64", "fd00:69::100/64"),
        ] {
            assert_eq!(usual_host(&cidr(node)), cidr(host), "{node}");
        }
    }
}
