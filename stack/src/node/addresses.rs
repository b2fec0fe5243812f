//! Our addresses: those that are there, and what changes when they do.

use smoltcp::time::Instant;
use smoltcp::wire::{IpAddress, IpCidr};

use super::config::ConfigError;
use super::host::Host;
use super::link::Locals;
use super::node::Node;
use super::tcp::Tcp;
use crate::trace::{Cause, Ending, State};

impl Node<'_> {
    /// Gives the node other addresses; connections that used one that is gone end with
    /// [`Ending::AddressLost`].
    ///
    /// # Errors
    /// More addresses or gateways than smoltcp was built for, or an address that no host can have. The old ones then
    /// stay.
    pub fn set_addresses(
        &mut self,
        now: Instant,
        networks: &[IpCidr],
        gateways: &[IpAddress],
    ) -> Result<(), ConfigError> {
        self.host.tick(now);
        if let Some(gateway) = gateways.iter().find(|gateway| !gateway.is_unicast()) {
            return Err(ConfigError::AddressNotUnicast(*gateway));
        }
        let before = self.host.link.set_networks(networks)?;
        self.tcp.end_lost_time_waits(&mut self.host, &before);
        self.tcp.table.readdress(&before, self.host.link.locals());
        self.host.link.set_gateways(gateways)?;
        if self.host.announces {
            self.host.claims.claim(now, self.host.link.locals());
        }
        self.tcp.end_lost_connections(&mut self.host);
        Ok(())
    }
}

impl Tcp<'_> {
    /// Ends what is in TIME-WAIT at an address that was ours and is not any more.
    ///
    /// Not inlined, like what it is beside: each takes its stack for itself, while a node is made.
    #[inline(never)]
    fn end_lost_time_waits(&mut self, host: &mut Host<'_>, before: &Locals) {
        for id in self.table.time_waits().ids() {
            let wait = self.table.time_waits().get(id, host.now, before);
            if let Some(wait) =
                wait.filter(|wait| !host.link.locals().contains(&wait.flow.local.addr))
            {
                self.end_time_wait(host, id, &wait, Cause::AddressLost);
            }
        }
    }

    /// Ends connections whose address is not ours any more.
    #[inline(never)]
    fn end_lost_connections(&mut self, host: &mut Host<'_>) {
        for slot in self.table.slots() {
            let connection = &self.table[slot];
            let lost = connection.is_live()
                && !connection.flags.unlinked
                && !host.link.locals().contains(&connection.flow.local.addr);
            if lost {
                let (cause, ending) = (Cause::AddressLost, Ending::AddressLost);
                self.drop_silently(host, slot, State::Closed, cause, ending);
            }
        }
    }
}
