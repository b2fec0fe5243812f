//! Unreachable: what an ICMP error says about a connection of ours.

use smoltcp::wire::{Icmpv4Message, IpAddress, IpProtocol, Ipv4Packet};

use super::flow::Found;
use super::frame::IcmpFrame;
use super::node::Node;
use super::numbers::{at_most, before};
use crate::trace::{Cause, Ending, Flow, Kind, Reason, State};

impl Node<'_> {
    /// RFC 9293 section 3.9.2.2: an unreachable that is about a live connection, with a sequence number
    /// that is in flight (RFC 5927), is soft unless the connection is still opening.
    pub(super) fn hear_icmp(&mut self, frame: &IcmpFrame<'_>) {
        let Some(error) = Unreachable::parse(frame) else {
            return;
        };
        let Some(Found::Connection(slot)) = self.find(&error.flow) else {
            return self.note(Kind::Dropped(Reason::IcmpUnrelated));
        };
        let numbers = &self.table[slot].numbers;
        let in_flight = at_most(numbers.snd_una, error.seq) && before(error.seq, numbers.snd_nxt);
        if !in_flight {
            return self.note(Kind::Dropped(Reason::IcmpUnrelated));
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
            self.drop_silently(slot, State::Closed, cause, ending);
        }
    }
}

/// A destination unreachable about a TCP segment of ours.
struct Unreachable {
    flow: Flow,
    seq: u32,
    hard: bool,
}

impl Unreachable {
    fn parse(frame: &IcmpFrame<'_>) -> Option<Self> {
        if frame.packet.protocol != IpProtocol::Icmp {
            return Self::parse_v6(frame);
        }
        let about = frame.about();
        if frame.kind != u8::from(Icmpv4Message::DstUnreachable) {
            return None;
        }
        let packet = Ipv4Packet::new_unchecked(about);
        if about.len() < 20 || packet.next_header() != IpProtocol::Tcp {
            return None;
        }
        let start = usize::from(packet.header_len());
        Self::about(
            packet.src_addr().into(),
            packet.dst_addr().into(),
            about.get(start..)?,
            // RFC 1122 section 4.2.3.9: protocol, port, and fragmentation needed are hard.
            matches!(frame.code, 2..=4),
        )
    }

    #[cfg(feature = "ipv6")]
    fn parse_v6(frame: &IcmpFrame<'_>) -> Option<Self> {
        use smoltcp::wire::{Icmpv6Message, Ipv6Packet};
        let about = frame.about();
        if frame.kind != u8::from(Icmpv6Message::DstUnreachable) || about.len() < 40 {
            return None;
        }
        let packet = Ipv6Packet::new_unchecked(about);
        if packet.next_header() != IpProtocol::Tcp {
            return None;
        }
        Self::about(
            packet.src_addr().into(),
            packet.dst_addr().into(),
            about.get(40..)?,
            // Administratively prohibited, and port unreachable.
            matches!(frame.code, 1 | 4),
        )
    }

    #[cfg(not(feature = "ipv6"))]
    fn parse_v6(_: &IcmpFrame<'_>) -> Option<Self> {
        None
    }

    /// Eight octets of a TCP header are all that an error must carry: ports and sequence number.
    fn about(src: IpAddress, dst: IpAddress, tcp: &[u8], hard: bool) -> Option<Self> {
        let octets: [u8; 8] = tcp.get(..8)?.try_into().ok()?;
        let [s0, s1, d0, d1, n0, n1, n2, n3] = octets;
        Some(Self {
            flow: Flow {
                local: (src, u16::from_be_bytes([s0, s1])).into(),
                remote: (dst, u16::from_be_bytes([d0, d1])).into(),
            },
            seq: u32::from_be_bytes([n0, n1, n2, n3]),
            hard,
        })
    }
}
