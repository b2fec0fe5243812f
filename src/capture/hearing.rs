//! What the segments in Ethernet frames say, kept beside a node's journal.

use super::dissect::of_ethernet;
use crate::explain::Said;
use crate::trace::{Direction, Flow};

/// Keeps what the TCP segment in a frame says, if there is one and it says something.
///
/// `direction` is that of the frame, seen from the node whose ladders are to show it.
pub fn hear(said: &mut Said, direction: Direction, frame: &[u8]) {
    let Some(segment) = of_ethernet(frame) else {
        return;
    };
    let (local, remote) = match direction {
        Direction::In => (segment.to, segment.from),
        Direction::Out => (segment.from, segment.to),
    };
    let flow = Flow { local, remote };
    said.keep(
        flow,
        direction,
        segment.header.seq,
        segment.opening.octets(),
    );
}
