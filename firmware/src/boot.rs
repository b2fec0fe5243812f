//! The boot options: `name=value`, separated by spaces, from the debugger, from the build, or typed
//! on the console. The last one given wins. A line from the debugger with more than [`OUTSIDE`] octets is
//! left out whole, and the board says so.
//!
//! ```text
//! seed=9c41…           16 hexadecimal digits, secret: sequence numbers come from it
//! mac=02:00:00:00:00:01
//! ip=dhcp              the default; with a static address to fall back on
//! ip=192.0.2.2/24      and no DHCP
//! fallback=192.0.2.2/24
//! gw=192.0.2.1
//! port=4000            where members join
//! join=192.0.2.1:4000  be a member of that room instead of a room
//! live=off             no live ladders on the console, only what is said
//! sizes=say            say what everything takes in memory, and stop (feature `drill`)
//! ```

use core::net::SocketAddrV4;

use smoltcp::wire::{EthernetAddress, Ipv4Address, Ipv4Cidr};

/// The port members join at, unless told otherwise.
pub const PORT: u16 = 4000;

/// The static address unless told otherwise: what QEMU's user network gives to its first guest.
pub const FALLBACK: Ipv4Cidr = Ipv4Cidr::new(Ipv4Address::new(10, 0, 2, 15), 24);
const FALLBACK_GATEWAY: Ipv4Address = Ipv4Address::new(10, 0, 2, 2);

/// Every option with its longest value fits into so many octets.
pub const EVERY_OPTION: usize = 160;

/// What the board is told when it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The secret that sequence numbers are made from. Without one there is no security to speak of.
    pub seed: Option<u64>,
    /// The station address, instead of the hardware's own.
    pub mac: Option<EthernetAddress>,
    /// Whether to ask a DHCP server.
    pub dhcp: bool,
    /// The address without DHCP, or when no server answers.
    pub address: Ipv4Cidr,
    /// The gateway that belongs to `address`.
    pub gateway: Option<Ipv4Address>,
    /// Where members join.
    pub port: u16,
    /// The room to join; none means to be one.
    pub join: Option<SocketAddrV4>,
    /// Whether ladders are drawn live on the console.
    pub live: bool,
    /// Whether to say what everything takes in memory, and stop.
    pub sizes: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: None,
            mac: None,
            dhcp: true,
            address: FALLBACK,
            gateway: Some(FALLBACK_GATEWAY),
            port: PORT,
            join: None,
            live: true,
            sizes: false,
        }
    }
}

impl Options {
    /// Takes over the options in `line`. Words that are not understood are passed to `complain`, and
    /// change nothing.
    pub fn read<'l>(&mut self, line: &'l str, mut complain: impl FnMut(&'l str)) {
        for word in line.split_ascii_whitespace() {
            let understood = halves(word, b'=').and_then(|(name, value)| self.set(name, value));
            if understood.is_none() {
                complain(word);
            }
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "seed" => self.seed = Some(number(value, 16)?),
            "mac" => self.mac = Some(station(value)?),
            "ip" if value == "dhcp" => self.dhcp = true,
            "ip" => {
                self.set_address(value)?;
                self.dhcp = false;
            }
            "fallback" => self.set_address(value)?,
            "gw" => self.gateway = Some(value.parse().ok()?),
            "port" => self.port = number(value, 10).filter(|&port| port != 0)?,
            "join" => self.join = Some(value.parse().ok()?),
            "live" if value == "off" => self.live = false,
            "sizes" if value == "say" => self.sizes = true,
            "live" if value == "on" => self.live = true,
            _ => return None,
        }
        Some(())
    }

    /// A new address makes the old gateway meaningless, so `gw=` comes after it.
    fn set_address(&mut self, value: &str) -> Option<()> {
        let (address, prefix) = halves(value, b'/')?;
        let prefix = number(prefix, 10).filter(|&length: &u8| length <= 32)?;
        let address: Ipv4Address = address.parse().ok()?;
        if address.is_unspecified() || address.is_multicast() || address.is_broadcast() {
            return None;
        }
        self.address = Ipv4Cidr::new(address, prefix);
        self.gateway = None;
        Some(())
    }
}

/// What stands before an ASCII character, and what behind.
pub fn halves(text: &str, between: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|octet| octet == between)?;
    Some((&text[..at], &text[at + 1..]))
}

/// A number that fits. One body reads them all: the standard library has one for each type.
fn number<N: TryFrom<u64>>(digits: &str, radix: u32) -> Option<N> {
    N::try_from(u64::from_str_radix(digits, radix).ok()?).ok()
}

/// A station address, its octets separated by colons, or by hyphens as the board itself writes them.
fn station(text: &str) -> Option<EthernetAddress> {
    let mut parts = text.split([':', '-']);
    let mut octets = [0; 6];
    for octet in &mut octets {
        *octet = number(parts.next()?, 16)?;
    }
    parts.next().is_none().then_some(EthernetAddress(octets))
}

/// The secret of the node, from the seed: sequence numbers, cookies and port numbers.
pub const fn secret(seed: u64) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h] = seed.to_le_bytes();
    [a, b, c, d, e, f, g, h, h, g, f, e, d, c, b, a]
}

/// Another one, for the join codes of the room.
pub const fn join_secret(seed: u64) -> [u64; 2] {
    [!seed, seed.rotate_left(32)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn read(line: &str) -> (Options, Vec<&str>) {
        let mut options = Options::default();
        let mut complaints = Vec::new();
        options.read(line, |word| complaints.push(word));
        (options, complaints)
    }

    #[test]
    fn every_option_is_understood() {
        let (options, complaints) = read(
            "seed=9c41d2 mac=02:00:00:00:00:07 ip=192.0.2.2/28 gw=192.0.2.1 port=7 join=192.0.2.9:4001 live=off sizes=say",
        );
        assert_eq!(complaints, [""; 0]);
        assert_eq!(
            options,
            Options {
                seed: Some(0x009c_41d2),
                mac: Some(EthernetAddress([2, 0, 0, 0, 0, 7])),
                dhcp: false,
                address: Ipv4Cidr::new(Ipv4Address::new(192, 0, 2, 2), 28),
                gateway: Some(Ipv4Address::new(192, 0, 2, 1)),
                port: 7,
                join: Some("192.0.2.9:4001".parse().unwrap()),
                live: false,
                sizes: true,
            }
        );
    }

    #[test]
    fn what_is_not_understood_changes_nothing_and_is_named() {
        for word in [
            "seed",
            "seed=",
            "seed=xyz",
            "seed=11112222333344445",
            "mac=1",
            "mac=02:00:00:00:00:01:02",
            "mac=02:00:00:00:00:100",
            "ip=1.2.3.4",
            "ip=1.2.3.4/33",
            "ip=0.0.0.0/0",
            "ip=255.255.255.255/32",
            "ip=224.0.0.1/8",
            "port=0",
            "port=65536",
            "join=1.2.3.4",
            "color=red",
        ] {
            let (options, complaints) = read(word);
            assert_eq!(options, Options::default(), "{word}");
            assert_eq!(complaints, [word]);
        }
    }

    #[test]
    fn the_longest_line_from_outside_has_every_option_and_its_length_is_told() {
        let every = "smolchat seed=0123456789abcdef mac=02:00:00:00:00:07 ip=255.255.255.254/32 \
                     gw=255.255.255.254 port=65535 join=255.255.255.254:65535 live=off sizes=say";
        assert!(every.len() <= EVERY_OPTION);
    }

    #[test]
    fn the_last_option_wins() {
        let (options, _) = read("port=1 ip=192.0.2.2/24 port=2 ip=dhcp");
        assert_eq!(options.port, 2);
        assert!(options.dhcp);
        assert_eq!(
            options.gateway, None,
            "the gateway of the old address went with it"
        );
    }
}
