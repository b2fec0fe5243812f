//! What can go wrong with a call: whose fault it is, and what to do next.

use core::fmt;

use crate::trace::Ending;

/// Why a port cannot be served or bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ListenError {
    /// Port 0 means "any", and cannot be served.
    PortZero,
    /// It is served already.
    InUse,
    /// The memory has no place for another port.
    Full,
}

/// Why a connection cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConnectError {
    /// Port 0, or an address that is not one host's: broadcast, multicast, unspecified.
    NotAHost,
    /// The address is this node's own.
    Ourselves,
    /// No address of this node, or no gateway, leads there.
    NoRoute,
    /// Every connection is in use. Close one, or give the node more memory.
    Full,
    /// Every ephemeral port to this endpoint, or the one that was asked for, is in use or in TIME-WAIT.
    /// Wait 2 MSL.
    NoPort,
}

/// Why nothing can be sent on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SendError {
    /// The transmit buffer is full, or the handshake not over. It becomes ready again.
    WouldBlock,
    /// This side closed already.
    Closed,
    /// The connection is over.
    Ended(Ending),
}

/// Why nothing can be received on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RecvError {
    /// Nothing is there yet. It becomes ready.
    WouldBlock,
    /// The peer closed, and everything it sent was received.
    Finished,
    /// The connection is over, and everything that came before was received.
    Ended(Ending),
}

/// Why a datagram cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SendToError {
    /// Port 0 or an unspecified address.
    NotAHost,
    /// No address or gateway of this node leads there.
    NoRoute,
    /// Longer than a datagram can be here: MTU less headers.
    TooLong,
    /// Too many wait already. Try again after the next egress.
    WouldBlock,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PortZero => "port 0 cannot be served: choose one from 1 to 65535",
            Self::InUse => "the port is served already",
            Self::Full => "no memory for another port: raise the number of listeners or ports",
        })
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAHost => "that is not a host's address and port: it may not be broadcast, multicast, unspecified or port 0",
            Self::Ourselves => "that is this node's own address",
            Self::NoRoute => "no address or gateway of this node leads there",
            Self::Full => "every connection is in use: close one, or start with more",
            Self::NoPort => "the local port, or every one, is in use or in TIME-WAIT to that endpoint: wait 2 MSL",
        })
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WouldBlock => {
                f.write_str("no room to send now: wait until the connection is ready")
            }
            Self::Closed => f.write_str("this side has closed the connection"),
            Self::Ended(ending) => write!(f, "the connection is over: {ending}"),
        }
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WouldBlock => {
                f.write_str("nothing received yet: wait until the connection is ready")
            }
            Self::Finished => f.write_str("the peer has closed the connection"),
            Self::Ended(ending) => write!(f, "the connection is over: {ending}"),
        }
    }
}

impl fmt::Display for SendToError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAHost => "that is not a host's address and port",
            Self::NoRoute => "no address or gateway of this node leads there",
            Self::TooLong => "the datagram is longer than the MTU allows",
            Self::WouldBlock => "too many datagrams wait already: try again later",
        })
    }
}

impl core::error::Error for ListenError {}
impl core::error::Error for ConnectError {}
impl core::error::Error for SendError {}
impl core::error::Error for RecvError {}
impl core::error::Error for SendToError {}
