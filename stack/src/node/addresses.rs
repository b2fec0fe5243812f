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
    /// The first addresses: there is no connection yet that could lose its own.
    ///
    /// # Errors
    /// As for [`set_addresses`](Self::set_addresses).
    pub(super) fn take_first_addresses(
        &mut self,
        networks: &[IpCidr],
        gateways: &[IpAddress],
    ) -> Result<(), ConfigError> {
        check_gateways(gateways)?;
        self.host.link.set_networks(networks)?;
        self.host.take_gateways(gateways)
    }

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
        check_gateways(gateways)?;
        let before = self.host.link.set_networks(networks)?;
        self.tcp.end_lost_time_waits(&mut self.host, &before);
        self.tcp.table.readdress(&before, self.host.link.locals());
        self.host.take_gateways(gateways)?;
        self.tcp.end_lost_connections(&mut self.host);
        Ok(())
    }
}

fn check_gateways(gateways: &[IpAddress]) -> Result<(), ConfigError> {
    match gateways.iter().find(|gateway| !gateway.is_unicast()) {
        Some(gateway) => Err(ConfigError::AddressNotUnicast(*gateway)),
        None => Ok(()),
    }
}

impl Host<'_> {
    /// Takes the gateways, and claims the addresses that it has.
    fn take_gateways(&mut self, gateways: &[IpAddress]) -> Result<(), ConfigError> {
        self.link.set_gateways(gateways)?;
        if self.announces {
            self.claims.claim(self.now, self.link.locals());
        }
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
