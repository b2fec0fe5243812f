//! What the device can: how long its frames are, and how many it takes in at once.
//!
//! A node is built without its device. It takes the device at its word in each half of a round, so that no
//! driver is handed a frame that it said it has no room for. Its word only makes less of what the node was
//! configured with. Frames of 590 octets, with IPv6 of 1,294, are the least that a device must take: hosts
//! could not speak IP otherwise (RFC 791 section 3.1, RFC 8200 section 5).

use smoltcp::phy::Device;
use smoltcp::wire::{HardwareAddress, IpAddress};

use super::config::least_mtu;
use super::ethernet::HEADER;
use super::node::Node;
use super::one_frame::{Medium, interface};

impl Node<'_> {
    /// Reads what the device can.
    pub(super) fn heed_device<D: Device + ?Sized>(&mut self, device: &D) {
        let capabilities = device.capabilities();
        let longest = capabilities.max_transmission_unit.saturating_sub(HEADER);
        let burst = capabilities.max_burst_size.map(|frames| frames.max(1));
        if longest < self.mtu || burst != self.burst {
            self.narrow(longest, burst);
        }
    }

    /// Keeps to a device from now on. smoltcp asks for an MTU when an interface is made, so new ones are.
    #[cold]
    #[inline(never)]
    fn narrow(&mut self, longest: usize, burst: Option<usize>) {
        let mtu = longest.max(least_mtu(&self.networks)).min(self.mtu);
        if (mtu, burst) == (self.mtu, self.burst) {
            return;
        }
        (self.mtu, self.burst) = (mtu, burst);
        let medium = Medium::new(mtu, self.offload, burst);
        self.iface = interface(self.now, HardwareAddress::Ip, self.seed, medium);
        let medium = Medium::ethernet(mtu, burst);
        self.extra.iface = interface(self.now, self.mac.into(), self.seed, medium);
        for iface in [&mut self.iface, &mut self.extra.iface] {
            iface.update_ip_addrs(|addresses| {
                for cidr in &self.networks {
                    // As many fit as fitted before.
                    let _ = addresses.push(*cidr);
                }
            });
        }
        let gateways = self.gateways.clone();
        // So do these.
        let _ = self.set_gateways(&gateways);
    }

    /// The window that a peer of this family is offered first, before its connection has a buffer: all of
    /// one, and no more than the device takes in at once.
    pub(super) fn first_window(&self, local: IpAddress) -> u16 {
        let buffer = self.table.window_of_a_syn();
        let burst = self.burst.map_or(usize::MAX, |frames| {
            frames.saturating_mul(self.mtu - self.headers(local))
        });
        usize::from(buffer).min(burst) as u16
    }
}
