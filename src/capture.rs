//! Capture files: reading them into journals and ladders, and writing our own for Wireshark.
//!
//! pcap and pcapng are read, gzip-compressed or not; pcapng is written. Checksums are not verified, since captures
//! contain packets whose checksums a network card fills in later. Packets cut short by a snapshot length are drawn, as
//! long as the flags of their TCP header are present. What may be a segment but cannot be drawn is counted.

mod connections;
mod dissect;
mod error;
mod fragments;
mod hearing;
mod ladders;
mod left_out;
mod notes;
mod octets;
mod ranges;
mod read;
mod stream;
mod tee;
mod write;

pub use error::CaptureError;
pub use hearing::hear;
pub use ladders::{Drawn, Look, ladder_file, ladders};
pub use left_out::{LeftOut, LeftOuts};
pub use tee::{Tee, Token};
pub use write::PcapNg;
