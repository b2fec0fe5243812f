//! Devices: where frames come from and where they go.
//!
//! Each implements smoltcp's [`phy::Device`](smoltcp::phy::Device). Nothing here depends on the node, which takes any
//! such device of [`Medium::Ethernet`](smoltcp::phy::Medium): for a driver of your own, implement the trait.
//!
//! ```
//! use smolhost::smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
//! use smolhost::smoltcp::time::Instant;
//!
//! /// A driver: here two frames of memory, which a real one shares with its DMA.
//! #[derive(Default)]
//! struct Mac {
//!     received: Option<[u8; 1514]>,
//!     sent: Option<(usize, [u8; 1514])>,
//! }
//!
//! struct Received([u8; 1514]);
//! struct Sending<'m>(&'m mut Option<(usize, [u8; 1514])>);
//!
//! impl RxToken for Received {
//!     fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
//!         read(&self.0)
//!     }
//! }
//!
//! impl TxToken for Sending<'_> {
//!     fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
//!         let (_, frame) = self.0.insert((len, [0; 1514]));
//!         write(&mut frame[..len])
//!     }
//! }
//!
//! impl Device for Mac {
//!     type RxToken<'m> = Received;
//!     type TxToken<'m> = Sending<'m>;
//!
//!     fn receive(&mut self, _now: Instant) -> Option<(Received, Sending<'_>)> {
//!         // A frame is taken only if an answer to it could be sent.
//!         self.sent.is_none().then_some(())?;
//!         Some((Received(self.received.take()?), Sending(&mut self.sent)))
//!     }
//!
//!     fn transmit(&mut self, _now: Instant) -> Option<Sending<'_>> {
//!         self.sent.is_none().then_some(Sending(&mut self.sent))
//!     }
//!
//!     fn capabilities(&self) -> DeviceCapabilities {
//!         let mut capabilities = DeviceCapabilities::default();
//!         capabilities.medium = Medium::Ethernet;
//!         capabilities.max_transmission_unit = 1514; // with the Ethernet header
//!         capabilities.max_burst_size = Some(1); // frames that fit into the driver's memory at once
//!         capabilities
//!     }
//! }
//! ```

mod faults;
#[cfg(feature = "tap")]
mod offload;
mod queue;
#[cfg(feature = "tap")]
mod read_ahead;
#[cfg(feature = "tap")]
mod tap;
mod wire;

pub use faults::{Fault, FaultCounters, Faults, Faulty, Policy, Shares};
#[cfg(feature = "tap")]
pub use offload::MAX_SEGMENT_FRAME;
pub use queue::{Frame, Frames, Queue, Slot};
#[cfg(feature = "tap")]
pub use tap::{MAX_MTU, MAX_NAME, Tap, TapCounters, TapError, is_interface_name};
pub use wire::{End, Side, Wire, WireCounters};

/// How much of a frame's memory is cleared before smoltcp writes to it: the longest headers, whose
/// unused fields it does not write (those of ICMP errors, for one).
const CLEARED: usize = 96;
