//! TI Stellaris LM3S6965 evaluation board: Cortex-M3, 256 KiB of flash, 64 KiB of RAM, Ethernet MAC
//! and PHY on the chip, a crystal of 8 MHz.

use crate::driver::Mac as _;
use crate::driver::pl011::Pl011;
use crate::driver::stellaris_enet::StellarisEnet;
use crate::registers::{Offset, Registers};
use smoltcp::wire::EthernetAddress;

use super::{BAUD, Handler};
use crate::machine::interrupt::{self, Interrupt};
use crate::machine::mmio::Mmio;

/// What it is called.
pub const NAME: &str = "lm3s6965evb";
/// Cycles of the processor in a second.
pub const CLOCK_HZ: u32 = 50_000_000;
/// The driver of its Ethernet controller.
pub type Mac = StellarisEnet<Mmio<0x1000>>;
/// The driver of its console.
pub type Uart = Pl011<Mmio<0x1000>>;
/// The Ethernet controller's line in the NVIC.
pub const ETHERNET_INTERRUPT: Interrupt = Interrupt(42);
/// The console's lines in the NVIC.
pub const UART_INTERRUPTS: [Interrupt; 1] = [Interrupt(5)];

const GPIO_A: usize = 0x4000_4000;
const UART_0: usize = 0x4000_C000;
const GPIO_F: usize = 0x4002_5000;
const ETHERNET: usize = 0x4004_8000;
const SYSTEM_CONTROL: usize = 0x400F_E000;

/// Raw interrupt status; the PLL has locked.
const RIS: Offset = Offset(0x050);
const RIS_PLL_LOCKED: u32 = 1 << 6;
/// Run-mode clock configuration.
const RCC: Offset = Offset(0x060);
/// Clocks of the UARTs, and of ports and Ethernet.
const RCGC1: Offset = Offset(0x104);
const RCGC2: Offset = Offset(0x108);
/// The station address, three octets each, programmed once in the factory.
const USER_REG0: Offset = Offset(0x1E0);
const USER_REG1: Offset = Offset(0x1E4);

const RCC_SYSDIV: u32 = 0b1111 << 23;
const RCC_USESYSDIV: u32 = 1 << 22;
const RCC_PLL_OFF: u32 = 1 << 13;
const RCC_PLL_OUTPUT_OFF: u32 = 1 << 12;
const RCC_BYPASS: u32 = 1 << 11;
/// Crystal frequency and oscillator source.
const RCC_SOURCE: u32 = 0b1111 << 6 | 0b11 << 4;
const RCC_MAIN_8_MHZ: u32 = 0xE << 6;
/// 200 MHz divided by 4.
const RCC_SYSDIV_4: u32 = 3 << 23;
/// The PLL locks in half a millisecond; this many looks take longer even at full speed.
const LOCK_POLLS_MAX: u32 = 50_000;

const GPIO_AFSEL: Offset = Offset(0x420);
const GPIO_DEN: Offset = Offset(0x51C);

/// Sets up clocks and pins, and starts the drivers. Called once.
pub fn start() -> (Mac, Uart) {
    // SAFETY: Each window is the peripheral the data sheet has at that address (table 2-8), 4 KiB
    // long. No alias, because `start` is called once, and the windows outside the drivers end with it.
    let (mut system, mut port_a, mut port_f, ethernet, uart) = unsafe {
        (
            Mmio::<0x1000>::new(SYSTEM_CONTROL),
            Mmio::<0x1000>::new(GPIO_A),
            Mmio::<0x1000>::new(GPIO_F),
            Mmio::<0x1000>::new(ETHERNET),
            Mmio::<0x1000>::new(UART_0),
        )
    };
    run_at_50_mhz(&mut system);
    system.set(RCGC1, 1 << 0);
    system.set(RCGC2, 1 << 0 | 1 << 5 | 1 << 28 | 1 << 30);
    system.read(RCGC2); // A clock needs a few cycles; the read takes them.
    for (port, pins) in [(&mut port_a, 0b0000_0011), (&mut port_f, 0b0000_1100)] {
        port.set(GPIO_AFSEL, pins); // UART0 on A0 and A1; the Ethernet lamps on F2 and F3.
        port.set(GPIO_DEN, pins);
    }
    let mut mac = StellarisEnet::new(ethernet);
    if let Some(address) = factory_address(&mut system) {
        mac.set_address(address);
    }
    (mac, Pl011::new(uart, CLOCK_HZ, BAUD))
}

/// Runs the processor from the PLL (data sheet, section 5.3).
fn run_at_50_mhz(system: &mut impl Registers) {
    system.set(RCC, RCC_BYPASS);
    system.clear(RCC, RCC_USESYSDIV);
    let kept = system.read(RCC) & !(RCC_SOURCE | RCC_PLL_OFF | RCC_PLL_OUTPUT_OFF | RCC_SYSDIV);
    system.write(RCC, kept | RCC_MAIN_8_MHZ | RCC_SYSDIV_4 | RCC_USESYSDIV);
    for _ in 0..LOCK_POLLS_MAX {
        if system.read(RIS) & RIS_PLL_LOCKED != 0 {
            break;
        }
    }
    system.clear(RCC, RCC_BYPASS);
}

/// The station address from the factory, if this chip was given one.
fn factory_address(system: &mut impl Registers) -> Option<EthernetAddress> {
    let [a, b, c, _] = system.read(USER_REG0).to_le_bytes();
    let [d, e, f, _] = system.read(USER_REG1).to_le_bytes();
    let address = EthernetAddress([a, b, c, d, e, f]);
    (address.is_unicast() && address.0 != [0; 6]).then_some(address)
}

/// The console's UART once more.
pub fn last_words_uart() -> Uart {
    // SAFETY: The UART is at that address. The console's window still exists, but the caller has
    // disabled interrupts and never returns, so it is not used again.
    let uart = unsafe { Mmio::new(UART_0) };
    Pl011::new(uart, CLOCK_HZ, BAUD)
}

/// The vector table's part for this chip: 43 lines, of which two are used.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [Handler; 43] = {
    let mut table: [Handler; 43] = [interrupt::unexpected; 43];
    table[UART_INTERRUPTS[0].0 as usize] = interrupt::uart;
    table[ETHERNET_INTERRUPT.0 as usize] = interrupt::ethernet;
    table
};
