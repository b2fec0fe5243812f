//! `smolchat ladder`: the connections of a capture, from a file or as it comes.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};
use smolchat::capture::{CaptureError, Look, ladder_file, ladders};
use smolchat::picture::Format;
use smolchat::trace::Style;

use super::Failure;
use super::args::LadderArguments;
use super::legend::language;
use super::output::{Console, explained};
use super::values::Timing;

/// How long whoever writes the capture may say nothing before it counts as ended, once the user wants to see
/// what there is. Ctrl-C reaches a tcpdump in the same pipe, too, which then writes the rest and ends.
const REST: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 500_000_000,
};

/// Draws the connections of a capture.
pub fn draw(arguments: &LadderArguments) -> Result<(), Failure> {
    let style = Style {
        start: None,
        ..Console::Stdout.style(&arguments.colours)
    };
    let as_explained =
        (arguments.format == Format::Explain).then(|| language(arguments.colours.lang));
    let look = Look {
        style: &style,
        explained: explained(&arguments.colours).or(as_explained),
        text: !arguments.colours.no_text,
        why: arguments.why.then(|| language(arguments.colours.lang)),
        one_clock: arguments.colours.clock == Some(Timing::Shared),
        picture: arguments
            .format
            .picture()
            .map(|picture| (picture, language(arguments.colours.lang))),
    };
    let mut out = io::stdout().lock();
    let drawn = if arguments.file.as_os_str() == "-" {
        let input = Interruptible::take_over()?;
        let asked = Arc::clone(&input.asked);
        let name = Path::new("standard input");
        let drawn = ladders(Box::new(input), name, &mut out, look);
        match drawn {
            Err(error) if asked.load(Ordering::Relaxed) => {
                return interrupted(error);
            }
            drawn => drawn,
        }
    } else {
        ladder_file(&arguments.file, &mut out, look)
    };
    match drawn {
        Ok(_) => Ok(()),
        // The reader, such as `head`, has seen enough.
        Err(CaptureError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What an error means when the user ended the capture: a last packet that is not whole is no fault.
fn interrupted(error: CaptureError) -> Result<(), Failure> {
    match error {
        CaptureError::Cut(..) => {
            // Where nobody reads, nobody can be told.
            let _ = writeln!(io::stderr(), "-- {error}");
            Ok(())
        }
        CaptureError::Empty(_) => Err(Failure::NothingCame),
        CaptureError::Output(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        error => Err(error.into()),
    }
}

/// Standard input until its end, or until SIGINT or SIGTERM and silence. A second signal ends the program.
struct Interruptible {
    signal: UnixStream,
    asked: Arc<AtomicBool>,
}

impl Interruptible {
    fn take_over() -> io::Result<Self> {
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
