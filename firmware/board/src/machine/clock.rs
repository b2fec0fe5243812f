//! Time since the start, from SysTick: 64 bits, extended by its interrupt.
//!
//! The timer interrupts a thousand times a second. Each of them ends a `WFI`, so a sleeper notices
//! its deadline at most a millisecond late. Between interrupts the counter itself is read, so the
//! clock is exact to the cycle.
//!
//! The limit: interrupts must not be held back for more than a millisecond.

use core::cell::Cell;

use cortex_m::interrupt::{self, Mutex};
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{SCB, SYST};
use cortex_m_rt::exception;
use smoltcp::time::Instant;

use crate::board::CLOCK_HZ;

const TICKS_PER_SECOND: u32 = 1000;
/// Cycles from one tick to the next.
const PERIOD: u32 = CLOCK_HZ / TICKS_PER_SECOND;
const CYCLES_PER_MICROSECOND: u64 = CLOCK_HZ as u64 / 1_000_000;

const _: () = assert!(PERIOD > 1 && PERIOD <= 1 << 24, "SysTick has 24 bits");
const _: () = assert!(
    CLOCK_HZ.is_multiple_of(1_000_000),
    "a microsecond is a whole number of cycles"
);

/// Cycles up to the last tick.
static TICKED: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));
/// The latest time given out: the clock never goes back.
static LATEST: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// Starts the clock at zero.
pub fn start(mut timer: SYST) {
    timer.set_reload(PERIOD - 1);
    timer.set_clock_source(SystClkSource::Core);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

/// Cycles of the processor since the start.
pub fn cycles() -> u64 {
    interrupt::free(|cs| {
        let ticked = TICKED.borrow(cs).get();
        let left = SYST::get_current();
        let cycles = if SCB::is_pendst_pending() {
            // The counter went round, and its interrupt waits for us. It reads 0 as the last cycle.
            let left = SYST::get_current();
            ticked + u64::from(PERIOD) + u64::from((PERIOD - left) % PERIOD)
        } else {
            ticked + u64::from(PERIOD - left)
        };
        let latest = LATEST.borrow(cs);
        latest.set(cycles.max(latest.get()));
        latest.get()
    })
}

/// The time since the start.
pub fn now() -> Instant {
    Instant::from_micros((cycles() / CYCLES_PER_MICROSECOND) as i64)
}

#[exception]
fn SysTick() {
    interrupt::free(|cs| {
        let ticked = TICKED.borrow(cs);
        ticked.set(ticked.get() + u64::from(PERIOD));
    });
}
