//! A capture from a pipe, until its writer or the user ends it.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// How long whoever writes the capture may say nothing before it counts as ended, once the user wants to see
/// what there is. Ctrl-C reaches a tcpdump in the same pipe, too, which then writes the rest and ends.
const REST: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 500_000_000,
};

/// Standard input until its end, or until SIGINT or SIGTERM and silence. A second signal ends the program.
pub struct Interruptible {
    signal: UnixStream,
    asked: Arc<AtomicBool>,
}

impl Interruptible {
    pub fn take_over() -> io::Result<Self> {
        let (signal, raised) = UnixStream::pair()?;
        let asked = Arc::new(AtomicBool::new(false));
        for number in [SIGINT, SIGTERM] {
            // In this order: the first signal finds the flag down.
            flag::register_conditional_default(number, Arc::clone(&asked))?;
            flag::register(number, Arc::clone(&asked))?;
            low_level::pipe::register(number, raised.try_clone()?)?;
        }
        Ok(Self { signal, asked })
    }

    /// Whether the user ended it; asked later, too.
    pub fn asked(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.asked)
    }

    /// Waits for octets or the end of the input; `false` if there is no use in waiting any longer.
    fn wait(&self) -> io::Result<bool> {
        let stdin = io::stdin();
        loop {
            let asked = self.asked.load(Ordering::Relaxed);
            // Once a signal came, its pipe is readable for ever.
            let mut fds = vec![PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN)];
            if !asked {
                fds.push(PollFd::from_borrowed_fd(self.signal.as_fd(), PollFlags::IN));
            }
            match poll(&mut fds, asked.then_some(&REST)) {
                Ok(0) => return Ok(false),
                Ok(_) if !fds[0].revents().is_empty() => return Ok(true),
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

impl Read for Interruptible {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.wait()? {
            return Ok(0);
        }
        Ok(rustix::io::read(io::stdin(), buffer)?)
    }
}
