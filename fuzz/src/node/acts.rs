//! Carrying out a plan.

use smolchat::node::Handle;
use smoltcp::time::Duration;
use smoltcp::wire::{EthernetAddress, IpAddress, IpEndpoint};

use super::hosts::{self, PORT};
use super::plan::{Action, Call, Control, Forged, Noise, Options, Segment};
use super::talk::{Piece, Talk, fill};
use super::world::World;
use crate::frames::{self, Link, Tcp};
use crate::text::TEXTS;

pub(super) const FIN: u8 = 1;
pub(super) const SYN: u8 = 2;
pub(super) const RST: u8 = 4;
pub(super) const PSH: u8 = 8;
pub(super) const ACK: u8 = 16;

/// How long a wait is: within a round trip, a delayed acknowledgment, retransmissions, 2 MSL, the rest.
const WAITS: [Duration; 12] = [
    Duration::from_millis(1),
    Duration::from_millis(10),
    Duration::from_millis(40),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_millis(1000),
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(31),
    Duration::from_secs(61),
    Duration::from_secs(121),
    Duration::from_secs(200),
];

/// A segment that is about to be sent.
#[derive(Default)]
pub(super) struct Draft<'o> {
    pub(super) header: Tcp<'o>,
    pub(super) len: usize,
    pub(super) salt: u8,
    /// What the data is, if not what the numbers say.
    pub(super) text: Option<&'static [u8]>,
}

impl Draft<'_> {
    /// The number of the first octet of data: a SYN has one of its own.
    fn first(&self) -> u32 {
        let syn = self.header.flags & SYN != 0;
        self.header.seq.wrapping_add(syn.into())
    }
}

impl World {
    pub fn act(&mut self, action: &Action) {
        match action {
            Action::Honest { talk, step } => {
                self.step(usize::from(*talk) % self.talks.len(), *step)
            }
            Action::Segment(segment) => self.segment(segment),
            Action::Datagram {
                host,
                port,
                to,
                text,
            } => {
                let remote = hosts::address((*host).into());
                let endpoints = (
                    IpEndpoint::new(remote, *port),
                    IpEndpoint::new(hosts::ours(remote), *to),
                );
                let mut frame = self.cable.empty();
                let text = TEXTS[usize::from(*text) % TEXTS.len()];
                frames::udp(&mut frame, hosts::link(remote), endpoints, text);
                self.inject(frame);
            }
            Action::Talk(control) => self.control(*control),
            Action::Noise(noise) => self.noise(noise),
            Action::Call(call) => {
                self.call(*call);
                if !self.together {
                    self.work();
                }
            }
            Action::Wait(which) => self.wait(WAITS[usize::from(*which) % WAITS.len()]),
            Action::Device { blocked } => self.cable.blocked = *blocked,
            Action::Together(together) => {
                self.together = *together;
                self.work();
            }
        }
    }

    /// Octets of data that fit a frame.
    pub(super) fn longest(&self) -> usize {
        if self.setup.offload {
            20_000
        } else {
            // The peer's network may be larger than ours: the device takes what comes.
            1460
        }
    }

    /// Sends a segment of a conversation.
    pub(super) fn send(&mut self, talk: usize, draft: Draft<'_>) {
        let link = hosts::link(self.talks[talk].flow.remote.addr);
        let flow = self.talks[talk].flow;
        self.send_as(talk, draft, link, (flow.remote, flow.local), false);
    }

    /// Sends a segment without data.
    pub(super) fn send_bare(&mut self, talk: usize, header: Tcp<'_>) {
        let draft = Draft {
            header,
            ..Draft::default()
        };
        self.send(talk, draft);
    }

    fn send_as(
        &mut self,
        talk: usize,
        draft: Draft<'_>,
        link: Link,
        endpoints: (IpEndpoint, IpEndpoint),
        extended: bool,
    ) {
        let mut frame = self.cable.empty();
        let header = draft.header;
        let first = draft.first();
        frames::tcp(
            &mut frame,
            link,
            endpoints,
            header,
            draft.len,
            |octets| match draft.text {
                Some(text) => octets.copy_from_slice(&text[..octets.len()]),
                None => fill(octets, first, draft.salt),
            },
        );
        if extended {
            frames::extend(&mut frame);
        }
        self.remember(talk, &draft);
        self.inject(frame);
    }

    /// Keeps in mind which octets were on their way, and how many of them the window let in.
    fn remember(&mut self, talk: usize, draft: &Draft<'_>) {
        if draft.len == 0 || self.app.is_some() {
            return;
        }
        let alone = !self.together && self.cable.inbox.is_empty();
        let talk = &mut self.talks[talk];
        let syn = draft.header.flags & SYN != 0;
        let seq = draft.first();
        let len = draft.len as u32;
        let room = talk.far_edge.wrapping_sub(seq) as i32;
        let welcome = if alone && talk.heard_syn_ack && !syn {
            len.min(room.max(0) as u32)
        } else {
            len
        };
        talk.pieces.push(Piece {
            seq,
            salt: draft.salt,
            welcome,
        });
    }

    fn segment(&mut self, segment: &Segment) {
        let at = usize::from(segment.talk) % self.talks.len();
        let options = options(segment.options);
        let longest = self.longest();
        let talk = &mut self.talks[at];
        // Where a segment begins may depend on its length, and the other way round: one of both is first.
        let guess = talk.len(segment.len, talk.expected, longest);
        let seq = talk.seq(segment.seq.0, segment.seq.1, guess as u32);
        let len = talk.len(segment.len, seq, longest);
        let header = Tcp {
            seq,
            ack: talk.ack(segment.ack.0, segment.ack.1),
            flags: segment.flags,
            window: segment.window,
            options: &options,
        };
        if segment.flags & SYN != 0 && segment.forged == Forged::Nothing {
            talk.scales.1 = match segment.options {
                Options::Syn { scale, .. } => scale,
                _ => None,
            };
        }
        let salt = talk.salt ^ if segment.false_data { 0x55 } else { 0 };
        let draft = Draft {
            header,
            len,
            salt,
            text: None,
        };
        let (link, endpoints) = forge(talk, segment.forged);
        self.send_as(
            at,
            draft,
            link,
            endpoints,
            segment.forged == Forged::Extension,
        );
    }

    fn control(&mut self, control: Control) {
        let mut frame = self.cable.empty();
        match control {
            Control::Ask { host, ours, probe } => {
                let src = hosts::address(host.into());
                let target = if ours {
                    hosts::ours(src)
                } else {
                    hosts::address(0)
                };
                let nobody = match src {
                    IpAddress::Ipv4(_) => IpAddress::v4(0, 0, 0, 0),
                    IpAddress::Ipv6(_) => IpAddress::v6(0, 0, 0, 0, 0, 0, 0, 0),
                };
                let from = if probe { nobody } else { src };
                frames::ask(&mut frame, hosts::link(src), from, target);
            }
            Control::Tell { host, lie } => {
                let src = hosts::address(host.into());
                let mut link = hosts::link(src);
                if lie {
                    link.from = EthernetAddress([2, 0, 0, 0, 9, host]);
                }
                frames::tell(&mut frame, link, src, hosts::ours(src));
            }
            Control::Unreachable { talk, code, seq } => {
                let talk = &self.talks[usize::from(talk) % self.talks.len()];
                unreachable(&mut frame, talk, code, seq);
            }
            Control::Ping { host, len } => {
                let src = hosts::address(host.into());
                let kind = if matches!(src, IpAddress::Ipv4(_)) {
                    8
                } else {
                    128
                };
                let rest = [7; 255];
                let addresses = (src, hosts::ours(src));
                let rest = &rest[..len.into()];
                frames::icmp(&mut frame, hosts::link(src), addresses, (kind, 0), rest);
            }
        }
        if !frame.is_empty() {
            self.inject(frame);
        }
    }

    fn noise(&mut self, noise: &Noise) {
        let Some(at) = usize::from(noise.of).checked_rem(self.last.len()) else {
            return;
        };
        let mut frame = self.last[at].clone();
        for (at, octet) in noise.changes {
            if let Some(at) = usize::from(at).checked_rem(frame.len()) {
                frame[at] = octet;
            }
        }
        if noise.keep < 255 {
            frame.truncate(noise.keep.into());
        }
        if noise.mended {
            frames::mend(&mut frame);
        }
        self.remember_noise(&frame);
        self.inject(frame);
    }

    /// What a changed frame carries is not known: whatever comes of it is let pass from now on.
    fn remember_noise(&mut self, _: &[u8]) {
        self.streams.trusting = true;
    }

    fn call(&mut self, call: Call) {
        let now = self.now;
        match call {
            Call::Listen(true) => {
                let _ = self.node.listen(PORT, self.setup.backlog);
            }
            Call::Listen(false) => self.node.unlisten(PORT),
            Call::Connect { host, port } => {
                let remote = IpEndpoint::new(hosts::address(host.into()), 40_000 + u16::from(port));
                if let Ok(handle) = self.node.connect(now, remote) {
                    self.opened(handle);
                }
            }
            Call::ConnectFrom { host } => {
                let remote = IpEndpoint::new(hosts::address(host.into()), 40_000);
                if let Ok(handle) = self.node.connect_from(now, 9001, remote) {
                    self.opened(handle);
                }
            }
            Call::Send { handle, len } => self.with(handle, |world, handle| {
                world.streams.send(&mut world.node, handle, len.into());
            }),
            Call::Receive { handle, len, peek } => self.with(handle, |world, handle| {
                let World {
                    streams,
                    node,
                    ledger,
                    talks,
                    ..
                } = world;
                streams.receive(node, handle, len.into(), peek, ledger, talks);
            }),
            Call::Shutdown(handle) => self.with(handle, |world, handle| {
                if let Some(mut socket) = world.node.tcp(handle) {
                    socket.shutdown(now);
                }
            }),
            Call::Close(handle) => self.with(handle, |world, handle| {
                if let Some(socket) = world.node.tcp(handle) {
                    socket.close(now);
                }
                world.streams.forget(handle);
            }),
            Call::Abort(handle) => self.with(handle, |world, handle| {
                world.node.abort(now, handle);
                world.streams.forget(handle);
            }),
            Call::SetAddresses(which) => self.set_addresses(which),
            Call::SendTo { host, len } => {
                let remote = IpEndpoint::new(hosts::address(host.into()), 7);
                if let Some(mut socket) = self.node.udp(PORT) {
                    let _ = socket.send_to(now, remote, &[b'x'; 255][..len.into()]);
                }
            }
            Call::Console(which) => {
                let line = TEXTS[usize::from(which) % TEXTS.len()];
                if let Some(app) = &mut self.app {
                    app.console(now, &mut self.node, &mut self.screen, line);
                }
            }
        }
    }

    /// A connection that the application opened takes the place of an old conversation.
    fn opened(&mut self, handle: Handle) {
        self.streams.hold(handle);
        let Some(status) = self.node.status(handle) else {
            return;
        };
        let host = (0..hosts::HOSTS).find(|host| hosts::address(*host) == status.flow.remote.addr);
        let Some(host) = host else { return };
        let isn = self.talks[host].next.wrapping_add(77_777);
        if self.talks[host].flow == status.flow {
            self.talks[host].begin_anew(isn);
        } else {
            self.talks[host] = Talk::new(status.flow, isn);
        }
    }

    fn with(&mut self, which: u8, work: impl FnOnce(&mut Self, Handle)) {
        if let Some(handle) = self.handle(which) {
            work(self, handle);
        }
    }

    fn set_addresses(&mut self, which: u8) {
        let all = hosts::networks(self.setup.mtu >= 1280);
        let networks = match which % 4 {
            0 => &all[..1],
            1 => &all[all.len() - 1..],
            2 => &[],
            _ => &all[..],
        };
        let gateways: &[IpAddress] = if which & 4 == 0 {
            &[hosts::GATEWAY]
        } else {
            &[]
        };
        let _ = self.node.set_addresses(self.now, networks, gateways);
    }
}

/// Where a forged segment comes from, and where it goes.
fn forge(talk: &Talk, forged: Forged) -> (Link, (IpEndpoint, IpEndpoint)) {
    let (mut src, mut dst) = (talk.flow.remote, talk.flow.local);
    let mut link = hosts::link(src.addr);
    match forged {
        Forged::Nothing | Forged::Extension => {}
        Forged::Hardware => link.from = EthernetAddress([2, 0, 0, 0, 9, 9]),
        Forged::Port => src.port ^= 1,
        Forged::To => dst.port ^= 3,
        Forged::Source => src.addr = hosts::ours(src.addr),
        Forged::Everybody => link.to = EthernetAddress::BROADCAST,
    }
    (link, (src, dst))
}

fn options(options: Options) -> Vec<u8> {
    match options {
        Options::None => Vec::new(),
        Options::Wrong => vec![2, 0, 3, 9],
        Options::Sack => vec![1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2],
        Options::Syn { mss, scale, sack } => {
            let mut octets = Vec::new();
            if let Some(mss) = mss {
                octets.extend([2, 4]);
                octets.extend(mss.to_be_bytes());
            }
            if let Some(scale) = scale {
                octets.extend([1, 3, 3, scale]);
            }
            if sack {
                octets.extend([1, 1, 4, 2]);
            }
            octets
        }
    }
}

/// A router's word about a segment that the node sent.
fn unreachable(frame: &mut Vec<u8>, talk: &Talk, code: u8, seq: i8) {
    let flow = talk.flow;
    let numbers = Tcp {
        seq: talk.snd_una.wrapping_add_signed(seq.into()),
        flags: ACK,
        ..Tcp::default()
    };
    let back = Link {
        from: hosts::mac(),
        to: hosts::mac_of(flow.remote.addr),
    };
    let mut about = Vec::new();
    frames::tcp(
        &mut about,
        back,
        (flow.local, flow.remote),
        numbers,
        0,
        |_| {},
    );
    let kind = if matches!(flow.remote.addr, IpAddress::Ipv4(_)) {
        3
    } else {
        1
    };
    let addresses = (flow.remote.addr, flow.local.addr);
    let link = hosts::link(flow.remote.addr);
    frames::icmp(
        frame,
        link,
        addresses,
        (kind, code % 16),
        &about[frames::ETHERNET..],
    );
}
