//! What a socket is shown that never crossed the wire as such, and what it sends while its connection opens.
//!
//! smoltcp draws an initial sequence number from the interface that a socket speaks through, and offers as long
//! segments as that one has room for: so a connection opens by way of an interface of its own (see
//! [`isn`](super::isn)). Nothing leaves that a socket answers to what it is shown. What it says is not looked at: the
//! caller keeps queues, numbers and journal.

use smoltcp::time::Instant;
use smoltcp::wire::{TcpControl, TcpRepr};

use super::connection::Slot;
use super::ethernet::Hop;
use super::link::Link;
use super::one_frame::{Discard, OneFrame};
use super::reply::{Route, bare};
use super::syn_queue::PendingSyn;
use crate::trace::{Flow, SeqNumber};

/// Octets of the longest packet without data: IPv6, TCP with all its options.
const LONGEST: usize = 128;

impl Link {
    /// Lets a socket in LISTEN see a SYN, and draw `iss` for its own.
    pub(super) fn show_syn(
        &mut self,
        now: Instant,
        place: &mut Slot<'_>,
        pending: &PendingSyn,
        iss: SeqNumber,
    ) {
        let (flow, syn) = (&pending.flow, &pending.syn);
        let reversed = Flow {
            local: flow.remote,
            remote: flow.local,
        };
        let mut segment = bare(&reversed, syn.seq, None, syn.window);
        segment.control = TcpControl::Syn;
        segment.max_seg_size = Some(self.peer_mss(flow, syn.mss));
        segment.window_scale = syn.options.scale();
        segment.sack_permitted = syn.options.sack_permitted();
        let route = Route::into(flow);
        let mut packet = [0; LONGEST];
        let packet = &mut packet[..route.packet_len(&segment)];
        route.write(packet, &segment);
        let mut iface = self.opening(now, iss, self.mtu());
        let mut discard = Discard;
        let mut one_frame = OneFrame::offering(packet, &mut discard, Hop::NOWHERE);
        iface.poll_ingress_single(now, &mut one_frame, &mut place.set);
    }

    /// Lets a socket see a segment without data that is composed here.
    pub(super) fn show(&mut self, now: Instant, place: &mut Slot<'_>, segment: &TcpRepr<'_>) {
        let route = Route::into(&place.connection.flow);
        let mut packet = [0; LONGEST];
        let packet = &mut packet[..route.packet_len(segment)];
        route.write(packet, segment);
        let mut discard = Discard;
        let mut one_frame = OneFrame::offering(packet, &mut discard, Hop::NOWHERE);
        self.deliver(now, &mut one_frame, &mut place.set);
    }

    /// Sends what a connection has to send that is still opening. smoltcp offers segments as long as the MTU of
    /// an interface allows, so where shorter ones are wanted a SYN leaves by one with a smaller MTU.
    pub(super) fn pump_opening(
        &mut self,
        now: Instant,
        frame: &mut OneFrame<'_>,
        place: &mut Slot<'_>,
    ) {
        let connection = &place.connection;
        let mtu = self.mtu_for_mss(connection.flow.local.addr);
        let mut iface = self.opening(now, connection.numbers.iss, mtu);
        iface.poll_egress(now, frame, &mut place.set);
    }
}
