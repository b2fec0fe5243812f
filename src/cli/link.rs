//! The host's side of the TAP: its addresses, its MTU, and that it is up.
//!
//! What is already as it should be is left alone, so that a TAP prepared by an administrator serves
//! a program without privilege. On a TAP the kernel is kept from inventing IPv6 addresses: with them
//! come router solicitations and multicast reports that would only clutter the picture.

use std::io;
use std::net::IpAddr;

use rustix::io::Errno;
use smolchat::device::{Tap, TapError};
use smoltcp::wire::IpCidr;

use super::netlink::{Address, Link, Netlink};

/// Why the TAP cannot be made ready.
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
        "not allowed to set up {tap}: run as root, let root prepare it with `sudo {command}`, or \
         use a network of your own with --private"
    )]
    NotPermitted {
        /// The TAP.
        tap: String,
        /// What root would have to do.
        command: String,
    },
    /// Anything else the system says.
    #[error("cannot {action}: {error}")]
    Io {
        /// What was tried.
        action: String,
        /// What the system said.
        error: io::Error,
    },
}

impl LinkError {
    /// Whether a TAP cannot be had in this network, but can in one of our own.
    pub const fn asks_for_a_private_network(&self) -> bool {
        matches!(self, Self::Tap(TapError::NotPermitted(_)))
    }
}

/// What the host's side is to be.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// The name of the TAP.
    pub tap: &'a str,
    /// The MTU of both sides in octets.
    pub mtu: usize,
    /// Whether long segments cross it.
    pub offload: bool,
    /// The addresses of the host, with their prefixes.
    pub host: &'a [IpCidr],
    /// The addresses of the node, which no interface of the host may have.
    pub node: &'a [IpCidr],
}

/// Makes the TAP or attaches to it, and makes the host's side ready.
///
/// # Errors
/// Each says what to do next. Nothing is left behind but the addresses of a TAP that was there.
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

fn refuse_conflicts(plan: &Plan<'_>, netlink: &mut Netlink) -> Result<(), LinkError> {
    let links = netlink.links().map_err(failed("list the interfaces"))?;
    let addresses = netlink.addresses().map_err(failed("list the addresses"))?;
    for address in addresses {
        let Some(link) = links.iter().find(|link| link.index == address.link) else {
            continue;
        };
        let interface = || link.name.clone();
        let is_ours = link.name == plan.tap;
        let has = |cidr: &&IpCidr| IpAddr::from(cidr.address()) == address.address;
        if plan.node.iter().any(|cidr| has(&cidr))
            || !is_ours && plan.host.iter().any(|cidr| has(&cidr))
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
        if let Some(subnet) = plan.host.iter().find(|host| overlap(host, &other)) {
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
    let link = find(netlink, tap)?;
    let denied = |what: &str, command: String| {
        let action = format!("{what} of {tap}");
        move |error: io::Error| match Errno::from_io_error(&error) {
            Some(Errno::PERM | Errno::ACCESS) => LinkError::NotPermitted {
                tap: tap.to_string(),
                command,
            },
            _ => LinkError::Io { action, error },
        }
    };

    if !link.up {
        // A matter of taste: a kernel without IPv6 refuses it, and nothing is lost.
        let _ = netlink.set_no_automatic_ipv6(link.index);
    }
    if link.mtu as usize != plan.mtu {
        let command = format!("ip link set {tap} mtu {}", plan.mtu);
        netlink
            .set_mtu(link.index, plan.mtu as u32)
            .map_err(denied("set the MTU", command))?;
    }
    let present = netlink.addresses().map_err(failed("list the addresses"))?;
    for host in plan.host {
        let address = Address {
            link: link.index,
            address: host.address().into(),
            prefix: host.prefix_len(),
        };
        if !present.contains(&address) {
            let command = format!("ip address add {host} dev {tap}");
            netlink
                .add_address(address)
                .map_err(denied("set the address", command))?;
        }
    }
    if !link.up {
        let command = format!("ip link set {tap} up");
        netlink
            .set_up(link.index)
            .map_err(denied("bring up the link", command))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
