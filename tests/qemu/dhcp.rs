//! DHCP on a cable of the test's own: a lease granted, prolonged, lost and granted anew; and no server.

use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::socket::udp::{PacketBuffer, PacketMetadata, Socket as UdpSocket};
use smoltcp::wire::{IpEndpoint, Ipv4Address};

use crate::board::{BOARDS, Board, PORT, Plug, Setup, Time};
use crate::cable::{BOARD, HOST, Host, Socket};
use crate::members::is_answer;

/// What a server does with who asks.
#[derive(Clone, Copy)]
pub(crate) struct Lease {
    /// The address it gives.
    pub(crate) address: Ipv4Address,
    /// For how long, in seconds.
    pub(crate) seconds: u32,
    /// Whether it prolongs what it gave, or takes it back.
    pub(crate) prolongs: bool,
}

/// The first lease: long enough for a test to connect and to see it prolonged after its half.
const FIRST: Lease = Lease {
    address: Ipv4Address::new(192, 0, 2, 50),
    seconds: 6,
    prolongs: true,
};
/// Another address, for long.
const SECOND: Lease = Lease {
    address: Ipv4Address::new(192, 0, 2, 51),
    seconds: 3600,
    prolongs: true,
};

/// Octets before the options (RFC 2131 section 2), and what the options begin with.
const FIXED: usize = 236;
const COOKIE: [u8; 4] = [99, 130, 83, 99];
const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const ACK: u8 = 5;
const NAK: u8 = 6;
const MESSAGE_TYPE: u8 = 53;

/// A DHCP server for one client.
pub(crate) struct Server {
    socket: SocketHandle,
    pub(crate) lease: Lease,
    /// What it did so far.
    pub(crate) done: Done,
}

/// How often a server did what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) granted: usize,
    pub(crate) prolonged: usize,
    pub(crate) taken_back: usize,
}

impl Server {
    pub(crate) fn new(sockets: &mut SocketSet<'_>, lease: Lease) -> Self {
        let buffer = || PacketBuffer::new(vec![PacketMetadata::EMPTY; 8], vec![0; 4096]);
        let mut socket = UdpSocket::new(buffer(), buffer());
        socket.bind(67).unwrap();
        Self {
            socket: sockets.add(socket),
            lease,
            done: Done::default(),
        }
    }

    /// Answers what was asked; whether there is something to send now.
    pub(crate) fn serve(&mut self, sockets: &mut SocketSet<'_>) -> bool {
        let socket = sockets.get_mut::<UdpSocket>(self.socket);
        let mut answered = false;
        while let Ok((request, _)) = socket.recv() {
            let Some(answer) = self.answer(request) else {
                continue;
            };
            // The client may have no address yet: everybody hears it.
            let client: IpEndpoint = (Ipv4Address::BROADCAST, 68).into();
            socket.send_slice(&answer, client).unwrap();
            answered = true;
        }
        answered
    }

    fn answer(&mut self, request: &[u8]) -> Option<Vec<u8>> {
        // A client that says where it is wants that to be prolonged.
        let prolong = request[12..16] != [0; 4];
        let kind = match message_type(request)? {
            DISCOVER => OFFER,
            REQUEST if !prolong => {
                self.done.granted += 1;
                ACK
            }
            REQUEST if self.lease.prolongs => {
                self.done.prolonged += 1;
                ACK
            }
            REQUEST => {
                self.done.taken_back += 1;
                NAK
            }
            _ => return None,
        };
        Some(self.message(request, kind))
    }

    fn message(&self, request: &[u8], kind: u8) -> Vec<u8> {
        let mut message = vec![0; FIXED];
        message[..3].copy_from_slice(&[2, 1, 6]); // A reply, over Ethernet.
        message[4..8].copy_from_slice(&request[4..8]); // The client's number for it.
        message[16..20].copy_from_slice(&self.lease.address.octets());
        message[28..44].copy_from_slice(&request[28..44]); // The client's station.
        message.extend(COOKIE);
        message.extend([MESSAGE_TYPE, 1, kind]);
        message.extend([54, 4]); // The server,
        message.extend(HOST.octets());
        message.extend([51, 4]); // for how long,
        message.extend(self.lease.seconds.to_be_bytes());
        message.extend([1, 4, 255, 255, 255, 0]); // the network's mask,
        message.extend([3, 4]); // the way out.
        message.extend(HOST.octets());
        message.push(255);
        message
    }
}

/// The message's type, by its option.
fn message_type(message: &[u8]) -> Option<u8> {
    let mut options = message.get(FIXED + COOKIE.len()..)?;
    while let [code, length, rest @ ..] = options {
        let (value, further) = rest.split_at_checked(usize::from(*length))?;
        if *code == MESSAGE_TYPE {
            return value.first().copied();
        }
        options = further;
    }
    None
}

/// A board that was granted the first lease, with a member who has joined.
fn leased(name: &'static str) -> (Board, Host) {
    let socket = Socket::new();
    let mut board = Board::start(&Setup {
        boot: "seed=5eed mac=02:00:00:00:00:02 fallback=192.0.2.9/24",
        ..Setup::new(name, Plug::Cable(socket.address()))
    });
    let mut host = Host::new(socket.cable(), HOST);
    host.serve_dhcp(FIRST);
    host.until_served(|done| done.granted >= 1);
    board.expect("address: 192.0.2.50/24, gateway 192.0.2.1 (DHCP, server 192.0.2.1)");
    board.expect("listening on port 4000");
    host.connect(FIRST.address, PORT);
    assert!(is_answer(&host.say("here")), "{name}");
    (board, host)
}

/// What happens when the lease is over, whatever ended it.
fn lost_and_obtained_anew(board: &mut Board, host: &mut Host) {
    board.expect("address lost: the lease ended; every connection is over");
    let ladder = board.expect("CLOSED | ");
    assert!(ladder.contains("| address lost"), "{ladder}");
    board.expect("our address went away");
    board.type_line("/states");
    board.expect("0 connections, 0 in TIME-WAIT, 1 in the room.");
    host.abort();
    host.serve_dhcp(SECOND);
    host.until_served(|done| done.granted >= 2);
    board.expect("address: 192.0.2.51/24, gateway 192.0.2.1 (DHCP, server 192.0.2.1)");
    host.connect(SECOND.address, PORT);
    assert!(is_answer(&host.say("here again")));
    assert!(!board.has_shown("(static: "));
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_lease_is_prolonged_and_lost_when_the_server_is_gone_and_another_is_obtained() {
    for name in BOARDS {
        let (mut board, mut host) = leased(name);
        host.until_served(|done| done.prolonged >= 1);
        assert!(is_answer(&host.say("still here")), "{name}");
        // Nobody works at the other end now, so nobody answers there.
        lost_and_obtained_anew(&mut board, &mut host);
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn a_lease_that_the_server_takes_back_is_lost_too() {
    for name in BOARDS {
        let (mut board, mut host) = leased(name);
        host.serve_dhcp(Lease {
            prolongs: false,
            ..FIRST
        });
        host.until_served(|done| done.taken_back >= 1);
        lost_and_obtained_anew(&mut board, &mut host);
    }
}

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn without_a_dhcp_server_the_static_address_is_taken_and_kept() {
    for name in BOARDS {
        let socket = Socket::new();
        let setup = Setup {
            boot: "seed=5eed fallback=192.0.2.2/24",
            time: Time::Jumping,
            ..Setup::new(name, Plug::Cable(socket.address()))
        };
        let mut board = Board::start(&setup);
        let mut host = Host::new(socket.cable(), HOST);
        board.expect("asking for an address");
        board.expect("address: 192.0.2.2/24, no gateway (static: no DHCP server answered)");
        board.expect("listening on port 4000");
        // The server hears only now what was asked: its offer would end every connection.
        host.serve_dhcp(FIRST);
        host.connect(BOARD, PORT);
        assert!(host.say("here").starts_with("Delivered"));
        assert_eq!(host.dhcp_done(), Done::default(), "{name}");
        assert!(!board.has_shown("DHCP, server"), "{name}");
    }
}
