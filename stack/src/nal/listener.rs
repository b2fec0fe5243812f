//! Ports at which connections are accepted.

use core::net::SocketAddr;
use core::task::Poll;

use edge_nal::{TcpAccept, TcpBind};
use smoltcp::wire::IpAddress;

use super::address::{local, socket_addr};
use super::error::Error;
use super::stack::Stack;
use super::tcp::TcpStream;
use super::wait::Wait;
use super::wakers::Interest;
use crate::opaque::opaque;

/// SYNs that wait at a port while no connection is free, where nobody says how many.
const BACKLOG: u16 = 8;

/// A TCP port that is served, from [`TcpBind::bind`] or [`Stack::listen`].
///
/// Several futures may accept at it. Connections that have not been accepted wait in the node; dropping the listener
/// resets them, and stops serving the port.
pub struct TcpListener<'s, 'd, const WAKERS: usize> {
    stack: &'s Stack<'d, WAKERS>,
    port: u16,
    address: Option<IpAddress>,
}

opaque!([const WAKERS: usize] TcpListener<'_, '_, WAKERS>, "TcpListener");

impl<'d, const WAKERS: usize> Stack<'d, WAKERS> {
    /// Serves a TCP port like [`TcpBind::bind`], with the number of SYNs that may wait while no connection is free.
    ///
    /// # Errors
    /// The port cannot be served, or the address is not one of the node's.
    pub fn listen(
        &self,
        at: SocketAddr,
        backlog: u16,
    ) -> Result<TcpListener<'_, 'd, WAKERS>, Error> {
        let port = at.port();
        let address = self.call(|node, _| {
            let address = local(node, at)?;
            node.listen(port, backlog).map_err(Error::Listen)?;
            Ok(address)
        })?;
        Ok(TcpListener {
            stack: self,
            port,
            address,
        })
    }
}

impl<'d, const WAKERS: usize> TcpBind for Stack<'d, WAKERS> {
    type Error = Error;
    type Accept<'a>
        = TcpListener<'a, 'd, WAKERS>
    where
        Self: 'a;

    /// Serves a TCP port at one of the node's addresses or, if the address is unspecified, at all of them. A port can
    /// be served only once.
    async fn bind(&self, local: SocketAddr) -> Result<TcpListener<'_, 'd, WAKERS>, Error> {
        self.listen(local, BACKLOG)
    }
}

impl<'s, 'd, const WAKERS: usize> TcpAccept for TcpListener<'s, 'd, WAKERS> {
    type Error = Error;
    type Socket<'a>
        = TcpStream<'s, 'd, WAKERS>
    where
        Self: 'a;

    async fn accept(&self) -> Result<(SocketAddr, TcpStream<'s, 'd, WAKERS>), Error> {
        let (stack, port, address) = (self.stack, self.port, self.address);
        Wait::new(stack, Interest::Accept(port), move |node, now| {
            while let Some(handle) = node.accept_at(port) {
                let Some(status) = node.status(handle) else {
                    continue;
                };
                if address.is_none_or(|it| it == status.flow.local.addr) {
                    let stream = TcpStream::new(stack, handle);
                    return Poll::Ready(Ok((socket_addr(status.flow.remote), stream)));
                }
                node.abort(now, handle);
            }
            Poll::Pending
        })
        .await
    }
}

impl<const WAKERS: usize> Drop for TcpListener<'_, '_, WAKERS> {
    fn drop(&mut self) {
        let port = self.port;
        self.stack.call(|node, now| {
            node.unlisten(port);
            while let Some(handle) = node.accept_at(port) {
                node.abort(now, handle);
            }
        });
    }
}
