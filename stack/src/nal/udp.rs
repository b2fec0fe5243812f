//! UDP ports: bound, or bound for a single peer.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use core::task::Poll;

use edge_nal::{
    MulticastV4, MulticastV6, Readable, UdpBind, UdpConnect, UdpReceive, UdpSend, UdpSplit,
    UdpSplitMulticast,
};
use embedded_io_async::ErrorType;
use smoltcp::time::Instant;
use smoltcp::wire::{IpAddress, IpEndpoint};

use super::address::{endpoint, local, socket_addr};
use super::error::Error;
use super::stack::Stack;
use super::wait::Wait;
use super::wakers::Interest;
use crate::node::{self, Node, Received, SendToError};
use crate::opaque::opaque;
use crate::trace::Reason;

/// A UDP port, from [`UdpBind::bind`] or [`UdpConnect::connect`]. Dropping it frees the port; what was queued is still
/// sent.
///
/// A datagram longer than the buffer is cut, and its full length returned, which is then more than the buffer's.
/// Sending waits for a place in the node's queue, not until the datagram has left.
pub struct UdpSocket<'s, 'd, const WAKERS: usize> {
    end: End<'s, 'd, WAKERS>,
}

/// A part of a UDP socket: the receiving one, the sending one, the one for multicast groups. Dropping it does nothing.
pub struct UdpPart<'s, 'd, const WAKERS: usize> {
    end: End<'s, 'd, WAKERS>,
}

opaque!([const WAKERS: usize] UdpSocket<'_, '_, WAKERS>, "UdpSocket");
opaque!([const WAKERS: usize] UdpPart<'_, '_, WAKERS>, "UdpPart");

/// What a socket and its parts have in common.
struct End<'s, 'd, const WAKERS: usize> {
    stack: &'s Stack<'d, WAKERS>,
    port: u16,
    /// The one of the node's addresses that it has; none has all.
    address: Option<IpAddress>,
    /// The only peer there is.
    peer: Option<IpEndpoint>,
}

impl<const WAKERS: usize> Clone for End<'_, '_, WAKERS> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<const WAKERS: usize> Copy for End<'_, '_, WAKERS> {}

impl<const WAKERS: usize> UdpSocket<'_, '_, WAKERS> {
    /// The port number.
    pub const fn port(&self) -> u16 {
        self.end.port
    }
}

impl<const WAKERS: usize> Drop for UdpSocket<'_, '_, WAKERS> {
    fn drop(&mut self) {
        let port = self.end.port;
        self.end.stack.call(|node, _| {
            if let Some(socket) = node.udp(port) {
                socket.close();
            }
        });
    }
}

impl<'d, const WAKERS: usize> End<'_, 'd, WAKERS> {
    /// Looks at the port until there is something.
    async fn wait<T>(
        &self,
        mut look: impl FnMut(node::UdpSocket<'_, 'd>, Instant) -> Poll<Result<T, Error>> + Unpin,
    ) -> Result<T, Error> {
        let port = self.port;
        Wait::new(
            self.stack,
            Interest::Datagram(port),
            move |node, now| match node.udp(port) {
                Some(socket) => look(socket, now),
                None => Poll::Ready(Err(Error::Closed)),
            },
        )
        .await
    }

    async fn readable(&self) -> Result<(), Error> {
        self.wait(|socket, _| match socket.can_recv() {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        })
        .await
    }

    async fn receive(&self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), Error> {
        let this = *self;
        self.wait(|mut socket, now| {
            while let Some(received) = socket.recv_from(buffer) {
                if this.is_for(&received) {
                    return Poll::Ready(Ok((received.sent, socket_addr(received.remote))));
                }
                socket.refuse(now, &received, Reason::NoSuchPort);
            }
            Poll::Pending
        })
        .await
    }

    fn is_for(&self, received: &Received) -> bool {
        self.address.is_none_or(|it| it == received.local.addr)
            && self.peer.is_none_or(|it| it == received.remote)
    }

    async fn send(&self, remote: SocketAddr, data: &[u8]) -> Result<(), Error> {
        let to = self.peer.or_else(|| endpoint(remote));
        let to = to.ok_or(Error::SendTo(SendToError::NoRoute))?;
        let this = *self;
        Wait::new(self.stack, Interest::Queue, |node, now| {
            match this.queue(node, now, to, data) {
                // Room comes from those that leave: none waits, and it will not come.
                Err(Error::SendTo(SendToError::WouldBlock)) if node.unsent_datagrams() > 0 => {
                    Poll::Pending
                }
                result => Poll::Ready(result),
            }
        })
        .await
    }

    fn queue(
        &self,
        node: &mut Node<'d>,
        now: Instant,
        to: IpEndpoint,
        data: &[u8],
    ) -> Result<(), Error> {
        let mut socket = node.udp(self.port).ok_or(Error::Closed)?;
        let result = match self.address {
            Some(from) => socket.send_from(now, from, to, data),
            None => socket.send_to(now, to, data),
        };
        result.map_err(Error::SendTo)
    }
}

impl<'d, const WAKERS: usize> Stack<'d, WAKERS> {
    /// Binds a port; 0 means any free one that is hard to guess.
    fn open(
        &self,
        at: SocketAddr,
        peer: Option<IpEndpoint>,
    ) -> Result<UdpSocket<'_, 'd, WAKERS>, Error> {
        let (port, address) = self.call(|node, now| {
            let address = local(node, at)?;
            let port = match at.port() {
                0 => node.bind_any(now),
                port => node.bind(port).map(|()| port),
            };
            Ok((port.map_err(Error::Listen)?, address))
        })?;
        let end = End {
            stack: self,
            port,
            address,
            peer,
        };
        Ok(UdpSocket { end })
    }
}

impl<'d, const WAKERS: usize> UdpBind for Stack<'d, WAKERS> {
    type Error = Error;
    type Socket<'a>
        = UdpSocket<'a, 'd, WAKERS>
    where
        Self: 'a;

    /// Binds a port at one of the node's addresses or, if the address is unspecified, at all of them.
    async fn bind(&self, local: SocketAddr) -> Result<UdpSocket<'_, 'd, WAKERS>, Error> {
        self.open(local, None)
    }
}

impl<'d, const WAKERS: usize> UdpConnect for Stack<'d, WAKERS> {
    type Error = Error;
    type Socket<'a>
        = UdpSocket<'a, 'd, WAKERS>
    where
        Self: 'a;

    /// Binds a port for one peer: datagrams from others are dropped, and recorded in the journal.
    async fn connect(
        &self,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<UdpSocket<'_, 'd, WAKERS>, Error> {
        let peer = endpoint(remote).ok_or(Error::SendTo(SendToError::NoRoute))?;
        self.open(local, Some(peer))
    }
}

impl<'d, const WAKERS: usize> UdpSplit for UdpSocket<'_, 'd, WAKERS> {
    type Receive<'a>
        = UdpPart<'a, 'd, WAKERS>
    where
        Self: 'a;
    type Send<'a>
        = UdpPart<'a, 'd, WAKERS>
    where
        Self: 'a;

    fn split(&mut self) -> (UdpPart<'_, 'd, WAKERS>, UdpPart<'_, 'd, WAKERS>) {
        let end = self.end;
        (UdpPart { end }, UdpPart { end })
    }
}

impl<'d, const WAKERS: usize> UdpSplitMulticast for UdpSocket<'_, 'd, WAKERS> {
    type MulticastV4<'a>
        = UdpPart<'a, 'd, WAKERS>
    where
        Self: 'a;
    type MulticastV6<'a>
        = UdpPart<'a, 'd, WAKERS>
    where
        Self: 'a;

    fn split_multicast(
        &mut self,
    ) -> (
        UdpPart<'_, 'd, WAKERS>,
        UdpPart<'_, 'd, WAKERS>,
        UdpPart<'_, 'd, WAKERS>,
        UdpPart<'_, 'd, WAKERS>,
    ) {
        let part = || UdpPart { end: self.end };
        (part(), part(), part(), part())
    }
}

/// The traits of a socket and of its parts.
macro_rules! datagrams {
    ($type:ident) => {
        impl<const WAKERS: usize> ErrorType for $type<'_, '_, WAKERS> {
            type Error = Error;
        }

        impl<const WAKERS: usize> UdpReceive for $type<'_, '_, WAKERS> {
            async fn receive(&mut self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), Error> {
                self.end.receive(buffer).await
            }
        }

        impl<const WAKERS: usize> UdpSend for $type<'_, '_, WAKERS> {
            async fn send(&mut self, remote: SocketAddr, data: &[u8]) -> Result<(), Error> {
                self.end.send(remote, data).await
            }
        }

        impl<const WAKERS: usize> Readable for $type<'_, '_, WAKERS> {
            async fn readable(&mut self) -> Result<(), Error> {
                self.end.readable().await
            }
        }

        impl<const WAKERS: usize> MulticastV4 for $type<'_, '_, WAKERS> {
            async fn join_v4(&mut self, _: Ipv4Addr, _: Ipv4Addr) -> Result<(), Error> {
                Err(Error::Unsupported)
            }

            async fn leave_v4(&mut self, _: Ipv4Addr, _: Ipv4Addr) -> Result<(), Error> {
                Err(Error::Unsupported)
            }
        }

        impl<const WAKERS: usize> MulticastV6 for $type<'_, '_, WAKERS> {
            async fn join_v6(&mut self, _: Ipv6Addr, _: u32) -> Result<(), Error> {
                Err(Error::Unsupported)
            }

            async fn leave_v6(&mut self, _: Ipv6Addr, _: u32) -> Result<(), Error> {
                Err(Error::Unsupported)
            }
        }
    };
}

datagrams!(UdpSocket);
datagrams!(UdpPart);
