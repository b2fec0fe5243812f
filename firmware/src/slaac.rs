//! An IPv6 address by SLAAC (RFC 4862): the prefix that a router advertises, and the station address.
//!
//! Frames are only looked at on their way to the stack. One prefix of one router is kept, the first that is
//! heard, as long as the router says. The node asks whether somebody else has the address already.
//!
//! The caller's duty: [`Slaac::listen`] between the hardware and the node, [`Slaac::question`] after each
//! egress, sent by the node, and both at [`Slaac::deadline`].

use smoltcp::phy::{ChecksumCapabilities, Device, DeviceCapabilities, RxToken};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, Icmpv6Message, Icmpv6Packet, Icmpv6Repr,
    IpProtocol, Ipv6Address, Ipv6Cidr, Ipv6Packet, Ipv6Repr, NdiscPrefixInfoFlags,
    NdiscPrefixInformation, NdiscRepr,
};

/// How often routers are asked, and how long each has to answer (RFC 4861 section 10).
const QUESTIONS: u8 = 3;
const SOLICITATION_INTERVAL: Duration = Duration::from_secs(4);
/// Nobody can shorten a lifetime below this (RFC 4862 section 5.5.3).
const SHORTEST_LIFETIME: Duration = Duration::from_secs(2 * 3600);
/// What the hop limit of such messages is: no router has passed them on.
const HOP_LIMIT: u8 = 255;
const ALL_ROUTERS: Ipv6Address = Ipv6Address::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
const ALL_ROUTERS_STATION: EthernetAddress = EthernetAddress([0x33, 0x33, 0, 0, 0, 2]);
const LINK_LOCAL: Ipv6Cidr = Ipv6Cidr::new(Ipv6Address::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 64);
/// Octets of the frame that asks for routers: 14 of Ethernet, 40 of IPv6, 8 and an option of 8.
pub const QUESTION: usize = 14 + 40 + 8 + 8;

/// An address, and the way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The address with its prefix.
    pub cidr: Ipv6Cidr,
    /// Who advertised it, if that is a way out.
    pub router: Option<Ipv6Address>,
}

/// The search for an address.
#[derive(Debug)]
pub struct Slaac {
    station: EthernetAddress,
    questions: u8,
    ask_at: Instant,
    found: Option<(Found, Instant)>,
    /// What was found or lost was not yet told.
    news: bool,
}

impl Slaac {
    /// Begins to search for an address of this station.
    pub const fn new(station: EthernetAddress) -> Self {
        Self {
            station,
            questions: QUESTIONS,
            ask_at: Instant::ZERO,
            found: None,
            news: false,
        }
    }

    /// The address that needs no router.
    pub fn link_local(&self) -> Option<Ipv6Cidr> {
        Ipv6Cidr::from_link_prefix(&LINK_LOCAL, self.station.into())
    }

    /// What was found last, while it lasts.
    pub fn found(&self) -> Option<Found> {
        self.found.map(|(found, _)| found)
    }

    /// Whether [`Self::found`] has changed since the last call.
    pub fn poll(&mut self, now: Instant) -> bool {
        if self.found.is_some_and(|(_, until)| until <= now) {
            self.found = None;
            self.news = true;
            self.questions = QUESTIONS;
        }
        core::mem::take(&mut self.news)
    }

    /// When [`Self::poll`] and [`Self::question`] are due although nothing arrives.
    pub fn deadline(&self) -> Option<Instant> {
        match self.found {
            _ if self.news => Some(Instant::ZERO),
            Some((_, until)) => Some(until),
            None => (self.questions > 0).then_some(self.ask_at),
        }
    }

    /// The frame that asks for routers, if that is due. It counts as sent: whoever takes it sends it.
    pub fn question(&mut self, now: Instant) -> Option<[u8; QUESTION]> {
        if self.found.is_some() || self.questions == 0 || now < self.ask_at {
            return None;
        }
        let source = self.link_local()?;
        let question = Icmpv6Repr::Ndisc(NdiscRepr::RouterSolicit {
            lladdr: Some(self.station.into()),
        });
        let ip = Ipv6Repr {
            src_addr: source.address(),
            dst_addr: ALL_ROUTERS,
            next_header: IpProtocol::Icmpv6,
            payload_len: question.buffer_len(),
            hop_limit: HOP_LIMIT,
        };
        let mut octets = [0; QUESTION];
        let mut frame = EthernetFrame::new_unchecked(&mut octets[..]);
        frame.set_src_addr(self.station);
        frame.set_dst_addr(ALL_ROUTERS_STATION);
        frame.set_ethertype(EthernetProtocol::Ipv6);
        let mut packet = Ipv6Packet::new_unchecked(frame.payload_mut());
        ip.emit(&mut packet);
        let mut message = Icmpv6Packet::new_unchecked(packet.payload_mut());
        let checksums = ChecksumCapabilities::default();
        question.emit(&ip.src_addr, &ip.dst_addr, &mut message, &checksums);
        self.questions -= 1;
        self.ask_at = now + SOLICITATION_INTERVAL;
        Some(octets)
    }

    /// The device as it is, with each frame looked at on its way.
    pub fn overhear<'l, D: Device>(&'l mut self, device: &'l mut D) -> Listening<'l, D> {
        Listening {
            slaac: self,
            device,
        }
    }

    /// Looks at a frame: it may be a router's advertisement.
    #[inline(never)]
    fn hear(&mut self, now: Instant, octets: &[u8]) {
        let Some((source, lifetime, prefix)) = advertisement(octets) else {
            return;
        };
        // Only prefixes of 64 bits leave room for a station, and there is none of more than 128.
        if prefix.prefix_len != 64 {
            return;
        }
        let prefix_of_link = Ipv6Cidr::new(prefix.prefix, prefix.prefix_len);
        let Some(cidr) = Ipv6Cidr::from_link_prefix(&prefix_of_link, self.station.into()) else {
            return;
        };
        let router = (lifetime > Duration::ZERO).then_some(source);
        let until = now + prefix.valid_lifetime;
        match &mut self.found {
            None if prefix.valid_lifetime > Duration::ZERO => {
                self.found = Some((Found { cidr, router }, until));
                self.news = true;
            }
            Some((found, ends)) if found.cidr == cidr => {
                *ends = until.max((*ends).min(now + SHORTEST_LIFETIME));
                if router.is_some() && found.router != router {
                    found.router = router;
                    self.news = true;
                }
            }
            None | Some(_) => {}
        }
    }
}

/// The source, the lifetime of the router and the prefix of a router's advertisement.
fn advertisement(octets: &[u8]) -> Option<(Ipv6Address, Duration, NdiscPrefixInformation)> {
    let frame = EthernetFrame::new_checked(octets).ok()?;
    if frame.ethertype() != EthernetProtocol::Ipv6 {
        return None;
    }
    let packet = Ipv6Packet::new_checked(frame.payload()).ok()?;
    let ip = Ipv6Repr::parse(&packet).ok()?;
    let from_the_link = ip.hop_limit == HOP_LIMIT && LINK_LOCAL.contains_addr(&ip.src_addr);
    if ip.next_header != IpProtocol::Icmpv6 || !from_the_link {
        return None;
    }
    let message = Icmpv6Packet::new_checked(packet.payload()).ok()?;
    if message.msg_type() != Icmpv6Message::RouterAdvert {
        return None;
    }
    let checksums = ChecksumCapabilities::default();
    match Icmpv6Repr::parse(&ip.src_addr, &ip.dst_addr, &message, &checksums).ok()? {
        Icmpv6Repr::Ndisc(NdiscRepr::RouterAdvert {
            router_lifetime,
            prefix_info: Some(prefix),
            ..
        }) if prefix.flags.contains(NdiscPrefixInfoFlags::ADDRCONF)
            && !prefix.prefix.is_multicast()
            && !LINK_LOCAL.contains_addr(&prefix.prefix) =>
        {
            Some((ip.src_addr, router_lifetime, prefix))
        }
        _ => None,
    }
}

/// A device whose frames are looked at.
pub struct Listening<'l, D> {
    slaac: &'l mut Slaac,
    device: &'l mut D,
}

impl<D: Device> Device for Listening<'_, D> {
    type RxToken<'t>
        = Heard<'t, D::RxToken<'t>>
    where
        Self: 't;
    type TxToken<'t>
        = D::TxToken<'t>
    where
        Self: 't;

    fn receive(&mut self, now: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let (frame, answer) = self.device.receive(now)?;
        let slaac = &mut *self.slaac;
        Some((Heard { slaac, now, frame }, answer))
    }

    fn transmit(&mut self, now: Instant) -> Option<Self::TxToken<'_>> {
        self.device.transmit(now)
    }

    fn capabilities(&self) -> DeviceCapabilities {
        self.device.capabilities()
    }
}

/// A frame that is looked at when it is taken.
pub struct Heard<'t, T> {
    slaac: &'t mut Slaac,
    now: Instant,
    frame: T,
}

impl<T: RxToken> RxToken for Heard<'_, T> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        let Self { slaac, now, frame } = self;
        frame.consume(|octets| {
            slaac.hear(now, octets);
            read(octets)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    const STATION: EthernetAddress = EthernetAddress([2, 0, 0, 0, 0, 2]);
    const ROUTER: Ipv6Address = Ipv6Address::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

    fn advertised(third: u16, seconds: u64, hop_limit: u8) -> Vec<u8> {
        let message = Icmpv6Repr::Ndisc(NdiscRepr::RouterAdvert {
            hop_limit: 64,
            flags: smoltcp::wire::NdiscRouterFlags::empty(),
            router_lifetime: Duration::from_secs(1800),
            reachable_time: Duration::ZERO,
            retrans_time: Duration::ZERO,
            lladdr: None,
            mtu: None,
            prefix_info: Some(NdiscPrefixInformation {
                prefix_len: 64,
                flags: NdiscPrefixInfoFlags::ADDRCONF | NdiscPrefixInfoFlags::ON_LINK,
                valid_lifetime: Duration::from_secs(seconds),
                preferred_lifetime: Duration::from_secs(seconds),
                prefix: Ipv6Address::new(0x2001, 0xdb8, third, 0, 0, 0, 0, 0),
            }),
        });
        let ip = Ipv6Repr {
            src_addr: ROUTER,
            dst_addr: Ipv6Address::new(0xff02, 0, 0, 0, 0, 0, 0, 1),
            next_header: IpProtocol::Icmpv6,
            payload_len: message.buffer_len(),
            hop_limit,
        };
        let mut octets = vec![0; 14 + 40 + message.buffer_len()];
        let mut frame = EthernetFrame::new_unchecked(&mut octets[..]);
        frame.set_dst_addr(EthernetAddress([0x33, 0x33, 0, 0, 0, 1]));
        frame.set_ethertype(EthernetProtocol::Ipv6);
        let mut packet = Ipv6Packet::new_unchecked(frame.payload_mut());
        ip.emit(&mut packet);
        let mut icmp = Icmpv6Packet::new_unchecked(packet.payload_mut());
        let checksums = ChecksumCapabilities::default();
        message.emit(&ip.src_addr, &ip.dst_addr, &mut icmp, &checksums);
        octets
    }

    fn found(third: u16) -> Option<Found> {
        let address = Ipv6Address::new(0x2001, 0xdb8, third, 0, 0, 0xff, 0xfe00, 2);
        Some(Found {
            cidr: Ipv6Cidr::new(address, 64),
            router: Some(ROUTER),
        })
    }

    #[test]
    fn the_first_prefix_is_kept_until_its_lifetime_ends() {
        let mut slaac = Slaac::new(STATION);
        let end = Instant::from_secs(9000);
        slaac.hear(Instant::ZERO, &advertised(1, 9000, 255));
        slaac.hear(Instant::ZERO, &advertised(2, 9000, 255));
        assert!(slaac.poll(Instant::ZERO) && !slaac.poll(Instant::ZERO));
        assert_eq!(slaac.found(), found(1));
        assert_eq!(slaac.deadline(), Some(end));
        assert!(slaac.poll(end));
        assert_eq!(slaac.found(), None);
        assert_eq!(slaac.deadline(), Some(Instant::ZERO), "it asks again");
    }

    #[test]
    fn nobody_shortens_a_lifetime_below_two_hours_and_a_longer_one_counts() {
        let mut slaac = Slaac::new(STATION);
        for (seconds, ends) in [(9000, 9000), (1, 7200), (0, 7200), (8000, 8000)] {
            slaac.hear(Instant::ZERO, &advertised(1, seconds, 255));
            slaac.poll(Instant::ZERO);
            assert_eq!(slaac.deadline(), Some(Instant::from_secs(ends)));
        }
    }

    #[test]
    fn what_a_router_passed_on_and_what_is_damaged_changes_nothing() {
        let mut slaac = Slaac::new(STATION);
        slaac.hear(Instant::ZERO, &advertised(1, 9000, 254));
        slaac.hear(Instant::ZERO, &advertised(1, 0, 255));
        let whole = advertised(1, 9000, 255);
        for octets in 0..whole.len() {
            slaac.hear(Instant::ZERO, &whole[..octets]);
            let mut damaged = whole.clone();
            damaged[octets] ^= 0x10;
            if octets >= 14 + 40 {
                slaac.hear(Instant::ZERO, &damaged);
            }
        }
        assert_eq!(slaac.found(), None);
    }

    #[test]
    fn a_prefix_that_is_not_of_64_bits_is_nobodys() {
        // Where the message stands, and in it the length: behind the type and the length of its option.
        const MESSAGE: usize = 14 + 40;
        const LENGTH: usize = MESSAGE + 16 + 2;
        let whole = advertised(1, 9000, 255);
        assert_eq!(whole[LENGTH], 64);
        for length in 0..=255 {
            let mut slaac = Slaac::new(STATION);
            let mut octets = whole.clone();
            octets[LENGTH] = length;
            let addresses = (ROUTER, Ipv6Address::new(0xff02, 0, 0, 0, 0, 0, 0, 1));
            Icmpv6Packet::new_unchecked(&mut octets[MESSAGE..])
                .fill_checksum(&addresses.0, &addresses.1);
            slaac.hear(Instant::ZERO, &octets);
            assert_eq!(slaac.found().is_some(), length == 64, "{length}");
        }
    }
}
