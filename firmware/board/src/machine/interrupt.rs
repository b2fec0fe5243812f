//! The two interrupts of a board, and sleeping until one comes.

use core::cell::RefCell;

use crate::console::Console;
use crate::ethernet::Ethernet;
use cortex_m::asm;
use cortex_m::interrupt::{self, InterruptNumber, Mutex};
use cortex_m::peripheral::NVIC;
use smoltcp::time::Instant;

use super::{clock, fault};
use crate::board;

/// An interrupt of the chip, by its number in the NVIC.
#[derive(Debug, Clone, Copy)]
pub struct Interrupt(pub u16);

// SAFETY: The number is that of a line of the board's NVIC: the boards make these values, from their
// data sheets. It does not change, for the type has no way to.
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self.0
    }
}

/// The console, shared between the program and the UART's interrupt.
static CONSOLE: Mutex<RefCell<Console<board::Uart>>> = Mutex::new(RefCell::new(Console::new()));

/// Gives the console its UART, and lets the UART interrupt.
pub fn install_console(uart: board::Uart) {
    with_console(|console| console.attach(uart));
    for line in board::UART_INTERRUPTS {
        // SAFETY: Its handler is in the vector table and takes the console only inside a critical
        // section, and no critical section here is built on masking this line.
        unsafe { NVIC::unmask(line) };
    }
}

/// Uses the console without its interrupt coming between.
pub fn with_console<T>(use_it: impl FnOnce(&mut Console<board::Uart>) -> T) -> T {
    interrupt::free(|cs| use_it(&mut CONSOLE.borrow(cs).borrow_mut()))
}

/// The handler of every UART line.
pub(crate) extern "C" fn uart() {
    with_console(Console::on_interrupt);
}

/// The handler of the Ethernet line: silences it. The frame waits for the program, which lets the
/// line through again before it sleeps.
pub(crate) extern "C" fn ethernet() {
    NVIC::mask(board::ETHERNET_INTERRUPT);
}

/// The handler of the lines that nothing was connected to.
pub(crate) extern "C" fn unexpected() {
    fault::give_up_plainly("an interrupt came that no driver asked for");
}

/// Sleeps until a frame waits, the console has news, or `deadline` has come.
///
/// Interrupts are held back from the look to the sleep. One that comes between is pending, and a
/// pending interrupt ends a `WFI`, so nothing is slept through.
pub fn sleep<const FRAME: usize>(
    ethernet: &mut Ethernet<'_, board::Mac, FRAME>,
    deadline: Option<Instant>,
) {
    loop {
        let awake = interrupt::free(|cs| {
            let news = CONSOLE.borrow(cs).borrow().has_news();
            let due = deadline.is_some_and(|deadline| clock::now() >= deadline);
            let awake = due || news || ethernet.frame_waits();
            if !awake {
                // SAFETY: The line's handler only masks the line, and no critical section is built
                // on masking it.
                unsafe { NVIC::unmask(board::ETHERNET_INTERRUPT) };
                asm::wfi();
            }
            awake
        });
        if awake {
            return;
        }
    }
}
