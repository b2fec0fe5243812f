//! Connections: opened, read, written, closed.

use core::net::SocketAddr;
use core::task::Poll;

use edge_nal::{Close, Readable, TcpConnect, TcpShutdown, TcpSplit};
use embedded_io_async::{ErrorType, Read, ReadReady, Write, WriteReady};
use smoltcp::time::Instant;

use super::address::{endpoint, socket_addr};
use super::error::Error;
use super::stack::Stack;
use super::wait::Wait;
use super::wakers::Interest;
use crate::node::{ConnectError, Handle, RecvError, SendError, TcpSocket};
use crate::opaque::opaque;
use crate::trace::{Ending, Flow, State};

/// A connection, from [`TcpConnect::connect`] or [`TcpAccept::accept`](edge_nal::TcpAccept::accept).
///
/// - Reading returns `Ok(0)` after the peer's FIN, and an error if the connection ended otherwise, such as by a reset;
///   in either case, only after everything that arrived before has been read.
/// - Writing accepts as much as there is room for, and waits for room. Flushing waits until the peer has acknowledged
///   everything; what was written is sent without it, too.
/// - [`TcpShutdown::close`] of the sending half sends a FIN and waits until it is acknowledged; of the receiving half,
///   it reads until the peer's FIN. Of both halves, it does the first, and then gives up the connection: data that
///   still arrives is discarded, a reset is no error if everything was acknowledged before it, and the peer has
///   `fin_wait_2` of [`Limits`](crate::node::Limits) to close. No peer can delay a caller that closes both.
/// - Dropping it closes both halves without waiting: what is queued is still sent, followed by a FIN.
///   [`TcpShutdown::abort`] resets.
pub struct TcpStream<'s, 'd, const WAKERS: usize> {
    end: End<'s, 'd, WAKERS>,
}

/// The reading half of a connection. Dropping it does nothing.
pub struct TcpReader<'s, 'd, const WAKERS: usize> {
    end: End<'s, 'd, WAKERS>,
}

/// The writing half of a connection. Dropping it does nothing.
pub struct TcpWriter<'s, 'd, const WAKERS: usize> {
    end: End<'s, 'd, WAKERS>,
}

opaque!([const WAKERS: usize] TcpStream<'_, '_, WAKERS>, "TcpStream");
opaque!([const WAKERS: usize] TcpReader<'_, '_, WAKERS>, "TcpReader");
opaque!([const WAKERS: usize] TcpWriter<'_, '_, WAKERS>, "TcpWriter");

/// What a connection and its halves have in common: which one it is.
struct End<'s, 'd, const WAKERS: usize> {
    stack: &'s Stack<'d, WAKERS>,
    handle: Handle,
}

impl<const WAKERS: usize> Clone for End<'_, '_, WAKERS> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<const WAKERS: usize> Copy for End<'_, '_, WAKERS> {}

impl<'s, 'd, const WAKERS: usize> TcpStream<'s, 'd, WAKERS> {
    pub(super) const fn new(stack: &'s Stack<'d, WAKERS>, handle: Handle) -> Self {
        Self {
            end: End { stack, handle },
        }
    }

    /// Its handle, for use with the node that [`Stack::with`] gives access to, and with its journal.
    pub const fn handle(&self) -> Handle {
        self.end.handle
    }

    /// This node's address and port, unless the connection was aborted or closed.
    pub fn local(&self) -> Option<SocketAddr> {
        self.end.flow().map(|flow| socket_addr(flow.local))
    }

    /// The peer's address and port, unless the connection was aborted or closed.
    pub fn remote(&self) -> Option<SocketAddr> {
        self.end.flow().map(|flow| socket_addr(flow.remote))
    }
}

impl<const WAKERS: usize> Drop for TcpStream<'_, '_, WAKERS> {
    fn drop(&mut self) {
        self.end.now(|socket, now| socket.close(now));
    }
}

impl<'d, const WAKERS: usize> End<'_, 'd, WAKERS> {
    /// Looks at the connection until there is something.
    async fn wait<T>(
        &self,
        interest: Interest,
        mut look: impl FnMut(TcpSocket<'_, 'd>, Instant) -> Poll<Result<T, Error>> + Unpin,
    ) -> Result<T, Error> {
        let handle = self.handle;
        Wait::new(self.stack, interest, move |node, now| {
            match node.tcp(handle) {
                Some(socket) => look(socket, now),
                None => Poll::Ready(Err(Error::Closed)),
            }
        })
        .await
    }

    /// Does something with the connection at once, unless this side let go of it.
    fn now<T>(&self, work: impl FnOnce(TcpSocket<'_, 'd>, Instant) -> T) -> Option<T> {
        let handle = self.handle;
        self.stack.call(|node, now| {
            let socket = node.tcp(handle)?;
            Some(work(socket, now))
        })
    }

    fn flow(&self) -> Option<Flow> {
        self.now(|socket, _| socket.flow())
    }

    async fn opened(&self) -> Result<(), Error> {
        self.wait(Interest::News(self.handle), |socket, _| {
            match (socket.ended(), socket.state()) {
                (Some(ending), _) => Poll::Ready(Err(Error::Ended(ending))),
                (None, State::SynSent | State::SynReceived) => Poll::Pending,
                (
                    None,
                    State::Closed
                    | State::Listen
                    | State::Established
                    | State::FinWait1
                    | State::FinWait2
                    | State::CloseWait
                    | State::Closing
                    | State::LastAck
                    | State::TimeWait,
                ) => Poll::Ready(Ok(())),
            }
        })
        .await
    }

    async fn read(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.wait(Interest::Read(self.handle), |mut socket, _| {
            match socket.recv(buffer) {
                Ok(count) => Poll::Ready(Ok(count)),
                Err(RecvError::WouldBlock) => Poll::Pending,
                Err(RecvError::Finished) => Poll::Ready(Ok(0)),
                Err(RecvError::Ended(ending)) => Poll::Ready(Err(Error::Ended(ending))),
            }
        })
        .await
    }

    async fn readable(&self) -> Result<(), Error> {
        self.wait(Interest::Read(self.handle), |socket, _| {
            match is_readable(&socket) {
                true => Poll::Ready(Ok(())),
                false => Poll::Pending,
            }
        })
        .await
    }

    async fn write(&self, data: &[u8]) -> Result<usize, Error> {
        self.wait(Interest::Room(self.handle), |mut socket, _| {
            match socket.send(data) {
                Ok(count) => Poll::Ready(Ok(count)),
                Err(SendError::WouldBlock) => Poll::Pending,
                Err(SendError::Closed) => Poll::Ready(Err(Error::Closed)),
                Err(SendError::Ended(ending)) => Poll::Ready(Err(Error::Ended(ending))),
            }
        })
        .await
    }

    async fn flush(&self) -> Result<(), Error> {
        self.wait(Interest::Acknowledged(self.handle), |mut socket, _| match (
            socket.ended(),
            socket.send_queue(),
        ) {
            (Some(ending), _) => Poll::Ready(well_ended(ending)),
            (None, 0) => Poll::Ready(Ok(())),
            (None, 1..) => {
                socket.watch_acknowledgments();
                Poll::Pending
            }
        })
        .await
    }

    /// Sends a FIN, and waits until it is acknowledged; `both`: discards what comes, and lets go then.
    async fn finish(&self, both: bool) -> Result<(), Error> {
        self.wait(Interest::News(self.handle), |mut socket, now| {
            socket.shutdown(now);
            if both {
                while socket.recv_with(|octets| (octets.len(), ())).is_ok() {}
            }
            let result = match (socket.ended(), socket.state()) {
                // Whoever closes both has nothing to lose but what it wrote.
                (Some(Ending::ResetByPeer), _) if both && socket.send_queue() == 0 => Ok(()),
                (Some(ending), _) => well_ended(ending),
                (None, State::FinWait2 | State::TimeWait | State::Closed | State::Listen) => Ok(()),
                (
                    None,
                    State::SynSent
                    | State::SynReceived
                    | State::Established
                    | State::FinWait1
                    | State::CloseWait
                    | State::Closing
                    | State::LastAck,
                ) => {
                    socket.watch_acknowledgments();
                    return Poll::Pending;
                }
            };
            if both {
                socket.close(now);
            }
            Poll::Ready(result)
        })
        .await
    }

    /// Discards what comes until the peer's FIN.
    async fn drain(&self) -> Result<(), Error> {
        self.wait(Interest::Read(self.handle), |mut socket, _| {
            loop {
                match socket.recv_with(|octets| (octets.len(), ())) {
                    Ok(()) => {}
                    Err(RecvError::WouldBlock) => return Poll::Pending,
                    Err(RecvError::Finished) => return Poll::Ready(Ok(())),
                    Err(RecvError::Ended(ending)) => {
                        return Poll::Ready(Err(Error::Ended(ending)));
                    }
                }
            }
        })
        .await
    }
}

fn is_readable(socket: &TcpSocket<'_, '_>) -> bool {
    socket.can_recv() || socket.has_finished()
}

/// What the end of a connection is for somebody who only wanted everything to arrive.
fn well_ended(ending: Ending) -> Result<(), Error> {
    match ending {
        Ending::Closed => Ok(()),
        Ending::ResetByPeer
        | Ending::Refused
        | Ending::TimedOut(_)
        | Ending::Aborted
        | Ending::AddressLost
        | Ending::Unreachable
        | Ending::Evicted => Err(Error::Ended(ending)),
    }
}

impl<'d, const WAKERS: usize> TcpConnect for Stack<'d, WAKERS> {
    type Error = Error;
    type Socket<'a>
        = TcpStream<'a, 'd, WAKERS>
    where
        Self: 'a;

    /// Active OPEN; waits until the handshake is over. If dropped before, it leaves no connection.
    async fn connect(&self, remote: SocketAddr) -> Result<TcpStream<'_, 'd, WAKERS>, Error> {
        let remote = endpoint(remote).ok_or(Error::Connect(ConnectError::NoRoute))?;
        let handle = self.call(|node, now| node.connect(now, remote));
        let stream = TcpStream::new(self, handle.map_err(Error::Connect)?);
        stream.end.opened().await?;
        Ok(stream)
    }
}

impl<const WAKERS: usize> TcpShutdown for TcpStream<'_, '_, WAKERS> {
    async fn close(&mut self, what: Close) -> Result<(), Error> {
        match what {
            Close::Read => self.end.drain().await,
            Close::Write => self.end.finish(false).await,
            Close::Both => self.end.finish(true).await,
        }
    }

    async fn abort(&mut self) -> Result<(), Error> {
        self.end.now(|socket, now| socket.abort(now));
        Ok(())
    }
}

impl<'d, const WAKERS: usize> TcpSplit for TcpStream<'_, 'd, WAKERS> {
    type Read<'a>
        = TcpReader<'a, 'd, WAKERS>
    where
        Self: 'a;
    type Write<'a>
        = TcpWriter<'a, 'd, WAKERS>
    where
        Self: 'a;

    fn split(&mut self) -> (TcpReader<'_, 'd, WAKERS>, TcpWriter<'_, 'd, WAKERS>) {
        let end = self.end;
        (TcpReader { end }, TcpWriter { end })
    }
}

/// The traits of whatever reads.
macro_rules! reads {
    ($type:ident) => {
        impl<const WAKERS: usize> Read for $type<'_, '_, WAKERS> {
            async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
                self.end.read(buffer).await
            }
        }

        impl<const WAKERS: usize> ReadReady for $type<'_, '_, WAKERS> {
            fn read_ready(&mut self) -> Result<bool, Error> {
                let ready = self.end.now(|socket, _| is_readable(&socket));
                ready.ok_or(Error::Closed)
            }
        }

        impl<const WAKERS: usize> Readable for $type<'_, '_, WAKERS> {
            async fn readable(&mut self) -> Result<(), Error> {
                self.end.readable().await
            }
        }
    };
}

/// The traits of whatever writes.
macro_rules! writes {
    ($type:ident) => {
        impl<const WAKERS: usize> Write for $type<'_, '_, WAKERS> {
            async fn write(&mut self, data: &[u8]) -> Result<usize, Error> {
                self.end.write(data).await
            }

            async fn flush(&mut self) -> Result<(), Error> {
                self.end.flush().await
            }
        }

        impl<const WAKERS: usize> WriteReady for $type<'_, '_, WAKERS> {
            fn write_ready(&mut self) -> Result<bool, Error> {
                let ready = self
                    .end
                    .now(|socket, _| socket.can_send() || socket.ended().is_some());
                ready.ok_or(Error::Closed)
            }
        }
    };
}

impl<const WAKERS: usize> ErrorType for TcpStream<'_, '_, WAKERS> {
    type Error = Error;
}

impl<const WAKERS: usize> ErrorType for TcpReader<'_, '_, WAKERS> {
    type Error = Error;
}

impl<const WAKERS: usize> ErrorType for TcpWriter<'_, '_, WAKERS> {
    type Error = Error;
}

reads!(TcpStream);
reads!(TcpReader);
writes!(TcpStream);
writes!(TcpWriter);
