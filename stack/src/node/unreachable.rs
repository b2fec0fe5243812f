//! Unreachable: what an ICMP error says about a connection or a datagram of ours.

use smoltcp::wire::{
    Icmpv4DstUnreachable, Icmpv4Message, IpAddress, IpEndpoint, IpProtocol, Ipv4Packet,
};

use super::flow::Found;
use super::frame::IcmpFrame;
use super::host::Host;
use super::node::Node;
use super::parts;
use super::tcp::Tcp;
use crate::trace::{Cause, Ending, Flow, Kind, Reason, SeqNumber, State};

impl Node<'_> {
    /// What an ICMP message says about something that this node sent.
    pub(super) fn hear_icmp(&mut self, frame: &IcmpFrame<'_>) {
        if !parts::ICMP {
            return;
        }
        let Some(error) = Unreachable::parse(frame) else {
            return;
        };
        match error.about {
            About::Segment { seq } => self.tcp.hear_of_segment(&mut self.host, &error, seq),
            About::Datagram => self.hear_of_datagram(&error),
        }
    }

    /// The application is told (RFC 1122 section 4.1.3.3), if the datagram can have been its own.
    fn hear_of_datagram(&mut self, error: &Unreachable) {
        let Flow { local, .. } = error.flow;
        let ours = self.host.link.locals().contains(&local.addr)
            && self.datagrams.place_of(local.port).is_some();
        self.host.note(match ours {
            true => Kind::Undelivered {
                flow: error.flow,
                nobody_listens: error.nobody_listens,
            },
            false => Kind::Dropped(Reason::IcmpUnrelated),
        });
    }
}

impl Tcp<'_> {
    /// RFC 9293 section 3.9.2.2: an unreachable that is about a live connection, with a sequence number
    /// that is in flight (RFC 5927), is soft unless the connection is still opening.
    fn hear_of_segment(&mut self, host: &mut Host<'_>, error: &Unreachable, seq: SeqNumber) {
        let Some(Found::Connection(slot)) = self.find(host, &error.flow) else {
            return host.note(Kind::Dropped(Reason::IcmpUnrelated));
        };
        let numbers = &self.table[slot].numbers;
        let in_flight = numbers.snd_una.is_at_most(seq) && seq.is_before(numbers.snd_nxt);
        if !in_flight {
            return host.note(Kind::Dropped(Reason::IcmpUnrelated));
        }
        // Hard errors end a connection that is not yet there; established ones survive them, as the
        // counter-measures of RFC 5927 section 6.3.1 ask, and end by R2 if nothing comes through.
        let opening = match self.table[slot].state {
            State::SynSent | State::SynReceived => true,
            State::Closed
            | State::Listen
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => false,
        };
        if error.hard && opening {
            let (cause, ending) = (Cause::Unreachable, Ending::Unreachable);
            self.drop_silently(host, slot, State::Closed, cause, ending);
        }
    }
}

/// A destination unreachable about what this node sent.
struct Unreachable {
    flow: Flow,
    about: About,
    /// It will not get better by itself.
    hard: bool,
    nobody_listens: bool,
}

/// What did not arrive.
enum About {
    Segment { seq: SeqNumber },
    Datagram,
}

impl Unreachable {
    fn parse(frame: &IcmpFrame<'_>) -> Option<Self> {
        if frame.packet.protocol != IpProtocol::Icmp {
            return Self::parse_v6(frame);
        }
        let about = frame.about();
        if frame.kind != u8::from(Icmpv4Message::DstUnreachable) || about.len() < 20 {
            return None;
        }
        let packet = Ipv4Packet::new_unchecked(about);
        Self::about(
            (packet.src_addr().into(), packet.dst_addr().into()),
            packet.next_header(),
            about.get(usize::from(packet.header_len())..)?,
            // RFC 1122 section 4.2.3.9: protocol, port, and fragmentation needed are hard.
            matches!(frame.code, 2..=4),
            frame.code == u8::from(Icmpv4DstUnreachable::PortUnreachable),
        )
    }

    #[cfg(feature = "ipv6")]
    fn parse_v6(frame: &IcmpFrame<'_>) -> Option<Self> {
        use smoltcp::wire::{Icmpv6DstUnreachable, Icmpv6Message, Ipv6Packet};
        let about = frame.about();
        if frame.kind != u8::from(Icmpv6Message::DstUnreachable) || about.len() < 40 {
            return None;
        }
        let packet = Ipv6Packet::new_unchecked(about);
        let nobody_listens = frame.code == u8::from(Icmpv6DstUnreachable::PortUnreachable);
        Self::about(
            (packet.src_addr().into(), packet.dst_addr().into()),
            packet.next_header(),
            about.get(40..)?,
            // Administratively prohibited, and port unreachable.
            frame.code == 1 || nobody_listens,
            nobody_listens,
        )
    }

    #[cfg(not(feature = "ipv6"))]
    fn parse_v6(_: &IcmpFrame<'_>) -> Option<Self> {
        None
    }

    /// Eight octets behind the IP header are all that an error must carry: ports, and a sequence number.
    fn about(
        (src, dst): (IpAddress, IpAddress),
        protocol: IpProtocol,
        octets: &[u8],
        hard: bool,
        nobody_listens: bool,
    ) -> Option<Self> {
        let [s0, s1, d0, d1, n0, n1, n2, n3] = *octets.first_chunk()?;
        let about = match protocol {
            IpProtocol::Tcp => About::Segment {
                seq: u32::from_be_bytes([n0, n1, n2, n3]).into(),
            },
            IpProtocol::Udp => About::Datagram,
            _ => return None,
        };
        Some(Self {
            flow: Flow {
                local: IpEndpoint::new(src, u16::from_be_bytes([s0, s1])),
                remote: IpEndpoint::new(dst, u16::from_be_bytes([d0, d1])),
            },
            about,
            hard,
            nobody_listens,
        })
    }
}
