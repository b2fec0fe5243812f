//! Two nodes on a wire with faults, and the ladder of one of them with its sentences.

use smolchat::capture::{Tee, hear};
use smolchat::device::{Faults, Policy, Wire};
use smolchat::explain::{Said, Teller};
use smolchat::lang::Lang;
use smolchat::node::{Handle, Limits, Node, Sizes};
use smolchat::pair::Clockwork;
use smolchat::trace::{ConnectionId, Event, Follower, Style};
use smoltcp::time::{Duration, Instant};

use crate::pair::{PATIENCE, PORT, Pair, address, node, receive, sizes};
use smolchat::device::Side;
use smoltcp::wire::IpEndpoint;

/// A client `a`, a server `b`, and what each heard.
pub(crate) struct Play {
    pub(crate) a: Node<'static>,
    pub(crate) b: Node<'static>,
    wire: Wire<'static>,
    faults: Faults<'static>,
    said: [Said; 2],
    pub(crate) now: Instant,
    /// The server's connection, if it closes as soon as it reads the end.
    pub(crate) closes: Option<Handle>,
}

impl Play {
    /// The wire does to the client's frames, sent and received, what these policies say. The first frame each way is
    /// about hardware addresses.
    pub(crate) fn new(sent: Policy<'static>, received: Policy<'static>, sizes: Sizes) -> Self {
        let mut play = Self {
            a: node(Side::A, sizes, limits()),
            b: node(Side::B, sizes, limits()),
            wire: Wire::heap(Duration::from_millis(5), 1500, 256),
            faults: Faults::heap(1, sent, received, 1514, 64),
            said: Default::default(),
            now: Instant::ZERO,
            closes: None,
        };
        play.b.listen(PORT, 4).unwrap();
        play
    }

    pub(crate) fn calm() -> Self {
        Self::new(Policy::NONE, Policy::NONE, sizes(4))
    }

    /// A connection from `a` to `b`.
    pub(crate) fn connect(&mut self) -> [Handle; 2] {
        let client = self.call();
        let mut server = None;
        self.until(|play| {
            server = server.or_else(|| play.b.accept());
            server.is_some()
        });
        self.pass(20);
        [client, server.unwrap()]
    }

    /// An active opening of `a`.
    pub(crate) fn call(&mut self) -> Handle {
        self.a.connect(self.now, Pair::server()).unwrap()
    }

    pub(crate) fn until(&mut self, mut until: impl FnMut(&mut Self) -> bool) {
        let found = Clockwork::run_until(self, PATIENCE, |play| until(play).then_some(()));
        assert!(found.is_some(), "it does not come to hold");
    }

    pub(crate) fn pass(&mut self, millis: u64) {
        assert!(self.run_for(Duration::from_millis(millis)));
    }

    /// `a` says something, and `b` reads it.
    pub(crate) fn a_says(&mut self, [client, server]: [Handle; 2], text: &str) {
        self.a.tcp(client).unwrap().send(text.as_bytes()).unwrap();
        let mut heard = Vec::new();
        self.until(|play| {
            heard.extend(receive(&mut play.b, server));
            heard.len() >= text.len()
        });
        assert_eq!(heard, text.as_bytes());
    }

    /// `b` says something, and `a` reads it.
    pub(crate) fn b_says(&mut self, [client, server]: [Handle; 2], text: &str) {
        self.b.tcp(server).unwrap().send(text.as_bytes()).unwrap();
        let mut heard = Vec::new();
        self.until(|play| {
            heard.extend(receive(&mut play.a, client));
            heard.len() >= text.len()
        });
        assert_eq!(heard, text.as_bytes());
    }

    /// `a` ends the connection while what both said is under way.
    pub(crate) fn let_out_and_abort(&mut self, client: Handle) {
        self.step();
        self.a.abort(self.now, client);
        self.pass(100);
    }

    /// The ladder of the first connection as one end saw it, with what the other one's record adds.
    pub(crate) fn ladder(&self, side: Side, lang: Lang) -> String {
        let (node, other, said) = match side {
            Side::A => (&self.a, &self.b, &self.said[0]),
            Side::B => (&self.b, &self.a, &self.said[1]),
        };
        let peer: Vec<Event> = other.journal().iter().map(|(_, event)| *event).collect();
        let mut teller = Teller::new(Some(lang)).with_peer(peer);
        *teller.said() = said.clone();
        let mut text = String::new();
        let mut follower = Follower::new(ConnectionId(1));
        let style = lang.style(&Style::PLAIN);
        let now = self.now;
        teller
            .follow(&mut follower, node.journal(), None, &style, &mut text)
            .unwrap();
        follower.conclude(now, &style, &mut text).unwrap();
        text
    }

    /// Where nobody listens.
    pub(crate) fn elsewhere() -> IpEndpoint {
        IpEndpoint::new(address(Side::B), PORT + 1)
    }
}

fn listen(said: &mut Said, frame: &[u8]) {
    if let Some((key, words)) = hear(frame) {
        said.keep(key, words);
    }
}

/// Short enough to be seen to its end.
fn limits() -> Limits {
    Limits {
        msl: Duration::from_secs(10),
        ..Limits::default()
    }
}

impl Clockwork for Play {
    fn clock(&mut self) -> &mut Instant {
        &mut self.now
    }

    fn step(&mut self) -> Option<Instant> {
        let Self {
            a,
            b,
            wire,
            faults,
            said,
            now,
            closes,
        } = self;
        let [said_a, said_b] = said;
        let next_a = {
            let mut end = wire.end_a();
            let mut faulty = faults.over(&mut end);
            let next = {
                let mut tee = Tee::new(&mut faulty, |_, _, frame: &[u8]| listen(said_a, frame));
                a.poll(*now, &mut tee)
            };
            faulty.flush(*now);
            next
        };
        let mut end = wire.end_b();
        let mut tee = Tee::new(&mut end, |_, _, frame: &[u8]| listen(said_b, frame));
        let _ = b.poll_ingress(*now, &mut tee);
        if let Some(socket) = closes.and_then(|server| b.tcp(server))
            && !socket.may_recv()
        {
            socket.close(*now);
        }
        let next_b = b.poll_egress(*now, &mut tee);
        let all = [next_a, next_b, faults.next_deadline(), wire.next_arrival()];
        all.into_iter().flatten().min()
    }
}
