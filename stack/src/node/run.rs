//! How a node is made and run: frames and timers in, the application, segments out.

use core::mem::MaybeUninit;

use smoltcp::phy::{Device, RxToken};
use smoltcp::time::Instant;

use super::config::{Config, ConfigError};
use super::memory::Memory;
use super::node::Node;

/// What a call of [`Node::poll_ingress`] left in the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Ingress {
    /// The device has no more frames.
    Drained,
    /// The budget ran out first, and the device may have more: call again without sleeping.
    More,
}

/// Octets of the longest frame that carries no data: Ethernet, IPv6, TCP with all its options.
const BARE_SEGMENT: usize = 14 + 40 + 60;

fn check(config: &Config, memory: &Memory<'_>) -> Result<(), ConfigError> {
    config.check()?;
    memory.check(config.longest_frame())
}

impl<'a> Node<'a> {
    /// A node without listeners, UDP ports or connections.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn new(config: Config, memory: Memory<'a>, now: Instant) -> Result<Self, ConfigError> {
        check(&config, &memory)?;
        let mut node = Self::assemble(&config, memory, now);
        node.take_first_addresses(&config.addresses, &config.gateways)?;
        Ok(node)
    }

    /// Like [`new`](Self::new), but builds the node in `place`, such as a `static`: a small stack has no room for a
    /// node that is moved there.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    #[inline(never)]
    pub fn new_in<'p>(
        place: &'p mut MaybeUninit<Self>,
        config: Config,
        memory: Memory<'a>,
        now: Instant,
    ) -> Result<&'p mut Self, ConfigError> {
        check(&config, &memory)?;
        let node = place.write(Self::assemble(&config, memory, now));
        node.take_first_addresses(&config.addresses, &config.gateways)?;
        Ok(node)
    }

    /// Receives frames, and runs the timers that are due.
    ///
    /// Call it when the device is readable, when a deadline is reached, and again as long as it returns
    /// [`Ingress::More`].
    pub fn poll_ingress<D: Device + ?Sized>(&mut self, now: Instant, device: &mut D) -> Ingress {
        self.host.tick(now);
        self.host.link.heed(self.host.now, device);
        self.tcp.run_timers(&mut self.host);
        #[cfg(feature = "reassembly")]
        self.give_up_pieces();
        let mut data = 0;
        for _ in 0..self.host.limits.ingress_budget {
            let Some((frame, answer)) = device.receive(now) else {
                return Ingress::Drained;
            };
            frame.consume(|octets| {
                data += octets.len().saturating_sub(BARE_SEGMENT);
                self.receive(octets, &mut Some(answer));
            });
            if data >= self.host.limits.ingress_octets {
                break;
            }
        }
        Ingress::More
    }

    /// Sends what is queued, and returns when to call [`Self::poll_ingress`] again at the latest.
    ///
    /// Call it after the application has had its turn. `None`: not before a frame arrives or the application makes a
    /// call. Frames that [`Self::poll_ingress`] left in the device do not count: after [`Ingress::More`], do not sleep.
    #[must_use = "the node has timers: call again at this instant"]
    pub fn poll_egress<D: Device + ?Sized>(
        &mut self,
        now: Instant,
        device: &mut D,
    ) -> Option<Instant> {
        self.host.tick(now);
        self.host.link.heed(self.host.now, device);
        self.tcp.retired = false;
        self.tcp.admit_the_waiting(&mut self.host);
        let blocked = self.tcp.send_segments(&mut self.host, device)
            || self.send_extra(device)
            || self.send_datagrams(device)
            || self.host.send_discovery(device);
        // A last acknowledgment that leaves may end a connection: the application wants to know.
        if self.tcp.retired {
            return Some(now);
        }
        self.next_deadline(blocked)
    }

    /// When to call [`Self::poll_ingress`] again at the latest: what [`Self::poll_egress`] returned, updated by the
    /// calls since then. `None`: not before a frame arrives or the application makes a call.
    pub fn deadline(&mut self) -> Option<Instant> {
        self.next_deadline(false)
    }

    /// Both halves of the loop, where no application runs between them.
    #[must_use = "the node has timers: call again at this instant"]
    pub fn poll<D: Device + ?Sized>(&mut self, now: Instant, device: &mut D) -> Option<Instant> {
        let ingress = self.poll_ingress(now, device);
        let deadline = self.poll_egress(now, device);
        match ingress {
            Ingress::More => Some(now),
            Ingress::Drained => deadline,
        }
    }
}
