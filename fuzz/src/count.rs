//! How much was done: frames, said on standard error every few seconds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

/// How often it is said.
const EVERY: Duration = Duration::from_secs(5);

static DONE: AtomicU64 = AtomicU64::new(0);
static SAID: LazyLock<Mutex<(Instant, Instant)>> =
    LazyLock::new(|| Mutex::new((Instant::now(), Instant::now())));

/// So many more.
pub fn add(more: u64) {
    let done = DONE.fetch_add(more, Ordering::Relaxed) + more;
    let Ok(mut said) = SAID.try_lock() else {
        return;
    };
    let (start, last) = *said;
    if last.elapsed() >= EVERY {
        said.1 = Instant::now();
        let rate = done as f64 / start.elapsed().as_secs_f64();
        eprintln!("frames: {done} ({rate:.0} a second)");
    }
}

/// How many there were.
pub fn done() -> u64 {
    DONE.load(Ordering::Relaxed)
}
