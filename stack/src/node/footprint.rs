//! What each thing takes in memory, in octets on the compilation target.
//!
//! For sizing: a connection takes [`CONNECTION`] octets besides its two buffers. Features change the numbers: with
//! `ipv6` every address takes more.

use core::mem::size_of;

use smoltcp::iface::SocketStorage;

use super::connection::Slot;
#[cfg(feature = "udp")]
use super::datagrams::Pending;
use super::flow::Entry;
use super::node::Node;
use super::queues::QueueLinks;
use super::syn_queue::SynQueueEntry;
use super::time_wait::TimeWaitEntry;
use crate::deadlines::Place;
use crate::trace::Event;

/// The socket of a connection, with what smoltcp keeps for it.
pub const SOCKET: usize = size_of::<SocketStorage<'_>>();
/// What the node keeps for a connection.
pub const SLOT: usize = size_of::<Slot<'_>>();
/// The links by which a connection is in queues.
pub const QUEUES: usize = size_of::<QueueLinks>();
/// An entry of the timer heap.
pub const DEADLINE: usize = size_of::<Place>();
/// An entry of the table in which connections are found: two per connection are advisable.
pub const FLOW: usize = size_of::<Entry>();
/// A connection without its buffers.
pub const CONNECTION: usize = SOCKET + SLOT + QUEUES + DEADLINE + 2 * FLOW;
/// A connection in TIME-WAIT.
pub const TIME_WAIT: usize = size_of::<TimeWaitEntry>() + 2 * FLOW;
/// A SYN that waits for a free connection.
pub const WAITING_SYN: usize = size_of::<SynQueueEntry>();
/// A datagram that waits, without its text.
#[cfg(feature = "udp")]
pub const WAITING_DATAGRAM: usize = size_of::<Pending>();
/// An event in the journal.
pub const EVENT: usize = size_of::<Option<Event>>();
/// The node itself.
pub const NODE: usize = size_of::<Node<'_>>();
