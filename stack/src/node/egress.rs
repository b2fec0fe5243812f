//! What leaves besides segments, and when there will be more.

use smoltcp::phy::{Device, PacketMeta};
use smoltcp::time::{Duration, Instant};

use super::datagrams::Attempt;
use super::ethernet::HEADER;
use super::node::Node;
use super::one_frame::{Exit, OneFrame, Sent};
use super::queues::Queue;
use crate::deadlines::earliest;
use crate::trace::Kind;

/// When to look again at a device that had no room.
const DEVICE_BUSY: Duration = Duration::from_millis(1);

impl Node<'_> {
    /// Lets the application's own sockets send.
    pub(super) fn send_extra<D: Device + ?Sized>(&mut self, device: &mut D) -> bool {
        if !self.has_extra() {
            return false;
        }
        for _ in 0..self.host.limits.egress_budget {
            let mut exit = device.transmit(self.host.now);
            if exit.is_none() {
                return true;
            }
            let mut one_frame = OneFrame::whole(None, &mut exit);
            self.host
                .link
                .pump_whole(self.host.now, &mut one_frame, &mut self.extra);
            let Some(sent) = one_frame.sent else {
                break;
            };
            self.host.record.sent_elsewhere(sent);
        }
        false
    }

    /// Sends a frame that the application composed itself, such as a router solicitation, and records it like any
    /// other. `false` if the device has no room for it, now or at all.
    pub fn send_frame<D: Device + ?Sized>(
        &mut self,
        now: Instant,
        device: &mut D,
        frame: &[u8],
    ) -> bool {
        self.host.tick(now);
        self.host.link.heed(self.host.now, device);
        let mut exit = device.transmit(now);
        if exit.is_none() || frame.len() > self.host.link.mtu() + HEADER {
            return false;
        }
        exit.send(frame.len(), PacketMeta::default(), &mut |octets| {
            octets.copy_from_slice(frame);
        });
        self.host.record.sent_elsewhere(Sent::of(frame));
        true
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

    /// When to poll again at the latest.
    pub(super) fn next_deadline(&mut self, blocked: bool) -> Option<Instant> {
        if blocked {
            return Some(self.host.now + DEVICE_BUSY);
        }
        if self.tcp.table.len(Queue::Egress) > 0 {
            return Some(self.host.now);
        }
        let wait = self
            .tcp
            .oldest_time_wait(&self.host)
            .map(|(_, wait)| wait.deadline);
        let extra = if self.has_extra() {
            self.host.link.due_whole(self.host.now, &self.extra)
        } else {
            None
        };
        earliest(&[
            self.tcp.table.deadline(),
            self.tcp.admission_deadline(&self.host),
            wait,
            extra,
            self.datagrams.deadline(self.host.now),
            self.host.claims.deadline(),
            self.host.neighbors.deadline(),
            #[cfg(feature = "reassembly")]
            self.reassembly.deadline(),
        ])
    }
}
