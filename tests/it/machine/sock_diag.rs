//! What the kernel says of one connection, by its endpoints: sock_diag(7), one question and its answer.

use std::net::SocketAddrV4;

use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use netlink_sys::{Socket, SocketAddr};
use smolchat::trace::State;

/// `SOCK_DIAG_BY_FAMILY`, `NLM_F_REQUEST`, `AF_INET`, `IPPROTO_TCP`.
const BY_FAMILY: u16 = 20;
const REQUEST: u16 = 1;
const INET: u8 = 2;
const TCP: u8 = 6;

/// A header of netlink, and behind it the request of `inet_diag.h`.
const HEADER: usize = 16;
const ASKED: usize = HEADER + 56;

/// A connection, or the listener that a segment of it would come to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) state: State,
    /// Octets and the FIN, as far as they came and were not taken.
    pub(crate) unread: usize,
}

pub(crate) struct Diag {
    socket: Socket,
}

impl Diag {
    pub(crate) fn open() -> Self {
        let mut socket = Socket::new(NETLINK_SOCK_DIAG).expect("the kernel has sock_diag");
        socket.bind_auto().expect("a socket of its own");
        socket.connect(&SocketAddr::new(0, 0)).expect("the kernel");
        Self { socket }
    }

    /// `None` if nobody is there.
    pub(crate) fn find(&self, local: SocketAddrV4, remote: SocketAddrV4) -> Option<Found> {
        let mut question = Vec::with_capacity(ASKED);
        question.extend((ASKED as u32).to_ne_bytes());
        question.extend(BY_FAMILY.to_ne_bytes());
        question.extend(REQUEST.to_ne_bytes());
        question.extend([0; 8]);
        question.extend([INET, TCP, 0, 0]);
        question.extend(u32::MAX.to_ne_bytes());
        question.extend(local.port().to_be_bytes());
        question.extend(remote.port().to_be_bytes());
        for address in [local, remote] {
            question.extend(address.ip().octets());
            question.extend([0; 12]);
        }
        // Any interface, and no cookie.
        question.extend([0; 4]);
        question.extend([0xff; 8]);
        self.socket.send(&question, 0).expect("the kernel listens");
        let mut answer = Vec::with_capacity(512);
        self.socket
            .recv(&mut answer, 0)
            .expect("the kernel answers");
        read(&answer)
    }
}

fn read(answer: &[u8]) -> Option<Found> {
    let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
    if kind != BY_FAMILY {
        return None;
    }
    let unread = answer.get(HEADER + 56..HEADER + 60)?.try_into().ok()?;
    let state = match answer[HEADER + 1] {
        1 => State::Established,
        2 => State::SynSent,
        3 | 12 => State::SynReceived,
        4 => State::FinWait1,
        5 => State::FinWait2,
        6 => State::TimeWait,
        8 => State::CloseWait,
        9 => State::LastAck,
        10 => State::Listen,
        11 => State::Closing,
        _ => State::Closed,
    };
    Some(Found {
        state,
        unread: u32::from_ne_bytes(unread) as usize,
    })
}
