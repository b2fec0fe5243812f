//! A device that shows each frame that crosses it to a closure.

use crate::trace::Direction;
use smolhost::opaque;
use smoltcp::phy::{Device, DeviceCapabilities, PacketMeta, RxToken, TxToken};
use smoltcp::time::Instant;
use std::cell::RefCell;

/// A device, and a closure that is called with every frame: received ones before the node sees
/// them, sent ones after they are complete.
pub struct Tee<'d, D: ?Sized, S> {
    device: &'d mut D,
    sink: RefCell<S>,
}

opaque!([D: ?Sized, S] Tee<'_, D, S>, "Tee");

impl<'d, D, S> Tee<'d, D, S>
where
    D: Device + ?Sized,
    S: FnMut(Instant, Direction, &[u8]),
{
    /// Passes everything through to `device`.
    pub const fn new(device: &'d mut D, sink: S) -> Self {
        Self {
            device,
            sink: RefCell::new(sink),
        }
    }
}

impl<D, S> Device for Tee<'_, D, S>
where
    D: Device + ?Sized,
    S: FnMut(Instant, Direction, &[u8]),
{
    type RxToken<'a>
        = Token<'a, D::RxToken<'a>, S>
    where
        Self: 'a;
    type TxToken<'a>
        = Token<'a, D::TxToken<'a>, S>
    where
        Self: 'a;

    fn receive(&mut self, at: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let (rx, tx) = self.device.receive(at)?;
        let sink = &self.sink;
        Some((
            Token {
                token: rx,
                sink,
                at,
            },
            Token {
                token: tx,
                sink,
                at,
            },
        ))
    }

    fn transmit(&mut self, at: Instant) -> Option<Self::TxToken<'_>> {
        let token = self.device.transmit(at)?;
        let sink = &self.sink;
        Some(Token { token, sink, at })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        self.device.capabilities()
    }
}

/// A token of the device, and the closure that is shown its frame.
pub struct Token<'a, T, S> {
    token: T,
    sink: &'a RefCell<S>,
    at: Instant,
}

opaque!([T, S] Token<'_, T, S>, "Token");

impl<T: RxToken, S: FnMut(Instant, Direction, &[u8])> RxToken for Token<'_, T, S> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        self.token.consume(|frame| {
            // Shown before it is answered, and let go before the answer is shown.
            (self.sink.borrow_mut())(self.at, Direction::In, frame);
            f(frame)
        })
    }

    fn meta(&self) -> PacketMeta {
        self.token.meta()
    }
}

impl<T: TxToken, S: FnMut(Instant, Direction, &[u8])> TxToken for Token<'_, T, S> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        self.token.consume(len, |frame| {
            let result = f(frame);
            (self.sink.borrow_mut())(self.at, Direction::Out, frame);
            result
        })
    }

    fn set_meta(&mut self, meta: PacketMeta) {
        self.token.set_meta(meta);
    }
}
