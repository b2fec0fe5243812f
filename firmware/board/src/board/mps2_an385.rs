//! Arm MPS2 with the AN385 image: a Cortex-M3 in an FPGA at 25 MHz, UARTs of the CMSDK, and an
//! Ethernet controller outside the chip (LAN9118).

use crate::driver::cmsdk_uart::CmsdkUart;
use crate::driver::lan9118::Lan9118;

use super::{BAUD, Handler};
use crate::machine::interrupt::{self, Interrupt};
use crate::machine::mmio::Mmio;

/// What it is called.
pub const NAME: &str = "mps2-an385";
/// Cycles of the processor in a second.
pub const CLOCK_HZ: u32 = 25_000_000;
/// The driver of its Ethernet controller.
pub type Mac = Lan9118<Mmio<0x100>>;
/// The driver of its console.
pub type Uart = CmsdkUart<Mmio<0x1000>>;
/// The Ethernet controller's line in the NVIC.
pub const ETHERNET_INTERRUPT: Interrupt = Interrupt(13);
/// Octets received, room to transmit.
/// The console's lines in the NVIC.
pub const UART_INTERRUPTS: [Interrupt; 2] = [Interrupt(0), Interrupt(1)];

const UART_0: usize = 0x4000_4000;
const ETHERNET: usize = 0x4020_0000;

/// Starts the drivers; the FPGA image needs no other set-up. Called once.
pub fn start() -> (Mac, Uart) {
    // SAFETY: Each window is the peripheral the application note has at that address (DAI0385,
    // section 3). No alias, because `start` is called once.
    let (ethernet, uart) = unsafe { (Mmio::new(ETHERNET), Mmio::new(UART_0)) };
    (Lan9118::new(ethernet), CmsdkUart::new(uart, CLOCK_HZ, BAUD))
}

/// The console's UART once more.
pub fn last_words_uart() -> Uart {
    // SAFETY: The UART is at that address. The console's window still exists, but the caller has
    // disabled interrupts and never returns, so it is not used again.
    let uart = unsafe { Mmio::new(UART_0) };
    CmsdkUart::new(uart, CLOCK_HZ, BAUD)
}

/// The vector table's part for this image: 32 lines, of which three are used.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [Handler; 32] = {
    let mut table: [Handler; 32] = [interrupt::unexpected; 32];
    table[UART_INTERRUPTS[0].0 as usize] = interrupt::uart;
    table[UART_INTERRUPTS[1].0 as usize] = interrupt::uart;
    table[ETHERNET_INTERRUPT.0 as usize] = interrupt::ethernet;
    table
};
