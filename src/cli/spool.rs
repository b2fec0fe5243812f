//! Octets on their way to a terminal, a pipe or a FIFO, written by a thread of their own so that the node never waits
//! for a reader.
//!
//! What the reader does not take is kept, up to a bound. Octets beyond it are not accepted: dropping them, and saying
//! so, is up to the caller.
//!
//! A first piece is written at once. After each write the thread rests for a moment, and what arrives meanwhile is
//! written together: waking it for every line of a busy room would cost the node more than the line itself.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use smolchat::plural::Count;

/// How long the thread rests after it wrote: more often than anybody can see.
const REST: Duration = Duration::from_millis(5);
/// How long a reader may take for the last octets.
const FINISH_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// Octets that the thread has taken and not yet written.
    taken: usize,
    /// The thread has nothing to do and waits to be woken.
    idle: bool,
    /// Nothing more will come, or nobody reads any more.
    closed: bool,
    /// Why nobody does.
    error: Option<io::Error>,
}

impl State {
    const fn behind(&self) -> usize {
        self.waiting.len() + self.taken
    }
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A thread that panicked while it held plain octets left them as they are.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the octets wait, and the thread that writes them.
#[derive(Debug)]
pub struct Spool {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    bound: usize,
}

impl Spool {
    /// Starts the thread, which opens its output: a FIFO opens only when somebody reads it. If it cannot, or nobody
    /// reads any more, `lost` is called in that thread, once.
    ///
    /// Call it after the process has moved to the network in which it is to run.
    ///
    /// # Errors
    /// If the system cannot create a thread.
    pub fn start<W: Write>(
        name: &str,
        bound: usize,
        open: impl FnOnce() -> io::Result<W> + Send + 'static,
        lost: impl Fn(&io::Error) + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let others = Arc::clone(&shared);
        let work = move || {
            let error = open().and_then(|out| write_all(&others, out)).err();
            error.iter().for_each(lost);
            let mut state = others.lock();
            state.closed = true;
            state.taken = 0;
            state.error = error;
            drop(state);
            others.changed.notify_all();
        };
        let builder = std::thread::Builder::new().name(name.to_string());
        let thread = Some(builder.spawn(work)?);
        Ok(Self {
            shared,
            thread,
            bound,
        })
    }

    /// Accepts all of the octets or none: none if they would exceed the bound. Returns how many are then pending.
    ///
    /// # Errors
    /// Once: why nobody reads any more. Octets that come later are accepted and discarded.
    pub fn push(&self, octets: &[u8]) -> io::Result<Pushed> {
        let mut state = self.shared.lock();
        if state.closed {
            return state.error.take().map_or(Ok(Pushed::Taken(0)), Err);
        }
        let behind = state.behind();
        if octets.len() > self.bound.saturating_sub(behind) {
            return Ok(Pushed::Full(behind));
        }
        state.waiting.extend_from_slice(octets);
        if state.idle && !state.waiting.is_empty() {
            self.shared.changed.notify_all();
        }
        Ok(Pushed::Taken(state.behind()))
    }

    /// Waits for the last octets to be read, for a moment at most.
    ///
    /// # Errors
    /// Why they were not, unless this has already been reported.
    pub fn finish(mut self) -> io::Result<()> {
        let end = Instant::now() + FINISH_TIMEOUT;
        let mut state = self.shared.lock();
        while !state.closed && state.behind() > 0 {
            let Some(left) = end.checked_duration_since(Instant::now()) else {
                let late = format!(
                    "nobody read the last {}",
                    Count(state.behind() as u64, "octet")
                );
                state
                    .error
                    .get_or_insert(io::Error::new(io::ErrorKind::TimedOut, late));
                break;
            };
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let finished = state.behind() == 0;
        state.closed = true;
        let error = state.error.take();
        self.shared.changed.notify_all();
        drop(state);
        if let Some(thread) = self.thread.take().filter(|_| finished) {
            // It ends by itself; if it panicked, there is nothing left to write.
            let _ = thread.join();
        }
        error.map_or(Ok(()), Err)
    }
}

/// What became of the octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// They were accepted; this many octets are pending.
    Taken(usize),
    /// This many octets are pending, and these would be too many.
    Full(usize),
}

fn write_all(shared: &Shared, mut out: impl Write) -> io::Result<()> {
    let mut octets = Vec::new();
    loop {
        let mut state = shared.lock();
        while state.waiting.is_empty() {
            if state.closed {
                return Ok(());
            }
            state.idle = true;
            let woken = shared.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
            state.idle = false;
        }
        octets.clear();
        std::mem::swap(&mut octets, &mut state.waiting);
        state.taken = octets.len();
        drop(state);
        out.write_all(&octets).and_then(|()| out.flush())?;
        shared.lock().taken = 0;
        shared.changed.notify_all();
        std::thread::sleep(REST);
    }
}
