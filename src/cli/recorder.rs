//! The capture that `--pcap` asks for: every frame that crosses the TAP, in a file, a FIFO, or on
//! standard output.
//!
//! A file is written by the loop itself, whenever it is about to sleep: what crossed before is then safe,
//! whatever becomes of the program, and a reader sees it. A FIFO or a pipe is written by a thread, since
//! its reader may be slow, or not there yet.

use std::cell::RefCell;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use smolchat::capture::{PcapNg, Tee, hear};
use smolchat::device::Tap;
use smolchat::explain::{Key, Said, Words};
use smolchat::plural::Count;
use smolchat::trace::Journal;
use smoltcp::phy::Device;

use super::output::is_stdout;
use super::spool::{Pushed, Spool};
use super::wait::Clock;

/// Octets that may wait for the reader of a FIFO.
const BOUND: usize = 64 * 1024 * 1024;

/// Why there is no capture.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the capture {}: {error}", path.display())]
pub struct CaptureFailed {
    path: PathBuf,
    error: io::Error,
}

impl CaptureFailed {
    fn of(path: &Path, error: io::Error) -> Self {
        let path = path.to_path_buf();
        Self { path, error }
    }
}

/// A capture under way, or none.
pub struct Capture {
    path: PathBuf,
    writer: RefCell<Option<PcapNg<Sink>>>,
    /// Why it ended early.
    failed: RefCell<Option<CaptureFailed>>,
    told: bool,
    /// What was heard since the last time somebody asked, if anybody will.
    heard: Option<RefCell<Vec<(Key, Words)>>>,
}

impl Capture {
    /// Makes the file anew, if one is wanted.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(path: Option<&Path>, clock: Clock) -> Result<Self, CaptureFailed> {
        let since = std::time::Duration::from_micros(clock.now().total_micros().unsigned_abs());
        let zero = SystemTime::now() - since;
        let writer = path
            .map(|path| {
                let sink = Sink::open(path).and_then(|sink| PcapNg::new(sink, zero));
                sink.map_err(|error| CaptureFailed::of(path, error))
            })
            .transpose()?;
        Ok(Self {
            path: path.map(Path::to_path_buf).unwrap_or_default(),
            writer: RefCell::new(writer),
            failed: RefCell::new(None),
            told: false,
            heard: None,
        })
    }

    /// The same that listens to what segments say, for [`Self::tell`].
    pub fn hearing(self, wanted: bool) -> Self {
        let heard = wanted.then(RefCell::default);
        Self { heard, ..self }
    }

    /// Hands over what was heard since the last time.
    pub fn tell(&self, said: &mut Said) {
        if let Some(heard) = &self.heard {
            let mut heard = heard.borrow_mut();
            heard
                .drain(..)
                .for_each(|(key, words)| said.keep(key, words));
        }
    }

    /// The TAP, with every frame recorded.
    pub fn on<'c>(&'c self, tap: &'c mut Tap) -> impl Device + 'c {
        Tee::new(tap, |at, direction, octets: &[u8]| {
            self.with(|writer| writer.frame(at, direction, octets));
            if let Some(heard) = &self.heard {
                heard.borrow_mut().extend(hear(octets));
            }
        })
    }

    /// Adds what the journal says of the frames so far, and tells once that the capture ended early.
    /// Call it after each round of egress.
    pub fn annotate(&mut self, journal: &Journal<'_>, out: &mut impl fmt::Write) {
        self.with(|writer| writer.annotate(journal));
        if let Some(failure) = self.failed.get_mut()
            && !self.told
        {
            self.told = true;
            // Output never fails: what nobody reads is counted.
            let _ = writeln!(out, "-- {failure}; the chat goes on.");
        }
    }

    /// Completes the file.
    ///
    /// # Errors
    /// When it could not be written to its end, or nobody read that. A reader that went has seen enough.
    pub fn finish(self) -> Result<(), CaptureFailed> {
        if let Some(failure) = self.failed.into_inner() {
            return match failure.error.kind() {
                io::ErrorKind::BrokenPipe => Ok(()),
                _ => Err(failure),
            };
        }
        let finished = match self.writer.into_inner() {
            Some(writer) => writer.finish().and_then(Sink::finish),
            None => Ok(()),
        };
        finished.map_err(|error| CaptureFailed::of(&self.path, error))
    }

    fn with(&self, write: impl FnOnce(&mut PcapNg<Sink>) -> io::Result<()>) {
        let mut writer = self.writer.borrow_mut();
        if let Some(Err(error)) = writer.as_mut().map(write) {
            // The chat goes on without.
            *writer = None;
            self.failed
                .replace(Some(CaptureFailed::of(&self.path, error)));
        }
    }
}

/// Where a capture goes.
enum Sink {
    /// A file, which takes what is written at once.
    File(File),
    /// A reader that may be slow, and whole blocks of the capture since the last flush.
    Reader { spool: Spool, blocks: Vec<u8> },
}

impl Sink {
    fn open(path: &Path) -> io::Result<Self> {
        let spooled = |spool| Self::Reader {
            spool,
            blocks: Vec::new(),
        };
        if is_stdout(path) {
            let spool = Spool::start("capture", BOUND, || Ok(io::stdout()), |_| ());
            return spool.map(spooled);
        }
        let is_fifo = path.metadata().is_ok_and(|at| at.file_type().is_fifo());
        if !is_fifo {
            return File::create(path).map(Self::File);
        }
        let path = path.to_path_buf();
        let open = move || OpenOptions::new().write(true).open(path);
        Spool::start("capture", BOUND, open, |_| ()).map(spooled)
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::File(_) => Ok(()),
            Self::Reader { spool, .. } => spool.finish(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(octets),
            Self::Reader { blocks, .. } => blocks.write(octets),
        }
    }

    /// # Errors
    /// Where a reader is too far behind: a capture that goes on after a hole would lie.
    fn flush(&mut self) -> io::Result<()> {
        let Self::Reader { spool, blocks } = self else {
            return Ok(());
        };
        match spool.push(blocks)? {
            Pushed::Taken(_) => blocks.clear(),
            Pushed::Full(behind) => {
                return Err(io::Error::other(format!(
                    "its reader is {} behind",
                    Count(behind as u64, "octet")
                )));
            }
        }
        Ok(())
    }
}
