//! Why a call failed, and what to do next.

use core::fmt;

use crate::trace::Ending;

/// Why a port cannot be served or bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ListenError {
    /// Port 0 means "any", and cannot be served.
    PortZero,
    /// The port is already served or bound.
    InUse,
    /// The memory has no room for another port. [`Node::listen`](super::Node::listen) takes as many as
    /// `Sizes::listeners`, or `PORTS` of [`Tcp`](super::storage::Tcp); [`Node::bind`](super::Node::bind) as many as
    /// `Sizes::ports`, or `PORTS` of [`Udp`](super::storage::Udp).
    Full,
}

/// Why a connection cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConnectError {
    /// Port 0, or an address that does not belong to a single host: broadcast, multicast, unspecified.
    NotAHost,
    /// The address is one of this node's own.
    Ourselves,
    /// Neither a network nor a gateway of this node leads there.
    NoRoute,
    /// All [`Node::capacity`](super::Node::capacity) connections are in use. Close one, or give the node more memory.
    Full,
    /// Every ephemeral port to this endpoint, or the one that was requested, is in use or in TIME-WAIT. Wait 2 MSL.
    /// Port 0 is never free.
    NoPort,
}

/// Why nothing can be sent on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SendError {
    /// The transmit buffer is full, or the handshake is not over. The connection becomes ready when this changes.
    WouldBlock,
    /// This side has already closed its sending half.
    Closed,
    /// The connection is over.
    Ended(Ending),
}

/// Why nothing can be received on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RecvError {
    /// Nothing has arrived yet. The connection becomes ready when something does.
    WouldBlock,
    /// The peer sent its FIN, and everything before it has been received. The connection is not over: this side has yet
    /// to close.
    Finished,
    /// The connection is over, and everything that arrived before has been received.
    Ended(Ending),
}

/// Why a datagram cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SendToError {
    /// Port 0 or an unspecified address.
    NotAHost,
    /// Neither a network nor a gateway of this node leads there.
    NoRoute,
    /// Longer than the MTU less its headers (28 octets; with IPv6, 48), or than the memory allows: `Sizes::datagrams`
    /// and `Sizes::mtu`, or `OCTETS` of [`Udp`](super::storage::Udp).
    TooLong,
    /// Too many datagrams wait already. Try again after the next [`Node::poll_egress`](super::Node::poll_egress).
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
