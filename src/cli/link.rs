//! The host's side of the TAP: its addresses, its MTU, and that it is up.
//!
//! What is already as it should be is left alone, so that a TAP prepared by an administrator works for a program
//! without privileges. A TAP that is a bridge port gets no address: the host's addresses are on the bridge, and are not
//! this program's concern. On a TAP the kernel is kept from creating IPv6 addresses: with them come router
//! solicitations and multicast reports that would only clutter the picture.

use std::io;
use std::net::IpAddr;

use rustix::io::Errno;
use smolchat::device::{Tap, TapError};
use smoltcp::wire::IpCidr;

use super::netlink::{Address, Link, Netlink};

/// Why the TAP cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The device itself.
    #[error(transparent)]
    Tap(#[from] TapError),
    /// The address belongs to another interface of this host.
    #[error(
        "the address {address} is in use: the interface {interface} of this host has it; choose \
         another subnet with --address and --host-address"
    )]
    AddressInUse {
        /// Which address.
        address: IpAddr,
        /// Whose it is.
        interface: String,
    },
    /// Packets for the node would leave through another interface.
    #[error(
        "the subnet {subnet} is in use: the interface {interface} of this host is in it with \
         {address}; choose another subnet with --address and --host-address"
    )]
    SubnetInUse {
        /// The subnet asked for.
        subnet: IpCidr,
        /// Which interface is in it.
        interface: String,
        /// With which address.
        address: IpAddr,
    },
    /// The TAP is ours to use, not to change.
    #[error(
        "not allowed to set up {tap}, which takes the capability CAP_NET_ADMIN: run as root, let root \
         prepare it with `sudo {command}`, or use a network of your own with --private"
    )]
    NotPermitted {
        /// The TAP.
        tap: String,
        /// What root would have to do.
        command: String,
    },
    /// The host's addresses are on a bridge, and this is none of them.
    #[error(
        "{tap} is a port of the bridge {bridge}, which does not have the address {address}: set it with \
         `sudo ip address add {address} dev {bridge}`, or leave --host-address out"
    )]
    NotOnBridge {
        /// The TAP.
        tap: String,
        /// What it is a port of.
        bridge: String,
        /// The address asked for.
        address: IpCidr,
    },
    /// IPv6 is switched off, for everybody.
    #[error(
        "IPv6 is switched off on {tap}: switch it on with `sudo {command}`, or give the node IPv4 \
         addresses only"
    )]
    Ipv6Disabled {
        /// The TAP.
        tap: String,
        /// What root would have to do.
        command: String,
    },
    /// The kernel has no IPv6.
    #[error(
        "this kernel has no IPv6 (see /proc/cmdline for ipv6.disable=1): give the node IPv4 addresses only"
    )]
    NoIpv6,
    /// The address is there with another prefix length.
    #[error(
        "{tap} has the address {address} with another prefix length: remove it with \
         `sudo ip address delete {address} dev {tap}`, or give its own length with --host-address"
    )]
    OtherPrefix {
        /// The TAP.
        tap: String,
        /// The address.
        address: IpAddr,
    },
    /// Somebody removed the TAP just now.
    #[error("{0} went away while it was being set up: somebody removed it; start again")]
    Gone(String),
    /// The kernel does not take the MTU.
    #[error(
        "{tap} cannot have an MTU of {mtu} octets: its driver, or the bridge it is a port of, does not \
         take that; give another with --mtu"
    )]
    Mtu {
        /// The TAP.
        tap: String,
        /// What was asked for.
        mtu: usize,
    },
    /// Any other error of the system.
    #[error("cannot {action}: {error}")]
    Io {
        /// What was tried.
        action: String,
        /// What the system said.
        error: io::Error,
    },
}

impl LinkError {
    /// Whether a TAP cannot be had in this network, but can in a private one.
    pub const fn asks_for_a_private_network(&self) -> bool {
        matches!(self, Self::Tap(TapError::NotPermitted(_)))
    }
}

/// Which addresses the host has on the TAP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// Whatever it has: whoever prepared the TAP has taken care of it.
    Any,
    /// The usual ones, unless it is reached through a bridge.
    Usual(Vec<IpCidr>),
    /// These.
    Given(Vec<IpCidr>),
}

impl Host {
    /// The addresses that it is to have.
    pub fn addresses(&self) -> &[IpCidr] {
        match self {
            Self::Any => &[],
            Self::Usual(addresses) | Self::Given(addresses) => addresses,
        }
    }
}

/// What the host's side is to be like.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// The name of the TAP.
    pub tap: &'a str,
    /// The MTU of both sides in octets.
    pub mtu: usize,
    /// Whether long segments cross it.
    pub offload: bool,
    /// The addresses of the host, with their prefixes.
    pub host: &'a Host,
    /// The addresses of the node, which no interface of the host may have.
    pub node: &'a [IpCidr],
}

/// Creates the TAP or attaches to it, and configures the host's side.
///
/// # Errors
/// Each says what to do next. Nothing is left behind except the addresses of a TAP that already existed.
pub fn open(plan: &Plan<'_>) -> Result<Tap, LinkError> {
    let mut netlink = Netlink::open().map_err(failed("ask the kernel about interfaces"))?;
    refuse_conflicts(plan, &mut netlink)?;
    let tap = if plan.offload {
        Tap::open_with_offload(plan.tap, plan.mtu)?
    } else {
        if is_there(&mut netlink, plan.tap)? {
            // Whoever had it before may have left it offloading.
            Tap::end_offload(plan.tap)?;
        }
        Tap::open(plan.tap, plan.mtu)?
    };
    prepare(plan, &mut netlink)?;
    Ok(tap)
}

/// Brings the loopback interface up, which a new network namespace needs.
pub fn bring_loopback_up() -> Result<(), LinkError> {
    let action = "bring the loopback interface up";
    let mut netlink = Netlink::open().map_err(failed(action))?;
    let link = find(&mut netlink, "lo")?;
    netlink.set_up(link.index).map_err(failed(action))
}

fn failed(action: impl Into<String>) -> impl FnOnce(io::Error) -> LinkError {
    let action = action.into();
    move |error| LinkError::Io { action, error }
}

fn find(netlink: &mut Netlink, name: &str) -> Result<Link, LinkError> {
    let links = netlink.links().map_err(failed("list the interfaces"))?;
    links
        .into_iter()
        .find(|link| link.name == name)
        .ok_or_else(|| LinkError::Io {
            action: format!("find the interface {name}"),
            error: Errno::NODEV.into(),
        })
}

fn is_there(netlink: &mut Netlink, name: &str) -> Result<bool, LinkError> {
    let links = netlink.links().map_err(failed("list the interfaces"))?;
    Ok(links.iter().any(|link| link.name == name))
}

/// The bridge that an interface is a port of.
fn bridge_of<'l>(links: &'l [Link], name: &str) -> Option<&'l Link> {
    let port = links.iter().find(|link| link.name == name)?;
    let of_port = |link: &&Link| link.is_bridge && Some(link.index) == port.controller;
    links.iter().find(of_port)
}

fn refuse_conflicts(plan: &Plan<'_>, netlink: &mut Netlink) -> Result<(), LinkError> {
    let links = netlink.links().map_err(failed("list the interfaces"))?;
    let addresses = netlink.addresses().map_err(failed("list the addresses"))?;
    let bridge = bridge_of(&links, plan.tap);
    let host = plan.host.addresses();
    for address in addresses {
        let Some(link) = links.iter().find(|link| link.index == address.link) else {
            continue;
        };
        let interface = || link.name.clone();
        let is_ours =
            link.name == plan.tap || bridge.is_some_and(|bridge| bridge.index == link.index);
        let has = |cidr: &&IpCidr| IpAddr::from(cidr.address()) == address.address;
        if plan.node.iter().any(|cidr| has(&cidr)) || !is_ours && host.iter().any(|cidr| has(&cidr))
        {
            return Err(LinkError::AddressInUse {
                address: address.address,
                interface: interface(),
            });
        }
        if is_ours {
            continue;
        }
        let other = IpCidr::new(address.address.into(), address.prefix);
        if let Some(subnet) = host.iter().find(|host| overlap(host, &other)) {
            return Err(LinkError::SubnetInUse {
                subnet: network(subnet),
                interface: interface(),
                address: address.address,
            });
        }
    }
    Ok(())
}

fn overlap(one: &IpCidr, other: &IpCidr) -> bool {
    one.contains_addr(&other.address()) || other.contains_addr(&one.address())
}

fn network(cidr: &IpCidr) -> IpCidr {
    match cidr {
        IpCidr::Ipv4(cidr) => IpCidr::Ipv4(cidr.network()),
        IpCidr::Ipv6(cidr) => {
            let masked = u128::from(cidr.address()) & prefix_mask(cidr.prefix_len());
            IpCidr::new(std::net::Ipv6Addr::from(masked).into(), cidr.prefix_len())
        }
    }
}

const fn prefix_mask(prefix: u8) -> u128 {
    if prefix == 0 {
        0
    } else {
        u128::MAX << (128 - prefix)
    }
}

fn prepare(plan: &Plan<'_>, netlink: &mut Netlink) -> Result<(), LinkError> {
    let tap = plan.tap;
    let links = netlink.links().map_err(failed("list the interfaces"))?;
    let link = links.iter().find(|link| link.name == tap);
    let link = link.ok_or_else(|| LinkError::Gone(tap.to_string()))?;
    if !link.up {
        // A matter of taste: a kernel without IPv6 refuses it, and nothing is lost.
        let _ = netlink.set_no_automatic_ipv6(link.index);
    }
    if link.mtu as usize != plan.mtu {
        let command = format!("ip link set {tap} mtu {}", plan.mtu);
        let set = netlink.set_mtu(link.index, plan.mtu as u32);
        set.map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::INVAL | Errno::RANGE) => LinkError::Mtu {
                tap: tap.to_string(),
                mtu: plan.mtu,
            },
            _ => refused(tap, "set the MTU", command, error),
        })?;
    }
    match bridge_of(&links, tap) {
        Some(bridge) => expect_on_bridge(plan, bridge, netlink)?,
        None => set_addresses(plan, link, netlink)?,
    }
    if !link.up {
        let command = format!("ip link set {tap} up");
        let up = netlink.set_up(link.index);
        up.map_err(|error| refused(tap, "bring up the link", command, error))?;
    }
    Ok(())
}

/// Addresses that were asked for by name must be where the host has its addresses.
fn expect_on_bridge(
    plan: &Plan<'_>,
    bridge: &Link,
    netlink: &mut Netlink,
) -> Result<(), LinkError> {
    let Host::Given(addresses) = plan.host else {
        return Ok(());
    };
    let present = netlink.addresses().map_err(failed("list the addresses"))?;
    let is_missing = |host: &&IpCidr| !present.contains(&address_on(bridge, host));
    match addresses.iter().find(is_missing) {
        Some(&address) => Err(LinkError::NotOnBridge {
            tap: plan.tap.to_string(),
            bridge: bridge.name.clone(),
            address,
        }),
        None => Ok(()),
    }
}

fn set_addresses(plan: &Plan<'_>, link: &Link, netlink: &mut Netlink) -> Result<(), LinkError> {
    let tap = plan.tap;
    let present = netlink.addresses().map_err(failed("list the addresses"))?;
    for host in plan.host.addresses() {
        let address = address_on(link, host);
        if present.contains(&address) {
            continue;
        }
        let command = format!("ip address add {host} dev {tap}");
        let added = netlink.add_address(address);
        added.map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::EXIST) => LinkError::OtherPrefix {
                tap: tap.to_string(),
                address: address.address,
            },
            Some(Errno::OPNOTSUPP | Errno::AFNOSUPPORT) if address.address.is_ipv6() => {
                LinkError::NoIpv6
            }
            Some(Errno::PERM | Errno::ACCESS)
                if address.address.is_ipv6() && is_ipv6_disabled(tap) =>
            {
                LinkError::Ipv6Disabled {
                    tap: tap.to_string(),
                    command: enable_ipv6(tap),
                }
            }
            _ => refused(tap, "set the address", command, error),
        })?;
    }
    Ok(())
}

fn address_on(link: &Link, cidr: &IpCidr) -> Address {
    Address {
        link: link.index,
        address: cidr.address().into(),
        prefix: cidr.prefix_len(),
    }
}

/// What stands behind an error that any request can meet.
fn refused(tap: &str, what: &str, command: String, error: io::Error) -> LinkError {
    let tap = tap.to_string();
    match Errno::from_io_error(&error) {
        Some(Errno::PERM | Errno::ACCESS) => LinkError::NotPermitted { tap, command },
        Some(Errno::NODEV) => LinkError::Gone(tap),
        _ => LinkError::Io {
            action: format!("{what} of {tap}"),
            error,
        },
    }
}

/// Whether the kernel keeps IPv6 off an interface, or off all that are made.
fn is_ipv6_disabled(name: &str) -> bool {
    let path = format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6");
    std::fs::read_to_string(path).is_ok_and(|text| text.trim() == "1")
}

/// The command that lets an interface have IPv6. A TAP that goes with the program takes what is set for
/// those that are made.
fn enable_ipv6(tap: &str) -> String {
    let of = if is_ipv6_disabled("default") {
        "all".to_string()
    } else {
        // In the names of sysctl a dot stands between parts, and a slash for a dot.
        tap.replace('.', "/")
    };
    format!("sysctl -w net.ipv6.conf.{of}.disable_ipv6=0")
}

#[cfg(test)]
mod tests;
