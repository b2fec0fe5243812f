//! Capture files: reading them into journals and ladders, and writing our own for Wireshark.
//!
//! pcap and pcapng are read, gzip-compressed or not; pcapng is written. Checksums are not verified, since captures
//! contain packets whose checksums a network card fills in later. Packets cut short by a snapshot length are drawn, as
//! long as the flags of their TCP header are present. What may be a segment but cannot be drawn is counted.

mod connections;
mod course;
mod dissect;
mod ended;
mod error;
mod found;
mod fragments;
mod hearing;
mod ladders;
mod left_out;
mod list;
mod notes;
mod octets;
mod ranges;
mod read;
mod selection;
mod stream;
mod tee;
mod write;

pub use ended::Ended;
pub use error::CaptureError;
pub use found::Bounds;
pub use hearing::hear;
pub use ladders::{Drawn, Look, ladder_file, ladders, selected};
pub use left_out::{LeftOut, LeftOuts};
pub use list::list;
pub use selection::Selection;
pub use tee::{Tee, Token};
pub use write::PcapNg;
