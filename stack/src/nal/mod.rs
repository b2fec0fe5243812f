//! The traits of [`edge_nal`] and [`embedded_io_async`] over a [`Node`](crate::node::Node), for any program that is
//! written for them: servers and clients of HTTP, MQTT, DNS. There is no executor in it, and no allocator.
//!
//! A [`Stack`] holds the node and the tasks that wait for it. It is a [`TcpConnect`](edge_nal::TcpConnect), a
//! [`TcpBind`](edge_nal::TcpBind), a [`UdpBind`](edge_nal::UdpBind) and a [`UdpConnect`](edge_nal::UdpConnect); what
//! these return borrows it.
//!
//! # The contract of the run loop
//!
//! The program polls the stack, with the current time and the device: in a loop, or in a task beside the others.
//!
//! ```text
//! loop {
//!     let deadline = stack.poll(now, &mut device);   // frames in, who is concerned is woken, segments out
//!     poll the futures that were woken
//!     if stack.is_due() { continue }                 // they called something: it leaves with the next poll
//!     sleep until the device is readable, the deadline is reached, or somebody else wakes a future
//! }
//! ```
//!
//! - A call that a future makes happens at the time of the last poll. What it queues leaves with the next one: do not
//!   sleep while [`is_due`](Stack::is_due) returns true. A task of its own waits for [`due`](Stack::due), beside the
//!   device and the deadline.
//! - A future is woken when there is something for it; if several accept at one port, all of them are. It checks and
//!   registers in one step, so nothing is missed in between. Dropping it before it is done leaves nothing behind: no
//!   waker, and no half-opened connection.
//! - Everything runs in one thread: no future and no waker of the stack borrows it while another runs.
//! - There are no timeouts but the node's own, in its [`Limits`](crate::node::Limits): a silent connection stays,
//!   unless they ask for keep-alives. For a shorter wait, wrap the future in [`WithTimeout`](edge_nal::WithTimeout),
//!   whose clock is the program's driver of `embassy-time`.
//!
//! # Example
//!
//! ```
//! use core::pin::pin;
//! use core::task::{Context, Poll, Waker};
//! use edge_nal::io::{Read, Write};
//! use edge_nal::{TcpAccept, TcpBind};
//! use smolhost::nal::{Error, Stack};
//! # use smolhost::device::Wire;
//! # use smolhost::node::{Config, Memory, Node, Sizes};
//! # use smolhost::smoltcp::time::{Duration, Instant};
//! # use smolhost::smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};
//! # let address = IpCidr::new(IpAddress::v4(192, 0, 2, 1), 24);
//! # let config = Config::new(EthernetAddress([2, 0, 0, 0, 0, 1]), address, [7; 16]);
//! # let node = Node::new(config, Memory::heap(Sizes::default()), Instant::ZERO)?;
//! # let mut wire = Wire::heap(Duration::ZERO, 1500, 4);
//! # let mut device = wire.end_a();
//!
//! /// What came goes back, one peer after the other.
//! async fn echo(net: &impl TcpBind<Error = Error>) -> Result<(), Error> {
//!     let listener = net.bind("0.0.0.0:7".parse().unwrap()).await?;
//!     loop {
//!         let (_, mut peer) = listener.accept().await?;
//!         let mut octets = [0; 512];
//!         while let Ok(count @ 1..) = peer.read(&mut octets).await {
//!             if peer.write_all(&octets[..count]).await.is_err() {
//!                 break;
//!             }
//!         }
//!     }
//! }
//!
//! let stack: Stack<'_, 8> = Stack::new(node, Instant::ZERO);
//! let mut server = pin!(echo(&stack));
//! // Whatever runs futures; here they are polled by hand, once.
//! assert!(server.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
//! while stack.is_due() {
//!     let _deadline = stack.poll(Instant::ZERO, &mut device);
//! }
//! assert_eq!(stack.waiting(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod error;
mod listener;
mod stack;
mod tcp;
mod udp;
mod wait;
mod wakers;

pub use edge_nal;
pub use embedded_io_async;
pub use error::Error;
pub use listener::TcpListener;
pub use stack::Stack;
pub use tcp::{TcpReader, TcpStream, TcpWriter};
pub use udp::{UdpPart, UdpSocket};
