//! The loop that drives a node on a TAP: frames in, the application, frames out, sleep.
//!
//! The order matters. The application responds to what arrived before anything is sent, so that acknowledgments ride on
//! its answers; and everything to be sent has been sent before the thread sleeps, so that besides news a deadline is
//! the only reason to wake.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::Errno;
use smolchat::device::Tap;
use smoltcp::time::{Duration, Instant};

use super::wait::{Clock, Signals, Sources, Waiter, Woken};

/// A node with an application on it. No method blocks.
pub trait Program {
    /// Takes frames that wait, a bounded number of them. True if more may wait.
    fn ingress(&mut self, now: Instant, tap: &mut Tap) -> bool;

    /// Lets the application work on what came in: through the node, and through what `news` tells of.
    fn application(&mut self, now: Instant, news: News);

    /// Sends what is to be sent. The next instant at which something is to be done, if any.
    fn egress(&mut self, now: Instant, tap: &mut Tap) -> Option<Instant>;

    /// Whether there is nothing left to do and the program may end. Asked after each egress, which may
    /// have been the last thing to do.
    fn is_over(&self, now: Instant) -> bool;

    /// The console, until it has ended.
    fn input(&self) -> Option<BorrowedFd<'_>>;
}

/// What happened besides frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct News {
    /// The console has octets, or has ended.
    pub input: bool,
    /// How often the program was asked to end, by a signal, since it started.
    pub signals: usize,
}

/// Why the loop ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("the TAP {tap} was removed while it was in use; start again, and it is made anew")]
    Removed { tap: String },
    #[error("the TAP {tap} failed: {error}")]
    Device { tap: String, error: io::Error },
    #[error("cannot wait for events: {0}")]
    Wait(#[from] io::Error),
}

impl RunError {
    fn of_device(tap: &Tap, error: io::Error) -> Self {
        let tap = tap.name().to_string();
        match Errno::from_io_error(&error) {
            // The descriptor is still there, its interface is not.
            Some(Errno::BADFD) => Self::Removed { tap },
            Some(_) | None => Self::Device { tap, error },
        }
    }
}

/// Drives `program` until it has nothing left to do. Frames that it queues in its last step are sent.
///
/// # Errors
/// If the TAP fails, for example because somebody removed it, or the system cannot wait.
pub fn run(
    program: &mut impl Program,
    tap: &mut Tap,
    signals: &mut Signals,
    clock: Clock,
    spin: Duration,
) -> Result<(), RunError> {
    let mut waiter = Waiter::new(clock, spin);
    let mut news = News::default();
    loop {
        let now = clock.now();
        let more = program.ingress(now, tap);
        program.application(now, news);
        let deadline = program.egress(now, tap);
        if let Some(error) = tap.take_error() {
            return Err(RunError::of_device(tap, error));
        }
        if program.is_over(now) {
            return Ok(());
        }
        // With more frames in the device this only looks whether there is other news.
        let deadline = if more { Some(now) } else { deadline };
        let woken = waiter.wait(
            Sources {
                device: tap.as_fd(),
                input: program.input(),
                signal: signals.as_fd(),
            },
            deadline,
        )?;
        news = gather(woken, news, signals);
    }
}

fn gather(woken: Woken, before: News, signals: &mut Signals) -> News {
    let more = if woken.signal { signals.count() } else { 0 };
    News {
        input: woken.input,
        signals: before.signals + more,
    }
}
