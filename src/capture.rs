//! Captures in files: reading them into journals and ladders, and writing our own for Wireshark.
//!
//! pcap and pcapng are read; pcapng is written. Packets are taken apart with `smoltcp::wire`; their
//! checksums are not looked at, since captures hold packets whose checksums a network card fills in
//! later. Packets cut short by a snapshot length are drawn, as long as their TCP header is there.

mod connections;
mod dissect;
mod error;
mod ladders;
mod read;
mod tee;
mod write;

pub use error::CaptureError;
pub use ladders::{Drawn, ladder_file};
pub use tee::{Tee, Token};
pub use write::PcapNg;
