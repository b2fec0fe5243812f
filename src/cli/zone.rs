//! Zones of link-local addresses (RFC 4007): the link that an address is on. Here it is the TAP.
//!
//! `fe80::1` is ambiguous without it: this host may have such an address on each of its interfaces. So commands for
//! other programs include it, as in RFC 4007 section 11 and, in a URL, RFC 6874.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use smoltcp::wire::{IpAddress, IpEndpoint};

/// Whether an address needs a zone.
pub fn is_link_local(address: IpAddress) -> bool {
    match IpAddr::from(address) {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// An address as other programs on this host write it: `fe80::1%tap0`.
#[derive(Debug, Clone, Copy)]
pub struct Zoned<'a> {
    pub address: IpAddress,
    pub tap: &'a str,
}

impl fmt::Display for Zoned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, tap } = self;
        match is_link_local(*address) {
            true => write!(f, "{address}%{tap}"),
            false => address.fmt(f),
        }
    }
}

/// The same in a URL with its port, in quotes where a shell needs them.
#[derive(Debug, Clone, Copy)]
pub struct Url<'a>(pub Zoned<'a>, pub u16);

impl fmt::Display for Url<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Zoned { address, tap }, port) = self;
        match address {
            IpAddress::Ipv4(address) => write!(f, "http://{address}:{port}/"),
            IpAddress::Ipv6(v6) if is_link_local(*address) => {
                write!(f, "'http://[{v6}%25{tap}]:{port}/'")
            }
            IpAddress::Ipv6(v6) => write!(f, "'http://[{v6}]:{port}/'"),
        }
    }
}

/// The peer to connect to, and on which link, if that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    pub endpoint: IpEndpoint,
    pub zone: Option<String>,
}

impl FromStr for Remote {
    type Err = std::net::AddrParseError;

    /// `ADDRESS:PORT`, `[ADDRESS]:PORT` or `[ADDRESS%ZONE]:PORT`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let zone = text.split_once('%').and_then(|(address, rest)| {
            let (zone, port) = rest.split_once(']')?;
            Some((format!("{address}]{port}"), zone.to_string()))
        });
        let (text, zone) = match zone {
            Some((text, zone)) => (text, Some(zone)),
            None => (text.to_string(), None),
        };
        let endpoint = SocketAddr::from_str(&text)?.into();
        Ok(Self { endpoint, zone })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_link_local_address_carries_its_zone() {
        for (address, zoned, url) in [
            ("192.168.69.1", "192.168.69.1", "http://192.168.69.1:9/"),
            ("fd00::1", "fd00::1", "'http://[fd00::1]:9/'"),
            ("fe80::1", "fe80::1%tap0", "'http://[fe80::1%25tap0]:9/'"),
            ("febf::1", "febf::1%tap0", "'http://[febf::1%25tap0]:9/'"),
        ] {
            let address = IpAddr::from_str(address).unwrap().into();
            let with = Zoned {
                address,
                tap: "tap0",
            };
            assert_eq!(with.to_string(), zoned);
            assert_eq!(Url(with, 9).to_string(), url);
        }
    }

    #[test]
    fn a_zone_stands_inside_the_brackets() {
        let remote = |text: &str| text.parse::<Remote>().ok();
        let zoned = remote("[fe80::100%tap0]:9000").unwrap();
        assert_eq!(zoned.endpoint, remote("[fe80::100]:9000").unwrap().endpoint);
        assert_eq!(zoned.zone.as_deref(), Some("tap0"));
        assert_eq!(remote("192.168.69.1:9000").unwrap().zone, None);
        for text in [
            "fe80::1%tap0:9000",
            "[fe80::1]%tap0:9000",
            "[fe80::1%tap0]",
            "%",
            "[%]:1",
        ] {
            assert_eq!(remote(text), None, "{text}");
        }
    }
}
