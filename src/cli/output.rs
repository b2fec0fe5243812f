//! The console: what the program says, on standard output, or on standard error where a capture goes to
//! the former.
//!
//! What its reader does not take is kept, up to a bound; beyond it, it is dropped and counted, and the
//! count is told as soon as there is room again.

use std::fmt;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::FileType;
use rustix::io::Errno;
use signal_hook::consts::SIGHUP;
use smolchat::app::Screen;
use smolchat::explain::Teller;
use smolchat::plural::Count;
use smolchat::trace::{Follower, Journal, Style};
use smoltcp::time::Instant;

use super::colours::{ColourArguments, Timing};
use super::said::NotSaid;
use super::spool::{Pushed, Spool};

/// Octets that may wait for a slow reader.
const BOUND: usize = 1024 * 1024;

/// Where the program speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Console {
    /// On standard output.
    Stdout,
    /// On standard error: standard output is for a capture.
    Stderr,
}

impl fmt::Display for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stdout => "output",
            Self::Stderr => "error",
        })
    }
}

impl Console {
    /// The one beside a capture at `pcap`.
    pub fn beside(pcap: Option<&Path>) -> Self {
        match pcap {
            Some(path) if is_stdout(path) => Self::Stderr,
            Some(_) | None => Self::Stdout,
        }
    }

    /// How ladders are drawn there: in colours if that is wanted and it is a terminal.
    pub fn style(self, arguments: &ColourArguments) -> Style {
        let is_terminal = match self {
            Self::Stdout => io::stdout().is_terminal(),
            Self::Stderr => io::stderr().is_terminal(),
        };
        let start = match arguments.clock {
            // The clock of a node starts with the program.
            Some(Timing::Shared) | None => Some(Instant::ZERO),
            Some(Timing::Own) => None,
        };
        Style {
            start,
            ..arguments.style(is_terminal)
        }
    }
}

/// Who draws ladders with what was asked for.
pub fn teller(arguments: &ColourArguments) -> Teller {
    Teller::new(arguments.explained())
}

/// Whether a path is standard output: `-`, or the very pipe.
pub fn is_stdout(path: &Path) -> bool {
    let same = || {
        let file = rustix::fs::stat(path).ok()?;
        let stdout = rustix::fs::fstat(io::stdout().as_fd()).ok()?;
        let pipe = FileType::from_raw_mode(file.st_mode) == FileType::Fifo;
        Some(pipe && (file.st_dev, file.st_ino) == (stdout.st_dev, stdout.st_ino))
    };
    path == Path::new("-") || same().unwrap_or(false)
}

/// What is said, on its way to the console.
#[derive(Debug)]
pub struct Output {
    spool: Spool,
    /// Written since the last flush.
    fresh: String,
    /// Octets on their way, as of the last flush.
    waiting: usize,
    lost: usize,
    /// Why nobody reads any more.
    failed: Option<io::Error>,
    console: Console,
    teller: Teller,
}

impl Output {
    /// Call it after the process has moved to the network it is to be in.
    ///
    /// A console that is gone, such as a terminal that was closed or a pipe that nobody reads, is told to
    /// the program as the signal that says so.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(console: Console, teller: Teller) -> io::Result<Self> {
        let lost = move |error: &_| tell_lost(console, error);
        let spool = match console {
            Console::Stdout => Spool::start("output", BOUND, || Ok(io::stdout()), lost)?,
            Console::Stderr => Spool::start("output", BOUND, || Ok(io::stderr()), lost)?,
        };
        Ok(Self {
            spool,
            fresh: String::new(),
            waiting: 0,
            lost: 0,
            failed: None,
            console,
            teller,
        })
    }

    /// Who draws ladders.
    pub const fn teller(&mut self) -> &mut Teller {
        &mut self.teller
    }

    /// Draws what is new of a ladder, or all that is left of it where `now` is none.
    pub fn follow(
        &mut self,
        follower: &mut Follower,
        journal: &Journal<'_>,
        now: Option<Instant>,
        style: &Style,
    ) -> Option<Instant> {
        let mut teller = std::mem::take(&mut self.teller);
        let due = teller.follow(follower, journal, now, style, self);
        self.teller = teller;
        // Output never fails: what nobody reads is counted.
        due.unwrap_or(None)
    }

    /// Hands over what was written. Call it once per turn.
    pub fn flush(&mut self) {
        if self.fresh.is_empty() && self.waiting == 0 {
            return;
        }
        if self.lost > 0 && self.waiting < BOUND / 2 {
            let note = format!(
                "-- {} could not be shown in time.\n",
                Count(self.lost as u64, "octet")
            );
            self.fresh.insert_str(0, &note);
            self.lost = 0;
        }
        // Once nobody reads any more, everything is taken.
        self.waiting = match self.spool.push(self.fresh.as_bytes()) {
            Ok(Pushed::Taken(waiting)) => waiting,
            Ok(Pushed::Full(waiting)) => {
                self.lost += self.fresh.len();
                waiting
            }
            Err(error) => {
                self.failed = Some(error);
                0
            }
        };
        self.fresh.clear();
    }

    /// Whether something waits for the reader, as of the last flush.
    pub fn is_behind(&self) -> bool {
        self.waiting > BOUND / 2
    }

    /// Waits for the last octets to be read, a moment at most.
    ///
    /// # Errors
    /// When what was said could not be written, such as for want of space. A reader that went, or takes its
    /// time, is no such case.
    pub fn finish(mut self) -> Result<(), NotSaid> {
        self.flush();
        let error = self.failed.or(self.spool.finish().err());
        let fault = error.filter(|error| !is_gone(error) && error.kind() != ErrorKind::TimedOut);
        fault.map_or(Ok(()), |error| Err(NotSaid::new(&self.console, error)))
    }
}

/// Whether the reader went, or the terminal.
fn is_gone(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::PIPE | Errno::IO))
}

/// Nobody will read again. A full disk, in contrast, is no reason to end: the room goes on, and what is said of it is
/// missed from here on.
fn tell_lost(console: Console, error: &io::Error) {
    if is_gone(error) {
        // Without a handler there is nobody to tell.
        let _ = signal_hook::low_level::raise(SIGHUP);
    } else if console == Console::Stdout {
        // Where this does not arrive either, the end still says so.
        let _ = writeln!(
            io::stderr(),
            "smolchat: from here on nothing can be written to standard {console}: {error}. The network goes on."
        );
    }
}

impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.len() > self.room() {
            self.lost += text.len();
        } else {
            self.fresh.push_str(text);
        }
        Ok(())
    }
}

impl Screen for Output {
    fn room(&self) -> usize {
        BOUND.saturating_sub(self.waiting + self.fresh.len())
    }

    fn draw(
        &mut self,
        follower: &mut Follower,
        journal: &Journal<'_>,
        now: Instant,
        style: &Style,
    ) -> Option<Instant> {
        self.follow(follower, journal, Some(now), style)
    }
}
