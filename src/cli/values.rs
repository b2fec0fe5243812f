//! What may stand behind an option, and the sentence for what may not.

use std::net::IpAddr;
use std::str::FromStr;

use smolchat::chat::Rate;
use smolchat::device::{MAX_MTU, is_interface_name};
use smoltcp::time::Duration;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, IpEndpoint};

use super::zone::{Remote, is_link_local};

/// The smallest MTU: every host must take a datagram of 576 octets (RFC 1122 section 3.3.3).
pub const MIN_MTU: usize = 576;

/// The smallest segment size: less would be mostly headers.
const MIN_MSS: u16 = 64;

/// The smallest MTU of a link that carries IPv6 (RFC 8200 section 5).
pub const MIN_MTU_IPV6: usize = 1280;

/// The shortest and the longest MSL that make sense; RFC 9293 section 3.4.2 says two minutes.
const MSL: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(600));

/// The shortest and the longest time between two probes of a silent peer. The longest bounds other
/// silences, too.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(86_400));

/// The longest spin: longer is not waiting for the next frame, it is heating.
const MAX_SPIN: Duration = Duration::from_secs(1);

/// Connections are bounded by memory first and by what a port can tell apart last.
pub const MAX_CONNECTIONS: usize = 60_000;

/// The smallest buffer: a longest message, or a longest line and the last words after it.
pub const MIN_BUFFER: usize = 2_048;

/// The largest buffer: what a window of 30 bits takes is more than a node should hold.
const MAX_BUFFER: usize = 1 << 20;

/// The most messages a second; one each microsecond is more than anybody reads.
const MAX_RATE: u64 = 1_000_000;

/// The longest backlog.
pub const MAX_BACKLOG: usize = 4_096;

pub fn port(text: &str) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(0) => Err(
            "port 0 means \"any port\" and nobody can connect to it; give one from 1 to \
                      65535, such as 9000"
                .into(),
        ),
        Ok(port) => Ok(port),
        Err(_) => Err("a port is a number from 1 to 65535, such as 9000".into()),
    }
}

pub fn cidr(text: &str) -> Result<IpCidr, String> {
    let shape = "not an address with its prefix length (CIDR), such as 192.168.69.1/24";
    let Some((address, prefix)) = text.split_once('/') else {
        return Err(match IpAddr::from_str(text) {
            Ok(IpAddr::V4(_)) => format!("the prefix length is missing; write {text}/24"),
            Ok(IpAddr::V6(_)) => format!("the prefix length is missing; write {text}/64"),
            Err(_) => shape.into(),
        });
    };
    if address.contains('%') {
        return Err(
            "an address here is on the TAP, whatever else there is: leave the zone out".into(),
        );
    }
    let (Ok(address), Ok(prefix)) = (IpAddr::from_str(address), u8::from_str(prefix)) else {
        return Err(shape.into());
    };
    // Two addresses that are neither the subnet's own nor its broadcast address must fit.
    let longest = match address {
        IpAddr::V4(_) => 30,
        IpAddr::V6(_) => 126,
    };
    if !(1..=longest).contains(&prefix) {
        return Err(format!(
            "the prefix length must be from 1 to {longest}, so that the host and the node find room"
        ));
    }
    let cidr = IpCidr::new(address.into(), prefix);
    if !cidr.address().is_unicast() || is_loopback(address) {
        return Err("this is not an address that a node can have".into());
    }
    if let IpCidr::Ipv4(v4) = cidr {
        if v4.network().address() == v4.address() {
            return Err("this is the address of the subnet itself; take the next one".into());
        }
        if v4.broadcast() == Some(v4.address()) {
            return Err("this is the broadcast address of its subnet; take another one".into());
        }
    }
    Ok(cidr)
}

/// An address with its prefix length, or `none`.
pub fn host_address(text: &str) -> Result<Option<IpCidr>, String> {
    match text {
        "none" => Ok(None),
        text => cidr(text).map(Some),
    }
}

/// Whether an address is the one by which a machine reaches itself.
pub const fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => address.is_loopback(),
    }
}

pub fn address(text: &str) -> Result<IpAddress, String> {
    IpAddr::from_str(text)
        .map(IpAddress::from)
        .ok()
        .filter(IpAddress::is_unicast)
        .ok_or_else(|| "not the address of a host, such as 192.168.69.100".into())
}

pub fn remote(text: &str) -> Result<Remote, String> {
    let shape = "not ADDRESS:PORT, such as 192.168.69.100:9000, [fd00:69::100]:9000 or \
                 [fe80::100%tap0]:9000 (a number, not a name: there is no resolver here)";
    let remote = Remote::from_str(text).map_err(|_| shape)?;
    let IpEndpoint { addr, port: number } = remote.endpoint;
    port(&number.to_string())?;
    if !addr.is_unicast() {
        return Err("a connection needs the address of one host; this is none".into());
    }
    if remote.zone.is_some() && !is_link_local(addr) {
        return Err(format!(
            "{addr} is the same on every link: only a link-local address, such as fe80::100, takes a zone"
        ));
    }
    Ok(remote)
}

pub fn mtu(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|mtu| (MIN_MTU..=MAX_MTU).contains(mtu))
        .ok_or_else(|| {
            format!(
                "an MTU is a number of octets from {MIN_MTU} to {MAX_MTU}, and at least \
                 {MIN_MTU_IPV6} where IPv6 is used"
            )
        })
}

pub fn mss(text: &str) -> Result<u16, String> {
    text.parse()
        .ok()
        .filter(|mss| (MIN_MSS..=MAX_MTU as u16 - 40).contains(mss))
        .ok_or_else(|| {
            format!("a segment size is a number of octets from {MIN_MSS} to the MTU less 40")
        })
}

pub fn msl(text: &str) -> Result<Duration, String> {
    let bounds = "a maximum segment lifetime is a time from 10ms to 10min, such as 30s, 1min or \
                  2min";
    duration(text)
        .filter(|msl| (MSL.0..=MSL.1).contains(msl))
        .ok_or_else(|| bounds.into())
}

pub fn keep_alive(text: &str) -> Result<Duration, String> {
    let bounds = "a keep-alive is a time from 1s to 24h, such as 30s, or 0s for none";
    duration(text)
        .filter(|time| *time == Duration::ZERO || (KEEP_ALIVE.0..=KEEP_ALIVE.1).contains(time))
        .ok_or_else(|| bounds.into())
}

pub fn silence(text: &str) -> Result<Duration, String> {
    let bounds = "a silence is a time from 0s to 24h, such as 5s or 10min";
    duration(text)
        .filter(|time| *time <= KEEP_ALIVE.1)
        .ok_or_else(|| bounds.into())
}

pub fn spin(text: &str) -> Result<Duration, String> {
    let bounds = "a spin is a time from 0s to 1s, such as 50us";
    duration(text)
        .filter(|spin| *spin <= MAX_SPIN)
        .ok_or_else(|| bounds.into())
}

fn duration(text: &str) -> Option<Duration> {
    let duration = humantime::parse_duration(text).ok()?;
    let micros = u64::try_from(duration.as_micros()).ok()?;
    Some(Duration::from_micros(micros))
}

pub fn connections(text: &str) -> Result<usize, String> {
    count(text, MAX_CONNECTIONS, "connections")
}

pub fn places(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=MAX_CONNECTIONS).contains(count))
        .ok_or_else(|| {
            format!(
                "one address keeps from 1 to {MAX_CONNECTIONS} places, since with none nobody could talk; leave \
                 it out for the same share for all"
            )
        })
}

pub fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| {
        format!(
            "a seed is a whole number from 0 to {}, such as 1; the same seed makes the same choices",
            u64::MAX
        )
    })
}

pub fn buffer(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|octets| (MIN_BUFFER..=MAX_BUFFER).contains(octets))
        .ok_or_else(|| format!("a buffer has from {MIN_BUFFER} to {MAX_BUFFER} octets"))
}

pub fn rate(text: &str) -> Result<Rate, String> {
    match text.parse() {
        Ok(0) => Ok(Rate::UNLIMITED),
        Ok(count @ 1..=MAX_RATE) => Ok(Rate {
            burst: 20,
            every: Duration::from_micros(1_000_000 / count),
        }),
        _ => Err(format!(
            "the messages of a second are from 1 to {MAX_RATE}, or 0 for no limit"
        )),
    }
}

pub fn backlog(text: &str) -> Result<usize, String> {
    count(text, MAX_BACKLOG, "waiting connections")
}

fn count(text: &str, most: usize, what: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=most).contains(count))
        .ok_or_else(|| format!("the number of {what} is from 1 to {most}"))
}

pub fn tap_name(text: &str) -> Result<String, String> {
    if is_interface_name(text) {
        return Ok(text.into());
    }
    Err(format!(
        "the name of an interface has 1 to 15 octets, none of them white space, '/', ':' or '%'; \
         this has {}",
        text.len()
    ))
}

pub fn mac(text: &str) -> Result<EthernetAddress, String> {
    EthernetAddress::from_str(text)
        .ok()
        .filter(EthernetAddress::is_unicast)
        .ok_or_else(|| "not the hardware address of one device, such as 02-00-00-00-00-01".into())
}
