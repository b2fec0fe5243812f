//! Where the board's address comes from: DHCPv4 (RFC 2131), or the static one it was told.
//!
//! Until there is an address the node has 0.0.0.0, and nobody can reach it.
//!
//! The caller's duty: [`Addressing::poll`] after each round of ingress, and at the deadline.

use core::fmt;

use heapless::Vec;
use smolchat::node::Node;
#[cfg(feature = "ipv6")]
use smolchat::node::earliest;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{IpAddress, IpCidr, Ipv4Address, Ipv4Cidr};

use crate::boot::Options;
use crate::dhcp::{Dhcp, Lease};
#[cfg(feature = "ipv6")]
use crate::slaac::{Found, Slaac};

/// How long a server has to answer before the static address is taken. Two discoveries fit.
pub const DHCP_TIMEOUT: Duration = Duration::from_secs(12);

/// What a node is created with: no address yet.
pub const NONE: IpCidr = IpCidr::Ipv4(Ipv4Cidr::new(Ipv4Address::UNSPECIFIED, 32));

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
    /// Nobody: this image asks no server.
    Unasked,
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
            Source::Unasked => write!(f, " (static: there is no DHCP in this image)"),
        }
    }
}

/// What there is to say about the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The node has this address now.
    Obtained(Address),
    /// The lease ended and nobody prolonged it: the node has no address, and its connections are over.
    Lost,
    /// A router advertised this IPv6 address; the node has it beside the other.
    #[cfg(feature = "ipv6")]
    Advertised(Found),
    /// That address is over, and so are its connections.
    #[cfg(feature = "ipv6")]
    Expired,
}

/// How far the search for an address has come.
#[derive(Debug)]
pub struct Addressing {
    /// None without DHCP.
    dhcp: Option<Dhcp>,
    step: Step,
    /// What the node has now.
    held: Option<Address>,
    /// The search for an IPv6 address.
    #[cfg(feature = "ipv6")]
    pub slaac: Slaac,
}

#[derive(Debug)]
enum Step {
    /// This address is to be taken at the next look.
    Take(Address),
    /// No server has answered; after `until` this one is taken.
    Ask { until: Instant, instead: Address },
    /// Only the lease can change anything.
    Settled,
}

impl Addressing {
    /// Begins as the boot options say. With DHCP it takes one of the node's extra sockets.
    pub fn start(options: &Options, node: &mut Node<'_>, now: Instant) -> Self {
        let fixed = |source| Address {
            cidr: options.address,
            gateway: options.gateway,
            source,
        };
        let dhcp = if options.dhcp {
            Dhcp::start(node)
        } else {
            None
        };
        let step = match &dhcp {
            Some(_) => Step::Ask {
                until: now + DHCP_TIMEOUT,
                instead: fixed(Source::Fallback),
            },
            None if options.dhcp => Step::Take(fixed(Source::Unasked)),
            None => Step::Take(fixed(Source::Told)),
        };
        let addressing = Self {
            dhcp,
            step,
            held: None,
            #[cfg(feature = "ipv6")]
            slaac: Slaac::new(node.mac()),
        };
        // The link's own address needs nobody, and routers answer to it.
        #[cfg(feature = "ipv6")]
        addressing.tell(now, node);
        addressing
    }

    /// Whether a server is asked.
    pub fn asks(&self) -> bool {
        self.dhcp.is_some()
    }

    /// Gives the node the address it should have, and says what changed.
    pub fn poll(&mut self, now: Instant, node: &mut Node<'_>) -> Option<News> {
        let news = self.look(now, node);
        match news {
            Some(News::Obtained(address)) => self.held = Some(address),
            Some(News::Lost) => self.held = None,
            #[cfg(feature = "ipv6")]
            Some(News::Advertised(_) | News::Expired) => {}
            None => {}
        }
        #[cfg(feature = "ipv6")]
        let news = news.or_else(|| self.look_for_v6(now));
        if news.is_some() {
            self.tell(now, node);
        }
        news
    }

    /// Gives the node the addresses and gateways there are now.
    fn tell(&self, now: Instant, node: &mut Node<'_>) {
        let mut networks = Vec::<IpCidr, 3>::new();
        let mut gateways = Vec::<IpAddress, 2>::new();
        // There is room for all, and servers that give out what no host can have are ignored by the
        // socket.
        let _ = networks.push(self.held.map_or(NONE, |address| address.cidr.into()));
        let gateway = self.held.and_then(|address| address.gateway);
        gateways.extend(gateway.map(IpAddress::Ipv4));
        #[cfg(feature = "ipv6")]
        {
            networks.extend(self.slaac.link_local().map(IpCidr::Ipv6));
            if let Some(Found { cidr, router }) = self.slaac.found() {
                networks.extend([cidr.into()]);
                gateways.extend(router.map(IpAddress::Ipv6));
            }
        }
        let _ = node.set_addresses(now, &networks, &gateways);
    }

    #[cfg(feature = "ipv6")]
    fn look_for_v6(&mut self, now: Instant) -> Option<News> {
        let changed = self.slaac.poll(now);
        changed.then(|| self.slaac.found().map_or(News::Expired, News::Advertised))
    }

    /// When [`Addressing::poll`] is due although nothing arrives.
    pub fn deadline(&self) -> Option<Instant> {
        let step = match self.step {
            Step::Take(_) => Some(Instant::ZERO),
            Step::Ask { until, .. } => Some(until),
            Step::Settled => None,
        };
        #[cfg(feature = "ipv6")]
        let step = earliest(&[step, self.slaac.deadline()]);
        step
    }

    fn look(&mut self, now: Instant, node: &mut Node<'_>) -> Option<News> {
        if let Some(news) = self.lease(node) {
            // The socket says "no address" once at its start, too.
            let first = matches!(self.step, Step::Ask { .. });
            return match news {
                News::Lost if first => None,
                News::Lost | News::Obtained(_) => {
                    self.step = Step::Settled;
                    Some(news)
                }
                #[cfg(feature = "ipv6")]
                News::Advertised(_) | News::Expired => None,
            };
        }
        let address = match self.step {
            Step::Take(address) => address,
            Step::Ask { until, instead } if now >= until => instead,
            Step::Ask { .. } | Step::Settled => return None,
        };
        if let Some(dhcp) = self.dhcp.take() {
            // A lease that came later would end every connection.
            dhcp.stop(node);
        }
        self.step = Step::Settled;
        Some(News::Obtained(address))
    }

    /// What the server has to say.
    fn lease(&self, node: &mut Node<'_>) -> Option<News> {
        Some(match self.dhcp.as_ref()?.poll(node)? {
            Lease::Lost => News::Lost,
            Lease::Obtained {
                cidr,
                gateway,
                server,
            } => News::Obtained(Address {
                cidr,
                gateway,
                source: Source::Dhcp(server),
            }),
        })
    }
}
