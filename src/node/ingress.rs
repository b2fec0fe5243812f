//! The life of a received frame: what it is, whose it is, what is decided about it.

use smoltcp::iface::SocketSet;
use smoltcp::wire::{TcpControl, TcpRepr, TcpSeqNumber};

use super::complaint::Complaint;
use super::ethernet::{Ethernet, Hop};
use super::flow::Found;
use super::frame::{Frame, TcpFrame, UdpFrame};
use super::gate::{self, Change, Decision};
use super::node::Node;
use super::one_frame::{Discard, Exit, OneFrame, Swallow};
use super::reply::{self, Route, bare};
use super::segment::{flags, header};
use super::slot_id::SlotId;
use crate::trace::{Answer, Direction, Flags, Flow, Kind, Reason, State, Verdict};

impl Node<'_> {
    /// Takes in one frame; `exit` is the right to send one in answer.
    pub(super) fn receive(&mut self, octets: &[u8], exit: &mut dyn Exit) {
        let Some(ethernet) = Ethernet::parse(octets) else {
            return self.note(Kind::Dropped(Reason::Malformed));
        };
        if !ethernet.is_for(self.link.mac()) {
            return self.note(Kind::Dropped(Reason::NotForUs));
        }
        let verified = self.link.offload();
        if let Some(segment) = TcpFrame::plain(&ethernet, verified) {
            return self.receive_segment(&segment, &ethernet, exit);
        }
        let frame = Frame::of(&ethernet, Direction::In, verified);
        #[cfg(feature = "reassembly")]
        if matches!(frame, Err(Reason::Fragment)) {
            return self.receive_piece(&ethernet, exit);
        }
        self.take_in(frame, &ethernet, exit);
    }

    /// Takes in what a frame was found to be.
    pub(super) fn take_in(
        &mut self,
        frame: Result<Frame<'_>, Reason>,
        ethernet: &Ethernet<'_>,
        exit: &mut dyn Exit,
    ) {
        match frame {
            Ok(Frame::Tcp(frame)) => self.receive_segment(&frame, ethernet, exit),
            Ok(Frame::Udp(frame)) => self.receive_datagram(&frame, ethernet, exit),
            Ok(Frame::Neighbor(message)) => self.receive_neighbor(message, ethernet, exit),
            Ok(Frame::Icmp(frame)) => self.receive_icmp(&frame, ethernet, exit),
            Ok(Frame::Turned(turned)) => self.turn_back(&turned, ethernet, exit),
            Err(reason) => self.note(Kind::Dropped(reason)),
        }
    }

    fn receive_segment(
        &mut self,
        frame: &TcpFrame<'_>,
        ethernet: &Ethernet<'_>,
        exit: &mut dyn Exit,
    ) {
        let packet = ethernet.payload;
        // A connection has an address of ours and one of a host: between its endpoints neither is looked at.
        let found = (ethernet.to == self.link.mac())
            .then(|| self.find(&frame.flow))
            .flatten();
        match found {
            Some(Found::Connection(slot)) => self.receive_for(slot, frame, packet, exit),
            Some(Found::TimeWait(id)) => {
                if let Some(wait) = self
                    .table
                    .time_waits()
                    .get(id, self.now, self.link.locals())
                {
                    self.receive_in_time_wait(id, &wait, frame, exit);
                }
            }
            None => match self.link.unwelcome(ethernet.to, &frame.flow) {
                Some(reason) => self.record.stray(frame, Verdict::Dropped(reason)),
                None => self.receive_unknown(frame, packet, exit),
            },
        }
    }

    /// A segment between endpoints that have no connection. It may open one and be the first for it.
    fn receive_unknown(&mut self, frame: &TcpFrame<'_>, packet: &[u8], exit: &mut dyn Exit) {
        if let Some(slot) = self.receive_stray(frame, exit) {
            self.receive_for(slot, frame, packet, exit);
        }
    }

    /// What lives between these endpoints.
    pub(super) fn find(&self, flow: &Flow) -> Option<Found> {
        self.table.find(self.now, self.link.locals(), flow)
    }

    fn receive_for(
        &mut self,
        slot: SlotId,
        frame: &TcpFrame<'_>,
        packet: &[u8],
        exit: &mut dyn Exit,
    ) {
        let connection = &self.table[slot];
        let passive = connection.flags.passive;
        let state = connection.state;
        let numbers = &connection.numbers;
        let initial = (numbers.iss, numbers.irs);
        let decision = match state {
            State::SynReceived if self.admission.returns_a_cookie(self.now, frame, initial) => {
                Decision::StartOver
            }
            _ => gate::judge(state, passive, &connection.numbers, &frame.header),
        };
        match decision {
            Decision::Pass => {
                self.record
                    .received(&self.table[slot], frame.header, frame.verdict());
                self.pass(slot, frame, packet, exit);
            }
            Decision::Change(repair, change) => {
                self.record
                    .received(&self.table[slot], frame.header, Verdict::Repaired(repair));
                self.pass_changed(slot, frame, change, exit);
            }
            Decision::Answer(answer) => self.answer(slot, frame, answer, exit),
            Decision::Drop(reason) => {
                self.record
                    .received(&self.table[slot], frame.header, Verdict::Dropped(reason));
            }
            Decision::StartOver => {
                self.record
                    .received(&self.table[slot], frame.header, frame.verdict());
                self.return_to_listen(slot);
                self.receive_unknown(frame, packet, exit);
            }
        }
    }

    /// Hands a packet to the connection's socket, and looks at what that changed.
    pub(super) fn pass(
        &mut self,
        slot: SlotId,
        frame: &TcpFrame<'_>,
        packet: &[u8],
        exit: &mut dyn Exit,
    ) {
        let syn = frame.header.flags.contains(Flags::SYN);
        let resized = syn && self.link.peer_mss(&frame.flow, frame.header.mss) != frame.header.mss;
        if frame.mended.is_some() || frame.extended || resized {
            return self.pass_changed(slot, frame, Change::default(), exit);
        }
        let mut one_frame = OneFrame::offering(packet, exit, self.link.hop(frame.neighbor));
        let set = &mut self.table.place_mut(slot).set;
        self.link.deliver(self.now, &mut one_frame, set);
        self.after_segment(slot, frame, false, one_frame.sent);
    }

    /// Hands on a segment after changing it; the packet is composed anew.
    fn pass_changed(
        &mut self,
        slot: SlotId,
        frame: &TcpFrame<'_>,
        change: Change,
        exit: &mut dyn Exit,
    ) {
        // It was parsed before, so this does not fail.
        let Some(repr) = frame.repr() else {
            return self.note(Kind::Dropped(Reason::Malformed));
        };
        let mut repr = changed(&repr, change);
        if repr.control == TcpControl::Syn {
            repr.max_seg_size = Some(self.link.peer_mss(&frame.flow, frame.header.mss));
        }
        let hop = self.link.hop(frame.neighbor);
        let route = Route::into(&frame.flow);
        let len = route.packet_len(&repr);
        let Some(packet) = self.scratch.get_mut(..len) else {
            return self.note(Kind::Dropped(Reason::Malformed));
        };
        route.write(packet, &repr);
        let mut one_frame = OneFrame::offering(packet, exit, hop);
        let set = &mut self.table.place_mut(slot).set;
        self.link.deliver(self.now, &mut one_frame, set);
        let sent = one_frame.sent;
        let header = header(&repr, flags(&repr));
        let mut frame = *frame;
        frame.header = header;
        self.after_segment(slot, &frame, change.held_open, sent);
    }

    /// The gate's own answer to a segment of a connection.
    fn answer(&mut self, slot: SlotId, frame: &TcpFrame<'_>, answer: Answer, exit: &mut dyn Exit) {
        // What carries data is exempt, as it is on Linux: such a segment may be a retransmission whose answer
        // was lost, and its sender needs the next one. The answer is no longer than the segment.
        let exempt = frame.header.len > 0 && answer == Answer::Ack;
        let answers = &mut self.table[slot].answers;
        if !exempt && !answers.take(self.now, self.limits.answers_per_second) {
            let verdict = Verdict::Dropped(Reason::RateLimited);
            return self
                .record
                .received(&self.table[slot], frame.header, verdict);
        }
        self.record
            .received(&self.table[slot], frame.header, Verdict::Answered(answer));
        let numbers = self.table[slot].numbers;
        let window = self.window(slot);
        let flow = self.table[slot].flow;
        let mut segment = bare(&flow, numbers.snd_nxt, Some(numbers.rcv_nxt), window);
        if answer == Answer::SynAckAgain {
            segment.control = TcpControl::Syn;
            segment.seq_number = TcpSeqNumber(numbers.iss as i32);
            segment.window_len = self.table.place(slot).socket().recv_capacity().min(65_535) as u16;
            segment.max_seg_size = Some(self.link.mss(flow.local.addr));
            segment.window_scale = numbers.scale_offered();
            segment.sack_permitted = numbers.sack;
        }
        let header = reply::send(exit, self.link.hop(frame.neighbor), &flow, &segment);
        let (connection, r1) = (&mut self.table[slot], self.limits.r1);
        let verdict = Verdict::Gate(answer);
        self.record.sent_segment(connection, &header, verdict, r1);
    }

    fn receive_datagram(
        &mut self,
        frame: &UdpFrame<'_>,
        ethernet: &Ethernet<'_>,
        exit: &mut dyn Exit,
    ) {
        let mut verdict = match self.link.no_sender(frame.flow.remote.addr) {
            Some(reason) => Verdict::Dropped(reason),
            None => self.deliver(frame, ethernet),
        };
        let mut complaint = None;
        if verdict == Verdict::Dropped(Reason::NoSuchPort) {
            let turned = frame.packet.turned(Reason::NoSuchPort, Complaint::PORT);
            match self.may_complain(&turned, ethernet) {
                Ok(src) => complaint = Some((turned, src)),
                Err(Reason::RateLimited) => verdict = Verdict::Dropped(Reason::RateLimited),
                Err(_) => {}
            }
        }
        self.record
            .datagram(Direction::In, frame.flow, frame.len, verdict);
        if let Some((turned, src)) = complaint {
            self.complain(&turned, src, ethernet, exit);
        }
    }

    /// Gives a datagram to the socket of its port, or to the application's own.
    fn deliver(&mut self, frame: &UdpFrame<'_>, ethernet: &Ethernet<'_>) -> Verdict {
        let Some(port) = self.datagrams.port_mut(frame.flow.local.port) else {
            return match self.give_extra(ethernet.octets) {
                true => Verdict::Passed,
                false => Verdict::Dropped(Reason::NoSuchPort),
            };
        };
        let packet = match frame.packet.extended {
            false => Some(ethernet.payload),
            true => frame.packet.write_bare(&mut self.scratch),
        };
        let Some(packet) = packet else {
            return Verdict::Dropped(Reason::TooLong);
        };
        // A bound port answers nothing.
        let mut discard = Discard;
        let number = port.number_for(ethernet.from);
        let mut one_frame = OneFrame::offering(packet, &mut discard, Hop::NOWHERE).numbered(number);
        let before = port.socket().recv_queue();
        self.link.deliver(self.now, &mut one_frame, &mut port.set);
        // smoltcp counts octets of payload, so an empty datagram is taken at its word.
        if frame.len == 0 || port.socket().recv_queue() > before {
            Verdict::Passed
        } else if self.link.locals().contains(&frame.flow.local.addr) {
            Verdict::Dropped(Reason::QueueFull)
        } else {
            Verdict::Dropped(Reason::NotForUs)
        }
    }

    /// Whether the application has sockets of its own.
    pub(super) fn has_extra(&self) -> bool {
        self.extra.iter().next().is_some()
    }

    /// Gives a frame to the application's own sockets, such as DHCP; says whether one took it. Nothing of
    /// theirs leaves now: what smoltcp would answer says only that none did.
    pub(super) fn give_extra(&mut self, frame: &[u8]) -> bool {
        if !self.has_extra() {
            return false;
        }
        let mut swallow = Swallow(&mut self.scratch);
        let mut one_frame = OneFrame::whole(Some(frame), &mut swallow);
        self.link
            .deliver_whole(self.now, &mut one_frame, &mut self.extra);
        one_frame.sent.is_none()
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

    /// The set for frames that concern no socket of ours.
    pub(super) fn no_sockets() -> SocketSet<'static> {
        SocketSet::new(&mut [][..])
    }
}

/// A copy of a segment with a change made.
fn changed<'f>(segment: &TcpRepr<'f>, change: Change) -> TcpRepr<'f> {
    let mut repr = *segment;
    if let Some(seq) = change.seq {
        repr.seq_number = TcpSeqNumber(seq as i32);
    }
    if let Some(ack) = change.ack {
        repr.ack_number = Some(TcpSeqNumber(ack as i32));
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
