//! The stack: one smoltcp `Interface`, one `SocketSet` for each connection, and a gate in front.
//!
//! A [`Node`] is a host on a link, with TCP and UDP. It passes frames and calls to the parts they concern, and decides
//! nothing itself.
//!
//! A frame's endpoints identify its connection before smoltcp sees it; smoltcp is then given the socket set of that
//! connection alone, one frame at a time. So every change of state has one known cause, and an idle connection costs
//! nothing. [`Node`] explains how to run it.

mod addresses;
mod admission;
mod allowance;
mod answers;
mod calls;
mod claims;
mod complaint;
mod config;
mod connection;
#[cfg(feature = "udp")]
mod datagrams;
#[cfg(not(feature = "udp"))]
#[path = "no_udp.rs"]
mod datagrams;
mod discovery;
mod egress;
mod ending;
mod errors;
mod ethernet;
mod flow;
mod following;
pub mod footprint;
mod frame;
mod frames;
mod full;
mod gate;
mod host;
mod icmp;
mod in_time_wait;
mod ingress;
mod isn;
mod kept;
mod link;
mod listeners;
mod memory;
mod neighborhood;
mod neighbors;
#[expect(
    clippy::module_inception,
    reason = "the node is what this module is named for"
)]
mod node;
mod numbers;
mod occupancy;
mod one_frame;
mod opening;
mod packet;
mod parts;
mod peer;
#[cfg(feature = "reassembly")]
mod pieces;
mod plain;
mod ports;
mod queues;
#[cfg(feature = "reassembly")]
mod reassembly;
#[cfg(feature = "udp")]
mod received;
mod receiving;
mod record;
mod reply;
mod rto_rescue;
mod run;
mod segment;
mod segments;
mod sending;
mod shown;
mod sip;
#[cfg(feature = "std")]
mod sizes;
mod slot_id;
mod sockets;
mod status;
pub mod storage;
mod straight;
mod strays;
mod syn_queue;
mod table;
mod tcp;
mod tcp_socket;
mod time_wait;
mod timers;
#[cfg(feature = "udp")]
mod udp;
#[cfg(feature = "udp")]
mod udp_port;
#[cfg(feature = "udp")]
mod udp_socket;
#[cfg(feature = "udp")]
mod udp_storage;
#[cfg(not(feature = "udp"))]
use datagrams as udp_storage;
mod unreachable;
mod waiting;

pub use crate::deadlines::earliest;
pub use config::{Config, ConfigError, Limits, MAX_ADDRESSES, Needs};
pub use connection::Handle;
pub use errors::{ConnectError, ListenError, RecvError, SendError, SendToError};
pub use memory::Memory;
pub use node::Node;
#[cfg(feature = "udp")]
pub use received::{Path, Received};
pub use run::Ingress;
#[cfg(feature = "std")]
pub use sizes::Sizes;
pub use status::{Serving, Status};
pub use storage::Storage;
pub use tcp_socket::TcpSocket;
#[cfg(feature = "udp")]
pub use udp_socket::UdpSocket;
