//! Our addresses: those that are there, and what changes when they do.

use core::net::IpAddr;

use smoltcp::time::Instant;
use smoltcp::wire::{IpAddress, IpCidr};

use super::config::{ConfigError, is_host};
use super::node::Node;
use crate::trace::{Cause, Ending, State};

impl Node<'_> {
    /// Gives the node other addresses; connections that used one that is gone end with
    /// [`Ending::AddressLost`].
    ///
    /// # Errors
    /// More addresses or gateways than smoltcp was built for, or one that no host can have. Then the
    /// old ones stay.
    pub fn set_addresses(
        &mut self,
        now: Instant,
        networks: &[IpCidr],
        gateways: &[IpAddress],
    ) -> Result<(), ConfigError> {
        self.now = now;
        if let Some(cidr) = networks.iter().find(|cidr| !is_host(cidr.address())) {
            return Err(ConfigError::AddressNotUnicast(cidr.address()));
        }
        if let Some(gateway) = gateways.iter().find(|gateway| !gateway.is_unicast()) {
            return Err(ConfigError::AddressNotUnicast(*gateway));
        }
        let mut fits = networks.len() <= self.networks.capacity();
        self.iface.update_ip_addrs(|addresses| {
            fits &= networks.len() <= addresses.capacity();
            if fits {
                addresses.clear();
                for cidr in networks {
                    let _ = addresses.push(*cidr);
                }
            }
        });
        if !fits {
            return Err(ConfigError::TooManyAddresses);
        }
        self.extra.iface.update_ip_addrs(|addresses| {
            addresses.clear();
            for cidr in networks {
                // As many fit as fitted above.
                let _ = addresses.push(*cidr);
            }
        });
        let before = self.locals.clone();
        self.networks.clear();
        self.locals.clear();
        for cidr in networks {
            // The capacity was compared above.
            let _ = self.networks.push(*cidr);
            let _ = self.locals.push(cidr.address());
        }
        for id in self.table.time_waits().ids() {
            let wait = self.table.time_waits().get(id, now, &before);
            if let Some(wait) = wait.filter(|wait| !self.locals.contains(&wait.flow.local.addr)) {
                self.end_time_wait(id, &wait, Cause::AddressLost);
            }
        }
        self.table.readdress(&before, &self.locals);
        self.set_gateways(gateways)?;
        if self.announces {
            self.claims.claim(now, &self.locals);
        }
        for slot in self.table.slots() {
            let connection = &self.table[slot];
            let lost = connection.is_live()
                && !connection.flags.unlinked
                && !self.locals.contains(&connection.flow.local.addr);
            if lost {
                let (cause, ending) = (Cause::AddressLost, Ending::AddressLost);
                self.drop_silently(slot, State::Closed, cause, ending);
            }
        }
        Ok(())
    }

    pub(super) fn set_gateways(&mut self, gateways: &[IpAddress]) -> Result<(), ConfigError> {
        self.gateways.clear();
        let routes = self.extra.iface.routes_mut();
        routes.remove_default_ipv4_route();
        #[cfg(feature = "ipv6")]
        routes.remove_default_ipv6_route();
        for gateway in gateways {
            let added = match IpAddr::from(*gateway) {
                IpAddr::V4(v4) => routes.add_default_ipv4_route(v4).is_ok(),
                #[cfg(feature = "ipv6")]
                IpAddr::V6(v6) => routes.add_default_ipv6_route(v6).is_ok(),
                #[cfg(not(feature = "ipv6"))]
                IpAddr::V6(_) => false,
            };
            if !added || self.gateways.push(*gateway).is_err() {
                return Err(ConfigError::TooManyAddresses);
            }
        }
        Ok(())
    }
}
