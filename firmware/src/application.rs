//! The chat on the node: what runs on a board, and what its operator sees and asks of it.
//!
//! It is the application that Linux runs, with memory of fixed size. As a room it serves a port; as a
//! guest it serves none, and what the operator types goes to a room elsewhere.

use core::fmt::{self, Write};
use core::mem::MaybeUninit;

use smolchat::app::{self, App, Screen};
use smolchat::chat;
use smolchat::node::storage::{Host, Journal, Storage, Tcp, TimeWaits, Udp};
use smolchat::node::{Config, ConfigError, Ingress, Node, earliest};
#[cfg(feature = "ladder")]
use smolchat::trace::Answer;
use smolchat::trace::Style;
use smolchat_firmware::address::{self, Addressing, News};
use smolchat_firmware::boot::{self, Options};
use smolchat_firmware::guest::{Guest, Order};
use smoltcp::phy::Device;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::EthernetAddress;

use smolboard::console::TRANSMIT_RING;
use smolboard::machine::interrupt::with_console;
use smolboard::machine::operator::Operator;
use smolboard::say;

/// TCP connections open at once.
const CONNECTIONS: usize = 8;
/// Members over UDP, and the operator.
const GUESTS: usize = 8 + 1;
/// Octets of each connection's receive buffer: a longest message with its line end.
pub(crate) const RECEIVE: usize = chat::framing::SCRATCH;
/// Octets of each connection's transmit buffer: a longest line and the last words.
pub(crate) const TRANSMIT: usize = chat::LINE_MAX + chat::LAST_WORDS_MAX;
/// Connections in TIME-WAIT.
const TIME_WAITS: usize = 32;
/// SYNs that may wait for a free connection.
const BACKLOG: u16 = if cfg!(feature = "whole-host") { 8 } else { 0 };
/// A power of two above connections and TIME-WAIT entries together.
const FLOWS: usize = 64;
/// Events remembered: by ladders. With IPv6 each is larger, so that fewer fit into the same memory.
const EVENTS: usize = match (cfg!(feature = "ladder"), cfg!(feature = "ipv6")) {
    (false, _) => 0,
    (true, true) => 124,
    (true, false) => 256,
};
/// Octets of UDP payload that may wait, each way: a longest line fits.
pub(crate) const DATAGRAMS: usize = chat::LINE_MAX;
/// Datagrams that may wait, each way.
const PACKETS: usize = 10;
/// How often a silent member is probed; one that answers none of three is gone.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// The longest frame, its check sequence not counted.
const FRAME: usize = 1514;
/// Tables and ladders that may be on their way at once.
const RESPONSES: usize = 2;
/// Ladders drawn live at once; of further connections the changes of state are told.
const WATCHED: usize = 3;

// A longest line, or a part of a ladder with its heading, is said at once.
const _: () = assert!(TRANSMIT_RING >= chat::LINE_MAX + 20);

pub(crate) type NodeMemory = Storage<
    Tcp<'static, CONNECTIONS, RECEIVE, TRANSMIT, 2, { BACKLOG as usize }>,
    TimeWaits<TIME_WAITS, FLOWS>,
    Udp<'static, 1, PACKETS, DATAGRAMS>,
    Journal<EVENTS>,
    Host<'static, FRAME>,
>;
pub(crate) type AppMemory = app::Storage<CONNECTIONS, { CONNECTIONS + GUESTS }, RESPONSES, WATCHED>;

/// All memory of the node and of the chat. Every octet is zero: it costs no flash.
pub(crate) struct Memory {
    pub(crate) node: NodeMemory,
    pub(crate) app: AppMemory,
}

impl Memory {
    pub(crate) const fn new() -> Self {
        Self {
            node: NodeMemory::new(),
            app: AppMemory::new(),
        }
    }
}

/// The operator's screen.
struct Terminal;

impl Write for Terminal {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        Operator.write_str(text)
    }
}

impl Screen for Terminal {
    fn room(&self) -> usize {
        // Each line feed becomes two octets; a part of a ladder has fewer of them than this.
        with_console(|console| console.room()).saturating_sub(16)
    }
}

/// The node and its application, which live in the caller's frame: moving them there would need their
/// memory twice.
pub(crate) struct Application<'m> {
    node: &'m mut Node<'static>,
    app: &'m mut App<'static>,
    addressing: Addressing,
    role: Role,
}

/// What the board is in the chat.
enum Role {
    /// A room, once there is an address: the port it is at.
    Room { port: u16, open: bool },
    /// A guest in a room elsewhere.
    Guest(Guest),
}

impl<'m> Application<'m> {
    pub(crate) fn new(
        options: &Options,
        now: Instant,
        node: &'m mut Node<'static>,
        app: &'m mut App<'static>,
    ) -> Self {
        let addressing = Addressing::start(options, node, now);
        if addressing.asks() {
            say!("asking for an address");
        }
        if !cfg!(feature = "ladder") && options.live {
            say!("no ladders are drawn live: they are not in this image");
        }
        let guest = options.join.and_then(|room| Guest::joining(room.into()));
        if !cfg!(feature = "guest") && options.join.is_some() {
            say!("boot option join: being a guest is not in this image, so this is a room");
        }
        let role = match guest {
            Some(guest) => Role::Guest(guest),
            None => Role::Room {
                port: options.port,
                open: false,
            },
        };
        Self {
            node,
            app,
            addressing,
            role,
        }
    }

    /// One round: frames in, the application, segments out. When the next one is due at the latest.
    pub(crate) fn poll<D: Device>(&mut self, now: Instant, device: &mut D) -> Option<Instant> {
        let ingress = self.take_frames(now, device);
        self.run(now);
        let egress = self.send_frames(now, device);
        let guest = match &self.role {
            Role::Guest(guest) => guest.deadline(),
            Role::Room { .. } => None,
        };
        let more = (ingress == Ingress::More).then_some(now);
        earliest(&[
            more,
            egress,
            self.app.deadline(),
            self.addressing.deadline(),
            guest,
        ])
    }

    // The steps are not inlined: each has the stack for itself.

    #[inline(never)]
    fn take_frames<D: Device>(&mut self, now: Instant, device: &mut D) -> Ingress {
        #[cfg(feature = "ipv6")]
        let device = &mut self.addressing.slaac.overhear(device);
        self.node.poll_ingress(now, device)
    }

    #[inline(never)]
    fn run(&mut self, now: Instant) {
        if let Some(news) = self.addressing.poll(now, self.node) {
            self.address_changed(now, news);
        }
        if let Role::Guest(guest) = &mut self.role {
            guest.run(now, self.node, &mut Terminal);
        }
        self.app.run(now, self.node, &mut Terminal);
    }

    #[inline(never)]
    fn send_frames<D: Device>(&mut self, now: Instant, device: &mut D) -> Option<Instant> {
        #[cfg(feature = "ipv6")]
        if let Some(question) = self.addressing.slaac.question(now) {
            // One that finds no room is asked again.
            self.node.send_frame(now, device, &question);
        }
        let deadline = self.node.poll_egress(now, device);
        self.app.show(now, self.node, &mut Terminal);
        deadline
    }

    #[inline(never)]
    fn address_changed(&mut self, now: Instant, news: News) {
        match news {
            News::Obtained(address) => say!("address: {address}, station {}", self.node.mac()),
            News::Lost => say!("address lost: the lease ended; every connection is over"),
            #[cfg(feature = "ipv6")]
            News::Advertised(address) => say!("address: {} (SLAAC)", address.cidr),
            #[cfg(feature = "ipv6")]
            News::Expired => say!("address lost: the router's prefix ended"),
        }
        match (&mut self.role, news) {
            (Role::Room { port, open }, _) if !*open => {
                *open = true;
                // The first port of each kind, so neither is in use.
                let _ = self.node.listen(*port, BACKLOG);
                let _ = self.node.bind(*port);
                say!("listening on port {port}");
            }
            (Role::Guest(guest), News::Obtained(_)) => guest.address_obtained(now),
            (Role::Room { .. } | Role::Guest(_), _) => {}
        }
    }

    /// Does what the operator typed.
    #[inline(never)]
    pub(crate) fn obey(&mut self, now: Instant, line: &[u8]) {
        let ours = match &mut self.role {
            Role::Room { .. } => return self.app.console(now, self.node, &mut Terminal, line),
            Role::Guest(guest) => guest.order(now, self.node, &mut Terminal, line),
        };
        if let Order::Ours(line) = ours {
            self.app
                .console(now, self.node, &mut Terminal, line.as_bytes());
        }
    }

    /// Says how many connections there are: nobody counts more in this image.
    #[cfg(not(feature = "ladder"))]
    pub(crate) fn describe(&self) {
        let open = self.node.capacity() - self.node.free();
        say!(
            "node: {open} connections open, {} in TIME-WAIT",
            self.node.time_waiting()
        );
    }

    /// Says how many segments there were, and what became of frames that were not passed on.
    #[cfg(feature = "ladder")]
    #[inline(never)]
    pub(crate) fn describe(&self) {
        let counters = self.node.journal().counters();
        say!(
            "node: {} connections so far, {} segments received, {} sent; {} frames dropped, {} SYNs held, {} answered by cookie",
            counters.opened,
            counters.segments_in,
            counters.segments_out,
            counters.dropped_in_all(),
            counters.held,
            counters.answered(Answer::SynCookie)
        );
    }

    /// Says one record of the journal as it is, for comparison with another node's.
    #[cfg(all(feature = "drill", feature = "ladder"))]
    pub(crate) fn say_record(&self, number: &[u8]) {
        let number = core::str::from_utf8(number).ok();
        let number = number.and_then(|number| number.parse().ok());
        let journal = self.node.journal();
        match number.and_then(|number| journal.since(number).1.next()) {
            Some((_, event)) => say!("record: {} {:?}", event.at().total_micros(), event.kind()),
            None => say!("record: none"),
        }
    }

    /// Whether the operator ended it, and everybody has been told.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        match &self.role {
            Role::Guest(guest) => guest.is_over(self.node),
            Role::Room { .. } => self.app.is_over(now, self.node),
        }
    }
}

/// Makes the node in its place. A function of its own, so that the stack it needs is free again before the
/// run loop.
#[inline(never)]
pub(crate) fn make_node(
    station: EthernetAddress,
    seed: u64,
    now: Instant,
    memory: &'static mut NodeMemory,
    place: &'static mut MaybeUninit<Node<'static>>,
) -> Result<&'static mut Node<'static>, ConfigError> {
    let mut config = Config::new(station, address::NONE, boot::secret(seed));
    config.limits.keep_alive = Some(KEEP_ALIVE);
    config.limits.keep_alive_timeout = KEEP_ALIVE * 3;
    Node::new_in(place, config, memory.memory(), now)
}

/// Makes the room in its place, for the same reason.
#[inline(never)]
pub(crate) fn make_app(
    live: bool,
    seed: u64,
    now: Instant,
    memory: &'static mut AppMemory,
    place: &'static mut MaybeUninit<App<'static>>,
) -> &'static mut App<'static> {
    let config = app::Config {
        limits: chat::Limits::default(),
        secret: boot::join_secret(seed),
        style: Style::ASCII.with_tags(),
        live,
    };
    place.write(App::new(now, memory.memory(), config))
}
