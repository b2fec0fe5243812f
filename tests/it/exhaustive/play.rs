//! One run: two nodes, two applications and a schedule, to the end of every connection.

use std::fmt::{self, Write as _};

use smolchat::device::Side;
use smolchat::node::{Config, Handle, Memory, Node, RecvError, Sizes};
use smolchat::trace::{ConnectionId, Ending, Kind, Resource, State, Style, Timer, draw};
use smoltcp::phy::{ChecksumCapabilities, Device as _, TxToken as _};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol, IpAddress,
    IpCidr, IpEndpoint, IpProtocol, Ipv4Address, Ipv4Packet, Ipv4Repr, TcpControl, TcpPacket,
    TcpRepr, TcpSeqNumber,
};

use super::scenario::{How, Outcome, Role, Scenario, When};
use super::wire::{Cable, Decision};

const SERVED: u16 = 9000;
/// The ports of an open from both sides.
const CHOSEN: [u16; 2] = [5000, 6000];
/// By then everything is over, whatever was lost: R2 is 100 s and 2 MSL are 60 s.
const PATIENCE: Duration = Duration::from_secs(900);
/// More steps than any run needs.
const STEPS: usize = 4000;
/// No ladder may be wider.
const COLUMNS: usize = 100;

/// Just enough memory, because it is taken anew for each run.
const SIZES: Sizes = Sizes {
    connections: 0,
    receive: 64,
    transmit: 64,
    time_waits: 4,
    backlog: 2,
    strangers: 1,
    listeners: 1,
    neighbors: 8,
    ports: 0,
    datagrams: 0,
    #[cfg(feature = "reassembly")]
    assemblies: 0,
    extra: 0,
    events: 512,
    mtu: 576,
};

struct App {
    role: Role,
    handle: Option<Handle>,
    id: Option<ConnectionId>,
    sent: usize,
    got: Vec<u8>,
    finished: bool,
    shut: bool,
    let_go: bool,
}

impl App {
    fn new(role: Role) -> Self {
        Self {
            role,
            handle: None,
            id: None,
            sent: 0,
            got: Vec::new(),
            finished: false,
            shut: false,
            let_go: false,
        }
    }

    fn take(&mut self, handle: Handle) {
        self.handle = Some(handle);
        self.id = Some(handle.id());
    }

    fn is_due(&self, when: When, now: Instant) -> bool {
        let received = self.got.len() >= self.role.expects.len();
        match when {
            When::AtOnce => true,
            When::Received => received,
            When::Finished => self.finished,
            When::At(millis) => now.total_millis() >= millis,
            When::From(millis) => received && now.total_millis() >= millis,
            When::Never => false,
        }
    }

    /// When it does something by the clock.
    fn alarm(&self, now: Instant) -> Option<Instant> {
        match self.role.close {
            When::At(millis) | When::From(millis) => {
                Some(Instant::from_millis(millis)).filter(|at| *at > now)
            }
            When::AtOnce | When::Received | When::Finished | When::Never => None,
        }
    }

    fn run(&mut self, now: Instant, node: &mut Node<'_>) -> Result<(), String> {
        if !self.role.opens {
            match (node.accept(), self.id) {
                (Some(handle), None) => self.take(handle),
                (Some(_), Some(_)) => return Err("a second connection was accepted".into()),
                (None, _) => {}
            }
        }
        let Some(handle) = self.handle.filter(|_| !self.let_go) else {
            return Ok(());
        };
        let mut buffer = [0; 64];
        match node.tcp(handle).unwrap().recv(&mut buffer) {
            Ok(count) => self.got.extend_from_slice(&buffer[..count]),
            Err(RecvError::WouldBlock) => {}
            Err(RecvError::Finished) => self.finished = true,
            Err(RecvError::Ended(_)) => {
                node.tcp(handle).unwrap().close(now);
                self.let_go = true;
                return Ok(());
            }
        }
        let rest = &self.role.sends[self.sent..];
        if !rest.is_empty() && self.is_due(self.role.send, now) {
            self.sent += node.tcp(handle).unwrap().send(rest).unwrap_or(0);
        }
        self.end(now, node, handle);
        Ok(())
    }

    fn end(&mut self, now: Instant, node: &mut Node<'_>, handle: Handle) {
        if self.shut {
            if self.finished {
                node.tcp(handle).unwrap().close(now);
                self.let_go = true;
            }
            return;
        }
        let all_sent = self.sent == self.role.sends.len();
        if !self.is_due(self.role.close, now) || !all_sent && self.role.how != How::Abort {
            return;
        }
        match self.role.how {
            How::Close => node.tcp(handle).unwrap().close(now),
            How::Abort => node.abort(now, handle),
            How::Shutdown => node.tcp(handle).unwrap().shutdown(now),
        }
        self.shut = self.role.how == How::Shutdown;
        self.let_go = !self.shut;
    }
}

/// One side: a node and its application.
struct Host {
    node: Node<'static>,
    app: App,
}

/// A run.
pub(crate) struct Play<'s> {
    scenario: &'s Scenario,
    a: Host,
    b: Host,
    cable: Cable<'s>,
    now: Instant,
}

const fn number(side: Side) -> u8 {
    match side {
        Side::A => 1,
        Side::B => 2,
    }
}

const fn mac(side: Side) -> EthernetAddress {
    EthernetAddress([2, 0, 0, 0, 0, number(side)])
}

const fn address(side: Side) -> IpAddress {
    IpAddress::v4(192, 0, 2, number(side))
}

fn host(side: Side, role: Role, connections: usize) -> Host {
    let sizes = Sizes {
        connections,
        ..SIZES
    };
    let cidr = IpCidr::new(address(side), 24);
    let mut config = Config::new(mac(side), cidr, [number(side); 16]);
    config.mtu = SIZES.mtu;
    Host {
        node: Node::new(config, Memory::heap(sizes), Instant::ZERO).unwrap(),
        app: App::new(role),
    }
}

/// The answer of one side that tells the other its hardware address.
fn advertisement(from: Side) -> [u8; 42] {
    let v4 = |side| Ipv4Address::new(192, 0, 2, number(side));
    let mut octets = [0; 42];
    let mut frame = EthernetFrame::new_unchecked(&mut octets[..]);
    frame.set_src_addr(mac(from));
    frame.set_dst_addr(mac(from.other()));
    frame.set_ethertype(EthernetProtocol::Arp);
    let repr = ArpRepr::EthernetIpv4 {
        operation: ArpOperation::Reply,
        source_hardware_addr: mac(from),
        source_protocol_addr: v4(from),
        target_hardware_addr: mac(from.other()),
        target_protocol_addr: v4(from.other()),
    };
    repr.emit(&mut ArpPacket::new_unchecked(frame.payload_mut()));
    octets
}

/// A SYN from an address that nobody has.
fn forged_syn() -> [u8; 54] {
    let (src, dst) = (
        Ipv4Address::new(192, 0, 2, 99),
        Ipv4Address::new(192, 0, 2, 2),
    );
    let checksums = ChecksumCapabilities::default();
    let mut octets = [0; 54];
    let mut frame = EthernetFrame::new_unchecked(&mut octets[..]);
    frame.set_src_addr(EthernetAddress([2, 0, 0, 0, 0, 99]));
    frame.set_dst_addr(mac(Side::B));
    frame.set_ethertype(EthernetProtocol::Ipv4);
    let segment = TcpRepr {
        src_port: 1,
        dst_port: SERVED,
        control: TcpControl::Syn,
        seq_number: TcpSeqNumber(7),
        ack_number: None,
        window_len: 64,
        window_scale: None,
        max_seg_size: None,
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: None,
        payload: &[],
    };
    let packet = Ipv4Repr {
        src_addr: src,
        dst_addr: dst,
        next_header: IpProtocol::Tcp,
        payload_len: segment.buffer_len(),
        hop_limit: 64,
    };
    packet.emit(
        &mut Ipv4Packet::new_unchecked(frame.payload_mut()),
        &checksums,
    );
    let mut tcp = TcpPacket::new_unchecked(&mut frame.payload_mut()[20..]);
    segment.emit(&mut tcp, &src.into(), &dst.into(), &checksums);
    octets
}

impl<'s> Play<'s> {
    /// Both nodes know each other's hardware address; what opens actively has just called `connect`.
    pub(crate) fn new(scenario: &'s Scenario, schedule: &'s [Decision]) -> Self {
        let mut play = Self {
            scenario,
            a: host(Side::A, scenario.a, 3),
            b: host(Side::B, scenario.b, if scenario.crowded { 1 } else { 3 }),
            cable: Cable::new(schedule),
            now: Instant::ZERO,
        };
        for side in [Side::A, Side::B] {
            play.put(side, &advertisement(side));
        }
        play.now = play.cable.next().unwrap();
        let (now, cable) = (play.now, &mut play.cable);
        let _ = play.a.node.poll(now, &mut cable.end(Side::A));
        let _ = play.b.node.poll(now, &mut cable.end(Side::B));
        play.now = Instant::ZERO;
        play.open();
        play
    }

    /// Sends a frame as if the node at `from` had.
    fn put(&mut self, from: Side, frame: &[u8]) {
        let mut end = self.cable.end(from);
        let token = end.transmit(self.now).unwrap();
        token.consume(frame.len(), |octets| octets.copy_from_slice(frame));
    }

    fn open(&mut self) {
        if self.scenario.serves {
            self.b.node.listen(SERVED, 2).unwrap();
        }
        if self.scenario.crowded {
            self.put(Side::A, &forged_syn());
            self.now = self.cable.next().unwrap();
            let end = &mut self.cable.end(Side::B);
            let _ = self.b.node.poll(self.now, end);
            assert_eq!(self.b.node.half_open(), 1);
        }
        if self.scenario.b.opens {
            let (one, other) = (CHOSEN[0], CHOSEN[1]);
            let (to_a, to_b) = (address(Side::A), address(Side::B));
            let a = &mut self.a.node;
            let handle = a.connect_from(self.now, one, IpEndpoint::new(to_b, other));
            self.a.app.take(handle.unwrap());
            let b = &mut self.b.node;
            let handle = b.connect_from(self.now, other, IpEndpoint::new(to_a, one));
            self.b.app.take(handle.unwrap());
        } else {
            let server = IpEndpoint::new(address(Side::B), SERVED);
            let handle = self.a.node.connect(self.now, server);
            self.a.app.take(handle.unwrap());
        }
    }

    /// Runs to the end; says how many segments were sent.
    pub(crate) fn run(&mut self) -> Result<u16, String> {
        for _ in 0..STEPS {
            let mut next = None;
            for (side, host) in [(Side::A, &mut self.a), (Side::B, &mut self.b)] {
                let mut end = self.cable.end(side);
                host.node.poll_ingress(self.now, &mut end);
                host.app.run(self.now, &mut host.node)?;
                let deadline = host.node.poll_egress(self.now, &mut end);
                let alarm = host.app.alarm(self.now);
                next = next.into_iter().chain(deadline).chain(alarm).min();
            }
            let next = next.into_iter().chain(self.cable.next()).min();
            if self.is_over() {
                self.judge()?;
                return Ok(self.cable.segments);
            }
            match next {
                None => return Err("nothing more would happen, and something is left".into()),
                Some(next) if next > Instant::ZERO + PATIENCE => {
                    return Err("something is left after all this time".into());
                }
                Some(next) => self.now = self.now.max(next),
            }
        }
        Err("no end to it: too many steps".into())
    }

    /// Whether nothing is left: no connection, TIME-WAIT entry, held SYN, nothing on the wire.
    fn is_over(&self) -> bool {
        let empty = |node: &Node<'_>| {
            node.free() == node.capacity()
                && node.time_waiting() == 0
                && node.half_open() == 0
                && node.held() == 0
        };
        self.cable.next().is_none() && empty(&self.a.node) && empty(&self.b.node)
    }

    fn judge(&self) -> Result<(), String> {
        for (name, host, peer) in [("a", &self.a, &self.b), ("b", &self.b, &self.a)] {
            judge_journal(&host.node, host.app.id).map_err(|what| format!("{name}: {what}"))?;
            self.judge_app(host, peer)
                .map_err(|what| format!("{name}: {what}"))?;
            for id in ids(&host.node) {
                let mut width = Width::default();
                draw(host.node.journal(), id, self.now, &Style::PLAIN, &mut width)
                    .map_err(|_| "the ladder does not render".to_owned())?;
                if width.widest > COLUMNS {
                    return Err(format!("{name}: a ladder of {} columns", width.widest));
                }
            }
        }
        Ok(())
    }

    fn judge_app(&self, host: &Host, peer: &Host) -> Result<(), String> {
        let ending = host.app.id.and_then(|id| ending(&host.node, id));
        let (got, sent) = (&host.app.got[..], peer.app.role.sends);
        match self.scenario.outcome {
            Outcome::Complete => {
                if ending != Some(Ending::Closed) {
                    return Err(format!("it ended with {ending:?}"));
                }
                if got != host.app.role.expects {
                    return Err(format!("it got {:?}", String::from_utf8_lossy(got)));
                }
            }
            Outcome::Cut(endings) => {
                if ending.is_some_and(|ending| !endings.contains(&ending)) {
                    return Err(format!("it ended with {ending:?}"));
                }
                if !sent.starts_with(got) {
                    return Err(format!("it got {:?}", String::from_utf8_lossy(got)));
                }
            }
        }
        Ok(())
    }

    /// What somebody needs who wants to know what happened.
    pub(crate) fn ladders(&self) -> String {
        let mut text = String::new();
        for (name, node) in [("a", &self.a.node), ("b", &self.b.node)] {
            for id in ids(node) {
                let _ = writeln!(text, "-- {name}, connection {id}");
                let _ = draw(node.journal(), id, self.now, &Style::PLAIN, &mut text);
            }
            for (_, event) in node.journal().iter() {
                if let Kind::Stray(stray) = event.kind() {
                    let _ = writeln!(text, "-- {name}, stray at {}: {stray:?}", event.at());
                }
            }
        }
        let _ = writeln!(text, "-- at {}", self.now);
        text
    }
}

/// Only legal changes, each from where the last one led, and the last one to the end.
fn judge_journal(node: &Node<'_>, ours: Option<ConnectionId>) -> Result<(), String> {
    if node.journal().overwritten() > 0 {
        return Err("the journal is too small for this".into());
    }
    let mut last: Vec<(ConnectionId, State)> = Vec::new();
    for (_, event) in node.journal().iter() {
        match event.kind() {
            Kind::Illegal(what) => {
                return Err(format!("not a change that the RFC knows: {what:?}"));
            }
            Kind::Transition(what) => {
                match last.iter_mut().find(|(id, _)| *id == what.connection) {
                    Some((_, state)) if *state != what.from => {
                        return Err(format!("{what:?} comes from {state}"));
                    }
                    Some((_, state)) => *state = what.to,
                    None => last.push((what.connection, what.to)),
                }
            }
            Kind::Ended { connection, ending } if Some(connection) != ours => match ending {
                Ending::ResetByPeer | Ending::TimedOut(Timer::HalfOpen) | Ending::Evicted => {}
                other => return Err(format!("a ghost of a connection ended with {other:?}")),
            },
            Kind::Full(Resource::TimeWaits | Resource::Connections) => {
                return Err("something ran full".into());
            }
            _ => {}
        }
    }
    for (id, state) in last {
        let over = state == State::Closed || state == State::Listen && Some(id) != ours;
        if !over {
            return Err(format!("{id} was left in {state}"));
        }
    }
    Ok(())
}

fn ids(node: &Node<'_>) -> Vec<ConnectionId> {
    let opened = |kind: &Kind| match kind {
        Kind::Opened { connection, .. } => Some(*connection),
        _ => None,
    };
    let events = node.journal().iter();
    events
        .filter_map(|(_, event)| opened(&event.kind()))
        .collect()
}

fn ending(node: &Node<'_>, id: ConnectionId) -> Option<Ending> {
    let events = node.journal().iter();
    let mut ends = events.filter_map(|(_, event)| match event.kind() {
        Kind::Ended { connection, ending } if connection == id => Some(ending),
        _ => None,
    });
    ends.next()
}

/// Measures the widest line, and keeps none.
#[derive(Default)]
struct Width {
    widest: usize,
    column: usize,
}

impl fmt::Write for Width {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.column = if character == '\n' {
                0
            } else {
                self.column + 1
            };
            self.widest = self.widest.max(self.column);
        }
        Ok(())
    }
}
