//! The device of the node: frames in, frames out, and no room now and then.

use std::collections::VecDeque;

use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

/// What the node is to receive, and what it sent. Memory of frames is used again.
#[derive(Default)]
pub struct Cable {
    pub inbox: VecDeque<Vec<u8>>,
    pub outbox: VecDeque<Vec<u8>>,
    pool: Vec<Vec<u8>>,
    /// Nothing more can be sent.
    pub blocked: bool,
    /// Frames that the node took.
    pub received: u64,
}

impl Cable {
    /// Memory for a frame.
    pub fn empty(&mut self) -> Vec<u8> {
        let mut frame = self.pool.pop().unwrap_or_default();
        frame.clear();
        frame
    }

    pub fn recycle(&mut self, frame: Vec<u8>) {
        if self.pool.len() < 32 {
            self.pool.push(frame);
        }
    }
}

pub struct Taken<'c> {
    frame: Vec<u8>,
    pool: &'c mut Vec<Vec<u8>>,
}

pub struct Way<'c> {
    outbox: &'c mut VecDeque<Vec<u8>>,
    frame: Vec<u8>,
}

impl RxToken for Taken<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, work: F) -> R {
        let result = work(&self.frame);
        if self.pool.len() < 32 {
            self.pool.push(self.frame);
        }
        result
    }
}

impl TxToken for Way<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(mut self, len: usize, work: F) -> R {
        self.frame.clear();
        self.frame.resize(len, 0);
        let result = work(&mut self.frame);
        self.outbox.push_back(self.frame);
        result
    }
}

impl Device for Cable {
    type RxToken<'t> = Taken<'t>;
    type TxToken<'t> = Way<'t>;

    fn receive(&mut self, _: Instant) -> Option<(Taken<'_>, Way<'_>)> {
        let frame = self.inbox.pop_front()?;
        self.received += 1;
        let way = Way {
            outbox: &mut self.outbox,
            frame: self.pool.pop().unwrap_or_default(),
        };
        let pool = &mut self.pool;
        Some((Taken { frame, pool }, way))
    }

    fn transmit(&mut self, _: Instant) -> Option<Way<'_>> {
        (!self.blocked).then(|| Way {
            frame: self.pool.pop().unwrap_or_default(),
            outbox: &mut self.outbox,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = 65_549;
        capabilities
    }
}
