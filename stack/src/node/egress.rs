//! What leaves besides segments, and when there will be more.

use smoltcp::phy::{Device, PacketMeta};
use smoltcp::time::{Duration, Instant};

use super::ethernet::HEADER;
use super::node::Node;
use super::one_frame::{Exit, OneFrame, Sent};
use super::queues::Queue;
use crate::deadlines::earliest;

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
