//! What the node says and hears over ICMP: echoes, and complaints about packets.
//!
//! Nothing is said about what was for several hosts, or came from none that could be answered, or is itself
//! a complaint (RFC 1122 section 3.2.2, RFC 4443 section 2.4 e), and no more than the limits allow.

use smoltcp::phy::PacketMeta;
use smoltcp::wire::IpAddress;

use super::complaint::Complaint;
use super::ethernet::{Ethernet, HEADER, Hop};
use super::frame::IcmpFrame;
use super::host::Host;
use super::one_frame::{Exit, OneFrame};
use super::packet::Turned;
use super::parts;
use crate::trace::{Direction, Kind, Reason};

impl Host<'_> {
    /// Lets smoltcp answer a request for an echo.
    pub(super) fn echo(
        &mut self,
        frame: &IcmpFrame<'_>,
        ethernet: &Ethernet<'_>,
        exit: &mut dyn Exit,
    ) {
        let packet = match frame.packet.extended {
            false => ethernet.payload.get(..frame.packet.len),
            true => frame.packet.write_bare(&mut self.scratch),
        };
        // An echo is as long as its request, and this node sends no fragments.
        let Some(packet) = packet.filter(|packet| packet.len() <= self.link.mtu()) else {
            return self.note(Kind::Dropped(Reason::TooLong));
        };
        let hop = Hop {
            from: self.link.mac(),
            to: ethernet.from,
        };
        let mut one_frame = OneFrame::offering(packet, exit, hop);
        let mut nobody = Self::no_sockets();
        self.link.deliver(self.now, &mut one_frame, &mut nobody);
        if let Some(sent) = one_frame.sent {
            self.record.sent_elsewhere(sent);
        }
    }

    /// A packet that goes no further: its sender is told why, if it is to be told.
    pub(super) fn turn_back(
        &mut self,
        turned: &Turned,
        ethernet: &Ethernet<'_>,
        exit: &mut dyn Exit,
    ) {
        let may = self.may_complain(turned, ethernet);
        let reason = match may {
            Err(Reason::RateLimited) => Reason::RateLimited,
            Ok(_) | Err(_) => turned.reason,
        };
        self.note(Kind::Dropped(reason));
        if let Ok(src) = may {
            self.complain(turned, src, ethernet, exit);
        }
    }

    /// The address from which a complaint is made, and used up as an answer; or why it is not made.
    pub(super) fn may_complain(
        &mut self,
        turned: &Turned,
        ethernet: &Ethernet<'_>,
    ) -> Result<IpAddress, Reason> {
        if !parts::ICMP {
            return Err(turned.reason);
        }
        let about_groups = turned.complaint.about_groups && turned.dst.is_multicast();
        if about_groups {
            let family = |local: &&IpAddress| local.version() == turned.dst.version();
            let src = *self
                .link
                .locals()
                .iter()
                .find(family)
                .ok_or(Reason::NotForUs)?;
            self.may_answer_host(turned.src)?;
            return Ok(src);
        }
        self.may_answer(ethernet, turned.src, turned.dst)?;
        Ok(turned.dst)
    }

    /// Whether something is said about a packet between these addresses, which uses up one answer.
    pub(super) fn may_answer(
        &mut self,
        ethernet: &Ethernet<'_>,
        src: IpAddress,
        dst: IpAddress,
    ) -> Result<(), Reason> {
        if !parts::ICMP {
            return Err(Reason::UnknownProtocol);
        }
        // To all on the link, whatever IP says.
        if ethernet.to != self.link.mac() {
            return Err(Reason::NotUnicast);
        }
        if !self.link.locals().contains(&dst) {
            return Err(Reason::NotForUs);
        }
        self.may_answer_host(src)
    }

    fn may_answer_host(&mut self, host: IpAddress) -> Result<(), Reason> {
        if let Some(reason) = self.link.no_sender(host) {
            return Err(reason);
        }
        let limits = &self.limits;
        let left = self.strangers.take_icmp(
            self.now,
            host,
            limits.strangers_per_second,
            limits.icmp_per_second,
        );
        left.then_some(()).ok_or(Reason::RateLimited)
    }

    /// Tells the sender of a packet what is wrong with it.
    pub(super) fn complain(
        &mut self,
        turned: &Turned,
        src: IpAddress,
        ethernet: &Ethernet<'_>,
        exit: &mut dyn Exit,
    ) {
        let packet = &ethernet.payload[..turned.len.min(ethernet.payload.len())];
        let ip = Complaint::ip(src, turned.src, packet);
        let hop = self.link.hop(ethernet.from);
        exit.send(
            HEADER + ip.buffer_len(),
            PacketMeta::default(),
            &mut |octets| {
                turned.complaint.write(&mut octets[HEADER..], &ip, packet);
                hop.write_around(octets);
            },
        );
        let (kind, code) = turned.complaint.kind(turned.src);
        self.record.icmp(Direction::Out, kind, code);
    }
}
