//! Where the peer of a connection is: the hardware address that its segments go to.

use smoltcp::time::Duration;
use smoltcp::wire::EthernetAddress;

use super::ethernet::Hop;
use super::host::Host;
use super::parts;
use super::queues::Queue;
use super::slot_id::SlotId;
use super::tcp::Tcp;

/// After a peer was silent for so long its hardware address is asked for when there is something to send:
/// it may have moved.
const SILENCE: Duration = Duration::from_secs(30);

impl Tcp<'_> {
    /// The hop that segments of a connection take, if it is known; a question leaves if it is not.
    pub(super) fn hop_of(&mut self, host: &mut Host<'_>, slot: SlotId) -> Option<Hop> {
        let connection = &self.table[slot];
        let remote = connection.flow.remote.addr;
        let Some(known) = connection.neighbor else {
            return host.resolve(remote);
        };
        let in_doubt = connection.numbers.attempts > 0
            || connection.flags.moved
            || host.now >= connection.heard + SILENCE;
        if !in_doubt {
            return Some(host.link.hop(known));
        }
        self.doubt_peer(host, slot);
        let known = self.table[slot].neighbor.unwrap_or(known);
        Some(host.link.hop(known))
    }

    /// A peer does not answer, or has moved: asks where it is, and takes what was answered since it was last
    /// heard.
    pub(super) fn doubt_peer(&mut self, host: &mut Host<'_>, slot: SlotId) {
        if !parts::NEIGHBORS {
            return;
        }
        let connection = &self.table[slot];
        let (remote, heard) = (connection.flow.remote.addr, connection.heard);
        let (Some(last), Some(neighbor)) = (connection.neighbor, host.link.next_hop(remote)) else {
            return;
        };
        let moved = host.neighbors.recheck(host.now, neighbor, last, heard);
        if moved.is_some() {
            let connection = &mut self.table[slot];
            connection.neighbor = moved;
            connection.flags.moved = false;
        }
    }

    /// A segment of a connection came from this hardware address, is acceptable, and may have `acknowledged`
    /// something. Until what was sent was acknowledged from there, the last one says where the peer is. After
    /// that it does not: whoever saw the numbers can send one.
    ///
    /// Not inlined: it would take the stack of whoever calls.
    #[inline(never)]
    pub(super) fn heard_from(
        &mut self,
        host: &mut Host<'_>,
        slot: SlotId,
        hardware: EthernetAddress,
        acknowledged: bool,
    ) {
        let connection = &self.table[slot];
        let moved = match connection.neighbor {
            Some(last) if last == hardware => false,
            // Without anybody to ask, who sends last is believed.
            Some(last) if parts::NEIGHBORS && connection.flags.reached => host
                .link
                .next_hop(connection.flow.remote.addr)
                .is_none_or(|neighbor| {
                    host.neighbors.has_moved(host.now, neighbor, last, hardware)
                }),
            Some(_) | None => true,
        };
        let connection = &mut self.table[slot];
        if moved {
            connection.neighbor = Some(hardware);
            connection.flags.reached = false;
        }
        let elsewhere = connection.neighbor != Some(hardware);
        connection.flags.moved = elsewhere;
        connection.flags.reached |= acknowledged && !elsewhere;
    }

    /// A neighbour answered: whoever waits for one may try again.
    pub(super) fn resolve_again(&mut self) {
        while let Some(slot) = self.table.pop(Queue::Unresolved) {
            self.table.push(Queue::Egress, slot);
        }
    }
}
