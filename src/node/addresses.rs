//! Our addresses: those that are there, and what changes when they do.

use smoltcp::time::Instant;
use smoltcp::wire::{IpAddress, IpCidr};

use super::config::ConfigError;
use super::link::Locals;
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
        self.tick(now);
        if let Some(gateway) = gateways.iter().find(|gateway| !gateway.is_unicast()) {
            return Err(ConfigError::AddressNotUnicast(*gateway));
        }
        let before = self.link.set_networks(networks)?;
        self.end_lost_time_waits(&before);
        self.table.readdress(&before, self.link.locals());
        self.link.set_gateways(gateways)?;
        if self.announces {
            self.claims.claim(now, self.link.locals());
        }
        self.end_lost_connections();
        Ok(())
    }

    /// Ends what is in TIME-WAIT at an address that was ours and is not any more.
    ///
    /// Not inlined, like what it is beside: each takes its stack for itself, while a node is made.
    #[inline(never)]
    fn end_lost_time_waits(&mut self, before: &Locals) {
        for id in self.table.time_waits().ids() {
            let wait = self.table.time_waits().get(id, self.now, before);
            if let Some(wait) =
                wait.filter(|wait| !self.link.locals().contains(&wait.flow.local.addr))
            {
                self.end_time_wait(id, &wait, Cause::AddressLost);
            }
        }
    }

    /// Ends connections whose address is not ours any more.
    #[inline(never)]
    fn end_lost_connections(&mut self) {
        for slot in self.table.slots() {
            let connection = &self.table[slot];
            let lost = connection.is_live()
                && !connection.flags.unlinked
                && !self.link.locals().contains(&connection.flow.local.addr);
            if lost {
                let (cause, ending) = (Cause::AddressLost, Ending::AddressLost);
                self.drop_silently(slot, State::Closed, cause, ending);
            }
        }
    }
}
