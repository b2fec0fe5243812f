//! The terminal, written to by a thread of its own, so that the node never waits for a reader.
//!
//! What the reader does not take is kept, up to a bound; beyond it, it is dropped and counted, and
//! the count is told as soon as there is room again.
//!
//! A first line is shown at once. After each write the thread rests for a moment, and what is written
//! meanwhile is shown together: waking it for every line of a busy room would cost the node more than the
//! line itself.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use smolchat::app::Screen;
use smolchat::trace::Style;

use super::args::OutputArguments;

/// Octets that may wait for a slow reader.
const BOUND: usize = 1024 * 1024;
/// How long the thread rests after it wrote: more often than anybody can see.
const REST: Duration = Duration::from_millis(5);
/// How long a reader may take for the last octets.
const LAST: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// Octets that the thread has taken and not yet written.
    taken: usize,
    /// The thread has nothing to do and waits to be woken.
    idle: bool,
    /// Nothing more will come, or nobody reads any more.
    closed: bool,
}

impl State {
    fn is_behind(&self) -> bool {
        !self.waiting.is_empty() || self.taken > 0
    }
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // A thread that panicked while it held plain octets left them as they are.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Standard output.
#[derive(Debug)]
pub struct Output {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// Written since the last flush.
    fresh: String,
    /// Octets that wait in `shared`, as of the last flush.
    waiting: usize,
    lost: usize,
}

impl Output {
    /// Starts the thread. Call it after the process has moved to the network it is to be in.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let others = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("output".to_string())
            .spawn(move || write_all(&others))?;
        Ok(Self {
            shared,
            thread: Some(thread),
            fresh: String::new(),
            waiting: 0,
            lost: 0,
        })
    }

    /// Hands over what was written. Call it once per turn.
    pub fn flush(&mut self) {
        if self.fresh.is_empty() && self.waiting == 0 {
            return;
        }
        let mut state = self.shared.lock();
        if state.closed {
            self.fresh.clear();
            self.waiting = 0;
            return;
        }
        if self.lost > 0 && state.waiting.len() + state.taken < BOUND / 2 {
            let note = format!("-- {} octets could not be shown in time.\n", self.lost);
            state.waiting.extend_from_slice(note.as_bytes());
            self.lost = 0;
        }
        state.waiting.extend_from_slice(self.fresh.as_bytes());
        self.fresh.clear();
        self.waiting = state.waiting.len() + state.taken;
        if state.idle && self.waiting > 0 {
            self.shared.changed.notify_all();
        }
    }

    /// Whether something waits for the reader, as of the last flush.
    pub fn is_behind(&self) -> bool {
        self.waiting > BOUND / 2
    }

    /// Waits for the last octets to be read, a moment at most.
    pub fn finish(mut self) {
        self.flush();
        let end = Instant::now() + LAST;
        let mut state = self.shared.lock();
        while !state.closed && state.is_behind() {
            let Some(left) = end.checked_duration_since(Instant::now()) else {
                break;
            };
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let finished = !state.is_behind();
        state.closed = true;
        self.shared.changed.notify_all();
        drop(state);
        if let Some(thread) = self.thread.take().filter(|_| finished) {
            // It ends by itself; if it panicked, there is nothing left to show.
            let _ = thread.join();
        }
    }
}

fn write_all(shared: &Shared) {
    let mut octets = Vec::new();
    loop {
        let mut state = shared.lock();
        while state.waiting.is_empty() {
            if state.closed {
                return;
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
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(&octets).and_then(|()| stdout.flush());
        let mut state = shared.lock();
        state.taken = 0;
        // Nobody reads any more: the node goes on without.
        state.closed |= written.is_err();
        shared.changed.notify_all();
        drop(state);
        std::thread::sleep(REST);
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
}

/// How ladders are drawn: in colours if that is wanted and the output is a terminal.
pub fn style(arguments: &OutputArguments) -> Style {
    let unwanted = arguments.no_color
        || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || !io::stdout().is_terminal();
    if unwanted { Style::PLAIN } else { Style::ANSI }
}
