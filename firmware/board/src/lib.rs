//! What a network program on a Cortex-M3 without an operating system starts from.
//!
//! | Module | What it is |
//! | --- | --- |
//! | [`registers`] | what a driver needs of a peripheral: read and write 32-bit registers |
//! | [`driver`] | Ethernet MACs and UARTs, each written against [`registers::Registers`] |
//! | [`ethernet`] | the smoltcp `Device` over any [`driver::Mac`] |
//! | [`console`] | the operator's UART: rings in both directions, and lines out of octets |
//! | [`digits`] | numbers in digits, without the formatting of the core library |
//! | [`command_line`] | what the program is told when it starts |
//! | `board` | the boards: clocks, pins, drivers, interrupts; one is chosen by its feature |
//! | `machine` | the Cortex-M3 itself: clock, sleep, last words, the stack's guard |
//!
//! An Ethernet driver has three layers. [`driver::octets`] moves octets between words and frames
//! and knows no hardware. [`driver::stellaris_enet`] and [`driver::lan9118`] know registers and
//! when to touch them. [`ethernet`] knows smoltcp and no register.
//!
//! What needs no particular machine is tested on the host. All `unsafe` is in `machine` and `board`, each block with
//! its reason. `examples/echo.rs` is a whole program. The panic handler and the fault handler come with it: they say on
//! the UART where it was, and end the program.
#![no_std]

#[cfg(test)]
extern crate std;

#[cfg(target_os = "none")]
pub mod board;
pub mod command_line;
pub mod console;
pub mod digits;
pub mod driver;
pub mod ethernet;
#[cfg(target_os = "none")]
pub mod machine;
pub mod registers;

/// Starts the board: clocks, pins, the stack's guard, the clock, the console. To be called once, first of all.
///
/// What it returns is for an [`ethernet::Ethernet`].
#[cfg(target_os = "none")]
pub fn start() -> board::Mac {
    let (mac, uart) = board::start();
    if let Some(core) = cortex_m::Peripherals::take() {
        machine::stack::guard(core.MPU);
        machine::clock::start(core.SYST);
    }
    machine::interrupt::install_console(uart);
    mac
}
