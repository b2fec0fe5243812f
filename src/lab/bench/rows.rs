//! What stands on the tape of a frame: which conversation, and numbers that count from its beginning.

use super::Bench;
use crate::device::Side;
use crate::lab::packet::Packet;
use crate::lab::tape::{Captured, Fate, Sent, What};
use crate::trace::{Flags, Mark, Verdict};

/// The client's first, of what is a side's own and its peer's.
pub(super) const fn in_order(side: Side, [own, other]: [u16; 2]) -> [u16; 2] {
    match side {
        Side::A => [own, other],
        Side::B => [other, own],
    }
}

impl Bench {
    /// Which conversation this is, from the client's and the server's port.
    pub(in crate::lab) fn flow(&mut self, client: u16, server: u16, datagrams: bool) -> usize {
        let wanted = (client, server, datagrams);
        let known = self.flows.iter().position(|flow| *flow == wanted);
        known.unwrap_or_else(|| {
            self.flows.push(wanted);
            self.flows.len() - 1
        })
    }

    /// A row for what a frame carries; none for a question after a hardware address.
    pub(super) fn note_packet(&mut self, from: Side, octets: &[u8], fate: Fate) -> Option<usize> {
        let packet = Packet::parse(octets);
        self.run.frames.push(Captured {
            at: self.now,
            from,
            octets: octets.to_vec(),
            row: packet.is_some().then_some(self.run.rows.len()),
        });
        let packet = packet?;
        let flow = packet.ports().map(|[one, other]| {
            let [client, server] = in_order(from, [one, other]);
            self.flow(client, server, packet.header().is_none())
        });
        let numbers = flow.map_or([0; 2], |flow| self.numbers(from, flow, &packet));
        let sent = Sent {
            from,
            packet,
            numbers,
            fate,
            sent_as: Mark::None,
            taken_as: Mark::None,
            verdict: Verdict::Passed,
            made: Verdict::Passed,
        };
        Some(self.note(flow, What::Packet(sent)))
    }

    fn numbers(&mut self, from: Side, flow: usize, packet: &Packet) -> [u32; 2] {
        let Some(header) = packet.header() else {
            return [0; 2];
        };
        let from_client = from == Side::A;
        if header.flags.contains(Flags::SYN) {
            self.initial.insert((flow, from_client), header.seq.get());
        }
        let since = |number: u32, of: bool| {
            let initial = self.initial.get(&(flow, of)).copied();
            number.wrapping_sub(initial.unwrap_or(number))
        };
        let ack = match header.flags.contains(Flags::ACK) {
            true => since(header.ack.get(), !from_client),
            false => 0,
        };
        [since(header.seq.get(), from_client), ack]
    }
}
