//! The life of a received frame: what it is, whose it is, what is decided about it.

use super::complaint::Complaint;
use super::discovery::{Claim, Message};
use super::ethernet::Ethernet;
#[cfg(feature = "reassembly")]
use super::ethernet::Hop;
use super::frame::{Frame, IcmpFrame, UdpFrame};
use super::node::Node;
use super::one_frame::{Exit, OneFrame, Swallow};
use super::parts;
#[cfg(feature = "reassembly")]
use super::reassembly::Kept;
use crate::trace::{Direction, Kind, Reason, Verdict};

impl Node<'_> {
    /// Takes in one frame; `exit` is the right to send one in answer.
    pub(super) fn receive(&mut self, octets: &[u8], exit: &mut dyn Exit) {
        let Some(ethernet) = Ethernet::parse(octets) else {
            return self.host.note(Kind::Dropped(Reason::Malformed));
        };
        if !ethernet.is_for(self.host.link.mac()) {
            return self.host.note(Kind::Dropped(Reason::NotForUs));
        }
        let verified = self.host.link.offload();
        match Frame::plain(&ethernet, verified) {
            Some(Frame::Tcp(segment)) => {
                return self
                    .tcp
                    .receive_segment(&mut self.host, &segment, &ethernet, exit);
            }
            Some(Frame::Udp(datagram)) => {
                return self.receive_datagram(&datagram, &ethernet, exit);
            }
            Some(_) | None => {}
        }
        let frame = Frame::of(&ethernet, Direction::In, verified);
        #[cfg(feature = "reassembly")]
        if matches!(frame, Err(Reason::Fragment)) {
            return self.receive_piece(&ethernet, exit);
        }
        self.take_in(frame, &ethernet, exit);
    }

    /// Takes in what a frame was found to be.
    fn take_in(
        &mut self,
        frame: Result<Frame<'_>, Reason>,
        ethernet: &Ethernet<'_>,
        exit: &mut dyn Exit,
    ) {
        match frame {
            Ok(Frame::Tcp(frame)) => {
                self.tcp
                    .receive_segment(&mut self.host, &frame, ethernet, exit)
            }
            Ok(Frame::Udp(frame)) => self.receive_datagram(&frame, ethernet, exit),
            Ok(Frame::Neighbor(message)) => self.receive_neighbor(message, ethernet, exit),
            Ok(Frame::Icmp(frame)) => self.receive_icmp(&frame, ethernet, exit),
            Ok(Frame::Turned(turned)) => self.host.turn_back(&turned, ethernet, exit),
            Err(reason) => self.host.note(Kind::Dropped(reason)),
        }
    }

    /// A piece of a datagram.
    #[cfg(feature = "reassembly")]
    fn receive_piece(&mut self, ethernet: &Ethernet<'_>, exit: &mut dyn Exit) {
        match self.keep_piece(ethernet.payload) {
            Kept::Waits => {}
            Kept::Dropped(reason) => self.host.note(Kind::Dropped(reason)),
            Kept::Whole(place) => self.receive_whole(place, ethernet, exit),
        }
    }

    /// A datagram that is whole goes the way of one that came so, as if from where its last piece came.
    #[cfg(feature = "reassembly")]
    fn receive_whole(&mut self, place: usize, ethernet: &Ethernet<'_>, exit: &mut dyn Exit) {
        let Some(mut whole) = self.reassembly.take(place) else {
            return;
        };
        let frame = whole.frame();
        let hop = Hop {
            from: ethernet.from,
            to: ethernet.to,
        };
        hop.write_around(frame);
        if let Some(ethernet) = Ethernet::parse(frame) {
            match Frame::of(&ethernet, Direction::In, false) {
                // What neighbours say never comes in pieces (RFC 6980), nor do pieces.
                Ok(Frame::Neighbor(_)) | Err(Reason::Fragment) => {
                    self.host.note(Kind::Dropped(Reason::Malformed));
                }
                frame => self.take_in(frame, &ethernet, exit),
            }
        }
        self.reassembly.give_back(place, whole);
    }

    fn receive_datagram(
        &mut self,
        frame: &UdpFrame<'_>,
        ethernet: &Ethernet<'_>,
        exit: &mut dyn Exit,
    ) {
        let mut verdict = match self.host.link.no_sender(frame.flow.remote.addr) {
            Some(reason) => Verdict::Dropped(reason),
            None => self.deliver(frame, ethernet),
        };
        let mut complaint = None;
        if verdict == Verdict::Dropped(Reason::NoSuchPort) {
            let turned = frame.packet.turned(Reason::NoSuchPort, Complaint::PORT);
            match self.host.may_complain(&turned, ethernet) {
                Ok(src) => complaint = Some((turned, src)),
                Err(Reason::RateLimited) => verdict = Verdict::Dropped(Reason::RateLimited),
                Err(_) => {}
            }
        }
        self.host
            .record
            .datagram(Direction::In, frame.flow, frame.len, verdict);
        if let Some((turned, src)) = complaint {
            self.host.complain(&turned, src, ethernet, exit);
        }
    }

    /// Whether the application has sockets of its own.
    pub(super) fn has_extra(&self) -> bool {
        parts::OWN_SOCKETS && self.extra.iter().next().is_some()
    }

    /// Gives a frame to the application's own sockets, such as DHCP; says whether one took it. Nothing of
    /// theirs leaves now: what smoltcp would answer says only that none did.
    pub(super) fn give_extra(&mut self, frame: &[u8]) -> bool {
        if !self.has_extra() {
            return false;
        }
        let mut swallow = Swallow(&mut self.host.scratch);
        let mut one_frame = OneFrame::whole(Some(frame), &mut swallow);
        self.host
            .link
            .deliver_whole(self.host.now, &mut one_frame, &mut self.extra);
        one_frame.sent.is_none()
    }

    /// A neighbour says something.
    pub(super) fn receive_neighbor(
        &mut self,
        message: Message,
        ethernet: &Ethernet<'_>,
        exit: &mut dyn Exit,
    ) {
        if let Some(claim) = self.host.conflict(&message) {
            return self.host.defend(claim, exit);
        }
        match message {
            Message::Question { target, .. } | Message::Probe { target, .. }
                if !self.host.link.locals().contains(&target) =>
            {
                self.host.note(Kind::Dropped(Reason::NotForUs));
            }
            Message::Question { sender, target } => {
                self.host.note(Kind::Neighbor(message.event(Direction::In)));
                self.host.answer_neighbor(target, sender, exit);
                self.hear_claim(sender);
            }
            Message::Probe { target, .. } => {
                self.host.note(Kind::Neighbor(message.event(Direction::In)));
                self.host.announce(target, exit);
            }
            Message::Answer { claim } => {
                let asked = self.hear_claim(claim);
                // The application's own sockets ask by themselves.
                let may_be_theirs = self.has_extra();
                if asked || may_be_theirs {
                    self.host.note(Kind::Neighbor(message.event(Direction::In)));
                } else {
                    self.host.note(Kind::Dropped(Reason::Unasked));
                }
                if may_be_theirs {
                    self.give_extra(ethernet.octets);
                }
            }
        }
    }

    /// An ICMP message that is not about neighbours.
    pub(super) fn receive_icmp(
        &mut self,
        frame: &IcmpFrame<'_>,
        ethernet: &Ethernet<'_>,
        exit: &mut dyn Exit,
    ) {
        self.host.record.icmp(Direction::In, frame.kind, frame.code);
        if !frame.asks_for_echo() {
            return self.hear_icmp(frame);
        }
        let packet = &frame.packet;
        let may = self.host.may_answer(ethernet, packet.src, packet.dst);
        match may {
            Ok(()) => self.host.echo(frame, ethernet, exit),
            Err(reason) => self.host.note(Kind::Dropped(reason)),
        }
    }

    /// Takes in who has an address; says whether that was asked for. Whoever waits for one may try again then.
    fn hear_claim(&mut self, claim: Claim) -> bool {
        let asked = self.host.hear_claim(claim);
        if asked {
            self.datagrams.learnt();
            self.tcp.resolve_again();
        }
        asked
    }
}
