//! One connection: a set of one smoltcp socket, and what the node knows about it besides.

use managed::ManagedSlice;
use smoltcp::iface::{SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::tcp;
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpAddress, IpEndpoint};

use super::answers::Answers;
use super::numbers::Numbers;
use super::slot_id::SlotId;
use crate::trace::{ConnectionId, Ending, Flow, Header, Mark, State};

/// The application's reference to a connection. It becomes stale when the connection is over and the application has
/// closed it: from then on every call reports that, and never affects a connection that has taken its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Handle {
    // Open to the sockets, which check it against the slot.
    pub(super) slot: SlotId,
    pub(super) id: ConnectionId,
}

impl Handle {
    /// The number of the connection in the journal.
    pub const fn id(self) -> ConnectionId {
        self.id
    }

    /// The connection's slot: a number below [`Node::capacity`](super::Node::capacity) that no other live connection
    /// has. For tables that the application keeps in parallel to the node's.
    pub const fn slot(self) -> usize {
        self.slot.number()
    }
}

/// What the node knows of a connection besides its socket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Connection {
    // Open to TCP, which keeps it in step with smoltcp's socket: what one file sees another one acts on.
    /// 0 while the slot is free.
    pub(super) id: ConnectionId,
    pub(super) flow: Flow,
    pub(super) hash: u32,
    /// The state that the journal knows.
    pub(super) state: State,
    /// Since when.
    pub(super) since: Instant,
    pub(super) numbers: Numbers,
    /// When something acceptable was last received.
    pub(super) heard: Instant,
    /// When the oldest unacknowledged segment first left, or the last acknowledgment of it.
    pub(super) waiting_since: Instant,
    /// What the gate may still answer it.
    pub(super) answers: Answers,
    /// The hardware address that the peer's acceptable segments come from.
    pub(super) neighbor: Option<EthernetAddress>,
    /// Why it is over, once it is.
    pub(super) ending: Option<Ending>,
    pub(super) flags: Flags,
}

/// Yes-or-no facts of a connection.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    // Open for the same reason as the connection that they belong to.
    /// Opened by the peer.
    pub(super) passive: bool,
    /// The application has been given it.
    pub(super) accepted: bool,
    /// The application let go of it.
    pub(super) orphaned: bool,
    /// CLOSE was called in SYN-RECEIVED and waits for ESTABLISHED (RFC 9293 section 3.10.4), or in
    /// CLOSE-WAIT and waits for the window.
    pub(super) close_deferred: bool,
    /// Its segments no longer reach it: it is over, or in TIME-WAIT without a socket.
    pub(super) unlinked: bool,
    /// The application found no room to send, and wants to know when there is some.
    pub(super) wants_room: bool,
    /// The last segment that smoltcp saw was a reset.
    pub(super) was_reset: bool,
    /// What went to its hardware address was acknowledged from there.
    pub(super) reached: bool,
    /// Its last segment came from another one, and nobody confirmed that yet.
    pub(super) moved: bool,
    /// R1 was reported.
    pub(super) slow_reported: bool,
}

const NOWHERE: IpEndpoint = IpEndpoint {
    addr: IpAddress::v4(0, 0, 0, 0),
    port: 0,
};

impl Connection {
    /// No connection.
    pub(super) const NONE: ConnectionId = ConnectionId(0);

    /// A free slot.
    pub(super) fn none() -> Self {
        Self {
            id: Self::NONE,
            flow: Flow {
                local: NOWHERE,
                remote: NOWHERE,
            },
            hash: 0,
            state: State::Closed,
            since: Instant::ZERO,
            numbers: Numbers::default(),
            heard: Instant::ZERO,
            waiting_since: Instant::ZERO,
            answers: Answers::NONE,
            neighbor: None,
            ending: None,
            flags: Flags::default(),
        }
    }

    /// Whether the slot carries a connection.
    pub(super) fn is_live(&self) -> bool {
        self.id != Self::NONE
    }

    /// Takes into account that a segment left; `advertised`: smoltcp knows of the window in it.
    pub(super) fn has_sent(&mut self, now: Instant, header: &Header, advertised: bool, mark: Mark) {
        if self.numbers.all_acknowledged() && header.sequence_len() > 0 {
            self.waiting_since = now;
        }
        self.numbers.sent(header);
        // smoltcp forgets what a probe advertised.
        let probe = matches!(mark, Mark::WindowProbe | Mark::KeepAlive);
        if advertised && !probe {
            self.numbers.advertised(header);
        }
    }

    /// The same of a segment with nothing that left before.
    #[inline]
    pub(super) fn has_sent_new(&mut self, now: Instant, header: &Header) {
        if header.len > 0 {
            if self.numbers.all_acknowledged() {
                self.waiting_since = now;
            }
            self.numbers.snd_nxt = header.end();
            self.numbers.went_back = false;
        }
        self.numbers.advertised(header);
    }

    /// Whether the peer's FIN was taken in.
    pub(super) fn fin_received(&self) -> bool {
        has_fin(self.state)
    }
}

/// Whether the peer's FIN was taken in, as a connection in this state has.
pub(super) fn has_fin(state: State) -> bool {
    match state {
        State::CloseWait | State::LastAck | State::Closing | State::TimeWait => true,
        State::Closed
        | State::Listen
        | State::SynSent
        | State::SynReceived
        | State::Established
        | State::FinWait1
        | State::FinWait2 => false,
    }
}

/// A place for one connection: its socket with its buffers, for ever, and one connection after another.
pub(super) struct Slot<'a> {
    // Open to TCP: set, socket and connection are used side by side.
    pub(super) set: SocketSet<'a>,
    pub(super) socket: SocketHandle,
    pub(super) connection: Connection,
}

impl<'a> Slot<'a> {
    /// A free slot whose socket receives into `rx` and sends from `tx`.
    ///
    /// `storage` is one place for a socket. Sizes: `rx` bounds what a peer may send ahead of the
    /// application and is the window it is offered; `tx` bounds what may wait for acknowledgment. At
    /// least one MSS each keeps a connection moving; a multiple makes it fast.
    pub(super) fn new(
        storage: impl Into<ManagedSlice<'a, SocketStorage<'a>>>,
        rx: impl Into<ManagedSlice<'a, u8>>,
        tx: impl Into<ManagedSlice<'a, u8>>,
    ) -> Self {
        let mut socket = tcp::Socket::new(tcp::SocketBuffer::new(rx), tcp::SocketBuffer::new(tx));
        // A line of chat must not wait for the acknowledgment of the one before. Lines that wait
        // together still leave together, because egress runs after the application.
        socket.set_nagle_enabled(false);
        let mut set = SocketSet::new(storage);
        let socket = set.add(socket);
        Self {
            set,
            socket,
            connection: Connection::none(),
        }
    }

    pub(super) fn socket(&self) -> &tcp::Socket<'a> {
        self.set.get(self.socket)
    }

    pub(super) fn socket_mut(&mut self) -> &mut tcp::Socket<'a> {
        self.set.get_mut(self.socket)
    }

    /// Returns the socket to CLOSED without a word to the peer.
    ///
    /// smoltcp's `abort` sends a reset at the next opportunity; opening the socket anew forgets that,
    /// and closing it in LISTEN says nothing.
    pub(super) fn silence(&mut self) {
        let socket = self.socket_mut();
        socket.abort();
        // Neither fails: the port is not 0 and the socket is not open.
        let _ = socket.listen(1);
        socket.close();
    }
}
