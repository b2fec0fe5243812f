//! Errors as the traits want them: one type, with a kind for generic code.

use core::fmt;

use embedded_io_async::ErrorKind;

use crate::node::{ConnectError, ListenError, SendToError};
use crate::trace::Ending;

/// Why a call of this module failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The connection is over, or was not established: refused, unreachable and timed out are distinguished.
    Ended(Ending),
    /// No connection can be opened.
    Connect(ConnectError),
    /// The port cannot be served or bound.
    Listen(ListenError),
    /// The datagram cannot be sent.
    SendTo(SendToError),
    /// This side has closed the connection, or its sending half.
    Closed,
    /// The local address is not one of this node's.
    NotOurs,
    /// The node does not support this: it joins no multicast groups but those that IPv6 needs.
    Unsupported,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(ending) => write!(f, "the connection is over: {ending}"),
            Self::Connect(error) => error.fmt(f),
            Self::Listen(error) => error.fmt(f),
            Self::SendTo(error) => error.fmt(f),
            Self::Closed => f.write_str("this side has closed it"),
            Self::NotOurs => f.write_str("that is no address of this node"),
            Self::Unsupported => f.write_str("the node joins no groups"),
        }
    }
}

impl core::error::Error for Error {}

impl embedded_io_async::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Ended(ending) => kind_of(*ending),
            Self::Connect(error) => match error {
                ConnectError::NotAHost | ConnectError::Ourselves => ErrorKind::InvalidInput,
                ConnectError::NoRoute => ErrorKind::NotConnected,
                ConnectError::Full => ErrorKind::OutOfMemory,
                ConnectError::NoPort => ErrorKind::AddrInUse,
            },
            Self::Listen(error) => match error {
                ListenError::PortZero => ErrorKind::InvalidInput,
                ListenError::InUse => ErrorKind::AddrInUse,
                ListenError::Full => ErrorKind::OutOfMemory,
            },
            Self::SendTo(error) => match error {
                SendToError::NotAHost | SendToError::TooLong => ErrorKind::InvalidInput,
                SendToError::NoRoute => ErrorKind::NotConnected,
                SendToError::WouldBlock => ErrorKind::OutOfMemory,
            },
            Self::Closed => ErrorKind::BrokenPipe,
            Self::NotOurs => ErrorKind::AddrNotAvailable,
            Self::Unsupported => ErrorKind::Unsupported,
        }
    }
}

fn kind_of(ending: Ending) -> ErrorKind {
    match ending {
        Ending::Refused => ErrorKind::ConnectionRefused,
        Ending::ResetByPeer => ErrorKind::ConnectionReset,
        Ending::TimedOut(_) => ErrorKind::TimedOut,
        Ending::Unreachable => ErrorKind::NotConnected,
        Ending::Aborted | Ending::Evicted | Ending::AddressLost => ErrorKind::ConnectionAborted,
        Ending::Closed => ErrorKind::BrokenPipe,
    }
}
