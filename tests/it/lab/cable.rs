//! The device of the subject: frames in, frames out, nothing between but a look at their length.

use std::collections::VecDeque;

use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

use super::trail;

/// The cable: what the subject is to receive, and what it sent.
pub(crate) struct Cable {
    pub(crate) inbox: VecDeque<Vec<u8>>,
    pub(crate) outbox: VecDeque<Vec<u8>>,
    /// Octets of the longest frame that it takes.
    pub(crate) longest: usize,
    /// Frames that it takes in at once, if there is a limit.
    pub(crate) burst: Option<usize>,
}

impl Default for Cable {
    fn default() -> Self {
        Self {
            inbox: VecDeque::new(),
            outbox: VecDeque::new(),
            longest: 1514,
            burst: None,
        }
    }
}

impl Cable {
    fn way(&mut self, now: Instant) -> Way<'_> {
        Way {
            outbox: &mut self.outbox,
            longest: self.longest,
            now,
        }
    }
}

pub(crate) struct Taken(Vec<u8>);
pub(crate) struct Way<'c> {
    outbox: &'c mut VecDeque<Vec<u8>>,
    longest: usize,
    now: Instant,
}

impl RxToken for Taken {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

impl TxToken for Way<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let longest = self.longest;
        assert!(len <= longest, "a frame of {len} octets, not {longest}");
        let mut frame = vec![0; len];
        let result = f(&mut frame);
        trail::note_frame(self.now, "out", &frame);
        self.outbox.push_back(frame);
        result
    }
}

impl Device for Cable {
    type RxToken<'t> = Taken;
    type TxToken<'t> = Way<'t>;

    fn receive(&mut self, now: Instant) -> Option<(Taken, Way<'_>)> {
        let frame = self.inbox.pop_front()?;
        trail::note_frame(now, "in ", &frame);
        Some((Taken(frame), self.way(now)))
    }

    fn transmit(&mut self, now: Instant) -> Option<Way<'_>> {
        Some(self.way(now))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = self.longest;
        capabilities.max_burst_size = self.burst;
        capabilities
    }
}
