//! Sleeping until a deadline, a frame, a typed line or a signal, whichever comes first.
//!
//! Also the program's only clock.

use std::io;
use std::num::NonZeroU64;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;
use smoltcp::time::{Duration, Instant};

/// The time since the program started, for everything that takes an instant.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: std::time::Instant,
}

impl Clock {
    /// A clock that reads zero now.
    pub fn start() -> Self {
        Self {
            start: std::time::Instant::now(),
        }
    }

    /// The time, in whole microseconds.
    pub fn now(&self) -> Instant {
        let micros = self.start.elapsed().as_micros();
        Instant::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}

/// The signals that ask the program to end, as something to poll: SIGINT, SIGTERM, and the SIGHUP of a terminal that is
/// gone. From its creation on they no longer end the program.
#[derive(Debug)]
pub struct Signals {
    delivery: SignalDelivery<UnixStream, SignalOnly>,
    /// The program was asked before.
    asked: bool,
}

impl Signals {
    /// Takes over the signals. A SIGHUP that was ignored when the program started (`nohup`) stays ignored.
    ///
    /// # Errors
    /// If the system provides no descriptors or handlers.
    pub fn take_over() -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        let hangup = (!is_hangup_ignored()).then_some(SIGHUP);
        let signals = [SIGINT, SIGTERM].into_iter().chain(hangup);
        let delivery = SignalDelivery::with_pipe(read, write, SignalOnly, signals)?;
        Ok(Self {
            delivery,
            asked: false,
        })
    }

    /// How many requests to end arrived since the last call; a signal that arrived twice in between counts once. Asking
    /// again usually means impatience. A terminal that is gone does not: that is reported more than once, and service
    /// managers report it along with SIGTERM.
    pub fn count(&mut self) -> usize {
        let (hangups, asked): (Vec<i32>, Vec<i32>) = self
            .delivery
            .pending()
            .partition(|&signal| signal == SIGHUP);
        let count = match asked.len() {
            0 if !self.asked => hangups.len().min(1),
            count => count,
        };
        self.asked |= count > 0;
        count
    }
}

/// Whether SIGHUP is in the mask of ignored signals (proc_pid_status(5)).
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 << (SIGHUP - 1) != 0)
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.delivery.get_read().as_fd()
    }
}

/// What ended a sleep. If all are false: the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Woken {
    /// The device has a frame, or an error to report.
    pub device: bool,
    /// The input has octets, or has ended.
    pub input: bool,
    /// A signal came.
    pub signal: bool,
}

/// What to wait for besides time.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The TAP.
    pub device: BorrowedFd<'a>,
    /// The console, as long as it has not ended.
    pub input: Option<BorrowedFd<'a>>,
    /// [`Signals`].
    pub signal: BorrowedFd<'a>,
}

/// Spins in a row that found nothing before no more are made.
const FUTILE_SPINS: u8 = 4;

/// How to wait.
#[derive(Debug, Clone, Copy)]
pub struct Waiter {
    clock: Clock,
    spin: Duration,
    /// Spins in a row that found nothing.
    in_vain: u8,
}

impl Waiter {
    /// Busy-waits for up to `spin`, then sleeps. Zero only sleeps.
    ///
    /// It busy-waits only while that pays: after some futile spins it sleeps at once, until a sleep turns out to have
    /// been shorter than a spin.
    ///
    /// The thread's timers become as precise as the kernel can make them.
    pub fn new(clock: Clock, spin: Duration) -> Self {
        // Without it the kernel may add 50 us to every sleep. It cannot be refused to one's own.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        Self {
            clock,
            spin,
            in_vain: 0,
        }
    }

    /// Waits for one of `sources`, or until `deadline`, precise to the microsecond and never early; without a deadline,
    /// for as long as it takes. Returns early, with nothing, if a signal interrupts.
    ///
    /// # Errors
    /// If the system cannot poll.
    pub fn wait(&mut self, sources: Sources<'_>, deadline: Option<Instant>) -> io::Result<Woken> {
        if self.spin == Duration::ZERO {
            return self.sleep(sources, deadline);
        }
        let start = self.clock.now();
        let end = start + self.spin;
        let spin_end = deadline.map_or(end, |deadline| deadline.min(end));
        while self.in_vain < FUTILE_SPINS {
            let woken = look(sources, Some(Duration::ZERO))?;
            if woken != Woken::default() {
                self.in_vain = 0;
                return Ok(woken);
            }
            if self.clock.now() >= spin_end {
                self.in_vain += 1;
                break;
            }
        }
        let woken = self.sleep(sources, deadline)?;
        if woken.device && self.clock.now() < end {
            self.in_vain = 0;
        }
        Ok(woken)
    }

    fn sleep(&self, sources: Sources<'_>, deadline: Option<Instant>) -> io::Result<Woken> {
        let left = deadline.map(|deadline| {
            let now = self.clock.now();
            if deadline > now {
                deadline - now
            } else {
                Duration::ZERO
            }
        });
        look(sources, left)
    }
}

fn look(sources: Sources<'_>, timeout: Option<Duration>) -> io::Result<Woken> {
    let timeout = timeout.map(|left| Timespec {
        tv_sec: i64::try_from(left.secs()).unwrap_or(i64::MAX),
        tv_nsec: (left.total_micros() % 1_000_000 * 1_000) as i64,
    });
    let entry = |fd| PollFd::from_borrowed_fd(fd, PollFlags::IN);
    // Without an input the signals stand in its place; the kernel then tells of them twice.
    let mut fds = [
        entry(sources.device),
        entry(sources.signal),
        entry(sources.input.unwrap_or(sources.signal)),
    ];
    match poll(&mut fds, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => (),
        Err(errno) => return Err(errno.into()),
    }
    let told = |index: usize| !fds[index].revents().is_empty();
    Ok(Woken {
        device: told(0),
        signal: told(1),
        input: sources.input.is_some() && told(2),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn pair() -> (UnixStream, UnixStream) {
        UnixStream::pair().unwrap()
    }

    #[test]
    fn a_sleep_ends_at_its_deadline_and_never_before() {
        let (device, _other) = pair();
        let (signal, _raiser) = pair();
        let clock = Clock::start();
        for (spin, micros) in [(0, 300), (0, 1_500), (200, 700), (5_000, 400)] {
            let mut waiter = Waiter::new(clock, Duration::from_micros(spin));
            let sources = Sources {
                device: device.as_fd(),
                input: None,
                signal: signal.as_fd(),
            };
            let deadline = clock.now() + Duration::from_micros(micros);
            let woken = waiter.wait(sources, Some(deadline)).unwrap();
            assert_eq!(woken, Woken::default());
            assert!(clock.now() >= deadline);
        }
    }

    #[test]
    fn spinning_ends_when_it_is_in_vain_and_begins_again_when_it_would_have_paid() {
        let (device, mut frame) = pair();
        let (signal, _raiser) = pair();
        let sources = Sources {
            device: device.as_fd(),
            input: None,
            signal: signal.as_fd(),
        };
        let clock = Clock::start();
        let mut waiter = Waiter::new(clock, Duration::from_millis(1));
        for _ in 0..FUTILE_SPINS {
            let deadline = clock.now() + Duration::from_millis(2);
            waiter.wait(sources, Some(deadline)).unwrap();
        }
        assert_eq!(waiter.in_vain, FUTILE_SPINS);
        // A long sleep that ends with a frame says nothing; what is there at once does.
        waiter.spin = Duration::from_secs(60);
        frame.write_all(b"frame").unwrap();
        assert!(waiter.wait(sources, None).unwrap().device);
        assert_eq!(waiter.in_vain, 0);
    }

    #[test]
    fn a_deadline_in_the_past_only_looks() {
        let (device, _other) = pair();
        let (signal, _raiser) = pair();
        let clock = Clock::start();
        let mut waiter = Waiter::new(clock, Duration::ZERO);
        let sources = Sources {
            device: device.as_fd(),
            input: Some(device.as_fd()),
            signal: signal.as_fd(),
        };
        let past = Some(Instant::from_micros(-1));
        assert_eq!(waiter.wait(sources, past).unwrap(), Woken::default());
    }

    #[test]
    fn each_source_wakes_by_its_own_name() {
        let (device, mut frame) = pair();
        let (input, console) = pair();
        let mut signals = Signals::take_over().unwrap();
        let mut waiter = Waiter::new(Clock::start(), Duration::from_micros(50));
        let mut wait = |signals: &Signals| {
            let sources = Sources {
                device: device.as_fd(),
                input: Some(input.as_fd()),
                signal: signals.as_fd(),
            };
            waiter.wait(sources, None).unwrap()
        };

        signal_hook::low_level::raise(SIGTERM).unwrap();
        let mut expected = Woken {
            signal: true,
            ..Woken::default()
        };
        assert_eq!(wait(&signals), expected);
        signal_hook::low_level::raise(SIGINT).unwrap();
        assert_eq!(signals.count(), 2);
        signal_hook::low_level::raise(SIGHUP).unwrap();
        assert_eq!(signals.count(), 0, "no impatience");

        expected.signal = false;
        expected.device = true;
        frame.write_all(b"frame").unwrap();
        assert_eq!(wait(&signals), expected);
        expected.input = true;
        console.shutdown(std::net::Shutdown::Both).unwrap();
        assert_eq!(wait(&signals), expected);
    }
}
