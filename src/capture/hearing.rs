//! What the segments in Ethernet frames say.

use super::dissect::of_ethernet;
use crate::explain::{Key, Words};

/// What the TCP segment in a frame says, and which one it is; if there is one, and it says something.
pub fn hear(frame: &[u8]) -> Option<(Key, Words)> {
    let segment = of_ethernet(frame).filter(|segment| segment.len > 0)?;
    let key = (segment.from, segment.to, segment.header.seq);
    Some((key, segment.words))
}
