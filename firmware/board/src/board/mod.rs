//! The boards. A board is what its module exports; the rest uses nothing else of it:
//!
//! | Name | What it is |
//! | --- | --- |
//! | `NAME`, `CLOCK_HZ` | what it is called, and cycles of the processor in a second |
//! | `Mac`, `Uart` | the drivers of its Ethernet controller and of its console |
//! | `start` | clocks, pins, drivers; called once, first of all |
//! | `last_words_uart` | the console's UART once more, for panics and faults |
//! | `ETHERNET_INTERRUPT`, `UART_INTERRUPTS` | their lines in the NVIC |
//! | `__INTERRUPTS` | the chip's part of the vector table |

#[cfg(feature = "lm3s6965evb")]
mod lm3s6965evb;
#[cfg(feature = "lm3s6965evb")]
pub use lm3s6965evb::*;

#[cfg(feature = "mps2-an385")]
mod mps2_an385;
#[cfg(feature = "mps2-an385")]
pub use mps2_an385::*;

/// A handler in the vector table.
type Handler = extern "C" fn();

/// The console's speed in bits a second.
const BAUD: u32 = 115_200;
