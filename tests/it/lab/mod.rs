//! A subject on one side, segments made by hand on the other, and a clock that jumps.
//!
//! The subject is the unmodified smoltcp (an `Interface` and a `SocketSet` with one socket for each
//! connection) or a node. Both have the address 192.0.2.1 and are told the same.
mod cable;
mod calls;
mod panics;
mod segment;
mod trail;

pub(crate) use cable::Cable;
pub(crate) use panics::{SmoltcpPanicked, panic_text};
pub(crate) use segment::{
    PEER, Segment, US, arp_reply, control_name, data_name, echo_request, icmp_unreachable, mac_of,
};
pub(crate) use trail::followed;

use smolchat::node::{Config, Handle, Limits, Memory, Node, Sizes};
use smolchat::trace::State;
use smoltcp::iface::{Interface, SocketHandle, SocketSet};
use smoltcp::socket::tcp;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetFrame, EthernetProtocol, IpAddress, IpCidr,
    IpEndpoint, Ipv4Address,
};

/// The port that is served.
pub(crate) const PORT: u16 = 9000;

/// Which column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Alone,
    Node,
}

pub(crate) enum Subject {
    Alone {
        iface: Box<Interface>,
        sockets: SocketSet<'static>,
        handles: Vec<SocketHandle>,
    },
    Node {
        node: Box<Node<'static>>,
        handle: Option<Handle>,
    },
}

pub(crate) struct Lab {
    pub(crate) subject: Subject,
    pub(crate) cable: Cable,
    pub(crate) now: Instant,
    /// The subject's questions after hardware addresses are answered.
    pub(crate) answers: bool,
    /// Sequence numbers of the peer made by hand: its next, and the subject's next.
    pub(crate) snd: u32,
    pub(crate) rcv: u32,
    /// The subject's port of the connection in question.
    pub(crate) port: u16,
    accepts: bool,
    /// The state that the trail names last.
    noted: Option<State>,
}

/// How the subject is built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) connections: usize,
    pub(crate) receive: usize,
    pub(crate) transmit: usize,
    pub(crate) backlog: u16,
    pub(crate) time_waits: usize,
    pub(crate) limits: Limits,
    /// What only the node is told.
    pub(crate) mss: Option<u16>,
    pub(crate) listens: bool,
    /// What only the node is told.
    pub(crate) secret: u8,
    /// Events that the node's journal keeps.
    pub(crate) events: usize,
    /// The node's connections are accepted as they come; else who asks for it does it.
    pub(crate) accepts: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            connections: 1,
            receive: 4096,
            transmit: 4096,
            backlog: 4,
            time_waits: 16,
            limits: Limits::default(),
            mss: None,
            listens: true,
            secret: 7,
            events: Sizes::default().events,
            accepts: true,
        }
    }
}

fn cidr() -> IpCidr {
    IpCidr::new(IpAddress::Ipv4(US), 24)
}

fn alone(setup: &Setup, cable: &mut Cable) -> Subject {
    // As an application has it that gives smoltcp no seed.
    let config = smoltcp::iface::Config::new(mac_of(US).into());
    let mut iface = Interface::new(config, cable, Instant::ZERO);
    iface.update_ip_addrs(|addresses| addresses.push(cidr()).unwrap());
    let mut sockets = SocketSet::new(Vec::new());
    let handles = (0..setup.connections).map(|_| {
        let buffer = |len| tcp::SocketBuffer::new(vec![0; len]);
        let mut socket = tcp::Socket::new(buffer(setup.receive), buffer(setup.transmit));
        socket.set_nagle_enabled(false);
        if setup.listens {
            socket.listen(PORT).unwrap();
        }
        sockets.add(socket)
    });
    let handles = handles.collect();
    Subject::Alone {
        iface: Box::new(iface),
        sockets,
        handles,
    }
}

fn node(setup: &Setup) -> Subject {
    let mut config = Config::new(mac_of(US), cidr(), [setup.secret; 16]);
    config.limits = setup.limits;
    config.mss = setup.mss;
    let sizes = Sizes {
        connections: setup.connections,
        receive: setup.receive,
        transmit: setup.transmit,
        time_waits: setup.time_waits,
        backlog: usize::from(setup.backlog),
        ports: 1,
        datagrams: 256,
        events: setup.events,
        ..Sizes::default()
    };
    let mut node = Node::new(config, Memory::heap(sizes), Instant::ZERO).unwrap();
    if setup.listens {
        node.listen(PORT, setup.backlog).unwrap();
    }
    Subject::Node {
        node: Box::new(node),
        handle: None,
    }
}

impl Lab {
    pub(crate) fn new(column: Column, setup: Setup) -> Self {
        let mut cable = Cable::default();
        let subject = match column {
            Column::Alone => alone(&setup, &mut cable),
            Column::Node => node(&setup),
        };
        let mut lab = Self {
            subject,
            cable,
            now: Instant::from_millis(1000),
            answers: true,
            snd: 1000,
            rcv: 0,
            port: PORT,
            accepts: setup.accepts,
            noted: None,
        };
        trail::note(lab.now, "a fresh subject");
        lab.cable.inbox.push_back(arp_reply(PEER));
        lab.work();
        lab
    }

    /// A subject that serves a port with one connection.
    pub(crate) fn server(column: Column) -> Self {
        Self::new(column, Setup::default())
    }

    /// A subject that serves nothing, and can call.
    pub(crate) fn client(column: Column) -> Self {
        let listens = false;
        let setup = Setup::default();
        Self::new(column, Setup { listens, ..setup })
    }

    /// The node, where only a node is asked for.
    pub(crate) fn node(&mut self) -> &mut Node<'static> {
        match &mut self.subject {
            Subject::Node { node, .. } => node,
            Subject::Alone { .. } => panic!("not a node"),
        }
    }

    pub(crate) fn is_node(&self) -> bool {
        matches!(self.subject, Subject::Node { .. })
    }

    /// Lets the subject take in what is there and send what it can; says what it sent.
    pub(crate) fn work(&mut self) -> Vec<Segment> {
        let mut sent = Vec::new();
        for _ in 0..10_000 {
            let waiting = self.cable.inbox.len();
            match &mut self.subject {
                Subject::Alone { iface, sockets, .. } => {
                    panics::of_smoltcp(|| iface.poll(self.now, &mut self.cable, sockets));
                }
                Subject::Node { node, handle } => {
                    let _ = node.poll(self.now, &mut self.cable);
                    if self.accepts {
                        *handle = handle.or_else(|| node.accept());
                    }
                }
            }
            if waiting == 0 && self.cable.outbox.is_empty() {
                self.note_state();
                return sent;
            }
            while let Some(frame) = self.cable.outbox.pop_front() {
                self.answer_arp(&frame);
                sent.extend(Segment::parse(&frame));
            }
        }
        panic!("the subject never comes to rest");
    }

    fn answer_arp(&mut self, frame: &[u8]) {
        let frame = EthernetFrame::new_unchecked(frame);
        if !self.answers || frame.ethertype() != EthernetProtocol::Arp {
            return;
        }
        let packet = ArpPacket::new_checked(frame.payload()).unwrap();
        if let Ok(ArpRepr::EthernetIpv4 {
            operation: ArpOperation::Request,
            target_protocol_addr,
            ..
        }) = ArpRepr::parse(&packet)
            && target_protocol_addr != US
        {
            self.cable.inbox.push_back(arp_reply(target_protocol_addr));
        }
    }

    /// Gives the subject a segment; says what it sent at once.
    pub(crate) fn give(&mut self, segment: &Segment) -> Vec<Segment> {
        self.cable.inbox.push_back(segment.frame());
        self.work()
    }

    /// Lets time pass; says what the subject sent.
    pub(crate) fn wait(&mut self, duration: Duration) -> Vec<Segment> {
        let end = self.now + duration;
        let mut sent = self.work();
        while let Some(more) = self.wait_for_deadline(end) {
            sent.extend(more);
        }
        self.now = end;
        sent.extend(self.work());
        sent
    }

    /// Lets time pass up to the subject's next deadline; says what it sent. `None` if that lies after
    /// `end`: then no time passed.
    pub(crate) fn wait_for_deadline(&mut self, end: Instant) -> Option<Vec<Segment>> {
        let next = match &mut self.subject {
            Subject::Alone { iface, sockets, .. } => iface.poll_at(self.now, sockets),
            Subject::Node { node, .. } => node.poll_egress(self.now, &mut self.cable),
        };
        let next = next.filter(|next| *next <= end)?;
        let forced = self.now + Duration::from_millis(1);
        self.now = if next > self.now { next } else { forced };
        Some(self.work())
    }

    pub(crate) fn wait_secs(&mut self, secs: u64) -> Vec<Segment> {
        self.wait(Duration::from_secs(secs))
    }

    /// A segment of the peer's with its present numbers: an acknowledgment.
    pub(crate) fn ack(&self) -> Segment {
        Segment {
            dst_port: self.port,
            seq: self.snd,
            ack: Some(self.rcv),
            ..Segment::default()
        }
    }

    /// The peer's SYN.
    pub(crate) fn syn(&self) -> Segment {
        Segment {
            ack: None,
            mss: Some(1460),
            ..self.ack()
        }
        .syn()
    }

    /// The peer's reset, at its next number.
    pub(crate) fn reset(&self) -> Segment {
        let ack = None;
        Segment { ack, ..self.ack() }.rst()
    }

    /// Opens to SYN-RECEIVED; says what the SYN drew.
    pub(crate) fn half_open(&mut self) -> Vec<Segment> {
        self.half_open_by(&self.syn())
    }

    fn half_open_by(&mut self, syn: &Segment) -> Vec<Segment> {
        let sent = self.give(syn);
        self.snd += 1;
        if let Some(syn_ack) = sent.iter().find(|it| it.is_syn()) {
            self.rcv = syn_ack.seq.wrapping_add(1);
        }
        sent
    }

    /// Opens to ESTABLISHED by this SYN; says what it drew.
    pub(crate) fn establish_by(&mut self, syn: &Segment) -> Vec<Segment> {
        let sent = self.half_open_by(syn);
        self.give(&self.ack());
        assert_eq!(self.state(), State::Established, "the scene is set");
        sent
    }

    /// A passive open by the peer, to ESTABLISHED.
    pub(crate) fn established(column: Column) -> Self {
        Self::established_with(column, Setup::default())
    }

    pub(crate) fn established_with(column: Column, setup: Setup) -> Self {
        let mut lab = Self::new(column, setup);
        lab.establish_by(&lab.syn());
        lab
    }

    /// An active open by the subject, up to its SYN; says what it sent.
    pub(crate) fn opening(column: Column) -> (Self, Vec<Segment>) {
        let mut lab = Self::client(column);
        let sent = lab.connect(IpEndpoint::new(PEER.into(), 40_000));
        let sent = sent.expect("connecting works");
        assert_eq!(lab.state(), State::SynSent, "the scene is set");
        (lab, sent)
    }

    /// Lets the subject connect; `None` if it refuses to.
    pub(crate) fn connect(&mut self, remote: IpEndpoint) -> Option<Vec<Segment>> {
        trail::note(self.now, "OPEN");
        match &mut self.subject {
            Subject::Alone {
                iface,
                sockets,
                handles,
            } => {
                let socket = sockets.get_mut::<tcp::Socket<'_>>(handles[0]);
                socket.connect(iface.context(), remote, 50_000).ok()?;
            }
            Subject::Node { node, handle } => {
                *handle = Some(node.connect(self.now, remote).ok()?);
            }
        }
        let sent = self.work();
        if let Some(syn) = sent.iter().find(|it| it.is_syn()) {
            self.rcv = syn.seq.wrapping_add(1);
            self.port = syn.src_port;
        }
        Some(sent)
    }

    /// The state of the first connection, or of the listener that waits for one.
    pub(crate) fn state(&mut self) -> State {
        let (now, port) = (self.now, self.port);
        match &mut self.subject {
            Subject::Alone {
                sockets, handles, ..
            } => sockets.get_mut::<tcp::Socket<'_>>(handles[0]).state(),
            Subject::Node { node, .. } => {
                let of_peer = |it: &smolchat::node::Status| it.flow.local.port == port;
                let state = node.statuses(now).find(of_peer).map(|it| it.state);
                let served = node.serving().any(|it| it.port == port);
                let idle = if served { State::Listen } else { State::Closed };
                state.unwrap_or(idle)
            }
        }
    }

    fn socket(&mut self) -> Option<&mut tcp::Socket<'static>> {
        match &mut self.subject {
            Subject::Alone {
                sockets, handles, ..
            } => Some(sockets.get_mut(handles[0])),
            Subject::Node { .. } => None,
        }
    }

    /// The node's handle of the connection, before `accept` too.
    pub(crate) fn handle(&mut self) -> Handle {
        let now = self.now;
        match &mut self.subject {
            Subject::Node { node, handle } => handle.unwrap_or_else(|| {
                let id = node.statuses(now).next().expect("a connection").id;
                node.handle_of(id).unwrap()
            }),
            Subject::Alone { .. } => panic!("not a node"),
        }
    }

    /// CLOSE.
    pub(crate) fn close(&mut self) -> Vec<Segment> {
        trail::note(self.now, "CLOSE");
        match self.socket() {
            Some(socket) => socket.close(),
            None => {
                let (now, handle) = (self.now, self.handle());
                self.node().tcp(handle).unwrap().shutdown(now);
            }
        }
        self.work()
    }

    /// ABORT.
    pub(crate) fn abort(&mut self) -> Vec<Segment> {
        trail::note(self.now, "ABORT");
        match self.socket() {
            Some(socket) => socket.abort(),
            None => {
                let (now, handle) = (self.now, self.handle());
                self.node().abort(now, handle);
            }
        }
        self.work()
    }

    /// SEND; says what left.
    pub(crate) fn send(&mut self, data: &[u8]) -> Vec<Segment> {
        trail::note(self.now, &format!("SEND {}", data_name(data)));
        match self.socket() {
            Some(socket) => {
                socket.send_slice(data).unwrap();
            }
            None => {
                let handle = self.handle();
                self.node().tcp(handle).unwrap().send(data).unwrap();
            }
        }
        self.work()
    }

    /// RECEIVE: all there is.
    pub(crate) fn received(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; 1 << 20];
        let count = match self.socket() {
            Some(socket) => socket.recv_slice(&mut buffer).unwrap_or(0),
            None => {
                let handle = self.handle();
                self.node()
                    .tcp(handle)
                    .unwrap()
                    .recv(&mut buffer)
                    .unwrap_or(0)
            }
        };
        buffer.truncate(count);
        trail::note(self.now, &format!("RECEIVE {}", data_name(&buffer)));
        buffer
    }

    /// Closes from the subject's side and brings it to TIME-WAIT.
    pub(crate) fn enter_time_wait(&mut self) {
        self.close();
        self.rcv = self.rcv.wrapping_add(1);
        let fin = self.ack().fin();
        self.give(&fin);
        self.snd += 1;
    }

    /// Closes from the peer's side and brings the subject to LAST-ACK.
    pub(crate) fn enter_last_ack(&mut self) {
        let fin = self.ack().fin();
        self.give(&fin);
        self.snd += 1;
        self.close();
        assert_eq!(self.state(), State::LastAck, "the scene is set");
    }
}

/// A host of the network by its last octet.
pub(crate) const fn host(number: u8) -> Ipv4Address {
    Ipv4Address::new(192, 0, 2, number)
}
