//! The device of the subject: frames in, frames out, nothing between.

use std::collections::VecDeque;

use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

/// The cable: what the subject is to receive, and what it sent.
#[derive(Default)]
pub(crate) struct Cable {
    pub(crate) inbox: VecDeque<Vec<u8>>,
    pub(crate) outbox: VecDeque<Vec<u8>>,
}

pub(crate) struct Taken(Vec<u8>);
pub(crate) struct Way<'c>(&'c mut VecDeque<Vec<u8>>);

impl RxToken for Taken {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

impl TxToken for Way<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut frame = vec![0; len];
        let result = f(&mut frame);
        self.0.push_back(frame);
        result
    }
}

impl Device for Cable {
    type RxToken<'t> = Taken;
    type TxToken<'t> = Way<'t>;

    fn receive(&mut self, _: Instant) -> Option<(Taken, Way<'_>)> {
        let frame = self.inbox.pop_front()?;
        Some((Taken(frame), Way(&mut self.outbox)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Way<'_>> {
        Some(Way(&mut self.outbox))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = 1514;
        capabilities
    }
}
