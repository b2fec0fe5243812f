//! Between the node and the TAP: every frame into a capture file, as it crosses.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use smolchat::capture::PcapNg;
use smolchat::device::Tap;
use smolchat::trace::{Direction, Journal};
use smoltcp::phy::{Device, DeviceCapabilities, PacketMeta, RxToken, TxToken};
use smoltcp::time::Instant;

use super::wait::Clock;

/// Why there is no capture.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the capture {}: {error}", path.display())]
pub struct CaptureFailed {
    path: PathBuf,
    error: io::Error,
}

/// A capture file under way, or none.
pub struct Capture {
    path: PathBuf,
    writer: RefCell<Option<PcapNg<File>>>,
    failed: RefCell<Option<io::Error>>,
}

impl Capture {
    /// Makes the file anew, if one is wanted.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(path: Option<&Path>, clock: Clock) -> Result<Self, CaptureFailed> {
        let failed = |path: &Path, error| CaptureFailed {
            path: path.to_path_buf(),
            error,
        };
        let since = std::time::Duration::from_micros(clock.now().total_micros().unsigned_abs());
        let zero = SystemTime::now() - since;
        let writer = path
            .map(|path| PcapNg::create(path, zero).map_err(|error| failed(path, error)))
            .transpose()?;
        Ok(Self {
            path: path.map(Path::to_path_buf).unwrap_or_default(),
            writer: RefCell::new(writer),
            failed: RefCell::new(None),
        })
    }

    /// The TAP, with every frame recorded as of `now`.
    pub fn on<'c>(&'c self, tap: &'c mut Tap, now: Instant) -> Recorded<'c> {
        Recorded {
            tap,
            capture: self,
            now,
        }
    }

    /// Adds what the journal says of the frames so far. Call it after each round of egress.
    pub fn annotate(&self, journal: &Journal<'_>) {
        self.with(|writer| writer.annotate(journal));
    }

    /// Why the capture ended early, once.
    pub fn take_failure(&self) -> Option<CaptureFailed> {
        let error = self.failed.take()?;
        let path = self.path.clone();
        Some(CaptureFailed { path, error })
    }

    /// Completes the file.
    ///
    /// # Errors
    /// When its end cannot be written.
    pub fn finish(self) -> Result<(), CaptureFailed> {
        let finished = self.writer.into_inner().map_or(Ok(()), PcapNg::finish);
        finished.map_err(|error| CaptureFailed {
            path: self.path,
            error,
        })
    }

    fn with(&self, write: impl FnOnce(&mut PcapNg<File>) -> io::Result<()>) {
        let mut writer = self.writer.borrow_mut();
        if let Some(Err(error)) = writer.as_mut().map(write) {
            // The chat goes on without.
            *writer = None;
            self.failed.replace(Some(error));
        }
    }

    fn frame(&self, now: Instant, direction: Direction, octets: &[u8]) {
        self.with(|writer| writer.frame(now, direction, octets));
    }
}

/// A TAP whose frames are recorded.
pub struct Recorded<'c> {
    tap: &'c mut Tap,
    capture: &'c Capture,
    now: Instant,
}

/// A token of the TAP, and where its frame is recorded.
pub struct Token<'t, T> {
    token: T,
    capture: &'t Capture,
    now: Instant,
}

impl Device for Recorded<'_> {
    type RxToken<'t>
        = Token<'t, <Tap as Device>::RxToken<'t>>
    where
        Self: 't;
    type TxToken<'t>
        = Token<'t, <Tap as Device>::TxToken<'t>>
    where
        Self: 't;

    fn receive(&mut self, now: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let (capture, now_recorded) = (self.capture, self.now);
        let (received, sending) = self.tap.receive(now)?;
        Some((
            Token {
                token: received,
                capture,
                now: now_recorded,
            },
            Token {
                token: sending,
                capture,
                now: now_recorded,
            },
        ))
    }

    fn transmit(&mut self, now: Instant) -> Option<Self::TxToken<'_>> {
        Some(Token {
            token: self.tap.transmit(now)?,
            capture: self.capture,
            now: self.now,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        self.tap.capabilities()
    }
}

impl<T: RxToken> RxToken for Token<'_, T> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        let Self {
            token,
            capture,
            now,
        } = self;
        token.consume(|octets| {
            capture.frame(now, Direction::In, octets);
            f(octets)
        })
    }
}

impl<T: TxToken> TxToken for Token<'_, T> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let Self {
            token,
            capture,
            now,
        } = self;
        token.consume(len, |octets| {
            let result = f(octets);
            capture.frame(now, Direction::Out, octets);
            result
        })
    }

    fn set_meta(&mut self, meta: PacketMeta) {
        self.token.set_meta(meta);
    }
}
