//! A segment that came: whose it is, what the gate says of it, and what its connection makes of it.

use smoltcp::wire::{TcpControl, TcpRepr};

use super::ethernet::{Ethernet, Hop};
use super::flow::Found;
use super::frame::TcpFrame;
use super::gate::{self, Change, Decision};
use super::host::Host;
use super::one_frame::{Exit, OneFrame};
use super::reply::{self, Route, bare};
use super::segment::{flags, header};
use super::slot_id::SlotId;
use super::tcp::Tcp;
use crate::trace::{Answer, Flags, Kind, Reason, State, Verdict};

impl Tcp<'_> {
    /// A segment came.
    pub(super) fn receive_segment(
        &mut self,
        host: &mut Host<'_>,
        frame: &TcpFrame<'_>,
        ethernet: &Ethernet<'_>,
        exit: &mut dyn Exit,
    ) {
        let packet = ethernet.payload;
        // A connection has an address of ours and one of a host: between its endpoints neither is looked at.
        let found = (ethernet.to == host.link.mac())
            .then(|| self.find(host, &frame.flow))
            .flatten();
        match found {
            Some(Found::Connection(slot)) => self.receive_for(host, slot, frame, packet, exit),
            Some(Found::TimeWait(id)) => {
                if let Some(wait) = self
                    .table
                    .time_waits()
                    .get(id, host.now, host.link.locals())
                {
                    self.receive_in_time_wait(host, id, &wait, frame, exit);
                }
            }
            None => match host.link.unwelcome(ethernet.to, &frame.flow) {
                Some(reason) => host.record.stray(frame, Verdict::Dropped(reason)),
                None => self.receive_unknown(host, frame, packet, exit),
            },
        }
    }

    /// A segment between endpoints that have no connection. It may open one and be the first for it.
    fn receive_unknown(
        &mut self,
        host: &mut Host<'_>,
        frame: &TcpFrame<'_>,
        packet: &[u8],
        exit: &mut dyn Exit,
    ) {
        if let Some(slot) = self.receive_stray(host, frame, exit) {
            self.receive_for(host, slot, frame, packet, exit);
        }
    }

    fn receive_for(
        &mut self,
        host: &mut Host<'_>,
        slot: SlotId,
        frame: &TcpFrame<'_>,
        packet: &[u8],
        exit: &mut dyn Exit,
    ) {
        if self.receive_expected(host, slot, frame, packet, exit) {
            return;
        }
        let connection = &self.table[slot];
        let passive = connection.flags.passive;
        let state = connection.state;
        let numbers = &connection.numbers;
        let initial = (numbers.iss, numbers.irs);
        let decision = match state {
            State::SynReceived if self.admission.returns_a_cookie(host.now, frame, initial) => {
                Decision::StartOver
            }
            _ => gate::judge(state, passive, &connection.numbers, &frame.header),
        };
        match decision {
            Decision::Pass => {
                host.record
                    .received(&self.table[slot], frame.header, frame.verdict());
                self.pass(host, slot, frame, packet, exit);
            }
            Decision::Change(repair, change) => {
                host.record
                    .received(&self.table[slot], frame.header, Verdict::Repaired(repair));
                self.pass_changed(host, slot, frame, change, exit);
            }
            Decision::Answer(answer) => self.answer(host, slot, frame, answer, exit),
            Decision::Drop(reason) => {
                host.record
                    .received(&self.table[slot], frame.header, Verdict::Dropped(reason));
            }
            Decision::StartOver => {
                host.record
                    .received(&self.table[slot], frame.header, frame.verdict());
                self.return_to_listen(host, slot);
                self.receive_unknown(host, frame, packet, exit);
            }
        }
    }

    /// Hands a packet to the connection's socket, and looks at what that changed.
    pub(super) fn pass(
        &mut self,
        host: &mut Host<'_>,
        slot: SlotId,
        frame: &TcpFrame<'_>,
        packet: &[u8],
        exit: &mut dyn Exit,
    ) {
        let syn = frame.header.flags.contains(Flags::SYN);
        let resized = syn && host.link.peer_mss(&frame.flow, frame.header.mss) != frame.header.mss;
        if !frame.is_as_it_came() || resized {
            return self.pass_changed(host, slot, frame, Change::default(), exit);
        }
        let mut one_frame = OneFrame::offering(packet, exit, host.link.hop(frame.neighbor));
        let set = &mut self.table.place_mut(slot).set;
        host.link.deliver(host.now, &mut one_frame, set);
        self.after_segment(host, slot, frame, false, one_frame.sent);
    }

    /// Hands on a segment after changing it; the packet is composed anew.
    fn pass_changed(
        &mut self,
        host: &mut Host<'_>,
        slot: SlotId,
        frame: &TcpFrame<'_>,
        change: Change,
        exit: &mut dyn Exit,
    ) {
        // It was parsed before, so this does not fail.
        let Some(repr) = frame.repr() else {
            return host.note(Kind::Dropped(Reason::Malformed));
        };
        let mut repr = changed(&repr, change);
        if repr.control == TcpControl::Syn {
            repr.max_seg_size = Some(host.link.peer_mss(&frame.flow, frame.header.mss));
        }
        let hop = host.link.hop(frame.neighbor);
        let route = Route::into(&frame.flow);
        let len = route.packet_len(&repr);
        let Some(packet) = host.scratch.get_mut(..len) else {
            return host.note(Kind::Dropped(Reason::Malformed));
        };
        route.write(packet, &repr);
        let mut one_frame = OneFrame::offering(packet, exit, hop);
        let set = &mut self.table.place_mut(slot).set;
        host.link.deliver(host.now, &mut one_frame, set);
        let sent = one_frame.sent;
        let header = header(&repr, flags(&repr));
        let mut frame = *frame;
        frame.header = header;
        self.after_segment(host, slot, &frame, change.held_open, sent);
    }

    /// The gate's own answer to a segment of a connection.
    fn answer(
        &mut self,
        host: &mut Host<'_>,
        slot: SlotId,
        frame: &TcpFrame<'_>,
        answer: Answer,
        exit: &mut dyn Exit,
    ) {
        // What carries data is exempt, as it is on Linux: such a segment may be a retransmission whose answer
        // was lost, and its sender needs the next one. The answer is no longer than the segment.
        let exempt = frame.header.len > 0 && answer == Answer::Ack;
        let answers = &mut self.table[slot].answers;
        if !exempt && !answers.take(host.now, host.limits.answers_per_second) {
            let verdict = Verdict::Dropped(Reason::RateLimited);
            return host
                .record
                .received(&self.table[slot], frame.header, verdict);
        }
        host.record
            .received(&self.table[slot], frame.header, Verdict::Answered(answer));
        let numbers = self.table[slot].numbers;
        let window = self.window(slot);
        let flow = self.table[slot].flow;
        let mut segment = bare(&flow, numbers.snd_nxt, Some(numbers.rcv_nxt), window);
        if answer == Answer::SynAckAgain {
            segment.control = TcpControl::Syn;
            segment.seq_number = numbers.iss.into();
            segment.window_len = self.table.place(slot).socket().recv_capacity().min(65_535) as u16;
            segment.max_seg_size = Some(host.link.mss(flow.local.addr));
            segment.window_scale = numbers.scale_offered();
            segment.sack_permitted = numbers.sack;
        }
        let hop = self.way_back(host, slot, frame);
        let header = reply::send(exit, hop, &flow, &segment);
        let (connection, r1) = (&mut self.table[slot], host.limits.r1);
        let verdict = Verdict::Gate(answer);
        host.record.sent_segment(connection, &header, verdict, r1);
    }

    /// Where an answer goes to a segment that may be forged: it has both numbers of the connection. So to where the peer
    /// is known to be, and if this came from elsewhere, to where the peer itself says that it is.
    fn way_back(&self, host: &mut Host<'_>, slot: SlotId, frame: &TcpFrame<'_>) -> Hop {
        let known = self.table[slot].neighbor.unwrap_or(frame.neighbor);
        let told = match known == frame.neighbor {
            true => None,
            false => host.resolve(frame.flow.remote.addr),
        };
        told.unwrap_or(host.link.hop(known))
    }

    /// The window field of the gate's own answers: what smoltcp advertised before, and no more, because
    /// it takes no more.
    fn window(&self, slot: SlotId) -> u16 {
        let connection = &self.table[slot];
        let scale = match connection.state {
            State::SynReceived => 0,
            _ => connection.numbers.rcv_scale(),
        };
        (connection.numbers.rcv_wnd() >> scale).min(65_535) as u16
    }
}

/// A copy of a segment with a change made.
fn changed<'f>(segment: &TcpRepr<'f>, change: Change) -> TcpRepr<'f> {
    let mut repr = *segment;
    if let Some(seq) = change.seq {
        repr.seq_number = seq.into();
    }
    if let Some(ack) = change.ack {
        repr.ack_number = Some(ack.into());
    }
    if let Some(window) = change.window {
        repr.window_len = window;
    }
    if let Some(keep) = change.keep {
        let keep = usize::from(keep).min(repr.payload.len());
        repr.payload = &repr.payload[..keep];
        if matches!(repr.control, TcpControl::Fin | TcpControl::Psh) {
            repr.control = TcpControl::None;
        }
    }
    if change.only_fin {
        repr.seq_number += repr.payload.len();
        repr.payload = &[];
    }
    if change.without_syn {
        repr.seq_number += 1;
        repr.control = TcpControl::None;
        repr.max_seg_size = None;
        repr.window_scale = None;
        repr.sack_permitted = false;
    }
    repr
}
