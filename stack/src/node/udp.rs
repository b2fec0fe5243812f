//! UDP at a node: the calls of an application, datagrams that come, and those that leave.

use smoltcp::phy::Device;
use smoltcp::time::Instant;
use smoltcp::wire::{IpAddress, IpEndpoint};

use super::datagrams::Attempt;
use super::errors::ListenError;
use super::ethernet::{Ethernet, Hop};
use super::frame::UdpFrame;
use super::node::Node;
use super::one_frame::{Discard, OneFrame};
use super::udp_socket::UdpSocket;
use crate::trace::{Kind, Reason, Verdict};

/// Calls.
impl<'a> Node<'a> {
    /// Binds a UDP port.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub fn bind(&mut self, port: u16) -> Result<(), ListenError> {
        self.datagrams.bind(port)
    }

    /// Binds a UDP port that is hard to guess and that nobody has; says which.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub fn bind_any(&mut self, now: Instant) -> Result<u16, ListenError> {
        self.host.tick(now);
        // There is no peer yet to make this choice differ from the last: the moment does.
        let nowhere = IpAddress::v4(0, 0, 0, 0);
        let moment = IpEndpoint::new(nowhere, now.total_micros() as u16);
        let datagrams = &self.datagrams;
        let is_free = |port| datagrams.place_of(port).is_none();
        let port = self.tcp.ephemeral.choose(nowhere, moment, is_free);
        let port = port.ok_or(ListenError::InUse)?;
        self.datagrams.bind(port)?;
        Ok(port)
    }

    /// Whether a UDP port is bound.
    pub fn is_bound(&self, port: u16) -> bool {
        self.datagrams.place_of(port).is_some()
    }

    /// The socket of a UDP port, if that is bound.
    pub fn udp(&mut self, port: u16) -> Option<UdpSocket<'_, 'a>> {
        let place = self.datagrams.place_of(port)?;
        Some(UdpSocket::new(&mut self.host, &mut self.datagrams, place))
    }

    /// The next UDP port at which a datagram waits, each in turn.
    pub fn next_udp(&mut self) -> Option<UdpSocket<'_, 'a>> {
        let place = self.datagrams.next_ready()?;
        Some(UdpSocket::new(&mut self.host, &mut self.datagrams, place))
    }

    /// How many datagrams wait to be sent.
    pub fn unsent_datagrams(&self) -> usize {
        self.datagrams.queued()
    }

    /// Whether so many wait to be sent that others may find no room. Those that can leave have left after
    /// [`poll_egress`](Self::poll_egress), and those that cannot are never as many.
    pub fn has_many_datagrams(&self) -> bool {
        self.datagrams.is_half_full()
    }
}

/// What comes and what leaves.
impl Node<'_> {
    /// Gives a datagram to the socket of its port, or to the application's own.
    pub(super) fn deliver(&mut self, frame: &UdpFrame<'_>, ethernet: &Ethernet<'_>) -> Verdict {
        let Some(port) = self.datagrams.receiving(frame.flow.local.port) else {
            return match self.give_extra(ethernet.octets) {
                true => Verdict::Passed,
                false => Verdict::Dropped(Reason::NoSuchPort),
            };
        };
        let packet = match frame.packet.extended {
            false => Some(ethernet.payload),
            true => frame.packet.write_bare(&mut self.host.scratch),
        };
        let Some(packet) = packet else {
            return Verdict::Dropped(Reason::TooLong);
        };
        // A bound port answers nothing.
        let mut discard = Discard;
        let number = port.number_for(ethernet.from);
        let mut one_frame = OneFrame::offering(packet, &mut discard, Hop::NOWHERE).numbered(number);
        let before = port.socket().recv_queue();
        self.host
            .link
            .deliver(self.host.now, &mut one_frame, &mut port.set);
        // smoltcp counts octets of payload, so an empty datagram is taken at its word.
        if frame.len == 0 || port.socket().recv_queue() > before {
            Verdict::Passed
        } else if self.host.link.locals().contains(&frame.flow.local.addr) {
            Verdict::Dropped(Reason::QueueFull)
        } else {
            Verdict::Dropped(Reason::NotForUs)
        }
    }

    /// Sends datagrams; `true` if the device had no room.
    pub(super) fn send_datagrams<D: Device + ?Sized>(&mut self, device: &mut D) -> bool {
        // One attempt for each: what must wait goes to the end, and is not tried twice.
        for _ in 0..self
            .datagrams
            .due(self.host.now)
            .min(self.host.limits.egress_budget)
        {
            let Some((receiver, back)) = self.datagrams.receiver() else {
                break;
            };
            // Whoever is not known is asked for. What goes back waits for no neighbour, and believes none.
            let hop = match back {
                Some(hardware) => Some(self.host.link.hop(hardware)),
                None => self.host.resolve(receiver),
            };
            let mut exit = device.transmit(self.host.now);
            if exit.is_none() {
                return true;
            }
            let attempt = self.datagrams.attempt(
                self.host.now,
                &mut self.host.link,
                hop,
                &mut exit,
                &mut self.host.scratch,
                self.host.limits.resolution,
            );
            match attempt {
                Attempt::Idle => break,
                Attempt::Left(sent) => self.host.record.sent_elsewhere(sent),
                Attempt::GaveUp(datagram) => self.host.note(Kind::Datagram(datagram)),
                Attempt::Later => {}
            }
        }
        false
    }
}
